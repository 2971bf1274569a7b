//! Rows of the table `outcomes` from readings.

use contract::arrow_array::{
    Array, ArrayRef, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch,
    TimestampNanosecondArray,
};
use contract::arrow_schema::{Field, Schema};
use contract::{Batch, EventId, Hash, LabelStatus, OutcomeBasis, Outcomes, TableBuilder, UtcNanos};
use labeling::{Measure, Null, Readings, Scalar, Scale};
use std::sync::Arc;

/// One outcome.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: u8,
    pub(crate) strategy: &'static str,
    pub(crate) basis: OutcomeBasis,
    pub(crate) status: LabelStatus,
    pub(crate) revision: u16,
    pub(crate) readings: Readings,
}

impl Row {
    pub(crate) fn new(id: u8, strategy: &'static str, readings: Readings) -> Self {
        let (basis, status) = (OutcomeBasis::Realized, LabelStatus::Final);
        Self { id, strategy, basis, status, revision: 0, readings }
    }
}

pub(crate) fn id(n: u8) -> EventId {
    EventId::from_bytes([n; 16])
}

/// The rows as the table holds them, every measure with its bounds.
pub(crate) fn batch(rows: &[Row], measures_hash: Hash) -> Batch<Outcomes> {
    let t = UtcNanos::from_nanos;
    let mut fixed = TableBuilder::<Outcomes>::new(t(0));
    for row in rows {
        fixed
            .set(&Outcomes::DECISION_ID, id(row.id))
            .set(&Outcomes::MEASURES_HASH, measures_hash)
            .set(&Outcomes::INPUTS_HASH, Hash::from_bytes([0; 32]))
            .set(&Outcomes::REVISION, row.revision)
            .set(&Outcomes::STATUS, row.status)
            .set(&Outcomes::CODE_VERSION, "test")
            .set(&Outcomes::TS_CUTOFF, t(100))
            .set(&Outcomes::TS_END, t(200))
            .set(&Outcomes::TS_UNTIL, t(200))
            .set(&Outcomes::TS_LATEST_END, t(300))
            .set(&Outcomes::TS_AVAIL, t(200))
            .set(&Outcomes::CAUSE, &[][..])
            .set(&Outcomes::WINDOW, "main")
            .set(&Outcomes::BASIS, row.basis)
            .set(&Outcomes::STRATEGY_ID, row.strategy)
            .set(&Outcomes::STRATEGY_VERSION, "1")
            .set(&Outcomes::CLOCK, "recv")
            .set(&Outcomes::OUTCOME_FLAGS, 0_u32)
            .set(&Outcomes::NULL_REASONS, &[][..]);
        fixed.end_row().unwrap();
    }
    let fixed = fixed.finish().unwrap().into_record_batch();
    let mut fields: Vec<Field> = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    let mut reasons: Vec<Vec<u8>> = vec![Vec::new(); rows.len()];
    for measure in Measure::ALL {
        let name = measure.name();
        let value = |r: &Readings| r.get(*measure).value.ok();
        let mut columns: Vec<(String, Vec<Option<Scalar>>)> =
            vec![(name.to_owned(), rows.iter().map(|row| value(&row.readings)).collect())];
        if measure.is_bounded() {
            let lo = rows.iter().map(|row| row.readings.get(*measure).lo).collect();
            let hi = rows.iter().map(|row| row.readings.get(*measure).hi).collect();
            columns.push((format!("{name}_lo"), lo));
            columns.push((format!("{name}_hi"), hi));
        }
        for (name, values) in columns {
            for ((reasons, row), value) in reasons.iter_mut().zip(rows).zip(&values) {
                let why = row.readings.get(*measure).value.err().unwrap_or(Null::Gap);
                reasons.push(if value.is_some() { 0 } else { why.code() });
            }
            let array = array(measure.scale(), &values);
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
    }
    let schema = fixed.schema();
    let width = i32::try_from(arrays.len()).unwrap();
    let packed =
        FixedSizeBinaryArray::try_from_sparse_iter_with_size(reasons.into_iter().map(Some), width)
            .unwrap();
    let (mut all_fields, mut all): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, array) in schema.fields().iter().zip(fixed.columns()) {
        let array: ArrayRef = if field.name() == "null_reasons" {
            Arc::new(packed.clone())
        } else {
            Arc::clone(array)
        };
        all_fields.push(Field::new(field.name(), array.data_type().clone(), true));
        all.push(array);
    }
    all_fields.extend(fields);
    all.extend(arrays);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(all_fields)), all).unwrap();
    Batch::<Outcomes>::parse(&batch).unwrap()
}

fn array(scale: Scale, values: &[Option<Scalar>]) -> ArrayRef {
    let whole = |value: &Option<Scalar>| {
        value.map(|value| match value {
            Scalar::Whole(whole) => whole,
            other => panic!("{other:?}"),
        })
    };
    match scale {
        Scale::Money => {
            let values = values.iter().map(|value| {
                value.map(|value| match value {
                    Scalar::Money(money) => money,
                    other => panic!("{other:?}"),
                })
            });
            let array: Decimal128Array = values.collect();
            Arc::new(array.with_precision_and_scale(38, 9).unwrap())
        }
        Scale::Number => {
            let values = values.iter().map(|value| {
                value.map(|value| match value {
                    Scalar::Number(number) => number,
                    other => panic!("{other:?}"),
                })
            });
            Arc::new(values.collect::<Float64Array>())
        }
        Scale::Instant => {
            let array: TimestampNanosecondArray = values.iter().map(whole).collect();
            Arc::new(array.with_timezone("UTC"))
        }
        Scale::Whole => Arc::new(values.iter().map(whole).collect::<Int64Array>()),
    }
}
