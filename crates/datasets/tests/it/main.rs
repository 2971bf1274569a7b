//! The crate as a program uses it.
#![cfg(test)]

mod documents;
mod openlineage;
mod sample_version;
