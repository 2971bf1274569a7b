//! Integration tests.
#![cfg(test)]

mod anomaly;
mod change;
mod clock;
mod comparison;
mod drift;
mod explain;
mod imputation;
mod lineage;
mod profile;
mod row_kinds;
mod score;
mod scorer;
mod sequence_kinds;
mod set_kinds;
mod support;
