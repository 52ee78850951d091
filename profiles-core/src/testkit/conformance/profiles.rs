//! Profiles.

use std::sync::Arc;

use super::{everything, register, revision_after};
use crate::{
    model::{AccountId, Profile, ProfileId, Revision, UsernameKey},
    store::{
        AccountChange, Erasure, ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Rows, Slice, Start, Store,
    },
    testkit::{Refusal, fixture, refusal},
};

fn change(bio: Option<&str>, city: Option<&str>) -> ProfileChange {
    ProfileChange { bio: bio.map(fixture::bio), city: city.map(fixture::city), avatar: None }
}

/// In the order by id.
fn position(id: u64) -> ProfilePosition {
    ProfilePosition { id: ProfileId::new(id), username: UsernameKey::of("") }
}

fn terms(terms: &[&str]) -> ProfileFilter {
    ProfileFilter { terms: terms.iter().map(ToString::to_string).collect() }
}

/// Makes accounts of these names, with these cities.
async fn settle(store: &dyn Store, inhabitants: &[(&str, &str)]) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for (name, city) in inhabitants {
        let made = register(store, name).await.profile;
        profiles.push(
            store.update_profile(made.id, made.revision, change(None, Some(city)), fixture::NOW.into()).await.unwrap(),
        );
    }
    profiles
}

/// A profile is found by its number and by its account; others are not.
pub async fn a_profile_is_found_by_number_and_by_account(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.profile;
    let bob = register(&*store, "bob").await.profile;
    for profile in [ada, bob] {
        assert_eq!(store.profile(profile.id).await.unwrap().as_ref(), Some(&profile));
        assert_eq!(store.profile_of(profile.account).await.unwrap(), Some(profile));
    }
    for number in [0, 3, u64::MAX] {
        assert_eq!(store.profile(ProfileId::new(number)).await.unwrap(), None);
        assert_eq!(store.profile_of(AccountId::new(number)).await.unwrap(), None);
    }
}

/// An update changes what it names, answers the row as it is then, and counts, even if it names nothing.
pub async fn updating_a_profile_changes_what_it_says(store: Arc<dyn Store>) {
    let mut expected = register(&*store, "ada").await.profile;
    let bob = register(&*store, "bob").await.profile;
    let longest = ("🎉".repeat(240), "é".repeat(30));
    let changes = [
        change(Some("mathematician"), None),
        change(None, Some("London")),
        change(Some(&longest.0), Some(&longest.1)),
        change(None, None),
        change(Some(""), Some("")),
    ];
    for change in changes {
        let answer = store.update_profile(expected.id, expected.revision, change.clone(), fixture::NOW.into()).await;
        expected.bio = change.bio.unwrap_or(expected.bio);
        expected.city = change.city.unwrap_or(expected.city);
        expected.revision = expected.revision.next();
        assert_eq!(answer.unwrap(), expected);
        assert_eq!(store.profile(expected.id).await.unwrap().as_ref(), Some(&expected));
        assert_eq!(store.profile_of(expected.account).await.unwrap().as_ref(), Some(&expected));
    }
    assert_eq!(store.profile(bob.id).await.unwrap(), Some(bob), "nobody else changed");
}

/// An update of a profile that does not exist, or that has changed meanwhile, is refused and changes nothing.
pub async fn a_profile_is_not_updated_unless_it_is_as_expected(store: Arc<dyn Store>) {
    let ada = register(&*store, "ada").await.profile;
    let update = |id, revision| store.update_profile(id, revision, change(Some("x"), Some("y")), fixture::NOW.into());
    assert_eq!(refusal(update(ProfileId::new(2), Revision::FIRST).await), Refusal::Missing);
    assert_eq!(refusal(update(ada.id, revision_after(1)).await), Refusal::Stale);
    assert_eq!(refusal(update(ada.id, Revision::new(0)).await), Refusal::Stale);
    assert_eq!(store.profile(ada.id).await.unwrap(), Some(ada));
}

/// Profiles are listed by number. Parts of every size make up the whole, wherever they start, and each says whether
/// there are more behind it.
pub async fn profiles_are_listed_in_parts(store: Arc<dyn Store>) {
    let all = ProfileFilter::default();
    let nothing = Rows { rows: vec![], more: false };
    assert_eq!(store.profiles(&all, ProfileOrder::Id, everything()).await.unwrap(), nothing);
    let mut expected = Vec::new();
    for number in (1..=9).rev() {
        expected.push(register(&*store, &format!("account{number}")).await.profile);
    }
    for limit in (0..=10).chain([usize::MAX]) {
        for skipped in 0..=10 {
            let rest = expected.get(skipped..).unwrap_or_default();
            let rows = rest.iter().take(limit).cloned().collect();
            let part = Rows { rows, more: rest.len() > limit };
            let skip = Slice { start: Start::Skip(skipped as u64), limit };
            assert_eq!(store.profiles(&all, ProfileOrder::Id, skip.clone()).await.unwrap(), part, "{skip:?}");
            let after = Slice { start: Start::After(position(skipped as u64)), limit };
            assert_eq!(store.profiles(&all, ProfileOrder::Id, after.clone()).await.unwrap(), part, "{after:?}");
        }
    }
    for start in [Start::Skip(u64::MAX), Start::After(position(u64::MAX))] {
        assert_eq!(store.profiles(&all, ProfileOrder::Id, Slice { start, limit: 5 }).await.unwrap(), nothing);
    }
}

/// A filter shows those that contain every term in name or city, case ignored. No character of a term is special.
pub async fn profiles_are_filtered_by_terms(store: Arc<dyn Store>) {
    let inhabitants =
        [("Ada", "London"), ("bob", "Bad Ems"), ("ЖАННА", "ORLÉANS"), ("d_e", "100% pure"), ("dxe", "a\\b 'c' \"d\"")];
    let profiles = settle(&*store, &inhabitants).await;
    let cases: [(&[&str], &[usize]); 34] = [
        // Of many, the short ones count too.
        (&["london", "ondon", "londo", "lond", "ondo", "ndon", "lon", "ond", "ndo", "don", "ada", "d"], &[0]),
        (&["london", "ondon", "londo", "lond", "ondo", "ndon", "lon", "ond", "ndo", "don", "ada", "x"], &[]),
        (&[], &[0, 1, 2, 3, 4]),
        (&["ada"], &[0]),
        (&["AD"], &[0, 1]),
        (&["lon"], &[0]),
        (&["ada", "don"], &[0]),
        (&["ada", "bad"], &[]),
        (&["b", "o"], &[1]),
        (&["жан"], &[2]),
        (&["orléans"], &[2]),
        (&["orleans"], &[]),
        (&["_"], &[3]),
        (&["%"], &[3]),
        (&["d_e"], &[3]),
        (&["\\"], &[4]),
        (&["'"], &[4]),
        (&["\""], &[4]),
        (&["d ems"], &[1]),
        (&["*"], &[]),
        (&[""], &[0, 1, 2, 3, 4]),
        (&["LOND"], &[0]),
        (&["onl"], &[]),
        (&["adal"], &[]),
        (&["onlon", "lon"], &[]),
        (&["ada", "ondo", "l"], &[0]),
        (&["ada", "ondo", "x"], &[]),
        (&["bad", "ems"], &[1]),
        (&["bob", "d e", "", "BOB"], &[1]),
        (&["жанна"], &[2]),
        (&["lea"], &[]),
        (&["éan", "нна"], &[2]),
        (&["0% PURE"], &[3]),
        (&["b 'c' \"d"], &[4]),
    ];
    for (wanted, expected) in cases {
        let filter = terms(wanted);
        let expected: Vec<_> = profiles.iter().enumerate().filter(|(at, _)| expected.contains(at)).collect();
        let expected: Vec<Profile> = expected.into_iter().map(|(_, profile)| profile.clone()).collect();
        assert_eq!(store.count_profiles(&filter).await.unwrap(), expected.len() as u64, "{wanted:?}");
        let answer = store.profiles(&filter, ProfileOrder::Id, everything()).await.unwrap();
        assert_eq!(answer, Rows { rows: expected, more: false }, "{wanted:?}");
    }
}

/// The parts of a filtered list are cut from what the filter shows, not from the whole.
pub async fn filtered_profiles_are_listed_in_parts(store: Arc<dyn Store>) {
    let inhabitants: Vec<_> =
        (1..=20).map(|number| (format!("account{number}"), ["Rome", "Oslo"][number % 2])).collect();
    let inhabitants: Vec<_> = inhabitants.iter().map(|(name, city)| (name.as_str(), *city)).collect();
    let profiles = settle(&*store, &inhabitants).await;
    let filter = terms(&["oslo"]);
    let expected: Vec<_> = profiles.into_iter().filter(|profile| profile.city.as_str() == "Oslo").collect();
    assert_eq!(store.count_profiles(&filter).await.unwrap(), 10);
    for limit in 0..=11 {
        for skipped in 0..=11 {
            let rest = expected.get(skipped..).unwrap_or_default();
            let part = Rows { rows: rest.iter().take(limit).cloned().collect(), more: rest.len() > limit };
            let skip = Slice { start: Start::Skip(skipped as u64), limit };
            assert_eq!(store.profiles(&filter, ProfileOrder::Id, skip.clone()).await.unwrap(), part, "{skip:?}");
            // The even numbers are in Rome: the filter does not show the row that this starts after.
            let after = Slice { start: Start::After(position(2 * skipped as u64)), limit };
            assert_eq!(store.profiles(&filter, ProfileOrder::Id, after.clone()).await.unwrap(), part, "{after:?}");
        }
    }
}

/// A filter goes by what profiles say now.
pub async fn a_filter_follows_changes(store: Arc<dyn Store>) {
    let profile = settle(&*store, &[("ada", "London")]).await.remove(0);
    assert_eq!(store.count_profiles(&terms(&["london"])).await.unwrap(), 1);
    store.update_profile(profile.id, profile.revision, change(None, Some("Paris")), fixture::NOW.into()).await.unwrap();
    for (city, count) in [("london", 0), ("paris", 1)] {
        assert_eq!(store.count_profiles(&terms(&[city])).await.unwrap(), count);
        assert_eq!(
            store.profiles(&terms(&[city]), ProfileOrder::Id, everything()).await.unwrap().rows.len() as u64,
            count
        );
    }
}

/// The lower case of a letter can be longer than it is, or depend on where the letter stands.
pub async fn terms_are_compared_as_whole_words_in_lower_case(store: Arc<dyn Store>) {
    let inhabitants = [("ΟΔΟΣ", "İstanbul"), ("ΣΟΦΟΣ.a", "ΑΘΗΝΑΣ 7"), ("Straße", "𐐀𐐀𐐀𐐀")];
    let profiles = settle(&*store, &inhabitants).await;
    let cases: [(&[&str], &[usize]); 14] = [
        (&["οδος"], &[0]),
        (&["ΟΔΟΣ"], &[0]),
        (&["οδοσ"], &[]),
        (&["σοφοσ.a"], &[1]),
        // As a term of its own, its last letter is another than in the name.
        (&["ΣΟΦΟΣ"], &[]),
        (&["αθηνας"], &[1]),
        (&["İst"], &[0]),
        (&["i\u{307}stan"], &[0]),
        (&["istan"], &[]),
        (&["\u{307}st"], &[0]),
        (&["straße"], &[2]),
        (&["STRASSE"], &[]),
        (&["𐐨𐐨𐐨"], &[2]),
        (&["𐐀𐐨𐐀𐐨𐐀"], &[]),
    ];
    for (wanted, expected) in cases {
        let expected: Vec<Profile> = expected.iter().filter_map(|at| profiles.get(*at).cloned()).collect();
        assert_eq!(store.count_profiles(&terms(wanted)).await.unwrap(), expected.len() as u64, "{wanted:?}");
        let answer = store.profiles(&terms(wanted), ProfileOrder::Id, everything()).await.unwrap();
        assert_eq!(answer.rows, expected, "{wanted:?}");
    }
}

/// A filter goes by the names that accounts have now, and shows nobody who is gone.
pub async fn a_filter_follows_renames_and_erasures(store: Arc<dyn Store>) {
    let profiles = settle(&*store, &[("countess", "London"), ("babbage", "London"), ("grace", "Paris")]).await;
    let counts = async |expected: [(&str, u64); 5]| {
        for (term, count) in expected {
            assert_eq!(store.count_profiles(&terms(&[term])).await.unwrap(), count, "{term}");
            let rows = store.profiles(&terms(&[term]), ProfileOrder::Id, everything()).await.unwrap().rows;
            assert_eq!(rows.len() as u64, count, "{term}");
        }
    };
    counts([("countess", 1), ("lovelace", 0), ("london", 2), ("bag", 1), ("ra", 1)]).await;

    let id = profiles.first().expect("somebody").account;
    let account = store.account(id).await.unwrap().unwrap();
    let change = AccountChange { username: Some(fixture::username("London.Lovelace")), ..AccountChange::default() };
    let account = store.update_account(id, account.revision, change, fixture::NOW.into()).await.unwrap();
    counts([("countess", 0), ("lovelace", 1), ("london", 2), ("bag", 1), ("ra", 1)]).await;

    // Both the name and the city contain it: without the one, the other still does.
    let change = AccountChange { username: Some(fixture::username("babbages")), ..AccountChange::default() };
    store.update_account(id, account.revision, change, fixture::NOW.into()).await.unwrap();
    counts([("countess", 0), ("lovelace", 0), ("london", 2), ("bag", 2), ("ra", 1)]).await;

    while store.erase_account(fixture::erase(id, 1)).await.unwrap() == Erasure::Unfinished {}
    counts([("countess", 0), ("babbages", 0), ("london", 1), ("bag", 1), ("ra", 1)]).await;
}

/// The count is that of the whole list, and changes with registrations alone.
pub async fn profiles_are_counted(store: Arc<dyn Store>) {
    for count in 0..5 {
        assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), count);
        let made = register(&*store, &format!("account{count}")).await.profile;
        store.update_profile(made.id, made.revision, change(Some("x"), None), fixture::NOW.into()).await.unwrap();
        refusal(store.register(fixture::register(&format!("ACCOUNT{count}"))).await);
    }
    assert_eq!(store.count_profiles(&ProfileFilter::default()).await.unwrap(), 5);
}

/// A profile shows the picture that it was given last, until it is given none; other changes leave it.
pub async fn a_profile_shows_its_picture(store: Arc<dyn Store>) {
    let mut profile = register(&*store, "ada").await.profile;
    for avatar in [Some(fixture::avatar(1)), Some(fixture::avatar(1)), Some(fixture::avatar(2)), None, None] {
        let change = ProfileChange { avatar: Some(avatar), ..ProfileChange::default() };
        profile = store.update_profile(profile.id, profile.revision, change, fixture::NOW.into()).await.unwrap();
        assert_eq!(profile.avatar, avatar);
        profile = store
            .update_profile(profile.id, profile.revision, self::change(Some("x"), None), fixture::NOW.into())
            .await
            .unwrap();
        assert_eq!(profile.avatar, avatar);
        assert_eq!(store.profile(profile.id).await.unwrap().as_ref(), Some(&profile));
    }
}

/// A picture is in use as long as anybody shows it, whoever showed it first, and until the last of them is erased.
pub async fn a_picture_is_in_use_until_nobody_shows_it(store: Arc<dyn Store>) {
    let (one, other) = (fixture::avatar(1), fixture::avatar(2));
    let used = async || (store.avatar_in_use(one).await.unwrap(), store.avatar_in_use(other).await.unwrap());
    let show = async |name: &str, avatar| {
        let account = store.account_by_username(&fixture::username(name).key()).await.unwrap().unwrap().id;
        let profile = store.profile_of(account).await.unwrap().unwrap();
        let change = ProfileChange { avatar: Some(avatar), ..ProfileChange::default() };
        store.update_profile(profile.id, profile.revision, change, fixture::NOW.into()).await.unwrap();
    };
    for name in ["ada", "bob", "cyd"] {
        register(&*store, name).await;
    }
    assert_eq!(used().await, (false, false));
    show("ada", Some(one)).await;
    show("bob", Some(one)).await;
    show("cyd", Some(other)).await;
    assert_eq!(used().await, (true, true));
    show("ada", Some(other)).await;
    assert_eq!(used().await, (true, true));
    show("bob", None).await;
    assert_eq!(used().await, (false, true));
    show("cyd", None).await;
    assert_eq!(used().await, (false, true));
    super::erasure::erase(&*store, AccountId::new(1)).await;
    assert_eq!(used().await, (false, false));
}

/// A change that is refused leaves the picture in use, and the new one not.
pub async fn a_refused_picture_is_not_in_use(store: Arc<dyn Store>) {
    let profile = register(&*store, "ada").await.profile;
    let change = |number| ProfileChange { avatar: Some(Some(fixture::avatar(number))), ..ProfileChange::default() };
    store.update_profile(profile.id, profile.revision, change(1), fixture::NOW.into()).await.unwrap();
    let late = store.update_profile(profile.id, profile.revision, change(2), fixture::NOW.into()).await;
    assert_eq!(refusal(late), Refusal::Stale);
    assert!(store.avatar_in_use(fixture::avatar(1)).await.unwrap());
    assert!(!store.avatar_in_use(fixture::avatar(2)).await.unwrap());
}
