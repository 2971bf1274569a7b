//! The crate as a program uses it.
#![cfg(test)]

mod small_version;
mod store;
