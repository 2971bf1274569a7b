//! Features that are formulas over columns of the same decision row, or ranks among rows of one cut-off.

mod compile;
mod error;
mod evaluate;
mod expression;
mod kernels;
mod plan;
mod spec;
mod token;
mod typing;

pub use error::{DerivedError, Place};
pub use plan::DerivedPlan;
pub use spec::DerivedSpec;
