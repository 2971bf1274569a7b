//! How far can this table be trusted: checks, scores, anomalies, drift, imputation and cleansing, with evidence.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod anomaly;
mod change;
mod clock;
mod comparison;
mod dimension;
mod draws;
mod drift;
mod imputation;
mod math;
mod profile;
mod verdict;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use clock::{
    ClockError, ClockFinding, ClockModel, ClockPeriod, ClockReport, ClockSettings, Reading,
    SourceClock, SourceClocks,
};
pub use comparison::{
    Band, BarMid, CompareBy, ComparisonError, ComparisonFinding, ComparisonReport,
    ComparisonSettings, ComparisonView, Differences, FarSource, InstrumentComparison, LagPiece,
    LagReport, LagScore, LagSearch, NotCompared, PairComparison, Partner, SessionComparison,
    SessionCut, SourceRows, Ties, Uncompared, compare,
};
pub use dimension::Dimension;
pub use verdict::{NotEvaluated, Verdict};
