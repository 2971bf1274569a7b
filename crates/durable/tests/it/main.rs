//! What the crate promises, seen from outside.
#![cfg(test)]

mod conformance;
mod power_loss;
mod publish;
