//! Columns of any batch as numbers, names or block ids: the one place that reads them by name and type.

use crate::NotEvaluated;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    AnyDictionaryArray, Array, RecordBatch, downcast_integer_array, downcast_primitive_array,
};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_schema::DataType;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How the values of a column are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Numbers,
    Words,
}

/// How a type is read; `None` for those that are not.
pub(super) fn reading(data_type: &DataType, is_categorical: bool) -> Option<Reading> {
    match data_type {
        DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Some(Reading::Words)
        }
        DataType::Dictionary(_, values) => {
            reading(values, true).filter(|&reading| reading == Reading::Words)
        }
        whole if whole.is_integer() && is_categorical => Some(Reading::Words),
        DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => Some(Reading::Numbers),
        whole if whole.is_integer() => Some(Reading::Numbers),
        _ => None,
    }
}

/// The column, or why it is not there.
pub(super) fn find<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, NotEvaluated> {
    let column = batch.column_by_name(name);
    column.map(AsRef::as_ref).ok_or_else(|| NotEvaluated::MissingColumn(name.to_owned()))
}

/// Values of a numeric column; what stands where `nulls` says null means nothing.
pub(super) struct Numbers<'a> {
    pub(super) values: Cow<'a, [f64]>,
    pub(super) nulls: Option<&'a NullBuffer>,
}

/// Integers above 2^53 and decimals are rounded to the nearest float.
pub(super) fn numbers(array: &dyn Array) -> Option<Numbers<'_>> {
    let values = match array.data_type() {
        DataType::Float64 => Cow::Borrowed(&**array.as_primitive_opt::<Float64Type>()?.values()),
        DataType::Float32 => floats::<Float32Type>(array, f64::from)?,
        DataType::Int8 => floats::<Int8Type>(array, f64::from)?,
        DataType::Int16 => floats::<Int16Type>(array, f64::from)?,
        DataType::Int32 => floats::<Int32Type>(array, f64::from)?,
        DataType::Int64 => floats::<Int64Type>(array, |whole| whole as f64)?,
        DataType::UInt8 => floats::<UInt8Type>(array, f64::from)?,
        DataType::UInt16 => floats::<UInt16Type>(array, f64::from)?,
        DataType::UInt32 => floats::<UInt32Type>(array, f64::from)?,
        DataType::UInt64 => floats::<UInt64Type>(array, |whole| whole as f64)?,
        &DataType::Decimal128(_, scale) => {
            let unit = (0..scale.unsigned_abs()).fold(1.0, |unit, _| unit * 10.0);
            let value = |whole: i128| {
                if scale < 0 { whole as f64 * unit } else { whole as f64 / unit }
            };
            floats::<Decimal128Type>(array, value)?
        }
        _ => return None,
    };
    Some(Numbers { values, nulls: array.nulls().filter(|nulls| nulls.null_count() > 0) })
}

fn floats<T: ArrowPrimitiveType>(
    array: &dyn Array,
    value: impl Fn(T::Native) -> f64,
) -> Option<Cow<'_, [f64]>> {
    Some(Cow::Owned(array.as_primitive_opt::<T>()?.values().iter().map(|&x| value(x)).collect()))
}

/// Distinct names of a batch, and for each row the place of its name; `None` for a null.
pub(super) struct Words {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Option<usize>>,
}

pub(super) fn words(array: &dyn Array) -> Option<Words> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let names = words(dictionary.values().as_ref())?;
        let keys = keys(dictionary);
        let name = |(row, &key): (usize, &usize)| {
            if array.is_null(row) { None } else { names.rows.get(key).copied().flatten() }
        };
        let rows = keys.iter().enumerate().map(name).collect();
        return Some(Words { names: names.names, rows });
    }
    let mut seen = Seen::default();
    let rows = match array.data_type() {
        DataType::Utf8 => {
            array.as_string_opt::<i32>()?.iter().map(|x| Some(seen.place(x?))).collect()
        }
        DataType::LargeUtf8 => {
            array.as_string_opt::<i64>()?.iter().map(|x| Some(seen.place(x?))).collect()
        }
        DataType::Utf8View => {
            array.as_string_view_opt()?.iter().map(|x| Some(seen.place(x?))).collect()
        }
        DataType::Boolean => {
            let names = ["false", "true"];
            let values = array.as_boolean_opt()?.iter();
            values.map(|x| Some(seen.place(names.get(usize::from(x?))?))).collect()
        }
        whole if whole.is_integer() => downcast_integer_array!(
            array => {
                // A number is written out once a batch, not once a row.
                let mut places = BTreeMap::new();
                array
                    .iter()
                    .map(|x| {
                        let x = x?;
                        Some(*places.entry(x).or_insert_with(|| seen.place(&x.to_string())))
                    })
                    .collect()
            },
            _ => return None
        ),
        _ => return None,
    };
    Some(Words { names: seen.names, rows })
}

#[derive(Default)]
struct Seen {
    places: BTreeMap<String, usize>,
    names: Vec<String>,
}

impl Seen {
    fn place(&mut self, name: &str) -> usize {
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        let place = self.names.len();
        self.places.insert(name.to_owned(), place);
        self.names.push(name.to_owned());
        place
    }
}

/// Keys of a dictionary; one without words has nulls only, and any key will do for them.
fn keys(dictionary: &dyn AnyDictionaryArray) -> Vec<usize> {
    if dictionary.values().is_empty() {
        return vec![0; dictionary.len()];
    }
    dictionary.normalized_keys()
}

/// Integers or instants of a column; `None` for other types.
pub(super) fn wholes(array: &dyn Array) -> Option<Vec<Option<i64>>> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let values = wholes(dictionary.values().as_ref())?;
        let keys = keys(dictionary);
        let value = |(row, &key): (usize, &usize)| {
            if array.is_null(row) { None } else { values.get(key).copied().flatten() }
        };
        return Some(keys.iter().enumerate().map(value).collect());
    }
    let data_type = array.data_type();
    let is_whole = data_type.is_integer() || data_type.is_temporal();
    downcast_primitive_array!(
        array => is_whole.then(|| {
            array.iter().map(|x| x.and_then(ArrowNativeType::to_i64)).collect()
        }),
        _ => None
    )
}
