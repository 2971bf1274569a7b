//! Kinds that remember rows.
