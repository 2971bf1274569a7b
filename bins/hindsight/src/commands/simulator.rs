//! `hindsight simulator`: a market and a trading desk whose truth is known.

mod run;
mod truth;

pub(super) use run::run;
pub(super) use truth::truth;
