//! The crate as a program uses it.
#![cfg(test)]

#[cfg(feature = "ndarray")]
mod arrays;
mod diff;
mod export;
mod sample;
mod trace;
mod transform;
