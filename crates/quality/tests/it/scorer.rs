//! Rows in, rows and rejects out.

use crate::support::{quotes, rules};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt16Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use contract::{
    Draft, Flags, Origin, QualityEvents, QualityKind, QualityMode, UtcNanos, rejects_table,
};
use proptest::prelude::*;
use quality::{Context, RuleSet, Scorer, TableState, clean};

const NOW: UtcNanos = UtcNanos::from_nanos(1_772_485_500_000_000_000);

fn scorer(rules: &RuleSet) -> Scorer {
    Scorer::new(rules, QualityMode::Live, Origin::new("quality", "test"))
}

fn crossed(more: &str) -> RuleSet {
    rules("quotes", &format!("[[check]]\nid = \"crossed\"\nkind = \"crossed\"\n{more}"))
}

fn column<'a, T: arrow_array::types::ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> &'a [T::Native] {
    batch.column_by_name(name).unwrap().as_primitive::<T>().values()
}

#[test]
fn a_flagged_row_stays_with_its_flags_and_score() {
    let mut scorer = scorer(&crossed(""));
    let out = scorer.push(&quotes("1 2, 2 1"), NOW).unwrap();
    assert_eq!(column::<UInt64Type>(&out.rows, "quality_flags"), [0, 1]);
    // The only dimension is lost wholly: 100 * 0.001 = 0.1, floored.
    assert_eq!(column::<UInt8Type>(&out.rows, "quality_score"), [100, 0]);
    assert_eq!(column::<UInt16Type>(&out.rows, "flags"), [0, 0]);
    assert!(out.rejects.is_empty());
}

#[test]
fn a_quarantined_row_stays_and_features_can_see_it() {
    let mut scorer = scorer(&crossed("action = \"quarantine\""));
    let out = scorer.push(&quotes("1 2, 2 1"), NOW).unwrap();
    let flags = column::<UInt16Type>(&out.rows, "flags");
    assert!(!Flags::from_bits(flags[0]).has(Flags::QUARANTINED));
    assert!(Flags::from_bits(flags[1]).has(Flags::QUARANTINED));
    assert_eq!(scorer.stats().quarantined, 1);
}

#[test]
fn a_rejected_row_leaves_with_its_rule_and_can_be_fed_again() {
    let rules = crossed("action = \"reject\"");
    let mut scorer = scorer(&rules);
    scorer.push(&quotes("1 2"), NOW).unwrap();
    let out = scorer.push(&quotes("1 2, 2 1").slice(0, 0), NOW).unwrap();
    assert_eq!(out.rows.num_rows(), 0);
    let mut scorer = self::scorer(&rules);
    let batch = quotes("1 2, 2 1, 1 2");
    let out = scorer.push(&batch, NOW).unwrap();
    assert_eq!((out.rows.num_rows(), out.rejects.len()), (2, 1));
    let reject = &out.rejects[0];
    assert_eq!((reject.seq, reject.source_id, reject.position), (Some(11), Some(1), 1));
    assert_eq!(reject.check, Some(("crossed".to_owned(), 1, rules.hash())));
    assert_eq!(
        reject.to_string(),
        "test, row 1: quotes.bid_px: expected not: bid above ask, found `2` (quality/broken-rule)"
    );
    let bytes = reject.payload.clone().unwrap();
    let mut reader = arrow_ipc::reader::StreamReader::try_new(bytes.as_slice(), None).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), batch.slice(1, 1));
    assert_eq!(rejects_table(&out.rejects).unwrap().len(), 1);
}

#[test]
fn a_zero_that_means_nothing_becomes_null_and_is_written_down() {
    let body = "[[check]]\nid = \"crossed\"\nkind = \"crossed\"\n\
        [[repair]]\nid = \"empty-side\"\nzero_is_null = [\"ask_px\"]\nsources = [1]";
    let mut scorer = scorer(&rules("quotes", body));
    let out = scorer.push(&quotes("1 2, 1 0"), NOW).unwrap();
    assert_eq!(column::<UInt64Type>(&out.rows, "quality_flags"), [0, 0]); // no bid above an ask of nothing
    assert!(out.rows.column_by_name("ask_px").unwrap().is_null(1));
    assert_eq!(column::<UInt16Type>(&out.rows, "flags")[1], Flags::REPAIRED.bits());
    let repair = &out.repairs[0];
    assert_eq!(
        (repair.rule.as_str(), repair.column.as_str(), repair.id),
        ("empty-side", "ask_px", 11)
    );
    assert_eq!(repair.before, 0_i64.to_le_bytes());
}

#[test]
fn events_add_up_to_flags_and_a_rerun_repeats_their_ids() {
    let run = || {
        let mut scorer = scorer(&crossed(""));
        let mut events = scorer.push(&quotes("1 2, 2 1, 3 1"), NOW).unwrap().events;
        let (closing, _) = scorer.finish(NOW).unwrap();
        events.extend(closing.events);
        events
    };
    let events = run();
    let kinds: Vec<_> = events.iter().map(|e| (e.kind, e.verdict.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (QualityKind::Violation, "violation"),
            (QualityKind::Score, "fail"),
            (QualityKind::Cleanse, "pass"),
            (QualityKind::Violation, "fail"),
        ]
    );
    let first = &events[0].more;
    assert_eq!((first.applicable, first.violations), (Some(3), Some(2)));
    assert_eq!(first.sample_seqs, Some(vec![11, 12]));
    assert_eq!(events, run());
    let table: Draft<QualityEvents> = Draft::from_events(&events, NOW).unwrap();
    assert_eq!(table.len(), 4);
    let ids: std::collections::BTreeSet<_> = events.iter().map(|e| e.event_id).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_final_form_is_refused_by_what_must_not_look_ahead() {
    let rules = crossed("");
    for (mode, word) in [(QualityMode::Live, "causal"), (QualityMode::Final, "hindsight")] {
        let mut scorer = Scorer::new(&rules, mode, Origin::new("quality", "test"));
        let out = scorer.push(&quotes("1 2"), NOW).unwrap();
        assert_eq!(out.rows.schema().metadata()["hindsight.causality"], word);
    }
}

#[test]
fn rows_out_of_order_are_refused_and_leave_no_trace() {
    let mut scorer = scorer(&crossed(""));
    scorer.push(&quotes("1 2, 1 2"), NOW).unwrap();
    let error = scorer.push(&quotes("1 2"), NOW).unwrap_err();
    assert_eq!(error.to_string(), "quotes.seq, row 0: expected more than 11, found `10`");
    let (_, report) = scorer.finish(NOW).unwrap();
    assert_eq!(report.rows(), 2);
}

proptest! {
    #[test]
    fn nothing_is_lost_and_cleaning_twice_rejects_nothing(
        rows in prop::collection::vec((1_u8..5, 1_u8..5), 0..60),
        cut in 1_usize..20,
    ) {
        let rules = crossed("action = \"reject\"");
        let text: Vec<String> = rows.iter().map(|(b, a)| format!("{b} {a}")).collect();
        let whole = quotes(&text.join(","));
        let batches: Vec<RecordBatch> = (0..whole.num_rows())
            .step_by(cut)
            .map(|at| whole.slice(at, cut.min(whole.num_rows() - at)))
            .collect();
        let origin = Origin::new("quality", "test");
        let context = Context::new();
        let run = |batches: &[RecordBatch]| {
            clean(&rules, QualityMode::Final, &origin, &context, batches, NOW).unwrap()
        };
        let (outputs, closing, report) = run(&batches);
        let stats = closing.stats;
        prop_assert_eq!(stats.rows_in, whole.num_rows() as u64);
        prop_assert_eq!(stats.rows_in, stats.rows_out + stats.rejects);
        prop_assert_eq!(report.findings()[0].counts().violations, stats.rejects);
        let kept: Vec<RecordBatch> = outputs.iter().map(|o| o.rows.clone()).collect();
        let (again, closing, _) = run(&kept);
        prop_assert_eq!(closing.stats.rejects, 0);
        prop_assert_eq!(again.iter().map(|o| o.rows.clone()).collect::<Vec<_>>(), kept);
        let mut once = TableState::new(&rules, QualityMode::Final);
        once.observe(&whole, &context).unwrap();
        prop_assert_eq!(once.finish(&context).score(), report.score());
    }
}
