//! The `hindsight` command line as a library: what the binary does, callable by tests and by the project's chores.
//!
//! What it is: arguments, configuration, inputs and outputs, errors and exit codes, progress, and one function a
//! command that composes the stage crates. What it is not: a place for decisions about data; those live in the stages.
//!
//! Three nouns carry it. A [`Source`] is a table that comes in and proves that it is whole; a [`TableOutput`] is a
//! table that goes out, whole or not at all; a [`Failure`] is everything that is said about what went wrong, and
//! decides the [`Exit`]. A program of the family, as `hindsight-query`, is a
//! [`Program`] that [`start`] runs.
//!
//! ```
//! let exit = hindsight::Exit::from(contract::Fault::Incomplete);
//! assert_eq!(exit.code(), 5);
//! ```
#![forbid(unsafe_code)]

mod claim;
mod cli;
mod commands;
mod config;
mod console;
mod context;
mod error;
mod exit;
mod explanations;
mod input;
mod logging;
mod metrics;
mod output;
mod progress;
mod reference;
mod rejects;
mod render;
mod run;
mod signals;

pub use claim::{
    Arm, Cell, ClaimError, ClaimModel, ClaimPurge, ClaimReport, ClaimRow, ClaimSpec, Confusion,
    Decide, Experiment, Learners, Logistic, Matrix, Metric, Outcome, SessionUnit, claim_document,
    claim_text, effective_rows_needed, load_experiment, mcnemar,
};
pub use cli::{Cli, Command, GlobalArgs};
pub use commands::{print_completions, write_man};
pub use config::{
    Config, ConfigError, KEYS, Key, KeyClass, KeyKind, Layers, Origin, Setting, Value,
};
pub use console::{Console, say};
pub use context::Context;
pub use error::{CliError, ErrorReport, Failure, Place};
pub use exit::Exit;
pub use explanations::{Explanation, explanations};
pub use input::{Framed, InputArg, Kind, RawSource, ReadOptions, Source, parse_inputs};
pub use metrics::{METRICS, Metrics, StageStats};
pub use output::{
    ByteSink, Document, Folder, Format, Grid, OutputPlan, Pending, Published, Scratch, TableOutput,
    Target, print,
};
pub use progress::Progress;
pub use reference::generated_files;
pub use rejects::Allowance;
pub use render::{render_json, render_text};
pub use run::{Program, run, start};
pub use signals::Stop;

/// The README's Rust blocks run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The Rust blocks of the guides run as documentation tests too.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/capture-from-your-service.md")]
struct CaptureGuide;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/embed-one-crate.md")]
struct EmbedGuide;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/write-a-feature.md")]
struct FeatureGuide;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/write-a-label-rule.md")]
struct LabelGuide;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/add-a-quality-check.md")]
struct QualityGuide;
