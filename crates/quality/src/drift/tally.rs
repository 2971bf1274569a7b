//! What a side counts of one column, block by block.

use super::bins::{Bins, Finder};
use super::column::{Numbers, Words};
use crate::{NotEvaluated, float_bits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Categories of a column that are told apart.
const NAMES: usize = 10_000;

/// Rows of one batch that belong to one block, by its place.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) block: usize,
    pub(super) rows: Range<usize>,
}

/// Rows of a column in a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// All rows.
    pub rows: u64,
    /// Nulls.
    pub nulls: u64,
    /// NaN and infinities.
    pub non_finite: u64,
}

impl Counted {
    /// Rows with a value.
    #[must_use]
    pub const fn values(&self) -> u64 {
        self.rows.saturating_sub(self.nulls).saturating_sub(self.non_finite)
    }

    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.non_finite += other.non_finite;
    }

    pub(super) fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, &block| {
            sum.add(block);
            sum
        })
    }
}

/// Counts of a column; blocks by their place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Tally {
    Numbers(NumberTally),
    Words(WordTally),
    Absent(NotEvaluated),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct NumberTally {
    /// Cells of the first block, of the second, and so on.
    counts: Vec<u32>,
    pub(super) blocks: Vec<Counted>,
    #[serde(with = "float_bits::list")]
    pub(super) values: Vec<f64>,
}

impl NumberTally {
    pub(super) fn observe(
        &mut self,
        numbers: &Numbers<'_>,
        segments: &[Segment],
        (finder, cells): (&Finder<'_>, usize),
        is_kept: bool,
    ) {
        for segment in segments {
            let mut counted = Counted { rows: segment.rows.len() as u64, ..Counted::default() };
            let counts = block(&mut self.counts, segment.block, cells);
            let values = numbers.values.get(segment.rows.clone()).unwrap_or_default();
            let mut seen = 0_u64;
            let mut count = |value: f64| {
                if let Some(count) = counts.get_mut(finder.cell(value)) {
                    *count = count.wrapping_add(1);
                }
                seen = seen.wrapping_add(1);
            };
            match numbers.nulls {
                None => {
                    values.iter().copied().filter(|value| value.is_finite()).for_each(&mut count);
                }
                Some(nulls) => {
                    for (row, &value) in segment.rows.clone().zip(values) {
                        if nulls.is_null(row) {
                            counted.nulls += 1;
                        } else if value.is_finite() {
                            count(value);
                            self.values.extend(Some(value).filter(|_| is_kept));
                        }
                    }
                }
            }
            counted.non_finite = counted.rows - counted.nulls - seen;
            if is_kept && numbers.nulls.is_none() {
                if counted.non_finite == 0 {
                    self.values.extend_from_slice(values);
                } else {
                    self.values.extend(values.iter().filter(|value| value.is_finite()));
                }
            }
            grown(&mut self.blocks, segment.block, Counted::add, counted);
        }
    }

    /// Cells of a block.
    pub(super) fn cells(&self, block: usize, cells: usize) -> &[u32] {
        self.counts.get(block * cells..(block + 1) * cells).unwrap_or_default()
    }

    fn merge(&mut self, other: Self, places: &[usize], cells: usize) {
        for (&place, theirs) in places.iter().zip(other.counts.chunks(cells.max(1))) {
            for (count, more) in block(&mut self.counts, place, cells).iter_mut().zip(theirs) {
                *count = count.wrapping_add(*more);
            }
        }
        for (&place, theirs) in places.iter().zip(other.blocks) {
            grown(&mut self.blocks, place, Counted::add, theirs);
        }
        self.values.extend(other.values);
    }
}

/// The cells of a block, which are made when it is new.
fn block(counts: &mut Vec<u32>, place: usize, cells: usize) -> &mut [u32] {
    let end = (place + 1) * cells;
    if counts.len() < end {
        counts.resize(end, 0);
    }
    counts.get_mut(place * cells..end).unwrap_or_default()
}

fn grown<T: Default + Clone, O>(all: &mut Vec<T>, place: usize, add: fn(&mut T, O), other: O) {
    if all.len() <= place {
        all.resize(place + 1, T::default());
    }
    if let Some(slot) = all.get_mut(place) {
        add(slot, other);
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WordTally {
    names: BTreeMap<String, u32>,
    counts: Vec<BTreeMap<u32, u32>>,
    pub(super) blocks: Vec<Counted>,
}

impl WordTally {
    /// Whether the names are still few enough.
    pub(super) fn observe(&mut self, words: &Words, segments: &[Segment]) -> bool {
        // Rows decide which names there are: a dictionary may hold some that no row has.
        let mut places: Vec<Option<u32>> = vec![None; words.names.len()];
        let mut found: Vec<u32> = vec![0; words.names.len()];
        for segment in segments {
            let mut counted = Counted { rows: segment.rows.len() as u64, ..Counted::default() };
            found.fill(0);
            for word in words.rows.get(segment.rows.clone()).unwrap_or_default() {
                match word.and_then(|word| found.get_mut(word)) {
                    Some(count) => *count = count.wrapping_add(1),
                    None => counted.nulls += 1,
                }
            }
            let all = found.iter().zip(&words.names).zip(&mut places);
            for ((&count, name), place) in all.filter(|((count, _), _)| **count > 0) {
                let place = *place.get_or_insert_with(|| self.place(name));
                self.add(segment.block, place, count);
            }
            grown(&mut self.blocks, segment.block, Counted::add, counted);
        }
        self.names.len() <= NAMES
    }

    fn place(&mut self, name: &str) -> u32 {
        if let Some(&place) = self.names.get(name) {
            return place;
        }
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.insert(name.to_owned(), place);
        place
    }

    fn add(&mut self, block: usize, place: u32, count: u32) {
        let add = |counts: &mut BTreeMap<u32, u32>, (place, count)| {
            let slot: &mut u32 = counts.entry(place).or_default();
            *slot = slot.wrapping_add(count);
        };
        grown(&mut self.counts, block, add, (place, count));
    }

    fn merge(&mut self, other: Self, places: &[usize]) -> bool {
        let theirs: BTreeMap<u32, u32> =
            other.names.iter().map(|(name, &place)| (place, self.place(name))).collect();
        for (&block, counts) in places.iter().zip(&other.counts) {
            for (place, &count) in counts {
                if let Some(&place) = theirs.get(place) {
                    self.add(block, place, count);
                }
            }
        }
        for (&place, counted) in places.iter().zip(other.blocks) {
            grown(&mut self.blocks, place, Counted::add, counted);
        }
        self.names.len() <= NAMES
    }

    /// Names in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Counts of blocks by place in `names`, a sorted list that holds every name.
    pub(super) fn in_blocks(&self, blocks: &[usize], names: &[&str]) -> Vec<Vec<(usize, u32)>> {
        let mut places = vec![0; self.names.len()];
        for (name, &place) in &self.names {
            let at = names.binary_search(&name.as_str()).ok();
            if let (Some(slot), Some(at)) = (places.get_mut(place as usize), at) {
                *slot = at;
            }
        }
        let place = |(place, &count): (&u32, &u32)| Some((*places.get(*place as usize)?, count));
        let counts = |&block: &usize| {
            self.counts.get(block).into_iter().flatten().filter_map(place).collect()
        };
        blocks.iter().map(counts).collect()
    }
}

pub(super) fn too_many_names() -> NotEvaluated {
    NotEvaluated::Limit(format!("{NAMES} categories"))
}

impl Tally {
    /// Adds what another part of the same side counted; `places` says where its blocks stand here.
    pub(super) fn merge(&mut self, other: Self, places: &[usize], bins: Option<&Bins>) {
        match (&mut *self, other) {
            (Self::Numbers(ours), Self::Numbers(theirs)) => {
                ours.merge(theirs, places, bins.map_or(1, Bins::cells));
            }
            (Self::Words(ours), Self::Words(theirs)) => {
                if !ours.merge(theirs, places) {
                    *self = Self::Absent(too_many_names());
                }
            }
            (Self::Absent(_), _) => {}
            (_, other) => *self = other,
        }
    }

    pub(super) fn blocks(&self) -> &[Counted] {
        match self {
            Self::Numbers(tally) => &tally.blocks,
            Self::Words(tally) => &tally.blocks,
            Self::Absent(_) => &[],
        }
    }
}
