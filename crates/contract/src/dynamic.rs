//! Tables with one column a feature or measure behind the fixed ones.

use crate::any::AnyBatch;
use crate::batch::Batch;
use crate::diagnostic::{Diagnostic, Fault};
use crate::spec::Table;
use crate::tables::{Features, Outcomes};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int64Type, TimestampNanosecondType, UInt16Type,
};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int64Array,
    TimestampNanosecondArray, UInt16Array,
};
use arrow_buffer::Buffer;
use arrow_schema::FieldRef;
use std::num::NonZeroU8;
use std::sync::Arc;

/// A table with dynamic columns and their packed null reasons.
pub trait DynamicTable: Table {
    #[doc(hidden)]
    fn reasons_position() -> usize;
}

impl DynamicTable for Features {
    fn reasons_position() -> usize {
        Self::SPEC.position(Self::NULL_REASONS.field_id())
    }
}

impl DynamicTable for Outcomes {
    fn reasons_position() -> usize {
        Self::SPEC.position(Self::NULL_REASONS.field_id())
    }
}

/// A dynamic column that a batch does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}: expected a column `{column}`, found none{near}")]
pub struct UnknownFeature {
    table: &'static str,
    column: String,
    near: String,
}

impl Diagnostic for UnknownFeature {
    fn code(&self) -> &'static str {
        "contract/unknown-feature"
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// A dynamic column in its own type.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DynamicColumn<'a> {
    /// Numbers in the unit that ends the name.
    Number(&'a Float64Array),
    /// Money, scale 1e-9.
    Money(&'a Decimal128Array),
    /// Instants.
    Instant(&'a TimestampNanosecondArray),
    /// Nanoseconds or counts.
    Whole(&'a Int64Array),
    /// Codes of categories.
    Category(&'a UInt16Array),
}

impl<'a> DynamicColumn<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        let number = array.as_primitive_opt::<Float64Type>().map(Self::Number);
        let money = || array.as_primitive_opt::<Decimal128Type>().map(Self::Money);
        let instant = || array.as_primitive_opt::<TimestampNanosecondType>().map(Self::Instant);
        let whole = || array.as_primitive_opt::<Int64Type>().map(Self::Whole);
        let category = || array.as_primitive_opt::<UInt16Type>().map(Self::Category);
        number.or_else(money).or_else(instant).or_else(whole).or_else(category)
    }
}

impl<T: DynamicTable, S> Batch<T, S> {
    /// A dynamic column by name, whatever it holds.
    #[must_use]
    pub fn dynamic_column(&self, name: &str) -> Option<DynamicColumn<'_>> {
        let (_, array) = self.as_any().dynamic().find(|(field, _)| field.name() == name)?;
        DynamicColumn::of(array)
    }

    /// Names of the dynamic columns, in order.
    pub fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.as_any().dynamic().map(|(field, _)| field.name().as_str())
    }

    /// Why a dynamic column is null in a row; `None` where it has a value.
    ///
    /// The codes are those of the table's stage.
    ///
    /// # Errors
    /// [`UnknownFeature`] naming the nearest columns.
    pub fn why(&self, row: usize, feature: &str) -> Result<Option<NonZeroU8>, UnknownFeature> {
        let at = find(self.as_any(), feature)?;
        let packed = self.as_any().at(T::reasons_position()).as_fixed_size_binary();
        Ok(packed.value(row).get(at).copied().and_then(NonZeroU8::new))
    }

    /// The rows with these dynamic columns alone, in the order asked for; their null reasons are packed anew.
    ///
    /// ```
    /// # fn example(rows: &contract::Batch<contract::Features>) -> Result<(), contract::UnknownFeature> {
    /// let slim = rows.project(&["price__log_ret__1m", "book__spread_bps"])?;
    /// assert_eq!(slim.feature_names().count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`UnknownFeature`] naming the nearest columns.
    pub fn project(&self, features: &[&str]) -> Result<Self, UnknownFeature> {
        let batch = self.as_any();
        let picked: Result<Vec<usize>, _> = features.iter().map(|f| find(batch, f)).collect();
        let picked = picked?;
        let all: Vec<(&FieldRef, &ArrayRef)> = batch.dynamic().collect();
        let dynamic = picked
            .iter()
            .filter_map(|at| all.get(*at).map(|(f, a)| (Arc::clone(f), Arc::clone(a))))
            .collect();
        let reasons = repack(batch.at(T::reasons_position()).as_fixed_size_binary(), &picked);
        Ok(Self::wrap(batch.clone().with_dynamic(
            dynamic,
            T::reasons_position(),
            Arc::new(reasons),
        )))
    }
}

fn find(batch: &AnyBatch, feature: &str) -> Result<usize, UnknownFeature> {
    let names = || batch.dynamic().map(|(field, _)| field.name().as_str());
    names().position(|name| name == feature).ok_or_else(|| {
        let near = crate::text::nearest(feature, names());
        let near = if near.is_empty() {
            String::new()
        } else {
            format!(" (is it `{}`?)", near.join("`, `"))
        };
        UnknownFeature { table: batch.spec().name, column: feature.to_owned(), near }
    })
}

#[expect(clippy::expect_used, reason = "INVARIANT: one byte a picked column and row")]
fn repack(packed: &FixedSizeBinaryArray, picked: &[usize]) -> FixedSizeBinaryArray {
    let mut bytes = Vec::with_capacity(packed.len() * picked.len());
    for row in 0..packed.len() {
        let reasons = packed.value(row);
        bytes.extend(picked.iter().map(|at| reasons.get(*at).copied().unwrap_or(0)));
    }
    let width = i32::try_from(picked.len()).unwrap_or(i32::MAX);
    FixedSizeBinaryArray::try_new_with_len(width, Buffer::from_vec(bytes), None, packed.len())
        .expect("packed reasons")
}

#[cfg(test)]
mod tests {
    use crate::{Draft, Features, Table};
    use arrow_array::{ArrayRef, FixedSizeBinaryArray, Float64Array, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use std::sync::Arc;

    /// One row with three features, the second of them null for reason 6.
    fn row() -> Draft<Features> {
        let mut fields: Vec<Field> = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for column in Features::SPEC.columns {
            let ty = column.ty.data_type(3);
            let mut buffer = crate::buffer::Buffer::new(column.ty, 3);
            match column.name {
                "decision_id" | "null_reasons" => {}
                "strategy_id" => buffer.text("momentum"),
                "ts_cutoff" => buffer.i64(100),
                "revision" => buffer.u16(0),
                "seq" | "src_rows" => buffer.u64(1),
                _ => buffer.null(),
            }
            let array: ArrayRef = match column.name {
                "decision_id" => {
                    Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8; 16]].iter()).unwrap())
                }
                "null_reasons" => {
                    Arc::new(FixedSizeBinaryArray::try_from_iter([[0_u8, 6, 0]].iter()).unwrap())
                }
                _ => buffer.finish().unwrap(),
            };
            fields.push(Field::new(column.name, ty, true));
            arrays.push(array);
        }
        for (name, value) in [("a__x__1m", Some(1.0)), ("a__y__1m", None), ("b__z", Some(3.0))] {
            fields.push(Field::new(name, DataType::Float64, true));
            arrays.push(Arc::new(Float64Array::from(vec![value])));
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        Draft::parse(&batch).unwrap()
    }

    #[test]
    fn a_null_says_why_and_keeps_its_reason_when_columns_are_picked() {
        let row = row();
        assert_eq!(row.why(0, "a__y__1m").unwrap().map(u8::from), Some(6));
        assert_eq!(row.why(0, "b__z"), Ok(None));
        let slim = row.project(&["b__z", "a__y__1m"]).unwrap();
        assert_eq!(slim.feature_names().collect::<Vec<_>>(), ["b__z", "a__y__1m"]);
        assert_eq!(slim.why(0, "a__y__1m").unwrap().map(u8::from), Some(6));
        assert_eq!(slim.why(0, "b__z"), Ok(None));
        assert_eq!(slim.feature("b__z").map(|a| a.value(0)), Some(3.0));
    }

    #[test]
    fn a_mistyped_feature_names_the_nearest() {
        let error = row().why(0, "a__y__1n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "features: expected a column `a__y__1n`, found none (is it `a__y__1m`, `a__x__1m`?)"
        );
    }
}
