//! Rows as text, and small runs.

use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{
    Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use contract::arrow_array::{Array, RecordBatch, StringArray};
use contract::arrow_schema::DataType;
use simulator::{Scenario, Simulation, Slice};
use std::collections::BTreeMap;

/// One row: column to text; null is absent.
pub(crate) type Row = BTreeMap<String, String>;

pub(crate) fn cell(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Timestamp(_, _) => {
            array.as_primitive::<TimestampNanosecondType>().value(row).to_string()
        }
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::UInt8 => char::from(array.as_primitive::<UInt8Type>().value(row)).to_string(),
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, _) => array.as_primitive::<Decimal128Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::FixedSizeBinary(_) => array
            .as_fixed_size_binary()
            .value(row)
            .iter()
            .fold(String::new(), |out, b| out + &format!("{b:02x}")),
        DataType::Dictionary(_, _) => {
            let words = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
            words.into_iter().nth(row).unwrap().unwrap().to_owned()
        }
        DataType::List(_) => format!("{:?}", array.as_list::<i32>().value(row)),
        other => panic!("no text for {other}"),
    })
}

/// Words of a dictionary column in one pass.
fn column(array: &dyn Array) -> Vec<Option<String>> {
    if let DataType::Dictionary(_, _) = array.data_type() {
        let words = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
        return words.into_iter().map(|w| w.map(str::to_owned)).collect();
    }
    (0..array.len()).map(|row| cell(array, row)).collect()
}

pub(crate) fn rows(batch: &RecordBatch) -> Vec<Row> {
    let mut out = vec![Row::new(); batch.num_rows()];
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        for (row, text) in column(array.as_ref()).into_iter().enumerate() {
            if let Some(text) = text {
                out[row].insert(field.name().clone(), text);
            }
        }
    }
    out
}

/// All rows of a table of a run.
pub(crate) fn all(slices: &[Slice], table: &str) -> Vec<Row> {
    slices.iter().filter_map(|s| s.table(table)).flat_map(rows).collect()
}

pub(crate) fn i(row: &Row, column: &str) -> i64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is no integer: {}", row[column]))
}

pub(crate) fn f(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is no number: {}", row[column]))
}

/// A market of three instruments on two venues for a few minutes, with everything that can happen in it.
pub(crate) const SHORT: &str = r#"
version = 1
name = "short"
slice = "10s"
horizon = "5s"

[[days]]
date = "2026-03-28"
auction = "590m"
open = "591m"
lunch = ["592m", "593m"]
close_auction = "595m"
close = "596m"
funding = ["594m"]

[[days]]
date = "2026-03-29"
auction = "590m"
open = "591m"
close_auction = "592m"
close = "593m"

[[instruments]]
symbol = "INDEX"
px = "4512.25"
tick = "0.25"
lot = "1"
multiplier = 50
beta = 0.9
funding_ppm = 100

[[instruments]]
symbol = "ALPHA"
class = "equity"
px = "645.47"
tick = "0.01"
lot = "10"

[[instruments]]
symbol = "BETA"
class = "equity"
px = "61.27"
tick = "0.01"
lot = "10"
spread_ticks = 2

[[halts]]
symbol = "BETA"
date = "2026-03-28"
at = "593m"
lasts = "30s"
gap_ticks = 5

[[splits]]
symbol = "ALPHA"
date = "2026-03-29"
num = 7

[desk]
taker_rate = 0.5
maker_rate = 0.6
explorer_rate = 0.4
hedger_rate = 0.5
bust_prob = 0.01
correct_prob = 0.01
liquidation_after = "1m"
"#;

pub(crate) fn run(text: &str, seed: u64) -> Vec<Slice> {
    Simulation::new(&Scenario::parse(text).unwrap(), seed).collect()
}
