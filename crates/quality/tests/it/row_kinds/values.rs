//! Kinds that look at values alone.

use super::given::{columns, counts, judge, verdict};
use arrow_array::types::{Int32Type, TimestampNanosecondType};
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int8Array, Int64Array,
    PrimitiveArray, RecordBatch, UInt64Array,
};
use contract::testing::trades;
use proptest::prelude::*;
use quality::{Context, NotEvaluated, Verdict};
use std::sync::Arc;

fn floats(values: Vec<Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

fn x(array: impl arrow_array::Array + 'static) -> RecordBatch {
    columns(vec![("x_v", Arc::new(array))])
}

fn range(batch: &RecordBatch, params: &str) -> Vec<u64> {
    let params = format!("column = \"x_v\"\n{params}");
    judge("quotes", "range", &params, batch, &Context::new()).0
}

#[test]
fn nan_and_infinities_are_not_finite_and_the_largest_double_is() {
    let a = vec![Some(1.0), Some(f64::NAN), None, Some(f64::MAX), Some(1e-320), None];
    let b =
        vec![Some(1.0), Some(2.0), Some(f64::NEG_INFINITY), Some(1e308), Some(f64::INFINITY), None];
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![1; 6]));
    let batch = columns(vec![("x_a", floats(a)), ("x_b", floats(b)), ("x_n", whole)]);
    let (rows, report) = judge("quotes", "nonfinite", "", &batch, &Context::new());
    assert_eq!(rows, [1, 2, 4]);
    assert_eq!(counts(&report), (5, 3), "a row without any float says nothing");
    let detail = report.findings()[0].detail().unwrap().to_string();
    assert_eq!(detail, r#"{"x_a":1,"x_b":2}"#);
    let (rows, _) = judge("quotes", "nonfinite", "columns = [\"x_a\"]", &batch, &Context::new());
    assert_eq!(rows, [1]);
    let (_, report) = judge("quotes", "nonfinite", "columns = [\"x_n\"]", &batch, &Context::new());
    assert!(matches!(verdict(&report), Verdict::NotEvaluated(NotEvaluated::WrongType(_))));
    let (_, report) = judge("quotes", "nonfinite", "columns = [\"x_z\"]", &batch, &Context::new());
    let missing = NotEvaluated::MissingColumn("x_z".to_owned());
    assert_eq!(verdict(&report), &Verdict::NotEvaluated(missing));
}

#[test]
fn a_range_says_nothing_about_what_is_not_finite() {
    let batch = x(Float64Array::from(vec![f64::NAN, f64::INFINITY, -f64::INFINITY, 1e308, 5e-324]));
    let (rows, report) =
        judge("quotes", "range", "column = \"x_v\"\nmin = 0\nmax = 1", &batch, &Context::new());
    assert_eq!((rows, counts(&report)), (vec![3], (2, 1)));
}

#[test]
fn ends_of_integers_are_exact() {
    // 2^53 + 1 is no double: as floats both would be the end itself.
    let batch =
        x(Int64Array::from(vec![9_007_199_254_740_992, 9_007_199_254_740_993, i64::MAX, i64::MIN]));
    assert_eq!(range(&batch, "max = \"9007199254740992\""), [1, 2]);
    assert_eq!(range(&batch, "min = \"9007199254740993\""), [0, 3]);
    // An end between two integers, and ends that no value of the type can meet.
    let batch = x(Int8Array::from(vec![-128, -1, 0, 1, 2, 127]));
    assert_eq!(range(&batch, "min = \"0.5\"\nmax = \"1.5\""), [0, 1, 2, 4, 5]);
    assert_eq!(range(&batch, "min = \"0.5\"\nmax = \"1.5\"\nends = \"()\""), [0, 1, 2, 4, 5]);
    assert_eq!(range(&batch, "min = \"-0.5\"\nmax = \"1\"\nends = \"[)\""), [0, 1, 3, 4, 5]);
    assert_eq!(range(&batch, "min = 128"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(range(&batch, "max = 127"), [0_u64; 0]);
    assert_eq!(range(&batch, "max = -129"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(range(&batch, "min = 1\nmax = 0"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(range(&batch, "min = \"1e30\""), [0, 1, 2, 3, 4, 5]);
    let batch = x(UInt64Array::from(vec![0, u64::MAX]));
    assert_eq!(range(&batch, "max = \"18446744073709551614\""), [1]);
    assert_eq!(range(&batch, "min = -1"), [0_u64; 0]);
}

#[test]
fn prices_and_decimals_are_compared_in_their_own_units() {
    // 0.1 + 0.2 is 0.3 here.
    let batch = trades("1 1 B 0.3, 2 1 B 0.300000001, 3 1 B 0.299999999").with_seq(0);
    let params = "column = \"px\"\nmin = \"0.3\"\nmax = \"0.3\"";
    let batch = batch.into_record_batch();
    assert_eq!(judge("trades", "range", params, &batch, &Context::new()).0, [1, 2]);
    let money =
        Decimal128Array::from(vec![300_000_000, 300_000_001]).with_precision_and_scale(38, 9);
    assert_eq!(range(&x(money.unwrap()), "max = \"0.3\""), [1]);
    let whole = Decimal128Array::from(vec![3, 4]).with_precision_and_scale(38, 0);
    assert_eq!(range(&x(whole.unwrap()), "max = \"3.5\""), [1]);
    let stamps: PrimitiveArray<TimestampNanosecondType> = vec![1, 2, 3].into();
    assert_eq!(range(&x(stamps), "min = 2"), [0]);
}

#[test]
fn a_range_without_ends_or_of_a_word_is_not_evaluated() {
    let batch = x(Int64Array::from(vec![1]));
    let (_, report) = judge("quotes", "range", "column = \"x_v\"", &batch, &Context::new());
    assert_eq!(verdict(&report).to_string(), "not_evaluated (needs `min` or `max`)");
    let batch = x(BooleanArray::from(vec![true]));
    let (_, report) =
        judge("quotes", "range", "column = \"x_v\"\nmin = 1", &batch, &Context::new());
    assert_eq!(
        verdict(&report).to_string(),
        "not_evaluated (`x_v`: expected a number, found Boolean)"
    );
}

#[test]
fn a_set_reads_words_letters_truths_and_integers() {
    let set = |batch: &RecordBatch, allowed: &str| {
        let params = format!("column = \"x_v\"\nallowed = {allowed}");
        judge("quotes", "set", &params, batch, &Context::new()).0
    };
    let words = vec![Some("a"), None, Some("b"), Some("c"), Some("a")];
    let words: DictionaryArray<Int32Type> = words.into_iter().collect();
    assert_eq!(set(&x(words), "[\"a\", \"c\"]"), [2]);
    assert_eq!(set(&x(BooleanArray::from(vec![Some(true), Some(false), None])), "[\"true\"]"), [1]);
    assert_eq!(set(&x(Int64Array::from(vec![Some(-1), None, Some(2)])), "[\"2\"]"), [0]);
    let floats = x(Float64Array::from(vec![1.0]));
    let (_, report) =
        judge("quotes", "set", "column = \"x_v\"\nallowed = [\"1\"]", &floats, &Context::new());
    assert!(matches!(verdict(&report), Verdict::NotEvaluated(NotEvaluated::WrongType(_))));
}

#[test]
fn a_closed_set_of_the_contract_needs_no_words() {
    let batch = trades("1 1 B, 2 1 A, 3 1 N").with_seq(0).into_record_batch();
    let at = batch.schema().index_of("aggressor").unwrap();
    let mut arrays = batch.columns().to_vec();
    arrays[at] = Arc::new(arrow_array::UInt8Array::from(vec![b'B', b'?', b'N']));
    let batch = RecordBatch::try_new(batch.schema(), arrays).unwrap();
    let params = "column = \"aggressor\"";
    assert_eq!(judge("trades", "set", params, &batch, &Context::new()).0, [1]);
    let (_, report) = judge("trades", "set", "column = \"size\"", &batch, &Context::new());
    assert_eq!(verdict(&report).to_string(), "not_evaluated (needs `allowed`)");
}

#[test]
fn a_null_word_of_a_dictionary_is_a_null() {
    let values = arrow_array::StringArray::from(vec![Some("a"), None]);
    let keys = arrow_array::Int32Array::from(vec![0, 1, 1, 0]);
    let words = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).unwrap();
    let (rows, report) =
        judge("quotes", "set", "column = \"x_v\"\nallowed = [\"b\"]", &x(words), &Context::new());
    assert_eq!((rows, counts(&report)), (vec![0, 3], (2, 2)));
}

#[test]
fn no_rows_and_nothing_but_nulls_are_not_applicable() {
    for values in [vec![], vec![None], vec![None; 70]] {
        let batch = columns(vec![("x_v", floats(values))]);
        for (kind, params) in [("nonfinite", ""), ("range", "column = \"x_v\"\nmin = 0")] {
            let (_, report) = judge("quotes", kind, params, &batch, &Context::new());
            assert_eq!(verdict(&report), &Verdict::NotApplicable);
        }
    }
}

proptest! {
    /// The double nearest to an end, and its neighbours, are told apart as plain comparisons do.
    #[test]
    fn a_float_range_is_the_plain_comparison(
        values in prop::collection::vec(prop_oneof![any::<f64>(), -2.0..2.0_f64], 1..150),
        low in -1.5..1.5_f64,
        width in 0.0..2.0_f64,
        ends in 0_usize..4,
    ) {
        let high = low + width;
        let opens = ["[]", "[)", "(]", "()"][ends];
        let expected: Vec<u64> = values.iter().enumerate().filter(|(_, x)| {
            let under = if opens.starts_with('(') { **x <= low } else { **x < low };
            let over = if opens.ends_with(')') { **x >= high } else { **x > high };
            x.is_finite() && (under || over)
        }).map(|(row, _)| row as u64).collect();
        let batch = x(Float64Array::from(values));
        let params = format!("min = \"{low:?}\"\nmax = \"{high:?}\"\nends = \"{opens}\"");
        prop_assert_eq!(range(&batch, &params), expected);
    }
}
