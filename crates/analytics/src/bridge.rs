//! Record batches to frames of Polars and back, over the Arrow C data interface.

mod crossing;
mod error;
mod inward;
mod outward;
mod route;

pub use error::BridgeError;
pub use route::{Route, route};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema, SchemaRef};
use contract::nearest;
use polars::prelude::{Column, CompatLevel, DataFrame, IntoColumn, Series};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A record batch as a frame of Polars.
///
/// - **Shape:** the same columns and rows, in order, in one chunk. Nulls stay nulls. Metadata of schema and fields stays
///   behind, since Polars has no place for it: give the schema to [`to_arrow`] on the way back.
/// - **Cost:** a constant a column where the route is [`Route::ZeroCopy`], else the copy that [`route`] names. The frame
///   keeps the buffers alive, so a small slice holds on to all of its parent.
///
/// | Arrow | Polars | route |
/// |---|---|---|
/// | `Boolean`, `Int8` to `Int64`, `UInt8` to `UInt64`, `Float32`, `Float64` | the same | zero copy |
/// | `Timestamp(ns, UTC)` | `Datetime(ns, UTC)` | zero copy |
/// | `Decimal128(p, s)`, `0 <= s <= p <= 38` | `Decimal(p, s)` | zero copy |
/// | `Utf8View`, `BinaryView` | `String`, `Binary` | zero copy there; back offsets and values are written, and views of them |
/// | `Utf8`, `LargeUtf8`, `Binary`, `LargeBinary` | `String`, `Binary` | copy: a view of 16 bytes a row; values shared |
/// | `FixedSizeBinary(n)` | `Binary` | copy: a view of 16 bytes a row; values shared where `n > 12` |
/// | `Dictionary(Int32, Utf8)` | `String` | copy: a view of 16 bytes a row; words shared |
/// | `List(T)`, `LargeList(T)` | `List(T)` | copy: offsets of 8 bytes a row; items take the route of `T` |
/// | `Struct` | `Struct` | that of its fields, the dearest; a null of the struct is written into the bitmaps of its fields |
/// | every other | none | refused |
///
/// # Errors
/// A column of a type without a route, or two columns of one name.
///
/// ```
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// use std::sync::Arc;
/// use polars::prelude::ChunkAgg;
/// let spread: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.5), None, Some(2.0)]));
/// let batch = RecordBatch::try_from_iter([("spread_bps", spread)])?;
/// let frame = analytics::to_polars(&batch)?;
/// assert_eq!(frame.column("spread_bps")?.f64()?.sum(), Some(3.5));
/// let back = analytics::to_arrow(&frame, Some(&batch.schema()))?;
/// assert_eq!(back, [batch]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_polars(batch: &RecordBatch) -> Result<DataFrame, BridgeError> {
    to_polars_chunked(&batch.schema(), std::slice::from_ref(batch))
}

/// Record batches of one schema as one frame, a chunk a batch.
///
/// Shape, routes and cost are those of [`to_polars`]. No batch at all makes a frame without rows.
///
/// # Errors
/// As [`to_polars`]; besides, a batch whose columns are not those of `schema` in name, order and type.
pub fn to_polars_chunked(
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> Result<DataFrame, BridgeError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = schema.fields().iter().find(|field| !names.insert(field.name())) {
        return Err(BridgeError::Twice { column: twice.name().clone() });
    }
    for (batch, found) in batches.iter().enumerate() {
        same_columns(schema, &found.schema(), batch)?;
    }
    let none = [RecordBatch::new_empty(Arc::clone(schema))];
    let batches = if batches.is_empty() { none.as_slice() } else { batches };
    let columns = schema.fields().iter().enumerate().map(|(at, field)| {
        let chunks = batches.iter().map(|batch| {
            let shared = outward::shared_layout(batch.column(at), field.name())?;
            crossing::into_polars(&shared).map_err(|message| interface(field.name(), message))
        });
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        let series = Series::from_arrow_chunks(field.name().as_str().into(), chunks);
        series.map(Series::into_column).map_err(|error| interface(field.name(), error.to_string()))
    });
    let columns = columns.collect::<Result<Vec<Column>, _>>()?;
    let height = batches.iter().map(RecordBatch::num_rows).sum();
    DataFrame::new(height, columns).map_err(|error| interface("", error.to_string()))
}

fn same_columns(schema: &Schema, found: &Schema, batch: usize) -> Result<(), BridgeError> {
    let shown = |field: Option<&Field>| match field {
        Some(field) => format!("{} {}", field.name(), field.data_type()),
        None => "none".to_owned(),
    };
    for at in 0..schema.fields().len().max(found.fields().len()) {
        let column = |schema: &Schema| schema.fields().get(at).map(|field| shown(Some(field)));
        let (expected, found) = (column(schema), column(found));
        if expected != found {
            let [expected, found] =
                [expected, found].map(|text| text.unwrap_or_else(|| shown(None)));
            return Err(BridgeError::Batches { batch, column: at, expected, found });
        }
    }
    Ok(())
}

/// A frame of Polars as record batches, one a chunk and at least one.
///
/// - **Shape:** with a schema, its columns in its order, its types, nullability and metadata; the frame has exactly
///   these columns, in any order. Without one, the columns of the frame, nullable, text as `Utf8`, bytes as `Binary`,
///   lists as `List`: no view type leaves.
/// - **Cost:** the routes of [`to_polars`], backwards: text, bytes, dictionaries and offsets of lists are written anew.
///   Where the columns of the frame are not cut alike, each is first put together into one chunk, which is a copy.
///
/// # Errors
/// A column that one side has and the other has not, a type that is not the schema's, a null where the schema has none,
/// bytes of another width than `FixedSizeBinary` asks for, more text than offsets of 32 bits reach over, or a type of
/// Polars without a route.
pub fn to_arrow(
    frame: &DataFrame,
    schema: Option<&SchemaRef>,
) -> Result<Vec<RecordBatch>, BridgeError> {
    let mut columns: Vec<Series> = match schema {
        Some(schema) => in_order(frame, schema)?,
        None => frame.columns().iter().map(Column::as_materialized_series).cloned().collect(),
    };
    let cut = |series: &Series| series.chunk_lengths().collect::<Vec<_>>();
    let lengths = columns.first().map(cut).unwrap_or_default();
    if columns.iter().any(|series| cut(series) != lengths) {
        columns = columns.iter().map(|series| series.rechunk()).collect();
    }
    let chunks = columns.first().map_or(0, |series| series.n_chunks()).max(1);
    (0..chunks).map(|chunk| batch_of(&columns, chunk, frame.height(), schema)).collect()
}

fn in_order(frame: &DataFrame, schema: &Schema) -> Result<Vec<Series>, BridgeError> {
    let names: Vec<&str> = frame.columns().iter().map(|column| column.name().as_str()).collect();
    for name in &names {
        if schema.column_with_name(name).is_none() {
            return Err(BridgeError::Extra { column: (*name).to_owned() });
        }
    }
    let column = |field: &Arc<Field>| {
        frame.column(field.name()).map(|c| c.as_materialized_series().clone()).map_err(|_| {
            let near = nearest(field.name(), names.iter().copied());
            let near = near.into_iter().map(str::to_owned).collect();
            BridgeError::Missing { column: field.name().clone(), near }
        })
    };
    schema.fields().iter().map(column).collect()
}

fn batch_of(
    columns: &[Series],
    chunk: usize,
    height: usize,
    schema: Option<&SchemaRef>,
) -> Result<RecordBatch, BridgeError> {
    let shared = columns.iter().map(|series| shared_chunk(series, chunk));
    let shared = shared.collect::<Result<Vec<ArrayRef>, _>>()?;
    let schema = match schema {
        Some(schema) => Arc::clone(schema),
        None => Arc::new(Schema::new(
            columns
                .iter()
                .zip(&shared)
                .map(|(s, a)| Field::new(s.name().as_str(), inward::plain(a.data_type()), true))
                .collect::<Vec<_>>(),
        )),
    };
    let rows = shared.first().map_or(height, |array| array.len());
    let arrays = shared.iter().zip(schema.fields()).map(|(a, f)| inward::as_field(a, f));
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options)
        .map_err(|error| interface("", error.to_string()))
}

/// One chunk in Arrow, offsets in 64 bits.
fn shared_chunk(series: &Series, chunk: usize) -> Result<ArrayRef, BridgeError> {
    let name = series.name().as_str();
    if series.n_chunks() == 0 {
        let empty = Series::new_empty(series.name().clone(), series.dtype());
        return if empty.n_chunks() == 0 {
            Err(interface(name, "a column without a chunk".to_owned()))
        } else {
            shared_chunk(&empty, 0)
        };
    }
    // Text and bytes leave as offsets and values. Polars can export its views, too, but hands out a pointer into a box and
    // moves the box afterwards, which Miri rightly refuses; and no table of the contract has views.
    let field = series.dtype().to_arrow_field(series.name().clone(), CompatLevel::oldest());
    let array = series
        .to_arrow_with_field(chunk, Cow::Owned(field), true)
        .map_err(|error| interface(name, error.to_string()))?;
    let array = crossing::into_arrow(array).map_err(|message| interface(name, message))?;
    match route(array.data_type()) {
        Route::Refused { reason } => Err(BridgeError::Refused {
            column: name.to_owned(),
            data_type: array.data_type().to_string(),
            reason,
        }),
        _ => Ok(array),
    }
}

fn interface(column: &str, message: String) -> BridgeError {
    BridgeError::Interface { column: column.to_owned(), message }
}
