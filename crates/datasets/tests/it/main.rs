//! The crate as a program uses it.
#![cfg(test)]

#[cfg(feature = "ndarray")]
mod arrays;
mod diff;
mod documents;
mod export;
mod openlineage;
mod sample;
mod sample_version;
mod small_version;
mod split;
mod store;
mod trace;
mod transform;
