//! Features through public paths only.
#![cfg(test)]

mod asof;
mod bad_input;
mod golden;
mod invariance;
#[cfg(feature = "selection")]
mod selection;
mod smoke;
