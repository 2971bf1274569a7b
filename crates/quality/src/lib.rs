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
mod float_bits;
mod imputation;
mod math;
mod profile;
mod verdict;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use change::{Alarm, ChangeError, Cusum, Direction, Ewma, PageHinkley, PageHinkleyOptions};
pub use dimension::Dimension;
pub use drift::{
    Blocks, ColumnDrift, Counted, Detail, DriftError, DriftOptions, DriftReport, DriftSpec,
    DriftVerdict, Effect, Finding, Joint, Reference, Short, Window, drift, hellinger_distance,
    jensen_shannon_distance, ks_distance, population_stability, wasserstein_distance,
};
pub use verdict::{NotEvaluated, Verdict};
