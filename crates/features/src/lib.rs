//! Point-in-time features: one sweep for live and batch, exact and leak-proof.
#![forbid(unsafe_code)]

mod asof;
mod math;
#[cfg(feature = "selection")]
pub mod selection;
