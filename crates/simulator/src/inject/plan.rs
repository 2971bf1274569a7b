//! What will be done to the rows of one table, and its doing.

use super::record::{Op, Record};
use crate::fault::FaultKind;
use crate::slice::available;
use contract::arrow_array::builder::StringDictionaryBuilder;
use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{
    Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use contract::arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
    StringArray, UInt32Array,
};
use contract::arrow_schema::{DataType, TimeUnit};
use contract::{Draft, EventTable};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// A value of one cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    I64(i64),
    U64(u64),
    F64(f64),
    Dec(i128),
    Id([u8; 16]),
    Code(u8),
    Text(String),
    Word(String),
}

impl Cell {
    fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::I64(v) => Some(v.to_string()),
            Self::U64(v) => Some(v.to_string()),
            // The shortest text that reads back as the same number.
            Self::F64(v) => Some(format!("{v:?}")),
            Self::Dec(v) => Some(v.to_string()),
            Self::Code(v) => Some(char::from(*v).to_string()),
            Self::Text(v) | Self::Word(v) => Some(v.clone()),
            Self::Id(v) => Some(v.iter().fold(String::new(), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            })),
        }
    }
}

/// A row of the result: where it comes from.
#[derive(Debug, Clone, Copy)]
struct Out {
    /// Row of the clean batch, or of the templates behind it.
    source: u32,
    shift: i64,
}

#[derive(Debug)]
pub(crate) struct Plan {
    table: &'static str,
    first: u64,
    places: Vec<(u16, u32)>,
    avail: Vec<i64>,
    touched: Vec<bool>,
    dropped: Vec<bool>,
    /// Arrival shifts of clean rows.
    shifts: BTreeMap<usize, i64>,
    copies: Vec<(usize, i64)>,
    edits: BTreeMap<&'static str, Vec<(usize, Cell)>>,
    inserts: Vec<(RecordBatch, Vec<(&'static str, Cell)>)>,
    event_shift: BTreeMap<usize, i64>,
    recv_shift: BTreeMap<usize, i64>,
    px_shift: BTreeMap<usize, i64>,
    episodes: BTreeSet<(FaultKind, u16, Option<u32>)>,
    records: Vec<Record>,
    pub(crate) fault_id: u64,
}

impl Plan {
    pub(crate) fn new<T: EventTable>(
        table: &'static str,
        first: u64,
        draft: &Draft<T>,
        fault_id: u64,
    ) -> Self {
        let n = draft.len();
        let instruments = draft.instrument_id();
        let instrument =
            |row: usize| if instruments.is_valid(row) { instruments.value(row) } else { 0 };
        Self {
            table,
            first,
            places: (0..n).map(|row| (draft.source_id().value(row), instrument(row))).collect(),
            avail: draft.ts_avail().values().to_vec(),
            touched: vec![false; n],
            dropped: vec![false; n],
            shifts: BTreeMap::new(),
            copies: Vec::new(),
            edits: BTreeMap::new(),
            inserts: Vec::new(),
            event_shift: BTreeMap::new(),
            recv_shift: BTreeMap::new(),
            px_shift: BTreeMap::new(),
            episodes: BTreeSet::new(),
            records: Vec::new(),
            fault_id,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn place(&self, row: usize) -> (u16, u32) {
        self.places[row]
    }

    pub(crate) fn avail(&self, row: usize) -> i64 {
        self.avail[row]
    }

    /// Place of the first row in the clean stream.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Place of a row in the clean stream.
    pub(crate) fn clean_row(&self, row: usize) -> u64 {
        self.first + row as u64
    }

    pub(crate) fn is_free(&self, row: usize) -> bool {
        !self.touched[row]
    }

    /// Claims a row for one fault; false when it has one.
    pub(crate) fn touch(&mut self, row: usize) -> bool {
        !std::mem::replace(&mut self.touched[row], true)
    }

    pub(crate) fn is_touched(&self) -> bool {
        !self.records.is_empty()
            || !self.event_shift.is_empty()
            || !self.recv_shift.is_empty()
            || !self.px_shift.is_empty()
            || !self.inserts.is_empty()
    }

    fn record(&mut self, kind: FaultKind, row: usize, op: Op, magnitude: f64) -> &mut Record {
        let (source, instrument) = self.places[row];
        let record = Record {
            fault_id: self.fault_id,
            kind,
            table: self.table,
            op,
            key: format!("{source}/{instrument}/{}", self.first + row as u64),
            clean_row: Some(self.first + row as u64),
            source,
            instrument: Some(instrument).filter(|i| *i != 0),
            ts_from: self.avail[row],
            column: None,
            before: None,
            after: None,
            magnitude,
        };
        self.records.push(record);
        let at = self.records.len() - 1;
        &mut self.records[at]
    }

    pub(crate) fn drop_row(&mut self, kind: FaultKind, row: usize, magnitude: f64) {
        self.fault_id += 1;
        self.drop_in(kind, row, self.fault_id, magnitude);
    }

    /// A loss that belongs to an episode.
    pub(crate) fn drop_in(&mut self, kind: FaultKind, row: usize, id: u64, magnitude: f64) {
        self.dropped[row] = true;
        self.record(kind, row, Op::Drop, magnitude).fault_id = id;
    }

    pub(crate) fn copy(&mut self, kind: FaultKind, row: usize, shift: i64, magnitude: f64) {
        self.fault_id += 1;
        self.copies.push((row, shift));
        let (before, after) = (self.avail[row], self.avail[row] + shift);
        let record = self.record(kind, row, Op::Copy, magnitude);
        (record.before, record.after) = (Some(before.to_string()), Some(after.to_string()));
    }

    pub(crate) fn delay(&mut self, kind: FaultKind, row: usize, shift: i64, magnitude: f64) {
        self.fault_id += 1;
        self.shifts.insert(row, shift);
        let (before, after) = (self.avail[row], self.avail[row] + shift);
        let record = self.record(kind, row, Op::Delay, magnitude);
        (record.before, record.after) = (Some(before.to_string()), Some(after.to_string()));
    }

    /// Two rows arrive in each other's place.
    pub(crate) fn swap(&mut self, kind: FaultKind, row: usize, other: usize) {
        let gap = self.avail[other] - self.avail[row];
        self.delay(kind, row, gap, gap as f64 / 1e9);
        self.delay(kind, other, -gap, gap as f64 / 1e9);
        // One fault, two rows.
        self.fault_id -= 1;
        let id = self.fault_id;
        if let Some(last) = self.records.last_mut() {
            last.fault_id = id;
        }
    }

    pub(crate) fn edit(
        &mut self,
        kind: FaultKind,
        row: usize,
        column: &'static str,
        was: &Cell,
        is: Cell,
        magnitude: f64,
    ) {
        self.fault_id += 1;
        let record = self.record(kind, row, Op::Edit, magnitude);
        (record.column, record.before, record.after) = (Some(column), was.text(), is.text());
        self.edits.entry(column).or_default().push((row, is));
    }

    /// One more cell of the fault recorded last.
    pub(crate) fn also(&mut self, row: usize, column: &'static str, was: &Cell, is: Cell) {
        let Some(mut record) = self.records.last().cloned() else { return };
        (record.column, record.before, record.after) = (Some(column), was.text(), is.text());
        self.records.push(record);
        self.edits.entry(column).or_default().push((row, is));
    }

    /// A row that the clean world does not have: a clean row, by its place, with some cells changed.
    pub(crate) fn insert(
        &mut self,
        kind: FaultKind,
        template: (u64, RecordBatch),
        edits: Vec<(&'static str, Cell)>,
        place: (u16, u32),
        magnitude: f64,
    ) {
        self.fault_id += 1;
        self.insert_in(kind, template, edits, place, magnitude);
    }

    pub(crate) fn insert_in(
        &mut self,
        kind: FaultKind,
        (clean_row, template): (u64, RecordBatch),
        edits: Vec<(&'static str, Cell)>,
        (source, instrument): (u16, u32),
        magnitude: f64,
    ) {
        let avail = edits.iter().find_map(|(name, cell)| match cell {
            Cell::I64(ts) if *name == "ts_avail" => Some(*ts),
            _ => None,
        });
        for (column, cell) in &edits {
            self.records.push(Record {
                fault_id: self.fault_id,
                kind,
                table: self.table,
                op: Op::Insert,
                key: format!("{source}/{instrument}/insert-{}", self.inserts.len()),
                clean_row: Some(clean_row),
                source,
                instrument: Some(instrument).filter(|i| *i != 0),
                ts_from: avail.unwrap_or(0),
                column: Some(column),
                before: None,
                after: cell.text(),
                magnitude,
            });
        }
        self.inserts.push((template, edits));
    }

    /// Says once a slice and table that an episode of a source is on.
    pub(crate) fn episode(
        &mut self,
        kind: FaultKind,
        (source, instrument): (u16, Option<u32>),
        from: i64,
        shift: i64,
        magnitude: f64,
        scale: Option<(i64, i64)>,
    ) {
        if !self.episodes.insert((kind, source, instrument)) {
            return;
        }
        let (before, after) = match scale {
            Some((first, grid)) => (first.to_string(), grid.to_string()),
            None => ("0".to_owned(), shift.to_string()),
        };
        self.records.push(Record {
            fault_id: self.fault_id,
            kind,
            table: self.table,
            op: Op::Episode,
            key: format!("{source}/{}", instrument.unwrap_or(0)),
            clean_row: None,
            source,
            instrument,
            ts_from: from,
            column: None,
            before: Some(before),
            after: Some(after),
            magnitude,
        });
    }

    pub(crate) fn shift_event(&mut self, row: usize, shift: i64) {
        self.event_shift.insert(row, shift);
    }

    pub(crate) fn shift_recv(&mut self, row: usize, shift: i64) {
        self.recv_shift.insert(row, shift);
    }

    pub(crate) fn shift_px(&mut self, row: usize, shift: i64) {
        self.px_shift.insert(row, shift);
    }

    /// The rows that arrive before `to`, in order, and those that arrive later.
    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: all parts are of one table, and indices lie inside it"
    )]
    pub(crate) fn apply(
        self,
        clean: &RecordBatch,
        carried: Option<RecordBatch>,
        to: i64,
        records: &mut Vec<Record>,
    ) -> (RecordBatch, Option<RecordBatch>) {
        let n = self.rows();
        let mut out: Vec<Out> = Vec::with_capacity(n + self.copies.len() + self.inserts.len());
        for row in (0..n).filter(|row| !self.dropped[*row]) {
            out.push(Out {
                source: index(row),
                shift: self.shifts.get(&row).copied().unwrap_or(0),
            });
        }
        out.extend(
            self.copies.iter().map(|(row, shift)| Out { source: index(*row), shift: *shift }),
        );
        out.extend((0..self.inserts.len()).map(|at| Out { source: index(n + at), shift: 0 }));
        let schema = clean.schema();
        let mut parts = vec![clean.clone()];
        parts.extend(self.inserts.iter().map(|(template, _)| template.clone()));
        let all = arrow_select::concat::concat_batches(&schema, &parts).expect("rows of one table");
        let all = self.edited(&all);
        let picks = UInt32Array::from_iter_values(out.iter().map(|o| o.source));
        let taken = arrow_select::take::take_record_batch(&all, &picks).expect("rows that exist");
        let shifts: Vec<i64> = out.iter().map(|o| o.shift).collect();
        let taken = replace(&taken, "ts_recv", |a| shift_times(a, |row| shifts[row]));
        let taken = replace(&taken, "ts_avail", |a| shift_times(a, |row| shifts[row]));
        let joined = match carried {
            Some(before) => arrow_select::concat::concat_batches(&schema, &[before, taken])
                .expect("rows of one table"),
            None => taken,
        };
        let times = available(&joined).map(|t| t.values().to_vec()).unwrap_or_default();
        let mut order: Vec<u32> = (0..joined.num_rows()).map(index).collect();
        let at = |i: &u32| times.get(usize::try_from(*i).unwrap_or(0)).copied().unwrap_or(0);
        order.sort_by_key(at);
        let cut = order.partition_point(|i| at(i) < to);
        let take = |rows: &[u32]| {
            arrow_select::take::take_record_batch(&joined, &UInt32Array::from(rows.to_vec()))
                .expect("rows that exist")
        };
        let later = (cut < order.len()).then(|| take(&order[cut..]));
        let now = take(&order[..cut]);
        records.extend(self.records);
        (now, later)
    }

    /// Cell edits, and the shifts of whole-source episodes, on clean rows and templates alike.
    fn edited(&self, all: &RecordBatch) -> RecordBatch {
        let mut edits = self.edits.clone();
        for (at, (_, cells)) in self.inserts.iter().enumerate() {
            for (column, cell) in cells {
                edits.entry(column).or_default().push((self.rows() + at, cell.clone()));
            }
        }
        let mut out = all.clone();
        for (column, cells) in &edits {
            out = replace(&out, column, |array| set(array, cells));
        }
        let by = |map: &BTreeMap<usize, i64>, row: usize| map.get(&row).copied().unwrap_or(0);
        if !self.event_shift.is_empty() {
            for column in ["ts_event", "ts_venue_send"] {
                out = replace(&out, column, |a| shift_times(a, |row| by(&self.event_shift, row)));
            }
        }
        if !self.recv_shift.is_empty() {
            out = replace(&out, "ts_recv", |a| shift_times(a, |row| by(&self.recv_shift, row)));
        }
        if !self.px_shift.is_empty() {
            for column in ["bid_px", "ask_px"] {
                out = replace(&out, column, |a| shift_prices(a, |row| by(&self.px_shift, row)));
            }
        }
        out
    }
}

fn index(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

#[expect(
    clippy::expect_used,
    reason = "INVARIANT: the new array has the type and length of the old one"
)]
fn replace(
    batch: &RecordBatch,
    column: &str,
    make: impl FnOnce(&ArrayRef) -> ArrayRef,
) -> RecordBatch {
    let Ok(at) = batch.schema().index_of(column) else { return batch.clone() };
    let mut columns = batch.columns().to_vec();
    columns[at] = make(&columns[at]);
    RecordBatch::try_new(batch.schema(), columns).expect("a column of the same type")
}

fn shift_times(array: &ArrayRef, by: impl Fn(usize) -> i64) -> ArrayRef {
    let array = array.as_primitive::<TimestampNanosecondType>();
    let moved: PrimitiveArray<TimestampNanosecondType> =
        array.iter().enumerate().map(|(row, v)| v.map(|v| v + by(row))).collect();
    Arc::new(moved.with_timezone("UTC"))
}

fn shift_prices(array: &ArrayRef, by: impl Fn(usize) -> i64) -> ArrayRef {
    let array = array.as_primitive::<Int64Type>();
    let moved: PrimitiveArray<Int64Type> =
        array.iter().enumerate().map(|(row, v)| v.map(|v| v + by(row))).collect();
    Arc::new(moved)
}

/// An array with some cells changed; a cell of a type that the column does not have leaves it as it is.
fn set(array: &ArrayRef, cells: &[(usize, Cell)]) -> ArrayRef {
    let new: BTreeMap<usize, &Cell> = cells.iter().map(|(row, cell)| (*row, cell)).collect();
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let changed = numbers::<TimestampNanosecondType>(array, &new, |c| {
                if let Cell::I64(v) = c { Some(*v) } else { None }
            });
            Arc::new(changed.with_timezone("UTC"))
        }
        DataType::Int64 => Arc::new(numbers::<Int64Type>(array, &new, |c| {
            if let Cell::I64(v) = c { Some(*v) } else { None }
        })),
        DataType::Float64 => Arc::new(numbers::<Float64Type>(array, &new, |c| {
            if let Cell::F64(v) = c { Some(*v) } else { None }
        })),
        DataType::UInt64 => Arc::new(numbers::<UInt64Type>(array, &new, |c| {
            if let Cell::U64(v) = c { Some(*v) } else { None }
        })),
        DataType::UInt32 => Arc::new(numbers::<UInt32Type>(array, &new, |c| {
            if let Cell::U64(v) = c { u32::try_from(*v).ok() } else { None }
        })),
        DataType::UInt16 => Arc::new(numbers::<UInt16Type>(array, &new, |c| {
            if let Cell::U64(v) = c { u16::try_from(*v).ok() } else { None }
        })),
        DataType::UInt8 => Arc::new(numbers::<UInt8Type>(array, &new, |c| {
            if let Cell::Code(v) = c { Some(*v) } else { None }
        })),
        DataType::Decimal128(_, _) => {
            let changed = numbers::<Decimal128Type>(array, &new, |c| {
                if let Cell::Dec(v) = c { Some(*v) } else { None }
            });
            changed
                .with_precision_and_scale(38, 9)
                .map_or_else(|_| Arc::clone(array), |a| Arc::new(a) as ArrayRef)
        }
        DataType::Utf8 => {
            let old = array.as_string::<i32>();
            let value = |row: usize| match new.get(&row) {
                Some(Cell::Text(text)) => Some(text.as_str()),
                Some(_) => None,
                None => old.is_valid(row).then(|| old.value(row)),
            };
            Arc::new((0..old.len()).map(value).collect::<StringArray>())
        }
        DataType::FixedSizeBinary(16) => {
            let old = array.as_fixed_size_binary();
            let value = |row: usize| match new.get(&row) {
                Some(Cell::Id(id)) => Some(id.as_slice()),
                Some(_) => None,
                None => old.is_valid(row).then(|| old.value(row)),
            };
            let changed =
                FixedSizeBinaryArray::try_from_sparse_iter_with_size((0..old.len()).map(value), 16);
            changed.map_or_else(|_| Arc::clone(array), |a| Arc::new(a) as ArrayRef)
        }
        DataType::Dictionary(_, _) => {
            let old = array.as_dictionary::<Int32Type>();
            let Some(old) = old.downcast_dict::<StringArray>() else { return Arc::clone(array) };
            let mut out = StringDictionaryBuilder::<Int32Type>::new();
            for (row, was) in old.into_iter().enumerate() {
                match new.get(&row) {
                    Some(Cell::Word(word)) => out.append_value(word),
                    Some(_) => out.append_null(),
                    None => out.append_option(was),
                }
            }
            Arc::new(out.finish())
        }
        _ => Arc::clone(array),
    }
}

fn numbers<P: ArrowPrimitiveType>(
    array: &ArrayRef,
    new: &BTreeMap<usize, &Cell>,
    read: impl Fn(&Cell) -> Option<P::Native>,
) -> PrimitiveArray<P> {
    let old = array.as_primitive::<P>();
    (0..old.len())
        .map(|row| match new.get(&row) {
            Some(cell) => read(cell),
            None => old.is_valid(row).then(|| old.value(row)),
        })
        .collect()
}
