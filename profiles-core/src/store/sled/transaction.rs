//! A command's view of the store: what is on disk, under what this batch has written so far.
//!
//! A sled batch can't be read, yet a command must see what the commands before it in the same group did, and its own
//! writes: two ids from one counter, two registrations of one name. So writes are kept here until the group is applied,
//! and reads look here first. A command that fails is rolled back to where it began; the others of its group go on.

use std::{cmp::Ordering, iter::Peekable, mem, ops::Range};

use serde::Serialize;

use super::{
    codec,
    engine::{Bytes, Pair, Pairs, View, Write, Writes},
    keys::Meta,
    rows::Rows as _,
};
use crate::{
    event::EventKind,
    model::Timestamp,
    store::{Changes, Result, query::Way},
};

/// One group of commands, in the making.
pub(super) struct Transaction<'a> {
    base: &'a dyn View,
    writes: Writes,
    events: Vec<(Timestamp, EventKind)>,
    /// What `writes` had at each key that the present command wrote, newest last.
    undo: Vec<(Vec<u8>, Option<Write>)>,
    /// How many events there were when the present command began.
    events_before: usize,
    /// Lines that the log of changes keeps.
    pub(super) changes_kept: u64,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(base: &'a dyn View) -> Self {
        Self {
            base,
            writes: Writes::new(),
            events: Vec::new(),
            undo: Vec::new(),
            events_before: 0,
            changes_kept: Changes::KEPT,
        }
    }

    /// Keeps so many lines in the log of changes.
    pub(super) fn keeping_changes(self, changes_kept: u64) -> Self {
        Self { changes_kept, ..self }
    }

    /// The present command is done; the next one begins.
    pub(super) fn keep(&mut self) {
        self.undo.clear();
        self.events_before = self.events.len();
    }

    /// Undoes the present command, and nothing of those before it.
    pub(super) fn roll_back(&mut self) {
        for (key, before) in mem::take(&mut self.undo).into_iter().rev() {
            match before {
                Some(before) => self.writes.insert(key, before),
                None => self.writes.remove(&key),
            };
        }
        self.events.truncate(self.events_before);
    }

    /// All that is to be written, and then told.
    pub(super) fn into_parts(self) -> (Writes, Vec<(Timestamp, EventKind)>) {
        (self.writes, self.events)
    }

    /// Writes a value.
    pub(super) fn put<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<()> {
        let value = codec::encode(value)?;
        self.write(key, Write::Put(value));
        Ok(())
    }

    /// Writes an index entry that says all in its key.
    pub(super) fn mark(&mut self, key: Vec<u8>) -> Result<()> {
        self.put(key, &())
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.write(key, Write::Remove);
    }

    /// Tells of this once the group is durable.
    pub(super) fn tell(&mut self, at: Timestamp, kind: EventKind) {
        self.events.push((at, kind));
    }

    /// The next number of a counter, from 1.
    pub(super) fn next(&mut self, counter: Meta) -> Result<u64> {
        self.add(counter.key(), 1)
    }

    /// Moves a counter; one that is not there is 0, and none goes below that.
    pub(super) fn add(&mut self, key: Vec<u8>, by: i64) -> Result<u64> {
        let before: u64 = self.read(&key)?.unwrap_or_default();
        let after = before.saturating_add_signed(by);
        self.put(key, &after)?;
        Ok(after)
    }

    fn write(&mut self, key: Vec<u8>, write: Write) {
        let before = self.writes.insert(key.clone(), write);
        self.undo.push((key, before));
    }
}

impl View for Transaction<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        match self.writes.get(key) {
            Some(Write::Put(value)) => Ok(Some(value.clone())),
            Some(Write::Remove) => Ok(None),
            None => self.base.get(key),
        }
    }

    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        let written = self.writes.range(range.clone()).peekable();
        Box::new(Merged { base: self.base.scan(range).peekable(), written, way: Way::Up })
    }

    fn scan_back(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        let written = self.writes.range(range.clone()).rev().peekable();
        Box::new(Merged { base: self.base.scan_back(range).peekable(), written, way: Way::Down })
    }
}

/// Two ordered sequences as one; what was written hides what is on disk.
struct Merged<'a, W: Iterator<Item = (&'a Vec<u8>, &'a Write)>> {
    base: Peekable<Pairs<'a>>,
    written: Peekable<W>,
    /// Which way both go.
    way: Way,
}

impl<'a, W: Iterator<Item = (&'a Vec<u8>, &'a Write)>> Iterator for Merged<'a, W> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((key, _)) = self.written.peek() else { return self.base.next() };
            match self.base.peek() {
                Some(Ok((on_disk, _))) => match (on_disk.as_ref().cmp(key.as_slice()), self.way) {
                    (Ordering::Less, Way::Up) | (Ordering::Greater, Way::Down) => return self.base.next(),
                    (Ordering::Equal, _) => drop(self.base.next()),
                    _ => {}
                },
                Some(Err(_)) => return self.base.next(),
                None => {}
            }
            if let Some((key, Write::Put(value))) = self.written.next() {
                return Some(Ok((Bytes::from(key.as_slice()), value.clone())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// An engine of the test's own.
    struct Map(BTreeMap<Vec<u8>, Bytes>);

    impl View for Map {
        fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
            Ok(self.0.get(key).cloned())
        }

        fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
            Box::new(self.0.range(range).map(|(key, value)| Ok((Bytes::from(key.as_slice()), value.clone()))))
        }

        fn scan_back(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
            Box::new(self.0.range(range).rev().map(|(key, value)| Ok((Bytes::from(key.as_slice()), value.clone()))))
        }
    }

    fn base() -> Map {
        Map([1_u8, 3, 5].into_iter().map(|n| (vec![n], codec::encode(&u64::from(n)).unwrap())).collect())
    }

    /// What is there in ascending order, which has to be the same from its end.
    fn seen(view: &dyn View) -> Vec<(u8, u64)> {
        let read = |pair: Result<Pair>| {
            let (key, value) = pair.unwrap();
            (key[0], codec::decode(&key, &value).unwrap())
        };
        let up: Vec<_> = view.scan(vec![0]..vec![9]).map(read).collect();
        let mut down: Vec<_> = view.scan_back(vec![0]..vec![9]).map(read).collect();
        down.reverse();
        assert_eq!(up, down);
        up
    }

    #[test]
    fn reads_and_scans_see_what_was_written_over_what_is_there() {
        let base = base();
        let mut batch = Transaction::new(&base);
        batch.put(vec![0], &10_u64).unwrap();
        batch.put(vec![3], &30_u64).unwrap();
        batch.put(vec![4], &40_u64).unwrap();
        batch.remove(vec![5]);
        batch.put(vec![7], &70_u64).unwrap();
        batch.remove(vec![8]);
        assert_eq!(seen(&batch), [(0, 10), (1, 1), (3, 30), (4, 40), (7, 70)]);
        assert_eq!(batch.read::<u64>(&[3]).unwrap(), Some(30));
        assert_eq!(batch.read::<u64>(&[5]).unwrap(), None);
        assert_eq!(batch.read::<u64>(&[1]).unwrap(), Some(1));
        assert_eq!(seen(&base), [(1, 1), (3, 3), (5, 5)]);
    }

    #[test]
    fn a_command_that_is_rolled_back_leaves_the_one_before_it_as_it_was() {
        let base = base();
        let mut batch = Transaction::new(&base);
        let event = EventKind::PasswordChanged { account: crate::model::AccountId::new(1) };
        batch.put(vec![1], &11_u64).unwrap();
        batch.remove(vec![3]);
        batch.tell(Timestamp::from_micros(1), event);
        batch.keep();
        let before = seen(&batch);

        batch.put(vec![1], &12_u64).unwrap();
        batch.remove(vec![1]);
        batch.put(vec![3], &33_u64).unwrap();
        batch.put(vec![4], &44_u64).unwrap();
        batch.tell(Timestamp::from_micros(2), event);
        batch.roll_back();

        assert_eq!(seen(&batch), before);
        let (writes, events) = batch.into_parts();
        assert_eq!(writes.keys().collect::<Vec<_>>(), [&vec![1], &vec![3]]);
        assert_eq!(events, [(Timestamp::from_micros(1), event)]);
    }

    #[test]
    fn one_command_draws_two_numbers_and_they_differ() {
        let base = Map(BTreeMap::new());
        let mut batch = Transaction::new(&base);
        assert_eq!((batch.next(Meta::LastOutbox).unwrap(), batch.next(Meta::LastOutbox).unwrap()), (1, 2));
        assert_eq!(batch.add(vec![9], -1).unwrap(), 0, "a counter does not go below zero");
    }
}
