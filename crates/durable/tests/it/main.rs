//! Tests of `durable` through its public face.
#![cfg(test)]

mod conformance;
mod power_loss;
mod publish;
mod real;
mod sim;
mod survive;
