#![cfg(test)]

mod archive;
mod context;
mod crash;
mod flips;
mod log;
mod rig;
mod verify;
