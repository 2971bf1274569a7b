//! Who owns the buffers, and for how long.

use analytics::{to_arrow, to_polars};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, StringViewArray, StructArray};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_schema::{DataType, Field};
use polars::prelude::{ChunkAgg, ChunkApply, IntoSeries, NamedFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that count how often they were given back.
struct Counted {
    bytes: Vec<i64>,
    released: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        // Safe view of integers as bytes: arrow's own buffer makes it.
        self.bytes.as_slice().inner_bytes()
    }
}

trait InnerBytes {
    fn inner_bytes(&self) -> &[u8];
}

impl InnerBytes for [i64] {
    fn inner_bytes(&self) -> &[u8] {
        arrow_buffer::ToByteSlice::to_byte_slice(self)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.released.fetch_add(1, Ordering::SeqCst);
    }
}

fn counted(values: Vec<i64>) -> (RecordBatch, Arc<AtomicUsize>) {
    let released = Arc::new(AtomicUsize::new(0));
    let owner = Counted { bytes: values, released: Arc::clone(&released) };
    let rows = owner.bytes.len();
    let buffer = Buffer::from(bytes::Bytes::from_owner(owner));
    let column: ArrayRef = Arc::new(Int64Array::new(ScalarBuffer::new(buffer, 0, rows), None));
    (RecordBatch::try_from_iter([("px", column)]).unwrap(), released)
}

#[test]
fn a_buffer_outlives_its_batch_and_is_released_once() {
    let (batch, released) = counted(vec![1, 2, 3]);
    let frame = to_polars(&batch).unwrap();
    let copy = frame.clone();
    drop(batch);
    assert_eq!(released.load(Ordering::SeqCst), 0);
    assert_eq!(frame.column("px").unwrap().i64().unwrap().sum(), Some(6));
    drop(frame);
    assert_eq!(released.load(Ordering::SeqCst), 0);
    drop(copy);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn a_buffer_that_went_there_and_back_is_released_once_in_every_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (batch, released) = counted(vec![4, 5]);
        let frame = to_polars(&batch).unwrap();
        let back = to_arrow(&frame, Some(&batch.schema())).unwrap();
        let mut owners: [Option<Box<dyn std::any::Any>>; 3] =
            [Some(Box::new(batch)), Some(Box::new(frame)), Some(Box::new(back))];
        for (n, at) in order.into_iter().enumerate() {
            assert_eq!(released.load(Ordering::SeqCst), 0, "{order:?}, after {n}");
            owners[at] = None;
        }
        assert_eq!(released.load(Ordering::SeqCst), 1, "{order:?}");
    }
}

#[test]
fn an_array_that_polars_made_outlives_its_frame() {
    let series = polars::prelude::Series::new("px".into(), [Some(1_i64), None, Some(3)]);
    let frame = polars::prelude::DataFrame::new(3, vec![series.into()]).unwrap();
    let batch = to_arrow(&frame, None).unwrap().remove(0);
    drop(frame);
    let column = batch.column(0).as_primitive::<Int64Type>();
    assert_eq!(column.iter().collect::<Vec<_>>(), [Some(1), None, Some(3)]);
}

#[test]
fn a_frame_and_a_batch_may_move_to_another_thread() {
    let (batch, released) = counted((0..100).collect());
    let frame = to_polars(&batch).unwrap();
    let schema = batch.schema();
    drop(batch);
    let back = std::thread::spawn(move || to_arrow(&frame, Some(&schema)).unwrap().remove(0));
    let back = back.join().unwrap();
    let sum = std::thread::spawn(move || {
        back.column(0).as_primitive::<Int64Type>().values().iter().sum::<i64>()
    });
    assert_eq!(sum.join().unwrap(), 4_950);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn children_of_a_nested_column_are_released_with_it() {
    let (batch, released) = counted(vec![7, 8, 9]);
    let field = Arc::new(Field::new("px", DataType::Int64, false));
    let column = StructArray::from(vec![(field, Arc::clone(batch.column(0)))]);
    drop(batch);
    let batch = RecordBatch::try_from_iter([("s", Arc::new(column) as ArrayRef)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    drop(batch);
    let child = frame.column("s").unwrap().struct_().unwrap().fields_as_series().remove(0);
    drop(frame);
    assert_eq!(released.load(Ordering::SeqCst), 0);
    assert_eq!(child.i64().unwrap().get(2), Some(9));
    drop(child);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn work_in_place_on_a_frame_leaves_the_batch_alone() {
    let (batch, _released) = counted(vec![1, 2, 3]);
    let frame = to_polars(&batch).unwrap();
    let mut column = frame.column("px").unwrap().i64().unwrap().clone();
    drop(frame);
    column.apply_mut(|value| value * 10);
    let column = column.apply_values(|value| value + 1).into_series();
    assert_eq!(column.i64().unwrap().get(2), Some(31));
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2, 3]);
}

#[test]
fn a_column_that_is_refused_releases_what_crossed_before_it() {
    let (good, released) = counted(vec![1]);
    let bad: ArrayRef = Arc::new(arrow_array::TimestampSecondArray::from(vec![1]));
    let batch =
        RecordBatch::try_from_iter([("px", Arc::clone(good.column(0))), ("t", bad)]).unwrap();
    drop(good);
    let error = to_polars(&batch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t: expected a type that crosses, found `Timestamp(s)`: the one type of time is `Timestamp(ns, UTC)`"
    );
    drop(batch);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn views_keep_every_buffer_that_they_point_into() {
    let long = "a value that is longer than twelve bytes";
    let first = StringViewArray::from(&StringArray::from(vec![long, "short"]));
    let second =
        StringViewArray::from(&StringArray::from(vec!["another value of more than twelve bytes"]));
    let both = arrow_select::concat::concat(&[&first, &second]).unwrap();
    drop((first, second));
    let batch = RecordBatch::try_from_iter([("text", both)]).unwrap();
    let frame = to_polars(&batch).unwrap();
    drop(batch);
    let back = to_arrow(&frame, None).unwrap().remove(0);
    drop(frame);
    let text: Vec<_> = back.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(text, [long, "short", "another value of more than twelve bytes"]);
}
