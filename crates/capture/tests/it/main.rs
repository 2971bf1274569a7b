#![cfg(test)]

mod archive;
mod context;
mod crash;
mod log;
mod rig;
mod survey;
mod verify;
