//! Kinds that remember rows: they see them in order of `seq`.

mod gap;

pub(crate) use gap::Gap;
