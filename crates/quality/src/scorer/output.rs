//! The rows that stay, with what was found, and the rows that leave.

use crate::kinds::Action;
use crate::rows::{Ids, lane};
use crate::rule_set::{CheckSpec, RuleSet};
use crate::state::Flags;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt16Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, UInt8Array, UInt16Array, UInt64Array,
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema};
use contract::{Flags as RowFlags, Origin, Price, QualityMode, Reject, meta};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was found about the rows of a batch.
pub(super) struct Marks<'a> {
    pub(super) flags: &'a Flags,
    pub(super) scores: &'a [u8],
    pub(super) repaired: &'a [bool],
}

/// First words of the columns that are added.
const FLAGS: &str = "quality_flags";
const SCORE: &str = "quality_score";

/// Adds what hindsight knows to the flags of a batch.
pub(super) fn foresee(
    flags: &mut Flags,
    table: &str,
    batch: &RecordBatch,
    first: u64,
    known: &BTreeMap<u64, Vec<usize>>,
) {
    let ids = Ids::new(batch, table, first);
    for row in 0..batch.num_rows() {
        for check in known.get(&ids.of(row)).into_iter().flatten() {
            flags.set(row, *check);
        }
    }
}

/// The rows that stay.
pub(super) fn rows(
    rules: &RuleSet,
    mode: QualityMode,
    batch: &RecordBatch,
    keep: &[bool],
    marks: &Marks<'_>,
) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema_ref();
    let mut fields: Vec<FieldRef> = Vec::with_capacity(schema.fields().len() + 2);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len() + 2);
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if field.name() == SCORE || field.name().starts_with(FLAGS) {
            continue;
        }
        fields.push(Arc::clone(field));
        columns.push(match column.as_primitive_opt::<UInt16Type>() {
            Some(bits) if field.name() == "flags" => Arc::new(row_flags(rules, bits, marks)),
            _ => Arc::clone(column),
        });
    }
    let words = |word: usize| -> UInt64Array {
        let rows = 0..marks.flags.len();
        rows.map(|row| marks.flags.row(row).get(word).copied().unwrap_or(0)).collect()
    };
    for word in 0..marks.flags.words() {
        let name = if word == 0 { FLAGS.to_owned() } else { format!("{FLAGS}_{word}") };
        fields.push(Arc::new(Field::new(name, DataType::UInt64, false)));
        columns.push(Arc::new(words(word)));
    }
    fields.push(Arc::new(Field::new(SCORE, DataType::UInt8, false)));
    columns.push(Arc::new(UInt8Array::from_iter_values(marks.scores.iter().copied())));
    let mut metadata = schema.metadata().clone();
    metadata.insert("hindsight.rules_hash".to_owned(), rules.hash().to_string());
    if mode == QualityMode::Final {
        metadata.insert(meta::CAUSALITY.to_owned(), "hindsight".to_owned());
    }
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let all = RecordBatch::try_new(schema, columns)?;
    if keep.iter().all(|k| *k) {
        return Ok(all);
    }
    arrow_select::filter::filter_record_batch(&all, &BooleanArray::from(keep.to_vec()))
}

/// `flags` with the bits that a finding may set.
fn row_flags(rules: &RuleSet, bits: &UInt16Array, marks: &Marks<'_>) -> UInt16Array {
    let rows = bits.values().iter().enumerate();
    let bits = rows.map(|(row, bits)| {
        let mut flags = RowFlags::from_bits(*bits);
        for check in marks.flags.broken(row).filter_map(|at| rules.checks().get(at)) {
            flags = flags.with(mark(check));
        }
        if marks.repaired.get(row) == Some(&true) {
            flags = flags.with(RowFlags::REPAIRED);
        }
        flags.bits()
    });
    bits.collect()
}

/// The bit of the row's own flags that a violation sets.
fn mark(check: &CheckSpec) -> RowFlags {
    let own = match check.kind().name {
        "content_dup" => RowFlags::DUP_SUSPECT,
        "late" => RowFlags::LATE,
        _ => RowFlags::NONE,
    };
    if check.action() == Action::Quarantine { own.with(RowFlags::QUARANTINED) } else { own }
}

/// The reject of a row that breaks these checks.
pub(super) fn reject(
    rules: &RuleSet,
    origin: &Origin,
    batch: &RecordBatch,
    row: usize,
    broken: impl Iterator<Item = usize>,
) -> Result<Reject, ArrowError> {
    let all: Vec<&CheckSpec> = broken.filter_map(|at| rules.checks().get(at)).collect();
    let mut reject = Reject::new(origin, rules.table(), row as u64, "quality/broken-rule");
    if let Some(check) = all.iter().find(|c| c.action() == Action::Reject) {
        reject.severity = check.severity();
        reject = reject.by_check(check.id(), check.version(), rules.hash());
        let column = check.columns().next().unwrap_or_default();
        reject =
            reject.about(column, format!("not: {}", check.kind().doc), show(batch, column, row));
        if reject.column.as_deref() == Some("") {
            reject.column = None;
        }
    }
    reject.more = u16::try_from(all.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let column = |name: &str| batch.column_by_name(name).filter(|c| c.is_valid(row));
    reject.seq = column("seq").and_then(|c| Some(c.as_primitive_opt::<UInt64Type>()?.value(row)));
    reject.source_id =
        column("source_id").and_then(|c| Some(c.as_primitive_opt::<UInt16Type>()?.value(row)));
    reject.ts_avail_ns = column("ts_avail")
        .and_then(|c| Some(c.as_primitive_opt::<TimestampNanosecondType>()?.value(row)));
    Ok(reject.with_ipc(one_row(batch, row)?))
}

/// A row as an Arrow IPC stream, to be fed again when a rule is mended.
fn one_row(batch: &RecordBatch, row: usize) -> Result<Vec<u8>, ArrowError> {
    let one = batch.slice(row, 1);
    let columns: Vec<ArrayRef> = one
        .columns()
        .iter()
        // A slice of a dictionary carries all its words: only those of the row go along.
        .map(|c| match c.as_any_dictionary_opt() {
            Some(_) => arrow_select::take::take(c, &UInt64Array::from(vec![0]), None)
                .and_then(|c| compact(&c)),
            None => Ok(Arc::clone(c)),
        })
        .collect::<Result<_, _>>()?;
    let one = RecordBatch::try_new(batch.schema(), columns)?;
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new(Vec::new(), one.schema_ref().as_ref())?;
    writer.write(&one)?;
    writer.into_inner()
}

/// A dictionary with no words but those in use.
fn compact(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let Some(words) = array.as_dictionary_opt::<arrow_array::types::Int32Type>() else {
        return Ok(Arc::clone(array));
    };
    let text = arrow_select::take::take(words.values(), words.keys(), None)?;
    let keys = words.keys().iter().enumerate();
    let keys = keys.map(|(at, k)| k.and_then(|_| i32::try_from(at).ok()));
    let keys: arrow_array::Int32Array = keys.collect();
    Ok(Arc::new(arrow_array::DictionaryArray::try_new(keys, text)?))
}

/// A cell as a person writes it.
fn show(batch: &RecordBatch, column: &str, row: usize) -> String {
    let Ok(at) = batch.schema_ref().index_of(column) else { return String::new() };
    let field = batch.schema_ref().field(at);
    let array = batch.column(at);
    if array.is_null(row) {
        return "null".to_owned();
    }
    let Some(lane) = lane(array) else { return array.data_type().to_string() };
    let cell = crate::rows::Column { lane, nulls: array.nulls(), array };
    match lane {
        crate::rows::Lane::I64(v) if field.metadata().contains_key("hindsight.scale") => {
            v.get(row).map(|x| Price::from_nanos(*x).to_string()).unwrap_or_default()
        }
        _ => cell
            .text(row)
            .map(str::to_owned)
            .or_else(|| cell.int(row).map(|x| x.to_string()))
            .or_else(|| cell.f64(row).map(|x| x.to_string()))
            .unwrap_or_default(),
    }
}
