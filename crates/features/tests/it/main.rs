//! Features through public paths only.
#![cfg(test)]

mod asof;
mod bad_input;
mod golden;
mod invariance;
mod smoke;
#[cfg(feature = "selection")]
mod selection;
