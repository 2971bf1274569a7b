//! The crate as a program uses it.
#![cfg(test)]
mod verifier;
mod verifier_evidence;
mod verifier_plants;
mod verifier_properties;
mod verifier_words;
mod version_kit;
