//! Polars over contract tables: the Arrow bridge, features derived from features, and what a table holds in numbers.
//!
//! What it is: record batches to frames of Polars and back without a copy where the layouts agree; formulas over the
//! columns of a decision row, declared in TOML; ranks and statistics among the rows of one cut-off; summaries and
//! correlations as tables. What it is not: there is no I/O, no clock and no randomness here, and no market data is read:
//! features that need ticks belong to `features`.
//!
//! Three nouns carry the crate. A [`Route`] says how a column of a type crosses. A [`DerivedPlan`] is a declaration
//! against the columns of a table, with every name found and every type checked. [`Statistics`] gathers a table batch by
//! batch.
//!
//! ```
//! use analytics::{DerivedSpec, Statistics};
//! use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampNanosecondArray};
//! use std::sync::Arc;
//!
//! // Four decisions at two cut-offs.
//! let cutoffs = TimestampNanosecondArray::from(vec![10, 10, 10, 20]).with_timezone("UTC");
//! let imbalance = Float64Array::from(vec![Some(0.5), Some(-0.2), None, Some(0.1)]);
//! let volatility = Float64Array::from(vec![2.0, 0.4, 1.0, 0.0]);
//! let rows = RecordBatch::try_from_iter([
//!     ("ts_cutoff", Arc::new(cutoffs) as ArrayRef),
//!     ("flow__imbalance__1m", Arc::new(imbalance)),
//!     ("vol__rv__1m", Arc::new(volatility)),
//! ])?;
//! let spec = DerivedSpec::parse(
//!     r#"
//!     [[derived]]
//!     name = "flow__imbalance_per_vol__1m"
//!     unit = "ratio"
//!     null = "propagate"
//!     expr = "flow__imbalance__1m / vol__rv__1m"
//!
//!     [[derived]]
//!     name = "flow__imbalance_rank__1m"
//!     unit = "ratio"
//!     null = { value = 0.5 }
//!     rank = { of = "flow__imbalance_per_vol__1m", stat = "share" }
//!     "#,
//! )?;
//! let derived = spec.resolve(&rows.schema())?.evaluate(&[rows])?.remove(0);
//! let expected: [ArrayRef; 2] = [
//!     Arc::new(Float64Array::from(vec![Some(0.25), Some(-0.5), None, None])), // 0.1 / 0 has no value
//!     Arc::new(Float64Array::from(vec![1.0, 0.5, 0.5, 0.5])),                 // 2 of 2, 1 of 2, filled, filled
//! ];
//! assert_eq!(derived.columns(), expected);
//!
//! let mut statistics = Statistics::new(&derived.schema())?;
//! statistics.push(&derived)?;
//! assert_eq!(statistics.summary()?.num_rows(), 2); // a row a column
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The example `version` does this over the files of a version of a dataset; the guide `docs/guide/frames-in-polars.md`
//! tells the rest.
//!
//! # Point in time
//! A formula reads its own row, and no column that needs the future of its decision: such columns are refused by their
//! causality, role or name. A cross-section reads rows with a cut-off at or before that of its row, never later ones.
//!
//! # What Polars reads
//! Polars takes the number of its threads from the environment. No result depends on it.
// Not `forbid`, because one module of the bridge is the only one with unsafe code.
#![deny(unsafe_code)]

mod bridge;
mod cross;
mod derived;
mod moments;
mod summary;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use bridge::{BridgeError, Route, route, to_arrow, to_polars, to_polars_chunked};
pub use cross::{CrossError, CrossSection, CrossStat, group_ids};
pub use derived::{DerivedError, DerivedPlan, DerivedSpec, Place};
pub use summary::{Statistics, SummaryError};

/// The guide's Rust blocks run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/frames-in-polars.md")]
struct FramesGuide;
