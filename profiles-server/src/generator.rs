//! Plausible accounts, profiles and statuses, as many as are wanted: for trying out and measuring what a database of that
//! size costs. The same seed makes the same rows.

mod bulk;

use std::time::Duration;

use profiles_core::{
    model::{AccountId, Bio, City, Email, PasswordHash, StatusText, Timestamp, Username},
    store::{ProfileChange, Register, StoreError},
};

pub use self::bulk::{Bulk, OneByOne};

/// Accounts that are registered in one step.
const ACCOUNTS_AT_ONCE: u64 = 2_000;
/// Statuses that are posted in one step.
const STATUSES_AT_ONCE: u64 = 10_000;
/// How far back the oldest row is.
const HISTORY: Duration = Duration::from_hours(24 * 365 * 3);

const GIVEN: [&str; 24] = [
    "Ada",
    "Alan",
    "Annie",
    "Barbara",
    "Boris",
    "Claude",
    "Donald",
    "Edsger",
    "Émilie",
    "Frances",
    "Grace",
    "Hedy",
    "Ida",
    "Joan",
    "Karen",
    "Leslie",
    "Margaret",
    "Niklaus",
    "Radia",
    "Sofia",
    "Tim",
    "Žofie",
    "Жанна",
    "武",
];
const FAMILY: [&str; 24] = [
    "Lovelace",
    "Turing",
    "Easley",
    "Liskov",
    "Shannon",
    "Knuth",
    "Dijkstra",
    "Allen",
    "Hopper",
    "Lamarr",
    "Rhodes",
    "Clarke",
    "Jones",
    "Lamport",
    "Hamilton",
    "Wirth",
    "Perlman",
    "Kovalevskaya",
    "Lee",
    "Nováková",
    "Müller",
    "Øster",
    "Sato",
    "Okafor",
];
const CITIES: [&str; 32] = [
    "London",
    "Paris",
    "Berlin",
    "Praha",
    "Wien",
    "Oslo",
    "København",
    "Stockholm",
    "Helsinki",
    "Warszawa",
    "Kraków",
    "Roma",
    "Milano",
    "Madrid",
    "Lisboa",
    "Porto",
    "Dublin",
    "Bruxelles",
    "Amsterdam",
    "Zürich",
    "Genève",
    "Москва",
    "Київ",
    "İstanbul",
    "Αθήνα",
    "東京",
    "大阪",
    "서울",
    "New York",
    "San Francisco",
    "São Paulo",
    "Lagos",
];
const WORDS: [&str; 32] = [
    "today",
    "the",
    "engine",
    "weaves",
    "a",
    "pattern",
    "of",
    "coffee",
    "and",
    "rain",
    "while",
    "nobody",
    "looks",
    "compiling",
    "again",
    "with",
    "new",
    "ideas",
    "from",
    "yesterday",
    "train",
    "to",
    "somewhere",
    "reading",
    "about",
    "bees",
    "finally",
    "home",
    "🎉",
    "tests",
    "pass",
    "slowly",
];

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Generator {
    /// Accounts, each with its profile.
    pub profiles: u64,
    /// Statuses of theirs: a few of them post much, most of them little.
    pub statuses: u64,
    /// Another one makes other rows.
    pub seed: u64,
    /// When the last row is made.
    pub now: Timestamp,
}

impl Generator {
    /// Fills an empty database; tells of its progress, in rows that are there.
    ///
    /// # Errors
    /// What the store says; [`StoreError::Taken`] if it is not empty.
    pub async fn fill(
        self,
        store: &impl Bulk,
        password: &PasswordHash,
        mut progress: impl FnMut(u64),
    ) -> Result<(), StoreError> {
        let mut random = Random(self.seed);
        let mut accounts = Vec::new();
        for first in (0..self.profiles).step_by(step(ACCOUNTS_AT_ONCE)) {
            let last = self.profiles.min(first + ACCOUNTS_AT_ONCE);
            let batch = (first..last).filter_map(|number| self.account(number, password, &mut random));
            accounts.extend(store.accounts(batch.collect()).await?);
            progress(last);
        }
        for first in (0..self.statuses).step_by(step(STATUSES_AT_ONCE)) {
            let last = self.statuses.min(first + STATUSES_AT_ONCE);
            let batch = (first..last).filter_map(|number| self.status(number, &accounts, &mut random));
            store.statuses(batch.collect()).await?;
            progress(self.profiles + last);
        }
        Ok(())
    }

    fn account(&self, number: u64, password: &PasswordHash, random: &mut Random) -> Option<(Register, ProfileChange)> {
        let (given, family) = (random.one_of(&GIVEN), random.one_of(&FAMILY));
        let username = Username::parse(&format!("{given}.{family}{number}")).ok()?;
        let email = Email::parse(&format!("user{number}@example.org")).ok()?;
        let bio = if random.below(3) == 0 { random.sentence(12) } else { String::new() };
        let change = ProfileChange {
            bio: Bio::parse(&bio).ok(),
            city: City::parse(if random.below(5) == 0 { "" } else { random.one_of(&CITIES) }).ok(),
            avatar: None,
        };
        let register = Register {
            username,
            email: Some(email),
            email_verified: true,
            password: password.clone(),
            is_staff: false,
            tokens: Vec::new(),
            former: None,
            place: None,
            request: None,
            mail_key: None,
            outbox: Vec::new(),
            audit: None,
            at: self.moment(number, self.profiles),
        };
        Some((register, change))
    }

    fn status(
        &self,
        number: u64,
        accounts: &[AccountId],
        random: &mut Random,
    ) -> Option<(AccountId, StatusText, Timestamp)> {
        let account = accounts.get(random.skewed(accounts.len()))?;
        let text = StatusText::parse(&random.sentence(24)).ok()?;
        Some((*account, text, self.moment(number, self.statuses)))
    }

    /// Rows are spread evenly over the time that there is to tell of.
    fn moment(&self, number: u64, of: u64) -> Timestamp {
        let history = u64::try_from(HISTORY.as_micros()).unwrap_or(u64::MAX);
        let ago = u128::from(history) * u128::from(of.saturating_sub(number)) / u128::from(of.max(1));
        self.now.minus(Duration::from_micros(u64::try_from(ago).unwrap_or(history)))
    }
}

fn step(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// `SplitMix64`: good enough to look random, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX >> 32);
        usize::try_from(((self.next() >> 32) * end) >> 32).unwrap_or_default()
    }

    /// The same, but small ones come much more often: by the fourth power, so that half of them are from the first
    /// sixteenth, and the first of a million comes once in 32 times.
    fn skewed(&mut self, end: usize) -> usize {
        let even = self.next() >> 32;
        let square = (even * even) >> 32;
        let fourth = (square * square) >> 32;
        let end = u64::try_from(end).unwrap_or(u64::MAX >> 32);
        usize::try_from((fourth * end) >> 32).unwrap_or_default()
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list.get(self.below(list.len())).copied().unwrap_or_default()
    }

    /// From one word to so many.
    fn sentence(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        let words: Vec<&str> = (0..count).map(|_| self.one_of(&WORDS)).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use profiles_core::store::{
        Maintenance as _, ProfileFilter, ProfileOrder, Profiles as _, Slice, Start, StatusFilter, StatusOrder,
        Statuses as _,
        sled::{SledConfig, SledStore},
    };

    use super::*;

    async fn made(seed: u64) -> (Vec<String>, Vec<String>, Vec<u64>) {
        let directory = tempfile::tempdir().unwrap();
        let store = SledStore::open(SledConfig::new(directory.path().join("store"))).unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let generator = Generator { profiles: 50, statuses: 600, seed, now };
        let mut told = 0;
        generator.fill(&store, &PasswordHash::from_encoded("x"), |rows| told = rows).await.unwrap();
        assert_eq!(told, 650);
        assert_eq!(store.verify().await.unwrap(), []);
        let everything = Slice { start: Start::Skip(0), limit: usize::MAX };
        let (filter, slice) = (ProfileFilter::default(), Slice { start: Start::Skip(0), limit: 999 });
        let profiles = store.profiles(&filter, ProfileOrder::Id, slice).await.unwrap().rows;
        let statuses =
            store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, everything).await.unwrap().rows;
        assert!(statuses.iter().all(|status| status.created_at <= now));
        assert!(statuses.is_sorted_by(|one, next| one.created_at < next.created_at));
        let mut posts = vec![0; 50];
        for status in &statuses {
            posts[usize::try_from(status.profile.get()).unwrap() - 1] += 1;
        }
        let names = profiles.iter().map(|profile| format!("{} {}", profile.username, profile.city.as_str()));
        (names.collect(), statuses.iter().map(|status| status.text.as_str().to_owned()).collect(), posts)
    }

    #[tokio::test]
    async fn the_same_seed_makes_the_same_rows_and_some_post_more_than_others() {
        let one = made(7).await;
        assert_eq!((one.0.len(), one.1.len()), (50, 600));
        assert_eq!(made(7).await, one);
        assert_ne!(made(8).await.1, one.1);
        let first: u64 = one.2.iter().take(10).sum();
        assert!(first > 200, "a fifth of them post a third at least: {:?}", one.2);
    }
}
