#![cfg(test)]

mod archive;
mod context;
mod crash;
mod golden;
mod link;
mod log;
mod rig;
mod verify;
