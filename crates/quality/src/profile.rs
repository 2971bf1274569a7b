//! What the columns of a table hold, in numbers that depend on the rows alone.

mod buckets;
mod column;
mod distinct;
mod error;
mod exact_sum;
mod integers;
mod kind;
mod limbs;
mod moments;
mod natural;
mod quantile;
mod read;
mod report;
mod state;
mod texts;
mod wide;
mod words;

pub use distinct::DistinctCount;
pub use error::ProfileError;
pub use exact_sum::ExactSum;
pub use kind::ProfileReading;
pub use moments::Moments;
pub use quantile::exact_quantiles;
pub use report::{ColumnProfile, Frequent, Quantile, TableProfile, Value};
pub use state::{ProfileOptions, ProfileState};
