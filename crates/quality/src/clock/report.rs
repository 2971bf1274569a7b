//! The clocks of all sources, and what a person reads of them.

use super::{ClockError, ClockModel, ClockPeriod, ClockSettings, Reading};
use contract::arrow_array::Array;
use contract::{Batch, EventTable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One [`ClockModel`] a source.
///
/// ```
/// use quality::{ClockSettings, SourceClocks};
/// let mut clocks = SourceClocks::try_new(ClockSettings::default(), [])?;
/// for n in 0..200 {
///     clocks.observe(7, n * 1_000_000_000, n * 1_000_000_000 - 5_000_000); // received 5 ms before it happened
/// }
/// let report = clocks.report();
/// assert_eq!(
///     report.to_string(),
///     "source 7: 200 of 200 judged rows suspect (200 rows): the offset goes from -5.000000 to -5.000000 ms, \
///      allowed are -1.000000 ms; the receive clock is behind or the source's is ahead\n"
/// );
/// # Ok::<(), quality::ClockError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceClocks {
    default: ClockSettings,
    clocks: BTreeMap<u16, ClockModel>,
}

impl SourceClocks {
    /// Clocks for these sources, and one with the default settings for any other source that shows up.
    ///
    /// # Errors
    /// [`ClockError`] for settings that no clock can work with.
    pub fn try_new(
        default: ClockSettings,
        sources: impl IntoIterator<Item = (u16, ClockSettings)>,
    ) -> Result<Self, ClockError> {
        default.check()?;
        let clocks = sources
            .into_iter()
            .map(|(source, settings)| Ok((source, ClockModel::try_new(settings)?)))
            .collect::<Result<_, _>>()?;
        Ok(Self { default, clocks })
    }

    /// Takes the next row of a source.
    pub fn observe(
        &mut self,
        source_id: u16,
        ts_event: impl Into<Option<i64>>,
        ts_recv: impl Into<Option<i64>>,
    ) -> Reading {
        let clock = self.clocks.entry(source_id).or_insert_with(|| ClockModel::new(self.default));
        clock.observe(ts_event, ts_recv)
    }

    /// Takes the rows of a batch: one reading a row.
    pub fn observe_batch<T: EventTable, S>(&mut self, batch: &Batch<T, S>) -> Vec<Reading> {
        let (events, receipts) = (batch.ts_event(), batch.ts_recv());
        let sources = batch.source_id();
        (0..batch.len())
            .map(|row| {
                let event = events.is_valid(row).then(|| events.value(row));
                let recv = receipts.is_valid(row).then(|| receipts.value(row));
                self.observe(sources.value(row), event, recv)
            })
            .collect()
    }

    /// The clock of a source.
    #[must_use]
    pub fn get(&self, source_id: u16) -> Option<&ClockModel> {
        self.clocks.get(&source_id)
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> ClockReport {
        ClockReport { sources: self.clocks.iter().map(|(id, clock)| source(*id, clock)).collect() }
    }
}

/// What is known of the sources' clocks, by source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReport {
    /// Sources, by id.
    pub sources: Vec<SourceClock>,
}

/// What is known of one source's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceClock {
    /// The source.
    pub source_id: u16,
    /// Rows.
    pub rows: u64,
    /// Rows with both times.
    pub judged: u64,
    /// Suspect ones.
    pub suspects: u64,
    /// Smallest and largest offset, null without a judged row.
    pub offsets_ns: Option<(i64, i64)>,
    /// What the source's clock may be off.
    pub clock_bound_ns: i64,
    /// Times that the window was cut to its limit of minima.
    pub shortened: u64,
    /// Periods that are no longer kept.
    pub dropped_periods: u64,
    /// The periods that are.
    pub periods: Vec<ClockPeriod>,
    /// What is wrong, in order of kind and time.
    pub findings: Vec<ClockFinding>,
}

/// Something wrong with a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClockFinding {
    /// Rows were received before they happened, by more than the bound.
    Behind {
        /// Rows of which that is true.
        suspects: u64,
        /// Receive time of the first.
        first_ts_recv: i64,
    },
    /// The floor moved by more than the bound from one period to the next, and more than four times as far as it usually
    /// does.
    Step {
        /// Start of the later period.
        at_ns: i64,
        /// Floor before.
        before_ns: i64,
        /// Floor after.
        after_ns: i64,
    },
    /// The floor moved steadily, by more than the bound in all.
    Drift {
        /// Start of the first period.
        from_ns: i64,
        /// Start of the last.
        until_ns: i64,
        /// How far the line through the floors moved between them.
        moved_ns: i64,
        /// The same in 1e-9: nanoseconds a second.
        rate_ppb: i64,
    },
}

fn source(source_id: u16, clock: &ClockModel) -> SourceClock {
    let periods = clock.periods();
    let mut findings = Vec::new();
    if let Some(first_ts_recv) = clock.first_suspect {
        findings.push(ClockFinding::Behind { suspects: clock.suspects, first_ts_recv });
    }
    movements(&clock.settings, &periods, &mut findings);
    SourceClock {
        source_id,
        rows: clock.rows,
        judged: clock.judged,
        suspects: clock.suspects,
        offsets_ns: clock.offsets,
        clock_bound_ns: clock.settings.clock_bound_ns,
        shortened: clock.window.shortened(),
        dropped_periods: clock.periods.dropped(),
        periods,
        findings,
    }
}

/// Steps between periods with enough rows, and drifts between steps.
fn movements(settings: &ClockSettings, periods: &[ClockPeriod], findings: &mut Vec<ClockFinding>) {
    let full: Vec<ClockPeriod> =
        periods.iter().filter(|period| period.rows >= settings.min_rows).copied().collect();
    let jumps: Vec<u64> = full
        .windows(2)
        .filter_map(|pair| Some(pair.last()?.floor_ns.abs_diff(pair.first()?.floor_ns)))
        .collect();
    let mut sorted = jumps.clone();
    sorted.sort_unstable();
    let bound = settings.clock_bound_ns.unsigned_abs();
    let mut drifts = Vec::new();
    let mut stretch = Vec::new();
    for (place, period) in full.iter().enumerate() {
        let jump = place.checked_sub(1).and_then(|before| jumps.get(before));
        if let (Some(jump), Some(before)) = (jump, stretch.last())
            && *jump > bound
            && *jump > usual(&sorted, *jump).saturating_mul(4)
        {
            let before: &ClockPeriod = before;
            findings.push(ClockFinding::Step {
                at_ns: period.start_ns,
                before_ns: before.floor_ns,
                after_ns: period.floor_ns,
            });
            drifts.extend(drift(bound, &stretch));
            stretch.clear();
        }
        stretch.push(*period);
    }
    drifts.extend(drift(bound, &stretch));
    findings.extend(drifts);
}

/// The lower median of the other jumps.
fn usual(sorted: &[u64], jump: u64) -> u64 {
    let Some(middle) = sorted.len().checked_sub(2).map(|last| last / 2) else { return 0 };
    let place = sorted.partition_point(|other| *other < jump);
    sorted.get(if place > middle { middle } else { middle + 1 }).copied().unwrap_or(0)
}

/// Periods that a line is drawn through at most.
const LINE: usize = 256;

/// A line through the floors of at least four periods (Theil and Sen: the lower median of all slopes), when it moves by more
/// than the bound and no floor is further from it than a quarter of that.
fn drift(bound: u64, stretch: &[ClockPeriod]) -> Option<ClockFinding> {
    let recent = stretch.get(stretch.len().saturating_sub(LINE)..)?;
    let [first, .., last] = recent else { return None };
    if recent.len() < 4 {
        return None;
    }
    let at = |period: &ClockPeriod| (i128::from(period.start_ns), i128::from(period.floor_ns));
    let mut slopes = Vec::new();
    for (place, left) in recent.iter().enumerate() {
        let (t0, x0) = at(left);
        for right in recent.iter().skip(place + 1) {
            let (t1, x1) = at(right);
            slopes.push((x1 - x0) * 1_000_000_000 / (t1 - t0).max(1));
        }
    }
    let middle = slopes.len().checked_sub(1)? / 2;
    let (_, rate, _) = slopes.select_nth_unstable(middle);
    let line = |period: &ClockPeriod| {
        *rate * (i128::from(period.start_ns) - i128::from(first.start_ns)) / 1_000_000_000
    };
    let moved = line(last);
    let rests = recent.iter().map(|period| i128::from(period.floor_ns) - line(period));
    let (low, high) = rests.fold((i128::MAX, i128::MIN), |(l, h), r| (l.min(r), h.max(r)));
    let is_steady = (high - low) * 2 <= moved.abs();
    (moved.unsigned_abs() > u128::from(bound) && is_steady)
        .then(|| {
            Some(ClockFinding::Drift {
                from_ns: first.start_ns,
                until_ns: last.start_ns,
                moved_ns: i64::try_from(moved).ok()?,
                rate_ppb: i64::try_from(*rate).ok()?,
            })
        })
        .flatten()
}

/// Nanoseconds as milliseconds with all digits.
struct Ms(i64);

impl fmt::Display for Ms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ns = self.0.unsigned_abs();
        write!(out, "{sign}{}.{:06}", ns / 1_000_000, ns % 1_000_000)
    }
}

impl fmt::Display for ClockReport {
    /// One line a finding, or one that says that there is none.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for source in &self.sources {
            if source.findings.is_empty() {
                writeln!(
                    out,
                    "source {}: nothing on {} judged rows",
                    source.source_id, source.judged
                )?;
            }
            for finding in &source.findings {
                write!(out, "source {}: ", source.source_id)?;
                source.write(finding, out)?;
            }
        }
        Ok(())
    }
}

impl SourceClock {
    fn write(&self, finding: &ClockFinding, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match finding {
            ClockFinding::Behind { suspects, .. } => {
                let (low, high) = self.offsets_ns.unwrap_or_default();
                writeln!(
                    out,
                    "{suspects} of {} judged rows suspect ({} rows): the offset goes from {} to {} ms, allowed are {} ms; \
                     the receive clock is behind or the source's is ahead",
                    self.judged,
                    self.rows,
                    Ms(low),
                    Ms(high),
                    Ms(-self.clock_bound_ns)
                )
            }
            ClockFinding::Step { at_ns, before_ns, after_ns } => writeln!(
                out,
                "a clock stepped before {at_ns}: the floor was {} ms and is {} ms",
                Ms(*before_ns),
                Ms(*after_ns)
            ),
            ClockFinding::Drift { from_ns, until_ns, moved_ns, rate_ppb } => writeln!(
                out,
                "a clock drifted by {} ms between {from_ns} and {until_ns}, {rate_ppb} ns a second",
                Ms(*moved_ns)
            ),
        }
    }
}
