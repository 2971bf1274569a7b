//! Ranks and statistics among rows of one cut-off.

use crate::golden::{assert_close, floats, read};
use analytics::{CrossError, CrossSection, CrossStat, ERRORS, group_ids};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, StringArray,
    TimestampNanosecondArray, UInt32Array,
};
use contract::Diagnostic;
use proptest::prelude::*;
use std::sync::Arc;

const STATS: [(&str, CrossStat); 6] = [
    ("rank_average", CrossStat::RankAverage),
    ("rank_share", CrossStat::RankShare),
    ("mean", CrossStat::Mean),
    ("z", CrossStat::Z),
    ("count", CrossStat::Count),
    ("median", CrossStat::Median),
];

#[derive(Debug, Clone)]
struct Rows {
    values: Vec<Option<f64>>,
    cutoffs: Vec<i64>,
    groups: Vec<Option<u32>>,
}

impl Rows {
    fn evaluate(&self, section: CrossSection) -> Vec<Option<f64>> {
        let cutoffs = TimestampNanosecondArray::from(self.cutoffs.clone()).with_timezone("UTC");
        let values = Float64Array::from(self.values.clone());
        section.evaluate(&values, &cutoffs, &self.groups).unwrap().iter().collect()
    }

    fn at(&self, order: &[usize]) -> Self {
        Self {
            values: order.iter().map(|at| self.values[*at]).collect(),
            cutoffs: order.iter().map(|at| self.cutoffs[*at]).collect(),
            groups: order.iter().map(|at| self.groups[*at]).collect(),
        }
    }
}

#[test]
fn every_statistic_is_that_of_pandas_and_scipy() {
    let cases = read("cross.json");
    let mut cells = 0;
    for (n, case) in cases.as_array().unwrap().iter().enumerate() {
        let rows = Rows {
            values: floats(&case["values"]),
            cutoffs: case["cutoffs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t.as_i64().unwrap())
                .collect(),
            groups: case["groups"]
                .as_array()
                .unwrap()
                .iter()
                .map(|g| g.as_u64().map(|g| u32::try_from(g).unwrap()))
                .collect(),
        };
        let word = case["stat"].as_str().unwrap();
        let section = CrossSection {
            stat: STATS.into_iter().find(|(name, _)| *name == word).unwrap().1,
            window_ns: case["window_ns"].as_i64().unwrap(),
            leave_one_out: case["leave_one_out"].as_bool().unwrap(),
        };
        let found = rows.evaluate(section);
        let expected = floats(&case["expected"]);
        assert_eq!(found.len(), expected.len(), "case {n}");
        for (row, (found, expected)) in found.into_iter().zip(expected).enumerate() {
            cells += usize::from(expected.is_some());
            // A mean of values around zero may cancel: an absolute allowance of the size of its terms.
            if let (Some(f), Some(e)) = (found, expected)
                && (f - e).abs() < 1e-12
            {
                continue;
            }
            assert_close(found, expected, &format!("case {n} {word}, row {row}"));
        }
    }
    assert!(cells > 4_000, "{cells}");
}

fn rows() -> impl Strategy<Value = Rows> {
    let value = prop_oneof![
        2 => Just(None),
        6 => (-3_i32..4).prop_map(|v| Some(f64::from(v) * 0.1)),
        2 => any::<f64>().prop_map(Some),
        1 => Just(Some(-0.0)),
    ];
    let row = (value, 0_i64..9, proptest::option::weighted(0.9, 0_u32..3));
    proptest::collection::vec(row, 0..40).prop_map(|rows| Rows {
        values: rows.iter().map(|row| row.0).collect(),
        cutoffs: rows.iter().map(|row| row.1).collect(),
        groups: rows.iter().map(|row| row.2).collect(),
    })
}

fn section() -> impl Strategy<Value = CrossSection> {
    (0_usize..6, prop_oneof![Just(0_i64), 1_i64..6], any::<bool>()).prop_map(
        |(stat, window_ns, out)| {
            let stat = STATS[stat].1;
            let is_rank = matches!(stat, CrossStat::RankAverage | CrossStat::RankShare);
            CrossSection { stat, window_ns, leave_one_out: out && !is_rank }
        },
    )
}

fn bits(values: &[Option<f64>]) -> Vec<Option<u64>> {
    values.iter().map(|value| value.map(f64::to_bits)).collect()
}

proptest! {
    #[test]
    fn rows_that_come_later_change_nothing(rows in rows(), section in section(), cut in 0_i64..9) {
        let early: Vec<usize> = (0..rows.cutoffs.len()).filter(|at| rows.cutoffs[*at] <= cut).collect();
        let all = rows.evaluate(section);
        let expected: Vec<_> = early.iter().map(|at| all[*at]).collect();
        prop_assert_eq!(bits(&rows.at(&early).evaluate(section)), bits(&expected));
    }

    #[test]
    fn the_order_of_rows_moves_no_bit(rows in rows(), section in section(), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..rows.values.len()).collect();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        let all = rows.evaluate(section);
        let expected: Vec<_> = order.iter().map(|at| all[*at]).collect();
        prop_assert_eq!(bits(&rows.at(&order).evaluate(section)), bits(&expected));
    }

    #[test]
    fn other_groups_change_nothing(rows in rows(), section in section()) {
        let of_one: Vec<usize> = (0..rows.groups.len()).filter(|at| rows.groups[*at] == Some(1)).collect();
        let all = rows.evaluate(section);
        let expected: Vec<_> = of_one.iter().map(|at| all[*at]).collect();
        prop_assert_eq!(bits(&rows.at(&of_one).evaluate(section)), bits(&expected));
    }

    #[test]
    fn nothing_that_is_not_finite_comes_out(rows in rows(), section in section()) {
        prop_assert!(rows.evaluate(section).into_iter().flatten().all(f64::is_finite));
    }
}

#[test]
fn a_window_holds_its_end_and_not_its_begin() {
    let rows = Rows {
        values: vec![Some(1.0), Some(2.0), Some(4.0)],
        cutoffs: vec![0, 5, 10],
        groups: vec![Some(0); 3],
    };
    let mean = |window_ns| CrossSection { window_ns, ..CrossSection::new(CrossStat::Mean) };
    assert_eq!(rows.evaluate(mean(5)), [Some(1.0), Some(2.0), Some(4.0)]);
    assert_eq!(rows.evaluate(mean(6)), [Some(1.0), Some(1.5), Some(3.0)]);
    assert_eq!(rows.evaluate(mean(i64::MAX)), [Some(1.0), Some(1.5), Some(7.0 / 3.0)]);
}

#[test]
fn a_nan_is_no_member() {
    let rows = Rows {
        values: vec![Some(f64::NAN), Some(1.0), Some(f64::INFINITY)],
        cutoffs: vec![0; 3],
        groups: vec![Some(0); 3],
    };
    assert_eq!(rows.evaluate(CrossSection::new(CrossStat::Count)), [Some(1.0); 3]);
    assert_eq!(rows.evaluate(CrossSection::new(CrossStat::RankAverage)), [None, Some(1.0), None]);
}

#[test]
fn equal_keys_are_one_group_and_a_null_key_is_none() {
    let desks: ArrayRef =
        Arc::new(StringArray::from(vec![Some("a"), Some("a"), None, Some("ab"), Some("a")]));
    let words: DictionaryArray<Int32Type> = ["b", "b", "b", "", "c"].into_iter().collect();
    let keys = [desks, Arc::new(words) as ArrayRef];
    assert_eq!(group_ids(&keys, 5).unwrap(), [Some(0), Some(0), None, Some(1), Some(2)]);
    assert_eq!(group_ids(&[], 2).unwrap(), [Some(0), Some(0)]);
    let truth: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    let number: ArrayRef = Arc::new(UInt32Array::from(vec![7, 7, 7]));
    assert_eq!(group_ids(&[truth, number], 3).unwrap(), [Some(0), Some(1), Some(0)]);
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_code() {
    let values = Float64Array::from(vec![1.0, 2.0]);
    let cutoffs = TimestampNanosecondArray::from(vec![Some(1), None]).with_timezone("UTC");
    let good = TimestampNanosecondArray::from(vec![1, 1]).with_timezone("UTC");
    let groups = [Some(0), Some(0)];
    let mean = CrossSection::new(CrossStat::Mean);
    let rank = CrossSection { leave_one_out: true, ..CrossSection::new(CrossStat::RankShare) };
    let float: ArrayRef = Arc::new(values.clone());
    for (found, expected) in [
        (mean.evaluate(&values, &cutoffs, &groups).err(), CrossError::NullCutoff { row: 1 }),
        (
            mean.evaluate(&values, &good, &groups[..1]).err(),
            CrossError::Rows { column: "groups", expected: 2, found: 1 },
        ),
        (
            CrossSection { window_ns: -1, ..mean }.evaluate(&values, &good, &groups).err(),
            CrossError::Window { found: -1 },
        ),
        (rank.evaluate(&values, &good, &groups).err(), CrossError::RankWithoutSelf),
        (group_ids(&[float], 2).err(), CrossError::Key { key: 0, found: "Float64".to_owned() }),
    ] {
        assert!(ERRORS.contains(&format!("\n## {}\n", expected.code())));
        assert_eq!(found, Some(expected));
    }
    assert_eq!(mean.evaluate(&values, &good, &groups).unwrap().null_count(), 0);
}
