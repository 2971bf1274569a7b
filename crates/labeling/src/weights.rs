//! Weights of labels whose lives overlap.

mod decay;
mod error;
mod lives;
mod path;
mod sweep;
mod table;

pub use decay::decay_weights;
pub use error::WeightError;
pub use lives::{Lives, Overlap};
pub use path::{Path, PathOverlap};
pub use table::{WeightOptions, label_weights};
