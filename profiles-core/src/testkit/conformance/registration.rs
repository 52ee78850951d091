//! Registration.

use std::{sync::Arc, time::Duration};

use super::{everything, is_known, register};
use crate::{
    model::{Account, AccountId, PersonName, Profile, ProfileId, Revision, UsernameKey},
    store::{ProfileFilter, ProfileOrder, Register, Registered, Store, Unique},
    testkit::{Refusal, fixture, refusal},
};

const HOLD: Duration = Duration::from_mins(1);

/// A registration makes the account as it was asked for, and an empty profile of it.
pub async fn registering_makes_an_account_and_an_empty_profile(store: Arc<dyn Store>) {
    let command = Register { is_staff: true, email_verified: true, at: fixture::after(7), ..fixture::register("Ada") };
    let made = store.register(command).await.unwrap();
    let account = Account {
        id: AccountId::new(1),
        revision: Revision::FIRST,
        username: fixture::username("Ada"),
        email: Some(fixture::email("ada@example.org")),
        email_verified: true,
        first_name: PersonName::default(),
        last_name: PersonName::default(),
        password: fixture::password("Ada"),
        is_staff: true,
        is_active: true,
        joined_at: fixture::after(7),
        last_login_at: None,
    };
    let profile = Profile {
        id: ProfileId::new(1),
        account: account.id,
        username: fixture::username("Ada"),
        revision: Revision::FIRST,
        avatar: None,
        bio: fixture::bio(""),
        city: fixture::city(""),
    };
    assert_eq!(made, Registered { account: account.clone(), profile: profile.clone() });
    assert_eq!(store.account(account.id).await.unwrap(), Some(account));
    assert_eq!(store.profile(profile.id).await.unwrap(), Some(profile));
}

/// An address is not needed.
pub async fn an_account_may_have_no_address(store: Arc<dyn Store>) {
    for name in ["ada", "bob"] {
        let made = store.register(Register { email: None, ..fixture::register(name) }).await.unwrap();
        assert_eq!(store.account(made.account.id).await.unwrap().unwrap().email, None);
    }
}

/// Accounts, profiles, statuses and mails are each numbered from 1, without gaps.
pub async fn numbers_count_from_one_each_for_themselves(store: Arc<dyn Store>) {
    for number in 1..=3 {
        let name = format!("account{number}");
        let outbox = vec![fixture::mail("ada", number * 2 - 1), fixture::mail("ada", number * 2)];
        let made = store.register(Register { outbox, ..fixture::register(&name) }).await.unwrap();
        assert_eq!((made.account.id.get(), made.profile.id.get()), (number, number));
        // A refused registration takes no number.
        assert_eq!(refusal(store.register(fixture::register(&name)).await), Refusal::Taken(Unique::Username));
    }
    for number in 1..=4 {
        let status = store.post_status(AccountId::new(2), fixture::text("hello"), fixture::NOW).await.unwrap();
        assert_eq!(status.id.get(), number);
    }
    let mails = store.lease(fixture::NOW, HOLD, 10).await.unwrap();
    assert_eq!(mails.iter().map(|item| item.id.get()).collect::<Vec<_>>(), (1..=6).collect::<Vec<_>>());
}

/// What a registration brings along is there as soon as the account is.
pub async fn registering_keeps_tokens_and_mails_with_the_account(store: Arc<dyn Store>) {
    let command = Register {
        tokens: vec![fixture::token("token"), fixture::session("session")],
        mail_key: Some(fixture::mail_key("key", "ada@example.org", 60)),
        outbox: vec![fixture::mail("ada", 1), fixture::mail("ada", 2)],
        ..fixture::register("ada")
    };
    let made = store.register(command).await.unwrap();
    for secret in ["token", "session"] {
        let principal = store.principal(&fixture::digest(secret), fixture::NOW).await.unwrap();
        assert_eq!(principal.map(|principal| principal.account), Some(made.account.id));
    }
    let mails = store.lease(fixture::NOW, HOLD, 10).await.unwrap();
    let mails: Vec<_> = mails.into_iter().map(|item| item.mail).collect();
    assert_eq!(mails, [fixture::mail("ada", 1), fixture::mail("ada", 2)]);
    assert_eq!(store.sweep(fixture::after(60), 10).await.unwrap(), 1, "the mail key was kept");
}

/// A name is taken in every way of writing it.
pub async fn a_name_is_taken_whatever_its_case(store: Arc<dyn Store>) {
    register(&*store, "Жanna").await;
    for name in ["Жanna", "жanna", "ЖANNA"] {
        let command = Register { email: None, ..fixture::register(name) };
        assert_eq!(refusal(store.register(command).await), Refusal::Taken(Unique::Username), "{name}");
    }
    let other = Register { email: None, ..fixture::register("Жann") };
    store.register(other).await.expect("another name is free");
}

/// Nobody who has proven nothing keeps an address from others.
pub async fn an_unverified_address_is_free(store: Arc<dyn Store>) {
    let shared = Some(fixture::email("shared@example.org"));
    for name in ["ada", "bob"] {
        store.register(Register { email: shared.clone(), ..fixture::register(name) }).await.unwrap();
    }
    let verified = Register { email: shared, email_verified: true, ..fixture::register("cyd") };
    store.register(verified).await.expect("the first to verify it gets it");
}

/// A verified address is taken, for those who verified it too and for those who did not.
pub async fn a_verified_address_is_taken(store: Arc<dyn Store>) {
    let with = |name, email_verified| Register {
        email: Some(fixture::email("shared@example.org")),
        email_verified,
        ..fixture::register(name)
    };
    store.register(with("ada", true)).await.unwrap();
    for verified in [false, true] {
        assert_eq!(refusal(store.register(with("bob", verified)).await), Refusal::Taken(Unique::VerifiedEmail));
    }
    register(&*store, "bob").await;
}

/// A secret that is there already is not kept again.
pub async fn a_secret_is_kept_once(store: Arc<dyn Store>) {
    let command = Register {
        tokens: vec![fixture::token("token")],
        mail_key: Some(fixture::mail_key("key", "ada@example.org", 60)),
        ..fixture::register("ada")
    };
    store.register(command).await.unwrap();
    let bob = || fixture::register("bob");
    let again = [
        Register { tokens: vec![fixture::token("new"), fixture::session("token")], ..bob() },
        Register { tokens: vec![fixture::token("twice"), fixture::token("twice")], ..bob() },
        Register { mail_key: Some(fixture::mail_key("key", "bob@example.org", 60)), ..bob() },
        // One that the same command would end.
        Register { tokens: vec![fixture::session("token")], former: Some(fixture::digest("token")), ..bob() },
    ];
    for command in again {
        assert_eq!(refusal(store.register(command).await), Refusal::Taken(Unique::Secret));
    }
    assert!(!is_known(&*store, "new").await && !is_known(&*store, "twice").await);
    let principal = store.principal(&fixture::digest("token"), fixture::NOW).await.unwrap().unwrap();
    assert_eq!(principal.username, fixture::username("ada"));
}

/// Of several reasons to refuse a registration, the name comes first, then the address, then the secrets.
pub async fn a_registration_is_checked_in_a_fixed_order(store: Arc<dyn Store>) {
    let ada = || Register { email_verified: true, tokens: vec![fixture::token("token")], ..fixture::register("ada") };
    store.register(ada()).await.unwrap();
    assert_eq!(refusal(store.register(ada()).await), Refusal::Taken(Unique::Username));
    let bob = Register { username: fixture::username("bob"), ..ada() };
    assert_eq!(refusal(store.register(bob.clone()).await), Refusal::Taken(Unique::VerifiedEmail));
    let bob = Register { email: Some(fixture::email("bob@example.org")), ..bob };
    assert_eq!(refusal(store.register(bob).await), Refusal::Taken(Unique::Secret));
}

/// Of a registration that was refused, nothing is there.
pub async fn a_refused_registration_leaves_nothing(store: Arc<dyn Store>) {
    let taken = Register {
        email_verified: true,
        tokens: vec![fixture::token("taken")],
        mail_key: Some(fixture::mail_key("taken", "ada@example.org", 60)),
        ..fixture::register("ada")
    };
    store.register(taken).await.unwrap();
    let free = || Register {
        tokens: vec![fixture::token("token")],
        mail_key: Some(fixture::mail_key("key", "bob@example.org", 60)),
        outbox: vec![fixture::mail("bob", 1)],
        email_verified: true,
        ..fixture::register("bob")
    };
    let refused = [
        Register { username: fixture::username("ADA"), ..free() },
        Register { email: Some(fixture::email("ada@example.org")), ..free() },
        Register { tokens: vec![fixture::token("token"), fixture::token("taken")], ..free() },
        Register { mail_key: Some(fixture::mail_key("taken", "bob@example.org", 60)), ..free() },
    ];
    for command in refused {
        refusal(store.register(command).await);
    }
    assert_eq!(store.accounts(None, usize::MAX).await.unwrap().len(), 1);
    assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), 1);
    assert_eq!(store.profiles(&ProfileFilter::default(), ProfileOrder::Id, everything()).await.unwrap().rows.len(), 1);
    assert_eq!(store.account_by_username(&UsernameKey::of("bob")).await.unwrap(), None);
    assert_eq!(store.account_by_verified_email(&fixture::email("bob@example.org")).await.unwrap(), None);
    assert!(!is_known(&*store, "token").await);
    assert!(store.lease(fixture::NOW, HOLD, 10).await.unwrap().is_empty());
    store.register(free()).await.expect("name, address, token and key are free as before");
}
