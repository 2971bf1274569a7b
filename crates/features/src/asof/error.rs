//! Why a look-up was refused.

use contract::{Diagnostic, Fault};
use std::fmt;

/// A side of a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinSide {
    /// The rows that ask.
    Left,
    /// The rows that are found.
    Right,
}

impl fmt::Display for JoinSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}

/// Why a look-up was refused. Nothing was answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AsOfError {
    /// A side has not exactly one key an instant.
    #[error("{side} side: expected one key an instant, found {keys} keys and {instants} instants")]
    LengthMismatch {
        /// The side.
        side: JoinSide,
        /// Its keys.
        keys: usize,
        /// Its instants.
        instants: usize,
    },
    /// A maximal age below one nanosecond, which no earlier row can have.
    #[error("maximal age: expected at least 1 ns, found `{0}` ns")]
    MaxAge(i64),
    /// A row is not about one instrument.
    #[error("instrument_id, row {row}: expected an instrument, found null")]
    NullKey {
        /// The row, from 0.
        row: usize,
    },
    /// Rows with keys cannot ask rows without, nor the other way round.
    #[error("{side} side: expected keys on both sides or on neither, found none here")]
    OneSidedKeys {
        /// The side without keys.
        side: JoinSide,
    },
    /// More rows than a result can number.
    #[error("{side} side: expected at most {} rows, found {rows}", Self::MAX_ROWS)]
    TooManyRows {
        /// The side.
        side: JoinSide,
        /// Its rows.
        rows: usize,
    },
    /// A row is earlier than a row before it, of its key if there are keys.
    #[error(
        "{side} side{}, row {row}: expected an instant at or after `{expected}`, found `{found}`",
        OfKey(*.key)
    )]
    Unsorted {
        /// The side.
        side: JoinSide,
        /// The key of the row, if rows have keys.
        key: Option<u32>,
        /// The row, from 0.
        row: usize,
        /// The instant of the row before it, in nanoseconds since 1970.
        expected: i64,
        /// Its own instant, in nanoseconds since 1970.
        found: i64,
    },
}

impl AsOfError {
    /// The most rows that the right side may have: a bit of each result says whether the row is too old.
    pub const MAX_ROWS: usize = (1 << 31) - 1;
}

struct OfKey(Option<u32>);

impl fmt::Display for OfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |key| write!(f, ", key {key}"))
    }
}

impl Diagnostic for AsOfError {
    fn code(&self) -> &'static str {
        match self {
            Self::LengthMismatch { .. } => "features/length-mismatch",
            Self::MaxAge(_) => "features/max-age",
            Self::NullKey { .. } => "features/null-key",
            Self::OneSidedKeys { .. } => "features/one-sided-keys",
            Self::TooManyRows { .. } => "features/too-many-rows",
            Self::Unsorted { .. } => "features/unsorted-input",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
