//! The row of another source that a row is compared with.

use super::Ties;
use serde::{Deserialize, Serialize};

/// Why a row could not be compared; the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncompared {
    /// The row itself has one side.
    LeftOneSided,
    /// The other source has no earlier row.
    NoPartner,
    /// Its latest row is too old.
    Stale,
    /// Its latest row has one side.
    RightOneSided,
    /// The difference is out of range.
    OutOfRange,
}

/// A row of the other source: time and mid.
type Row = (i64, Option<i64>);

/// The latest row of another source on one instrument, for a stream that is compared row by row.
///
/// - **Shape:** rows of both sources in the order of the stream, with times that do not fall; one answer a row compared.
/// - **Units:** mids are bid + ask in 1e-9, so halves of 1e-9, and so is the difference, first less second.
/// - **Point in time:** causal. A partner of the same instant counts when [`Ties`] say so and it came before in the stream.
///
/// ```
/// use quality::{Partner, Ties, Uncompared};
/// let mut oanda = Partner::new(5_000, Ties::StrictlyBefore);
/// oanda.advance(1_000, Some(2_773_510_000));
/// assert_eq!(oanda.compare(1_000, Some(2_773_500_000)), Err(Uncompared::NoPartner));
/// assert_eq!(oanda.compare(1_001, Some(2_773_500_000)), Ok(-10_000));
/// assert_eq!(oanda.compare(6_001, Some(2_773_500_000)), Err(Uncompared::Stale));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    max_age_ns: i64,
    ties: Ties,
    latest: Option<Row>,
    /// The latest row of an earlier instant.
    before: Option<Row>,
}

impl Partner {
    /// A source without rows.
    #[must_use]
    pub fn new(max_age_ns: i64, ties: Ties) -> Self {
        Self { max_age_ns, ties, latest: None, before: None }
    }

    /// Takes the next row of the other source; `None` for one with one side.
    pub fn advance(&mut self, ts: i64, mid: Option<i64>) {
        if self.latest.is_some_and(|(latest, _)| latest < ts) {
            self.before = self.latest;
        }
        self.latest = Some((ts, mid));
    }

    /// Compares a row.
    ///
    /// # Errors
    /// Why it cannot be compared.
    pub fn compare(&self, ts: i64, mid: Option<i64>) -> Result<i64, Uncompared> {
        let counts = |(other, _): &Row| match self.ties {
            Ties::StrictlyBefore => *other < ts,
            Ties::SameInstantCounts => *other <= ts,
        };
        let partner = self.latest.filter(counts).or(self.before.filter(counts));
        agree(ts, mid, partner, self.max_age_ns)
    }
}

pub(super) fn is_young(ts: i64, other: i64, max_age_ns: i64) -> bool {
    ts.checked_sub(other).is_some_and(|age| age <= max_age_ns)
}

/// First less second.
pub(super) fn agree(
    ts: i64,
    mid: Option<i64>,
    partner: Option<Row>,
    max_age_ns: i64,
) -> Result<i64, Uncompared> {
    let mid = mid.ok_or(Uncompared::LeftOneSided)?;
    let (other, partner) = partner.ok_or(Uncompared::NoPartner)?;
    if !is_young(ts, other, max_age_ns) {
        return Err(Uncompared::Stale);
    }
    let partner = partner.ok_or(Uncompared::RightOneSided)?;
    mid.checked_sub(partner).ok_or(Uncompared::OutOfRange)
}
