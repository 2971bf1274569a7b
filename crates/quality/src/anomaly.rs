//! Values that stand out from their neighbours.
//!
//! Prices are judged as the integers that they are (`i64` of 1e-9), other columns as `f64`; [`Sample`] covers both, and
//! medians and deviations of integers are exact. What looks at later rows says so in its name or its first line.
//!
//! The check kinds `spike`, `spike_centred` and `round_trip` and the imputation of slots are made of these; the other
//! detectors (robust z, fences, Hampel, seasonal z) are for callers that judge a column themselves.

mod centred;
mod error;
mod fence;
mod quantile;
mod robust;
mod round_trip;
mod sample;
mod seasonal;
mod spike;
mod window;

pub use centred::{CentredRule, hampel, spike_centred};
pub use error::AnomalyError;
pub use fence::{Fence, FenceRule, IqrFence};
pub use quantile::{median_and_mad, quantile};
pub use robust::{Judgement, RobustZ, RobustZRule, robust_z};
pub use round_trip::{RoundTripRule, round_trip};
pub use sample::Sample;
pub use seasonal::{SlotHistory, SlotRule, slot_of_day, slot_of_week};
pub use spike::{SpikeGate, SpikeRule};
pub use window::{Spread, Window};
