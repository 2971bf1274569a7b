//! What comes in from outside, and what becomes of it.
#![cfg(test)]

mod binance;
mod book;
mod clock;
#[cfg(feature = "dbn")]
mod dbn;
mod lean;
mod lean_data;
mod lean_equity;
mod lean_fuzz;
mod lean_reference;
mod support;
