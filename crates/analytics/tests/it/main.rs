//! Tests of `analytics` through its public names.
#![cfg(test)]

mod bridge;
mod bridge_ownership;
mod cross;
mod derived;
mod derived_laws;
mod derived_refusals;
mod errors;
mod golden;
mod sample;
mod summary;
mod version;
