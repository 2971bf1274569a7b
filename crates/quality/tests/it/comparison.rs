//! Tests of `comparison` from outside.
