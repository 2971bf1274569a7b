//! Which features carry information, and how surely.
//!
//! What it is: statistics over columns, a target and label intervals that the caller hands over, and a table of scores
//! with confidence. What it is not: it reads no market data and makes no features, it fills in no missing value, and it
//! never lets a test row into a fit.
//!
//! Three nouns carry the module. A [`Matrix`] holds [`Column`]s with nulls; a [`Sample`] says what they are to explain and
//! when each label lives; a [`Fold`] names rows to fit on and rows to score on, refused when a training label overlaps a
//! test label. [`select`] does all steps; each stands alone as well: [`screen`], [`clusters`], [`relevance`], [`mrmr`],
//! [`permutation_importance`], [`choices`], [`q_values`].
//!
//! ```
//! use features::selection::{purged_folds, select, Column, Logistic, Matrix, Sample, Settings, Target};
//! use std::num::NonZeroUsize;
//!
//! // A row a minute in 8 sessions; each label lives for a minute. The imbalance tells the class, the hour does not.
//! let rows = 800;
//! let mixed = |row: u64, salt: u64| (row * 2_654_435_761 + salt * 40_503) % 1_009;
//! let imbalance: Vec<f64> = (0..rows).map(|row| mixed(row, 1) as f64 / 1_009.0).collect();
//! let hour: Vec<f64> = (0..rows).map(|row| mixed(row * row, 2) as f64).collect();
//! let classes: Vec<u32> =
//!     imbalance.iter().zip(0..).map(|(x, row)| u32::from(x + mixed(row * 7, 3) as f64 / 2_018.0 > 0.75)).collect();
//! let ts_from: Vec<i64> = (0..800).map(|row| row * 60_000_000_000).collect();
//! let ts_to: Vec<i64> = ts_from.iter().map(|t| t + 60_000_000_000).collect();
//! let sessions: Vec<u32> = (0..800).map(|row| row / 100).collect();
//!
//! let matrix = Matrix::try_new(vec![Column::new("book__qi__now", &imbalance), Column::new("time__hour__now", &hour)])?;
//! let sample = Sample::try_new(Target::Classes(&classes), &ts_from, &ts_to)?.with_sessions(&sessions)?;
//! let folds = purged_folds(&sample, 4, 300_000_000_000)?;
//! let settings = Settings { keep: 1, shifts: 199, ..Settings::default() };
//! let found = select(&matrix, &sample, &folds, &Logistic::default(), &settings, 7, NonZeroUsize::MIN)?;
//! assert_eq!(found.confirmed, [0]);
//! assert_eq!(found.scores.len(), 2 * 11); // seven methods a feature, and four folds
//! # Ok::<(), features::selection::SelectionError>(())
//! ```

mod cluster;
mod discovery;
mod draws;
mod error;
mod folds;
mod importance;
mod information;
mod learner;
mod logistic;
mod matrix;
mod mrmr;
mod pipeline;
mod ranks;
mod ridge;
mod sample;
mod scores;
mod screen;
mod settings;
mod stability;
mod threads;

pub use cluster::{clusters, spearman};
pub use discovery::q_values;
pub use error::SelectionError;
pub use folds::{Fold, check_folds, purged_folds};
pub use importance::{Importance, permutation_importance};
pub use information::{
    Information, Relevance, information_of_classes, information_of_values, relevance,
};
pub use learner::{Learner, Lesson, Linear};
pub use logistic::{Logistic, LogisticModel};
pub use matrix::{Column, Matrix};
pub use mrmr::{Pick, Scheme, mrmr};
/// Matrices that learners take.
pub use ndarray;
pub use pipeline::{Selection, select};
pub use ridge::Ridge;
pub use sample::{Sample, Target};
pub use screen::{DropReason, Screened, TwoSample, screen, two_sample_ks};
pub use settings::Settings;
pub use stability::{
    StabilityIndex, choices, complementary_pairs, selection_frequency, stability_index,
};
