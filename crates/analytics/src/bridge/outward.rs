//! Arrow to the layout that both sides read: what crosses without a further copy.

use super::BridgeError;
use super::route::{Route, route};
use arrow_array::builder::make_view;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, FixedSizeBinaryArray, GenericListArray, LargeListArray,
    OffsetSizeTrait, StringViewArray, StructArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

/// The column in the types that Polars stores: views for text and bytes, offsets of 64 bits for lists, the rest as it
/// is.
pub(super) fn shared_layout(array: &ArrayRef, column: &str) -> Result<ArrayRef, BridgeError> {
    if let Route::Refused { reason } = route(array.data_type()) {
        let data_type = array.data_type().to_string();
        return Err(BridgeError::Refused { column: column.to_owned(), data_type, reason });
    }
    relayout(array).map_err(|error| BridgeError::Interface {
        column: column.to_owned(),
        message: error.to_string(),
    })
}

fn relayout(array: &ArrayRef) -> Result<ArrayRef, arrow_schema::ArrowError> {
    Ok(match array.data_type() {
        DataType::Utf8 => Arc::new(StringViewArray::from(array.as_string::<i32>())),
        DataType::LargeUtf8 => Arc::new(StringViewArray::from(array.as_string::<i64>())),
        DataType::Binary => Arc::new(BinaryViewArray::from(array.as_binary::<i32>())),
        DataType::LargeBinary => Arc::new(BinaryViewArray::from(array.as_binary::<i64>())),
        DataType::FixedSizeBinary(_) => Arc::new(views_of_fixed(array.as_fixed_size_binary())?),
        DataType::Dictionary(..) => {
            let words = array.as_dictionary::<Int32Type>();
            let views = StringViewArray::from(words.values().as_string::<i32>());
            arrow_select::take::take(&views, words.keys(), None)?
        }
        DataType::List(_) => Arc::new(wide_list(array.as_list::<i32>())?),
        DataType::LargeList(_) => Arc::new(wide_list(array.as_list::<i64>())?),
        DataType::Struct(fields) => {
            let array = array.as_struct();
            let columns: Vec<ArrayRef> =
                array.columns().iter().map(relayout).collect::<Result<_, _>>()?;
            let fields = fields.iter().zip(&columns).map(|(field, column)| retyped(field, column));
            Arc::new(StructArray::try_new(fields.collect(), columns, array.nulls().cloned())?)
        }
        _ => Arc::clone(array),
    })
}

/// The field with the type that its column has now. Metadata stays behind: only the schema of the caller carries it.
fn retyped(field: &Field, column: &ArrayRef) -> Field {
    Field::new(field.name(), column.data_type().clone(), field.is_nullable())
}

/// Views into the bytes of the array.
fn views_of_fixed(
    array: &FixedSizeBinaryArray,
) -> Result<BinaryViewArray, arrow_schema::ArrowError> {
    /// Longest piece of the values that one view buffer holds: offsets of views have 32 bits.
    const PIECE: usize = 1 << 30;
    let width = array.value_size();
    if width <= 12 {
        // Short values live in the views themselves.
        return Ok((0..array.len())
            .map(|row| array.is_valid(row).then(|| array.value(row)))
            .collect());
    }
    let rows_a_piece = (PIECE / width).max(1);
    let values: &Buffer = array.values();
    let mut buffers = Vec::new();
    let mut views = Vec::with_capacity(array.len());
    for (piece, first) in (0_u32..).zip((0..array.len()).step_by(rows_a_piece)) {
        let rows = rows_a_piece.min(array.len() - first);
        buffers.push(values.slice_with_length(first * width, rows * width));
        for row in first..first + rows {
            let offset = u32::try_from((row - first) * width).map_err(|_| {
                arrow_schema::ArrowError::InvalidArgumentError(
                    "width of fixed bytes above 2^30".into(),
                )
            })?;
            // What stands in a null row is not shown, but must be a view that reads no stranger's bytes.
            views.push(if array.is_valid(row) {
                make_view(array.value(row), piece, offset)
            } else {
                0
            });
        }
    }
    BinaryViewArray::try_new(ScalarBuffer::from(views), buffers, array.nulls().cloned())
}

/// The list with offsets of 64 bits and only the items that it reaches.
fn wide_list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
) -> Result<LargeListArray, arrow_schema::ArrowError> {
    let (DataType::List(item) | DataType::LargeList(item)) = list.data_type() else {
        return Err(arrow_schema::ArrowError::SchemaError(format!(
            "no list: {}",
            list.data_type()
        )));
    };
    let offsets = list.offsets();
    let first = offsets.first().map_or(0, |o| o.as_usize());
    let last = offsets.last().map_or(0, |o| o.as_usize());
    let items = relayout(&list.values().slice(first, last - first))?;
    let lengths = (0..list.len()).map(|row| list.value_length(row).as_usize());
    let field = Arc::new(retyped(item, &items));
    LargeListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        items,
        list.nulls().cloned(),
    )
}
