//! SQL as users ask it.
#![cfg(test)]

mod asof;
mod causality;
mod checked;
mod dataset;
mod errors;
mod file;
mod kit;
mod limits;
mod literals;
mod log;
mod log_as_of;
mod log_damage;
mod log_gate;
mod log_kit;
mod log_prune;
mod session;
mod several;
mod view;
