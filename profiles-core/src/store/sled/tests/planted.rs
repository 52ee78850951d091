//! Damage of every kind, planted: `verify` finds each, and says where.

use std::time::Duration;

use super::*;
use crate::{
    model::{
        Account, AuditId, ChangeId, Limit, OutboxId, Profile, ProfileId, Status, StatusId, Tally, ThrottleKey, TokenId,
        UsernameKey,
    },
    store::{
        Attempt, Audit as _, Throttles as _,
        sled::{
            keys::{Expiring, Meta, Space},
            rank::Ranked,
            record::{
                AccountRecord, AuditRecord, MailKeyRecord, PlacesRecord, ProfileRecord, StatusRecord, ThrottleRecord,
                TokenRecord,
            },
            rows::Rows as _,
            search::{Gram, PostingsRecord, Texts, TextsRecord},
            transaction::Transaction,
        },
    },
    testkit::fixture,
};

const ADA: AccountId = AccountId::new(1);
const BOB: AccountId = AccountId::new(2);
const NOBODY: AccountId = AccountId::new(9);

/// What `verify` says of a store with ada and bob and a status of ada's, after something was done to it.
async fn found_after(plant: impl FnOnce(&mut Transaction<'_>) -> Result<()> + Send + 'static) -> Vec<String> {
    let dir = directory();
    let store = open(dir.path());
    store.register(registration("ada")).await.unwrap();
    store.register(registration("bob")).await.unwrap();
    store.post_status(ADA, text("hello"), NOW).await.unwrap();
    let limits = vec![(tries(), Limit::steady(1, Duration::from_mins(1)))];
    store.attempt(Attempt { limits, audit: None, at: NOW }).await.unwrap();
    store.note(line(AuditEvent::Logout, Some(BOB)), NOW).await.unwrap();
    assert_eq!(store.verify().await.unwrap(), nothing());
    store.write(plant).await.unwrap();
    store.verify().await.unwrap().into_iter().map(|what| what.0).collect()
}

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

fn gram(text: &str) -> Gram {
    Gram::parse(text).unwrap()
}

fn tries() -> ThrottleKey {
    ThrottleKey::of(&["login", "ada"])
}

/// When the tries are forgotten.
fn forgotten() -> Timestamp {
    NOW.plus(Duration::from_mins(1))
}

fn request(name: &str) -> Digest {
    Digest::of(&format!("{name} request"))
}

fn session(name: &str) -> Digest {
    Digest::of(&format!("{name} Session"))
}

#[tokio::test]
async fn a_missing_entry_is_found_from_the_record() {
    let cases = [
        (keys::username(&Username::parse("ada").unwrap().key()), "account 1 can't be found by its username"),
        (keys::verified_email(&email("ada")), "account 1 can't be found by its verified address"),
        (keys::email(&email("ada"), ADA), "account 1 can't be found by its address"),
        (keys::status_of(ADA, StatusId::new(1)), "status 1 is not in the list of its account 1"),
        (keys::status_count(ADA), "account 1 has statuses that are not counted"),
        (keys::token_of(ADA, &session("ada")), "a token is not in the list of its account 1"),
        (keys::expiry(LATER, Expiring::Session, &session("ada")), "a token of account 1 will never be swept"),
        (keys::expiry(LATER, Expiring::MailKey, &Digest::of("ada")), "a mail key of account 1 will never be swept"),
        (keys::outbox_of(ADA, OutboxId::new(1)), "mail 1 is not in the list of its account 1"),
        (keys::outbox_due(NOW, OutboxId::new(1)), "mail 1 will never be sent"),
        (keys::mail_key_of(ADA, &Digest::of("ada")), "a mail key is not in the list of its account 1"),
        (keys::expiry(forgotten(), Expiring::Throttle, tries().digest()), "a count of tries will never be swept"),
        (keys::audit_of(ADA, AuditId::new(1)), "line 1 of the audit trail is not in the list of account 1"),
        (keys::audit_of(BOB, AuditId::new(3)), "line 3 of the audit trail is not in the list of account 2"),
        (keys::search_texts(ProfileId::new(0)), "profile 1 can't be searched for"),
        (
            keys::postings(gram("ada"), 0),
            "the search index entry of \"ada\" of profiles 0 to 8191 leaves out profile 1",
        ),
        (Meta::Profiles.key(), "the count of profiles is 0, and there are 2"),
        (Meta::Statuses.key(), "the count of statuses is 0, and there are 1"),
        (Meta::LastAccount.key(), "last-account is 0, and there is a 2"),
        (Meta::LastProfile.key(), "last-profile is 0, and there is a 2"),
        (Meta::LastStatus.key(), "last-status is 0, and there is a 1"),
        (Meta::LastOutbox.key(), "last-outbox is 0, and there is a 2"),
        (Meta::LastToken.key(), "last-token is 0, and there is a 4"),
        (Meta::LastAudit.key(), "last-audit is 0, and there is a 3"),
        (Meta::LastStatusAt.key(), "last-status-at is 0, and there is a 9225072036854775808"),
        (keys::rank(Space::StatusRank, 1, 0), "the count of statuses in block 0 of level 1 is missing"),
        (keys::rank(Space::ProfileRank, 5, 0), "the count of profiles in block 0 of level 5 is missing"),
        (Meta::LastChange.key(), "last-change is 0, and there is a 1"),
        (keys::request_of(ADA, LATER, &request("ada")), "a request is not in the list of its account 1"),
        (keys::expiry(LATER, Expiring::Request, &request("ada")), "a request of account 1 will never be swept"),
        (keys::change(ChangeId::new(1)), "the log of changes has 0 lines instead of 1"),
        (Meta::Format.key(), "the format is not noted"),
    ];
    for (key, what) in cases {
        let found = found_after(move |transaction| {
            transaction.remove(key);
            Ok(())
        });
        let found = found.await;
        assert!(found.contains(&what.to_owned()), "{what}: {found:?}");
    }
    let found = found_after(|transaction| {
        transaction.remove(keys::profile_of(BOB));
        Ok(())
    });
    assert_eq!(found.await, ["account 2 has no profile", "profile 2 can't be found by its account 2"]);
}

#[tokio::test]
async fn a_missing_record_is_found_from_its_entries() {
    let cases = [
        (
            keys::account(BOB),
            vec![
                "a mail key names account 2, which does not exist",
                "a request names account 2, which does not exist",
                "a token names account 2, which does not exist",
                "an index entry of a verified address names account 2, which does not exist",
                "mail 2 names account 2, which does not exist",
                "profile 2 names account 2, which does not exist",
                "the address index entry of account 2 names account 2, which does not exist",
                "the index entry of username \"bob\" names account 2, which does not exist",
                "the list of places of account 2 names account 2, which does not exist",
                "the profile index entry of account 2 names account 2, which does not exist",
            ],
        ),
        (
            keys::profile(ProfileId::new(2)),
            vec![
                "the count of profiles in block 0 of level 1 is off",
                "the count of profiles in block 0 of level 2 is off",
                "the count of profiles in block 0 of level 3 is off",
                "the count of profiles in block 0 of level 4 is off",
                "the count of profiles in block 0 of level 5 is off",
                "the count of profiles is 2, and there are 1",
                "the profile index entry of account 2 names profile 2, which is not its own",
                "the search index's list of texts of profiles 0 to 127 has profile 2, which does not exist",
            ],
        ),
        (
            keys::status(StatusId::new(1)),
            vec![
                "the count of statuses in block 0 of level 1 is off",
                "the count of statuses in block 0 of level 2 is off",
                "the count of statuses in block 0 of level 3 is off",
                "the count of statuses in block 0 of level 4 is off",
                "the count of statuses in block 0 of level 5 is off",
                "the count of statuses is 1, and there are 0",
                "the index entry of status 1 of account 1 names a status that is not theirs",
            ],
        ),
        (
            keys::token(&session("ada")),
            vec![
                "an expiry index entry for 1800000000000000 names nothing that expires then",
                "an index entry of a token of account 1 names a token that is not theirs",
            ],
        ),
        (
            keys::mail_key(&Digest::of("ada")),
            vec![
                "an expiry index entry for 1800000000000000 names nothing that expires then",
                "an index entry of a mail key of account 1 names a mail key that is not theirs",
            ],
        ),
        (
            keys::request(&request("ada")),
            vec![
                "an expiry index entry for 1800000000000000 names nothing that expires then",
                "an index entry of a request of account 1 names a request that is not theirs",
            ],
        ),
        (keys::throttle(&tries()), vec!["an expiry index entry for 1700000060000000 names nothing that expires then"]),
        (
            keys::audit(AuditId::new(3)),
            vec!["the index entry of line 3 of the audit trail for account 2 names a line that is not about them"],
        ),
        (
            keys::outbox(OutboxId::new(1)),
            vec![
                "the entry of mail 1 for 1700000000000000 names a mail that is not due then",
                "the index entry of mail 1 of account 1 names a mail that is not theirs",
            ],
        ),
    ];
    for (key, what) in cases {
        let found = found_after(move |transaction| {
            transaction.remove(key);
            Ok(())
        });
        assert_eq!(found.await, what);
    }
}

#[tokio::test]
async fn an_entry_that_says_something_else_is_found() {
    let found = found_after(|transaction| transaction.put(keys::username(&UsernameKey::of("eve")), &ADA.get()));
    assert_eq!(found.await, ["the index entry of username \"eve\" names account 1, which has another"]);

    let found = found_after(|transaction| transaction.put(keys::verified_email(&email("eve")), &ADA.get()));
    assert_eq!(found.await, ["an index entry of a verified address names account 1, which has not verified it"]);

    let found = found_after(|transaction| transaction.mark(keys::email(&email("eve"), ADA)));
    assert_eq!(found.await, ["the address index entry of account 1 has another address than the account"]);

    let found = found_after(|transaction| transaction.mark(keys::status_of(BOB, StatusId::new(1))));
    assert_eq!(
        found.await,
        [
            "account 2 has statuses that are not counted",
            "the index entry of status 1 of account 2 names a status that is not theirs"
        ]
    );

    let found = found_after(|transaction| transaction.rank(Ranked::Profiles, 1024, 1));
    assert_eq!(
        found.await,
        [
            "the count of profiles in block 0 of level 2 is off",
            "the count of profiles in block 0 of level 3 is off",
            "the count of profiles in block 0 of level 4 is off",
            "the count of profiles in block 0 of level 5 is off",
            "the count of profiles in block 1 of level 1 is off",
        ]
    );

    let found = found_after(|transaction| {
        transaction.post_status(ADA, text("second"), NOW)?;
        let early = Status { created_at: Timestamp::from_micros(5), ..transaction.status(StatusId::new(2))?.unwrap() };
        transaction.put(keys::status(early.id), &StatusRecord::of(&early))
    });
    assert_eq!(found.await, ["status 2 was posted before the one before it"]);

    let found = found_after(|transaction| transaction.put(keys::status_count(ADA), &5_u64));
    assert_eq!(found.await, ["the count of statuses of account 1 is 5, and there are 1"]);

    let found = found_after(|transaction| transaction.mark(keys::outbox_of(BOB, OutboxId::new(1))));
    assert_eq!(found.await, ["the index entry of mail 1 of account 2 names a mail that is not theirs"]);

    let found = found_after(|transaction| transaction.put(keys::outbox_due(LATER, OutboxId::new(1)), &false));
    assert_eq!(found.await, ["the entry of mail 1 for 1800000000000000 names a mail that is not due then"]);

    let found = found_after(|transaction| transaction.put(keys::outbox_due(NOW, OutboxId::new(1)), &true));
    assert_eq!(found.await, ["the entry of mail 1 for 1700000000000000 names a mail that is not due then"]);

    let found = found_after(|transaction| transaction.put(Meta::ForgottenChanges.key(), &1_u64));
    assert_eq!(found.await, ["the log of changes has 1 lines instead of 0"]);

    let found = found_after(|transaction| transaction.put(Meta::Format.key(), &9_u64));
    assert_eq!(found.await, ["the note \"format\" is 9 and not 5"]);

    let found = found_after(|transaction| transaction.mark(keys::mail_key_of(BOB, &Digest::of("ada"))));
    assert_eq!(found.await, ["an index entry of a mail key of account 2 names a mail key that is not theirs"]);

    let found = found_after(|transaction| transaction.mark(keys::audit_of(BOB, AuditId::new(1))));
    assert_eq!(
        found.await,
        ["the index entry of line 1 of the audit trail for account 2 names a line that is not about them"]
    );

    let found = found_after(|transaction| transaction.mark(keys::expiry(NOW, Expiring::Throttle, tries().digest())));
    assert_eq!(found.await, ["an expiry index entry for 1700000000000000 names nothing that expires then"]);

    let found = found_after(|transaction| {
        let key = keys::expiry(LATER, Expiring::PersonalToken, &session("ada"));
        transaction.mark(key)
    });
    assert_eq!(found.await, ["an expiry index entry for 1800000000000000 names nothing that expires then"]);
}

#[tokio::test]
async fn a_search_index_that_does_not_fit_is_found() {
    // Another's name, a city that is no longer theirs, nobody's, not in order, in a block that has nobody.
    let texts = |transaction: &mut Transaction<'_>, at: u64, texts: &[(u8, (&str, &str))]| {
        let texts = texts.iter().map(|(slot, (username, city))| (*slot, Texts::new(username, city)));
        transaction.put(keys::search_texts(ProfileId::new(at)), &TextsRecord::new(texts.collect()))
    };
    let found = found_after(move |transaction| texts(transaction, 0, &[(1, ("ada", "")), (2, ("bob", "rome"))]));
    assert_eq!(
        found.await,
        [
            "profile 2 is searched by other texts than its own",
            "the search index entry of \"ome\" of profiles 0 to 8191 leaves out profile 2",
            "the search index entry of \"rom\" of profiles 0 to 8191 leaves out profile 2",
        ]
    );
    let found = found_after(move |transaction| texts(transaction, 0, &[(1, ("ada", ""))]));
    assert_eq!(
        found.await,
        [
            "profile 2 can't be searched for",
            "the search index entry of \"bob\" of profiles 0 to 8191 names profile 2, which does not contain it",
        ]
    );
    let found = found_after(move |transaction| texts(transaction, 128, &[(0, ("bob", ""))]));
    assert_eq!(
        found.await,
        [
            "the search index entry of \"bob\" of profiles 0 to 8191 leaves out profile 128",
            "the search index's list of texts of profiles 128 to 255 has profile 128, which does not exist",
        ]
    );
    let found = found_after(move |transaction| texts(transaction, 0, &[(2, ("bob", "")), (1, ("ada", ""))]));
    assert_eq!(found.await, ["the search index's list of texts of profiles 0 to 127 is not in order"]);
    let found = found_after(move |transaction| {
        transaction.put(keys::search_texts(ProfileId::new(9 * 128)), &TextsRecord::default())
    });
    assert_eq!(found.await, ["the search index's list of texts of profiles 1152 to 1279 is not in order"]);

    let few = |offsets: &[u16]| PostingsRecord::Few(offsets.to_vec());
    let cases = [
        (gram("ada"), 0, few(&[1, 1]), "of \"ada\" of profiles 0 to 8191 names profile 2, which does not contain it"),
        (gram("cyd"), 0, few(&[1]), "of \"cyd\" of profiles 0 to 8191 names profile 1, which does not contain it"),
        (
            gram("bob"),
            3,
            few(&[7]),
            "of \"bob\" of profiles 24576 to 32767 names profile 24583, which does not contain it",
        ),
        (gram("cyd"), 0, few(&[]), "of \"cyd\" of profiles 0 to 8191 is not in order"),
        (gram("cyd"), 0, few(&[8192]), "of \"cyd\" of profiles 0 to 8191 is not in order"),
    ];
    for (gram, chunk, record, what) in cases {
        let found = found_after(move |transaction| transaction.put(keys::postings(gram, chunk), &record));
        assert_eq!(found.await, [format!("the search index entry {what}")]);
    }
}

#[tokio::test]
async fn an_account_that_is_being_erased_and_can_be_used_is_found() {
    let found = found_after(|transaction| transaction.put(keys::erasing(ADA), &NOW.as_micros()));
    assert_eq!(found.await, ["account 1 is being erased, and is active"]);

    // As the first step leaves it.
    let found = found_after(|transaction| {
        transaction.put(keys::erasing(ADA), &NOW.as_micros())?;
        let account = Account { is_active: false, ..transaction.account(ADA)?.unwrap() };
        transaction.put(keys::account(ADA), &AccountRecord::of(&account))
    });
    assert_eq!(found.await, [""; 0]);

    let found = found_after(|transaction| transaction.put(keys::erasing(NOBODY), &NOW.as_micros()));
    assert_eq!(found.await, ["the mark of the erasure of account 9 names account 9, which does not exist"]);
}

#[tokio::test]
async fn a_record_of_nobody_is_found() {
    let found = found_after(|transaction| {
        let status = Status {
            id: StatusId::new(1),
            account: NOBODY,
            profile: ProfileId::new(1),
            username: Username::parse("x").unwrap(),
            revision: crate::model::Revision::FIRST,
            text: text("lost"),
            created_at: NOW,
            updated_at: NOW,
        };
        transaction.put(keys::status(status.id), &StatusRecord::of(&status))
    });
    assert_eq!(
        found.await,
        [
            "status 1 is not in the list of its account 9",
            "status 1 names account 9, which does not exist",
            "status 1 stands under another profile than its account's",
            "the index entry of status 1 of account 1 names a status that is not theirs",
        ]
    );

    let found = found_after(|transaction| {
        let digest = Digest::of("dangling");
        transaction.mark(keys::token_of(NOBODY, &digest))?;
        let [token, ..] = &registration("x").tokens[..] else { unreachable!() };
        transaction.put(keys::token(&digest), &TokenRecord::new(TokenId::new(1), NOBODY, token, NOW))
    });
    assert_eq!(found.await, ["a token names account 9, which does not exist"]);

    let found = found_after(|transaction| {
        let digest = Digest::of("dangling");
        transaction.mark(keys::expiry(LATER, Expiring::MailKey, &digest))?;
        transaction.mark(keys::mail_key_of(NOBODY, &digest))?;
        transaction.put(keys::mail_key(&digest), &MailKeyRecord::new(NOBODY, registration("x").mail_key.unwrap()))
    });
    assert_eq!(found.await, ["a mail key names account 9, which does not exist"]);

    let found = found_after(|transaction| transaction.put(keys::places(NOBODY), &PlacesRecord::default()));
    assert_eq!(found.await, ["the list of places of account 9 names account 9, which does not exist"]);

    let found = found_after(|transaction| {
        let tally = Tally { count: 1, last: NOW };
        transaction.put(keys::throttle(&ThrottleKey::of(&["other"])), &ThrottleRecord::new(tally, LATER))
    });
    assert_eq!(found.await, ["a count of tries will never be swept"]);

    // Lines outlive whom they are about.
    let found = found_after(|transaction| transaction.note(NOW, Some(line(AuditEvent::Logout, Some(NOBODY)))));
    assert_eq!(found.await, [""; 0]);

    let found = found_after(|transaction| {
        transaction.put(keys::audit(AuditId::new(7)), &AuditRecord::new(NOW, &line(AuditEvent::Logout, Some(NOBODY))))
    });
    assert_eq!(
        found.await,
        ["last-audit is 3, and there is a 7", "line 7 of the audit trail is not in the list of account 9"]
    );
}

#[tokio::test]
async fn what_can_not_be_read_is_found() {
    let keys = [
        (keys::account(ADA), "account 1 can't be decoded"),
        (keys::profile(ProfileId::new(1)), "profile 1 can't be decoded"),
        (keys::status(StatusId::new(1)), "status 1 can't be decoded"),
        (keys::token(&session("ada")), "a token can't be decoded"),
        (keys::mail_key(&Digest::of("ada")), "a mail key can't be decoded"),
        (keys::outbox(OutboxId::new(1)), "mail 1 of the outbox can't be decoded"),
        (keys::throttle(&tries()), "a count of tries can't be decoded"),
        (keys::places(ADA), "the list of places of account 1 can't be decoded"),
        (keys::audit(AuditId::new(1)), "line 1 of the audit trail can't be decoded"),
        (keys::erasing(ADA), "the mark of the erasure of account 1 can't be decoded"),
        (keys::change(ChangeId::new(1)), "change 1 can't be decoded"),
        (keys::request(&request("ada")), "a request can't be decoded"),
        (keys::profile_of(ADA), "the profile index entry of account 1 can't be decoded"),
        (keys::status_count(ADA), "the count of statuses of account 1 can't be decoded"),
        (
            keys::search_texts(ProfileId::new(0)),
            "the search index's list of texts of profiles 0 to 127 can't be decoded",
        ),
        (keys::postings(gram("ada"), 0), "the search index entry of \"ada\" of profiles 0 to 8191 can't be decoded"),
        (Meta::Statuses.key(), "the note \"statuses\" can't be decoded"),
        (keys::rank(Space::StatusRank, 1, 0), "the count of statuses in block 0 of level 1 can't be decoded"),
    ];
    for (key, what) in keys {
        let found = found_after(move |transaction| transaction.mark(key)).await;
        assert!(found.contains(&what.to_owned()), "{what}: {found:?}");
    }
    // An index entry that is longer than it should be; a key in no space, one in a space that it does not fit.
    let found = found_after(|transaction| transaction.put(keys::token_of(ADA, &session("ada")), &1_u64)).await;
    assert_eq!(found, ["an index entry of a token of account 1 is longer than its record"]);
    let found = found_after(|transaction| {
        // As a line is laid down, with a word of no version.
        let (nobody, none) = (0_u8, None::<u64>);
        let line = (NOW.as_micros(), "sabotage", "done", nobody, none, none, (none, none, none));
        transaction.put(keys::audit(AuditId::new(3)), &line)
    });
    assert!(found.await.contains(&"line 3 of the audit trail has a word that is not known".to_owned()));
    let found = found_after(|transaction| transaction.mark(vec![255, 255])).await;
    assert_eq!(found, ["a key in space 255 is not known"]);
    let found = found_after(|transaction| transaction.mark(vec![1, 2, 3])).await;
    assert_eq!(found, ["a key in space 1 is not known"]);
}

#[tokio::test]
async fn a_profile_under_another_account_is_found() {
    let found = found_after(|transaction| {
        let mut profile = transaction.profile(ProfileId::new(1))?.unwrap();
        profile.account = BOB;
        transaction.put(keys::profile(profile.id), &ProfileRecord::of(&profile))
    });
    assert_eq!(
        found.await,
        [
            "profile 1 can't be found by its account 2",
            "profile 1 is searched by other texts than its own",
            "the profile index entry of account 1 names profile 1, which is not its own"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_beside_it_are_not_taken_for_damage() {
    let dir = directory();
    let store = Arc::new(open(dir.path()));
    let account = store.register(registration("ada")).await.unwrap().account.id;
    let writing = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for _ in 0..500 {
                let status = store.post_status(account, text("x"), NOW).await.unwrap();
                store.delete_status(status.id, NOW.into()).await.unwrap();
            }
        }
    });
    let mut rounds = 0;
    while !writing.is_finished() {
        assert_eq!(store.verify().await.unwrap(), nothing());
        rounds += 1;
    }
    writing.await.unwrap();
    assert!(rounds > 1);
}

#[tokio::test]
async fn a_picture_that_counts_wrongly_is_found() {
    let avatar = fixture::avatar(1);
    let profile = ProfileId::new(1);
    let found = found_after(move |transaction| transaction.mark(keys::avatar_use(avatar, profile)));
    assert_eq!(found.await, ["the index entry of a picture of profile 1 names a picture that it does not show"]);

    let found = found_after(move |transaction| {
        let shown = Profile { avatar: Some(avatar), ..transaction.profile(profile)?.unwrap() };
        transaction.put(keys::profile(profile), &ProfileRecord::of(&shown))
    });
    assert_eq!(found.await, ["the picture of profile 1 counts as nobody's"]);

    let found = found_after(move |transaction| {
        let shown = Profile { avatar: Some(avatar), ..transaction.profile(profile)?.unwrap() };
        transaction.put(keys::profile(profile), &ProfileRecord::of(&shown))?;
        transaction.move_avatar(profile, None, Some(avatar))
    });
    assert_eq!(found.await, [""; 0]);

    let found = found_after(move |transaction| transaction.put(keys::avatar_use(avatar, profile), &1_u64));
    assert_eq!(found.await, ["the index entry of a picture of profile 1 is longer than its record"]);
}
