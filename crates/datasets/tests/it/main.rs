//! The crate as a program uses it.
#![cfg(test)]

mod small_version;
mod store;
mod store_collect;
mod store_crash;
mod store_damage;
mod store_race;
mod store_tail;
