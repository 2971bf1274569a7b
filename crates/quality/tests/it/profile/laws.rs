//! Order, cuts, merges and restarts leave no trace; bounded quantiles hold the exact ones.

use super::{bytes_of, floats, profile_of, state_of, table};
use contract::arrow_array::{
    Array as _, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampNanosecondArray, UInt32Array,
};
use proptest::prelude::*;
use quality::{DistinctCount, ProfileOptions, ProfileState, Value, exact_quantiles};
use std::sync::Arc;

/// A table of every kind; `n` above 10,000 makes sketches of most columns.
fn rows(n: usize) -> RecordBatch {
    let mix = |row: usize| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let maybe = |row: usize| mix(row) % 17 != 0;
    let number = |row: usize| match mix(row) % 101 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 => 1e308,
        4 => 5e-324,
        other => (other as f64 - 50.0) * (row as f64 + 0.5),
    };
    let all = || 0..n;
    let price = all().map(|row| maybe(row).then(|| number(row)));
    let flag = all().map(|row| maybe(row).then(|| mix(row) % 3 == 0));
    let text = all().map(|row| maybe(row).then(|| format!("k{}", mix(row) % 4_000)));
    let order = all().map(|row| format!("order {row}"));
    let fee = all().map(|row| i128::from(mix(row)) - (1 << 40));
    let fee = Decimal128Array::from_iter_values(fee).with_precision_and_scale(38, 9).unwrap();
    let ts = all().map(|row| 1_767_571_200_000_000_000 + (mix(row) % 1_000_000_000).cast_signed());
    table(vec![
        ("price", Arc::new(price.collect::<Float64Array>())),
        (
            "id",
            Arc::new(Int64Array::from_iter_values(
                all().map(|row| mix(row).cast_signed() - (1 << 43)),
            )),
        ),
        ("few", Arc::new(UInt32Array::from_iter_values(all().map(|row| (mix(row) % 9) as u32)))),
        ("fee", Arc::new(fee)),
        ("ts", Arc::new(TimestampNanosecondArray::from_iter_values(ts).with_timezone("UTC"))),
        ("flag", Arc::new(flag.collect::<BooleanArray>())),
        ("text", Arc::new(text.collect::<StringArray>())),
        ("order", Arc::new(StringArray::from_iter_values(order))),
    ])
}

fn options() -> ProfileOptions {
    ProfileOptions::default().with_origin("ts", 1.767_571_2e18).with_origin("price", 3.3)
}

fn in_batches(batch: &RecordBatch, size: usize) -> ProfileState {
    let mut state = ProfileState::try_new(&batch.schema(), &options()).unwrap();
    for start in (0..batch.num_rows()).step_by(size) {
        state.observe(&batch.slice(start, size.min(batch.num_rows() - start))).unwrap();
    }
    state
}

#[test]
fn any_batch_size_gives_the_same_bits() {
    let batch = rows(3_000);
    let whole = bytes_of(&state_of(&batch, &options()));
    for size in [1, 2, 7, 64, 1_023, 1_025] {
        assert_eq!(bytes_of(&in_batches(&batch, size)), whole, "batches of {size}");
    }
    let whole = rows(25_000);
    assert_eq!(bytes_of(&in_batches(&whole, 777)), bytes_of(&state_of(&whole, &options())));
}

#[test]
fn any_order_of_any_parts_gives_the_same_bits() {
    let batch = rows(24_000);
    let whole = state_of(&batch, &options());
    // 7,000 orders are a set, 24,000 a sketch: the switch lies in a merge, of sets and of a set with a sketch.
    let parts: Vec<ProfileState> = [(0, 7_000), (7_000, 7_000), (14_000, 1), (14_001, 9_999)]
        .map(|(start, len)| in_batches(&batch.slice(start, len), 500))
        .into();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let mut state = ProfileState::try_new(&batch.schema(), &options()).unwrap();
        for part in order {
            state.merge(&parts[part]).unwrap();
        }
        assert_eq!(bytes_of(&state), bytes_of(&whole), "{order:?}");
        let mut pairs = (parts[order[0]].clone(), parts[order[2]].clone());
        pairs.0.merge(&parts[order[1]]).unwrap();
        pairs.1.merge(&parts[order[3]]).unwrap();
        pairs.0.merge(&pairs.1).unwrap();
        assert_eq!(bytes_of(&pairs.0), bytes_of(&whole), "{order:?} in pairs");
        assert_eq!(pairs.0.finish(), whole.finish());
    }
}

#[test]
fn save_restore_and_go_on_is_as_never_stopping() {
    for (n, stop) in [(2_000, 900), (24_000, 13_000)] {
        let batch = rows(n);
        let mut state = in_batches(&batch.slice(0, stop), 700);
        state = serde_json::from_str(&bytes_of(&state)).unwrap();
        state.observe(&batch.slice(stop, n - stop)).unwrap();
        assert_eq!(bytes_of(&state), bytes_of(&state_of(&batch, &options())));
    }
}

#[test]
fn ten_thousand_values_are_counted_and_one_more_is_estimated() {
    let distinct =
        |values: Vec<f64>| profile_of(floats(values.into_iter().map(Some).collect())).distinct;
    let values = |n: u32| (0..n).map(f64::from).collect::<Vec<_>>();
    assert_eq!(distinct(values(10_000)), Some(DistinctCount::Exact(10_000)));
    for n in [10_001, 100_000] {
        let mut once = values(n);
        let Some(DistinctCount::Estimate(found)) = distinct(once.clone()) else { panic!("{n}") };
        // Four standard errors of 1.6 %.
        assert!((found / f64::from(n) - 1.0).abs() < 0.066, "{found} of {n}");
        // Repeats and order change nothing.
        once.extend(values(n));
        once.reverse();
        assert_eq!(distinct(once), Some(DistinctCount::Estimate(found)));
    }
}

#[test]
fn estimates_are_those_of_the_library_that_defines_the_sketch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/quality/profile/distinct.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<(u32, f64)> = text
        .lines()
        .skip(2)
        .map(|line| line.split_once(',').unwrap())
        .map(|(n, estimate)| (n.parse().unwrap(), estimate.parse().unwrap()))
        .collect();
    assert_eq!(rows.len(), 4);
    for (n, expected) in rows {
        let found = profile_of(floats((0..n).map(|value| Some(f64::from(value))).collect()));
        let Some(DistinctCount::Estimate(found)) = found.distinct else { panic!("{n}") };
        assert!((found / expected - 1.0).abs() < 1e-12, "{n}: {found} is not {expected}");
    }
}

#[test]
fn long_texts_are_estimated_before_they_fill_the_memory() {
    let text = |row: usize| format!("{row:08}").repeat(1_000);
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..600).map(text)));
    let found = profile_of(Arc::clone(&texts));
    let Some(DistinctCount::Estimate(estimate)) = found.distinct else { panic!() };
    assert!((estimate / 600.0 - 1.0).abs() < 0.066, "{estimate}");
    assert_eq!((found.min, found.max), (Some(Value::Text(text(0))), Some(Value::Text(text(599)))));
    assert_eq!(found.top, None);
    let some = profile_of(texts.slice(0, 500));
    assert_eq!(some.distinct, Some(DistinctCount::Exact(500)));
}

fn number(value: &Value) -> f64 {
    let Value::Number(number) = value else { panic!("{value:?}") };
    *number
}

fn holds_the_exact_quantiles(values: &[f64], origin: f64) {
    let batch = table(vec![("x", floats(values.iter().copied().map(Some).collect()))]);
    let options = ProfileOptions::default().with_origin("x", origin);
    let found = state_of(&batch, &options).finish().columns.remove(0);
    let shares: Vec<f64> = found.quantiles.iter().map(|quantile| quantile.share).collect();
    assert_eq!(shares, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]);
    let exact = exact_quantiles(values, &shares).unwrap();
    for (quantile, exact) in found.quantiles.iter().zip(exact) {
        let (low, value, high) =
            (number(&quantile.low), number(&quantile.value), number(&quantile.high));
        let exact = exact.unwrap();
        assert!(low <= exact && exact <= high, "{exact:e} in {low:e}..{high:e} from {origin:e}");
        assert!(low <= value && value <= high, "{value:e} in {low:e}..{high:e} from {origin:e}");
    }
}

#[test]
fn a_declared_origin_makes_the_quantiles_of_a_price_fine() {
    let price = |row: u32| 64_000.0 + f64::from(row * 7_919 % 10_007) / 1_000.0;
    let values: Vec<f64> = (0..5_000).map(price).collect();
    holds_the_exact_quantiles(&values, 0.0);
    holds_the_exact_quantiles(&values, 64_000.0);
    let median = |origin: f64| {
        let batch = table(vec![("x", floats(values.iter().copied().map(Some).collect()))]);
        let options = ProfileOptions::default().with_origin("x", origin);
        let found = state_of(&batch, &options).finish().columns.remove(0);
        (
            number(&found.quantiles[3].value),
            number(&found.quantiles[3].high) - number(&found.quantiles[3].low),
        )
    };
    let exact = exact_quantiles(&values, &[0.5]).unwrap()[0].unwrap();
    assert!(median(0.0).1 > 9.0); // a bucket of 64,000 is 256 wide: the whole range
    let (found, width) = median(64_000.0);
    assert!(width <= 0.04 && (found - exact).abs() < 0.02, "{found} {exact} {width}"); // 5 / 128
}

#[test]
fn instants_near_their_origin_have_fine_quantiles() {
    let start = 1_767_571_200_000_000_000_i64;
    let ts =
        TimestampNanosecondArray::from_iter_values((0..=1_000).map(|row| start + row * 1_000_000));
    let batch = table(vec![("ts", Arc::new(ts))]);
    let options = ProfileOptions::default().with_origin("ts", start as f64);
    let found = state_of(&batch, &options).finish().columns.remove(0);
    let Value::Instant(median) = found.quantiles[3].value else { panic!() };
    assert!((median - i128::from(start) - 500_000_000).abs() < 500_000_000 / 128, "{median}");
}

proptest! {
    #[test]
    fn the_exact_quantile_is_between_the_ends(
        values in prop::collection::vec(
            prop_oneof![
                any::<f64>().prop_filter("finite", |x| x.is_finite() && x.abs() < 1e307),
                -5.0..5.0_f64,
                (0..6_i32).prop_map(f64::from),
            ],
            1..120,
        ),
        origin in prop_oneof![Just(0.0), -10.0..10.0_f64, -1e300..1e300_f64],
    ) {
        holds_the_exact_quantiles(&values, 0.0);
        holds_the_exact_quantiles(&values, origin);
    }

    #[test]
    fn a_bucket_is_a_hundred_and_twenty_eighth_of_its_value_wide(x in prop::num::f64::NORMAL) {
        let batch = table(vec![("x", floats(vec![Some(x), Some(x / 2.0), Some(x * 0.75)]))]);
        let found = state_of(&batch, &ProfileOptions::default()).finish().columns.remove(0);
        for quantile in found.quantiles {
            let (low, high) = (number(&quantile.low), number(&quantile.high));
            let width = low.abs().max(high.abs()) / 128.0 + f64::MIN_POSITIVE;
            prop_assert!(high - low <= width * 1.000_001, "{low:e}..{high:e}");
        }
    }
}
