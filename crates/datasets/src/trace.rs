//! From a row back to the log, and from the log to the rows that may hold it.

use crate::canonical::Sha256;
use crate::folder::FolderError;
use crate::interval::Interval;
use crate::layout::{column, dropped, file, lineage};
use crate::manifest::Manifest;
use crate::role::{Reason, Split};
use crate::view::{Columns, VersionView, cell};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{TimestampNanosecondType, UInt16Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use contract::{Diagnostic, EventId, Fault};
use std::ops::RangeInclusive;

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowPlace {
    /// It is a row of a split.
    In {
        /// The split.
        split: Split,
        /// Where it comes from.
        source: Box<RowSource>,
    },
    /// It is in no split.
    Dropped {
        /// Why.
        reason: Reason,
        /// The split that it would have been in, where one was found.
        from: Option<Split>,
    },
}

/// Where a row comes from: its own events exactly, all else by bounds that hold what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSource {
    /// Its own events (decision, orders, fills), by `seq`.
    pub own_seqs: Vec<u64>,
    /// Lowest and highest `seq` among what the features read; null where unknown or nothing was read.
    pub src_seq: [Option<u64>; 2],
    /// Earliest and latest availability among it, in nanoseconds since 1970.
    pub src_ts_avail: [Option<i64>; 2],
    /// Rows that the features read.
    pub src_rows: u64,
    /// Lowest and highest `seq` that the labels read.
    pub label_seq: [Option<u64>; 2],
    /// Latest possible end of the labels, or `ts_until` if later, in nanoseconds since 1970.
    pub label_end: i64,
    /// Greatest revision among the labels.
    pub label_revision: u16,
    /// SHA-256 over the `inputs_hash`es of the labels, in the order of the targets.
    pub label_inputs: Sha256,
}

/// How a cell is computed anew: by the definitions of these hashes, from the log's rows of this interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTrace {
    /// The column.
    pub column: String,
    /// Closed interval of availability of what it read, in nanoseconds since 1970: `[t - lookback, t - 1]` for a
    /// feature, `[t, e]` for a label. `None` for a feature that reads nothing of the past.
    pub interval: Option<Interval>,
    /// Hash of the feature set, or hashes of the rules of the labels.
    pub definitions: Vec<Sha256>,
}

/// A decision, traced back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowTrace {
    /// The decision.
    pub row_id: EventId,
    /// Its cut-off, in nanoseconds since 1970.
    pub ts_cutoff: i64,
    /// Its place in the log.
    pub seq: u64,
    /// What became of it.
    pub place: RowPlace,
    /// Its features and labels, in the order of the manifest; empty for a dropped one.
    pub columns: Vec<ColumnTrace>,
}

impl RowTrace {
    /// How the cell of this column is computed anew.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnTrace> {
        self.columns.iter().find(|traced| traced.column == name)
    }
}

/// Traces a decision back to the log.
///
/// - **Cost:** the lineage file once, and `_lineage/dropped.parquet` for a decision that is in no split.
///
/// # Errors
/// [`LineageError::Unknown`] for a decision that was not selected; [`LineageError::Word`], [`LineageError::Folder`].
///
/// ```no_run
/// use contract::EventId;
/// use datasets::{RowPlace, VersionView, trace};
/// # fn of(version: VersionView<'_>) -> Result<(), Box<dyn std::error::Error>> {
/// let row = trace(version, EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")?)?;
/// if let RowPlace::In { source, .. } = &row.place {
///     assert!(source.own_seqs.contains(&row.seq));
/// }
/// # Ok(())
/// # }
/// ```
pub fn trace(view: VersionView<'_>, row_id: EventId) -> Result<RowTrace, LineageError> {
    if let Some((batch, row)) = find(view, file::LINEAGE, row_id)? {
        return kept(view.manifest, &batch, row, row_id);
    }
    if view.has(file::DROPPED)
        && let Some((batch, row)) = find(view, file::DROPPED, row_id)?
    {
        return lost(&batch, row, row_id);
    }
    Err(LineageError::Unknown(row_id))
}

/// The batch and the place of a row.
fn find(
    view: VersionView<'_>,
    path: &str,
    row_id: EventId,
) -> Result<Option<(RecordBatch, usize)>, FolderError> {
    for batch in view.folder.batches(path, None)? {
        let batch = batch?;
        let place =
            Columns::of(&batch, path).ids(column::ROW_ID)?.iter().position(|id| id == row_id);
        if let Some(row) = place {
            return Ok(Some((batch, row)));
        }
    }
    Ok(None)
}

fn kept(
    manifest: &Manifest,
    batch: &RecordBatch,
    row: usize,
    row_id: EventId,
) -> Result<RowTrace, LineageError> {
    let columns = Columns::of(batch, file::LINEAGE);
    let number = |name| columns.numbers::<UInt64Type>(name);
    let time = |name| columns.numbers::<TimestampNanosecondType>(name);
    let ts_cutoff = time(column::TS_CUTOFF)?.value(row);
    let latest = time(lineage::LABEL_LATEST_END)?;
    let until = time(lineage::LABEL_UNTIL)?;
    // Never before the decision: an interval has no negative length.
    let ends = [cell(latest, row), cell(until, row), Some(ts_cutoff)];
    let label_end = ends.into_iter().flatten().max().unwrap_or(ts_cutoff);
    let mut inputs = [0; 32];
    inputs.copy_from_slice(columns.binary(lineage::LABEL_INPUTS, 32)?.value(row));
    let source = RowSource {
        own_seqs: own_seqs(columns, row)?,
        src_seq: [
            cell(number(lineage::SRC_SEQ_MIN)?, row),
            cell(number(lineage::SRC_SEQ_MAX)?, row),
        ],
        src_ts_avail: [
            cell(time(lineage::SRC_TS_AVAIL_MIN)?, row),
            cell(time(lineage::SRC_TS_AVAIL_MAX)?, row),
        ],
        src_rows: number(lineage::SRC_ROWS)?.value(row),
        label_seq: [
            cell(number(lineage::LABEL_SEQ_LO)?, row),
            cell(number(lineage::LABEL_SEQ_HI)?, row),
        ],
        label_end,
        label_revision: columns.numbers::<UInt16Type>(lineage::LABEL_REVISION)?.value(row),
        label_inputs: Sha256(contract::Hash::from_bytes(inputs)),
    };
    let split = split_of(columns.text(lineage::SPLIT)?.value(row), file::LINEAGE)?;
    Ok(RowTrace {
        row_id,
        ts_cutoff,
        seq: number(column::SEQ)?.value(row),
        place: RowPlace::In { split, source: Box::new(source) },
        columns: recipes(manifest, ts_cutoff, label_end),
    })
}

fn lost(batch: &RecordBatch, row: usize, row_id: EventId) -> Result<RowTrace, LineageError> {
    let columns = Columns::of(batch, file::DROPPED);
    let word = columns.text(dropped::REASON)?.value(row);
    let reason = Reason::parse(word).ok_or_else(|| LineageError::Word {
        path: file::DROPPED,
        expected: "a reason",
        found: word.to_owned(),
    })?;
    let splits = columns.text(dropped::SPLIT)?;
    let from = splits.is_valid(row).then(|| split_of(splits.value(row), file::DROPPED));
    Ok(RowTrace {
        row_id,
        ts_cutoff: columns.numbers::<TimestampNanosecondType>(column::TS_CUTOFF)?.value(row),
        seq: columns.numbers::<UInt64Type>(column::SEQ)?.value(row),
        place: RowPlace::Dropped { reason, from: from.transpose()? },
        columns: Vec::new(),
    })
}

fn split_of(word: &str, path: &'static str) -> Result<Split, LineageError> {
    Split::parse(word).ok_or_else(|| LineageError::Word {
        path,
        expected: "`train`, `validation` or `test`",
        found: word.to_owned(),
    })
}

fn own_seqs(columns: Columns<'_>, row: usize) -> Result<Vec<u64>, FolderError> {
    let lists = columns.list(lineage::OWN_SEQS)?;
    if lists.is_null(row) {
        return Ok(Vec::new());
    }
    let list = lists.value(row);
    let numbers = list.as_primitive_opt::<UInt64Type>();
    numbers.map(|numbers| numbers.iter().flatten().collect()).ok_or_else(|| {
        columns.wrong(lineage::OWN_SEQS, "List(UInt64)", lists.data_type().to_string())
    })
}

fn recipes(manifest: &Manifest, ts_cutoff: i64, label_end: i64) -> Vec<ColumnTrace> {
    let features = manifest.features.iter().map(|feature| {
        let lookback = i64::try_from(feature.lookback_ns.0).unwrap_or(i64::MAX);
        let start = ts_cutoff.saturating_sub(lookback);
        let interval = (lookback > 0).then(|| Interval { start, end: ts_cutoff - 1 });
        ColumnTrace {
            column: feature.name.clone(),
            interval,
            definitions: manifest.code.feature_spec_hash.into_iter().collect(),
        }
    });
    let labels = manifest.targets.iter().map(|target| ColumnTrace {
        column: format!("{}{}", column::LABEL, target.name),
        interval: Some(Interval { start: ts_cutoff, end: label_end }),
        definitions: manifest.code.rules_hashes.clone(),
    });
    features.chain(labels).collect()
}

/// Rows of a version that may hold records of the log: too many perhaps, too few never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// Rows that may hold one.
    pub rows: u64,
    /// Those among them whose own event it is.
    pub as_own: u64,
    /// Those whose features may have read it.
    pub in_features: u64,
    /// Those whose labels may have read it.
    pub in_labels: u64,
    /// Rows by split: train, validation, test. A row of train may reach all others through fitted transforms.
    pub by_split: [u64; 3],
    /// The first rows, in order of time: at most [`Impact::FIRST`].
    pub first: Vec<(Split, EventId)>,
}

impl Impact {
    /// How many rows are named.
    pub const FIRST: usize = 8;

    /// Whether no row holds a record.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.rows == 0
    }
}

/// Which rows may hold records of these places in the log.
///
/// - **Bounds:** a row may hold one that is among its own events, or between the bounds of what its features or its
///   labels read. An unknown bound is no bound: with rows read and no `src_seq_min`, everything up to `src_seq_max` may
///   have been read; features that read no row hold none.
/// - **Cost:** the lineage file once.
///
/// # Errors
/// [`LineageError::Word`], [`LineageError::Folder`].
pub fn impact(view: VersionView<'_>, seqs: RangeInclusive<u64>) -> Result<Impact, LineageError> {
    let path = file::LINEAGE;
    let mut impact = Impact::default();
    if seqs.is_empty() {
        return Ok(impact);
    }
    let needed = [
        column::ROW_ID,
        column::SEQ,
        lineage::SPLIT,
        lineage::SRC_SEQ_MIN,
        lineage::SRC_SEQ_MAX,
        lineage::SRC_ROWS,
        lineage::LABEL_SEQ_LO,
        lineage::LABEL_SEQ_HI,
        lineage::OWN_SEQS,
    ];
    for batch in view.folder.batches(path, Some(&needed))? {
        let batch = batch?;
        let columns = Columns::of(&batch, path);
        let number = |name| columns.numbers::<UInt64Type>(name);
        let (low, high) = (number(lineage::SRC_SEQ_MIN)?, number(lineage::SRC_SEQ_MAX)?);
        let (decisions, own) = (number(column::SEQ)?, columns.list(lineage::OWN_SEQS)?);
        let read = number(lineage::SRC_ROWS)?;
        let labels = (number(lineage::LABEL_SEQ_LO)?, number(lineage::LABEL_SEQ_HI)?);
        let (ids, splits) = (columns.ids(column::ROW_ID)?, columns.text(lineage::SPLIT)?);
        for row in 0..batch.num_rows() {
            let as_own = seqs.contains(&decisions.value(row))
                || own.is_null(row)
                || own_seqs(columns, row)?.iter().any(|seq| seqs.contains(seq));
            let bounds = (cell(low, row), cell(high, row));
            let in_features = !(cell(read, row) == Some(0) && bounds == (None, None))
                && may_hold(&seqs, bounds.0, bounds.1);
            let in_labels = may_hold(&seqs, cell(labels.0, row), cell(labels.1, row));
            if !(as_own || in_features || in_labels) {
                continue;
            }
            let split = split_of(splits.value(row), path)?;
            impact.rows += 1;
            impact.as_own += u64::from(as_own);
            impact.in_features += u64::from(in_features);
            impact.in_labels += u64::from(in_labels);
            for (count, one) in impact.by_split.iter_mut().zip(Split::ALL) {
                *count += u64::from(one == split);
            }
            if impact.first.len() < Impact::FIRST {
                impact.first.push((split, ids.id(row)));
            }
        }
    }
    Ok(impact)
}

/// Whether what lies between these bounds meets the range.
fn may_hold(seqs: &RangeInclusive<u64>, low: Option<u64>, high: Option<u64>) -> bool {
    low.is_none_or(|low| low <= *seqs.end()) && high.is_none_or(|high| high >= *seqs.start())
}

/// Why a row could not be traced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineageError {
    /// A decision that the version did not select.
    #[error("expected a row of the version or a dropped one, found none with id `{0}`")]
    Unknown(EventId),
    /// A word outside its closed set.
    #[error("{path}: expected {expected}, found `{found}`")]
    Word {
        /// The file's place in the version.
        path: &'static str,
        /// What the word must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A file of the version.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Diagnostic for LineageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "datasets/lineage-unknown-row",
            Self::Word { .. } => "datasets/lineage-word",
            Self::Folder(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Unknown(_) => Fault::Input,
            Self::Word { .. } => Fault::Integrity,
            Self::Folder(error) => error.fault(),
        }
    }
}
