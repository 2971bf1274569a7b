//! SQL as users ask it.
