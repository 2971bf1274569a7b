//! Integration tests.
#![cfg(test)]

mod answers;
mod audit;
mod cases;
mod diff;
mod engine;
mod fuzz;
mod grade;
mod invariance;
mod log;
mod oracles;
mod outcomes;
mod prove;
mod rule_book;
mod scenario;
mod simulated;
mod spec;
mod statistics;
mod tables;
mod truth;
