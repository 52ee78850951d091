//! Pairs that lie in blocks are what they would be if each lay alone.

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use proptest::{collection::vec, prelude::*};

use super::directory;
use crate::store::{
    Result,
    sled::{
        block::{Broken, Entries, Merged, find},
        engine::{Bytes, Engine, Pair, View, Write, Writes},
        keys::Space,
    },
};

/// A space that is kept in memory.
const KEPT: u8 = 7;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A key in one of a few spaces, and few enough that they meet.
fn key() -> impl Strategy<Value = Vec<u8>> {
    (prop_oneof![Just(1_u8), Just(7), Just(25)], prop_oneof![vec(0..4_u8, 0..4), vec(any::<u8>(), 8)])
        .prop_map(|(space, rest)| [vec![space], rest].concat())
}

fn write() -> impl Strategy<Value = Write> {
    let put = |length| vec(any::<u8>(), length).prop_map(|value| Write::Put(value.into()));
    prop_oneof![3 => put(0..40), 2 => put(200..900), 1 => put(3000..9000), 3 => Just(Write::Remove)]
}

fn batch() -> impl Strategy<Value = Writes> {
    let appended = (0..200_u64, 1..60_u64).prop_map(|(from, count)| {
        let keys = (from..from + count).map(|number| [vec![7], number.to_be_bytes().to_vec()].concat());
        keys.map(|key| (key, Write::Put(vec![1; 100].into()))).collect()
    });
    let any = vec((key(), write()), 1..40).prop_map(|writes| writes.into_iter().collect());
    prop_oneof![2 => any, 1 => appended]
}

fn owned(pairs: impl Iterator<Item = Result<Pair>>) -> Pairs {
    pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn blocks_hold_what_was_written_in_its_order(
        batches in vec(batch(), 1..12),
        ranges in vec((key(), key()), 8),
        kept in vec((key(), key()), 8),
        (keep_from, most) in (0..12_usize, prop_oneof![0..20_000_usize, Just(usize::MAX)]),
    ) {
        let dir = directory();
        let mut engine = Engine::open(dir.path(), 1 << 20).unwrap();
        let mut expected = BTreeMap::<Vec<u8>, Vec<u8>>::new();
        for (number, batch) in batches.into_iter().enumerate() {
            if number == keep_from {
                engine.keep(vec![KEPT]..vec![KEPT + 1], most).unwrap();
            }
            for (key, write) in &batch {
                match write {
                    Write::Put(value) => expected.insert(key.clone(), value.to_vec()),
                    Write::Remove => expected.remove(key),
                };
            }
            let keys: Vec<_> = batch.keys().cloned().collect();
            engine.apply(batch).unwrap();
            for key in keys {
                let found = engine.get(&key).unwrap().map(|value| value.to_vec());
                prop_assert_eq!(found.as_ref(), expected.get(&key));
            }
        }
        let everything = (Vec::new(), vec![255; 9]);
        let within = |(from, to): (Vec<u8>, Vec<u8>)| ([&[KEPT], &from[1..]].concat(), [&[KEPT], &to[1..]].concat());
        let all_kept = (vec![KEPT], vec![KEPT + 1]);
        let ranges = ranges.into_iter().chain([everything, all_kept]);
        for (from, to) in ranges.chain(kept.into_iter().map(within)) {
            let range = Range { start: from.clone().min(to.clone()), end: from.max(to) };
            let there: Pairs = expected.range(range.clone()).map(|(key, value)| (key.clone(), value.clone())).collect();
            prop_assert_eq!(owned(engine.scan(range.clone())), there.clone());
            let mut back = owned(engine.scan_back(range));
            back.reverse();
            prop_assert_eq!(back, there);
        }
    }
}

/// A row that is there all the time is read once, wherever blocks are divided or go meanwhile, be they in memory or not.
#[test]
fn who_reads_while_blocks_change_misses_nothing() {
    for kept in [None, Some(usize::MAX), Some(50_000)] {
        read_while_blocks_change(kept);
    }
}

/// `kept`: bytes that are kept in memory.
fn read_while_blocks_change(kept: Option<usize>) {
    let key = |number: u32| [vec![Space::StatusOfAccount as u8], number.to_be_bytes().to_vec()].concat();
    let dir = directory();
    let mut engine = Engine::open(dir.path(), 1 << 20).unwrap();
    let put = |length: usize| Write::Put(vec![7; length].into());
    let lasting: Vec<u32> = (0..3000).filter(|number| number % 50 == 0).collect();
    engine.apply(lasting.iter().map(|number| (key(*number), put(30))).collect()).unwrap();
    if let Some(most) = kept {
        engine.keep(Space::StatusOfAccount.range(), most).unwrap();
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..30_u32 {
                let passing = (0..3000).filter(|number| number % 50 != 0 && (number / 100 + round) % 3 == 0);
                let write = |number: u32| if round % 2 == 0 { put(60 + number as usize % 300) } else { Write::Remove };
                engine.apply(passing.map(|number| (key(number), write(number))).collect()).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            for back in [false, true] {
                let range = key(0)..key(3000);
                let pairs = if back { engine.scan_back(range) } else { engine.scan(range) };
                let mut seen: Vec<_> = pairs.map(|pair| pair.unwrap().0.to_vec()).collect();
                if back {
                    seen.reverse();
                }
                assert!(seen.is_sorted_by(|one, next| one < next), "in order, each once");
                assert!(lasting.iter().all(|number| seen.binary_search(&key(*number)).is_ok()), "none is missing");
            }
        }
    });
}

/// The same for the first block of a space, which is divided while a reader is in the second one, wherever in a leaf of sled's
/// tree they lie.
#[test]
fn who_reads_back_misses_nothing_that_moves_behind_it() {
    let key = |space: Space, number: u32| [vec![space as u8], number.to_be_bytes().to_vec()].concat();
    let put = |length: usize| Write::Put(vec![7; length].into());
    for before in 0..24 {
        let dir = directory();
        let engine = Engine::open(dir.path(), 1 << 20).unwrap();
        engine.apply((0..before).map(|number| (key(Space::Account, number), put(4000))).collect()).unwrap();
        let own = |number| key(Space::StatusOfAccount, number);
        engine.apply((0..300).map(|number| (own(number), put(60))).collect()).unwrap();
        let mut seen = Vec::new();
        for pair in engine.scan_back(own(0)..own(300)) {
            seen.push(pair.unwrap().0.to_vec());
            if seen.len() == 280 {
                engine.apply((0..20).map(|number| (own(number), put(300))).collect()).unwrap();
            }
        }
        assert_eq!(seen, (0..300).rev().map(own).collect::<Vec<_>>(), "behind {before} others");
    }
}

#[test]
fn where_pages_are_can_be_noted_between_two_openings() {
    let dir = directory();
    let notes = || {
        let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("snap.")).count()
    };
    let engine = Engine::open(dir.path(), 1 << 20).unwrap();
    engine.apply([(vec![1, 2], Write::Put(Bytes::from(&[3])))].into()).unwrap();
    drop(engine);
    assert_eq!(notes(), 0);
    // sled lets go of its lock a moment later.
    while Engine::note_pages(dir.path()).is_err() {
        thread::yield_now();
    }
    assert_eq!(notes(), 1);
    let engine = loop {
        if let Ok(engine) = Engine::open(dir.path(), 1 << 20) {
            break engine;
        }
    };
    assert_eq!(engine.get(&[1, 2]).unwrap(), Some(Bytes::from(&[3])));
}

#[test]
fn a_block_that_grows_at_its_end_leaves_full_ones_behind_and_others_are_divided_evenly() {
    let writes = |numbers: Range<u8>| numbers.map(|n| (vec![n], Write::Put(vec![n; 95].into()))).collect::<Vec<_>>();
    let sizes = |merged: &Merged| {
        let parts = merged.parts(1000).unwrap();
        assert_eq!((parts.first().unwrap().start, parts.last().unwrap().end), (0, merged.block.len()));
        assert!(parts.iter().all(|part| Entries::of(&merged.block[part.clone()]).all(|entry| entry.is_ok())));
        parts.into_iter().map(|part| part.len()).collect::<Vec<_>>()
    };
    let first = Merged::new(&[], &writes(10..20)).unwrap();
    assert_eq!(sizes(&first), [1000]);
    assert_eq!(sizes(&Merged::new(&first.block, &writes(20..23)).unwrap()), [1000, 300]);
    assert_eq!(sizes(&Merged::new(&first.block, &writes(0..3)).unwrap()), [700, 600]);
    let large = [(vec![0], Write::Put(vec![0; 5000].into()))];
    assert_eq!(sizes(&Merged::new(&first.block, &large).unwrap()), [5005, 1000]);
}

#[test]
fn a_block_that_nothing_has_made_is_broken() {
    let good = Merged::new(&[], &[(vec![1, 2], Write::Put(Bytes::from(&[3, 4, 5])))]).unwrap().block;
    assert_eq!(find(&good, &[1, 2]), Ok(Some(6..9)));
    assert_eq!((find(&good, &[1]), find(&good, &[1, 3])), (Ok(None), Ok(None)));
    for length in 1..good.len() {
        assert_eq!(find(&good[..length], &[1, 2]), Err(Broken), "{length}");
    }
    let long = [(vec![1; 70_000], Write::Put(Bytes::default()))];
    assert!(Merged::new(&[], &long).is_err());
}
