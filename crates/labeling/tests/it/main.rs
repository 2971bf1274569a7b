//! Integration tests.
#![cfg(test)]

mod diff;
mod grade;
mod outcomes;
mod prove;
mod rule_book;
mod spec;
