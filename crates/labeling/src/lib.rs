//! Outcomes of trading decisions, labels and grades with evidence, and the proof that they are right.
#![forbid(unsafe_code)]

mod audit;
mod clopper_pearson;
mod diff;
mod draws;
mod drift;
mod dry_run;
mod error;
mod evaluate;
mod exact;
mod explain;
mod facts;
mod flags;
mod grade;
mod inputs;
mod intake;
mod key;
mod label;
mod label_rows;
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
mod significance;
mod spec;
mod special;
mod weights;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use audit::{
    Agreement, AuditPlan, AuditReport, AuditRow, Audited, AuditedLabel, AuditedMarkout,
    AuditedOutcome, Auditor, Disagreement, Fate, RulesOf, Stratum, Tables, audit, compare,
};
pub use clopper_pearson::{IntervalError, clopper_pearson};
pub use diff::{Change, SpecDiff, diff};
pub use drift::{
    ClassDrift, Classes, Contradiction, StatusCounts, class_drift, contradictions, status_counts,
};
pub use dry_run::{DryRun, DryRunError, DryRunOptions, Example, RowCounts, Transitions, dry_run};
pub use error::LabelError;
pub use explain::{Explained, InputRow, PathSpan, explain};
pub use flags::OutcomeFlags;
pub use grade::{
    Axis, Base, Bound, Demote, Errors, GRADES, Grade, GradeError, GradeRules, Graded, Limit, Op,
};
pub use inputs::Inputs;
pub use labeler::{Input, Labeler, Output};
pub use measure::{Better, Measure, Reading, Readings, Scalar, Scale};
pub use null::Null;
pub use number::Decimal;
pub use outcome_readings::{OutcomeColumnError, OutcomeColumns, outcome_readings};
pub use prove::{Proof, Warning, prove, prove_with};
pub use report::{Report, TargetReport};
pub use rule_book::{RuleBook, RuleBookError};
pub use run::{Options, Run, number, run};
pub use settings::{
    Anchor, Barrier, Benchmark, Covers, Cuts, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};
pub use significance::{
    Bootstrap, Cell, CellLabel, CellTest, DecisionInfo, MethodTest, Period, SignificanceError,
    SignificanceOptions, Verdict, block_length, by_grade, cells, false_discovery, label_tests,
    newey_west, side_placebo, significance, stationary_bootstrap, t_test,
};
pub use spec::{LabelSpec, LabelSpecError, LabelSpecErrors, Place};
pub use weights::{
    Lives, Overlap, Path, PathOverlap, WeightError, WeightOptions, decay_weights, label_weights,
};
