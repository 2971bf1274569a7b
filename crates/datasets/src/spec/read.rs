//! From TOML to a checked spec.
