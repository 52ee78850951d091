//! Making anew what follows from the rows.

use super::{
    SledStore,
    keys::Space,
    place::Place,
    rank::Ranked,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::store::{Result, query::Way};

/// Rows, or entries, that are dealt with in one command: so few that a group of writes stays small.
const AT_ONCE: usize = 4096;

/// An index that can be made from rows that are there, one at a time. To add one, name it in [`DERIVED`]; one that is made
/// in another way is named in [`SledStore::reindex`].
struct Derived {
    /// What an operator calls it.
    name: &'static str,
    /// Where it lies, with nothing else.
    space: Space,
    /// The rows that it is made from.
    rows: Space,
    /// Puts a row into it.
    add: fn(&mut Transaction<'_>, &Place) -> Result<()>,
}

const DERIVED: [Derived; 2] = [
    Derived {
        name: "places of statuses",
        space: Space::StatusRank,
        rows: Space::Status,
        add: |transaction, place| match place {
            Place::Status(id) => transaction.rank(Ranked::Statuses, id.get(), 1),
            _ => Ok(()),
        },
    },
    Derived {
        name: "places of profiles",
        space: Space::ProfileRank,
        rows: Space::Profile,
        add: |transaction, place| match place {
            Place::Profile(id) => transaction.rank(Ranked::Profiles, id.get(), 1),
            _ => Ok(()),
        },
    },
];

impl SledStore {
    /// Makes every index anew that follows from rows and can be rebuilt; answers their names, each with how many rows it
    /// was made from.
    ///
    /// # Atomicity
    /// It is done in steps, and nobody may write meanwhile: it is for an operator, while no server runs. If it is
    /// interrupted, [`verify`](crate::store::Maintenance::verify) finds what is missing, and doing it again makes it.
    pub async fn reindex(&self) -> Result<Vec<(&'static str, u64)>> {
        let mut made = Vec::new();
        for index in &DERIVED {
            while self.write(|transaction| transaction.clear(index.space)).await? {}
            let (mut rows, mut after) = (0, None);
            loop {
                let from = after.take();
                let (count, last) = self.write(move |transaction| transaction.index_rows(index, from)).await?;
                rows += count as u64;
                if count < AT_ONCE {
                    break;
                }
                after = last;
            }
            made.push((index.name, rows));
        }
        made.push(("search of profiles", self.rebuild_search().await?));
        Ok(made)
    }
}

impl Transaction<'_> {
    /// Removes some of what lies in a space; answers whether there may be more.
    fn clear(&mut self, space: Space) -> Result<bool> {
        let found = self.walk(space.range(), Way::Up).take(AT_ONCE);
        let keys = found.map(|pair| pair.map(|(key, _)| key.to_vec())).collect::<Result<Vec<_>>>()?;
        let more = keys.len() == AT_ONCE;
        for key in keys {
            self.remove(key);
        }
        Ok(more)
    }

    /// Indexes some rows; answers how many, and the key of the last.
    fn index_rows(&mut self, index: &Derived, after: Option<Vec<u8>>) -> Result<(usize, Option<Vec<u8>>)> {
        let mut range = index.rows.range();
        if let Some(mut key) = after {
            key.push(0);
            range.start = key;
        }
        let found = self.walk(range, Way::Up).take(AT_ONCE);
        let keys = found.map(|pair| pair.map(|(key, _)| key.to_vec())).collect::<Result<Vec<_>>>()?;
        for key in &keys {
            let place = Place::parse(key).ok_or_else(|| corrupt(Place::describe(key)))?;
            (index.add)(self, &place)?;
        }
        Ok((keys.len(), keys.into_iter().next_back()))
    }
}
