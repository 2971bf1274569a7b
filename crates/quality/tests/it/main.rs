//! Integration tests.
#![cfg(test)]

mod anomaly;
mod change;
mod clock;
mod comparison;
mod drift;
mod imputation;
mod profile;
