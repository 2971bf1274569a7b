//! Families of cells.

use super::overlap::cell;
use super::sample::Noise;
use super::{near, number, rows};
use contract::{Diagnostic as _, EventId, Side};
use labeling::{
    Cell, SignificanceError, SignificanceOptions, Verdict, by_grade, false_discovery, side_placebo,
    significance,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn options() -> SignificanceOptions {
    SignificanceOptions { replicates: 999, ..SignificanceOptions::new(11) }
}

/// A simulated cell under another name.
fn named(name: &str, seed: u64, errors: f64) -> Cell {
    Cell { name: name.to_owned(), ..cell(seed, 5, errors) }
}

#[test]
fn q_values_are_those_of_scipy() {
    let text = include_str!("../../../../../fixtures/labeling/weights_tests/false_discovery.tsv");
    let mut families: BTreeMap<String, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for row in rows(text) {
        let (p, q) = families.entry(row[0].to_owned()).or_default();
        p.push(number(row[1]));
        q.push(number(row[2]));
    }
    assert_eq!(families.len(), 6);
    for (family, (p, q)) in families {
        for (found, expected) in false_discovery(&p).iter().zip(q) {
            near(&family, *found, expected, 1e-15);
        }
    }
    assert_eq!(false_discovery(&[]), [0.0; 0]);
}

proptest! {
    #[test]
    fn q_values_keep_the_order_of_p_values_and_are_never_below_them(
        p in prop::collection::vec(0.0_f64..=1.0, 1..50)
    ) {
        let q = false_discovery(&p);
        for (a, x) in p.iter().zip(&q) {
            prop_assert!(x >= a && *x <= 1.0);
            for (b, y) in p.iter().zip(&q) {
                prop_assert!(a > b || x <= y);
            }
        }
    }
}

#[test]
fn verdicts_need_size_and_both_tests() {
    let mut few = named("few", 3, 40.0);
    few.labels.truncate(100); // 100 labels of overlap 5: about 20 effective
    let cells = [
        named("up", 1, 6.0),
        named("down", 2, -6.0),
        named("nothing", 3, 0.0),
        few,
        Cell { labels: Vec::new(), ..named("empty", 4, 0.0) },
    ];
    let tests = significance(&cells, &options()).unwrap();
    let verdicts: Vec<_> = tests.iter().map(|test| (test.cell.as_str(), test.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            ("up", Verdict::Positive),
            ("down", Verdict::Negative),
            ("nothing", Verdict::NotSignificant),
            ("few", Verdict::Insufficient),
            ("empty", Verdict::Insufficient),
        ]
    );
    for test in &tests {
        let larger = test.t_test.p_value.unwrap_or(1.0).max(test.bootstrap.p_value.unwrap_or(1.0));
        assert_eq!(test.combined.p_value, Some(larger), "{}", test.cell);
        assert!(test.q_value >= larger, "{}", test.cell);
    }
    // The empty cell is in the family: the smallest p-value of five is taken five times.
    let p: Vec<f64> = tests.iter().map(|test| test.combined.p_value.unwrap()).collect();
    assert_eq!(tests.iter().map(|test| test.q_value).collect::<Vec<_>>(), false_discovery(&p));
    assert_eq!(p[4].to_bits(), 1.0_f64.to_bits());
}

#[test]
fn cell_that_cannot_be_tested_stays_in_the_family_with_a_p_value_of_1() {
    let mut same = named("same", 1, 0.0);
    same.labels.iter_mut().for_each(|label| label.value = Some(3.0));
    let test = significance(&[same], &options()).unwrap().remove(0);
    assert_eq!((test.combined.p_value, test.combined.ci), (Some(1.0), None));
    assert_eq!(test.verdict, Verdict::NotSignificant);
}

#[test]
fn order_of_cells_and_of_labels_changes_nothing() {
    let cells = [named("a", 1, 3.0), named("b", 2, 0.0)];
    let expected = significance(&cells, &options()).unwrap();
    let [mut a, b] = cells;
    a.labels.reverse();
    let found = significance(&[b, a], &options()).unwrap();
    assert_eq!([&found[1], &found[0]], [&expected[0], &expected[1]]);
}

#[test]
fn further_cells_move_q_alone() {
    let alone = significance(&[named("a", 1, 3.0)], &options()).unwrap().remove(0);
    let family = [named("a", 1, 3.0), named("b", 2, 0.0), named("c", 3, 0.0)];
    let among = significance(&family, &options()).unwrap().remove(0);
    assert_eq!((among.t_test, among.bootstrap), (alone.t_test, alone.bootstrap));
    assert!(among.q_value > alone.q_value, "{} {}", among.q_value, alone.q_value);
}

#[test]
fn effective_size_counts_overlap_across_instruments() {
    let one = named("one", 1, 0.0);
    let mut two = one.clone();
    two.name = "two".to_owned();
    two.labels.extend(one.labels.iter().cloned().map(|mut label| {
        label.instrument = contract::InstrumentId::new(2);
        label
    }));
    let tests = significance(&[one, two], &options()).unwrap();
    assert_eq!(tests[1].t_test.n, 2 * tests[0].t_test.n);
    near("effective size", tests[1].t_test.n_eff, tests[0].t_test.n_eff, 1e-12);
}

#[test]
fn labels_without_value_take_no_part_in_the_mean() {
    let mut cell = named("a", 1, 0.0);
    let whole = cell.labels.len();
    cell.labels.iter_mut().skip(1).step_by(2).for_each(|label| label.value = None);
    let test = significance(&[cell], &options()).unwrap().remove(0);
    assert_eq!((test.t_test.n, test.placebo.n), (whole / 2, whole / 2));
}

#[test]
fn grades_are_cells_of_their_own_and_empty_ones_are_there() {
    let mut cell = named("a", 1, 0.0);
    for label in &mut cell.labels {
        label.class = Some(if label.value > Some(0.0) { 1 } else { -1 });
    }
    cell.base = Some([0.0, 0.5, 0.0, 0.5, 0.0]);
    let cells = by_grade(&cell);
    let names: Vec<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
    assert_eq!(names, ["a/class=-2", "a/class=-1", "a/class=0", "a/class=1", "a/class=2"]);
    let tests = significance(&cells, &options()).unwrap();
    assert_eq!(tests.iter().map(|test| test.t_test.n).sum::<usize>(), cell.labels.len());
    assert_eq!(tests[1].verdict, Verdict::Negative);
    assert_eq!(tests[2].verdict, Verdict::Insufficient);
}

#[test]
fn class_shares_are_judged_at_the_effective_size() {
    let mut cell = named("a", 1, 0.0);
    for (row, label) in cell.labels.iter_mut().enumerate() {
        label.class = Some(i8::from(row % 4 == 0));
    }
    cell.base = Some([0.0, 0.0, 0.6, 0.4, 0.0]);
    let test = significance(&[cell], &options()).unwrap().remove(0);
    let n_eff = test.class_balance.n_eff;
    assert!((50.0..75.0).contains(&n_eff), "{n_eff}");
    // w^2 = 0.15^2 / 0.6 + 0.15^2 / 0.4 = 0.09375. With 300 independent labels p would be 1e-7.
    near("effect", test.class_balance.effect.unwrap(), 0.093_75_f64.sqrt(), 1e-12);
    let p = test.class_balance.p_value.unwrap();
    assert!((0.01..0.05).contains(&p), "{p}");
    let (class, share) = test.class_shares[3];
    assert_eq!((class, share.effect), (1, Some(0.25)));
    let (low, high) = share.ci.unwrap();
    // Clopper-Pearson of 15 of 60 is 0.1472 to 0.3786.
    assert!((low - 0.147).abs() < 0.01 && (high - 0.379).abs() < 0.02, "{low} {high}");
}

#[test]
fn class_that_the_base_rules_out_is_a_difference_without_measure() {
    let mut cell = named("a", 1, 0.0);
    cell.labels.iter_mut().for_each(|label| label.class = Some(2));
    cell.base = Some([0.5, 0.5, 0.0, 0.0, 0.0]);
    let test = significance(&[cell], &options()).unwrap().remove(0);
    assert_eq!((test.class_balance.p_value, test.class_balance.effect), (Some(0.0), None));
}

/// Sides and moves of `n` labels; `skill` is the share of sides that follow the move.
fn traded(seed: u64, n: usize, skill: f64, long: f64) -> Vec<(f64, i8)> {
    let mut noise = Noise(seed);
    (0..n)
        .map(|_| {
            let moved = noise.normal() + 0.3;
            let knows = noise.unit() < skill;
            let side = if knows { moved > 0.0 } else { noise.unit() <= long };
            let side = if side { 1 } else { -1 };
            (moved * f64::from(side), side)
        })
        .collect()
}

#[test]
fn placebo_finds_sides_that_know_the_moves_and_not_a_drift_that_was_held() {
    let p =
        |labels: &[(f64, i8)]| side_placebo(labels, 300.0, 9_999, 1, 1).unwrap().p_value.unwrap();
    assert!(p(&traded(1, 300, 0.4, 0.5)) < 0.01);
    // Always long in a rising market: the mean is far above 0, and the timing knows nothing.
    assert_eq!(p(&traded(2, 300, 0.0, 1.0)).to_bits(), 1.0_f64.to_bits());
}

#[test]
fn placebo_of_blind_sides_is_uniform() {
    // 400 runs: a share of 10 % has a standard error of 1.5 %.
    let p = |seed| side_placebo(&traded(seed, 120, 0.0, 0.7), 120.0, 999, seed, 1).unwrap();
    let found: Vec<f64> = (0..400).map(|seed| p(seed).p_value.unwrap()).collect();
    for share in [0.1, 0.5] {
        let below = found.iter().filter(|p| **p <= share).count() as f64 / 400.0;
        let error = (share * (1.0 - share) / 400.0_f64).sqrt();
        assert!((below - share).abs() < 4.0 * error, "{below} at or below {share}");
    }
}

#[test]
fn placebo_parts_sides_from_moves_that_overlap_their_own() {
    let labels = traded(1, 100, 0.5, 0.5);
    // Blocks of 2 * 100 / 5 = 40 leave the shifts 40 to 60, which are 21; blocks of 50 leave one.
    let test = side_placebo(&labels, 5.0, 9_999, 1, 1).unwrap();
    let steps = test.p_value.unwrap() * 22.0;
    assert!((steps - steps.round()).abs() < 1e-9, "{steps}");
    assert_eq!(side_placebo(&labels, 4.0, 9_999, 1, 1), None);
    assert_eq!(side_placebo(&[], 0.0, 9_999, 1, 1), None);
}

#[test]
fn what_cannot_be_tested_is_refused_as_a_whole() {
    let code = |cells: &[Cell], options| significance(cells, &options).unwrap_err().code();
    let broken = |change: fn(&mut Cell)| {
        let mut cell = named("a", 1, 0.0);
        change(&mut cell);
        [cell]
    };
    let twice = [named("a", 1, 0.0), named("a", 2, 0.0)];
    assert_eq!(code(&twice, options()), "labeling/cell-twice");
    let nan = broken(|cell| cell.labels[3].value = Some(f64::NAN));
    assert_eq!(code(&nan, options()), "labeling/value-not-finite");
    let empty = broken(|cell| cell.labels[3].end = cell.labels[3].start);
    assert_eq!(code(&empty, options()), "labeling/empty-life");
    let class = broken(|cell| cell.labels[3].class = Some(3));
    assert_eq!(code(&class, options()), "labeling/class-range");
    let base = broken(|cell| cell.base = Some([0.2; 5].map(|s| s * 1.1)));
    assert_eq!(code(&base, options()), "labeling/base-shares");
    let fine = broken(|_| ());
    for options in [
        SignificanceOptions { replicates: 0, ..options() },
        SignificanceOptions { min_effective: f64::NAN, ..options() },
        SignificanceOptions { max_q: 1.0, ..options() },
    ] {
        let error = significance(&fine, &options).unwrap_err();
        assert!(matches!(error, SignificanceError::Setting { .. }), "{error}");
    }
}

#[test]
fn labels_of_one_start_go_by_decision() {
    let mut cell = named("a", 1, 0.0);
    for (row, label) in (0..).zip(&mut cell.labels) {
        label.start = 0;
        label.end = 100 + i64::from(label.side == Some(Side::Sell));
        label.decision_id = EventId::v7(row, [1; 10]);
    }
    let expected = significance(std::slice::from_ref(&cell), &options()).unwrap();
    cell.labels.rotate_left(7);
    assert_eq!(significance(&[cell], &options()).unwrap(), expected);
}
