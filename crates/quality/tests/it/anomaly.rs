//! Tests of `anomaly` from outside.
