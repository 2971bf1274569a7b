//! Kinds for labels: conflicts, rare classes, delays, audits.

use super::{at, counts, detail, finding, is_missing_context, judge, with, with_columns};
use crate::support::{broken, one};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use contract::{
    Draft, EventId, Features, Hash, LabelAudits, LabelKind, LabelStatus, Labels, TableBuilder,
};
use proptest::prelude::*;
use quality::{Context, NotEvaluated, Verdict};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn decision(n: u32) -> EventId {
    EventId::v7(u64::from(n), [0; 10])
}

/// A label: decision, class, revision.
type Label = (u32, Option<i8>, u16);

fn hash(n: u8) -> Hash {
    Hash::from_bytes([n; 32])
}

fn draft(target: &str, rules: u8, labels: &[Label], delay_ns: i64) -> Draft<Labels> {
    let mut rows = TableBuilder::<Labels>::new(at(0));
    for (n, class, revision) in labels {
        let until = 1_000 + delay_ns.max(0);
        rows.set(&Labels::DECISION_ID, decision(*n))
            .set(&Labels::MEASURES_HASH, hash(1))
            .set(&Labels::INPUTS_HASH, hash(2))
            .set(&Labels::REVISION, *revision)
            .set(&Labels::STATUS, LabelStatus::Final)
            .set(&Labels::CODE_VERSION, "1")
            .set(&Labels::TS_CUTOFF, at(0))
            .set(&Labels::TS_END, at(900))
            .set(&Labels::TS_UNTIL, at(900))
            .set(&Labels::TS_LATEST_END, at(1_000))
            .set(&Labels::TS_AVAIL, at(until))
            .set(&Labels::CAUSE, &[][..])
            .set(&Labels::TARGET, target)
            .set(&Labels::KIND, LabelKind::Grade)
            .set(&Labels::RULES_HASH, hash(rules))
            .set(&Labels::RULES_FIRED, &[][..])
            .set(&Labels::REASONS, &[][..])
            .set(&Labels::LABEL_FLAGS, 0_u32)
            .set(&Labels::CLASS, *class)
            .end_row()
            .unwrap();
    }
    rows.finish().unwrap()
}

fn labels(rows: &[Label]) -> RecordBatch {
    draft("grade", 3, rows, 0).into_record_batch()
}

/// Feature rows: decision, and two cells.
pub(super) fn features(rows: &[(u32, Option<f64>, Option<f64>)]) -> RecordBatch {
    named(["a__x__1m", "b__y__1m"], rows, 0)
}

pub(super) fn named(
    names: [&str; 2],
    rows: &[(u32, Option<f64>, Option<f64>)],
    revision: u16,
) -> RecordBatch {
    let mut out = TableBuilder::<Features>::new(at(0));
    for (place, (n, ..)) in rows.iter().enumerate() {
        out.set(&Features::DECISION_ID, decision(*n))
            .set(&Features::STRATEGY_ID, "s")
            .set(&Features::TS_CUTOFF, at(1_000))
            .set(&Features::REVISION, revision)
            .set(&Features::SEQ, place as u64)
            .set(&Features::SRC_ROWS, 0_u64)
            .set(&Features::NULL_REASONS, &[][..])
            .end_row()
            .unwrap();
    }
    let fixed = out.finish().unwrap().into_record_batch();
    let a: ArrayRef = Arc::new(rows.iter().map(|r| r.1).collect::<Float64Array>());
    let b: ArrayRef = Arc::new(rows.iter().map(|r| r.2).collect::<Float64Array>());
    with_columns::<Features>(&fixed, vec![(names[0], a), (names[1], b)])
}

#[test]
fn equal_features_with_different_grades_conflict() {
    let rules = one("labels", "conflict", "");
    let context = with([features(&[
        (1, Some(0.0), Some(2.0)),
        (2, Some(-0.0), Some(2.0)), // the content of 1
        (3, Some(0.0), None),       // a null is no 2.0
        (4, Some(0.0), Some(2.0)),  // the content of 1, and its class
        (5, Some(1.0), None),
        (6, Some(1.0), None), // the content of 5, and its class
        (7, Some(9.0), Some(9.0)),
    ])]);
    let rows = [(1, Some(2), 0), (2, Some(-1), 0), (3, Some(0), 0), (4, Some(2), 0)];
    let more = [(5, Some(1), 0), (6, Some(1), 0), (7, None, 0), (8, Some(0), 0)];
    let all: Vec<Label> = rows.into_iter().chain(more).collect();
    let report = judge(&rules, &labels(&all), &context);
    // Applicable: 1 to 6; 7 has no class, 8 no features. In conflict: 1, 2 and 4.
    assert_eq!(counts(&report), (6, 3));
    assert_eq!(finding(&report).effect(), Some(("contents", 1.0)));
    assert!(detail(&report).contains(&decision(2).to_string()));
    // Of one column alone, 1 to 4 are alike.
    let narrow = one("labels", "conflict", "columns = [\"a__x__1m\"]");
    assert_eq!(counts(&judge(&narrow, &labels(&all), &context)), (6, 4));
    let unknown = one("labels", "conflict", "columns = [\"c__z__1m\"]");
    assert!(is_missing_context(&judge(&unknown, &labels(&all), &context)));
    assert!(is_missing_context(&judge(&rules, &labels(&all), &Context::new())));
}

#[test]
fn a_revision_replaces_and_other_rules_are_another_family() {
    let rules = one("labels", "conflict", "");
    let context = with([features(&[(1, Some(1.0), None), (2, Some(1.0), None)])]);
    // The last revision of 2 agrees with 1, wherever it stands.
    for rows in [
        [(1, Some(1), 0), (2, Some(0), 0), (2, Some(1), 1)],
        [(2, Some(1), 1), (2, Some(0), 0), (1, Some(1), 0)],
    ] {
        assert_eq!(counts(&judge(&rules, &labels(&rows), &context)), (2, 0));
    }
    let other = draft("grade", 4, &[(2, Some(0), 0)], 0).into_record_batch();
    let (_, report) = broken(&rules, &[labels(&[(1, Some(1), 0)]), other], &context);
    assert_eq!(counts(&report), (2, 0));
}

proptest! {
    #[test]
    fn conflicts_are_those_of_a_plain_group_by(
        rows in prop::collection::vec((0_u8..4, -1_i8..2), 1..40),
    ) {
        let cells: Vec<_> = (0..).zip(&rows).map(|(n, (x, _))| (n, Some(f64::from(*x)), None)).collect();
        let all: Vec<Label> = (0..).zip(&rows).map(|(n, (_, class))| (n, Some(*class), 0)).collect();
        let (_, report) =
            broken(&one("labels", "conflict", ""), &[labels(&all)], &with([features(&cells)]));
        let mut groups: BTreeMap<u8, Vec<i8>> = BTreeMap::new();
        for (x, class) in &rows {
            groups.entry(*x).or_default().push(*class);
        }
        let mixed = groups.values().filter(|g| g.iter().any(|c| c != &g[0]));
        let expected = mixed.map(Vec::len).sum::<usize>() as u64;
        prop_assert_eq!(counts(&report), (rows.len() as u64, expected));
    }
}

#[test]
fn a_class_below_its_floor_is_too_rare() {
    // 97 of class 0, 2 of class 1, 1 of class 2.
    let class = |n: u32| {
        Some(if n < 97 {
            0
        } else if n < 99 {
            1
        } else {
            2
        })
    };
    let all: Vec<Label> = (0..100).map(|n| (n, class(n), 0)).collect();
    let report = judge(&one("labels", "class_floor", ""), &labels(&all), &Context::new());
    assert_eq!(counts(&report), (3, 1)); // 0.02 is not below 0.02; 0.01 is
    assert_eq!(finding(&report).effect(), Some(("lowest_share", 0.01)));
    assert!(detail(&report).contains(r#""classes":{"0":97,"1":2,"2":1}"#));
    let params = "classes = [\"-2\", \"-1\", \"0\", \"1\", \"2\"]";
    let five = judge(&one("labels", "class_floor", params), &labels(&all), &Context::new());
    assert_eq!(counts(&five), (5, 3)); // -2 and -1 never occur
    let few = judge(&one("labels", "class_floor", ""), &labels(&all[..99]), &Context::new());
    assert_eq!(finding(&few).verdict(), &Verdict::Insufficient { found: 99, needed: 100 });
    let none = judge(
        &one("labels", "class_floor", "targets = [\"other\"]"),
        &labels(&all),
        &Context::new(),
    );
    assert_eq!(finding(&none).verdict(), &Verdict::NotApplicable);
}

#[test]
fn labels_known_later_than_declared_are_late_and_revisions_are_not() {
    let rules = one("labels", "label_delay", "limit = \"500ns\"");
    let of = |delay: i64, revision: u16| {
        let batch = draft("grade", 3, &[(1, Some(1), revision), (2, Some(1), 0)], delay);
        judge(&rules, &batch.into_record_batch(), &Context::new())
    };
    assert_eq!(counts(&of(500, 0)), (2, 0));
    assert_eq!(counts(&of(501, 0)), (2, 2));
    assert_eq!(finding(&of(501, 0)).effect(), Some(("longest_delay_ns", 501.0)));
    assert_eq!(counts(&of(501, 1)), (1, 1));
    let rules = one("labels", "label_delay", "");
    let batch = draft("grade", 3, &[(1, Some(1), 0)], 60_000_000_001).into_record_batch();
    assert_eq!(counts(&judge(&rules, &batch, &Context::new())), (1, 1)); // 1 min and 1 ns
}

/// Audits: target, rules, when known, agreements and trials.
fn audits(rows: &[(&str, u8, i64, u64, u64)]) -> RecordBatch {
    let mut out = TableBuilder::<LabelAudits>::new(at(0));
    for (place, (target, rules, known, agreed, n)) in (0_u32..).zip(rows) {
        out.set(&LabelAudits::AUDIT_ID, decision(place))
            .set(&LabelAudits::TS_AVAIL, at(*known))
            .set(&LabelAudits::TARGET, *target)
            .set(&LabelAudits::RULES_HASH, hash(*rules))
            .set(&LabelAudits::MEASURES_HASH, hash(1))
            .set(&LabelAudits::N, *n)
            .set(&LabelAudits::N_AGREE, *agreed)
            .set(&LabelAudits::AGREEMENT, *agreed as f64 / *n as f64)
            .set(&LabelAudits::AGREEMENT_LOW, 1.0) // not believed
            .set(&LabelAudits::BAR, 0.98)
            .set(&LabelAudits::VERDICT, "pass")
            .set(&LabelAudits::SEED, 0_u64)
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().into_record_batch()
}

#[test]
fn an_audit_must_show_98_percent_by_its_lower_bound() {
    let rules = one("labels", "label_audit", "");
    let rows = labels(&[(1, Some(1), 0), (2, Some(0), 0)]);
    let of = |audit: &[_]| judge(&rules, &rows, &with([audits(audit)]));
    // labeling.md 10: of 1,000 labels 10 disagreements pass, 15 do not.
    assert_eq!(counts(&of(&[("grade", 3, 5, 990, 1_000)])), (1, 0));
    let report = of(&[("grade", 3, 5, 985, 1_000)]);
    assert_eq!((counts(&report), finding(&report).verdict()), ((1, 1), &Verdict::Fail));
    // The latest audit counts, wherever it stands.
    assert_eq!(counts(&of(&[("grade", 3, 9, 990, 1_000), ("grade", 3, 5, 0, 1_000)])), (1, 0));
    // One of other rules is no evidence, nor is one of another target.
    assert!(is_missing_context(&of(&[("grade", 4, 9, 1_000, 1_000)])));
    assert!(is_missing_context(&of(&[("side", 3, 9, 1_000, 1_000)])));
    assert!(is_missing_context(&judge(&rules, &rows, &Context::new())));
    let counted = of(&[("grade", 3, 5, 0, 1_000)]);
    assert_eq!(finding(&counted).effect(), Some(("agreement_low", 0.0)));
}

#[test]
fn a_failed_audit_counts_although_another_family_has_none() {
    let rules = one("labels", "label_audit", "");
    let other = draft("side", 3, &[(1, Some(1), 0)], 0).into_record_batch();
    let both = [labels(&[(1, Some(1), 0)]), other];
    let (_, report) = broken(&rules, &both, &with([audits(&[("grade", 3, 5, 985, 1_000)])]));
    assert_eq!(finding(&report).verdict(), &Verdict::Fail);
    let (_, report) = broken(&rules, &both, &with([audits(&[("grade", 3, 5, 999, 1_000)])]));
    assert!(matches!(
        finding(&report).verdict(),
        Verdict::NotEvaluated(NotEvaluated::MissingContext(what)) if what.contains("`side`")
    ));
}

#[test]
fn lower_bounds_are_those_of_scipy() {
    // hits, trials, confidence, bounds by quantiles of beta, bounds by `binomtest`: scipy 1.17.1.
    let path = "/../../fixtures/labeling/weights_tests/clopper_pearson.tsv";
    let text = std::fs::read_to_string(format!("{}{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut worst = 0.0_f64;
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (hits, trials): (u64, u64) = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
        let expected: f64 = cells[3].parse().unwrap();
        let rules = one("labels", "label_audit", &format!("confidence = {}", cells[2]));
        let context = with([audits(&[("grade", 3, 5, hits, trials)])]);
        let (_, report) = broken(&rules, &[labels(&[(1, Some(1), 0)])], &context);
        let (_, found) = finding(&report).effect().unwrap();
        let off = (found - expected).abs() / expected.max(f64::MIN_POSITIVE);
        worst = worst.max(off);
        assert!(off <= 1e-12, "{line}: {found}, off by {off:e}");
    }
    assert!(worst > 0.0);
}
