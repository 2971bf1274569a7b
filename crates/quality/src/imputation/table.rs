//! The columns of rows, by the names in a plan.

use super::{ImputationPlan, PlanError};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray, UInt8Array,
};
use arrow_schema::{DataType, Field, FieldRef, Schema, TimeUnit};
use std::sync::Arc;

/// The key, time, session and gap of each row.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) keys: Vec<Vec<Option<i64>>>,
    pub(crate) times: Vec<Option<i64>>,
    pub(crate) sessions: Vec<Option<i64>>,
    pub(crate) gaps: Vec<bool>,
}

impl Frame {
    pub(crate) fn of(rows: &RecordBatch, plan: &ImputationPlan) -> Result<Self, PlanError> {
        let n = rows.num_rows();
        let mut keys = vec![Vec::with_capacity(plan.keys.len()); n];
        for name in &plan.keys {
            for (key, value) in keys.iter_mut().zip(whole(rows, name)?) {
                key.push(value);
            }
        }
        let sessions = match &plan.session {
            Some(name) => whole(rows, name)?,
            None => vec![None; n],
        };
        let gaps = match &plan.gap {
            Some(name) => {
                let array = find(rows, name)?;
                let gaps = array
                    .as_boolean_opt()
                    .ok_or_else(|| wrong(name, "Boolean", array.data_type()))?;
                gaps.iter().map(|gap| gap.unwrap_or(false)).collect()
            }
            None => vec![false; n],
        };
        Ok(Self { keys, times: whole(rows, &plan.time)?, sessions, gaps })
    }
}

pub(crate) fn find<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, PlanError> {
    rows.column_by_name(name).ok_or_else(|| {
        PlanError::missing(name, rows.schema_ref().fields().iter().map(|f| f.name().as_str()))
    })
}

fn wrong(name: &str, expected: &'static str, found: &DataType) -> PlanError {
    PlanError::Type { column: name.to_owned(), expected, found: found.to_string() }
}

/// A column of integers or instants.
fn whole(rows: &RecordBatch, name: &str) -> Result<Vec<Option<i64>>, PlanError> {
    let array = find(rows, name)?;
    macro_rules! read {
        ($type:ty) => {
            array.as_primitive::<$type>().iter().map(|v| v.map(i64::from)).collect()
        };
    }
    Ok(match array.data_type() {
        DataType::Int64 => read!(Int64Type),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => read!(TimestampNanosecondType),
        DataType::Int8 => read!(Int8Type),
        DataType::Int16 => read!(Int16Type),
        DataType::Int32 => read!(Int32Type),
        DataType::UInt8 => read!(UInt8Type),
        DataType::UInt16 => read!(UInt16Type),
        DataType::UInt32 => read!(UInt32Type),
        other => return Err(wrong(name, "integers up to Int64, or nanoseconds", other)),
    })
}

/// A planned column as it came: null where an earlier run filled it.
#[derive(Debug)]
pub(crate) enum Planned {
    Float(Vec<Option<f64>>),
    Whole(Vec<Option<i64>>),
}

impl Planned {
    pub(crate) fn of(rows: &RecordBatch, name: &str) -> Result<Self, PlanError> {
        let array = find(rows, name)?;
        let mask = rows.column_by_name(&format!("{name}__imputed"));
        let mask = mask.and_then(|mask| mask.as_boolean_opt());
        let filled = |row: usize| mask.is_some_and(|mask| mask.is_valid(row) && mask.value(row));
        if let Some(values) = array.as_primitive_opt::<Float64Type>() {
            let values = values.iter().enumerate();
            return Ok(Self::Float(values.map(|(row, v)| v.filter(|_| !filled(row))).collect()));
        }
        if let Some(values) = array.as_primitive_opt::<Int64Type>() {
            let values = values.iter().enumerate();
            return Ok(Self::Whole(values.map(|(row, v)| v.filter(|_| !filled(row))).collect()));
        }
        Err(wrong(name, "Float64 or Int64", array.data_type()))
    }
}

/// The three companions of a column.
#[derive(Debug, Default)]
pub(crate) struct Companions {
    pub(crate) imputed: Vec<bool>,
    pub(crate) ages: Vec<Option<i64>>,
}

/// A filled column, in the order of the plan.
pub(crate) type Filled = (String, &'static str, ArrayRef, Companions);

impl Planned {
    pub(crate) fn array(self) -> ArrayRef {
        match self {
            Self::Float(values) => Arc::new(Float64Array::from(values)),
            Self::Whole(values) => Arc::new(Int64Array::from(values)),
        }
    }
}

/// The rows with each planned column filled and its companions behind it.
pub(crate) fn rebuild(rows: &RecordBatch, filled: &[Filled]) -> Result<RecordBatch, PlanError> {
    const ENDS: [&str; 3] = ["__imputed", "__impute_method", "__impute_age_ns"];
    let is_companion = |name: &str| {
        filled.iter().any(|(planned, ..)| {
            name.strip_prefix(planned.as_str()).is_some_and(|end| ENDS.contains(&end))
        })
    };
    let schema = rows.schema();
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    let kept = schema.fields().iter().zip(rows.columns()).filter(|(f, _)| !is_companion(f.name()));
    for (field, array) in kept {
        fields.push(Arc::clone(field));
        let Some((name, word, values, companions)) =
            filled.iter().find(|(planned, ..)| planned == field.name())
        else {
            arrays.push(Arc::clone(array));
            continue;
        };
        arrays.push(Arc::clone(values));
        let codes = companions.imputed.iter().map(|imputed| imputed.then_some(0_u8));
        let words: ArrayRef = Arc::new(StringArray::from(vec![*word]));
        let methods = DictionaryArray::try_new(codes.collect::<UInt8Array>(), words)
            .map_err(|error| PlanError::Output(error.to_string()))?;
        let new: [ArrayRef; 3] = [
            Arc::new(BooleanArray::from(companions.imputed.clone())),
            Arc::new(methods),
            Arc::new(Int64Array::from(companions.ages.clone())),
        ];
        for ((end, array), nullable) in ENDS.into_iter().zip(new).zip([false, true, true]) {
            let ty = array.data_type().clone();
            fields.push(Arc::new(Field::new(format!("{name}{end}"), ty, nullable)));
            arrays.push(array);
        }
    }
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new(Arc::new(schema), arrays)
        .map_err(|error| PlanError::Output(error.to_string()))
}
