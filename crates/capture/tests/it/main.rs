#![cfg(test)]

mod archive;
mod context;
mod log;
mod rig;
mod verify;
