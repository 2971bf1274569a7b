//! Tests of `profile` from outside.
