#![cfg(test)]

mod appends;
mod archive;
mod context;
mod crash;
mod flips;
mod log;
mod process;
mod rig;
mod survey;
mod threads;
mod verify;
