//! Accounts: finding, listing and changing them.

use std::sync::Arc;

use super::{everything, is_known, register, revision_after};
use crate::{
    model::{Account, AccountId, Revision, UsernameKey},
    store::{
        AccountChange, ProfileChange, ProfileFilter, ProfileOrder, Register, Revoke, StatusFilter, StatusOrder, Store,
        Unique,
    },
    testkit::{Refusal, fixture, refusal},
};

/// An account is found by its number, its name in any case, and its verified address; others are not.
pub async fn an_account_is_found_by_number_name_and_verified_address(store: Arc<dyn Store>) {
    let verified = Register { email_verified: true, ..fixture::register("Ada") };
    let ada = store.register(verified).await.unwrap().account;
    register(&*store, "bob").await;
    assert_eq!(store.account(ada.id).await.unwrap().as_ref(), Some(&ada));
    for name in ["Ada", "ada", "ADA"] {
        assert_eq!(store.account_by_username(&UsernameKey::of(name)).await.unwrap().as_ref(), Some(&ada));
    }
    let found = store.account_by_verified_email(&fixture::email("ADA@example.org")).await.unwrap();
    assert_eq!(found.as_ref(), Some(&ada));

    assert_eq!(store.account(AccountId::new(3)).await.unwrap(), None);
    assert_eq!(store.account(AccountId::new(0)).await.unwrap(), None);
    assert_eq!(store.account(AccountId::new(u64::MAX)).await.unwrap(), None);
    for name in ["ad", "adaa", "", "a name with blanks"] {
        assert_eq!(store.account_by_username(&UsernameKey::of(name)).await.unwrap(), None, "{name}");
    }
    let unverified = store.account_by_verified_email(&fixture::email("bob@example.org")).await.unwrap();
    assert_eq!(unverified, None, "an address that nobody has verified finds nobody");
}

/// All who gave an address are found by it, verified or not, in the order of their numbers, no more than asked for.
pub async fn accounts_are_found_by_their_address(store: Arc<dyn Store>) {
    let shared = fixture::email("shared@example.org");
    let mut expected = Vec::new();
    for number in (1..=12).rev() {
        let email = Some(shared.clone()).filter(|_| number % 2 == 0);
        let command = Register { email, ..fixture::register(&format!("account{number}")) };
        let account = store.register(command).await.unwrap().account;
        expected.extend(account.email.is_some().then_some(account));
    }
    // One of them is the first to verify it; the others go on without.
    let key = fixture::mail_key("key", "shared@example.org", 60);
    store.send_keys(fixture::send(expected[3].id, key)).await.unwrap();
    store.confirm_email(fixture::confirm("key")).await.unwrap();
    expected[3] = store.account(expected[3].id).await.unwrap().unwrap();
    assert!(expected[3].email_verified);
    for limit in [0, 1, 4, 6, 7, usize::MAX] {
        let found = store.accounts_by_email(&fixture::email("SHARED@example.org"), limit).await.unwrap();
        assert_eq!(found, expected[..limit.min(6)]);
    }
    for other in ["shared@example.com", "hared@example.org", "shared@example.or"] {
        assert_eq!(store.accounts_by_email(&fixture::email(other), 9).await.unwrap(), []);
    }
}

/// Accounts are listed by number; the parts of every size make up the whole.
pub async fn accounts_are_listed_by_number(store: Arc<dyn Store>) {
    assert_eq!(store.accounts(None, usize::MAX).await.unwrap(), []);
    let mut all = Vec::new();
    for number in (1..=12).rev() {
        all.push(register(&*store, &format!("account{number}")).await.account);
    }
    assert_eq!(store.accounts(None, usize::MAX).await.unwrap(), all);
    assert_eq!(store.accounts(None, 0).await.unwrap(), []);
    assert_eq!(store.accounts(Some(AccountId::new(12)), 5).await.unwrap(), []);
    assert_eq!(store.accounts(Some(AccountId::new(u64::MAX)), 5).await.unwrap(), []);
    for limit in 1..=13 {
        let mut parts = Vec::new();
        loop {
            let after = parts.last().map(|account: &Account| account.id);
            let part = store.accounts(after, limit).await.unwrap();
            assert!(part.len() <= limit);
            if part.is_empty() {
                break;
            }
            parts.extend(part);
        }
        assert_eq!(parts, all, "in parts of {limit}");
    }
}

/// An update changes what it names, answers the row as it is then, and leaves the rest.
pub async fn updating_an_account_changes_what_it_says(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let bob = register(&*store, "bob").await.account;
    let none = AccountChange::default();
    let changes = [
        AccountChange { username: Some(fixture::username("ada2")), ..none.clone() },
        AccountChange { first_name: Some(fixture::person_name("Ada")), ..none.clone() },
        AccountChange { last_name: Some(fixture::person_name("Lovelace")), ..none.clone() },
        AccountChange { is_staff: Some(true), ..none.clone() },
        AccountChange { is_active: Some(false), ..none.clone() },
        AccountChange { first_name: Some(fixture::person_name("")), is_staff: Some(false), ..none.clone() },
        none,
    ];
    let mut expected = ada;
    for change in changes {
        let answer =
            store.update_account(expected.id, expected.revision, change.clone(), fixture::after(9).into()).await;
        expected.username = change.username.unwrap_or(expected.username);
        expected.first_name = change.first_name.unwrap_or(expected.first_name);
        expected.last_name = change.last_name.unwrap_or(expected.last_name);
        expected.is_staff = change.is_staff.unwrap_or(expected.is_staff);
        expected.is_active = change.is_active.unwrap_or(expected.is_active);
        expected.revision = expected.revision.next();
        assert_eq!(answer.unwrap(), expected);
        assert_eq!(store.account(expected.id).await.unwrap().as_ref(), Some(&expected));
    }
    assert_eq!(store.account(bob.id).await.unwrap(), Some(bob), "nobody else changed");
}

/// The revision counts every write of the account's row: updates, passwords, logins.
pub async fn the_revision_counts_every_write_of_the_account(store: Arc<dyn Store>) {
    let made = register(&*store, "ada").await;
    let id = made.account.id;
    assert_eq!(made.account.revision, Revision::FIRST);
    let account =
        store.update_account(id, Revision::FIRST, AccountChange::default(), fixture::NOW.into()).await.unwrap();
    assert_eq!(account.revision, revision_after(1));
    let account =
        store.set_password(fixture::set_password(id, account.revision, "ada", Revoke::Sessions)).await.unwrap();
    assert_eq!(account.revision, revision_after(2));
    let account = store.log_in(fixture::login(id, "ada", vec![fixture::token("token")])).await.unwrap();
    assert_eq!(account.revision, revision_after(3));
    // Rows beside the account's are none of its writes.
    store.post_status(id, fixture::text("hello"), fixture::NOW).await.unwrap();
    store
        .update_profile(made.profile.id, Revision::FIRST, ProfileChange::default(), fixture::NOW.into())
        .await
        .unwrap();
    store.revoke(&[fixture::digest("token")], fixture::NOW.into()).await.unwrap();
    assert_eq!(store.account(id).await.unwrap().unwrap().revision, revision_after(3));
}

/// An update of an account that does not exist, or that has changed meanwhile, is refused and changes nothing. What is
/// missing is told first, then what is stale, then what is taken.
pub async fn an_account_is_not_updated_unless_it_is_as_expected(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    register(&*store, "bob").await;
    let change = || AccountChange { username: Some(fixture::username("Bob")), ..AccountChange::default() };
    let update = |id, revision| store.update_account(id, revision, change(), fixture::NOW.into());
    assert_eq!(refusal(update(AccountId::new(3), Revision::FIRST).await), Refusal::Missing);
    assert_eq!(refusal(update(ada.id, revision_after(1)).await), Refusal::Stale);
    assert_eq!(refusal(update(ada.id, Revision::new(0)).await), Refusal::Stale);
    assert_eq!(refusal(update(ada.id, ada.revision).await), Refusal::Taken(Unique::Username));
    assert_eq!(store.account(ada.id).await.unwrap(), Some(ada));
}

/// After a rename the old name is free, the new one is taken, and only the new one finds the account.
pub async fn a_rename_frees_the_old_name_and_takes_the_new(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.account;
    let change = AccountChange { username: Some(fixture::username("Grace")), ..AccountChange::default() };
    let grace = store.update_account(ada.id, ada.revision, change, fixture::NOW.into()).await.unwrap();
    assert_eq!(store.account_by_username(&UsernameKey::of("ada")).await.unwrap(), None);
    assert_eq!(store.account_by_username(&UsernameKey::of("grace")).await.unwrap(), Some(grace));
    assert_eq!(refusal(store.register(fixture::register("GRACE")).await), Refusal::Taken(Unique::Username));
    register(&*store, "ada").await;
}

/// An account may change the case of its own name, or be given the name it has.
pub async fn a_name_may_change_its_case(store: Arc<dyn Store>) {
    let mut ada = register(&*store, "ada").await.account;
    for name in ["ADA", "ADA", "Ada"] {
        let change = AccountChange { username: Some(fixture::username(name)), ..AccountChange::default() };
        ada = store.update_account(ada.id, ada.revision, change, fixture::NOW.into()).await.unwrap();
        assert_eq!(ada.username.as_str(), name);
        assert_eq!(store.account_by_username(&UsernameKey::of("ada")).await.unwrap().as_ref(), Some(&ada));
    }
    assert_eq!(refusal(store.register(fixture::register("aDA")).await), Refusal::Taken(Unique::Username));
}

/// A new name shows at once wherever a name shows.
pub async fn a_rename_shows_at_once_everywhere(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::token("token")], ..fixture::register("ada") };
    let made = store.register(command).await.unwrap();
    let (id, profile) = (made.account.id, made.profile.id);
    let status = store.post_status(id, fixture::text("hello"), fixture::NOW).await.unwrap().id;
    let change = AccountChange { username: Some(fixture::username("grace")), ..AccountChange::default() };
    store.update_account(id, Revision::FIRST, change, fixture::NOW.into()).await.unwrap();

    let grace = fixture::username("grace");
    assert_eq!(store.profile(profile).await.unwrap().unwrap().username, grace);
    assert_eq!(store.profile_of(id).await.unwrap().unwrap().username, grace);
    assert_eq!(store.status(status).await.unwrap().unwrap().username, grace);
    assert_eq!(store.principal(&fixture::digest("token"), fixture::NOW).await.unwrap().unwrap().username, grace);
    for (name, count) in [("ada", 0), ("grace", 1)] {
        let named = StatusFilter::by(name);
        assert_eq!(store.count_statuses(&named).await.unwrap(), count);
        let rows = store.statuses(&named, StatusOrder::OldestFirst, everything()).await.unwrap().rows;
        assert!(rows.len() as u64 == count && rows.iter().all(|row| row.username == grace));
        let found = ProfileFilter { terms: vec![name.to_owned()] };
        assert_eq!(store.count_profiles(&found).await.unwrap(), count);
        let rows = store.profiles(&found, ProfileOrder::Id, everything()).await.unwrap().rows;
        assert!(rows.len() as u64 == count && rows.iter().all(|row| row.username == grace));
    }
    // The profile and the status were not written: their revisions say so.
    assert_eq!(store.profile(profile).await.unwrap().unwrap().revision, Revision::FIRST);
    assert_eq!(store.status(status).await.unwrap().unwrap().revision, Revision::FIRST);
}

/// A new password ends the sessions of its account, and with [`Revoke::Everything`] its tokens; those of others go on.
pub async fn a_new_password_ends_what_it_says(store: Arc<dyn Store>) {
    for name in ["ada", "bob"] {
        let (token, session) = (fixture::token(&format!("{name}-t")), fixture::session(&format!("{name}-s")));
        let command = Register { tokens: vec![token, session], ..fixture::register(name) };
        store.register(command).await.unwrap();
    }
    let ada = store.account(AccountId::new(1)).await.unwrap().unwrap();

    let set =
        store.set_password(fixture::set_password(ada.id, ada.revision, "second", Revoke::Sessions)).await.unwrap();
    let expected = Account { password: fixture::password("second"), revision: revision_after(1), ..ada };
    assert_eq!(set, expected);
    assert_eq!(store.account(set.id).await.unwrap(), Some(expected));
    assert!(is_known(&*store, "ada-t").await && !is_known(&*store, "ada-s").await);

    store.set_password(fixture::set_password(set.id, set.revision, "third", Revoke::Everything)).await.unwrap();
    assert!(!is_known(&*store, "ada-t").await && !is_known(&*store, "ada-s").await);
    assert!(is_known(&*store, "bob-t").await && is_known(&*store, "bob-s").await);
}

/// A password that is refused leaves the old one, and every session.
pub async fn a_refused_password_leaves_everything(store: Arc<dyn Store>) {
    let command = Register { tokens: vec![fixture::session("session")], ..fixture::register("ada") };
    let ada = store.register(command).await.unwrap().account;
    let set = |id, revision| store.set_password(fixture::set_password(id, revision, "new", Revoke::Everything));
    assert_eq!(refusal(set(AccountId::new(2), Revision::FIRST).await), Refusal::Missing);
    assert_eq!(refusal(set(ada.id, revision_after(1)).await), Refusal::Stale);
    assert_eq!(store.account(ada.id).await.unwrap(), Some(ada));
    assert!(is_known(&*store, "session").await);
}
