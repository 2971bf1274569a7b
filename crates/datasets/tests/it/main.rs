//! The crate as a program uses it.
#![cfg(test)]

mod split;
mod small_version;
mod store;
mod documents;
mod openlineage;
mod sample_version;
#[cfg(feature = "ndarray")]
mod arrays;
mod diff;
mod export;
mod sample;
mod trace;
mod transform;
