#![cfg(test)]

mod archive;
mod context;
mod link;
mod log;
mod rig;
mod verify;
