//! What asks and what is asked: instants, with or without keys, and how old an answer may be.

use super::error::{AsOfError, JoinSide};
use arrow_array::Array;
use contract::{Batch, EventTable};

/// The instants of one side of a look-up, each with the key that it belongs to, or none with keys.
///
/// Nanoseconds since 1970. Lengths and order are checked where the side is used.
#[derive(Debug, Clone, Copy)]
pub struct Instants<'a> {
    pub(super) keys: Option<&'a [u32]>,
    pub(super) ts: &'a [i64],
}

impl<'a> Instants<'a> {
    /// Rows that all belong together.
    #[must_use]
    pub const fn of(ts: &'a [i64]) -> Self {
        Self { keys: None, ts }
    }

    /// Rows of the keys at the same places, instrument ids as a rule.
    #[must_use]
    pub const fn keyed(keys: &'a [u32], ts: &'a [i64]) -> Self {
        Self { keys: Some(keys), ts }
    }

    /// When the rows of a table became available, by instrument.
    ///
    /// # Errors
    /// [`AsOfError::NullKey`] for the first row that is not about one instrument, which some tables allow.
    ///
    /// ```
    /// use contract::testing::quotes;
    /// use features::{Found, Instants, MaxAge, asof};
    ///
    /// let quotes = quotes("90 99.5 100.5, 95 99.6 100.4"); // ts_avail bid ask, instrument 1
    /// let found = asof(Instants::keyed(&[1], &[95]), Instants::available(&quotes)?, MaxAge::ns(10)?)?;
    /// assert_eq!(found.get(0), Some(Found::Row(0)));
    /// # Ok::<(), features::AsOfError>(())
    /// ```
    pub fn available<T: EventTable, S>(rows: &'a Batch<T, S>) -> Result<Self, AsOfError> {
        let keys = rows.instrument_id();
        match keys.nulls().and_then(|nulls| nulls.iter().position(|valid| !valid)) {
            Some(row) => Err(AsOfError::NullKey { row }),
            None => Ok(Self::keyed(keys.values(), rows.ts_avail().values())),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ts.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }

    /// That there are as many keys as instants and, on the right, not too many.
    pub(super) fn check(&self, side: JoinSide) -> Result<(), AsOfError> {
        let instants = self.ts.len();
        match self.keys {
            Some(keys) if keys.len() != instants => {
                Err(AsOfError::LengthMismatch { side, keys: keys.len(), instants })
            }
            _ if side == JoinSide::Right && instants > AsOfError::MAX_ROWS => {
                Err(AsOfError::TooManyRows { side, rows: instants })
            }
            _ => Ok(()),
        }
    }
}

/// How much older than the left row a right row may be: up to and including this many nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxAge(u64);

impl MaxAge {
    /// Any age. For reference tables only: a market state without a limit outlives its market.
    pub const UNBOUNDED: Self = Self(u64::MAX);

    /// At most `max_age_ns` nanoseconds.
    ///
    /// # Errors
    /// [`AsOfError::MaxAge`] below 1, because what is found is always earlier.
    pub fn ns(max_age_ns: i64) -> Result<Self, AsOfError> {
        match u64::try_from(max_age_ns) {
            Ok(ns) if ns > 0 => Ok(Self(ns)),
            _ => Err(AsOfError::MaxAge(max_age_ns)),
        }
    }

    /// Whether a row at `ts` is too old at `t`; exact for any two instants.
    pub(super) const fn is_stale(self, ts: i64, t: i64) -> bool {
        t.abs_diff(ts) > self.0
    }

    pub(super) const fn is_unbounded(self) -> bool {
        self.0 == u64::MAX
    }
}
