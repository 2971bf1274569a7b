//! How far can a table be trusted, with evidence.
//!
//! What it is: checks of every contract table, scores, and good rows with rejects; beside them profiles, drift, detectors,
//! imputation plans, comparison of sources, clocks and lineage. What it is not: there is no I/O, no clock and no unseeded
//! randomness here, nothing is edited in place, and no check that looks ahead can change what a feature sees.
//!
//! Three nouns carry the crate. A [`RuleSet`] says what is checked and how answers become a score; a [`Scorer`] puts it to
//! work on a stream and hands out rows with flags and score, rejects, repairs and events; a [`Report`] says what was found.
//! Rules are made of [`kinds`]; the rules that come with Hindsight are [`RuleSet::built_in`]. Work in parts goes through
//! [`TableState`], which merges and can be saved.
//!
//! ```
//! use contract::{InstrumentId, Origin, Price, QualityMode, Quotes, SourceId, TableBuilder, UtcNanos};
//! use quality::{RuleSet, Scorer};
//!
//! let now = UtcNanos::parse("2026-03-02T14:30:00Z")?;
//! let mut quotes = TableBuilder::<Quotes>::new(now);
//! for (bid, ask) in [("100.01", "100.02"), ("100.03", "100.02")] {
//!     quotes.set(&Quotes::SOURCE_ID, SourceId::new(1)).set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7));
//!     quotes.set(&Quotes::BID_PX, Price::parse(bid)?).set(&Quotes::ASK_PX, Price::parse(ask)?).end_row()?;
//! }
//! let quotes = quotes.finish()?.with_seq(1).into_record_batch();
//!
//! let rules = RuleSet::built_in("quotes")?;
//! let mut scorer = Scorer::new(&rules, QualityMode::Live, Origin::new("quality", "my feed"));
//! let out = scorer.push(&quotes, now)?;
//! assert_eq!((out.rows.num_rows(), out.rejects.len()), (2, 0)); // a crossed quote is flagged, not lost
//! let (_, report) = scorer.finish(now)?;
//! let crossed = report.findings().iter().find(|f| f.check().id() == "quotes.crossed").unwrap();
//! assert_eq!((crossed.counts().violations, crossed.samples()), (1, &[2][..]));
//! assert!(report.score().coverage < 1.0); // no instruments were given, so ticks could not be checked, and it says so
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
    RoundTripRule, Sample, SlotHistory, SlotRule, SpikeGate, SpikeRule, Spread, Window, hampel,
    median_and_mad, quantile, robust_z, round_trip, slot_of_day, slot_of_week, spike_centred,
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
pub use explain::{Answer, Explained, Explainer, Says};
pub use imputation::{
    FittedPlan, ImputationPlan, ImputeMethod, Imputer, PlanError, PlanUse, PlannedColumn, Reasons,
};
pub use judge::Form;
pub use kinds::{Action, KindSpec, Param, ParamSpec, ParamType, kind, kinds};
pub use lineage::{
    ColumnEdge, Lineage, LineageEdge, LineageError, LineageHole, LineageNode, lineage_edges,
};
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
