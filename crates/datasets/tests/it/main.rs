//! The crate as a program uses it.
#![cfg(test)]

mod split;
mod small_version;
mod store;
