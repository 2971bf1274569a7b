//! What is kept of each row beside its batch: keys and where it stands.

use contract::arrow_array::FixedSizeBinaryArray;
use contract::{Batch, Features, Hash, LabelKind, LabelStatus};

/// Key of the hash of the feature set in the metadata of a feature table.
const SPEC_HASH: &str = "hindsight.spec_hash";

/// A row of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    batch: u32,
    row: u32,
}

impl Place {
    /// Batches and rows of one build fit in 32 bits; what does not stands at the last place.
    pub(super) fn new(batch: usize, row: usize) -> Self {
        let fit = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { batch: fit(batch), row: fit(row) }
    }

    pub(crate) const fn batch(self) -> usize {
        self.batch as usize
    }

    pub(crate) const fn row(self) -> usize {
        self.row as usize
    }
}

/// A decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision {
    pub(crate) id: [u8; 16],
    /// The cut-off: the earlier of `ts_event` and `ts_recv`, nulls aside.
    pub(crate) decided: i64,
    pub(crate) avail: i64,
    pub(crate) seq: Option<u64>,
    pub(crate) score: Option<f64>,
    pub(crate) is_quarantined: bool,
    pub(crate) row_hash: [u8; 32],
    pub(crate) at: Place,
}

/// A row of features.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeatureRow {
    pub(crate) id: [u8; 16],
    pub(crate) revision: u16,
    pub(crate) cutoff: i64,
    pub(crate) seq: u64,
    /// The highest number that it knows of: its own, or that of a row that it read.
    pub(crate) seq_high: u64,
    pub(crate) row_hash: [u8; 32],
    pub(crate) at: Place,
}

/// Where targets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A target of the table `labels`.
    Label { target: String, kind: LabelKind },
    /// The measures of a window of the table `outcomes`.
    Outcome { window: String },
}

/// What made a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) measures: Hash,
    pub(crate) rules: Option<Hash>,
    pub(crate) code: String,
}

/// A revision of a label or an outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelRow {
    pub(crate) id: [u8; 16],
    /// Number of the source.
    pub(crate) source: usize,
    pub(crate) revision: u16,
    pub(crate) status: LabelStatus,
    pub(crate) cutoff: i64,
    pub(crate) until: i64,
    pub(crate) latest_end: i64,
    pub(crate) avail: i64,
    /// Lowest and highest `seq` that were read.
    pub(crate) seqs: [Option<u64>; 2],
    pub(crate) inputs_hash: Hash,
    pub(crate) row_hash: [u8; 32],
    /// Number of what made it.
    pub(crate) made: usize,
    pub(crate) class: Option<i8>,
    pub(crate) value: Option<f64>,
    pub(crate) confidence: Option<f64>,
    /// The row of an outcome, for its measures.
    pub(crate) at: Place,
}

/// The label that weights are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WeightKey {
    pub(crate) id: [u8; 16],
    pub(crate) target: String,
    pub(crate) measures: Hash,
    pub(crate) rules: Hash,
    pub(crate) revision: u16,
}

/// Weights that came with a label.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelWeight {
    pub(crate) avail: i64,
    pub(crate) of_return: Option<f64>,
    pub(crate) decay: Option<f64>,
}

/// The hash in a row.
pub(super) fn hash_at(hashes: &FixedSizeBinaryArray, row: usize) -> Hash {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hashes.value(row));
    Hash::from_bytes(bytes)
}

/// The hash of the feature set that a table says it has.
pub(crate) fn spec_hash(rows: &Batch<Features>) -> Option<Hash> {
    let schema = rows.clone().into_record_batch().schema();
    schema.metadata().get(SPEC_HASH).and_then(|text| Hash::parse(text).ok())
}
