//! Kinds that remember rows: they see them in order of `seq`.

mod cells;
mod chain;
mod clock_step;
mod clock_suspect;
mod clocks;
mod content_dup;
mod gap;
mod key_unique;
mod late;
mod latency;
mod numbers;
mod out_of_order;
mod qty_conserved;
mod scale;
mod seq_unique;
mod split_suspect;
mod stale;
mod wide_spread;

pub(crate) use chain::Chain;
pub(crate) use clock_step::ClockStep;
pub(crate) use clock_suspect::ClockSuspect;
pub(crate) use content_dup::ContentDup;
pub(crate) use gap::Gap;
pub(crate) use key_unique::KeyUnique;
pub(crate) use late::Late;
pub(crate) use latency::Latency;
pub(crate) use out_of_order::OutOfOrder;
pub(crate) use qty_conserved::QtyConserved;
pub(crate) use scale::Scale;
pub(crate) use seq_unique::SeqUnique;
pub(crate) use split_suspect::SplitSuspect;
pub(crate) use stale::Stale;
pub(crate) use wide_spread::WideSpread;
