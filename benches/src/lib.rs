//! Cross-crate workloads.
