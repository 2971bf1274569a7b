//! The tables that go in, held once for any number of specs.

mod error;
mod keyed;
mod labels;
mod scores;

pub use error::InputError;
pub(crate) use keyed::{
    Decision, FeatureRow, LabelRow, LabelWeight, Made, Place, Source, WeightKey, spec_hash,
};
pub use scores::TableScore;

use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{Float64Type, UInt8Type, UInt64Type};
use contract::arrow_array::{Array, RecordBatch};
use contract::{
    AnyBatch, Batch, Decisions, Draft, Executions, Features, Flags, LabelWeights, Origin, Outcomes,
    Pending, Reject, Table,
};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Column in which `quality` writes the score of a decision row.
const ROW_SCORE: &str = "quality_score";

/// Decisions, features, labels, weights and scores, whole.
///
/// - **Shape:** batches of contract tables in any order and cut; a repeated row is a reject, and of several revisions
///   each build takes those that its as-of point knew.
/// - **Cost:** holds the Arrow batches as they came (of labels only keys and values), and beside them, with the look-ups,
///   about 150 bytes a decision, 130 a feature row and 280 a label.
///
/// ```
/// use contract::testing::decisions;
/// use contract::Origin;
/// let mut inputs = datasets::Inputs::new();
/// let batch = decisions(&[100, 200]).with_seq(1).into_record_batch();
/// assert_eq!(inputs.push(&batch, &Origin::new("datasets", "decisions.arrow"))?.len(), 0);
/// assert_eq!(inputs.push(&batch, &Origin::new("datasets", "again.arrow"))?.len(), 2); // both repeated
/// assert_eq!(inputs.rows("decisions"), 2);
/// # Ok::<(), datasets::InputError>(())
/// ```
#[derive(Debug, Default)]
pub struct Inputs {
    pub(crate) decision_batches: Vec<Batch<Decisions, contract::Unlogged>>,
    pub(crate) decisions: Vec<Decision>,
    /// Where a decision stands in `decisions`; looked up only, never walked.
    by_id: HashMap<[u8; 16], usize>,
    pub(crate) feature_batches: Vec<Batch<Features>>,
    pub(crate) features: Vec<FeatureRow>,
    feature_keys: HashSet<([u8; 16], u16)>,
    pub(crate) outcome_batches: Vec<Batch<Outcomes>>,
    pub(crate) labels: Vec<LabelRow>,
    /// Keys of labels that are there; looked up only, as all maps by hash here.
    label_keys: HashSet<([u8; 16], usize, usize, u16)>,
    pub(crate) sources: Vec<Source>,
    pub(crate) makers: Vec<Made>,
    /// Units of values, by source.
    pub(crate) units: BTreeMap<usize, String>,
    /// Weights by the label that they are of.
    pub(crate) weights: HashMap<WeightKey, LabelWeight>,
    pub(crate) pending: HashSet<([u8; 16], String)>,
    pub(crate) own_seqs: HashMap<[u8; 16], Vec<u64>>,
    pub(crate) scores: BTreeMap<String, TableScore>,
    rows: BTreeMap<&'static str, u64>,
}

impl Inputs {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables that are read: `decisions`, `features` and `labels` are needed, the others add to them.
    pub const TABLES: [&'static str; 8] = [
        "decisions",
        "features",
        "labels",
        "outcomes",
        "label_weights",
        "pending",
        "executions",
        "quality_events",
    ];

    /// Rows held of a table.
    #[must_use]
    pub fn rows(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or(0)
    }

    /// Takes a batch of one of [`TABLES`](Self::TABLES), and returns the rows that it could not use.
    ///
    /// - **Decisions** may carry the column `quality_score` that `quality` adds to them.
    /// - **Rejects:** a decision, a feature row or a label row that was there already.
    ///
    /// # Errors
    /// [`InputError`]: a table that is not read, another shape, feature tables of two feature sets. Nothing of the
    /// batch is taken then.
    pub fn push(
        &mut self,
        batch: &RecordBatch,
        origin: &Origin,
    ) -> Result<Vec<Reject>, InputError> {
        let schema = batch.schema();
        let table = schema.metadata().get(contract::meta::TABLE).map_or("", String::as_str);
        let mut rejects = Vec::new();
        match table {
            "decisions" => self.push_decisions(batch, origin, &mut rejects)?,
            "features" => self.push_features(batch, origin, &mut rejects)?,
            "labels" => labels::push_labels(self, batch, origin, &mut rejects)?,
            "outcomes" => labels::push_outcomes(self, batch, origin, &mut rejects)?,
            "label_weights" => self.push_weights(batch, origin, &mut rejects)?,
            "pending" => self.push_pending(batch)?,
            "executions" => self.push_executions(batch)?,
            "quality_events" => scores::take(&mut self.scores, batch)?,
            other => {
                return Err(InputError::Table {
                    found: other.to_owned(),
                    near: crate::spec::near(other, Self::TABLES),
                });
            }
        }
        if let Some(name) = Self::TABLES.iter().find(|name| **name == table) {
            let taken = batch.num_rows().saturating_sub(rejects.len());
            *self.rows.entry(name).or_default() += taken as u64;
        }
        Ok(rejects)
    }

    fn push_decisions(
        &mut self,
        batch: &RecordBatch,
        origin: &Origin,
        rejects: &mut Vec<Reject>,
    ) -> Result<(), InputError> {
        let any = AnyBatch::parse(Decisions::SPEC, batch)?;
        let seqs = any.seq().cloned();
        let scores = row_scores(&any)?;
        let rows = match &seqs {
            Some(_) => Batch::<Decisions>::parse(batch)?.into_draft(),
            None => Draft::<Decisions>::try_from_any(any)?,
        };
        let place = self.decision_batches.len();
        let ids = rows.col(&Decisions::DECISION_ID);
        let (events, receipts) = (rows.ts_event(), rows.ts_recv());
        for (row, row_hash) in labels::row_hashes(rows.as_any()).into_iter().enumerate() {
            let id = id_at(ids, row);
            if self.by_id.contains_key(&id) {
                rejects.push(repeated(origin, "decisions", row, "decision_id", &id));
                continue;
            }
            let stamps = [events, receipts]
                .map(|stamps| if stamps.is_null(row) { None } else { Some(stamps.value(row)) });
            let avail = rows.ts_avail().value(row);
            self.by_id.insert(id, self.decisions.len());
            self.decisions.push(Decision {
                id,
                decided: stamps.into_iter().flatten().min().unwrap_or(avail),
                avail,
                seq: seqs.as_ref().map(|seqs| seqs.value(row)),
                score: scores.as_ref().and_then(|s| s.is_valid(row).then(|| s.value(row))),
                is_quarantined: Flags::from_bits(rows.flags().value(row)).has(Flags::QUARANTINED),
                row_hash,
                at: Place::new(place, row),
            });
        }
        self.decision_batches.push(rows);
        Ok(())
    }

    fn push_features(
        &mut self,
        batch: &RecordBatch,
        origin: &Origin,
        rejects: &mut Vec<Reject>,
    ) -> Result<(), InputError> {
        let rows = Batch::<Features>::parse(batch)?;
        if let Some(first) = self.feature_batches.first() {
            let of = |rows: &Batch<Features>| -> Vec<contract::arrow_schema::FieldRef> {
                rows.as_any().dynamic().map(|(field, _)| std::sync::Arc::clone(field)).collect()
            };
            let hash = |rows: &Batch<Features>| keyed::spec_hash(rows);
            if of(first) != of(&rows) || hash(first) != hash(&rows) {
                return Err(InputError::FeatureSets { input: origin.input.clone() });
            }
        }
        let place = self.feature_batches.len();
        let (ids, revisions) = (rows.col(&Features::DECISION_ID), rows.col(&Features::REVISION));
        let (cutoffs, seqs) = (rows.col(&Features::TS_CUTOFF), rows.col(&Features::SEQ));
        let read = rows.col(&Features::SRC_SEQ_MAX);
        for (row, row_hash) in labels::row_hashes(rows.as_any()).into_iter().enumerate() {
            let (id, revision) = (id_at(ids, row), revisions.value(row));
            if !self.feature_keys.insert((id, revision)) {
                rejects.push(repeated(origin, "features", row, "decision_id", &id));
                continue;
            }
            self.features.push(FeatureRow {
                id,
                revision,
                cutoff: cutoffs.value(row),
                seq: seqs.value(row),
                seq_high: seqs.value(row).max(seq_at(read, row).unwrap_or(0)),
                row_hash,
                at: Place::new(place, row),
            });
        }
        self.feature_batches.push(rows);
        Ok(())
    }

    fn push_weights(
        &mut self,
        batch: &RecordBatch,
        origin: &Origin,
        rejects: &mut Vec<Reject>,
    ) -> Result<(), InputError> {
        let rows = Batch::<LabelWeights>::parse(batch)?;
        for row in 0..rows.len() {
            let key = WeightKey {
                id: id_at(rows.col(&LabelWeights::DECISION_ID), row),
                target: rows.cell(&LabelWeights::TARGET, row)?.to_owned(),
                measures: rows.cell(&LabelWeights::MEASURES_HASH, row)?,
                rules: rows.cell(&LabelWeights::RULES_HASH, row)?,
                revision: rows.cell(&LabelWeights::REVISION, row)?,
            };
            let weight = LabelWeight {
                avail: rows.col(&LabelWeights::TS_AVAIL).value(row),
                of_return: rows.cell(&LabelWeights::RETURN_WEIGHT, row)?,
                decay: rows.cell(&LabelWeights::DECAY_WEIGHT, row)?,
            };
            match self.weights.entry(key) {
                Entry::Occupied(held) => {
                    let id = &held.key().id;
                    rejects.push(repeated(origin, "label_weights", row, "decision_id", id));
                }
                Entry::Vacant(free) => {
                    free.insert(weight);
                }
            }
        }
        Ok(())
    }

    fn push_pending(&mut self, batch: &RecordBatch) -> Result<(), InputError> {
        let rows = Batch::<Pending>::parse(batch)?;
        for row in 0..rows.len() {
            let id = id_at(rows.col(&Pending::DECISION_ID), row);
            self.pending.insert((id, rows.cell(&Pending::TARGET, row)?.to_owned()));
        }
        Ok(())
    }

    fn push_executions(&mut self, batch: &RecordBatch) -> Result<(), InputError> {
        let any = AnyBatch::parse(Executions::SPEC, batch)?;
        if any.seq().is_none() {
            return Ok(()); // without numbers they cannot be found again
        }
        let rows = Batch::<Executions>::parse(batch)?;
        let ids = rows.col(&Executions::DECISION_ID);
        for row in (0..rows.len()).filter(|row| ids.is_valid(*row)) {
            self.own_seqs.entry(id_at(ids, row)).or_default().push(rows.seq().value(row));
        }
        Ok(())
    }

    pub(crate) fn decision_at(&self, id: &[u8; 16]) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Names of the features, in the order of their columns.
    pub fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.feature_batches.first().into_iter().flat_map(Batch::feature_names)
    }

    /// The hash of the feature set that the features say they have.
    #[must_use]
    pub fn feature_spec_hash(&self) -> Option<contract::Hash> {
        self.feature_batches.first().and_then(spec_hash)
    }

    /// Targets of the labels, in order of first sight.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            Source::Label { target, .. } => Some(target.as_str()),
            Source::Outcome { .. } => None,
        })
    }
}

/// The scores that `quality` added, where it did.
fn row_scores(any: &AnyBatch) -> Result<Option<contract::arrow_array::Float64Array>, InputError> {
    let Some((_, array)) = any.unknown().find(|(field, _)| field.name() == ROW_SCORE) else {
        return Ok(None);
    };
    // `quality run` writes whole points.
    if let Some(points) = array.as_primitive_opt::<UInt8Type>() {
        return Ok(Some(points.iter().map(|score| score.map(f64::from)).collect()));
    }
    let scores = array.as_primitive_opt::<Float64Type>();
    scores
        .cloned()
        .map(Some)
        .ok_or_else(|| InputError::Score { found: array.data_type().to_string() })
}

pub(crate) fn id_at(ids: &contract::arrow_array::FixedSizeBinaryArray, row: usize) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(ids.value(row));
    id
}

fn repeated(origin: &Origin, table: &str, row: usize, column: &str, id: &[u8; 16]) -> Reject {
    let id = contract::EventId::from_bytes(*id).to_string();
    Reject::new(origin, table, row as u64, "datasets/repeated-row").about(
        column,
        "a row that was not there before",
        id,
    )
}

/// Lowest and highest of the numbers that are there.
pub(crate) fn span(seqs: impl Iterator<Item = Option<u64>>) -> Option<[u64; 2]> {
    seqs.flatten().fold(None, |span: Option<[u64; 2]>, seq| {
        Some(span.map_or([seq, seq], |[low, high]| [low.min(seq), high.max(seq)]))
    })
}

/// The number of a nullable column.
pub(crate) fn seq_at(
    seqs: &contract::arrow_array::PrimitiveArray<UInt64Type>,
    row: usize,
) -> Option<u64> {
    seqs.is_valid(row).then(|| seqs.value(row))
}
