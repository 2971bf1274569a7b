//! From a row back to the log, and from the log to rows.

use crate::sample::{CLASS, Sample, SampleRow, VALUE};
use contract::{Diagnostic, EventId, Hash};
use datasets::{
    Impact, Interval, Reason, RowPlace, RowSource, Sha256, Split, VersionView, impact, trace,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn id(number: u32) -> EventId {
    SampleRow::new(number, Split::Train).event_id()
}

#[test]
fn a_row_is_traced_to_its_events_and_to_the_bounds_of_what_it_read() {
    let written = Sample::new(4, 2, 2).write();
    let found = trace(written.view(), id(5)).unwrap();
    assert_eq!((found.row_id, found.ts_cutoff, found.seq), (id(5), 5_000, 50));
    let source = RowSource {
        own_seqs: vec![50, 53],
        src_seq: [Some(41), Some(49)],
        src_ts_avail: [Some(4_910), Some(4_999)],
        src_rows: 4,
        label_seq: [Some(51), Some(65)],
        label_end: 5_500,
        label_revision: 2,
        label_inputs: Sha256(Hash::of(&5_u128.to_be_bytes())),
    };
    let place = RowPlace::In { split: Split::Validation, source: Box::new(source) };
    assert_eq!(found.place, place);
}

#[test]
fn each_column_says_from_what_and_by_what_its_cell_is_made() {
    let written = Sample::new(4, 2, 2).write();
    let found = trace(written.view(), id(5)).unwrap();
    let interval = |name: &str| found.column(name).unwrap().interval;
    let closed = |start, end| Some(Interval { start, end });
    assert_eq!(interval("book__spread_bps__1s"), closed(4_000, 4_999)); // 1,000 before 5,000
    assert_eq!(interval("flow__n_trades__5m"), closed(4_700, 4_999));
    assert_eq!(interval("time__session__0"), None); // it reads the clock alone
    assert_eq!(interval(&format!("label__{CLASS}")), closed(5_000, 5_500));
    assert_eq!(interval(&format!("label__{VALUE}")), closed(5_000, 5_500));
    let by = |name: &str| found.column(name).unwrap().definitions.clone();
    assert_eq!(by("book__spread_bps__1s"), [Sha256::of(b"features")]);
    assert_eq!(by(&format!("label__{CLASS}")), [Sha256::of(b"rules")]);
    assert_eq!(found.column("book__spread_bps"), None);
    assert_eq!(found.columns.len(), 5);
}

#[test]
fn a_dropped_decision_has_its_reason_and_an_unknown_one_is_refused() {
    let written = Sample::new(4, 2, 2).write();
    let found = trace(written.view(), id(901)).unwrap();
    let dropped = RowPlace::Dropped { reason: Reason::Purged, from: Some(Split::Train) };
    assert_eq!((found.place, found.seq, found.ts_cutoff), (dropped, 9_010, 901_000));
    assert_eq!(found.columns, []);
    let found = trace(written.view(), id(902)).unwrap();
    assert_eq!(found.place, RowPlace::Dropped { reason: Reason::LabelPending, from: None });
    let error = trace(written.view(), id(77)).unwrap_err();
    assert_eq!(error.code(), "datasets/lineage-unknown-row");
    assert!(
        error.to_string().ends_with("found none with id `00000000-0000-0000-0000-00000000004d`")
    );
}

#[test]
fn without_dropped_rows_an_unknown_decision_is_refused_all_the_same() {
    let mut sample = Sample::new(4, 2, 2);
    sample.dropped.clear();
    let error = trace(sample.write().view(), id(901)).unwrap_err();
    assert_eq!(error.code(), "datasets/lineage-unknown-row");
}

#[test]
fn a_decision_is_its_own_event_wherever_its_list_is_short() {
    let mut sample = Sample::new(4, 0, 0);
    for row in &mut sample.rows {
        row.seq += 5_000;
        row.own_seqs.clear();
    }
    assert_eq!(found(sample.write().view(), 5_020..=5_020), (1, 0, 0, vec![2]));
}

#[test]
fn a_word_outside_its_set_is_refused() {
    let mut sample = Sample::new(4, 2, 2);
    sample.dropped = vec![(901, "forgotten", None)];
    let error = trace(sample.write().view(), id(901)).unwrap_err();
    assert_eq!(error.code(), "datasets/lineage-word");
    assert_eq!(error.to_string(), "_lineage/dropped.parquet: expected a reason, found `forgotten`");
}

fn found(view: VersionView<'_>, seqs: std::ops::RangeInclusive<u64>) -> (u64, u64, u64, Vec<u32>) {
    let found = impact(view, seqs).unwrap();
    let last = |id: &EventId| u32::from_be_bytes(id.as_bytes()[12..].try_into().unwrap());
    let first = found.first.iter().map(|(_, id)| last(id)).collect();
    (found.as_own, found.in_features, found.in_labels, first)
}

#[test]
fn a_record_reaches_the_rows_that_read_it_or_are_it() {
    // Row k: features of 10k - 9 to 10k - 1, decision 10k, fill 10k + 3, labels of 10k + 1 to 10k + 15.
    let written = Sample::new(4, 2, 2).write();
    let view = written.view();
    assert_eq!(found(view, 50..=50), (1, 0, 1, vec![4, 5])); // row 5 itself, and the label of 4
    assert_eq!(found(view, 45..=45), (0, 1, 2, vec![3, 4, 5])); // label 3 ends at 45
    assert_eq!(found(view, 46..=46), (0, 1, 1, vec![4, 5]));
    assert_eq!(found(view, 0..=0), (0, 0, 0, vec![]));
    assert_eq!(found(view, 49..=51), (1, 2, 2, vec![4, 5, 6]));
    assert_eq!(found(view, 0..=u64::MAX), (8, 8, 8, (1..=8).collect()));
    let all = impact(view, 0..=u64::MAX).unwrap();
    assert_eq!((all.rows, all.by_split), (8, [4, 2, 2]));
    let (from, to) = (9, 8);
    assert_eq!(impact(view, from..=to).unwrap(), Impact::default()); // an empty range
}

#[test]
fn an_unknown_bound_is_no_bound() {
    let mut sample = Sample::new(4, 0, 0);
    sample.row(1).src_seq = [None, Some(9)];
    sample.row(2).src_seq = [Some(11), None];
    sample.row(3).src_seq = [None, None];
    sample.row(4).src_seq = [None, None];
    sample.row(4).src_rows = 0; // nothing was read
    for row in &mut sample.rows {
        row.label_seq = [Some(1_000), Some(1_000)];
    }
    let written = sample.write();
    let features = |seq| {
        let found = impact(written.view(), seq..=seq).unwrap();
        (found.in_features, found.first.iter().map(|(_, row)| *row).collect::<Vec<_>>())
    };
    assert_eq!(features(0), (2, vec![id(1), id(3)]));
    assert_eq!(features(500), (2, vec![id(2), id(3)]));
    sample.row(4).label_seq = [None, None];
    let written = sample.write();
    assert_eq!(found(written.view(), 500..=500), (0, 2, 1, vec![2, 3, 4]));
}

#[test]
fn the_first_rows_are_eight_and_the_count_is_all() {
    let written = Sample::new(12, 0, 0).write();
    let found = impact(written.view(), 0..=u64::MAX).unwrap();
    assert_eq!((found.rows, found.first.len()), (12, Impact::FIRST));
    assert!(!found.is_none());
}

/// What a row truly read: market rows, label rows, its own events.
#[derive(Debug, Clone)]
struct Reads {
    market: BTreeSet<u64>,
    label: BTreeSet<u64>,
    own: BTreeSet<u64>,
    /// Whether the bounds of each were lost.
    lost: [bool; 4],
}

fn reads() -> impl Strategy<Value = Reads> {
    let some = || prop::collection::btree_set(0..60_u64, 0..5);
    (some(), some(), some(), prop::array::uniform4(prop::bool::weighted(0.2)))
        .prop_map(|(market, label, own, lost)| Reads { market, label, own, lost })
}

proptest! {
    #[test]
    fn impact_never_reports_too_few(
        rows in prop::collection::vec(reads(), 1..8),
        start in 0..60_u64,
        length in 0..20_u64,
    ) {
        let mut sample = Sample::new(u32::try_from(rows.len()).unwrap(), 0, 0);
        for (row, reads) in sample.rows.iter_mut().zip(&rows) {
            let [a, b, c, d] = reads.lost;
            let low = |seqs: &BTreeSet<u64>, lost: bool| seqs.first().copied().filter(|_| !lost);
            let high = |seqs: &BTreeSet<u64>, lost: bool| seqs.last().copied().filter(|_| !lost);
            row.src_seq = [low(&reads.market, a), high(&reads.market, b)];
            row.src_rows = reads.market.len() as u64;
            row.label_seq = [low(&reads.label, c), high(&reads.label, d)];
            row.own_seqs = reads.own.iter().copied().collect();
            row.seq += 1_000;
        }
        let written = sample.write();
        let range = start..=start + length;
        let found = impact(written.view(), range.clone()).unwrap();
        let truly = rows.iter().filter(|reads| {
            reads.market.iter().chain(&reads.label).chain(&reads.own).any(|seq| range.contains(seq))
        });
        let truly = truly.count() as u64;
        prop_assert!(found.rows >= truly, "{} of {}", found.rows, truly);
        let own = rows.iter().filter(|reads| reads.own.iter().any(|seq| range.contains(seq)));
        prop_assert_eq!(found.as_own, own.count() as u64); // exactly
        if rows.iter().all(|reads| reads.lost == [false; 4] && !reads.label.is_empty()) {
            // With all bounds known: those whose bounds meet the range, and no others.
            let meets = |seqs: &BTreeSet<u64>| match (seqs.first(), seqs.last()) {
                (Some(first), Some(last)) => first <= range.end() && last >= range.start(),
                _ => false,
            };
            let bounded = rows.iter().filter(|reads| {
                meets(&reads.market) || meets(&reads.label) || reads.own.iter().any(|seq| range.contains(seq))
            });
            prop_assert_eq!(found.rows, bounded.count() as u64);
        }
    }
}
