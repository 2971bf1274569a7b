//! Overlap, uniqueness and weights.

use super::{near, number, rows};
use labeling::{Lives, Path, WeightError, decay_weights};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A case of the vectors: labels over the bars `[start, end]`, both included, and closes.
#[derive(Debug, Default)]
struct Case {
    starts: Vec<i64>,
    ends: Vec<i64>,
    uniqueness: Vec<f64>,
    mlfinpy_weights: Vec<f64>,
    closes: Vec<f64>,
}

impl Case {
    fn all() -> Vec<Self> {
        let text = include_str!("../../../../../fixtures/labeling/weights_tests/uniqueness.tsv");
        let mut cases: Vec<Self> = Vec::new();
        for row in rows(text) {
            let at: usize = row[0].parse().unwrap();
            cases.resize_with(cases.len().max(at + 1), Self::default);
            let case = &mut cases[at];
            if row[1] == "close" {
                case.closes.push(number(row[3]));
            } else {
                case.starts.push(row[1].parse().unwrap());
                case.ends.push(row[2].parse().unwrap());
                case.uniqueness.push(number(row[3]));
                case.mlfinpy_weights.push(number(row[4]));
            }
        }
        cases
    }

    /// A bar is the instant of its number.
    fn bars(&self) -> Vec<i64> {
        (0..).take(self.closes.len()).collect()
    }

    /// Peers count the bar of the entry, so it is the first instant of the life `(start - 1, end]`.
    fn entries(&self) -> Vec<i64> {
        self.starts.iter().map(|start| start - 1).collect()
    }

    fn returns(&self) -> Vec<f64> {
        let logs = self.closes.windows(2).map(|pair| (pair[1] / pair[0]).ln());
        std::iter::once(0.0).chain(logs).collect()
    }
}

#[test]
fn uniqueness_on_bars_is_that_of_ml4t_engineer() {
    for case in Case::all() {
        let (entries, bars) = (case.entries(), case.bars());
        let path = Path::try_new(None, &bars).unwrap();
        let overlap = Lives::across(&entries, &case.ends).unwrap().overlap_on(&path);
        for (row, expected) in case.uniqueness.iter().enumerate() {
            near(&format!("label {row}"), overlap.uniqueness[row].unwrap(), *expected, 1e-14);
        }
    }
}

/// mlfinpy 0.1.2 `get_ind_mat_average_uniqueness` averages over the cells of the matrix, where long labels count more.
#[test]
fn mean_uniqueness_is_over_labels_and_not_over_matrix_cells() {
    let text = include_str!("../../../../../fixtures/labeling/weights_tests/uniqueness_means.tsv");
    let cases = Case::all();
    for (case, row) in cases.iter().zip(rows(text)) {
        let (entries, bars) = (case.entries(), case.bars());
        let path = Path::try_new(None, &bars).unwrap();
        let overlap = Lives::across(&entries, &case.ends).unwrap().overlap_on(&path);
        let sum: f64 = overlap.uniqueness.iter().flatten().sum();
        let mean = sum / overlap.uniqueness.len() as f64;
        near(&row.join(" "), mean, number(row[1]), 1e-14);
        let cells = number(row[2]);
        if cases.len() > 1 && case.starts.len() > 1 {
            assert!((mean - cells).abs() > 1e-4, "the peer's mean {cells} is not to be met");
        }
    }
}

/// mlfinpy 0.1.2 `attribution` sums from the bar of the entry on, whose return was over when the position began.
#[test]
fn return_weight_begins_with_the_first_return_after_entry_and_not_with_the_one_that_ended_there() {
    let mut seen = 0;
    for case in Case::all() {
        let (entries, bars, returns) = (case.entries(), case.bars(), case.returns());
        let path = Path::try_new(None, &bars).unwrap().with_returns(&returns).unwrap();
        // The peer's figure comes back when every entry is put before its bar ..
        let peer = Lives::across(&entries, &case.ends).unwrap().overlap_on(&path).return_weight;
        // .. and is not what a label that enters at its bar has earned.
        let own = Lives::across(&case.starts, &case.ends).unwrap().overlap_on(&path).return_weight;
        for (row, expected) in case.mlfinpy_weights.iter().enumerate() {
            if expected.is_nan() {
                continue; // several labels of one start, which the peer cannot tell apart
            }
            let found = peer[row].unwrap();
            assert!((found - expected).abs() < 1e-14, "label {row}: {found} for {expected}");
            if case.starts[row] > 0 {
                assert_ne!(own[row], Some(found), "label {row}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 65);
}

#[test]
fn return_weight_by_hand() {
    // Returns end at 10, 20, 30, 40. The first label has 20 and 30, the second 30 and 40; they share 30.
    let path = Path::try_new(None, &[10, 20, 30, 40]).unwrap();
    let path = path.with_returns(&[8.0, 0.5, -0.25, -0.125]).unwrap();
    let overlap = Lives::across(&[10, 20], &[30, 40]).unwrap().overlap_on(&path);
    assert_eq!(overlap.return_weight, [Some(0.375), Some(0.25)]); // |0.5 - 0.125|, |-0.125 - 0.125|
    assert_eq!(overlap.uniqueness, [Some(0.75), Some(0.75)]);
    assert_eq!(overlap.concurrency_mean, [Some(1.5), Some(1.5)]);
}

#[test]
fn label_without_an_instant_in_its_life_has_no_weight_on_a_path() {
    let path = Path::try_new(None, &[10, 20]).unwrap().with_returns(&[0.1, 0.2]).unwrap();
    let overlap = Lives::across(&[10, 12, 20], &[20, 19, 30]).unwrap().overlap_on(&path);
    assert_eq!(overlap.uniqueness, [Some(1.0), None, None]);
    assert_eq!(overlap.return_weight, [Some(0.2), None, None]);
}

#[test]
fn life_begins_after_its_start_and_ends_with_its_end() {
    let path = Path::try_new(None, &[10, 20, 30]).unwrap();
    // At 20 the first still lives and the second does not yet.
    let overlap = Lives::across(&[10, 20], &[20, 30]).unwrap().overlap_on(&path);
    assert_eq!(overlap.uniqueness, [Some(1.0), Some(1.0)]);
}

#[test]
fn labels_overlap_within_their_group_alone() {
    let (starts, ends, groups) = ([0, 0, 0], [10, 10, 20], [1, 2, 2]);
    let within = Lives::within(&starts, &ends, &groups).unwrap().overlap();
    assert_eq!(within.uniqueness, [1.0, 0.5, 0.75]);
    let across = Lives::across(&starts, &ends).unwrap();
    let third = across.overlap().uniqueness[2];
    near("third", third, 2.0 / 3.0, 1e-15); // (10 / 3 + 10) / 20
    near("effective size", across.effective_size(), 4.0 / 3.0, 1e-15);
    let path = Path::try_new(Some(&[1, 2, 2]), &[10, 10, 20]).unwrap();
    let on = Lives::within(&starts, &ends, &groups).unwrap().overlap_on(&path);
    assert_eq!(on.uniqueness, [Some(1.0), Some(0.5), Some(0.75)]);
}

#[test]
fn lives_as_long_as_time_itself_do_not_overflow() {
    let overlap = Lives::across(&[i64::MIN; 2], &[i64::MAX; 2]).unwrap().overlap();
    assert_eq!(overlap.uniqueness, [0.5, 0.5]);
    assert_eq!(overlap.concurrency_mean, [2.0, 2.0]);
}

#[test]
fn what_cannot_be_weighted_is_refused() {
    let lives = |starts, ends| Lives::across(starts, ends).map(|lives| lives.len());
    assert_eq!(lives(&[1, 5], &[2, 5]), Err(WeightError::Interval { row: 1, start: 5, end: 5 }));
    assert_eq!(lives(&[1], &[]), Err(WeightError::Length { what: "ends", expected: 1, found: 0 }));
    assert_eq!(
        Lives::within(&[1], &[2], &[]).map(|lives| lives.len()),
        Err(WeightError::Length { what: "groups", expected: 1, found: 0 })
    );
    let path = |instants| Path::try_new(Some(&[1, 1, 2]), instants).map(|_| ());
    assert_eq!(path(&[1, 2, 1]), Ok(()));
    assert_eq!(path(&[2, 2, 1]), Err(WeightError::Order { row: 1, group: 1, found: 2 }));
    let returns = |returns: &[f64]| {
        Path::try_new(None, &[1, 2]).unwrap().with_returns(returns).map(|_| ()).unwrap_err()
    };
    assert_eq!(returns(&[0.0, 1_024.0]), WeightError::Return { row: 1, found: 1_024.0 });
    assert_eq!(returns(&[0.0]), WeightError::Length { what: "returns", expected: 2, found: 1 });
    let nan = returns(&[f64::NAN, 0.0]);
    assert!(matches!(nan, WeightError::Return { row: 0, .. }), "{nan:?}");
}

#[test]
fn decay_is_linear_in_cumulated_uniqueness() {
    let (starts, uniqueness) = ([30, 10, 20, 40], [0.5, 1.0, 0.25, 0.25]);
    // In order of start: 1, 0.25, 0.5, 0.25, so 0.5, 0.625, 0.875 and 1 of the whole.
    let at = |oldest| decay_weights(&starts, &uniqueness, oldest).unwrap();
    assert_eq!(at(1.0), [1.0; 4]);
    assert_eq!(at(0.5), [0.9375, 0.75, 0.8125, 1.0]);
    assert_eq!(at(0.0), [0.875, 0.5, 0.625, 1.0]);
    // 1 - (1 - share) / 0.5, not below 0: the older half weighs nothing.
    assert_eq!(at(-0.5), [0.75, 0.0, 0.25, 1.0]);
    assert_eq!(at(-1.0), [0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn decay_refuses_what_is_no_uniqueness_and_no_weight() {
    let at = |uniqueness, oldest| decay_weights(&[1], &[uniqueness], oldest).unwrap_err();
    assert_eq!(at(0.0, 0.5), WeightError::Uniqueness { row: 0, found: 0.0 });
    assert_eq!(at(1.5, 0.5), WeightError::Uniqueness { row: 0, found: 1.5 });
    assert_eq!(at(0.5, 1.5), WeightError::Oldest(1.5));
    assert_eq!(
        decay_weights(&[1, 2], &[0.5], 0.5).unwrap_err(),
        WeightError::Length { what: "uniqueness", expected: 2, found: 1 }
    );
}

type Labels = Vec<(i64, i64, u32)>;

fn labels(most: usize) -> impl Strategy<Value = Labels> {
    prop::collection::vec((0_i64..60, 1_i64..25, 0_u32..3), 1..most)
        .prop_map(|all| all.into_iter().map(|(s, life, g)| (s, s + life, g)).collect())
}

fn bits(labels: &Labels) -> Vec<(u64, u64)> {
    let starts: Vec<i64> = labels.iter().map(|l| l.0).collect();
    let ends: Vec<i64> = labels.iter().map(|l| l.1).collect();
    let groups: Vec<u32> = labels.iter().map(|l| l.2).collect();
    let overlap = Lives::within(&starts, &ends, &groups).unwrap().overlap();
    overlap
        .uniqueness
        .iter()
        .zip(&overlap.concurrency_mean)
        .map(|(u, c)| (u.to_bits(), c.to_bits()))
        .collect()
}

/// Every nanosecond of every life, one by one.
fn naive(labels: &Labels) -> Vec<(u64, u64)> {
    let alive = |t: i64, group: u32| {
        labels.iter().filter(|l| l.2 == group && l.0 < t && t <= l.1).count() as i128
    };
    labels
        .iter()
        .map(|&(start, end, group)| {
            let counts: Vec<i128> = (start + 1..=end).map(|t| alive(t, group)).collect();
            let units: i128 = counts.iter().map(|c| (1_i128 << 60) / c).sum();
            let life = i128::from(end - start);
            let uniqueness = units as f64 / (life << 60) as f64;
            let concurrency = counts.iter().sum::<i128>() as f64 / life as f64;
            (uniqueness.to_bits(), concurrency.to_bits())
        })
        .collect()
}

proptest! {
    #[test]
    fn overlap_has_the_bits_of_counting_every_nanosecond(labels in labels(40)) {
        prop_assert_eq!(bits(&labels), naive(&labels));
    }

    #[test]
    fn order_of_labels_moves_no_bit(labels in labels(40), turn in 0_usize..40) {
        let turn = turn % labels.len();
        let mut turned = labels.clone();
        turned.rotate_left(turn);
        let mut expected = bits(&labels);
        expected.rotate_left(turn);
        prop_assert_eq!(bits(&turned), expected);
    }

    #[test]
    fn reading_from_an_earlier_start_moves_no_bit(labels in labels(30), old in labels(30)) {
        // Labels that are over before the others begin, and everything at another time of the world.
        let far = 1_900_000_000_000_000_000;
        let mut all: Labels = labels.iter().map(|l| (l.0 + far, l.1 + far, l.2)).collect();
        all.extend(old.iter().map(|l| (l.0 - 100, l.1 - 100, l.2)));
        prop_assert_eq!(&bits(&all)[..labels.len()], &bits(&labels)[..]);
    }

    #[test]
    fn uniqueness_lies_in_its_range_and_sums_to_the_time_covered(labels in labels(40)) {
        let found = bits(&labels);
        let mut sum = 0.0;
        for (label, (uniqueness, concurrency)) in labels.iter().zip(&found) {
            let (uniqueness, concurrency) = (f64::from_bits(*uniqueness), f64::from_bits(*concurrency));
            prop_assert!(uniqueness > 0.0 && uniqueness <= 1.0);
            prop_assert!(concurrency >= 1.0 && concurrency <= labels.len() as f64);
            // The mean of 1 / c is at least 1 over the mean of c.
            prop_assert!(uniqueness * concurrency >= 1.0 - 1e-12);
            sum += uniqueness * (label.1 - label.0) as f64;
        }
        let covered: BTreeSet<(u32, i64)> =
            labels.iter().flat_map(|&(s, e, g)| (s + 1..=e).map(move |t| (g, t))).collect();
        prop_assert!((sum - covered.len() as f64).abs() < 1e-9);
    }

    #[test]
    fn path_of_every_nanosecond_measures_as_time_does(labels in labels(30)) {
        let starts: Vec<i64> = labels.iter().map(|l| l.0).collect();
        let ends: Vec<i64> = labels.iter().map(|l| l.1).collect();
        let instants: Vec<i64> = (0..100).collect();
        let path = Path::try_new(None, &instants).unwrap();
        let lives = Lives::across(&starts, &ends).unwrap();
        let on: Vec<f64> = lives.overlap_on(&path).uniqueness.into_iter().flatten().collect();
        prop_assert_eq!(on, lives.overlap().uniqueness);
    }

    #[test]
    fn return_weights_do_not_depend_on_what_was_read_before(
        labels in labels(30),
        returns in prop::collection::vec(-0.1_f64..0.1, 100),
    ) {
        let starts: Vec<i64> = labels.iter().map(|l| l.0).collect();
        let ends: Vec<i64> = labels.iter().map(|l| l.1).collect();
        let lives = Lives::across(&starts, &ends).unwrap();
        let from = |first: i64| {
            let instants: Vec<i64> = (first..100).collect();
            let mut all = vec![0.3; instants.len() - 100];
            all.extend(&returns);
            let path = Path::try_new(None, &instants).unwrap().with_returns(&all).unwrap();
            lives.overlap_on(&path).return_weight
        };
        prop_assert_eq!(from(0), from(-57));
    }
}
