//! Tests of `clock` from outside.
