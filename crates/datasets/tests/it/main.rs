//! The crate as a program uses it.
#![cfg(test)]

#[cfg(feature = "ndarray")]
mod arrays;
mod build;
mod diff;
mod documents;
mod export;
mod market;
mod openlineage;
mod sample;
mod sample_version;
mod small_version;
mod split;
mod store;
mod store_collect;
mod store_crash;
mod store_damage;
mod store_race;
mod store_tail;
mod trace;
mod transform;
mod verifier;
mod verifier_evidence;
mod verifier_plants;
mod verifier_properties;
mod verifier_words;
mod version_kit;
