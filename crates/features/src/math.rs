//! Elementary functions whose bits are the same on every machine.
//!
//! The standard library hands `ln`, `exp`, `sin` and their kin to the platform, whose libraries differ in the last bit.

pub(crate) use libm::{cos, exp2, log1p, sin};
#[cfg(feature = "selection")]
pub(crate) use libm::{exp, log};
