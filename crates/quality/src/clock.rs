//! How far a source's clock is off.
