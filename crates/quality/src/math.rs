//! Elementary functions whose bits are the same on every machine.
//!
//! The standard library hands `ln`, `exp`, `pow` and their kin to the platform, whose libraries differ in the last bit.

pub(crate) use libm::{exp, lgamma, log, log1p, pow, sqrt};
