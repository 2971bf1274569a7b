//! How sources are compared.

use super::{Band, ComparisonError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a partner of the same instant counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// The partner is the latest row strictly before: for streams of events, where a row of the same instant may have come
    /// after.
    StrictlyBefore,
    /// The partner is the latest row at or before: for bars, which two sources stamp with the same ends.
    SameInstantCounts,
}

/// Where sessions begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionCut {
    /// At `origin_ns` and every `length_ns` before and after.
    Every {
        /// Length.
        length_ns: i64,
        /// Start of one of them.
        origin_ns: i64,
    },
    /// At these instants, ascending. Rows before the first make up a session that starts at `i64::MIN`.
    Starts(Vec<i64>),
}

impl SessionCut {
    /// Start of the session that holds an instant.
    #[must_use]
    pub fn start_of(&self, ts: i64) -> i64 {
        self.around(ts).0
    }

    /// First and last instant of the session that holds an instant.
    pub(super) fn around(&self, ts: i64) -> (i64, i64) {
        match self {
            Self::Every { length_ns, origin_ns } => {
                let (length, origin) = (i128::from(*length_ns).max(1), i128::from(*origin_ns));
                let start = (i128::from(ts) - origin).div_euclid(length) * length + origin;
                let last = start + length - 1;
                (i64::try_from(start).unwrap_or(i64::MIN), i64::try_from(last).unwrap_or(i64::MAX))
            }
            Self::Starts(starts) => {
                let after = starts.partition_point(|start| *start <= ts);
                let start = after.checked_sub(1).and_then(|at| starts.get(at)).copied();
                let last = starts.get(after).map_or(i64::MAX, |next| next.saturating_sub(1));
                (start.unwrap_or(i64::MIN), last)
            }
        }
    }
}

/// The search for a shift between two sources.
///
/// It does not join all rows at every lag. Both sources are reduced to the last two-sided mid of each cell of a grid, once,
/// and lags compare cells of equal number: ten million ticks of two weeks are 20,000 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LagSearch {
    /// Lags tested are multiples of this; 15 min, as the offsets of time zones are.
    pub step_ns: i64,
    /// The furthest lag either way; 14 h, the furthest time zone.
    pub reach_ns: i64,
    /// A cell of the grid, which must divide the step; 1 min.
    pub grid_ns: i64,
    /// Common cells that a lag must have; 50. It must also have a quarter of those of the lag that has most.
    pub min_common: u64,
    /// Length of the parts in which the lag is looked for again; 7 days.
    pub piece_ns: i64,
    /// Start of one part; 1970-01-03, a Saturday, so that a part holds a trading week and clocks change at its start.
    pub piece_origin_ns: i64,
}

const MINUTE: i64 = 60_000_000_000;
const DAY: i64 = 1_440 * MINUTE;

impl Default for LagSearch {
    fn default() -> Self {
        Self {
            step_ns: 15 * MINUTE,
            reach_ns: 14 * 60 * MINUTE,
            grid_ns: MINUTE,
            min_common: 50,
            piece_ns: 7 * DAY,
            piece_origin_ns: 2 * DAY,
        }
    }
}

/// How sources are compared. Only the age of a partner has no default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonSettings {
    /// A partner older than this is stale. 0 leaves partners of the same instant alone.
    pub max_age_ns: i64,
    /// Whether a partner of the same instant counts; by default it does not.
    pub ties: Ties,
    /// Where sessions begin; by default every UTC day.
    pub sessions: SessionCut,
    /// Declared bands by instrument; the others' are learnt.
    pub bands: BTreeMap<u32, Band>,
    /// Ticks of instruments, in 1e-9; a learnt band is wider than what it learnt from by a tick at least.
    pub ticks: BTreeMap<u32, i64>,
    /// Sessions that a band is learnt from at most, the latest ones; 20.
    pub learn_sessions: usize,
    /// Sessions that it takes to learn; 1.
    pub min_learn_sessions: usize,
    /// Compared rows that it takes to learn, in all; 100.
    pub min_learn_rows: u64,
    /// Compared rows that it takes to judge a session; 20. The bar that ends with a week may fall into a session of its own.
    pub min_session_rows: u64,
    /// Share of a session's compared rows that may lie outside, in 1e-6; 50,000 (5 %).
    pub max_outside_ppm: u32,
    /// The search for a shift; `None` skips it.
    pub lag: Option<LagSearch>,
}

impl ComparisonSettings {
    /// The defaults, with this limit to the age of a partner.
    #[must_use]
    pub fn new(max_age_ns: i64) -> Self {
        Self {
            max_age_ns,
            ties: Ties::StrictlyBefore,
            sessions: SessionCut::Every { length_ns: DAY, origin_ns: 0 },
            bands: BTreeMap::new(),
            ticks: BTreeMap::new(),
            learn_sessions: 20,
            min_learn_sessions: 1,
            min_learn_rows: 100,
            min_session_rows: 20,
            max_outside_ppm: 50_000,
            lag: Some(LagSearch::default()),
        }
    }

    pub(super) fn check(&self) -> Result<(), ComparisonError> {
        let sessions = match &self.sessions {
            SessionCut::Every { length_ns, .. } => *length_ns > 0,
            SessionCut::Starts(starts) => starts.is_sorted(),
        };
        let lag = self.lag.unwrap_or_default();
        let divides = lag.grid_ns > 0 && lag.step_ns > 0 && lag.step_ns % lag.grid_ns == 0;
        // 100,000 steps either way: a search over more is a mistake.
        let reach = (0..=100_000).contains(&lag.reach_ns.checked_div(lag.step_ns).unwrap_or(-1));
        let rules = [
            (self.max_age_ns >= 0, "max_age_ns", "0 or more"),
            (sessions, "sessions", "a length of at least 1 ns, or starts that ascend"),
            (self.ticks.values().all(|tick| *tick > 0), "ticks", "ticks above 0"),
            (self.bands.values().all(Band::is_ordered), "bands", "`low` not above `high`"),
            (self.learn_sessions >= 1, "learn_sessions", "at least 1"),
            (self.min_learn_sessions >= 1, "min_learn_sessions", "at least 1"),
            (self.min_learn_rows >= 1, "min_learn_rows", "at least 1"),
            (divides, "lag.step_ns", "a multiple of `grid_ns`, both above 0"),
            (reach, "lag.reach_ns", "0 to 100,000 steps"),
            (lag.min_common >= 1, "lag.min_common", "at least 1"),
            (lag.piece_ns > 0, "lag.piece_ns", "at least 1 ns"),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, expected)) => Err(ComparisonError::Setting { setting, expected }),
            None => Ok(()),
        }
    }

    pub(super) fn tick(&self, instrument_id: u32) -> Option<i64> {
        self.ticks.get(&instrument_id).copied()
    }
}
