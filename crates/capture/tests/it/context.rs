//! A decision with everything that surrounded it.

use crate::rig::{id, open, tape};
use capture::{Around, ProducerSpec};
use contract::{Batch, Trades, UtcNanos};
use durable::SimFs;

#[test]
fn a_decision_comes_with_its_executions_and_the_tape_around_it() {
    let fs = SimFs::new();
    let (log, _) = open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let mut desk = log.open_producer(ProducerSpec::new(id(2), "desk")).unwrap();
    let seen = feed.append_durable(&tape(100, 10)).unwrap();
    let decided =
        desk.append_durable(&crate::rig::decision(110, id(9), seen.stored[0].end - 1)).unwrap();
    feed.append_durable(&tape(111, 10)).unwrap();
    desk.append_durable(&crate::rig::fill(125, id(9))).unwrap();
    desk.append_durable(&crate::rig::fill(126, id(8))).unwrap();
    let around = Around { before_ns: 5, after_ns: 5 };
    let found = log.context(&crate::rig::reading(), id(9), around).unwrap().unwrap();
    assert_eq!(found.decision.seqs(), decided.stored[0]);
    assert_eq!(
        (found.ts_avail, found.md_seq_high),
        (UtcNanos::from_nanos(110), Some(seen.stored[0].end - 1))
    );
    let fills: Vec<usize> = found.executions.iter().map(|b| b.rows.num_rows()).collect();
    assert_eq!(fills, [1]);
    let tape: Vec<i64> = found
        .surroundings
        .iter()
        .filter(|b| b.table.as_ref() == "trades")
        .flat_map(|b| Batch::<Trades>::parse(&b.rows).unwrap().ts_avail().values().to_vec())
        .collect();
    assert_eq!(tape, [105, 106, 107, 108, 109, 111, 112, 113, 114]);
    assert!(log.context(&crate::rig::reading(), id(7), around).unwrap().is_none());
}
