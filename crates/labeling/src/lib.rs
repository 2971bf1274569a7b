//! Outcomes of trading decisions, labels and grades with evidence, and the proof that they are right.
//!
//! What it is: an engine that turns decisions, fills and the market data after them into outcome measures, labels and a
//! five-step grade, live and in batch; the rules of a grade, proven monotone when they are read; weights under overlap, and tests
//! of what is significant; an independent second computation, for the 98 % that must agree. It is the only crate that looks
//! forward in time: every table it makes says so, and `features` refuses them. What it is not: it opens no file, knows no clock but the
//! data's, and trains nothing.
//!
//! Three nouns carry the crate. A [`LabelSpec`] says what is measured and how it is graded; a [`Labeler`] takes batches in
//! the order of a log and hands out rows as soon as their interval has closed ([`run`](run()) does it for tables in memory); an
//! [`AuditReport`] says whether a second implementation agrees.
//!
//! ```
//! use contract::testing::{decisions, quotes};
//! use labeling::{Inputs, LabelSpec, Options, run};
//!
//! let spec = LabelSpec::parse(
//!     r#"
//!     id = "first"
//!     version = 1
//!     measures = { anchor = "decision", horizon = "50ns", max_life = "1h", offsets = [], allowed_lateness = "5ns" }
//!     [triple_barrier.tb]                          # profit at 4 %, loss at 2 %, or 50 ns
//!     covers = { decisions = ["enter"], basis = ["counterfactual"] }
//!     barriers = { profit_bps = 400, loss_bps = 200 }
//!     "#,
//! )?;
//! let inputs = Inputs {
//!     decisions: vec![decisions(&[100]).with_seq(1)], // to buy, at the ask of 100
//!     quotes: vec![
//!         quotes("90 99 100").with_seq(0),
//!         quotes("110 98 99, 120 97 98, 130 105 106, 200 90 91").with_seq(2),
//!     ],
//!     ..Inputs::default()
//! };
//! let out = run(spec, &inputs, Options::default())?;
//! let labels = out.labels.ok_or("no label")?;
//! assert_eq!(labels.cell(&contract::Labels::CLASS, 0)?, Some(-1)); // the bid of 98 at 110 was the stop, before 105
//! assert_eq!(labels.cell(&contract::Labels::TS_END, 0)?.nanos(), 110);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees, each with its test
//! - Engine and audit agree on every scenario worked out by hand and on simulated desks (`tests/it/engine.rs`, `truth.rs`).
//! - Without faults labels are the simulator's truth (`tests/it/truth.rs`); first touches, excursions, markouts and shortfall are
//!   those of exact scans and of pandas, `DuckDB`, frds, ml4t-engineer (`tests/it/oracles.rs`).
//! - Known faults of other packages are not repeated (`tests/it/oracles.rs`).
//! - A better outcome never gets a worse grade (`tests/it/grade.rs`), and the rules are proven cell by cell when they are read
//!   (`tests/it/prove.rs`).
//! - Under overlap no more than 8 % of the nulls are called significant (`tests/it/statistics`, `benches/null_tests.rs`).
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
