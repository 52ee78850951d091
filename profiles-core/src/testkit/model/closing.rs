//! What is asked when all has been played: everything that can be told from outside.

use std::{collections::BTreeSet, time::Duration};

use super::{Checked, Command, Login, strategy};
use crate::{
    model::{AccountId, ChangeId, Email, UsernameKey},
    store::{AuditFilter, ProfileFilter, ProfileOrder, Slice, Start, StatusFilter, StatusOrder},
    testkit::fixture,
};

/// Long enough for every lease and token that ends at all.
const AN_AGE: Duration = Duration::from_hours(24 * 365 * 100);

/// The questions after these commands: every row in lists and by itself, every name, address and secret that occurred,
/// and after an age, every mail and all that is to be swept.
pub(super) fn questions(played: &[Command]) -> Vec<Command> {
    let mut seen = Seen::default();
    for command in played {
        seen.note(command);
    }
    let (profiles, statuses) = (ProfileFilter::default(), StatusFilter::default());
    let mut questions = vec![
        Command::Accounts { after: None, limit: usize::MAX },
        Command::CountProfiles { filter: profiles.clone() },
        Command::Profiles { filter: profiles.clone(), order: ProfileOrder::IdDescending, slice: whole() },
        Command::Profiles { filter: profiles, order: ProfileOrder::Username, slice: whole() },
        Command::CountStatuses { filter: statuses.clone() },
        Command::Statuses { filter: statuses.clone(), order: StatusOrder::OldestFirst, slice: whole() },
        Command::Statuses { filter: statuses, order: StatusOrder::NewestFirst, slice: whole() },
        whole_trail(None),
        Command::Changes { after: ChangeId::new(0), limit: usize::MAX },
        Command::LastChange,
    ];
    questions.extend((0..4).map(|number| Command::Request { key: format!("r{number}") }));
    questions.push(Command::NextMail);
    questions.push(Command::Mails { after: None, limit: usize::MAX });
    // One more than there can be: that one has to be missing.
    for number in 1..=seen.registrations + 1 {
        let account = AccountId::new(number);
        questions.extend([Command::ProfileOf { account }, Command::TokensOf { account }, whole_trail(Some(account))]);
    }
    for name in seen.usernames {
        questions.push(Command::AccountByUsername { key: UsernameKey::of(&name) });
        let filter = StatusFilter::by(name.clone());
        questions.push(Command::CountStatuses { filter: filter.clone() });
        questions.push(Command::Statuses { filter, order: StatusOrder::NewestFirst, slice: whole() });
        let filter = ProfileFilter { terms: vec![name] };
        questions.push(Command::CountProfiles { filter: filter.clone() });
        questions.push(Command::Profiles { filter, order: ProfileOrder::Id, slice: whole() });
    }
    for email in seen.emails {
        questions.push(Command::AccountsByEmail { email: email.clone(), limit: usize::MAX });
        questions.push(Command::AccountByVerifiedEmail { email });
    }
    questions.extend(strategy::PICTURES.map(|number| Command::AvatarInUse { avatar: fixture::avatar(number) }));
    questions.extend(seen.keys.into_iter().map(|secret| Command::MailKey { secret }));
    // Twice, so that what was told of a wait shows in the trail.
    questions.extend(strategy::COUNTED.map(|name| Command::Attempt { names: vec![name] }));
    questions.extend(strategy::COUNTED.map(|name| Command::Attempt { names: vec![name] }));
    questions.push(whole_trail(None));
    let principals = seen.secrets.into_iter().map(|secret| Command::Principal { secret });
    let principals: Vec<Command> = principals.collect();
    questions.extend(principals.iter().cloned());
    questions.push(Command::Wait { by: AN_AGE });
    questions.extend(principals.iter().cloned());
    // Their mails tell which places were known.
    for number in 1..=seen.registrations {
        questions.extend(strategy::ADDRESSES_OF_LOGINS.map(|address| log_in(AccountId::new(number), address)));
    }
    questions.push(Command::Lease { hold: AN_AGE, limit: usize::MAX });
    questions.push(Command::Sweep { limit: usize::MAX });
    questions.extend(principals);
    questions
}

/// The trail, or what of it is about this account.
fn whole_trail(account: Option<AccountId>) -> Command {
    Command::Audit { filter: AuditFilter { account, ..AuditFilter::default() }, after: None, limit: usize::MAX }
}

fn log_in(account: AccountId, address: &'static str) -> Command {
    Command::LogIn(Login {
        account,
        checked: Checked::Current,
        rehashed: None,
        tokens: vec![],
        most: usize::MAX,
        former: None,
        address: Some(address),
        forgive: vec![],
    })
}

fn whole<Id>() -> Slice<Id> {
    Slice { start: Start::Skip(0), limit: usize::MAX }
}

/// What occurred in commands.
#[derive(Default)]
struct Seen {
    registrations: u64,
    usernames: BTreeSet<String>,
    emails: BTreeSet<Email>,
    secrets: BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl Seen {
    fn note(&mut self, command: &Command) {
        match command {
            Command::Register(registration) => {
                self.registrations += 1;
                self.usernames.insert(registration.username.as_str().to_owned());
                self.emails.extend(registration.email.clone());
                self.secrets.extend(registration.tokens.iter().map(|token| token.secret.clone()));
                self.keys.extend(registration.mail_key.as_ref().map(|(secret, _)| secret.clone()));
            }
            Command::IssueToken { token, .. } => {
                self.secrets.insert(token.secret.clone());
            }
            Command::SendKeys { keys, .. } => {
                self.keys.extend(keys.iter().map(|key| key.secret.clone()));
                self.emails.extend(keys.iter().filter_map(|key| key.email.clone()));
            }
            Command::UpdateAccount { change, .. } => {
                self.usernames.extend(change.username.as_ref().map(|name| name.as_str().to_owned()));
            }
            Command::LogIn(login) => self.secrets.extend(login.tokens.iter().map(|token| token.secret.clone())),
            _ => {}
        }
    }
}
