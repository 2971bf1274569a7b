//! What came of decisions: revisions of labels, and of outcomes whose measures may be targets.

use super::{InputError, Inputs, id_at, keyed, repeated, seq_at};
use crate::inputs::keyed::{LabelRow, Place, Source};
use contract::arrow_array::{
    Array as _, FixedSizeBinaryArray, RecordBatch, TimestampNanosecondArray, UInt16Array,
    UInt64Array,
};
use contract::{Batch, LabelStatus, Labels, Origin, Outcomes, Reject, RowDigest};

/// The columns that both tables have.
struct Common<'a> {
    ids: &'a FixedSizeBinaryArray,
    revisions: &'a UInt16Array,
    measures: &'a FixedSizeBinaryArray,
    inputs: &'a FixedSizeBinaryArray,
    cutoffs: &'a TimestampNanosecondArray,
    untils: &'a TimestampNanosecondArray,
    latest: &'a TimestampNanosecondArray,
    avails: &'a TimestampNanosecondArray,
    lows: &'a UInt64Array,
    highs: &'a UInt64Array,
}

impl Common<'_> {
    fn row(&self, row: usize, source: usize, status: LabelStatus, hash: [u8; 32]) -> LabelRow {
        LabelRow {
            id: id_at(self.ids, row),
            source,
            revision: self.revisions.value(row),
            status,
            cutoff: self.cutoffs.value(row),
            until: self.untils.value(row),
            latest_end: self.latest.value(row),
            avail: self.avails.value(row),
            seqs: [seq_at(self.lows, row), seq_at(self.highs, row)],
            inputs_hash: keyed::hash_at(self.inputs, row),
            row_hash: hash,
            made: 0,
            class: None,
            value: None,
            confidence: None,
            at: Place::new(0, row),
        }
    }
}

pub(super) fn push_labels(
    inputs: &mut Inputs,
    batch: &RecordBatch,
    origin: &Origin,
    rejects: &mut Vec<Reject>,
) -> Result<(), InputError> {
    let rows = Batch::<Labels>::parse(batch)?;
    let common = Common {
        ids: rows.col(&Labels::DECISION_ID),
        revisions: rows.col(&Labels::REVISION),
        measures: rows.col(&Labels::MEASURES_HASH),
        inputs: rows.col(&Labels::INPUTS_HASH),
        cutoffs: rows.col(&Labels::TS_CUTOFF),
        untils: rows.col(&Labels::TS_UNTIL),
        latest: rows.col(&Labels::TS_LATEST_END),
        avails: rows.col(&Labels::TS_AVAIL),
        lows: rows.col(&Labels::INPUTS_SEQ_LO),
        highs: rows.col(&Labels::INPUTS_SEQ_HI),
    };
    let (classes, values) = (rows.col(&Labels::CLASS), rows.col(&Labels::VALUE));
    let (confidences, rules) = (rows.col(&Labels::CONFIDENCE), rows.col(&Labels::RULES_HASH));
    let hashes = row_hashes(rows.as_any());
    // Read before anything is taken: a word outside its set leaves the state as it was.
    let mut new = Vec::with_capacity(rows.len());
    for (row, hash) in hashes.into_iter().enumerate() {
        let status = rows.cell(&Labels::STATUS, row)?;
        let kind = rows.cell(&Labels::KIND, row)?;
        let target = rows.cell(&Labels::TARGET, row)?;
        let code = rows.cell(&Labels::CODE_VERSION, row)?;
        let unit = rows.cell(&Labels::VALUE_UNIT, row)?;
        let made = keyed::Made {
            measures: keyed::hash_at(common.measures, row),
            rules: Some(keyed::hash_at(rules, row)),
            code: code.to_owned(),
        };
        let source = Source::Label { target: target.to_owned(), kind };
        let (class, value) = (
            classes.is_valid(row).then(|| classes.value(row)),
            values.is_valid(row).then(|| values.value(row)),
        );
        let confidence = confidences.is_valid(row).then(|| confidences.value(row));
        let label = LabelRow { class, value, confidence, ..common.row(row, 0, status, hash) };
        new.push((source, made, unit.map(str::to_owned), label));
    }
    for (row, (source, made, unit, mut label)) in new.into_iter().enumerate() {
        label.source = inputs.source(source);
        label.made = inputs.made(made);
        if let Some(unit) = unit {
            inputs.units.entry(label.source).or_insert(unit);
        }
        inputs.take_label(label, "labels", row, origin, rejects);
    }
    Ok(())
}

pub(super) fn push_outcomes(
    inputs: &mut Inputs,
    batch: &RecordBatch,
    origin: &Origin,
    rejects: &mut Vec<Reject>,
) -> Result<(), InputError> {
    let rows = Batch::<Outcomes>::parse(batch)?;
    let common = Common {
        ids: rows.col(&Outcomes::DECISION_ID),
        revisions: rows.col(&Outcomes::REVISION),
        measures: rows.col(&Outcomes::MEASURES_HASH),
        inputs: rows.col(&Outcomes::INPUTS_HASH),
        cutoffs: rows.col(&Outcomes::TS_CUTOFF),
        untils: rows.col(&Outcomes::TS_UNTIL),
        latest: rows.col(&Outcomes::TS_LATEST_END),
        avails: rows.col(&Outcomes::TS_AVAIL),
        lows: rows.col(&Outcomes::INPUTS_SEQ_LO),
        highs: rows.col(&Outcomes::INPUTS_SEQ_HI),
    };
    let place = inputs.outcome_batches.len();
    let mut new = Vec::with_capacity(rows.len());
    for (row, hash) in row_hashes(rows.as_any()).into_iter().enumerate() {
        let status = rows.cell(&Outcomes::STATUS, row)?;
        let window = rows.cell(&Outcomes::WINDOW, row)?;
        let made = keyed::Made {
            measures: keyed::hash_at(common.measures, row),
            rules: None,
            code: rows.cell(&Outcomes::CODE_VERSION, row)?.to_owned(),
        };
        let source = Source::Outcome { window: window.to_owned() };
        let label = LabelRow { at: Place::new(place, row), ..common.row(row, 0, status, hash) };
        new.push((source, made, label));
    }
    for (row, (source, made, mut label)) in new.into_iter().enumerate() {
        label.source = inputs.source(source);
        label.made = inputs.made(made);
        inputs.take_label(label, "outcomes", row, origin, rejects);
    }
    inputs.outcome_batches.push(rows);
    Ok(())
}

impl Inputs {
    fn take_label(
        &mut self,
        label: LabelRow,
        table: &'static str,
        row: usize,
        origin: &Origin,
        rejects: &mut Vec<Reject>,
    ) {
        if self.label_keys.insert((label.id, label.source, label.made, label.revision)) {
            self.labels.push(label);
        } else {
            rejects.push(repeated(origin, table, row, "decision_id", &label.id));
        }
    }

    /// The number of a source of targets, in order of first sight.
    pub(super) fn source(&mut self, source: Source) -> usize {
        number(&mut self.sources, source)
    }

    fn made(&mut self, made: keyed::Made) -> usize {
        number(&mut self.makers, made)
    }
}

fn number<T: PartialEq>(known: &mut Vec<T>, item: T) -> usize {
    // There are a handful: what comes again is mostly the last one.
    if let Some(at) = known.iter().rposition(|other| *other == item) {
        return at;
    }
    known.push(item);
    known.len() - 1
}

/// The hash of each row's canonical bytes.
pub(super) fn row_hashes(rows: &contract::AnyBatch) -> Vec<[u8; 32]> {
    struct Any<'a>(&'a contract::AnyBatch);
    impl AsRef<contract::AnyBatch> for Any<'_> {
        fn as_ref(&self) -> &contract::AnyBatch {
            self.0
        }
    }
    let mut hashes = Vec::with_capacity(rows.len());
    RowDigest::row_hashes(&Any(rows), |_, hash| hashes.push(hash));
    hashes
}
