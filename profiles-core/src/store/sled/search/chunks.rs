//! A search through chunk after chunk: by postings, or by all texts where those would leave hardly any out.

use std::{iter, mem, ops::RangeInclusive};

use super::{
    BLOCKS, Gram, Postings, block_in,
    lookup::{Found, Search},
    read_postings,
    sheets::sheets_in,
};
use crate::store::{
    Result,
    query::Way,
    sled::{
        keys,
        place::Place,
        rows::{Rows as _, corrupt},
    },
};

/// Blocks of a chunk that are looked up one by one; more of them are cheaper to come by on a walk through the chunk.
const FEW_BLOCKS: usize = 16;

/// Blocks of a chunk with the terms, beyond which the next chunk is searched without its postings. In unit tests, any.
const MOST_BLOCKS: u64 = if cfg!(test) { 0 } else { BLOCKS / 4 };

/// What some chunks have of what is looked for, block by block, on that way.
///
/// Postings of grams that are in many blocks leave many texts to be looked at, and cost more to read than the texts to search:
/// those are in memory, and postings that nobody has asked for lately are not. So where terms were in more than a quarter of the
/// blocks of a chunk, the postings of the next are left alone; where the terms become rare, they are asked again.
pub(super) struct InChunks<'a> {
    search: &'a Search<'a>,
    way: Way,
    /// Those that were not begun yet.
    left: Option<RangeInclusive<u64>>,
    /// Other blocks are of no interest.
    among: RangeInclusive<u64>,
    /// Reads the chunk that was begun last.
    open: Box<dyn Iterator<Item = Result<Found>> + 'a>,
    /// Blocks of that chunk that have the terms, and the last of them.
    met: u64,
    last: Option<u64>,
}

impl<'a> InChunks<'a> {
    pub(super) fn new(
        search: &'a Search<'a>,
        chunks: RangeInclusive<u64>,
        among: RangeInclusive<u64>,
        way: Way,
    ) -> Self {
        Self { search, way, left: Some(chunks), among, open: Box::new(iter::empty()), met: 0, last: None }
    }

    /// Begins the next chunk, and answers whether there is one. Behind an error there is none.
    fn begin(&mut self) -> Result<bool> {
        let Some(chunks) = self.left.take() else { return Ok(false) };
        if mem::take(&mut self.met) > MOST_BLOCKS && !self.search.exact {
            let chunk = if self.way == Way::Up { *chunks.start() } else { *chunks.end() };
            self.left = behind(chunk, &chunks, self.way);
            let (first, last) = (block_in(chunk, 0), block_in(chunk, BLOCKS - 1));
            let blocks = first.max(*self.among.start())..=last.min(*self.among.end());
            self.open = Box::new(self.search.in_texts(blocks, self.way));
            return Ok(true);
        }
        let Some((chunk, candidates, behind)) = self.search.candidates(chunks, self.way)? else { return Ok(false) };
        self.left = behind;
        self.open = self.search.in_candidates(chunk, candidates, &self.among, self.way);
        Ok(true)
    }
}

impl Iterator for InChunks<'_> {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.open.next() {
                if let Ok(Found { block, shown }) = &found
                    && *shown != 0
                    && self.last.replace(*block) != Some(*block)
                {
                    self.met += 1;
                }
                return Some(found);
            }
            match self.begin() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A chunk, who of it has all the grams, and the chunks that are left behind it.
type Candidates = (u64, Postings, Option<RangeInclusive<u64>>);

impl Search<'_> {
    /// Those of these candidates, of a chunk, that are in these blocks and have the terms.
    fn in_candidates(
        &self,
        chunk: u64,
        candidates: Postings,
        among: &RangeInclusive<u64>,
        way: Way,
    ) -> Box<dyn Iterator<Item = Result<Found>> + '_> {
        let blocks = candidates.blocks().map(|(block, slots)| (block_in(chunk, block), slots));
        let mut blocks: Vec<_> = blocks.filter(|(block, _)| among.contains(block)).collect();
        let ends = blocks.first().zip(blocks.last()).map(|((low, _), (high, _))| *low..=*high);
        if way == Way::Down {
            blocks.reverse();
        }
        if self.exact {
            return Box::new(blocks.into_iter().map(|(block, shown)| Ok(Found { block, shown })));
        }
        let ranges = match ends {
            Some(ends) if blocks.len() > FEW_BLOCKS => vec![ends],
            _ => blocks.iter().map(|(block, _)| *block..=*block).collect(),
        };
        let sheets = ranges.into_iter().flat_map(move |blocks| sheets_in(self.view, blocks, way));
        let mut blocks = blocks.into_iter().peekable();
        Box::new(self.in_sheets(sheets, way, move |there| {
            // Of those that were passed the texts went since the postings were read.
            let passed = |block: u64| if way == Way::Up { block < there } else { block > there };
            while blocks.next_if(|(block, _)| passed(*block)).is_some() {}
            blocks.peek().filter(|(block, _)| *block == there).map_or(0, |(_, slots)| *slots)
        }))
    }

    /// The first of these chunks with profiles that have all the grams, those profiles, and the chunks behind it.
    fn candidates(&self, chunks: RangeInclusive<u64>, way: Way) -> Result<Option<Candidates>> {
        let mut left = Some(chunks);
        'chunk: while let Some(mut chunks) = left {
            let mut all: Option<(u64, Postings)> = None;
            for gram in &self.grams {
                let Some((there, postings)) = self.next_postings(*gram, chunks.clone(), way)? else { return Ok(None) };
                // What lies before it lacks this gram.
                chunks = from(there, &chunks, way);
                match &mut all {
                    Some((chunk, _)) if *chunk != there => {
                        left = Some(chunks);
                        continue 'chunk;
                    }
                    Some((_, all)) => all.intersect(&postings),
                    None => all = Some((there, postings)),
                }
                if all.as_ref().is_some_and(|(_, all)| all.is_empty()) {
                    left = behind(there, &chunks, way);
                    continue 'chunk;
                }
            }
            return Ok(all.map(|(chunk, all)| (chunk, all, behind(chunk, &chunks, way))));
        }
        Ok(None)
    }

    /// The postings of a gram in the first of these chunks that has any.
    fn next_postings(&self, gram: Gram, chunks: RangeInclusive<u64>, way: Way) -> Result<Option<(u64, Postings)>> {
        let Some(pair) = self.view.walk(keys::postings_in(gram, chunks), way).next() else { return Ok(None) };
        let (key, value) = pair?;
        let Some(Place::Postings(_, there)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
        Ok(Some((there, read_postings(&key, &value)?)))
    }
}

/// These chunks from this one on.
fn from(chunk: u64, chunks: &RangeInclusive<u64>, way: Way) -> RangeInclusive<u64> {
    match way {
        Way::Up => chunk..=*chunks.end(),
        Way::Down => *chunks.start()..=chunk,
    }
}

/// These chunks behind this one, if there are any.
fn behind(chunk: u64, chunks: &RangeInclusive<u64>, way: Way) -> Option<RangeInclusive<u64>> {
    let next = match way {
        Way::Up => chunk.checked_add(1),
        Way::Down => chunk.checked_sub(1),
    };
    next.map(|next| from(next, chunks, way)).filter(|left| !left.is_empty())
}
