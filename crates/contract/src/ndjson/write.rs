//! Rows to text.

use crate::any::AnyBatch;
use crate::spec::SEQ;
use crate::types::Type;
use crate::unit::{EventId, Price, UtcNanos};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, TimeUnit};
use std::fmt::{self, Write};

/// A column on its way to text: its name, the type that the contract gives it, and its array.
type Cells<'a> = Vec<(&'a str, Option<Type>, &'a dyn Array)>;

/// The rows of a batch as text, one writer for every form.
///
/// Columns that the contract does not know, above all those of a table that is not the contract's, are written by
/// their Arrow type; an `Int64` whose metadata call it a price is a price.
///
/// ```
/// let draft = contract::testing::quotes("90 99.5 -");
/// let rows = contract::TextRows::of(draft.as_any());
/// let mut line = String::new();
/// rows.json(&mut line, 0)?;
/// assert!(line.contains(r#""bid_px":"99.5","ask_px":null"#));
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub struct TextRows<'a> {
    cells: Cells<'a>,
}

impl fmt::Debug for TextRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextRows").field("columns", &self.cells.len()).finish_non_exhaustive()
    }
}

impl<'a> TextRows<'a> {
    /// The rows of a batch of a table, columns in the order of its record batch.
    #[must_use]
    pub fn of(batch: &'a AnyBatch) -> Self {
        let seq = batch.seq().map(|seq| (SEQ.name, Some(SEQ.ty), seq as &dyn Array));
        let fixed =
            batch.columns().map(|(column, array)| (column.name, Some(column.ty), array.as_ref()));
        let behind = batch.dynamic().chain(batch.unknown());
        let behind = behind.map(|(field, array)| (field.name().as_str(), None, array.as_ref()));
        Self { cells: seq.into_iter().chain(fixed).chain(behind).collect() }
    }

    /// The rows of any record batch.
    #[must_use]
    pub fn of_record_batch(batch: &'a RecordBatch) -> Self {
        let is_price = |field: &Field| {
            *field.data_type() == DataType::Int64
                && field.metadata().get("hindsight.unit").is_some_and(|unit| unit == "nano_price")
        };
        let columns = batch.schema_ref().fields().iter().zip(batch.columns());
        let cells = columns.map(|(field, array)| {
            (field.name().as_str(), is_price(field).then_some(Type::Px), array.as_ref())
        });
        Self { cells: cells.collect() }
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.cells.iter().map(|(name, ..)| *name)
    }

    /// Appends a row as one JSON object, without a line end.
    ///
    /// - **Units:** 64-bit integers, prices and decimals are strings, because readers that keep numbers as doubles
    ///   damage values above 2^53; smaller integers and floats are numbers, floats in the shortest form that reads
    ///   back equal. Times are RFC 3339 in UTC with nine digits, 16-byte ids UUIDs, other bytes hexadecimal, missing
    ///   `null`.
    ///
    /// # Errors
    /// Only what the writer itself reports; a `String` reports nothing.
    pub fn json(&self, out: &mut dyn Write, row: usize) -> fmt::Result {
        out.write_char('{')?;
        for (at, (name, ty, array)) in self.cells.iter().enumerate() {
            if at > 0 {
                out.write_char(',')?;
            }
            crate::json::write_text(out, name)?;
            out.write_char(':')?;
            json(out, *ty, *array, row)?;
        }
        out.write_char('}')
    }

    /// Appends the header of a CSV file, without a line end.
    ///
    /// # Errors
    /// Only what the writer itself reports.
    pub fn csv_header(&self, out: &mut dyn Write) -> fmt::Result {
        for (at, (name, ..)) in self.cells.iter().enumerate() {
            if at > 0 {
                out.write_char(',')?;
            }
            csv_text(out, name)?;
        }
        Ok(())
    }

    /// Appends a row as a CSV record (RFC 4180), without a line end: null is an empty field, the empty text `""`, a
    /// list JSON text.
    ///
    /// # Errors
    /// Only what the writer itself reports.
    pub fn csv(&self, out: &mut dyn Write, row: usize) -> fmt::Result {
        let mut first = true;
        self.each(row, &mut |_, cell| {
            if !std::mem::take(&mut first) {
                out.write_char(',')?;
            }
            cell.map_or(Ok(()), |text| csv_text(out, text))
        })
    }

    /// Hands over the cells of a row as plain text, in order: `None` for null, a list as JSON text.
    ///
    /// # Errors
    /// What the function itself reports.
    pub fn each(
        &self,
        row: usize,
        each: &mut dyn FnMut(&str, Option<&str>) -> fmt::Result,
    ) -> fmt::Result {
        let mut text = String::new();
        for (name, ty, array) in &self.cells {
            if array.is_null(row) {
                each(name, None)?;
                continue;
            }
            text.clear();
            if let Form::Nested = plain(&mut text, *ty, *array, row)? {
                text.clear();
                json(&mut text, *ty, *array, row)?;
            }
            each(name, Some(&text))?;
        }
        Ok(())
    }
}

/// Appends a row as one JSON object, see [`TextRows::json`].
///
/// # Errors
/// Only what the writer itself reports; a `String` reports nothing.
pub fn write_json_row(out: &mut dyn Write, batch: &AnyBatch, row: usize) -> fmt::Result {
    TextRows::of(batch).json(out, row)
}

/// Appends the header of a CSV file, see [`TextRows::csv_header`].
///
/// # Errors
/// Only what the writer itself reports.
pub fn csv_header(out: &mut dyn Write, batch: &AnyBatch) -> fmt::Result {
    TextRows::of(batch).csv_header(out)
}

/// Appends a row as a CSV record, see [`TextRows::csv`].
///
/// # Errors
/// Only what the writer itself reports.
pub fn write_csv_row(out: &mut dyn Write, batch: &AnyBatch, row: usize) -> fmt::Result {
    TextRows::of(batch).csv(out, row)
}

fn csv_text(out: &mut dyn Write, text: &str) -> fmt::Result {
    if !text.is_empty() && !text.contains(['"', ',', '\n', '\r']) {
        return out.write_str(text);
    }
    out.write_char('"')?;
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.write_str("\"\"")?;
        }
        out.write_str(part)?;
    }
    out.write_char('"')
}

/// What a cell's text is in JSON.
enum Form {
    /// A number or truth value, without quotes.
    Number,
    /// Text, in quotes.
    Text,
    /// A list or struct, not written.
    Nested,
}

/// A float in the shortest form that reads back equal, with an exponent where the digits would be many.
fn float(out: &mut dyn Write, value: f64) -> fmt::Result {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
}

fn plain(
    out: &mut dyn Write,
    ty: Option<Type>,
    array: &dyn Array,
    row: usize,
) -> Result<Form, fmt::Error> {
    let mut form = Form::Number;
    match array.data_type() {
        DataType::Boolean => write!(out, "{}", array.as_boolean().value(row))?,
        DataType::Int8 => write!(out, "{}", array.as_primitive::<Int8Type>().value(row))?,
        DataType::Int32 => write!(out, "{}", array.as_primitive::<Int32Type>().value(row))?,
        DataType::UInt8 => {
            let value = array.as_primitive::<UInt8Type>().value(row);
            if matches!(ty, Some(Type::Code(_))) {
                form = Form::Text;
                out.write_char(char::from(value))?;
            } else {
                write!(out, "{value}")?;
            }
        }
        DataType::UInt16 => write!(out, "{}", array.as_primitive::<UInt16Type>().value(row))?,
        DataType::UInt32 => write!(out, "{}", array.as_primitive::<UInt32Type>().value(row))?,
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            if value.is_finite() {
                float(out, value)?;
            } else {
                // JSON has no such number, and null means that there is no value.
                form = Form::Text;
                write!(out, "{value}")?;
            }
        }
        other => {
            form = Form::Text;
            match other {
                DataType::Int64 => {
                    let value = array.as_primitive::<Int64Type>().value(row);
                    match ty {
                        Some(Type::Px) => write!(out, "{}", Price::from_nanos(value))?,
                        _ => write!(out, "{value}")?,
                    }
                }
                DataType::UInt64 => {
                    write!(out, "{}", array.as_primitive::<UInt64Type>().value(row))?;
                }
                DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                    let value = array.as_primitive::<TimestampNanosecondType>().value(row);
                    write!(out, "{}", UtcNanos::from_nanos(value))?;
                }
                DataType::Decimal128(38, 9) => {
                    let value = array.as_primitive::<Decimal128Type>().value(row);
                    match crate::Amount::from_nanos(value) {
                        Some(amount) => write!(out, "{amount}")?,
                        None => write!(out, "{value}e-9")?,
                    }
                }
                DataType::FixedSizeBinary(16) => {
                    let bytes = array.as_fixed_size_binary().value(row);
                    let id = <[u8; 16]>::try_from(bytes).unwrap_or([0; 16]);
                    write!(out, "{}", EventId::from_bytes(id))?;
                }
                DataType::FixedSizeBinary(_) => hex(out, array.as_fixed_size_binary().value(row))?,
                DataType::Binary => hex(out, array.as_binary::<i32>().value(row))?,
                DataType::Utf8 => out.write_str(array.as_string::<i32>().value(row))?,
                DataType::Dictionary(key, value)
                    if **key == DataType::Int32 && **value == DataType::Utf8 =>
                {
                    let array = array.as_dictionary::<Int32Type>();
                    let at = array.key(row).unwrap_or(0);
                    out.write_str(array.values().as_string::<i32>().value(at))?;
                }
                DataType::List(_) | DataType::Struct(_) => form = Form::Nested,
                // A column that this version does not know, in a type that the contract does not use.
                other => write!(out, "<{other}>")?,
            }
        }
    }
    Ok(form)
}

fn hex(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

fn json(out: &mut dyn Write, ty: Option<Type>, array: &dyn Array, row: usize) -> fmt::Result {
    if array.is_null(row) {
        return out.write_str("null");
    }
    match array.data_type() {
        DataType::List(_) => {
            let items: ArrayRef = array.as_list::<i32>().value(row);
            let item_ty = match ty {
                Some(Type::List(item)) => Some(*item),
                _ => None,
            };
            out.write_char('[')?;
            for item in 0..items.len() {
                if item > 0 {
                    out.write_char(',')?;
                }
                json(out, item_ty, items.as_ref(), item)?;
            }
            out.write_char(']')
        }
        DataType::Struct(fields) => {
            out.write_char('{')?;
            for (at, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate()
            {
                if at > 0 {
                    out.write_char(',')?;
                }
                crate::json::write_text(out, field.name())?;
                out.write_char(':')?;
                json(out, None, column.as_ref(), row)?;
            }
            out.write_char('}')
        }
        _ => {
            let mut text = String::new();
            match plain(&mut text, ty, array, row)? {
                Form::Number | Form::Nested => out.write_str(&text),
                Form::Text => crate::json::write_text(out, &text),
            }
        }
    }
}
