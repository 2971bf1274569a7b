//! Kinds that judge a row by itself.

mod given;
mod market;
mod oracles;
mod own;
mod rules;
mod shape;
mod values;
