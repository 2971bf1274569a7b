//! What a comparison found.

use super::{Band, ComparisonError, FarSource, LagPiece, LagReport, NotCompared};
use crate::Verdict;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Two or more sources, two by two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// Every two sources, in the order in which they were given.
    pub pairs: Vec<PairComparison>,
    /// With three sources or more: the one that is far from the others, by instrument.
    pub far: Vec<FarSource>,
}

/// Two sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairComparison {
    /// The first source.
    pub left: String,
    /// The second.
    pub right: String,
    /// Instruments that both have, ascending.
    pub instruments: Vec<InstrumentComparison>,
}

/// Two sources on one instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstrumentComparison {
    /// The instrument.
    pub instrument_id: u32,
    /// Its tick in 1e-9, where one was given.
    pub tick_nanos: Option<i64>,
    /// With the times as they are.
    pub as_is: ComparisonView,
    /// The search for a shift; null where none was asked for.
    pub lag: Option<LagReport>,
    /// With the second source moved by what the search found; null where it found nothing.
    pub corrected: Option<ComparisonView>,
    /// What is wrong.
    pub findings: Vec<ComparisonFinding>,
    /// `Fail` with a shift or a session outside its band.
    pub verdict: Verdict,
}

/// All sessions at one choice of times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonView {
    /// Rows of the first source.
    pub left_rows: u64,
    /// Rows of the second.
    pub right_rows: u64,
    /// Rows of the second that are nobody's partner.
    pub only_right: u64,
    /// Rows of the first that could not be compared.
    pub not_compared: NotCompared,
    /// Those that could; null without one.
    pub differences: Option<Differences>,
    /// Rows outside the bands of their sessions.
    pub outside: u64,
    /// `Fail` when a session fails, else `Pass` when one passes.
    pub verdict: Verdict,
    /// Sessions in order of time.
    pub sessions: Vec<SessionComparison>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionComparison {
    /// Its start.
    pub start_ns: i64,
    /// Rows of the first source.
    pub left_rows: u64,
    /// Rows of the second.
    pub right_rows: u64,
    /// Rows of the second that are nobody's partner.
    pub only_right: u64,
    /// Rows of the first that could not be compared.
    pub not_compared: NotCompared,
    /// Those that could; null without one.
    pub differences: Option<Differences>,
    /// Where differences may lie; null while there is too little to learn from.
    pub band: Option<Band>,
    /// Compared rows outside.
    pub outside: u64,
    /// `Fail` when too many are, `Insufficient` without a band or with too few rows.
    pub verdict: Verdict,
}

/// Differences of mids, first source less second. Percentiles are linear between neighbours (type 7); each number is
/// exact and rounded once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// Rows compared.
    pub rows: u64,
    /// Median magnitude, in 1e-9.
    pub median_abs_nanos: f64,
    /// 1st percentile, signed, in 1e-9.
    pub p01_nanos: f64,
    /// 99th percentile.
    pub p99_nanos: f64,
    /// Lowest.
    pub min_nanos: f64,
    /// Highest.
    pub max_nanos: f64,
    /// Median magnitude in basis points of the second source's mid, by steps of 1e-6; null where no mid is above 0.
    pub median_abs_bps: Option<f64>,
}

impl Differences {
    /// The median magnitude in ticks.
    #[must_use]
    pub fn median_abs_ticks(&self, tick_nanos: i64) -> f64 {
        self.median_abs_nanos / tick_nanos as f64
    }
}

/// Something wrong with two sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ComparisonFinding {
    /// The sources agree when this is added to the times of the second.
    TimeZoneSuspect {
        /// The lag.
        lag_ns: i64,
    },
    /// They agree when different lags are added in different stretches.
    TimeZoneChanges {
        /// The stretches, 0 included.
        pieces: Vec<LagPiece>,
    },
    /// Too much of a session lies outside its band.
    Outside {
        /// Start of the session.
        start_ns: i64,
        /// Rows outside.
        outside: u64,
        /// Rows compared.
        rows: u64,
    },
}

impl ComparisonReport {
    /// Both reports in one: work may be shared out by instrument.
    ///
    /// # Errors
    /// [`ComparisonError::Twice`] when an instrument of a pair is in both.
    pub fn merge(mut self, other: Self) -> Result<Self, ComparisonError> {
        for theirs in other.pairs {
            let same =
                |pair: &&mut PairComparison| pair.left == theirs.left && pair.right == theirs.right;
            let Some(ours) = self.pairs.iter_mut().find(same) else {
                self.pairs.push(theirs);
                continue;
            };
            for instrument in theirs.instruments {
                let id = instrument.instrument_id;
                match ours.instruments.binary_search_by_key(&id, |one| one.instrument_id) {
                    Ok(_) => {
                        return Err(ComparisonError::Twice {
                            left: ours.left.clone(),
                            right: ours.right.clone(),
                            instrument_id: id,
                        });
                    }
                    Err(place) => ours.instruments.insert(place, instrument),
                }
            }
        }
        self.far.extend(other.far);
        self.far.sort_by_key(|far| far.instrument_id);
        Ok(self)
    }
}

/// A lag as hours and minutes.
struct Lag(i64);

impl fmt::Display for Lag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.unsigned_abs() / 60_000_000_000;
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(out, "{sign}{}:{:02} h", minutes / 60, minutes % 60)
    }
}

/// A length in ticks where there are ticks, else as a price.
fn length(nanos: f64, tick_nanos: Option<i64>) -> String {
    match tick_nanos {
        Some(tick) => format!("{:.2} ticks", nanos / tick as f64),
        None => format!("{:.9}", nanos / 1e9),
    }
}

impl fmt::Display for ComparisonReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pair in &self.pairs {
            for instrument in &pair.instruments {
                write!(out, "instrument {}, ", instrument.instrument_id)?;
                writeln!(out, "{} less {}: {}", pair.left, pair.right, instrument.verdict)?;
                instrument.write(&pair.right, out)?;
            }
        }
        for far in &self.far {
            writeln!(
                out,
                "instrument {}: {} is {:.9} from the median of the others, which are {:.9} apart, on {} cells",
                far.instrument_id,
                far.source,
                far.distance_nanos / 1e9,
                far.others_apart_nanos / 1e9,
                far.common
            )?;
        }
        Ok(())
    }
}

impl InstrumentComparison {
    fn write(&self, right: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_view("as it is", &self.as_is, out)?;
        if let Some(view) = &self.corrected {
            self.write_view("corrected", view, out)?;
        }
        for finding in &self.findings {
            match finding {
                ComparisonFinding::TimeZoneSuspect { lag_ns } => {
                    writeln!(
                        out,
                        "  agrees when the times of {right} are moved by {}",
                        Lag(*lag_ns)
                    )?;
                }
                ComparisonFinding::TimeZoneChanges { pieces } => {
                    for piece in pieces {
                        let (from, until) = (piece.from_ns, piece.until_ns);
                        let lag = Lag(piece.lag_ns);
                        writeln!(out, "  {right} from {from} to {until}: moved by {lag}")?;
                    }
                }
                ComparisonFinding::Outside { start_ns, outside, rows } => {
                    writeln!(out, "  session of {start_ns}: {outside} of {rows} outside the band")?;
                }
            }
        }
        Ok(())
    }

    fn write_view(
        &self,
        name: &str,
        view: &ComparisonView,
        out: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let Some(found) = view.differences else {
            return writeln!(out, "  {name}: nothing to compare");
        };
        writeln!(
            out,
            "  {name}: {} compared, {} only left, {} only right; median {}, 1 % to 99 % {} to {}",
            found.rows,
            view.not_compared.only_left(),
            view.only_right,
            length(found.median_abs_nanos, self.tick_nanos),
            length(found.p01_nanos, self.tick_nanos),
            length(found.p99_nanos, self.tick_nanos)
        )
    }
}
