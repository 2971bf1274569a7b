//! What the audit says as tables, so that one reader serves engine and audit.

use std::sync::Arc;

use contract::arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int64Array,
    ListArray, RecordBatch, TimestampNanosecondArray, UInt16Array, UInt32Array,
    types::{Int32Type, UInt64Type},
};
use contract::arrow_schema::{Field, Schema};
use contract::{
    Batch, Hash, InstrumentId, LabelStatus, Labels, Markouts, Outcomes, Price, TableBuilder,
    UtcNanos, Vocabulary as _,
};
use labeling::{
    Audited, AuditedLabel, AuditedMarkout, AuditedOutcome, Fate, Measure, Null, Scalar, Scale,
    Tables,
};

/// Tables of outcomes, labels and markouts.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) outcomes: Vec<Batch<Outcomes>>,
    pub(crate) labels: Vec<Batch<Labels>>,
    pub(crate) markouts: Vec<Batch<Markouts>>,
}

impl Rows {
    pub(crate) fn tables(&self) -> Tables<'_> {
        Tables { outcomes: &self.outcomes, labels: &self.labels, markouts: &self.markouts }
    }

    pub(crate) fn add(&mut self, audited: &Audited) {
        let Some(hash) = audited.measures_hash else { return };
        if let Fate::Is(row) = &audited.outcome {
            self.outcomes.push(outcome(audited, hash, row));
        }
        for row in audited.labels.iter().filter_map(|(_, fate)| fate.row()) {
            self.labels.push(label(audited, hash, row));
        }
        for row in audited.markouts.iter().filter_map(Fate::row) {
            self.markouts.push(markout(hash, row));
        }
    }
}

fn column(scale: Scale, value: Option<Scalar>) -> ArrayRef {
    let whole = match value {
        Some(Scalar::Whole(n)) => Some(n),
        _ => None,
    };
    match scale {
        Scale::Money => {
            let money = match value {
                Some(Scalar::Money(n)) => Some(n),
                _ => None,
            };
            Arc::new(Decimal128Array::from(vec![money]).with_precision_and_scale(38, 9).unwrap())
        }
        Scale::Number => {
            let number = match value {
                Some(Scalar::Number(x)) => Some(x),
                _ => None,
            };
            Arc::new(Float64Array::from(vec![number]))
        }
        Scale::Instant => {
            Arc::new(TimestampNanosecondArray::from(vec![whole]).with_timezone("UTC"))
        }
        Scale::Whole => Arc::new(Int64Array::from(vec![whole])),
    }
}

fn outcome(audited: &Audited, hash: Hash, row: &AuditedOutcome) -> Batch<Outcomes> {
    let mut dynamic: Vec<(String, ArrayRef, u8)> = Vec::new();
    for measure in Measure::ALL {
        let (name, reading) = (measure.name(), row.readings.get(*measure));
        let reason = reading.value.err().map_or(0, Null::code);
        dynamic.push((name.to_owned(), column(measure.scale(), reading.value.ok()), reason));
        if measure.is_bounded() {
            for (end, bound) in [("lo", reading.lo), ("hi", reading.hi)] {
                let reason = if bound.is_none() { Null::NotApplicable.code() } else { 0 };
                dynamic.push((format!("{name}_{end}"), column(measure.scale(), bound), reason));
            }
        }
    }
    let reasons: Vec<u8> = dynamic.iter().map(|(_, _, reason)| *reason).collect();
    let ts = |at: i64| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from(vec![at]).with_timezone("UTC"))
    };
    let word = |text: &str| -> ArrayRef {
        Arc::new([text].into_iter().collect::<DictionaryArray<Int32Type>>())
    };
    let fixed = |bytes: &[u8]| -> ArrayRef {
        Arc::new(FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).unwrap())
    };
    let side: DictionaryArray<Int32Type> =
        [row.side.map(contract::Vocabulary::word)].into_iter().collect();
    let cause = ListArray::from_iter_primitive::<UInt64Type, _, _>([Some([Some(1_u64)])]);
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("decision_id".to_owned(), fixed(audited.decision_id.as_bytes())),
        ("measures_hash".to_owned(), fixed(hash.as_bytes())),
        ("inputs_hash".to_owned(), fixed(&[0; 32])),
        ("revision".to_owned(), Arc::new(UInt16Array::from(vec![0]))),
        ("status".to_owned(), word(row.status.word())),
        ("code_version".to_owned(), word("test")),
        ("ts_cutoff".to_owned(), ts(row.ts_cutoff)),
        ("ts_end".to_owned(), ts(row.ts_end)),
        ("ts_until".to_owned(), ts(row.ts_until)),
        ("ts_latest_end".to_owned(), ts(row.ts_latest_end)),
        ("ts_avail".to_owned(), ts(row.ts_avail)),
        ("cause".to_owned(), Arc::new(cause)),
        ("window".to_owned(), word(&row.window)),
        ("basis".to_owned(), word(row.basis.word())),
        ("strategy_id".to_owned(), word("test")),
        ("strategy_version".to_owned(), word("1")),
        ("clock".to_owned(), word("ours")),
        ("side".to_owned(), Arc::new(side)),
        ("outcome_flags".to_owned(), Arc::new(UInt32Array::from(vec![row.flags.bits()]))),
        ("null_reasons".to_owned(), fixed(&reasons)),
    ];
    columns.extend(dynamic.into_iter().map(|(name, array, _)| (name, array)));
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    Batch::<Outcomes>::parse(&batch).unwrap()
}

fn label(audited: &Audited, hash: Hash, row: &AuditedLabel) -> Batch<Labels> {
    let at = UtcNanos::from_nanos;
    let mut rows = TableBuilder::<Labels>::new(at(0));
    rows.set(&Labels::DECISION_ID, audited.decision_id)
        .set(&Labels::MEASURES_HASH, hash)
        .set(&Labels::RULES_HASH, hash)
        .set(&Labels::INPUTS_HASH, hash)
        .set(&Labels::STATUS, row.status)
        .set(&Labels::CODE_VERSION, "test")
        .set(&Labels::TS_CUTOFF, at(row.ts_cutoff))
        .set(&Labels::TS_END, at(row.ts_end))
        .set(&Labels::TS_UNTIL, at(row.ts_until))
        .set(&Labels::TS_LATEST_END, at(row.ts_latest_end))
        .set(&Labels::TS_AVAIL, at(row.ts_avail))
        .set(&Labels::CAUSE, [].as_slice())
        .set(&Labels::TARGET, row.target.as_str())
        .set(&Labels::KIND, row.kind)
        .set(&Labels::RULES_FIRED, row.fired.as_slice())
        .set(&Labels::REASONS, [].as_slice())
        .set(&Labels::LABEL_FLAGS, row.flags.bits())
        .set(&Labels::CLASS, row.class)
        .set(&Labels::CLASS_LO, row.class_lo)
        .set(&Labels::CLASS_HI, row.class_hi)
        .set(&Labels::VALUE, row.value)
        .set(&Labels::CONFIDENCE, row.confidence);
    rows.end_row().unwrap();
    rows.finish().unwrap().with_seq(1)
}

fn markout(hash: Hash, row: &AuditedMarkout) -> Batch<Markouts> {
    let at = UtcNanos::from_nanos;
    let mut rows = TableBuilder::<Markouts>::new(at(0));
    rows.set(&Markouts::MEASURES_HASH, hash)
        .set(&Markouts::INPUTS_HASH, hash)
        .set(&Markouts::STATUS, LabelStatus::Final)
        .set(&Markouts::CODE_VERSION, "test")
        .set(&Markouts::TS_CUTOFF, at(row.ts_anchor.min(row.ts_end - 1)))
        .set(&Markouts::TS_END, at(row.ts_end))
        .set(&Markouts::TS_UNTIL, at(row.ts_end))
        .set(&Markouts::TS_LATEST_END, at(row.ts_end))
        .set(&Markouts::TS_AVAIL, at(row.ts_end))
        .set(&Markouts::CAUSE, [].as_slice())
        .set(&Markouts::ANCHOR_KIND, row.anchor_kind)
        .set(&Markouts::ANCHOR_ID, row.anchor_id.as_str())
        .set(&Markouts::OFFSET_NS, row.offset_ns)
        .set(&Markouts::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Markouts::TS_ANCHOR, at(row.ts_anchor))
        .set(&Markouts::BID_PX, row.bid_px.map(Price::from_nanos))
        .set(&Markouts::ASK_PX, row.ask_px.map(Price::from_nanos))
        .set(&Markouts::MARKOUT_BPS, row.markout_bps)
        .set(&Markouts::EFF_SPREAD_BPS, row.eff_spread_bps)
        .set(&Markouts::REALIZED_SPREAD_BPS, row.realized_spread_bps)
        .set(&Markouts::IMPACT_BPS, row.impact_bps)
        .set(&Markouts::REASON, row.reason.map(Null::word));
    rows.end_row().unwrap();
    rows.finish().unwrap().with_seq(1)
}
