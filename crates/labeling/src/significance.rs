//! Which groups of labels differ from nothing: two tests that must agree, on an effective sample size, under
//! false-discovery control.

mod balance;
mod bootstrap;
mod cell;
mod error;
mod family;
mod mean;
mod placebo;
mod table;

pub(crate) use balance::{Shares, chi_square};
pub use bootstrap::{Bootstrap, block_length, stationary_bootstrap};
pub use cell::{Cell, CellLabel, DecisionInfo, Period, by_grade, cells};
pub use error::SignificanceError;
pub use family::{CellTest, SignificanceOptions, Verdict, false_discovery, significance};
pub use mean::{MethodTest, newey_west, t_test};
pub use placebo::side_placebo;
pub use table::label_tests;

/// Confidence of every interval.
pub(crate) const CONFIDENCE: f64 = 0.95;
