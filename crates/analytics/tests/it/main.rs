//! Tests of `analytics` through its public names.
#![cfg(test)]

mod bridge;
mod bridge_ownership;
mod errors;
mod sample;
