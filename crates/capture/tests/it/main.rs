#![cfg(test)]

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
mod threads;
mod verify;
