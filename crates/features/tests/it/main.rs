//! Features through public paths only.
#![cfg(test)]

#[cfg(feature = "selection")]
mod selection;
