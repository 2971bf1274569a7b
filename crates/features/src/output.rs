//! Feature rows as a batch of the table `features`.

use crate::error::SweepError;
use crate::plan::{Plan, Planned};
use arrow_array::builder::{Int32Builder, StringBuilder};
use arrow_array::{
    ArrayRef, DictionaryArray, FixedSizeBinaryArray, Float64Array, RecordBatch,
    TimestampNanosecondArray, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use contract::{Batch, Features, Hash, Table, UTC, Unlogged};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Key of the hash of the feature set in the metadata of a feature table.
pub(crate) const SPEC_HASH: &str = "hindsight.spec_hash";

/// What was read for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Read {
    pub(crate) ts: Option<(i64, i64)>,
    pub(crate) seq: Option<(u64, u64)>,
    pub(crate) rows: u64,
}

/// One answered decision.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) decision_id: [u8; 16],
    pub(crate) strategy_id: Arc<str>,
    pub(crate) cutoff: i64,
    pub(crate) seq: u64,
    pub(crate) log: u8,
    pub(crate) instrument_id: Option<u32>,
    pub(crate) read: Read,
    /// One value a feature, 0 where there is none.
    pub(crate) values: Box<[f64]>,
    /// One byte a feature: 0, or the code of the reason.
    pub(crate) reasons: Box<[u8]>,
}

impl Row {
    fn value(&self, feature: usize) -> Option<f64> {
        let is_there = self.reasons.get(feature) == Some(&0);
        self.values.get(feature).copied().filter(|_| is_there)
    }
}

/// The schema of the feature table of these features, all of it but the fixed columns' data known beforehand.
pub(crate) fn schema(features: &[Planned], spec_hash: &Hash) -> SchemaRef {
    let packed = i32::try_from(features.len()).unwrap_or(i32::MAX);
    let mut fields: Vec<Field> = Features::SPEC.columns.iter().map(|c| c.field(packed)).collect();
    for planned in features {
        let declaration = planned.feature.declaration();
        let ty = if declaration.is_category { DataType::UInt16 } else { DataType::Float64 };
        let metadata = HashMap::from([
            ("hindsight.unit".to_owned(), declaration.unit.word().to_owned()),
            ("hindsight.feature_version".to_owned(), declaration.version.to_string()),
            ("hindsight.lookback_ns".to_owned(), planned.lookback_ns.to_string()),
            ("hindsight.null_rule".to_owned(), declaration.null_rule.text().to_owned()),
        ]);
        fields.push(Field::new(&declaration.name, ty, true).with_metadata(metadata));
    }
    let mut metadata = Features::SPEC.metadata();
    metadata.insert(SPEC_HASH.to_owned(), spec_hash.to_string());
    metadata.insert(contract::meta::ORDER.to_owned(), "ts_cutoff,seq".to_owned());
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// The rows as a batch, in their order.
pub(crate) fn batch(plan: &Plan, rows: &[Row]) -> Result<Batch<Features, Unlogged>, SweepError> {
    let width = plan.features.len();
    let packed = i32::try_from(width).unwrap_or(i32::MAX);
    let bug = |error: arrow_schema::ArrowError| SweepError::Output(error.to_string());
    let times = |each: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        let array: TimestampNanosecondArray = rows.iter().map(each).collect();
        Arc::new(array.with_timezone(UTC))
    };
    let ids: Vec<u8> = rows.iter().flat_map(|r| r.decision_id).collect();
    let reasons: Vec<u8> = rows.iter().flat_map(|r| r.reasons.iter().copied()).collect();
    let fixed = |width: i32, bytes: Vec<u8>| {
        FixedSizeBinaryArray::try_new_with_len(width, Buffer::from_vec(bytes), None, rows.len())
    };
    let seqs = |each: &dyn Fn(&Row) -> Option<u64>| -> ArrayRef {
        Arc::new(rows.iter().map(each).collect::<UInt64Array>())
    };
    // In the order of the table's columns.
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(fixed(16, ids).map_err(bug)?),
        Arc::new(words(rows.iter().map(|r| r.strategy_id.as_ref())).map_err(bug)?),
        times(&|r| Some(r.cutoff)),
        Arc::new(UInt16Array::from(vec![0; rows.len()])),
        seqs(&|r| Some(r.seq)),
        Arc::new(rows.iter().map(|r| r.instrument_id).collect::<UInt32Array>()),
        times(&|r| r.read.ts.map(|(first, _)| first)),
        times(&|r| r.read.ts.map(|(_, last)| last)),
        seqs(&|r| r.read.seq.map(|(first, _)| first)),
        seqs(&|r| r.read.seq.map(|(_, last)| last)),
        seqs(&|r| Some(r.read.rows)),
        Arc::new(fixed(packed, reasons).map_err(bug)?),
    ];
    for (at, planned) in plan.features.iter().enumerate() {
        let cells = rows.iter().map(|r| r.value(at));
        if planned.feature.declaration().is_category {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "categories are small whole numbers"
            )]
            let codes: UInt16Array = cells.map(|cell| cell.map(|x| x as u16)).collect();
            arrays.push(Arc::new(codes));
        } else {
            arrays.push(Arc::new(cells.collect::<Float64Array>()));
        }
    }
    let schema = Arc::clone(&plan.schema);
    let batch = RecordBatch::try_new(schema, arrays).map_err(bug)?;
    Ok(Batch::<Features, Unlogged>::parse(&batch)?)
}

/// Repeated text as a dictionary in the order of first use.
fn words<'a>(
    texts: impl Iterator<Item = &'a str>,
) -> Result<DictionaryArray<arrow_array::types::Int32Type>, arrow_schema::ArrowError> {
    let mut known: BTreeMap<&str, i32> = BTreeMap::new();
    let mut keys = Int32Builder::new();
    let mut values = StringBuilder::new();
    for text in texts {
        let next = i32::try_from(known.len()).unwrap_or(i32::MAX);
        let key = *known.entry(text).or_insert_with(|| {
            values.append_value(text);
            next
        });
        keys.append_value(key);
    }
    DictionaryArray::try_new(keys.finish(), Arc::new(values.finish()))
}
