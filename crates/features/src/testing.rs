//! Laws that every feature keeps.
