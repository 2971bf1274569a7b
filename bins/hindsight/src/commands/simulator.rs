//! `hindsight simulator`: a market and a trading desk whose truth is known.

mod replay;
mod run;
mod truth;

pub(super) use replay::replay;
pub(super) use run::run;
pub(super) use truth::truth;
