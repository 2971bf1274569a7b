//! Integers by how often they occur: exact quantiles of differences, which fall on few values.

use super::Band;
use std::collections::BTreeMap;

/// Values, ascending, each with its count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    values: Vec<(i64, u64)>,
    rows: u64,
}

impl Tally {
    pub(super) fn of(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        let rows = values.len() as u64;
        let mut tally = Self { values: Vec::new(), rows };
        for value in values {
            tally.push(value, 1);
        }
        tally
    }

    /// Takes a value that is not below the last one.
    fn push(&mut self, value: i64, count: u64) {
        match self.values.last_mut() {
            Some((last, rows)) if *last == value => *rows += count,
            _ => self.values.push((value, count)),
        }
    }

    pub(super) fn merged<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut all: BTreeMap<i64, u64> = BTreeMap::new();
        for (value, count) in parts.flat_map(|part| &part.values) {
            *all.entry(*value).or_default() += count;
        }
        let rows = all.values().sum();
        Self { values: all.into_iter().collect(), rows }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The same of the values' magnitudes.
    pub(super) fn magnitudes(&self) -> Self {
        let mut all: BTreeMap<i64, u64> = BTreeMap::new();
        for (value, count) in &self.values {
            *all.entry(value.saturating_abs()).or_default() += count;
        }
        Self { values: all.into_iter().collect(), rows: self.rows }
    }

    /// The value with so many values before it.
    fn at(&self, mut rank: u64) -> Option<i64> {
        for (value, count) in &self.values {
            if rank < *count {
                return Some(*value);
            }
            rank -= count;
        }
        None
    }

    /// A hundred times the percentile, linear between neighbours (type 7, numpy's default).
    pub(super) fn percentile(&self, percent: u64) -> Option<i128> {
        let place = u128::from(self.rows.checked_sub(1)?) * u128::from(percent);
        let rank = u64::try_from(place / 100).ok()?;
        let part = i128::try_from(place % 100).ok()?;
        let low = i128::from(self.at(rank)?);
        let high = self.at(rank + 1).map_or(low, i128::from);
        Some(low * (100 - part) + high * part)
    }

    pub(super) fn ends(&self) -> Option<(i64, i64)> {
        Some((self.values.first()?.0, self.values.last()?.0))
    }

    /// Rows outside a band.
    pub(super) fn outside(&self, band: Band) -> u64 {
        let is_out = |value: i64| value < band.low || value > band.high;
        self.values.iter().filter(|(value, _)| is_out(*value)).map(|(_, count)| count).sum()
    }
}

/// Twice the median, exactly: the sum of the two middle values, or twice the one in the middle.
pub(super) fn median_twice(values: &mut [u64]) -> Option<u128> {
    let middle = values.len().checked_sub(1)? / 2;
    let is_even = values.len().is_multiple_of(2);
    let (_, low, above) = values.select_nth_unstable(middle);
    let low = u128::from(*low);
    let high = if is_even { above.iter().min().map_or(low, |next| u128::from(*next)) } else { low };
    Some(low + high)
}
