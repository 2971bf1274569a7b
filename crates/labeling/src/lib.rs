//! Outcomes of trading decisions, labels and grades with evidence, and the proof that they are right.
#![forbid(unsafe_code)]

mod clopper_pearson;
mod draws;
mod drift;
mod grade;
mod measure;
mod null;
mod rows;
mod settings;
mod significance;
mod special;
mod weights;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use clopper_pearson::{IntervalError, clopper_pearson};
pub use drift::{
    ClassDrift, Classes, Contradiction, StatusCounts, class_drift, contradictions, status_counts,
};
pub use grade::{Grade, Graded};
pub use measure::{Better, Measure, Reading, Readings, Scalar, Scale};
pub use null::Null;
pub use settings::{
    Anchor, Barrier, Benchmark, Covers, Cuts, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};
pub use significance::{
    Bootstrap, Cell, CellLabel, CellTest, DecisionInfo, MethodTest, Period, SignificanceError,
    SignificanceOptions, Verdict, block_length, by_grade, cells, false_discovery, label_tests,
    newey_west, side_placebo, significance, stationary_bootstrap, t_test,
};
pub use weights::{
    Lives, Overlap, Path, PathOverlap, WeightError, WeightOptions, decay_weights, label_weights,
};
