//! The registered experiment: do our datasets make better models?
//!
//! A [`ClaimSpec`] is written down and hashed before any result; an [`Experiment`] is the rows, features and labels of
//! a dataset in memory; its [`ClaimReport`] holds every cell, whatever came out. Arms differ in what is learned from:
//! the rows held out, their labels and their weights in the metrics are the same for all.

mod arms;
mod cells;
mod dataset;
mod draws;
mod error;
mod experiment;
mod folds;
mod logistic;
mod matrix;
mod metric;
mod power;
mod report;
mod resample;
mod spec;

pub use arms::Arm;
pub use cells::{Cell, Outcome};
pub use dataset::load_experiment;
pub(crate) use draws::Draws;
pub use error::ClaimError;
pub use experiment::{ClaimReport, ClaimRow, Experiment, SessionUnit};
pub use folds::ClaimPurge;
pub use logistic::{Learners, Logistic};
pub use matrix::Matrix;
pub use metric::{Confusion, Metric};
pub(crate) use metric::{Predicted, Tally};
pub use power::{effective_rows_needed, mcnemar};
pub use report::{claim_document, claim_text};
pub(crate) use resample::resample;
pub use spec::{ClaimModel, ClaimSpec, Decide};
