//! Tests of `change` from outside.
