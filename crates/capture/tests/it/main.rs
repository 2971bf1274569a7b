//! A log through its public face: what it takes, what it shows, and what is left of it after anything that happens.
#![cfg(test)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    clippy::single_range_in_vec_init,
    reason = "numbers of tests are small, children are told by variables, and a list of one range is what is meant"
)]

mod ahead;
mod appends;
mod archive;
mod context;
mod crash;
mod flips;
mod golden;
mod link;
mod log;
mod process;
mod rig;
mod stock;
mod survey;
mod threads;
mod verify;
