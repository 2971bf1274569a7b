//! The `hindsight-query` command line as a library: SQL over capture logs, archives, dataset versions and files.
//!
//! What it is: arguments, one-shot statements, a prompt, and named example queries, around the crate `query`. What it is
//! not: a place for what SQL means here; that is in `query`. Formats, exit codes, messages, configuration and signals are
//! those of `hindsight`.
//!
//! ```
//! use hindsight_query::{Example, statements};
//! let [first, second] = &statements("SELECT 1; -- a comment;\nSELECT ';'")[..] else { panic!() };
//! assert_eq!(first.trim(), "SELECT 1");
//! assert_eq!(second.trim(), "-- a comment;\nSELECT ';'");
//! assert!(Example::all().iter().any(|example| example.name() == "latency-chain-by-strategy"));
//! ```
#![forbid(unsafe_code)]

mod args;
mod engine;
mod error;
mod example;
mod forms;
mod output;
mod places;
mod program;
mod prompt;
mod run;
mod sql;

pub use args::Args;
pub use error::SqlError;
pub use example::{Example, Kind, Parameter};
pub use prompt::{Action, Names, candidates};
pub use sql::{is_complete, statements};
