//! Integration tests.
#![cfg(test)]

mod answers;
mod audit;
mod cases;
mod scenario;
mod simulated;
mod tables;
