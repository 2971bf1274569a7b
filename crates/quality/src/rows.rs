//! A batch as checks read it: columns by slot, rows by number.

use crate::verdict::NotEvaluated;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, RecordBatch, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use std::sync::Arc;

/// A column that some check of a rule set reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Slot(u16);

/// The columns that a rule set reads, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    table: String,
    names: Vec<String>,
}

impl Slots {
    /// No column yet of a table of the contract.
    pub(crate) fn of_table(table: &str) -> Self {
        Self { table: table.to_owned(), names: Vec::new() }
    }

    /// The table, which a kind asks when it is built.
    pub(crate) fn spec(&self) -> Option<&'static contract::TableSpec> {
        contract::table(&self.table)
    }

    /// The slot of a column, new or known.
    pub(crate) fn of(&mut self, name: &str) -> Slot {
        let at = self.names.iter().position(|n| n == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        Slot(u16::try_from(at).unwrap_or(u16::MAX))
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn name(&self, slot: Slot) -> &str {
        self.names.get(usize::from(slot.0)).map_or("", String::as_str)
    }
}

/// Whether rows of a table are numbered by the log that holds them.
fn is_numbered(table: &str) -> bool {
    contract::table(table).is_some_and(contract::TableSpec::is_event)
}

/// What rows of a batch are known by: `seq` where a log has numbered them, else their position in the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids<'a> {
    seqs: Option<&'a [u64]>,
    /// Position of the first row.
    first: u64,
}

impl<'a> Ids<'a> {
    /// Ids of a batch of a table whose first row has this position.
    pub(crate) fn new(batch: &'a RecordBatch, table: &str, first: u64) -> Self {
        let array = batch.column_by_name("seq").filter(|_| is_numbered(table));
        Self { seqs: array.and_then(numbers), first }
    }

    /// The id of a row.
    pub(crate) fn of(&self, row: usize) -> u64 {
        self.seqs.and_then(|s| s.get(row).copied()).unwrap_or(self.first + row as u64)
    }

    /// The row with this id, of a batch of so many rows whose ids rise.
    pub(crate) fn row(&self, id: u64, rows: usize) -> Option<usize> {
        match self.seqs {
            Some(seqs) => seqs.binary_search(&id).ok(),
            None => usize::try_from(id.checked_sub(self.first)?).ok().filter(|row| *row < rows),
        }
    }
}

fn numbers(array: &ArrayRef) -> Option<&[u64]> {
    array.as_primitive_opt::<UInt64Type>().map(|a| a.values().as_ref())
}

/// Where the slots stand in batches of one schema.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    schema: SchemaRef,
    positions: Vec<Option<usize>>,
    seq: Option<usize>,
    source: Option<usize>,
    instrument: Option<usize>,
}

impl Layout {
    /// Only event tables are numbered by the log: a `seq` of any other table is a column like others.
    pub(crate) fn new(slots: &Slots, schema: &SchemaRef, table: &str) -> Self {
        let find = |name: &str| schema.index_of(name).ok();
        let positions = slots.names().iter().map(|n| find(n)).collect();
        Self {
            schema: Arc::clone(schema),
            positions,
            seq: if is_numbered(table) { find("seq") } else { None },
            source: find("source_id"),
            instrument: find("instrument_id"),
        }
    }

    /// Whether this layout is of that very schema.
    pub(crate) fn fits(&self, schema: &SchemaRef, slots: &Slots) -> bool {
        self.positions.len() == slots.names().len()
            && (Arc::ptr_eq(&self.schema, schema) || self.schema.fields() == schema.fields())
    }

    /// Positions of everything that sequence kinds may read, in order.
    pub(crate) fn needed(&self) -> Vec<usize> {
        let fixed = [self.seq, self.source, self.instrument];
        let mut all: Vec<usize> = self.positions.iter().chain(&fixed).copied().flatten().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Values of a column, by type.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lane<'a> {
    /// Prices, durations and other integers.
    I64(&'a [i64]),
    /// Instants in nanoseconds.
    Ts(&'a [i64]),
    F64(&'a [f64]),
    I128(&'a [i128]),
    U64(&'a [u64]),
    U32(&'a [u32]),
    U16(&'a [u16]),
    U8(&'a [u8]),
    I32(&'a [i32]),
    I8(&'a [i8]),
    Bool(&'a BooleanArray),
    Text(&'a StringArray),
    /// Keys, and what they stand for.
    Words(&'a [i32], &'a StringArray),
    Bytes(&'a FixedSizeBinaryArray),
}

/// A column of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) lane: Lane<'a>,
    pub(crate) nulls: Option<&'a NullBuffer>,
    pub(crate) array: &'a ArrayRef,
}

impl Column<'_> {
    /// Whether a row has a value.
    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.nulls.is_none_or(|n| n.is_valid(row))
    }

    /// The value as an integer, where the type is one (or an instant, a decimal's units, a code).
    pub(crate) fn int(&self, row: usize) -> Option<i128> {
        if !self.is_valid(row) {
            return None;
        }
        match self.lane {
            Lane::I64(v) | Lane::Ts(v) => v.get(row).copied().map(i128::from),
            Lane::I128(v) => v.get(row).copied(),
            Lane::U64(v) => v.get(row).copied().map(i128::from),
            Lane::U32(v) => v.get(row).copied().map(i128::from),
            Lane::U16(v) => v.get(row).copied().map(i128::from),
            Lane::U8(v) => v.get(row).copied().map(i128::from),
            Lane::I32(v) => v.get(row).copied().map(i128::from),
            Lane::I8(v) => v.get(row).copied().map(i128::from),
            Lane::F64(_) | Lane::Bool(_) | Lane::Text(_) | Lane::Words(..) | Lane::Bytes(_) => None,
        }
    }

    /// The value as a 64-bit integer; `None` for a null, another type or one that does not fit.
    pub(crate) fn i64(&self, row: usize) -> Option<i64> {
        match self.lane {
            Lane::I64(v) | Lane::Ts(v) if self.is_valid(row) => v.get(row).copied(),
            _ => self.int(row).and_then(|v| i64::try_from(v).ok()),
        }
    }

    /// The value as text: of text, words and codes.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        if !self.is_valid(row) {
            return None;
        }
        match self.lane {
            Lane::Text(v) => (row < v.len()).then(|| v.value(row)),
            Lane::Words(keys, words) => {
                let key = usize::try_from(*keys.get(row)?).ok()?;
                (key < words.len()).then(|| words.value(key))
            }
            _ => None,
        }
    }

    /// The value as sixteen bytes: an id.
    pub(crate) fn id(&self, row: usize) -> Option<[u8; 16]> {
        match self.lane {
            Lane::Bytes(v) if self.is_valid(row) && row < v.len() => v.value(row).try_into().ok(),
            _ => None,
        }
    }

    /// Whether two cells hold the same bits; nulls are equal to each other.
    pub(crate) fn same_bits(&self, row: usize, other: &Column<'_>, other_row: usize) -> bool {
        if !self.is_valid(row) || !other.is_valid(other_row) {
            return self.is_valid(row) == other.is_valid(other_row);
        }
        match (self.lane, other.lane) {
            (Lane::F64(a), Lane::F64(b)) => {
                a.get(row).map(|x| x.to_bits()) == b.get(other_row).map(|x| x.to_bits())
            }
            (Lane::Bool(a), Lane::Bool(b)) => a.value(row) == b.value(other_row),
            (Lane::Bytes(a), Lane::Bytes(b)) => a.value(row) == b.value(other_row),
            (Lane::Text(_) | Lane::Words(..), Lane::Text(_) | Lane::Words(..)) => {
                self.text(row) == other.text(other_row)
            }
            _ => {
                self.array.data_type() == other.array.data_type()
                    && self.int(row) == other.int(other_row)
            }
        }
    }

    /// Adds a cell to bytes that are equal for equal content: -0.0 is 0.0, and every NaN is one.
    pub(crate) fn content(&self, row: usize, out: &mut Vec<u8>) {
        if !self.is_valid(row) {
            out.push(0);
            return;
        }
        match self.lane {
            Lane::F64(v) => {
                let x = v.get(row).copied().unwrap_or(f64::NAN);
                let x = if x.is_nan() { f64::NAN } else { x + 0.0 };
                out.push(1);
                out.extend(x.to_bits().to_le_bytes());
            }
            Lane::Bool(v) => out.extend([2, u8::from(v.value(row))]),
            Lane::Bytes(v) => {
                out.push(3);
                out.extend(v.value(row));
            }
            Lane::Text(_) | Lane::Words(..) => {
                let text = self.text(row).unwrap_or_default();
                out.push(4);
                out.extend((text.len() as u64).to_le_bytes());
                out.extend(text.as_bytes());
            }
            _ => {
                out.push(5);
                out.extend(self.int(row).unwrap_or_default().to_le_bytes());
            }
        }
    }

    /// The value as a number, NaN and infinities among them.
    pub(crate) fn f64(&self, row: usize) -> Option<f64> {
        match self.lane {
            Lane::F64(v) if self.is_valid(row) => v.get(row).copied(),
            _ => self.int(row).map(|v| v as f64),
        }
    }
}

/// A batch, with the slots of a rule set resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) batch: &'a RecordBatch,
    layout: &'a Layout,
    slots: &'a Slots,
    ids: Ids<'a>,
    sources: Option<&'a [u16]>,
    instruments: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// `first` is the position of the first row in the stream.
    pub(crate) fn new(
        batch: &'a RecordBatch,
        layout: &'a Layout,
        slots: &'a Slots,
        first: u64,
    ) -> Self {
        let at = |position: Option<usize>| position.and_then(|at| batch.columns().get(at));
        let ids = Ids { seqs: at(layout.seq).and_then(numbers), first };
        let sources = at(layout.source).and_then(|a| a.as_primitive_opt::<UInt16Type>());
        let instruments = at(layout.instrument).and_then(|a| a.as_primitive_opt::<UInt32Type>());
        Self {
            batch,
            layout,
            slots,
            ids,
            sources: sources.map(|a| a.values().as_ref()),
            instruments: instruments.map(|a| a.values().as_ref()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// `seq` of a row, or its position in the stream where the table has none.
    pub(crate) fn id(&self, row: usize) -> u64 {
        self.ids.of(row)
    }

    /// What the rows are known by.
    pub(crate) const fn ids(&self) -> Ids<'a> {
        self.ids
    }

    /// `seq` of every row, for a table with numbers.
    pub(crate) const fn seqs(&self) -> Option<&'a [u64]> {
        self.ids.seqs
    }

    /// `source_id` of every row.
    pub(crate) const fn sources(&self) -> Option<&'a [u16]> {
        self.sources
    }

    /// `instrument_id` of every row; 0 where there is none.
    pub(crate) const fn instruments(&self) -> Option<&'a [u32]> {
        self.instruments
    }

    /// Source and instrument of a row, 0 where a table does not have them: the key of most sequence kinds.
    pub(crate) fn stream(&self, row: usize) -> (u16, u32) {
        let source = self.sources.and_then(|s| s.get(row).copied()).unwrap_or(0);
        let instrument = self.instruments.and_then(|s| s.get(row).copied()).unwrap_or(0);
        (source, instrument)
    }

    /// The column of a slot.
    ///
    /// # Errors
    /// A reason for not evaluating when the column is missing or of a type that no check reads.
    pub(crate) fn column(&self, slot: Slot) -> Result<Column<'a>, NotEvaluated> {
        let position = self.layout.positions.get(usize::from(slot.0)).copied().flatten();
        let array = position
            .and_then(|at| self.batch.columns().get(at))
            .ok_or_else(|| NotEvaluated::MissingColumn(self.slots.name(slot).to_owned()))?;
        let lane = lane(array).ok_or_else(|| {
            let (name, ty) = (self.slots.name(slot), array.data_type());
            NotEvaluated::WrongType(format!("no check reads `{name}` of type {ty}"))
        })?;
        Ok(Column { lane, nulls: array.nulls(), array })
    }

    /// The name of a slot's column.
    pub(crate) fn name(&self, slot: Slot) -> &'a str {
        self.slots.name(slot)
    }

    /// The column of a slot, if it is there and can be read.
    pub(crate) fn optional(&self, slot: Slot) -> Option<Column<'a>> {
        self.column(slot).ok()
    }

    /// A column that no slot was taken for, by name: for kinds that read whatever columns a table has.
    pub(crate) fn named(&self, name: &str) -> Option<Column<'a>> {
        let at = self.batch.schema_ref().index_of(name).ok()?;
        let array = self.batch.columns().get(at)?;
        lane(array).map(|lane| Column { lane, nulls: array.nulls(), array })
    }

    /// Name of the table, as the metadata of its schema says.
    pub(crate) fn table(&self) -> Option<&'a str> {
        self.batch.schema_ref().metadata().get(contract::meta::TABLE).map(String::as_str)
    }

    /// The column of a slot, refused unless it is of 64-bit integers (prices, durations) or instants.
    pub(crate) fn integers(
        &self,
        slot: Slot,
    ) -> Result<(&'a [i64], Option<&'a NullBuffer>), NotEvaluated> {
        let column = self.column(slot)?;
        match column.lane {
            Lane::I64(values) | Lane::Ts(values) => Ok((values, column.nulls)),
            _ => Err(self.wrong_type(slot, "Int64 or Timestamp", column.array.data_type())),
        }
    }

    /// The reason why a column of another type is not read.
    pub(crate) fn wrong_type(&self, slot: Slot, expected: &str, found: &DataType) -> NotEvaluated {
        let name = self.slots.name(slot);
        NotEvaluated::WrongType(format!("`{name}`: expected {expected}, found {found}"))
    }
}

/// The values of an array, if checks can read its type.
pub(crate) fn lane(array: &ArrayRef) -> Option<Lane<'_>> {
    Some(match array.data_type() {
        DataType::Int64 => Lane::I64(array.as_primitive_opt::<Int64Type>()?.values()),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Lane::Ts(array.as_primitive_opt::<TimestampNanosecondType>()?.values())
        }
        DataType::Float64 => Lane::F64(array.as_primitive_opt::<Float64Type>()?.values()),
        DataType::Decimal128(..) => {
            Lane::I128(array.as_primitive_opt::<Decimal128Type>()?.values())
        }
        DataType::UInt64 => Lane::U64(array.as_primitive_opt::<UInt64Type>()?.values()),
        DataType::UInt32 => Lane::U32(array.as_primitive_opt::<UInt32Type>()?.values()),
        DataType::UInt16 => Lane::U16(array.as_primitive_opt::<UInt16Type>()?.values()),
        DataType::UInt8 => Lane::U8(array.as_primitive_opt::<UInt8Type>()?.values()),
        DataType::Int32 => Lane::I32(array.as_primitive_opt::<Int32Type>()?.values()),
        DataType::Int8 => Lane::I8(array.as_primitive_opt::<Int8Type>()?.values()),
        DataType::Boolean => Lane::Bool(array.as_boolean_opt()?),
        DataType::Utf8 => Lane::Text(array.as_string_opt::<i32>()?),
        DataType::Dictionary(..) => {
            let words = array.as_dictionary_opt::<Int32Type>()?;
            Lane::Words(words.keys().values(), words.values().as_string_opt::<i32>()?)
        }
        DataType::FixedSizeBinary(_) => Lane::Bytes(array.as_fixed_size_binary_opt()?),
        _ => return None,
    })
}
