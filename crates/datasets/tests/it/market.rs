//! A small desk whose every number is known: decisions a minute apart, two features, one grade each.

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, new_null_array};
use arrow_array::{TimestampNanosecondArray, UInt16Array, UInt32Array, UInt64Array};
use arrow_schema::{Field, Schema};
use contract::{
    Amount, DecisionAction, Decisions, EventId, ExecType, Executions, Features, Hash, InstrumentId,
    LabelKind, LabelStatus, Labels, Origin, Side, SourceId, Table, TableBuilder, UtcNanos,
};
use datasets::{Inputs, Weigh, layout::meta};
use std::collections::HashMap;
use std::sync::Arc;

/// 2026-03-02T08:00:00Z.
pub(crate) const START: i64 = 1_772_438_400_000_000_000;
pub(crate) const MINUTE: i64 = 60_000_000_000;

/// What the desk of a test looks like.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) rows: usize,
    /// Minutes of a label's life.
    pub(crate) life: i64,
    /// Nanoseconds that the first feature reads; the second reads one nanosecond.
    pub(crate) lookback: i64,
    /// Revisions of labels: (row, revision, class, minutes after the cut-off when it was known, status).
    pub(crate) revisions: Vec<(usize, u16, Option<i8>, i64, LabelStatus)>,
    /// Rows without features, and without label.
    pub(crate) no_features: Vec<usize>,
    pub(crate) no_label: Vec<usize>,
    pub(crate) strategies: Vec<&'static str>,
    /// Further features, of noise.
    pub(crate) noise: usize,
}

impl Market {
    pub(crate) fn of(rows: usize) -> Self {
        Self {
            rows,
            life: 5,
            lookback: MINUTE,
            revisions: Vec::new(),
            no_features: Vec::new(),
            no_label: Vec::new(),
            strategies: vec!["momentum", "reversion"],
            noise: 0,
        }
    }

    pub(crate) fn id(row: usize) -> EventId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        bytes[8..].copy_from_slice(&(row as u64).to_be_bytes());
        EventId::from_bytes(bytes)
    }

    pub(crate) fn cutoff(row: usize) -> i64 {
        START + i64::try_from(row).unwrap() * MINUTE
    }

    pub(crate) fn class(row: usize) -> i8 {
        [-1, 0, 1][row * 7 % 3]
    }

    pub(crate) fn decisions(&self) -> RecordBatch {
        let mut rows = TableBuilder::<Decisions>::new(UtcNanos::from_nanos(START));
        for row in 0..self.rows {
            let at = UtcNanos::from_nanos(Self::cutoff(row));
            rows.set_now(at);
            rows.set(&Decisions::DECISION_ID, Self::id(row))
                .set(&Decisions::SOURCE_ID, SourceId::new(1))
                .set(&Decisions::STRATEGY_ID, self.strategies[row % self.strategies.len()])
                .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(u32::try_from(row % 3).unwrap()))
                .set(&Decisions::TS_EVENT, at)
                .set(&Decisions::ACTION, DecisionAction::Enter)
                .set(&Decisions::SIDE, Side::Buy)
                .set(&Decisions::QTY, Amount::from_units(1))
                .set(&Decisions::PARENT_DECISION_ID, Self::id(row - row % 4));
            rows.end_row().unwrap();
        }
        // Of the log every tenth row is a decision.
        let draft = rows.finish().unwrap();
        let batch = draft.with_seq(0).into_record_batch();
        numbered(&batch, (0..self.rows).map(Self::seq))
    }

    pub(crate) fn seq(row: usize) -> u64 {
        row as u64 * 10 + 9
    }

    pub(crate) fn features(&self) -> RecordBatch {
        let rows: Vec<usize> =
            (0..self.rows).filter(|row| !self.no_features.contains(row)).collect();
        let mut ids = FixedSizeBinaryBuilder::new(16);
        let width = i32::try_from(2 + self.noise).unwrap();
        let mut reasons = FixedSizeBinaryBuilder::new(width);
        for row in &rows {
            ids.append_value(Self::id(*row).as_bytes()).unwrap();
            let mut packed = vec![0; 2 + self.noise];
            packed[1] = if row % 5 == 0 { 6 } else { 0 };
            reasons.append_value(packed).unwrap();
        }
        let instants = |back: i64| -> ArrayRef {
            let of = rows.iter().map(|row| Self::cutoff(*row) - back);
            Arc::new(TimestampNanosecondArray::from_iter_values(of).with_timezone("UTC"))
        };
        let numbers = |of: &dyn Fn(usize) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| of(*row))))
        };
        let words: arrow_array::DictionaryArray<arrow_array::types::Int32Type> =
            rows.iter().map(|row| self.strategies[row % self.strategies.len()]).collect();
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for column in Features::SPEC.columns {
            let ids = ids.finish_cloned();
            let instruments = rows.iter().map(|row| u32::try_from(row % 3).unwrap());
            columns.push(match column.name {
                "decision_id" => Arc::new(ids),
                "strategy_id" => Arc::new(words.clone()),
                "ts_cutoff" => instants(0),
                "revision" => Arc::new(UInt16Array::from(vec![0; rows.len()])),
                "seq" => numbers(&Self::seq),
                "instrument_id" => Arc::new(UInt32Array::from_iter_values(instruments)),
                "src_ts_avail_min" => instants(self.lookback),
                "src_ts_avail_max" => instants(1),
                "src_seq_min" => numbers(&|row| Self::seq(row) - 9),
                "src_seq_max" => numbers(&|row| Self::seq(row) - 1),
                "src_rows" => numbers(&|_| 8),
                "null_reasons" => Arc::new(reasons.finish_cloned()),
                _ => new_null_array(&column.ty.data_type(width), rows.len()),
            });
            fields.push(column.field(width));
        }
        for (name, lookback) in
            [("price__log_ret__1m", self.lookback), ("book__spread_bps__now", 1)]
        {
            let said = [(meta::LOOKBACK_NS.to_owned(), lookback.to_string())];
            fields.push(
                Field::new(name, arrow_schema::DataType::Float64, true)
                    .with_metadata(HashMap::from(said)),
            );
        }
        let returns = rows.iter().map(|row| (*row as f64 * 0.618).fract() - 0.5);
        columns.push(Arc::new(Float64Array::from_iter_values(returns)));
        let spreads = rows.iter().map(|row| (row % 5 != 0).then_some((row % 11) as f64));
        columns.push(Arc::new(spreads.collect::<Float64Array>()));
        for n in 0..self.noise {
            let said = [(meta::LOOKBACK_NS.to_owned(), "1".to_owned())];
            let name = format!("x_noise__{n}__now");
            fields.push(
                Field::new(name, arrow_schema::DataType::Float64, true)
                    .with_metadata(HashMap::from(said)),
            );
            let cell = |row: &usize| {
                let mixed = (*row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + 2 * n as u64);
                (mixed >> 11) as f64 / 9e15
            };
            columns.push(Arc::new(Float64Array::from_iter_values(rows.iter().map(cell))));
        }
        let mut said = Features::SPEC.metadata();
        said.insert("hindsight.spec_hash".to_owned(), Hash::from_bytes([7; 32]).to_string());
        let schema = Schema::new_with_metadata(fields, said);
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }

    pub(crate) fn labels(&self) -> RecordBatch {
        let mut rows = TableBuilder::<Labels>::new(UtcNanos::from_nanos(START));
        let first = (0..self.rows).filter(|row| !self.no_label.contains(row));
        let first =
            first.map(|row| (row, 0, Some(Self::class(row)), self.life, LabelStatus::Final));
        for (row, revision, class, known, status) in first.chain(self.revisions.iter().copied()) {
            let at = |minutes: i64| UtcNanos::from_nanos(Self::cutoff(row) + minutes * MINUTE);
            rows.set(&Labels::DECISION_ID, Self::id(row))
                .set(&Labels::MEASURES_HASH, Hash::from_bytes([1; 32]))
                .set(&Labels::INPUTS_HASH, Hash::of(&revision.to_be_bytes()))
                .set(&Labels::REVISION, revision)
                .set(&Labels::STATUS, status)
                .set(&Labels::CODE_VERSION, "labeling/1")
                .set(&Labels::TS_CUTOFF, at(0))
                .set(&Labels::TS_END, at(self.life))
                .set(&Labels::TS_UNTIL, at(self.life))
                .set(&Labels::TS_LATEST_END, at(self.life))
                .set(&Labels::TS_AVAIL, at(known))
                .set(&Labels::CAUSE, [].as_slice())
                .set(&Labels::INPUTS_SEQ_LO, Some(Self::seq(row)))
                .set(&Labels::INPUTS_SEQ_HI, Some(Self::seq(row) + 10))
                .set(&Labels::TARGET, "grade")
                .set(&Labels::KIND, LabelKind::Grade)
                .set(&Labels::RULES_HASH, Hash::from_bytes([2; 32]))
                .set(&Labels::RULES_FIRED, [].as_slice())
                .set(&Labels::REASONS, [].as_slice())
                .set(&Labels::LABEL_FLAGS, 0_u32)
                .set(&Labels::CLASS, class)
                .set(&Labels::VALUE, class.map(f64::from))
                .set(&Labels::CONFIDENCE, Some(0.5 + (row % 4) as f64 / 8.0));
            rows.end_row().unwrap();
        }
        rows.finish().unwrap().into_record_batch()
    }

    /// Reports of decision 0's order, at these places of the log.
    pub(crate) fn executions(seqs: &[u64]) -> RecordBatch {
        let mut rows = TableBuilder::<Executions>::new(UtcNanos::from_nanos(START));
        for seq in seqs {
            rows.set(&Executions::SOURCE_ID, SourceId::new(1))
                .set(&Executions::INSTRUMENT_ID, InstrumentId::new(0))
                .set(&Executions::EXEC_ID, format!("e{seq}").as_str())
                .set(&Executions::EXEC_TYPE, ExecType::New)
                .set(&Executions::SIDE, Side::Buy)
                .set(&Executions::IS_RECONCILED, false)
                .set(&Executions::DECISION_ID, Self::id(0));
            rows.end_row().unwrap();
        }
        let batch = rows.finish().unwrap().with_seq(0).into_record_batch();
        numbered(&batch, seqs.iter().copied())
    }

    pub(crate) fn inputs(&self) -> Inputs {
        inputs(&[self.decisions(), self.features(), self.labels()])
    }
}

/// The rows with these places in the log.
fn numbered(batch: &RecordBatch, seqs: impl Iterator<Item = u64>) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    columns[batch.schema().index_of("seq").unwrap()] =
        Arc::new(UInt64Array::from_iter_values(seqs));
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// Inputs of these tables, which have nothing to reject.
pub(crate) fn inputs(tables: &[RecordBatch]) -> Inputs {
    let mut inputs = Inputs::new();
    for (at, table) in tables.iter().enumerate() {
        let origin = Origin::new("datasets", format!("input {at}"));
        assert_eq!(inputs.push(table, &origin).unwrap(), []);
    }
    inputs
}

/// Uniqueness as its definition says: the mean of one over the number of lives, minute by minute.
#[derive(Debug)]
pub(crate) struct ByMinute;

impl Weigh for ByMinute {
    fn uniqueness(&self, starts: &[i64], ends: &[i64], groups: &[u32]) -> Result<Vec<f64>, String> {
        let alive = |at: i64, group: u32| {
            let lives = starts.iter().zip(ends).zip(groups);
            lives.filter(|((s, e), g)| **s < at && at <= **e && **g == group).count() as f64
        };
        let mean = |start: i64, end: i64, group: u32| {
            let minutes: Vec<i64> = (1..=(end - start) / MINUTE).collect();
            let sum: f64 = minutes.iter().map(|m| 1.0 / alive(start + m * MINUTE, group)).sum();
            sum / minutes.len() as f64
        };
        let rows = starts.iter().zip(ends).zip(groups);
        Ok(rows.map(|((start, end), group)| mean(*start, *end, *group)).collect())
    }
}
