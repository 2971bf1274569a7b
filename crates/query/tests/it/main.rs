//! SQL as users ask it.

mod session;
