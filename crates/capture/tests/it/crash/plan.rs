//! What producers, operators and clocks do to a log, as generated sequences.

use proptest::prelude::*;

/// Who appends: two strict producers of two tables, and a lossy one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Feed,
    Desk,
    Lossy,
}

impl Who {
    pub(crate) const ALL: [Self; 3] = [Self::Feed, Self::Desk, Self::Lossy];
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Append(Who, u64),
    /// The last rows once more, and a few new ones behind them: an overlap.
    Again(Who, u64, u64),
    /// A lossy producer leaves numbers out.
    Ahead(u64, u64),
    /// A lossy producer fills its oldest hole.
    Fill,
    Skip(Who, u64),
    Beat(Who),
    /// A new incarnation.
    Reopen(Who),
    Close(Who),
    Step,
    /// The log is closed and opened.
    Cycle,
    Archive,
    Drop,
    Read,
    /// The clock moves, also backwards.
    Tick(i64),
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![3 => Just(Who::Feed), 1 => Just(Who::Desk), 1 => Just(Who::Lossy)]
}

fn rows() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1..20_u64, 2 => 200..1500_u64]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (who(), rows()).prop_map(|(w, n)| Op::Append(w, n)),
        2 => (who(), 1..60_u64, 0..20_u64).prop_map(|(w, back, more)| Op::Again(w, back, more)),
        1 => (1..9_u64, 1..9_u64).prop_map(|(gap, n)| Op::Ahead(gap, n)),
        1 => Just(Op::Fill),
        1 => (who(), 1..9_u64).prop_map(|(w, n)| Op::Skip(w, n)),
        1 => who().prop_map(Op::Beat),
        1 => who().prop_map(Op::Reopen),
        1 => who().prop_map(Op::Close),
        8 => Just(Op::Step),
        1 => Just(Op::Cycle),
        1 => Just(Op::Archive),
        1 => Just(Op::Drop),
        2 => Just(Op::Read),
        1 => (-3_600_000_000_000..3_600_000_000_000_i64).prop_map(Op::Tick),
    ]
}

pub(crate) fn plans(len: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), len / 2..len)
}

/// A sequence that passes through every part of a log's life: rotation, re-sending, archive, drop, restart.
pub(crate) fn whole_life() -> Vec<Op> {
    use Op::*;
    use Who::*;
    let mut plan = Vec::new();
    for _ in 0..5 {
        plan.extend([Append(Feed, 1500), Step, Append(Desk, 7), Append(Lossy, 3), Step, Read]);
    }
    plan.extend([Again(Feed, 40, 10), Ahead(4, 2), Skip(Desk, 2), Step, Fill, Beat(Feed), Step]);
    for _ in 0..5 {
        plan.extend([Append(Feed, 1500), Append(Desk, 300), Step]);
    }
    plan.extend([Archive, Drop, Append(Feed, 10), Read, Cycle, Append(Feed, 5), Reopen(Desk)]);
    plan.extend([Append(Desk, 1), Step, Close(Lossy), Step, Step, Read]);
    plan
}
