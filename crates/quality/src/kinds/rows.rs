//! Kinds that judge a row by itself.

mod crossed;
mod null_rate;

pub(crate) use crossed::Crossed;
pub(crate) use null_rate::NullRate;
