//! Tests of `drift` from outside.
