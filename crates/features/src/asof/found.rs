//! What a look-up answers.

use arrow_array::UInt32Array;

/// The answer to one left row. Numbers are rows of the right side, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Found {
    /// The last right row before the left one.
    Row(u32),
    /// The last right row before the left one, which is older than allowed.
    Stale(u32),
    /// No right row of the key is earlier.
    NoHistory,
}

impl Found {
    /// The row, unless there is none or it is too old.
    #[must_use]
    pub const fn row(self) -> Option<u32> {
        match self {
            Self::Row(row) => Some(row),
            Self::Stale(_) | Self::NoHistory => None,
        }
    }
}

/// No row; [`crate::AsOfError::MAX_ROWS`] keeps it free.
const NONE: u32 = u32::MAX;
const STALE: u32 = 1 << 31;

/// A row, or a count of rows, of a right side whose length was checked.
#[expect(clippy::cast_possible_truncation, reason = "at most `AsOfError::MAX_ROWS`")]
pub(super) const fn row_number(row: usize) -> u32 {
    row as u32
}

/// One answer a left row, in the order of the left rows; four bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches(Vec<u32>);

impl Matches {
    pub(super) fn without_history(rows: usize) -> Self {
        Self(vec![NONE; rows])
    }

    pub(super) fn set(&mut self, left_row: usize, found: Found) {
        self.0[left_row] = encode(found);
    }

    /// How many left rows there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there was no left row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer to a left row, or `None` past the last.
    #[must_use]
    pub fn get(&self, left_row: usize) -> Option<Found> {
        self.0.get(left_row).map(|&code| decode(code))
    }

    /// The answers in the order of the left rows.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Found> + DoubleEndedIterator + '_ {
        self.0.iter().map(|&code| decode(code))
    }

    /// The right row of each left row, null where there is none or it is too old: the indices of Arrow's `take`.
    #[must_use]
    pub fn indices(&self) -> UInt32Array {
        self.iter().map(Found::row).collect()
    }
}

const fn encode(found: Found) -> u32 {
    match found {
        Found::Row(row) => row,
        Found::Stale(row) => row | STALE,
        Found::NoHistory => NONE,
    }
}

const fn decode(code: u32) -> Found {
    match code {
        NONE => Found::NoHistory,
        row if row & STALE == 0 => Found::Row(row),
        row => Found::Stale(row & !STALE),
    }
}

impl FromIterator<Found> for Matches {
    fn from_iter<I: IntoIterator<Item = Found>>(found: I) -> Self {
        Self(found.into_iter().map(encode).collect())
    }
}
