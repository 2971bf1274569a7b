//! Where a difference may lie.

use super::ComparisonSettings;
use super::tally::Tally;
use serde::{Deserialize, Serialize};

/// The signed differences, first source less second, that are as they should be; both ends count.
///
/// ```
/// use quality::Band;
/// let band = Band::of_nanos(-45_000, 45_000); // 0.45 pips of EURUSD either way
/// assert_eq!((band.low, band.high), (-90_000, 90_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lowest difference, in halves of 1e-9.
    pub low: i64,
    /// Highest.
    pub high: i64,
}

impl Band {
    /// A band by its ends in 1e-9.
    #[must_use]
    pub const fn of_nanos(low: i64, high: i64) -> Self {
        Self { low: low.saturating_mul(2), high: high.saturating_mul(2) }
    }

    pub(super) fn is_ordered(&self) -> bool {
        self.low <= self.high
    }

    /// The 1st to 99th percentile of differences that were seen, half as wide again: a quarter of the width is added at each
    /// end, and a tick at least. The ends are rounded outwards.
    pub(super) fn learnt(seen: &Tally, tick_nanos: Option<i64>) -> Option<Self> {
        let low = seen.percentile(1)?;
        let high = seen.percentile(99)?;
        // In 1/400 of half of 1e-9: percentiles are hundredths.
        let margin = (high - low).max(i128::from(tick_nanos.unwrap_or(0)) * 2 * 400);
        let low = (low * 4 - margin).div_euclid(400);
        let high = -(-(high * 4 + margin)).div_euclid(400);
        Some(Self { low: clip(low), high: clip(high) })
    }
}

fn clip(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Bands of one instrument, session after session.
#[derive(Debug)]
pub(super) struct Bands<'a> {
    settings: &'a ComparisonSettings,
    instrument_id: u32,
    past: Vec<Tally>,
}

impl<'a> Bands<'a> {
    pub(super) fn new(settings: &'a ComparisonSettings, instrument_id: u32) -> Self {
        Self { settings, instrument_id, past: Vec::new() }
    }

    /// The band of the next session: declared, or learnt from the latest ones before it.
    pub(super) fn next(&self) -> Option<Band> {
        if let Some(band) = self.settings.bands.get(&self.instrument_id) {
            return Some(*band);
        }
        if self.past.len() < self.settings.min_learn_sessions {
            return None;
        }
        let from = self.past.len().saturating_sub(self.settings.learn_sessions);
        let seen = Tally::merged(self.past.iter().skip(from));
        if seen.rows() < self.settings.min_learn_rows {
            return None;
        }
        Band::learnt(&seen, self.settings.tick(self.instrument_id))
    }

    /// Learns from a session that did not fail; one that did would teach that its fault is normal.
    pub(super) fn learn(&mut self, session: Tally) {
        if session.rows() > 0 {
            self.past.push(session);
        }
    }

    /// Sessions learnt from so far.
    pub(super) fn sessions(&self) -> usize {
        self.past.len()
    }
}
