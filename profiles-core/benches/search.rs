//! What a search for profiles costs, beside a list without one, and what the index costs.
//!
//! `cargo bench -p profiles-core --bench search` makes 100,000 profiles first, which takes a minute;
//! `PROFILES_BENCH_PROFILES` is another number. With `PROFILES_BENCH_DIR` they are made there, and found there the next
//! time. Names are made of syllables, so that some parts of them are common and some rare; cities are drawn by a skewed
//! law from a list.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use profiles_core::{
    model::ProfileId,
    store::{
        Accounts as _, Maintenance as _, ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Profiles as _,
        Register, Slice, Start,
        sled::{SledConfig, SledStore},
    },
    testkit::fixture,
};
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Writes at a time.
const CALLERS: u64 = 512;
/// Rows of a page.
const PAGE: usize = 10;
/// Rounds of which the median is told.
const ROUNDS: usize = 15;

const SYLLABLES: [&str; 40] = [
    "an", "ma", "ri", "el", "la", "jo", "ha", "nn", "es", "pe", "ter", "mi", "cha", "so", "fi", "lu", "ca", "th", "er",
    "in", "al", "ex", "da", "vi", "ro", "be", "rt", "ste", "va", "no", "ol", "iv", "ka", "ze", "qu", "xa", "yo", "gw",
    "bu", "cz",
];
const CITIES: [&str; 24] = [
    "London",
    "Berlin",
    "Torino",
    "Paris",
    "Madrid",
    "Roma",
    "Wien",
    "Praha",
    "Oslo",
    "Kraków",
    "Lisboa",
    "Athína",
    "København",
    "New York",
    "São Paulo",
    "Bad Ems",
    "Zürich",
    "Gent",
    "Łódź",
    "Reykjavík",
    "Санкт-Петербург",
    "東京",
    "Llanfairpwll",
    "Ouagadougou",
];

fn main() -> Outcome {
    // `cargo test --all-targets` runs benches too, to see that they start.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let count = env::var("PROFILES_BENCH_PROFILES").ok().map_or(Ok(100_000), |count| count.parse())?;
    let kept = env::var_os("PROFILES_BENCH_DIR").map(|path| PathBuf::from(path).join(format!("search-{count}")));
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let directory = kept.unwrap_or_else(|| temporary.path().join("store"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    runtime.block_on(measure(&directory, count))
}

async fn measure(directory: &Path, count: u64) -> Outcome {
    let store = Arc::new(SledStore::open(SledConfig::new(directory))?);
    let there = store.count_profiles(&ProfileFilter::default()).await?;
    if there < count {
        fill(&store, there, count).await?;
    }
    store.close().await?;
    drop(store);

    let started = Instant::now();
    let store = SledStore::open(SledConfig::new(directory))?;
    let count = store.count_profiles(&ProfileFilter::default()).await?;
    println!("{count} profiles, {} MB on disk, opened in {:.0} ms", megabytes(directory)?, milliseconds(started));
    searches(&store, count).await?;
    edits(&store).await?;
    println!("resident memory: {} MB", resident()?);

    let started = Instant::now();
    let indexed = store.rebuild_search().await?;
    println!("the index is made anew in {:.1} s ({indexed} profiles)", started.elapsed().as_secs_f64());
    store.close().await?;
    println!("{} MB on disk then", megabytes(directory)?);
    Ok(())
}

/// Makes profiles, and tells how fast.
async fn fill(store: &Arc<SledStore>, from: u64, to: u64) -> Outcome {
    let started = Instant::now();
    let mut tasks = JoinSet::<Outcome>::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for number in (from + 1..=to).filter(|number| number % CALLERS == caller) {
                let mut dice = Dice(number);
                let registration = Register { email: None, ..fixture::register(&name(number, &mut dice)) };
                let profile = store.register(registration).await?.profile;
                let city = Some(fixture::city(dice.skewed(&CITIES)));
                let change = ProfileChange { city, ..ProfileChange::default() };
                store.update_profile(profile.id, profile.revision, change, fixture::NOW.into()).await?;
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let rate = u128::from(to - from) * 1000 / started.elapsed().as_millis().max(1);
    println!("{rate} registrations a second, each with an edit of its city");
    Ok(())
}

async fn searches(store: &SledStore, count: u64) -> Outcome {
    let all = ProfileFilter::default();
    let middle = store.profile(ProfileId::new(count / 2)).await?.ok_or("no such profile")?;
    let middle = ProfilePosition::from(&middle);
    let plain = page(store, &all, Start::Skip(0)).await?.1;
    println!(
        "{:>24} {:>8} {:>22} {:>12} {:>12} {:>12}",
        "search", "found", "first, to plain page", "first", "middle", "count"
    );
    println!("{:>24} {count:>8} {:>22.1} {:>9.3} ms", "(none)", 1.0, plain.as_secs_f64() * 1e3);
    for search in [
        "ouagadougou",
        "llanfair",
        "gwcz",
        "czgwqu",
        "xxx",
        "東京",
        "petermaria",
        "anna",
        "london",
        "ann",
        "don",
        "ber lin",
        "london ann",
        "peter a",
        "an",
        "z",
        "qq",
    ] {
        let filter = ProfileFilter { terms: search.split(' ').map(str::to_owned).collect() };
        let cold = Instant::now();
        store.count_profiles(&filter).await?;
        let cold = milliseconds(cold);
        let (found, counting) = median(async || Ok(store.count_profiles(&filter).await?)).await?;
        let first = page(store, &filter, Start::Skip(0)).await?.1;
        let deep = page(store, &filter, Start::After(middle.clone())).await?.1;
        println!(
            "{search:>24} {found:>8} {:>22.1} {:>9.3} ms {:>9.3} ms {:>9.3} ms (at first {cold:.3} ms)",
            first.as_secs_f64() / plain.as_secs_f64(),
            first.as_secs_f64() * 1e3,
            deep.as_secs_f64() * 1e3,
            counting.as_secs_f64() * 1e3,
        );
    }
    Ok(())
}

/// What an edit costs that writes the index, beside one that does not.
async fn edits(store: &SledStore) -> Outcome {
    let mut took = [Duration::ZERO; 2];
    for round in 0..400_usize {
        let profile = store.profile(ProfileId::new(1 + round as u64 % 20 * 37)).await?.ok_or("no such profile")?;
        let other = if round % 40 < 20 { "Timbuktu" } else { profile.city.as_str() };
        let city = Some(fixture::city(other)).filter(|_| round % 2 == 0);
        let bio = Some(fixture::bio(&format!("round {round}")));
        let started = Instant::now();
        store
            .update_profile(
                profile.id,
                profile.revision,
                ProfileChange { city, bio, avatar: None },
                fixture::NOW.into(),
            )
            .await?;
        if let Some(took) = took.get_mut(round % 2) {
            *took += started.elapsed();
        }
    }
    let [city, bio] = took.map(|took| took.as_secs_f64() / 200.0 * 1e6);
    println!("an edit of a city takes {city:.0} µs, of a biography {bio:.0} µs");
    Ok(())
}

async fn page(store: &SledStore, filter: &ProfileFilter, start: Start<ProfilePosition>) -> Outcome<(usize, Duration)> {
    let slice = || Slice { start: start.clone(), limit: PAGE };
    median(async || Ok(store.profiles(filter, ProfileOrder::Id, slice()).await?.rows.len())).await
}

/// The answer, and the median of what it took.
async fn median<T>(ask: impl AsyncFn() -> Outcome<T>) -> Outcome<(T, Duration)> {
    let mut took = Vec::new();
    let mut answer = ask().await?;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        answer = ask().await?;
        took.push(started.elapsed());
    }
    took.sort();
    Ok((answer, took.get(ROUNDS / 2).copied().unwrap_or_default()))
}

fn name(number: u64, dice: &mut Dice) -> String {
    let syllables = 2 + dice.throw(4);
    let name: String = (0..syllables).map(|_| dice.skewed(&SYLLABLES)).collect();
    format!("{name}{number}")
}

/// The same throws each time.
struct Dice(u64);

impl Dice {
    /// Below `sides`; `SplitMix64`.
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One of these, the first most often.
    fn skewed<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let sides = all.len() as u64;
        let at = self.throw(sides).min(self.throw(sides)).min(self.throw(sides));
        usize::try_from(at).ok().and_then(|at| all.get(at)).copied().unwrap_or_default()
    }
}

fn megabytes(directory: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let metadata = entry?.metadata()?;
        bytes += if metadata.is_file() { metadata.len() } else { 0 };
    }
    Ok(bytes >> 20)
}

fn resident() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
