//! Whether a window is distributed as its reference was.
//!
//! A [`Reference`] is fitted to rows, most often those that a model was trained on, and stored. A [`DriftWindow`] counts current
//! rows in its bins. Comparing the two gives a [`DriftReport`]: for each column the size of several effects, each with a
//! p-value by permuting whole blocks of rows, a q-value over the columns, and the number of rows.
//!
//! Nulls, NaN and infinities are removed and counted; their rates are findings of their own. A side with fewer than 200
//! values or 8 blocks is `Insufficient`.

mod bins;
mod column;
mod compare;
mod distance;
mod effect;
mod error;
mod false_discovery;
mod joint;
mod moments;
mod numbers;
mod pooled;
mod rates;
mod reference;
mod report;
mod sample;
mod side;
mod sort;
mod spec;
mod splits;
mod tally;
mod words;

pub use distance::{
    hellinger_distance, jensen_shannon_distance, ks_distance, population_stability,
    wasserstein_distance,
};
pub use effect::Effect;
pub use error::DriftError;
pub use reference::{DriftWindow, Reference, drift};
pub use report::{ColumnDrift, DriftFinding, DriftReport, DriftVerdict, Short};
pub use spec::{Blocks, Detail, DriftOptions, DriftSpec, Joint};
pub use tally::Counted;

/// A pivot below this share of its diagonal is zero but for rounding.
const ROOM_FOR_ERROR: f64 = 1e-10;
