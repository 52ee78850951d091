//! Random commands. Names, addresses, secrets and numbers come from small pools, so that they meet often.

mod credentials;

use std::time::Duration;

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
};

use self::credentials::{credentials, former, renewal, revoke, tokens, tries};
use super::{Checked, Command, Expected, Login, MailAttempt, Outcome, Registration};
use crate::{
    model::{AccountId, AvatarId, ChangeId, Email, OutboxId, ProfileId, StatusId, UsernameKey},
    store::{
        AccountChange, ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Slice, Start, StatusFilter,
        StatusOrder, Wanted,
    },
    testkit::fixture,
};

const NAMES: [&str; 8] = ["ada", "Ada", "ADA", "bob", "Bob", "ЖАННА", "жанна", "a.b-c_d"];
const ADDRESSES: [&str; 3] = ["ada@example.org", "bob@example.org", "cyd@example.org"];
const TERMS: [&str; 13] = ["a", "ADA", "o", "lon", "_", "%", "\\", "жан", "", "bob", "London", "желт", "b-c_"];
const CITIES: [&str; 5] = ["", "London", "OSLO", "100%_\\", "Жёлтая"];

/// Where logins come from; the first two are one place.
pub(super) const ADDRESSES_OF_LOGINS: [&str; 4] = ["192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8::1"];
/// Numbers of pictures; few, so that two people show the same one.
pub(super) const PICTURES: [u8; 3] = [0, 1, 2];
/// What tries are counted by.
pub(super) const COUNTED: [&str; 3] = ["account", "address", "mail"];

/// Registrations of a few, so that there is somebody; then up to 80 commands.
pub fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        3 => accounts(), 2 => rows(), 4 => credentials(), 1 => jobs(), 1 => reads(), 1 => credentials::reads(), 1 => lists()
    ];
    let founders = select(vec![0, 2, 3, 3]).prop_flat_map(|count| vec(registration(), count));
    (founders, vec(command, 0..80)).prop_map(|(founders, commands)| {
        let names = ["ada", "bob", "a.b-c_d"].map(fixture::username);
        let founders = founders.into_iter().zip(names);
        let founders = founders.map(|(founder, username)| Command::Register(Registration { username, ..founder }));
        founders.chain(commands).collect()
    })
}

fn accounts() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => registration().prop_map(Command::Register),
        5 => (number(), expected(), account_change())
            .prop_map(|(id, expected, change)| Command::UpdateAccount { id: AccountId::new(id), expected, change }),
        2 => (number(), expected(), select(vec!["new", "ada", "bob"]), revoke(), option::of(renewal())).prop_map(
            |(id, expected, password, revoke, renew)| Command::SetPassword {
                id: AccountId::new(id),
                expected,
                password: password.to_owned(),
                revoke,
                renew,
            }
        ),
        6 => login().prop_map(Command::LogIn),
        1 => (number(), 1..4_usize).prop_map(|(id, limit)| Command::EraseAccount { id: AccountId::new(id), limit }),
    ]
}

fn rows() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (number(), expected(), profile_change())
            .prop_map(|(id, expected, change)| Command::UpdateProfile { id: ProfileId::new(id), expected, change }),
        4 => (number(), text())
            .prop_map(|(id, text)| Command::PostStatus { account: AccountId::new(id), text: fixture::text(text) }),
        2 => (number(), expected(), option::of(text())).prop_map(|(id, expected, text)| Command::UpdateStatus {
            id: StatusId::new(id),
            expected,
            text: text.map(fixture::text)
        }),
        2 => (number(), request_key(), text(), while_()).prop_map(|(id, key, asked, lasts)| Command::PostOnce {
            account: AccountId::new(id),
            key,
            asked: asked.to_owned(),
            lasts
        }),
        2 => number().prop_map(|id| Command::DeleteStatus { id: StatusId::new(id) }),
        1 => (number(), expected())
            .prop_map(|(id, expected)| Command::DeleteUnchangedStatus { id: StatusId::new(id), expected }),
    ]
}

fn jobs() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => while_().prop_map(|by| Command::Wait { by }),
        2 => (while_(), limit()).prop_map(|(hold, limit)| Command::Lease { hold, limit }),
        2 => (number(), attempt(), outcome())
            .prop_map(|(id, attempt, outcome)| Command::Finish { id: OutboxId::new(id), attempt, outcome }),
        1 => number().prop_map(|id| Command::RetryMail { id: OutboxId::new(id) }),
        1 => number().prop_map(|id| Command::DropMail { id: OutboxId::new(id) }),
        1 => Just(Command::NextMail),
        1 => limit().prop_map(|limit| Command::Sweep { limit }),
    ]
}

fn reads() -> impl Strategy<Value = Command> {
    prop_oneof![
        number().prop_map(|id| Command::Account { id: AccountId::new(id) }),
        name().prop_map(|name| Command::AccountByUsername { key: UsernameKey::of(name) }),
        address().prop_map(|email| Command::AccountByVerifiedEmail { email }),
        secret().prop_map(|secret| Command::Principal { secret }),
        (secret(), wanted()).prop_map(|(secret, wanted)| Command::PrincipalAnd { secret, wanted }),
        number().prop_map(|id| Command::Profile { id: ProfileId::new(id) }),
        picture().prop_map(|avatar| Command::AvatarInUse { avatar }),
        number().prop_map(|id| Command::ProfileOf { account: AccountId::new(id) }),
        number().prop_map(|id| Command::Status { id: StatusId::new(id) }),
    ]
}

fn wanted() -> impl Strategy<Value = Wanted> {
    prop_oneof![
        number().prop_map(|id| Wanted::Profile(ProfileId::new(id))),
        name().prop_map(|name| Wanted::ProfileNamed(UsernameKey::of(name))),
        number().prop_map(|id| Wanted::Status(StatusId::new(id))),
        Just(Wanted::OwnAccount),
    ]
}

fn lists() -> impl Strategy<Value = Command> {
    prop_oneof![
        (option::of(number()), limit())
            .prop_map(|(after, limit)| Command::Accounts { after: after.map(AccountId::new), limit }),
        (option::of(number()), limit())
            .prop_map(|(after, limit)| Command::Mails { after: after.map(OutboxId::new), limit }),
        (profile_filter(), select(&ProfileOrder::ALL[..]), slice(position()))
            .prop_map(|(filter, order, slice)| Command::Profiles { filter, order, slice }),
        profile_filter().prop_map(|filter| Command::CountProfiles { filter }),
        (status_filter(), select(&StatusOrder::ALL[..]), slice(number().prop_map(StatusId::new)))
            .prop_map(|(filter, order, slice)| Command::Statuses { filter, order, slice }),
        status_filter().prop_map(|filter| Command::CountStatuses { filter }),
        (number(), limit()).prop_map(|(after, limit)| Command::Changes { after: ChangeId::new(after), limit }),
        Just(Command::LastChange),
        request_key().prop_map(|key| Command::Request { key }),
    ]
}

fn registration() -> impl Strategy<Value = Registration> {
    let name = name().prop_map(fixture::username);
    let mail_key = option::weighted(0.3, (select(vec!["k0", "k1", "k2", "k3"]), while_()));
    let who = (name, option::weighted(0.8, address()), any::<bool>(), any::<bool>());
    let from = (former(), option::of(login_address()));
    (who, tokens(), mail_key, vec(0..4_u64, 0..3), from).prop_map(
        |((username, email, email_verified, is_staff), tokens, mail_key, outbox, (former, address))| Registration {
            username,
            email,
            email_verified,
            is_staff,
            tokens,
            mail_key: mail_key.map(|(secret, lasts)| (secret.to_owned(), lasts)),
            outbox,
            former,
            address,
        },
    )
}

fn login() -> impl Strategy<Value = Login> {
    let checked = prop_oneof![4 => Just(Checked::Current), 1 => Just(Checked::Wrong)];
    let rehashed = option::weighted(0.2, Just("stronger".to_owned()));
    let most = prop_oneof![1 => 0..4_usize, 1 => Just(usize::MAX)];
    let from = (former(), option::of(login_address()));
    (number(), checked, rehashed, tokens(), most, from, tries()).prop_map(
        |(id, checked, rehashed, tokens, most, (former, address), forgive)| Login {
            account: AccountId::new(id),
            checked,
            rehashed,
            tokens,
            most,
            former,
            address,
            forgive,
        },
    )
}

fn account_change() -> impl Strategy<Value = AccountChange> {
    let username = option::weighted(0.4, name().prop_map(fixture::username));
    let person_name = || option::weighted(0.2, select(vec!["", "Ada", "Žofie"]).prop_map(fixture::person_name));
    let flag = || option::weighted(0.3, any::<bool>());
    (username, person_name(), person_name(), flag(), flag()).prop_map(
        |(username, first_name, last_name, is_staff, is_active)| AccountChange {
            username,
            first_name,
            last_name,
            is_staff,
            is_active,
        },
    )
}

fn profile_change() -> impl Strategy<Value = ProfileChange> {
    let avatar = option::weighted(0.4, option::weighted(0.7, picture()));
    (option::of(select(&CITIES[..])), option::of(select(&CITIES[..])), avatar).prop_map(|(bio, city, avatar)| {
        ProfileChange { bio: bio.map(fixture::bio), city: city.map(fixture::city), avatar }
    })
}

fn picture() -> impl Strategy<Value = AvatarId> {
    select(&PICTURES[..]).prop_map(fixture::avatar)
}

fn profile_filter() -> impl Strategy<Value = ProfileFilter> {
    vec(select(&TERMS[..]).prop_map(str::to_owned), 0..3).prop_map(|terms| ProfileFilter { terms })
}

fn status_filter() -> impl Strategy<Value = StatusFilter> {
    let username = option::weighted(0.4, name().prop_map(str::to_owned));
    let profile = option::weighted(0.3, number().prop_map(ProfileId::new));
    // Statuses are posted at whole minutes.
    let moment = || option::weighted(0.3, while_().prop_map(|passed| fixture::NOW.plus(passed)));
    (username, profile, moment(), moment()).prop_map(|(username, profile, since, until)| StatusFilter {
        username,
        profile,
        since,
        until,
    })
}

fn position() -> impl Strategy<Value = ProfilePosition> {
    (number(), name())
        .prop_map(|(id, name)| ProfilePosition { id: ProfileId::new(id), username: UsernameKey::of(name) })
}

fn slice<Key: Clone + std::fmt::Debug + 'static>(key: impl Strategy<Value = Key>) -> impl Strategy<Value = Slice<Key>> {
    let start = (0..3_u8, number(), key).prop_map(|(kind, number, key)| match kind {
        0 => Start::Skip(number),
        1 => Start::After(key),
        _ => Start::Before(key),
    });
    (start, limit()).prop_map(|(start, limit)| Slice { start, limit })
}

fn name() -> impl Strategy<Value = &'static str> {
    select(&NAMES[..])
}

fn address() -> impl Strategy<Value = Email> {
    select(&ADDRESSES[..]).prop_map(fixture::email)
}

fn login_address() -> impl Strategy<Value = &'static str> {
    select(&ADDRESSES_OF_LOGINS[..])
}

fn secret() -> impl Strategy<Value = String> {
    (0..12_u8).prop_map(|number| format!("t{number}"))
}

fn request_key() -> impl Strategy<Value = String> {
    (0..4_u8).prop_map(|number| format!("r{number}"))
}

fn text() -> impl Strategy<Value = &'static str> {
    select(vec!["hello", "🎉", "a longer text"])
}

/// Of a row: mostly of one that may be there.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 1..4_u64, 4 => 0..12_u64, 1 => Just(u64::MAX)]
}

fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..5_usize, 1 => Just(usize::MAX)]
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![4 => Just(Expected::Current), 1 => (0..4_u64).prop_map(Expected::Exactly)]
}

fn attempt() -> impl Strategy<Value = MailAttempt> {
    prop_oneof![4 => Just(MailAttempt::Current), 1 => (0..3_u32).prop_map(MailAttempt::Exactly)]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        1 => Just(Outcome::Sent),
        2 => (while_(), any::<bool>()).prop_map(|(by, unsure)| Outcome::Later { by, unsure }),
        1 => Just(Outcome::Dead),
    ]
}

/// Short enough to be over soon, and equal often: what ends at one moment meets what begins there.
fn while_() -> impl Strategy<Value = Duration> {
    (0..6_u64).prop_map(|minutes| Duration::from_secs(minutes * 60))
}
