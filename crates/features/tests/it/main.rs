//! Features through public paths only.
#![cfg(test)]

mod asof;
mod golden;
#[cfg(feature = "testing")]
mod laws;
mod run;
#[cfg(feature = "testing")]
mod sabotage;
mod smoke;
