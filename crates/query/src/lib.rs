//! SQL over a capture log, its archive, dataset versions and files of contract tables.
//!
//! What it is: a [`Catalogue`] of places, a [`Session`] that answers one SQL statement at a time as of one moment, and
//! table functions for what SQL lacks. What it is not: a place where data is changed, or one that decides what the words
//! of a table mean; that is for `contract`, `capture` and `datasets`.
//!
//! # Names
//! - `log.trades`, or `trades` where one place alone has it: a table of a log and its archive.
//! - `datasets.entries`: the latest version of a dataset; `datasets."entries@7"`, `"entries@2d711642"` and
//!   `"entries@champion"`: the version of that number, hash or reference; `"entries@7/lineage"`, `"/dropped"` and
//!   `"/folds"`: the tables beside its rows. Behind the columns of a version stands `split`.
//! - `files.labels`: files that were named for the session, one after the other.
//! - `system.tables`, `system.versions`: what has a name, and every version with its state.
//!
//! # Table functions
//! - `as_of(table, bound)`: a table as it was known, by a sequence number of its log or an instant; a dataset by an instant.
//! - `dataset(version [, part])`: a version, or a table beside its rows, without quoted names.
//! - `asof_join(left, right, left_time, right_time [, by [, max_age]])`: for each left row the last right row that was
//!   known before it, strictly. Right columns are named `right_..`; `asof_found` and `asof_age_ns` say what was found.
//!
//! ```
//! use contract::{Principal, Purpose, ReadContext};
//! use query::{Catalogue, Options, Session};
//! use std::sync::Arc;
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let context = ReadContext { principal: Principal::parse("desk")?, purpose: Purpose::parse("research")? };
//! let session = Session::new(Arc::new(durable::RealFs), Catalogue::default(), Options::new(context))?;
//! let mut answer = session.query("SELECT 6 * 7 AS answer").await?;
//! let batch = answer.next().await?.unwrap();
//! assert_eq!(batch.schema().field(0).name(), "answer");
//! assert!(answer.next().await?.is_none());
//! let wrong = session.query("SELECT *\nFROM trade").await.unwrap_err();
//! assert_eq!(wrong.to_string(), "no table `trade`");
//! assert_eq!(wrong.place().unwrap().line, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod answer;
mod catalogue;
mod causality;
mod checked;
mod dataset;
mod error;
mod file;
mod footer;
mod fs_read;
mod functions;
mod literals;
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
mod units;
mod watch;

pub use answer::{Answer, Meter, Note};
pub use catalogue::{Catalogue, CatalogueError};
pub use error::{Place, QueryError};
pub use literals::is_letter;
pub use options::Options;
pub use session::{Session, TableInfo};

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");
