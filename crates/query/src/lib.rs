//! SQL over a capture log, its archive, dataset versions and files of contract tables.
//!
//! What it is: a [`Catalogue`] of places, a [`Session`] that answers one SQL statement at a time as of one moment, and
//! table functions for what SQL lacks. What it is not: a place where data is changed, or one that decides what the words
//! of a table mean; that is for `contract`, `capture` and `datasets`.
#![forbid(unsafe_code)]

mod answer;
mod catalogue;
mod dataset;
mod error;
mod file;
mod fs_read;
mod functions;
mod log;
mod names;
mod options;
mod parquet_scan;
mod parquet_table;
mod reads;
mod repeatable;
mod session;
mod shelf;
mod statement;
mod system;
mod watch;

pub use answer::{Answer, Meter, Note};
pub use catalogue::{Catalogue, CatalogueError};
pub use error::{Place, QueryError};
pub use options::Options;
pub use session::{Session, TableInfo};

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");
