//! SQL as users ask it.
#![cfg(test)]

mod asof;
mod dataset;
mod errors;
mod file;
mod kit;
mod limits;
mod session;
mod view;
