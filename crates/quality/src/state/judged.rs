//! What rows were found to break.

use crate::marks::{LateMark, Marks};

/// One flag word of 64 checks a row, more words where a rule set has more checks; bit positions follow the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flags {
    rows: usize,
    words: usize,
    bits: Vec<u64>,
    /// Flags of rows of earlier batches that this batch made known.
    pub(crate) late: Vec<LateFlag>,
}

/// A violation that became known after the batch of its row was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LateFlag {
    /// `seq` of the row, or its position where the table has none.
    pub id: u64,
    /// The check, by its place in the rules.
    pub check: usize,
}

impl LateFlag {
    pub(crate) fn of(check: usize, late: &[LateMark]) -> impl Iterator<Item = Self> {
        late.iter().filter(|m| m.is_violated).map(move |m| Self { id: m.id, check })
    }
}

impl Flags {
    pub(crate) fn new(rows: usize, checks: usize) -> Self {
        let mut flags = Self::default();
        flags.reset(rows, checks);
        flags
    }

    pub(crate) fn reset(&mut self, rows: usize, checks: usize) {
        self.rows = rows;
        self.words = checks.div_ceil(64).max(1);
        self.bits.clear();
        self.bits.resize(rows * self.words, 0);
        self.late.clear();
    }

    pub(crate) fn take(&mut self, check: usize, marks: &Marks) {
        if marks.has_violations() {
            let (word, bit) = (check / 64, check % 64);
            for row in marks.violations() {
                if let Some(slot) = self.bits.get_mut(row * self.words + word) {
                    *slot |= 1 << bit;
                }
            }
        }
        self.late.extend(LateFlag::of(check, &marks.late));
    }

    pub(crate) fn set(&mut self, row: usize, check: usize) {
        if let Some(slot) = self.bits.get_mut(row * self.words + check / 64) {
            *slot |= 1 << (check % 64);
        }
    }

    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Words of a row: as many as 64 checks go into; zeros for a row that there is not.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u64] {
        const NONE: [u64; 8] = [0; 8];
        let from = row * self.words;
        self.bits
            .get(from..from + self.words)
            .unwrap_or_else(|| NONE.get(..self.words).unwrap_or(&[]))
    }

    /// Words a row.
    #[must_use]
    pub const fn words(&self) -> usize {
        self.words
    }

    /// Checks that a row breaks, by their place in the rules.
    pub fn broken(&self, row: usize) -> impl Iterator<Item = usize> {
        let words = self.row(row).iter().enumerate();
        words.flat_map(|(at, word)| crate::marks::Bits(*word).map(move |bit| at * 64 + bit))
    }

    /// Rows that break a check.
    #[must_use]
    pub fn count(&self, check: usize) -> u64 {
        let bit = |row: usize| {
            self.row(row).get(check / 64).is_some_and(|word| word >> (check % 64) & 1 == 1)
        };
        (0..self.rows).filter(|row| bit(*row)).count() as u64
    }

    /// What became known about rows of earlier batches.
    #[must_use]
    pub fn late(&self) -> &[LateFlag] {
        &self.late
    }
}
