//! What a run promises, checked from outside through public paths alone.
#![cfg(test)]

mod books;
mod determinism;
mod faults;
mod labels;
mod moments;
mod replay;
mod rows;
mod scenarios;
