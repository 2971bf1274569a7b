//! Integration tests.
#![cfg(test)]

mod spec;
