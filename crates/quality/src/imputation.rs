//! Proposed values beside missing ones, never over them.

mod error;
mod fill;
mod fitted;
mod hindsight;
mod imputer;
mod plan;
mod table;

pub use error::PlanError;
pub use fitted::{FittedPlan, Reasons};
pub use imputer::Imputer;
pub use plan::{ImputationPlan, ImputeMethod, PlanUse, PlannedColumn};
