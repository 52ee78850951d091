//! The search index: it shows what looking at every row would show, whatever was done to the rows.

use std::{collections::BTreeMap, future::Future, ops::RangeInclusive, sync::Arc};

use proptest::{
    collection::{SizeRange, vec},
    prelude::*,
    sample::{Index, select},
    test_runner::TestCaseResult,
};
use tokio::runtime::Handle;

use super::*;
use crate::{
    model::{City, Profile, ProfileId},
    store::{
        AccountChange, EraseAccount, Erasure, ProfileChange, ProfileFilter, ProfileOrder, Profiles as _, Rows, Slice,
        Start,
        query::Way,
        sled::{
            keys::{Meta, Space},
            search::Search,
        },
    },
};

/// Letters that meet often, among them those whose lower case is longer than they are, depends on where they stand, or has
/// four bytes.
const LETTERS: &str = "aAbB\u{130}ΣσÉé_ſK𐐀𐐨ß";
/// Of cities and terms: anything can be in them.
const ANY: &str = "[aAbB\u{130}i\u{307}Σςσ\u{a7}%\\\\ é𐐀]";

#[derive(Clone, Debug)]
enum Step {
    Register {
        name: String,
        city: String,
    },
    Rename {
        who: Index,
        name: String,
    },
    Move {
        who: Index,
        city: String,
    },
    Erase {
        who: Index,
    },
    /// So many ids are given to nobody.
    Leave {
        ids: u64,
    },
    Rebuild,
}

/// A text of so many of these.
fn text_of(letters: &str, length: impl Into<SizeRange>) -> impl Strategy<Value = String> {
    vec(select(letters.chars().collect::<Vec<_>>()), length).prop_map(String::from_iter)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || text_of(LETTERS, 1..10);
    let city = || text_of(ANY, 0..10);
    let step = prop_oneof![
        8 => (name(), city()).prop_map(|(name, city)| Step::Register { name, city }),
        3 => (any::<Index>(), name()).prop_map(|(who, name)| Step::Rename { who, name }),
        3 => (any::<Index>(), city()).prop_map(|(who, city)| Step::Move { who, city }),
        2 => any::<Index>().prop_map(|who| Step::Erase { who }),
        1 => select(vec![1, 30, 8160, 100_000]).prop_map(|ids| Step::Leave { ids }),
        1 => Just(Step::Rebuild),
    ];
    vec(step, 1..25)
}

fn filters() -> impl Strategy<Value = Vec<ProfileFilter>> {
    let term = prop_oneof![text_of(ANY, 0..7), text_of(LETTERS, 1..5), Just("aaa".to_owned())];
    vec(vec(term, 1..4).prop_map(|terms| ProfileFilter { terms }), 12)
}

/// Does this on a store of its own, within a runtime.
fn on_a_store<T, F: Future<Output = T>>(run: impl FnOnce(SledStore) -> F) -> T {
    let dir = directory();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(async { run(open(dir.path())).await })
}

fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn registration_of(name: &str) -> Register {
    Register {
        username: username(name),
        tokens: vec![],
        mail_key: None,
        outbox: vec![],
        email: None,
        request: None,
        ..registration("x")
    }
}

async fn settle(store: &SledStore, name: &str, city: &str) -> Result<Profile> {
    let profile = store.register(registration_of(name)).await?.profile;
    moved(store, &profile, city).await
}

/// Profiles of accounts with these numbers in their names.
async fn settle_all(store: &SledStore, numbers: RangeInclusive<u64>) -> Vec<Profile> {
    let commands = numbers.map(|number| (registration_of(&format!("steady{number:03}")), ProfileChange::default()));
    store.load_accounts(commands.collect()).await.unwrap().into_iter().map(|made| made.profile).collect()
}

async fn moved(store: &SledStore, profile: &Profile, city: &str) -> Result<Profile> {
    let change = ProfileChange { city: Some(City::parse(city).unwrap()), ..ProfileChange::default() };
    store.update_profile(profile.id, profile.revision, change, NOW.into()).await
}

async fn erase(store: &SledStore, account: AccountId) {
    let erased = store.erase_account(EraseAccount { account, limit: 1, audit: None, at: NOW }).await.unwrap();
    assert_eq!(erased, Erasure::Done);
}

async fn play(store: &SledStore, rows: &mut BTreeMap<ProfileId, Profile>, step: Step) {
    let nth = |rows: &BTreeMap<_, Profile>, who: Index| {
        let all: Vec<_> = rows.values().cloned().collect();
        (!all.is_empty()).then(|| who.get(&all).clone())
    };
    match step {
        Step::Register { name, city } => {
            if let Ok(profile) = settle(store, &name, &city).await {
                rows.insert(profile.id, profile);
            }
        }
        Step::Rename { who, name } => {
            let Some(profile) = nth(rows, who) else { return };
            let account = store.account(profile.account).await.unwrap().unwrap();
            let change = AccountChange { username: Some(username(&name)), ..AccountChange::default() };
            if store.update_account(account.id, account.revision, change, NOW.into()).await.is_ok() {
                rows.insert(profile.id, Profile { username: username(&name), ..profile });
            }
        }
        Step::Move { who, city } => {
            let Some(profile) = nth(rows, who) else { return };
            rows.insert(profile.id, moved(store, &profile, &city).await.unwrap());
        }
        Step::Erase { who } => {
            let Some(profile) = nth(rows, who) else { return };
            erase(store, profile.account).await;
            rows.remove(&profile.id);
        }
        Step::Leave { ids } => {
            store
                .write(move |transaction| transaction.add(Meta::LastProfile.key(), ids.try_into().unwrap()))
                .await
                .unwrap();
        }
        Step::Rebuild => assert_eq!(store.rebuild_search().await.unwrap(), rows.len() as u64),
    }
}

/// Whether the store shows what a look at every row shows, in every order, in parts and from everywhere.
async fn compare(store: &SledStore, rows: &BTreeMap<ProfileId, Profile>, filter: &ProfileFilter) -> TestCaseResult {
    let shown = |profile: &&Profile| filter.matches(profile.username.as_str(), profile.city.as_str());
    let mut expected: Vec<Profile> = rows.values().filter(shown).cloned().collect();
    prop_assert_eq!(store.count_profiles(filter).await.unwrap(), expected.len() as u64, "{:?}", filter);
    for order in ProfileOrder::ALL {
        expected.sort_by_key(|profile| {
            if order.is_by_username() { (Some(profile.username.key()), profile.id) } else { (None, profile.id) }
        });
        if matches!(order, ProfileOrder::IdDescending | ProfileOrder::UsernameDescending) {
            expected.reverse();
        }
        let part = async |start, limit| store.profiles(filter, order, Slice { start, limit }).await.unwrap();
        let all = part(Start::Skip(0), usize::MAX).await;
        prop_assert_eq!(&all.rows, &expected, "{:?}", filter);
        for at in 0..=expected.len() {
            let (before, rest) = expected.split_at(at);
            let next = Rows { rows: rest[..rest.len().min(2)].to_vec(), more: rest.len() > 2 };
            prop_assert_eq!(&part(Start::Skip(at as u64), 2).await, &next, "{:?} {:?}", filter, order);
            if let Some(last) = before.last() {
                prop_assert_eq!(&part(Start::After(last.into()), 2).await, &next, "{:?} {:?}", filter, order);
            }
            if let Some(first) = rest.first() {
                let last = Rows { rows: before[at.saturating_sub(2)..].to_vec(), more: at > 2 };
                prop_assert_eq!(&part(Start::Before(first.into()), 2).await, &last, "{:?} {:?}", filter, order);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_shows_what_a_look_at_every_row_shows(steps in steps(), filters in filters()) {
        on_a_store(|store| async move {
            let mut rows = BTreeMap::new();
            for step in steps {
                play(&store, &mut rows, step).await;
            }
            prop_assert_eq!(store.verify().await.unwrap(), nothing());
            // Terms that somebody contains, which chance seldom finds.
            let own = rows.values().flat_map(|profile| [profile.username.as_str(), profile.city.as_str()]);
            let own = own.map(|text| ProfileFilter { terms: vec![text.chars().skip(1).take(5).collect()] });
            let own: Vec<_> = own.collect();
            for filter in filters.iter().chain(&own) {
                compare(&store, &rows, filter).await?;
            }
            Ok(())
        })?;
    }
}

/// Whether by postings or by texts alone: a term that begins to be common, is not there for a while, and comes again.
#[test]
fn a_term_that_many_have_is_found_in_every_chunk() {
    on_a_store(|store| async move {
        let mut rows = BTreeMap::new();
        for (chunk, city) in
            ["Londonderry", "London", "Lond", "New London", "Rome", "", "London", "London"].iter().enumerate()
        {
            for number in 0..3 {
                let (name, city) = (format!("user{chunk}_{number}"), (*city).to_owned());
                play(&store, &mut rows, Step::Register { name, city }).await;
                play(&store, &mut rows, Step::Leave { ids: 8192 / 3 }).await;
            }
        }
        for terms in [vec!["london"], vec!["user", "london"], vec!["ondon", "r3_"], vec!["don", "lo"], vec!["lond"]] {
            let filter = ProfileFilter { terms: terms.into_iter().map(str::to_owned).collect() };
            compare(&store, &rows, &filter).await.unwrap();
        }
    });
}

/// Whatever order they come in, and whichever of them go: texts that are divided among sheets are found, counted once, and
/// none is left behind.
#[tokio::test]
async fn texts_that_move_to_other_sheets_are_found() {
    let dir = directory();
    let store = open(dir.path());
    let mut rows = BTreeMap::new();
    let profiles = settle_all(&store, 1..=40).await;
    rows.extend(profiles.iter().map(|profile| (profile.id, profile.clone())));
    for step in [2, 1] {
        for profile in profiles.iter().step_by(step) {
            let now = store.profile(profile.id).await.unwrap().unwrap();
            let city = if now.city.as_str().is_empty() { "Llanfairpwllgwyngyll" } else { "" };
            rows.insert(profile.id, moved(&store, &now, city).await.unwrap());
        }
        assert_eq!(store.verify().await.unwrap(), nothing());
        compare(&store, &rows, &ProfileFilter { terms: vec!["fairp".to_owned()] }).await.unwrap();
    }
    for profile in &profiles {
        erase(&store, profile.account).await;
    }
    let left = store.scan(|view| view.scan(Space::Search.range()).collect::<Result<Vec<_>>>());
    assert_eq!(left.await.unwrap(), vec![]);
}

/// Whoever was there all the time is met once, though texts move to other sheets while they are looked through, wherever in
/// a leaf of sled's tree they lie.
#[test]
fn texts_that_move_meanwhile_are_met_once() {
    for (before, way) in (0..20).flat_map(|before| [(before, Way::Up), (before, Way::Down)]) {
        let met = on_a_store(|store| async move {
            let filler = |number: u8| vec![Space::Account as u8, u8::MAX, number];
            store
                .write(move |transaction| {
                    (0..before).try_for_each(|number| transaction.put(filler(number), &"x".repeat(2000)))
                })
                .await
                .unwrap();
            let profiles = settle_all(&store, 1..=80).await;
            meet_while_moving(Arc::new(store), profiles, way).await
        });
        assert_eq!(met.iter().map(|slots| slots.count_ones()).sum::<u32>(), 80, "{way:?} behind {before} others");
        assert_eq!(met.iter().fold(0, |all, slots| all | slots).count_ones(), 80, "{way:?} behind {before} others");
    }
}

/// Looks for all of these profiles; when the first were met, each is given a sheet of its own.
async fn meet_while_moving(store: Arc<SledStore>, profiles: Vec<Profile>, way: Way) -> Vec<u128> {
    let (writer, runtime) = (Arc::clone(&store), Handle::current());
    let move_all = move || {
        let city = City::parse("Llanfairpwllgwyngyll").unwrap();
        let moved: Vec<_> = profiles.into_iter().map(|profile| Profile { city: city.clone(), ..profile }).collect();
        runtime.block_on(
            writer.write(move |transaction| moved.iter().try_for_each(|profile| transaction.index_profile(profile))),
        )
    };
    let met = store.scan(move |view| {
        let filter = ProfileFilter { terms: vec!["steady".to_owned()] };
        let search = Search::new(view, &filter).unwrap();
        let mut found = search.found(0..u64::MAX, way);
        let mut met = vec![found.next().unwrap()?.shown];
        move_all()?;
        for found in found {
            met.push(found?.shown);
        }
        Ok(met)
    });
    met.await.unwrap()
}

/// As long as everything may be, in letters of four bytes, and all in one block.
#[tokio::test]
async fn the_longest_texts_fit() {
    let dir = directory();
    let store = open(dir.path());
    let longest = |letter: char| letter.to_string().repeat(Username::MAX_CHARS - 3);
    let city = "𐐀".repeat(City::MAX_CHARS);
    for number in 0..120 {
        settle(&store, &format!("{}{number:03}", longest('𐐀')), &city).await.unwrap();
    }
    assert_eq!(store.verify().await.unwrap(), nothing());
    let terms = vec![longest('𐐨'), "069".to_owned()];
    assert_eq!(store.count_profiles(&ProfileFilter { terms }).await.unwrap(), 1);
}

/// A search may be as long as its sender likes.
#[tokio::test]
async fn a_search_of_many_terms_is_answered() {
    let dir = directory();
    let store = open(dir.path());
    let name: String = ('a'..='z').chain('а'..='я').collect();
    settle(&store, &name, "").await.unwrap();
    let letters: Vec<char> = name.chars().collect();
    let mut terms: Vec<String> =
        letters.windows(3).chain(letters.windows(2)).map(|part| part.iter().collect()).collect();
    assert_eq!(store.count_profiles(&ProfileFilter { terms: terms.clone() }).await.unwrap(), 1);
    terms.push("zzz".to_owned());
    assert_eq!(store.count_profiles(&ProfileFilter { terms: terms.clone() }).await.unwrap(), 0);
}

/// More than are kept in memory at a time.
#[tokio::test]
async fn a_part_deep_inside_the_order_of_names_is_found() {
    let dir = directory();
    let store = open(dir.path());
    // Backwards, and as many as two passes do not hold.
    for number in (0..250).rev() {
        settle(&store, &format!("account{number:03}"), "").await.unwrap();
    }
    let filter = ProfileFilter { terms: vec!["count".to_owned()] };
    for (skip, order, first) in [
        (0, ProfileOrder::Username, "account000"),
        (99, ProfileOrder::Username, "account099"),
        (100, ProfileOrder::Username, "account100"),
        (201, ProfileOrder::UsernameDescending, "account048"),
        (249, ProfileOrder::Username, "account249"),
    ] {
        let part = store.profiles(&filter, order, Slice { start: Start::Skip(skip), limit: 3 }).await.unwrap();
        assert_eq!(part.rows.first().map(|row| row.username.as_str()), Some(first), "{skip}");
        assert_eq!(part.more, skip + 3 < 250);
    }
    let nobody = Slice { start: Start::Skip(250), limit: 3 };
    assert_eq!(store.profiles(&filter, ProfileOrder::Username, nobody).await.unwrap().rows, []);
}

#[tokio::test]
async fn profiles_that_are_loaded_are_found() {
    let dir = directory();
    let store = open(dir.path());
    let change = ProfileChange { city: Some(City::parse("Torino").unwrap()), ..ProfileChange::default() };
    store.load_accounts(vec![(registration("ada"), change)]).await.unwrap();
    assert_eq!(store.count_profiles(&ProfileFilter { terms: vec!["torino".to_owned()] }).await.unwrap(), 1);
    assert_eq!(store.verify().await.unwrap(), nothing());
}

/// Whatever was wrong with it.
#[tokio::test]
async fn a_damaged_index_is_made_anew() {
    let dir = directory();
    let store = open(dir.path());
    for number in 0..40 {
        settle(&store, &format!("account{number}"), "Rome").await.unwrap();
    }
    let index = || store.scan(|view| view.scan(Space::Search.range()).collect::<Result<Vec<_>>>());
    // Sheets are divided as texts come; made anew, they are always the same.
    store.rebuild_search().await.unwrap();
    let before = index().await.unwrap();
    let gone: Vec<_> = before.iter().step_by(2).map(|(key, _)| key.to_vec()).collect();
    store
        .write(move |transaction| {
            for key in gone {
                transaction.remove(key);
            }
            transaction.mark(vec![Space::Search as u8, 1, b'x'])
        })
        .await
        .unwrap();
    assert_ne!(store.verify().await.unwrap(), nothing());
    assert_eq!(store.rebuild_search().await.unwrap(), 40);
    assert_eq!(store.verify().await.unwrap(), nothing());
    assert_eq!(index().await.unwrap(), before);
}
