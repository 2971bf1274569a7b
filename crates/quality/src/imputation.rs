//! Proposed values beside missing ones, never over them.
