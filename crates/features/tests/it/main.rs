//! Features through public paths only.
#![cfg(test)]

mod asof;
mod golden;
mod invariance;
mod smoke;
