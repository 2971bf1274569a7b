//! Features through public paths only.
#![cfg(test)]

mod asof;
mod bad_input;
mod golden;
mod halts;
mod invariance;
#[cfg(feature = "testing")]
mod laws;
mod run;
#[cfg(feature = "testing")]
mod sabotage;
#[cfg(feature = "selection")]
mod selection;
