//! Integration tests.
#![cfg(test)]

mod statistics;
