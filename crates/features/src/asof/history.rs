//! The right side of a look-up, checked once and asked often.

use super::error::{AsOfError, JoinSide};
use super::found::{Found, Matches, row_number};
use super::group::{Gathered, Groups, unsorted};
use super::instants::{Instants, MaxAge};
use super::key::Slots;
use std::borrow::Cow;
use std::ops::Range;

/// The right side of a look-up: its order is checked and its rows are grouped by key.
///
/// - **Cost:** one pass. Nothing is copied without keys, or where the rows of each key already lie together; otherwise
///   a second pass copies 12 bytes a row. A question takes no allocation a row.
///
/// ```
/// use features::{Found, History, Instants, MaxAge};
///
/// let rates = History::try_new(Instants::of(&[-5, 0, 10]))?;
/// let found = rates.look_up(Instants::of(&[11, 0, i64::MIN]), MaxAge::UNBOUNDED)?;
/// assert_eq!(found.iter().collect::<Vec<_>>(), [Found::Row(2), Found::Row(0), Found::NoHistory]);
/// # Ok::<(), features::AsOfError>(())
/// ```
#[derive(Debug)]
pub struct History<'a> {
    /// The instants, those of a key together and ascending.
    ts: Cow<'a, [i64]>,
    /// The right row of each instant, unless it is its place.
    rows: Option<Vec<u32>>,
    by_key: Option<ByKey>,
}

#[derive(Debug)]
struct ByKey {
    slots: Slots,
    /// By slot, where its instants lie.
    runs: Vec<Range<u32>>,
}

impl<'a> History<'a> {
    /// Checks that instants ascend within each key, equal ones allowed, and groups them by key.
    ///
    /// # Errors
    /// [`AsOfError::LengthMismatch`]; [`AsOfError::TooManyRows`]; [`AsOfError::Unsorted`] with the first row that is
    /// earlier than the one before it.
    pub fn try_new(right: Instants<'a>) -> Result<Self, AsOfError> {
        right.check(JoinSide::Right)?;
        let Instants { keys, ts } = right;
        let Some(keys) = keys else {
            let place = ts.windows(2).position(|pair| pair[1] < pair[0]);
            return match place {
                Some(at) => Err(unsorted(None, at + 1, ts[at], ts[at + 1])),
                None => Ok(Self { ts: Cow::Borrowed(ts), rows: None, by_key: None }),
            };
        };
        let mut slots = Slots::of(keys);
        Ok(match Groups::of(&mut slots, keys, ts)? {
            Groups::Together(runs) => {
                let by_key = Some(ByKey { slots, runs });
                Self { ts: Cow::Borrowed(ts), rows: None, by_key }
            }
            Groups::Scattered(counts) => {
                let Gathered { ts, rows, runs } = Gathered::of(&slots, &counts, keys, ts);
                let by_key = Some(ByKey { slots, runs });
                Self { ts: Cow::Owned(ts), rows: Some(rows), by_key }
            }
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ts.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }

    /// The answer to each left row; see [`asof`](crate::asof()) for what is asked.
    ///
    /// # Errors
    /// [`AsOfError::LengthMismatch`] on the left; [`AsOfError::OneSidedKeys`].
    pub fn look_up(&self, left: Instants<'_>, max_age: MaxAge) -> Result<Matches, AsOfError> {
        Ok(self.answers(left, max_age)?.collect())
    }

    /// The answers one after the other, for a caller that gathers values itself and stores no rows.
    ///
    /// # Errors
    /// As [`History::look_up`], before the first answer.
    pub fn answers<'h>(
        &'h self,
        left: Instants<'h>,
        max_age: MaxAge,
    ) -> Result<impl ExactSizeIterator<Item = Found> + use<'h, 'a>, AsOfError> {
        left.check(JoinSide::Left)?;
        if left.keys.is_some() != self.by_key.is_some() {
            let side = if left.keys.is_some() { JoinSide::Right } else { JoinSide::Left };
            return Err(AsOfError::OneSidedKeys { side });
        }
        // The last place is that of all keys without rows.
        let mut cursors = vec![0; self.by_key.as_ref().map_or(1, |by_key| by_key.runs.len()) + 1];
        let (mut key_of_run, mut slot, mut run) = (None, cursors.len() - 1, 0..0);
        Ok(left.ts.iter().enumerate().map(move |(at, &t)| {
            let key = left.keys.map_or(0, |keys| keys[at]);
            if key_of_run != Some(key) {
                key_of_run = Some(key);
                (slot, run) = self.find(key).unwrap_or((cursors.len() - 1, 0..0));
            }
            let earlier = earlier(&self.ts[run.clone()], cursors[slot], t);
            cursors[slot] = earlier;
            if earlier == 0 {
                return Found::NoHistory;
            }
            let place = run.start + earlier - 1;
            let row = self.rows.as_ref().map_or(row_number(place), |rows| rows[place]);
            if max_age.is_stale(self.ts[place], t) { Found::Stale(row) } else { Found::Row(row) }
        }))
    }

    /// The slot of a key and where its instants lie; without keys, all of them.
    fn find(&self, key: u32) -> Option<(usize, Range<usize>)> {
        let Some(by_key) = &self.by_key else { return Some((0, 0..self.ts.len())) };
        let slot = by_key.slots.get(key)?;
        let run = &by_key.runs[slot];
        Some((slot, run.start as usize..run.end as usize))
    }
}

/// How many of the ascending instants are before `t`, searched in growing steps from where the last search ended.
fn earlier(ts: &[i64], from: usize, t: i64) -> usize {
    let mut step = 1;
    if ts.get(from).is_some_and(|&ts| ts < t) {
        let mut known = from; // the farthest instant seen that is before `t`
        while let Some(&ts) = ts.get(known + step)
            && ts < t
        {
            known += step;
            step *= 2;
        }
        let end = ts.len().min(known + step);
        return known + 1 + ts[known + 1..end].partition_point(|&ts| ts < t);
    }
    let mut end = from; // everything from here on is at or after `t`
    while end > 0 {
        let probe = end.saturating_sub(step);
        if ts[probe] < t {
            return probe + 1 + ts[probe + 1..end].partition_point(|&ts| ts < t);
        }
        end = probe;
        step *= 2;
    }
    0
}
