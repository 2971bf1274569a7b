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
mod explain;
mod float_bits;
mod imputation;
mod judge;
mod kinds;
mod lineage;
mod marks;
mod math;
mod observe;
mod pairs;
mod profile;
mod report;
mod rows;
mod rule_set;
mod score;
mod scorer;
mod state;
mod tally;
mod verdict;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use anomaly::{
    AnomalyError, CentredRule, Fence, FenceRule, IqrFence, Judgement, RobustZ, RobustZRule,
    RoundTripRule, Sample, SlotHistory, SlotRule, SpikeGate, SpikeRule, Spread, WideSpread, Window,
    hampel, median_and_mad, quantile, robust_z, round_trip, slot_of_day, slot_of_week,
    spike_centred,
};
pub use change::{Alarm, ChangeError, Cusum, Direction, Ewma, PageHinkley, PageHinkleyOptions};
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
pub use context::{Context, ContextError};
pub use dimension::Dimension;
pub use drift::{
    Blocks, ColumnDrift, Counted, Detail, DriftError, DriftFinding, DriftOptions, DriftReport,
    DriftSpec, DriftVerdict, DriftWindow, Effect, Joint, Reference, Short, drift,
    hellinger_distance, jensen_shannon_distance, ks_distance, population_stability,
    wasserstein_distance,
};
pub use imputation::{
    FittedPlan, ImputationPlan, ImputeMethod, Imputer, PlanError, PlanUse, PlannedColumn, Reasons,
};
pub use judge::Form;
pub use kinds::{Action, KindSpec, Param, ParamSpec, ParamType, kind, kinds};
pub use lineage::{
    ColumnEdge, Lineage, LineageEdge, LineageError, LineageHole, LineageNode, lineage_edges,
};
pub use explain::{Answer, Explained, Explainer, Says};
pub use judge::Form;
pub use kinds::{Action, KindSpec, Param, ParamSpec, ParamType, kind, kinds};
pub use observe::EventCounts;
pub use profile::{
    ColumnProfile, DistinctCount, ExactSum, Frequent, Moments, ProfileError, ProfileOptions,
    ProfileReading, ProfileState, Quantile, TableProfile, Value, exact_quantiles,
};
pub use report::{Finding, Report};
pub use rule_set::{CheckSpec, Gate, RepairSpec, RuleError, RuleSet, Weights};
pub use score::Score;
pub use scorer::{Closing, Judged, Output, Repair, Review, ScoreError, Scorer, Stats, clean};
pub use state::{CheckError, Flags, LateFlag, TableState};
pub use tally::Counts;
pub use verdict::{NotEvaluated, Verdict};
