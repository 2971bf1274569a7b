#![cfg(test)]

mod log;
mod rig;
