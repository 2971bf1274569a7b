//! Point-in-time features: one sweep for live and batch, exact and leak-proof.
#![forbid(unsafe_code)]

mod asof;
mod math;
#[cfg(feature = "selection")]
pub mod selection;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");
