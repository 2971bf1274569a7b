//! Outcomes of trading decisions, labels and grades with evidence, and the proof that they are right.
#![forbid(unsafe_code)]

mod diff;
mod dry_run;
mod grade;
mod measure;
mod null;
mod number;
mod outcome_readings;
mod prove;
mod rule_book;
mod settings;
mod spec;

pub use diff::{Change, SpecDiff, diff};
pub use dry_run::{DryRun, DryRunError, DryRunOptions, Example, RowCounts, Transitions, dry_run};
pub use grade::{
    Axis, Base, Bound, Demote, Errors, GRADES, Grade, GradeError, GradeRules, Graded, Limit, Op,
};
pub use measure::{Better, Measure, Reading, Readings, Scalar, Scale};
pub use null::Null;
pub use number::Decimal;
pub use outcome_readings::{OutcomeColumnError, OutcomeColumns, outcome_readings};
pub use prove::{Proof, Warning, prove, prove_with};
pub use rule_book::{RuleBook, RuleBookError};
pub use settings::{
    Anchor, Barrier, Benchmark, Covers, Cuts, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};
pub use spec::{LabelSpec, LabelSpecError, LabelSpecErrors, Place};

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");
