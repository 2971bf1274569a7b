//! Rows that pandera, Great Expectations, NumPy, pandas and exact fractions find (`fixtures/quality/kinds/make.py`).

use super::given::{Version, columns, counts, instruments, judge, replace};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use contract::{
    Amount, Decisions, EventId, ExecType, Executions, InstrumentId, Price, Quotes, Side, SourceId,
    TableBuilder, UtcNanos,
};
use quality::Context;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;

fn cases(name: &str) -> Vec<Value> {
    let text = include_str!("../../../../../fixtures/quality/kinds/rows.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let of = all[name].as_array().unwrap().clone();
    assert!(!of.is_empty());
    of
}

fn list(case: &Value, name: &str) -> Vec<Value> {
    case[name].as_array().unwrap().clone()
}

fn broken(case: &Value) -> Vec<u64> {
    list(case, "broken").iter().map(|b| b.as_u64().unwrap()).collect()
}

/// A float, which is text.
fn number(value: &Value) -> Option<f64> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// The values of a case in column `x_v`.
fn batch(case: &Value) -> RecordBatch {
    let values = list(case, "values");
    let array: ArrayRef = match case["type"].as_str().unwrap() {
        "f64" => Arc::new(values.iter().map(number).collect::<Float64Array>()),
        "i64" => Arc::new(values.iter().map(Value::as_i64).collect::<Int64Array>()),
        _ => Arc::new(values.iter().map(Value::as_str).collect::<StringArray>()),
    };
    columns(vec![("x_v", array)])
}

#[test]
fn a_range_has_the_violations_of_pandera_and_great_expectations() {
    for case in cases("range") {
        let mut params =
            format!("column = \"x_v\"\nends = \"{}\"\n", case["ends"].as_str().unwrap());
        for end in ["min", "max"] {
            if let Some(text) = case[end].as_str() {
                let _ = writeln!(params, "{end} = \"{text}\"");
            }
        }
        let batch = batch(&case);
        let (rows, report) = judge("quotes", "range", &params, &batch, &Context::new());
        assert_eq!(rows, broken(&case), "{params}");
        let nulls = list(&case, "values").iter().filter(|v| v.is_null()).count();
        assert_eq!(counts(&report).0, (batch.num_rows() - nulls) as u64, "a null says nothing");
    }
}

#[test]
fn a_set_has_the_violations_of_pandera_and_great_expectations() {
    for case in cases("set") {
        let params = format!("column = \"x_v\"\nallowed = {}", case["allowed"]);
        let (rows, _) = judge("quotes", "set", &params, &batch(&case), &Context::new());
        assert_eq!(rows, broken(&case), "{params}");
    }
}

#[test]
fn a_null_is_what_pandera_and_great_expectations_say_is_one() {
    for mut case in cases("null") {
        case["type"] = "f64".into();
        let batch = batch(&case);
        let (rows, report) =
            judge("quotes", "null_rate", "column = \"x_v\"", &batch, &Context::new());
        assert_eq!(rows, broken(&case));
        assert_eq!(counts(&report).0, batch.num_rows() as u64, "every row can be null");
    }
}

/// Quotes with these bids, or these sizes.
fn quotes(px: &[i64], sizes: &[f64]) -> RecordBatch {
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(1_000));
    let prices: Vec<i64> =
        (0..px.len().max(sizes.len())).map(|row| px.get(row).copied().unwrap_or(1)).collect();
    for row in 0..prices.len() {
        out.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Quotes::BID_PX, Price::from_nanos(1))
            .set(&Quotes::BID_SIZE, sizes.get(row).copied())
            .end_row()
            .unwrap();
    }
    let batch = out.finish().unwrap().with_seq(0).into_record_batch();
    replace(&batch, "bid_px", Arc::new(Int64Array::from_iter_values(prices)))
}

#[test]
fn a_price_is_off_its_tick_where_the_remainder_of_numpy_is_not_zero() {
    for case in cases("tick") {
        let tick = Price::from_nanos(case["tick"].as_i64().unwrap()).to_string();
        let version =
            Version { tick: Some(Box::leak(tick.into_boxed_str())), ..Version::default() };
        let px: Vec<i64> =
            list(&case, "px").iter().map(|p| p.as_str().unwrap().parse().unwrap()).collect();
        let (rows, _) = judge("quotes", "tick", "", &quotes(&px, &[]), &instruments(&[version]));
        assert_eq!(rows, broken(&case), "{}", case["tick"]);
    }
}

#[test]
fn a_size_is_on_the_grid_where_it_is_the_double_nearest_to_a_multiple() {
    for case in cases("lot") {
        let lot = case["lot"].as_str().unwrap().to_owned();
        let version = Version { lot: Some(Box::leak(lot.into_boxed_str())), ..Version::default() };
        let sizes: Vec<f64> = list(&case, "sizes").iter().map(|s| number(s).unwrap()).collect();
        let batch = quotes(&[], &sizes);
        let (rows, report) = judge("quotes", "lot", "", &batch, &instruments(&[version]));
        assert_eq!(rows, broken(&case), "{}", case["lot"]);
        assert_eq!(counts(&report).0, sizes.len() as u64);
    }
}

#[test]
fn a_fill_is_an_orphan_where_the_merge_of_pandas_finds_no_decision() {
    let id = |n: &Value| n.as_u64().map(|n| EventId::v7(n, [3; 10]));
    for case in cases("fk") {
        let mut decisions = TableBuilder::<Decisions>::new(UtcNanos::from_nanos(1_000));
        for n in list(&case, "decisions") {
            decisions
                .set(&Decisions::SOURCE_ID, SourceId::new(1))
                .set(&Decisions::DECISION_ID, id(&n).unwrap())
                .set(&Decisions::STRATEGY_ID, "s")
                .set(&Decisions::TS_EVENT, UtcNanos::from_nanos(1_000))
                .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(7))
                .set(&Decisions::ACTION, contract::DecisionAction::Skip)
                .end_row()
                .unwrap();
        }
        let mut fills = TableBuilder::<Executions>::new(UtcNanos::from_nanos(1_000));
        for (n, decision) in list(&case, "fills").iter().enumerate() {
            fills
                .set(&Executions::SOURCE_ID, SourceId::new(1))
                .set(&Executions::INSTRUMENT_ID, InstrumentId::new(7))
                .set(&Executions::EXEC_ID, n.to_string().as_str())
                .set(&Executions::EXEC_TYPE, ExecType::Trade)
                .set(&Executions::SIDE, Side::Buy)
                .set(&Executions::LAST_QTY, Amount::from_units(1))
                .set(&Executions::LAST_PX, Price::from_nanos(1))
                .set(&Executions::DECISION_ID, id(decision))
                .end_row()
                .unwrap();
        }
        let mut context = Context::new();
        context.add(&decisions.finish().unwrap().into_record_batch()).unwrap();
        let fills = fills.finish().unwrap().with_seq(0).into_record_batch();
        let (rows, _) = judge("executions", "fk", "", &fills, &context);
        assert_eq!(rows, broken(&case));
    }
}
