//! Polars over contract tables: the Arrow bridge, derived features, summaries.
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
