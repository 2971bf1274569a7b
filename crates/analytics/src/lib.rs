//! Polars.
