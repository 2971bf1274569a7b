//! Integration tests.
#![cfg(test)]

mod diff;
mod grade;
mod log;
mod oracles;
mod outcomes;
mod prove;
mod rule_book;
mod spec;
mod statistics;
