//! Outcomes of trading decisions, labels and grades with evidence, and the proof that they are right.
#![forbid(unsafe_code)]

mod diff;
mod dry_run;
mod error;
mod evaluate;
mod exact;
mod facts;
mod flags;
mod grade;
mod intake;
mod key;
mod label;
mod labeler;
mod ledger;
mod market;
mod markout;
mod measure;
mod null;
mod number;
mod outcome_readings;
mod output;
mod path;
mod prove;
mod report;
mod rows;
mod rule_book;
mod run;
mod settings;
mod spec;

pub use diff::{Change, SpecDiff, diff};
pub use dry_run::{DryRun, DryRunError, DryRunOptions, Example, RowCounts, Transitions, dry_run};
pub use error::LabelError;
pub use flags::OutcomeFlags;
pub use grade::{
    Axis, Base, Bound, Demote, Errors, GRADES, Grade, GradeError, GradeRules, Graded, Limit, Op,
};
pub use labeler::{Input, Labeler, Output};
pub use measure::{Better, Measure, Reading, Readings, Scalar, Scale};
pub use null::Null;
pub use number::Decimal;
pub use outcome_readings::{OutcomeColumnError, OutcomeColumns, outcome_readings};
pub use prove::{Proof, Warning, prove, prove_with};
pub use report::{Report, TargetReport};
pub use rule_book::{RuleBook, RuleBookError};
pub use run::{Inputs, Options, Run, number, run};
pub use settings::{
    Anchor, Barrier, Benchmark, Covers, Cuts, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};
pub use spec::{LabelSpec, LabelSpecError, LabelSpecErrors, Place};

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");
