//! How far a source's clock is off.

mod period;
mod report;
mod window;

pub use period::ClockPeriod;
pub use report::{ClockFinding, ClockReport, SourceClock, SourceClocks};

use contract::{Diagnostic, Fault};
use period::{Open, Periods};
use serde::{Deserialize, Serialize};
use window::Window;

/// What is known of a source's clock before its first row.
///
/// The defaults look 10 minutes back and at least 100 rows, and allow a clock to be 1 ms behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSettings {
    /// How far the running minimum looks back, in nanoseconds of `ts_recv`.
    pub window_ns: i64,
    /// The window never holds fewer than this many rows of the source, however old they are.
    pub min_rows: u64,
    /// How far behind the source our clock may be: 100 us, 1 ms and 1 s are the classes of RTS 25.
    pub clock_bound_ns: i64,
    /// Length of the periods that a report lists.
    pub period_ns: i64,
    /// Minima kept at most (24 bytes each); a window that needs more is shortened, and says so.
    pub max_minima: usize,
    /// Periods kept at most; older ones remain in the totals.
    pub max_periods: usize,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self {
            window_ns: 600_000_000_000,
            min_rows: 100,
            clock_bound_ns: 1_000_000,
            period_ns: 600_000_000_000,
            max_minima: 65_536,
            max_periods: 4_096,
        }
    }
}

impl ClockSettings {
    fn check(&self) -> Result<(), ClockError> {
        let bad = |setting, expected| Err(ClockError::Setting { setting, expected });
        match self {
            Self { window_ns: ..=0, .. } => bad("window_ns", "at least 1"),
            Self { min_rows: 0, .. } => bad("min_rows", "at least 1"),
            Self { clock_bound_ns: ..=-1, .. } => bad("clock_bound_ns", "0 or more"),
            Self { period_ns: ..=0, .. } => bad("period_ns", "at least 1"),
            Self { max_minima: 0, .. } => bad("max_minima", "at least 1"),
            Self { max_periods: 0, .. } => bad("max_periods", "at least 1"),
            _ => Ok(()),
        }
    }
}

/// What the model says about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The row has no event time or no receive time, or they are more than 292 years apart.
    NotApplicable,
    /// Both times are there.
    Judged {
        /// Smallest `ts_recv - ts_event` of the window, this row included.
        offset_ns: i64,
        /// `ts_recv - ts_event - offset_ns`: how much later than the fastest row of the window this one came. Never
        /// negative, by type.
        latency_ns: u64,
        /// `offset_ns < -clock_bound_ns`: our clock is behind the source's by more than its bound, or the source's ahead.
        is_suspect: bool,
        /// Whether the source has shown `min_rows` rows. Before that `latency_ns` may be too small; `is_suspect` holds.
        is_settled: bool,
    },
}

/// The clock of one source, row by row.
///
/// - **Shape:** one [`Reading`] a row, in the order of rows.
/// - **Units:** nanoseconds. `offset` is receipt less event, so it holds the fastest way from the source to us as well;
///   only a negative one proves that a clock is off.
/// - **Window:** the last `window_ns` of `ts_recv`, or the last `min_rows` rows with both times where these reach further
///   back. The first rows of a source are judged by what there is: a minimum over fewer rows is never below the one over
///   more, so a row that is suspect by few rows would be suspect by all of them. Only the latency of these rows is
///   provisional (`is_settled`).
/// - **Point in time:** causal; a reading depends on this row and earlier ones.
/// - **Cost:** a monotone queue, constant time a row on average, at most `max_minima` entries.
/// - **Source:** minimum filter for one-way delays as in NTP's clock filter (Mills, RFC 5905, section 10); classes of
///   bounds from RTS 25 (EU 2017/574).
///
/// Rows are marked and never moved: neither time is changed. The state is a serde value; restored, it goes on with the same
/// bits.
///
/// ```
/// use quality::{ClockModel, ClockSettings, Reading};
/// // A recorder that runs 1.27 s behind the venue.
/// let mut clock = ClockModel::try_new(ClockSettings::default())?;
/// let first = clock.observe(1_723_161_255_300_000_000, 1_723_161_254_030_314_667);
/// let later = clock.observe(1_723_161_255_310_000_000, 1_723_161_254_043_314_667);
/// let Reading::Judged { offset_ns, latency_ns, is_suspect, .. } = later else { unreachable!() };
/// assert_eq!((offset_ns, latency_ns, is_suspect), (-1_269_685_333, 3_000_000, true));
/// assert_eq!(clock.observe(None, 1_723_161_254_050_000_000), Reading::NotApplicable);
/// # Ok::<(), quality::ClockError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockModel {
    settings: ClockSettings,
    window: Window,
    rows: u64,
    judged: u64,
    suspects: u64,
    /// Receive time of the first suspect row.
    first_suspect: Option<i64>,
    /// Smallest and largest offset so far.
    offsets: Option<(i64, i64)>,
    periods: Periods,
}

impl ClockModel {
    /// A clock that has seen nothing.
    ///
    /// # Errors
    /// [`ClockError`] for a window, period or limit of nothing, and for a negative bound.
    pub fn try_new(settings: ClockSettings) -> Result<Self, ClockError> {
        settings.check()?;
        Ok(Self::new(settings))
    }

    /// A clock by settings that were checked.
    fn new(settings: ClockSettings) -> Self {
        Self {
            settings,
            window: Window::default(),
            rows: 0,
            judged: 0,
            suspects: 0,
            first_suspect: None,
            offsets: None,
            periods: Periods::default(),
        }
    }

    /// Takes the next row of the source.
    pub fn observe(
        &mut self,
        ts_event: impl Into<Option<i64>>,
        ts_recv: impl Into<Option<i64>>,
    ) -> Reading {
        self.rows += 1;
        let (Some(event), Some(recv)) = (ts_event.into(), ts_recv.into()) else {
            return Reading::NotApplicable;
        };
        let Some(delta) = recv.checked_sub(event) else { return Reading::NotApplicable };
        let offset = self.window.push(&self.settings, self.judged, recv, delta);
        self.judged += 1;
        let is_suspect = offset < -self.settings.clock_bound_ns;
        if is_suspect {
            self.suspects += 1;
            self.first_suspect.get_or_insert(recv);
        }
        let (low, high) = self.offsets.unwrap_or((offset, offset));
        self.offsets = Some((low.min(offset), high.max(offset)));
        self.periods.push(&self.settings, recv, delta, offset, is_suspect);
        Reading::Judged {
            offset_ns: offset,
            latency_ns: delta.abs_diff(offset),
            is_suspect,
            is_settled: self.judged >= self.settings.min_rows,
        }
    }

    /// The smallest `ts_recv - ts_event` of the window, as of the last row.
    #[must_use]
    pub fn offset_ns(&self) -> Option<i64> {
        self.window.offset()
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &ClockSettings {
        &self.settings
    }

    /// Every row, those with both times, and those of them that are suspect.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        (self.rows, self.judged, self.suspects)
    }

    /// Periods that are still kept, the open one last.
    #[must_use]
    pub fn periods(&self) -> Vec<ClockPeriod> {
        self.periods.closed().copied().chain(self.periods.open().map(Open::close)).collect()
    }
}

/// Why a clock could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// A setting that no clock can work with.
    #[error("clock.{setting}: expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

impl Diagnostic for ClockError {
    fn code(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "quality/clock-setting",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
