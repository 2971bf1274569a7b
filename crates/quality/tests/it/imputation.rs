//! Tests of `imputation` from outside.
