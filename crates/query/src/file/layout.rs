//! Types of columns: the plain form of a view, and what the engine turns into what without loss.

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::compute::cast;
use std::sync::Arc;

/// A schema in which every view type, however deep, is its plain form. Names, order and metadata stay.
pub(super) fn plain(schema: &Schema) -> SchemaRef {
    let fields: Vec<FieldRef> = schema.fields().iter().map(plain_field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn plain_field(field: &FieldRef) -> FieldRef {
    let ty = plain_type(field.data_type());
    if ty == *field.data_type() {
        return Arc::clone(field);
    }
    Arc::new(Field::clone(field).with_data_type(ty))
}

fn plain_type(ty: &DataType) -> DataType {
    let each = |fields: &Fields| fields.iter().map(plain_field).collect::<Fields>();
    match ty {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(item) | DataType::ListView(item) => DataType::List(plain_field(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(plain_field(item))
        }
        DataType::FixedSizeList(item, n) => DataType::FixedSizeList(plain_field(item), *n),
        DataType::Struct(fields) => DataType::Struct(each(fields)),
        DataType::Map(entries, sorted) => DataType::Map(plain_field(entries), *sorted),
        DataType::Dictionary(key, value) => {
            DataType::Dictionary(key.clone(), Box::new(plain_type(value)))
        }
        other => other.clone(),
    }
}

/// The batch with views in their plain form: the same values.
///
/// # Errors
/// When more text stands in one batch than plain offsets reach.
pub(super) fn to_plain(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let arrays = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(array, field)| match array.data_type() == field.data_type() {
            true => Ok(Arc::clone(array)),
            false => cast(array, field.data_type()),
        })
        .collect::<Result<Vec<ArrayRef>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), arrays)
}

/// Whether the engine reads a column of the first type as one of the second without loss.
pub(super) fn engine_reads(found: &DataType, wanted: &DataType) -> bool {
    let is_text =
        |ty: &DataType| matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    if found == wanted {
        return true;
    }
    match wanted {
        DataType::Utf8 => is_text(found),
        DataType::Binary => *found == DataType::BinaryView,
        DataType::Dictionary(_, value) if **value == DataType::Utf8 => match found {
            DataType::Dictionary(_, value) => is_text(value),
            other => is_text(other),
        },
        DataType::Timestamp(TimeUnit::Nanosecond, Some(zone)) if **zone == *contract::UTC => {
            // Two spellings of UTC that writers other than ours use.
            matches!(found, DataType::Timestamp(TimeUnit::Nanosecond, Some(zone)) if matches!(&**zone, "+00:00" | "Etc/UTC"))
        }
        _ => false,
    }
}
