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

pub use anomaly::{
    AnomalyError, CentredRule, Fence, FenceRule, IqrFence, Judgement, RobustZ, RobustZRule,
    RoundTripRule, Sample, SlotHistory, SlotRule, SpikeGate, SpikeRule, Spread, WideSpread, Window,
    hampel, median_and_mad, quantile, robust_z, round_trip, slot_of_day, slot_of_week,
    spike_centred,
};
pub use dimension::Dimension;
pub use imputation::{
    FittedPlan, ImputationPlan, ImputeMethod, Imputer, PlanError, PlanUse, PlannedColumn, Reasons,
};
pub use verdict::{NotEvaluated, Verdict};
