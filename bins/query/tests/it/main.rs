//! The program as its users meet it.
#![cfg(test)]

mod agree;
mod examples;
mod exits;
mod market;
mod outputs;
mod pages;
mod prompt;
mod statements;
mod support;
