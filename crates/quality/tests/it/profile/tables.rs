//! What a profile says about tables whose numbers are known.

use super::{double, fixture, floats, profile_of, state_of, table};
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    Float32Array, Int8Array, Int64Array, StringArray, TimestampMicrosecondArray,
    TimestampNanosecondArray, UInt64Array,
};
use quality::{DistinctCount, Frequent, ProfileOptions, ProfileReading, ProfileState, Value};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Deserialize)]
struct Columns {
    rows: BTreeMap<String, Vec<Option<serde_json::Value>>>,
    expected: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    nulls: u64,
    distinct: u64,
    min: Option<String>,
    max: Option<String>,
    mean: Option<String>,
    sd: Option<String>,
    top: Option<Vec<(String, u64)>>,
    true_share: Option<String>,
}

fn parsed<T: std::str::FromStr>(cells: &[Option<serde_json::Value>]) -> Vec<Option<T>> {
    let cell = |cell: &serde_json::Value| cell.as_str().unwrap().parse().ok().unwrap();
    cells.iter().map(|row| row.as_ref().map(cell)).collect()
}

fn array(name: &str, cells: &[Option<serde_json::Value>]) -> ArrayRef {
    match name {
        "i64" => Arc::new(Int64Array::from(parsed(cells))),
        "u64" => Arc::new(UInt64Array::from(parsed(cells))),
        "i8" => Arc::new(Int8Array::from(parsed(cells))),
        "dec" => Arc::new(
            Decimal128Array::from(parsed::<i128>(cells)).with_precision_and_scale(38, 9).unwrap(),
        ),
        "ts" => Arc::new(TimestampNanosecondArray::from(parsed::<i64>(cells)).with_timezone("UTC")),
        "text" => Arc::new(StringArray::from(parsed::<String>(cells))),
        "flag" => {
            let flags = cells.iter().map(|cell| cell.as_ref().map(|cell| cell.as_bool().unwrap()));
            Arc::new(flags.collect::<BooleanArray>())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn columns_of_every_kind_have_the_numbers_of_pandas_and_of_fractions() {
    let file: Columns = fixture("columns.json");
    assert_eq!(file.rows.len(), 7);
    for (name, cells) in &file.rows {
        let expected = &file.expected[name];
        let found = profile_of(array(name, cells));
        assert_eq!((found.rows, found.nulls), (cells.len() as u64, expected.nulls), "{name}");
        assert_eq!(found.distinct, Some(DistinctCount::Exact(expected.distinct)), "{name}");
        let value = |text: &String| match name.as_str() {
            "text" => Value::Text(text.clone()),
            "dec" => Value::Decimal { unscaled: text.parse().unwrap(), scale: 9 },
            "ts" => Value::Instant(text.parse().unwrap()),
            _ => Value::Integer(text.parse().unwrap()),
        };
        assert_eq!(found.min, expected.min.as_ref().map(value), "{name}");
        assert_eq!(found.max, expected.max.as_ref().map(value), "{name}");
        let mean = |text: &String| match name.as_str() {
            "ts" => Value::Instant(text.parse().unwrap()),
            _ => Value::Number(double(text)),
        };
        assert_eq!(found.mean, expected.mean.as_ref().map(mean), "{name}");
        assert_eq!(found.sd, expected.sd.as_ref().map(|bits| double(bits)), "{name}");
        let row = |(value, count): &(String, u64)| Frequent { value: value.clone(), count: *count };
        let top = expected.top.as_ref().map(|rows| rows.iter().map(row).collect());
        assert_eq!(found.top, top, "{name}");
        let share = expected.true_share.as_ref().map(|bits| double(bits));
        assert_eq!(found.true_share, share, "{name}");
    }
}

#[test]
fn awkward_columns_have_defined_answers() {
    let number = |x: f64| Some(Value::Number(x));
    let some = |values: &[f64]| floats(values.iter().copied().map(Some).collect());

    let empty = profile_of(floats(vec![]));
    assert_eq!((empty.rows, empty.distinct), (0, Some(DistinctCount::Exact(0))));
    assert_eq!((empty.min, empty.mean, empty.sd, empty.quantiles), (None, None, None, vec![]));

    let nulls = profile_of(floats(vec![None; 3]));
    assert_eq!((nulls.rows, nulls.nulls, nulls.min, nulls.mean), (3, 3, None, None));

    let one = profile_of(some(&[4.25]));
    assert_eq!(
        (&one.min, &one.max, &one.mean, one.sd),
        (&number(4.25), &number(4.25), &number(4.25), None)
    );
    let quantile = &one.quantiles[3];
    assert_eq!((quantile.share, &quantile.value), (0.5, &Value::Number(4.25)));
    assert_eq!((&quantile.low, &quantile.high), (&Value::Number(4.25), &Value::Number(4.25)));

    let constant = profile_of(some(&[0.1; 50]));
    assert_eq!((&constant.mean, constant.sd), (&number(0.1), Some(0.0)));
    assert_eq!(constant.distinct, Some(DistinctCount::Exact(1)));
    assert!(constant.quantiles.iter().all(|quantile| quantile.value == Value::Number(0.1)));

    let only_nan = profile_of(some(&[f64::NAN, -f64::NAN]));
    assert_eq!((only_nan.nan, only_nan.nulls, only_nan.mean), (2, 0, None));
    assert_eq!(only_nan.distinct, Some(DistinctCount::Exact(0)));

    let mixed =
        profile_of(some(&[1.0, f64::INFINITY, f64::NAN, 3.0, f64::NEG_INFINITY, f64::INFINITY]));
    assert_eq!((mixed.nan, mixed.infinite_above, mixed.infinite_below), (1, 2, 1));
    assert_eq!((&mixed.min, &mixed.max, &mixed.mean), (&number(1.0), &number(3.0), &number(2.0)));
    assert_eq!(mixed.distinct, Some(DistinctCount::Exact(4))); // 1, 3 and two infinities

    let huge = profile_of(some(&[1e308, -1e308, 1.5e308, 1.7e308]));
    assert_eq!((&huge.min, &huge.max), (&number(-1e308), &number(1.7e308)));
    assert_eq!(huge.mean, number(8e307));
    assert!(huge.sd.unwrap().is_finite());

    let tiny = profile_of(some(&[5e-324, 1e-323]));
    assert_eq!((&tiny.min, tiny.sd), (&number(5e-324), Some(5e-324))); // 3.5e-324 is nearest to 5e-324
}

#[test]
fn a_negative_zero_is_the_one_zero() {
    for values in [vec![-0.0, 0.0], vec![0.0, -0.0], vec![-0.0]] {
        let zero = profile_of(floats(values.into_iter().map(Some).collect()));
        let bits = |value: &Option<Value>| match value {
            Some(Value::Number(x)) => x.to_bits(),
            other => panic!("{other:?}"),
        };
        assert_eq!((bits(&zero.min), bits(&zero.max), bits(&zero.mean)), (0, 0, 0));
        assert_eq!(zero.distinct, Some(DistinctCount::Exact(1)));
        assert_eq!(bits(&Some(zero.quantiles[3].value.clone())), 0);
    }
}

#[test]
fn single_precision_is_read_as_the_doubles_that_it_is() {
    let found = profile_of(Arc::new(Float32Array::from(vec![0.1_f32, 0.3])));
    assert_eq!(found.min, Some(Value::Number(f64::from(0.1_f32))));
    assert_eq!(found.reading, ProfileReading::Values);
}

#[test]
fn instants_are_nanoseconds_whatever_their_unit() {
    let micros = TimestampMicrosecondArray::from(vec![Some(1_000), None, Some(3_001)]);
    let found = profile_of(Arc::new(micros));
    assert_eq!(found.min, Some(Value::Instant(1_000_000)));
    assert_eq!(found.max, Some(Value::Instant(3_001_000)));
    assert_eq!(found.mean, Some(Value::Instant(2_001_000))); // 2,000.5 us, halves away from zero
    assert_eq!(found.sd, Some(2_001_000.0 / 2_f64.sqrt()));
}

#[test]
fn a_dictionary_reads_as_its_texts() {
    let texts = vec![Some("buy"), None, Some("sell"), Some("buy"), Some("")];
    let plain = profile_of(Arc::new(StringArray::from(texts.clone())));
    // A value that no row uses counts for nothing.
    let coded: DictionaryArray<Int32Type> = texts.into_iter().collect();
    let values = StringArray::from(vec!["buy", "sell", "", "never"]);
    let coded = DictionaryArray::new(coded.keys().clone(), Arc::new(values));
    let mut coded = profile_of(Arc::new(coded));
    coded.data_type.clone_from(&plain.data_type);
    assert_eq!(coded, plain);
    assert_eq!(plain.distinct, Some(DistinctCount::Exact(3)));
    assert_eq!(
        (plain.min, plain.max),
        (Some(Value::Text(String::new())), Some(Value::Text("sell".into())))
    );

    let nulls: DictionaryArray<Int32Type> = vec![None::<&str>, None].into_iter().collect();
    let nulls = profile_of(Arc::new(nulls));
    assert_eq!((nulls.nulls, nulls.distinct, nulls.min), (2, Some(DistinctCount::Exact(0)), None));
}

#[test]
fn columns_that_are_not_read_say_so_and_are_counted() {
    let binary: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"a"[..]), None]));
    let date: ArrayRef = Arc::new(Date32Array::from(vec![None, Some(3)]));
    let batch = table(vec![("binary", binary), ("date", date)]);
    let found = state_of(&batch, &ProfileOptions::default()).finish();
    let said: Vec<_> =
        found.columns.iter().map(|c| (c.reading, c.rows, c.nulls, c.distinct)).collect();
    assert_eq!(
        said,
        [(ProfileReading::Counts, 2, 1, None), (ProfileReading::Unsupported, 2, 1, None)]
    );
}

#[test]
fn every_column_of_the_contract_can_be_read_or_counted() {
    for spec in contract::TABLES {
        let schema = spec.schema(true);
        let state = ProfileState::try_new(&schema, &ProfileOptions::default()).unwrap();
        let found = state.finish();
        assert_eq!((&*found.table, found.columns.len()), (spec.name, schema.fields().len()));
        let refused =
            found.columns.iter().find(|column| column.reading == ProfileReading::Unsupported);
        assert_eq!(refused, None, "{}", spec.name);
    }
}

#[test]
fn values_print_as_people_write_them() {
    let decimal = |unscaled, scale| Value::Decimal { unscaled, scale }.to_string();
    assert_eq!(decimal(-5, 9), "-0.000000005");
    assert_eq!(decimal(1_234_500, 4), "123.4500");
    assert_eq!(decimal(7, 0), "7");
    assert_eq!(decimal(7, -2), "7e2");
    assert_eq!(Value::Number(0.1).to_string(), "0.1");
}

#[test]
fn repeats_of_a_text_add_up_over_batches_merges_and_restarts() {
    let plain = |texts: &[&str]| {
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        table(vec![("x", texts)])
    };
    let top = |state: &ProfileState| {
        let rows = state.finish().columns.remove(0).top.unwrap();
        rows.into_iter().map(|row| (row.value, row.count)).collect::<Vec<_>>()
    };
    let expected = |rows: [(&str, u64); 3]| rows.map(|(text, count)| (text.to_owned(), count));

    let mut state = state_of(&plain(&["buy", "sell", "buy"]), &ProfileOptions::default());
    state.observe(&plain(&["sell", "buy", "halt"])).unwrap();
    assert_eq!(top(&state), expected([("buy", 3), ("sell", 2), ("halt", 1)]));

    let other = state_of(&plain(&["halt", "sell", "halt", "halt"]), &ProfileOptions::default());
    let mut merged = state.clone();
    merged.merge(&other).unwrap();
    assert_eq!(top(&merged), expected([("halt", 4), ("buy", 3), ("sell", 3)]));
    let mut turned = other;
    turned.merge(&state).unwrap();
    assert_eq!(top(&turned), top(&merged));

    let mut restored: ProfileState = serde_json::from_str(&super::bytes_of(&merged)).unwrap();
    restored.observe(&plain(&["sell", "sell"])).unwrap();
    assert_eq!(top(&restored), expected([("sell", 5), ("halt", 4), ("buy", 3)]));

    // A dictionary hands on each of its texts once, with its rows.
    let coded = |texts: &[&str]| {
        let coded: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        let coded: ArrayRef = Arc::new(coded);
        table(vec![("x", coded)])
    };
    let mut state = state_of(&coded(&["a", "b", "a", "c"]), &ProfileOptions::default());
    state.observe(&coded(&["b", "b", "b", "a"])).unwrap();
    assert_eq!(top(&state), expected([("b", 4), ("a", 3), ("c", 1)]));
}
