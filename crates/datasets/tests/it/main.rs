//! The crate as a program uses it.
#![cfg(test)]

mod split;
