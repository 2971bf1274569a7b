//! Written by `cargo xtask generate`.

pub(super) const FINGERPRINTS: &[(&str, &str)] = &[];
