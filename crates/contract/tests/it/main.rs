//! The contract from outside: rules, shapes, versions, builders, digests and text, through public paths only.
#![cfg(test)]

mod builder;
mod decimal;
mod digest;
mod event;
mod public_api;
mod register;
mod roundtrip;
mod rows;
mod rules;
mod shape;
mod text;
mod units;
mod versions;
