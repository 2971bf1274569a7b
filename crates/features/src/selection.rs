//! Which features carry information, and how surely.
