//! How far can this table be trusted: checks, scores, anomalies, drift, imputation and cleansing, with evidence.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod anomaly;
mod change;
mod clock;
mod comparison;
mod context;
mod dimension;
mod draws;
mod drift;
mod imputation;
mod judge;
mod kinds;
mod lineage;
mod marks;
mod math;
mod pairs;
mod profile;
mod report;
mod rows;
mod rule_set;
mod score;
mod state;
mod tally;
mod verdict;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use clock::{
    ClockError, ClockFinding, ClockModel, ClockPeriod, ClockReport, ClockSettings, Reading, SourceClock,
    SourceClocks,
};
pub use comparison::{
    Band, BarMid, CompareBy, ComparisonError, ComparisonFinding, ComparisonReport, ComparisonSettings,
    Differences, FarSource, InstrumentComparison, LagPiece, LagReport, LagScore, LagSearch, NotCompared,
    PairComparison, SessionComparison, SessionCut, SourceRows, Ties, ComparisonView, compare,
};
pub use context::{Context, ContextError};
pub use dimension::Dimension;
pub use judge::Form;
pub use kinds::{Action, KindSpec, Param, ParamSpec, ParamType, kind, kinds};
pub use lineage::{
    ColumnEdge, Lineage, LineageEdge, LineageError, LineageHole, LineageNode, lineage_edges,
};
pub use report::{Finding, Report};
pub use rule_set::{CheckSpec, Gate, RuleError, RuleSet, Weights};
pub use score::Score;
pub use state::{CheckError, Flags, LateFlag, TableState};
pub use tally::Counts;
pub use verdict::{NotEvaluated, Verdict};
