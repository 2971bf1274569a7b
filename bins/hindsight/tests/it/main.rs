//! The program as its users meet it, and the library as the tests of later stages will.
#![cfg(test)]

mod capture;
mod capture_data;
mod cat;
mod compositions;
mod config;
mod datasets;
mod demo;
mod examples;
mod explain;
mod features;
mod feeds;
mod guide;
mod job;
mod labeling;
#[path = "../../../../crates/datasets/tests/it/market.rs"]
#[expect(dead_code, reason = "the tests of `datasets` use the rest")]
mod market;
mod program;
mod quality;
mod simulator;
mod streams;
mod support;
