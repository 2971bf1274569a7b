//! Outcomes of trading decisions, labels and grades with evidence, and the proof that they are right.
#![forbid(unsafe_code)]

mod audit;
mod flags;
mod grade;
mod measure;
mod null;
mod settings;

pub use audit::{
    Agreement, AuditInputs, AuditPlan, AuditReport, AuditRow, Audited, AuditedLabel,
    AuditedMarkout, AuditedOutcome, Auditor, Disagreement, Fate, RulesOf, Stratum, Tables, audit,
    compare,
};
pub use flags::OutcomeFlags;
pub use grade::{Grade, Graded};
pub use measure::{Better, Measure, Reading, Readings, Scalar, Scale};
pub use null::Null;
pub use settings::{
    Anchor, Barrier, Benchmark, Covers, Cuts, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};
