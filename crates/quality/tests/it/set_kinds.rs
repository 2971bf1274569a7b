//! Kinds that count the whole.
