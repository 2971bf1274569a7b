//! Kinds that count the whole and speak at its end.

mod constant;

pub(crate) use constant::Constant;
