#![cfg(test)]

mod archive;
mod context;
mod log;
mod rig;
mod survey;
mod verify;
