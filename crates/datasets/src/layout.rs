//! Names of files and columns of a version: what every part of the crate, and every reader, agrees on.

/// Files of a version directory.
pub mod file {
    /// What the version is; its SHA-256 is the version's name.
    pub const MANIFEST: &str = "manifest.json";
    /// The resolved spec.
    pub const SPEC: &str = "spec.json";
    /// Columns of the data files.
    pub const SCHEMA: &str = "schema.json";
    /// Boundaries and protected intervals.
    pub const SPLITS: &str = "splits.json";
    /// What the verifier found.
    pub const CERTIFICATE: &str = "certificate.json";
    /// Scores of the inputs.
    pub const QUALITY: &str = "quality.json";
    /// The card.
    pub const README: &str = "README.md";
    /// The datasheet.
    pub const DATASHEET: &str = "datasheet.md";
    /// Metadata for machines.
    pub const CROISSANT: &str = "croissant.json";
    /// Group of each train row, for folds.
    pub const FOLDS: &str = "_folds/groups.parquet";
    /// Where each row comes from.
    pub const LINEAGE: &str = "_lineage/rows.parquet";
    /// Selected decisions that are in no split.
    pub const DROPPED: &str = "_lineage/dropped.parquet";
    /// The folder of the data files: `data/<split>/<day>-<part>.parquet`.
    pub const DATA: &str = "data";
}

/// Columns of the data files, in this order; features and masks stand between `strategy_id` and the labels.
pub mod column {
    /// The decision's id: FixedSizeBinary(16).
    pub const ROW_ID: &str = "row_id";
    /// The decision's cut-off: Timestamp(ns, UTC).
    pub const TS_CUTOFF: &str = "ts_cutoff";
    /// The decision's place in the log: UInt64.
    pub const SEQ: &str = "seq";
    /// Its instrument: UInt32, nullable.
    pub const INSTRUMENT_ID: &str = "instrument_id";
    /// Its strategy: Dictionary(Int32, Utf8).
    pub const STRATEGY_ID: &str = "strategy_id";
    /// The keys, in this order.
    pub const KEYS: [&str; 5] = [ROW_ID, TS_CUTOFF, SEQ, INSTRUMENT_ID, STRATEGY_ID];
    /// Before the name of a target: its class (Int8) or value (Float64).
    pub const LABEL: &str = "label__";
    /// Greatest end of the row's labels, `e` of the purge: Timestamp(ns, UTC).
    pub const LABEL_END: &str = "label__end";
    /// Before the name of a weight: Float64.
    pub const WEIGHT: &str = "weight__";
    /// The product of the weights in use: Float64.
    pub const WEIGHT_TOTAL: &str = "weight__total";
    /// Score of the decision row, 0 to 100: Float64, nullable.
    pub const QUALITY: &str = "meta__quality_score";
    /// One byte a feature, 0 exactly when it is not null: FixedSizeBinary(n).
    pub const NULL_REASONS: &str = "meta__null_reasons";
    /// In `_folds/groups.parquet`: the group of a train row: UInt16.
    pub const FOLD_GROUP: &str = "group";
    /// In `_folds/groups.parquet`: the role of a train row in fold `k`, `fold_<k>`: UInt8, 0 fit, 1 held, 2 purged,
    /// 3 embargoed, 4 outside of it.
    pub const FOLD: &str = "fold_";
}

/// Columns of `_lineage/rows.parquet`: one row a row of the data files, in the order of (`ts_cutoff`, `seq`, `row_id`)
/// over all splits. `row_id`, `ts_cutoff`, `seq` as in the data files; besides, these.
pub mod lineage {
    /// The split: Utf8.
    pub const SPLIT: &str = "in_split";
    /// Earliest availability among the rows that the features read: Timestamp(ns, UTC), nullable.
    pub const SRC_TS_AVAIL_MIN: &str = "src_ts_avail_min";
    /// Latest availability among them, before the cut-off: Timestamp(ns, UTC), nullable.
    pub const SRC_TS_AVAIL_MAX: &str = "src_ts_avail_max";
    /// Lowest `seq` among them: UInt64, nullable.
    pub const SRC_SEQ_MIN: &str = "src_seq_min";
    /// Highest `seq` among them: UInt64, nullable.
    pub const SRC_SEQ_MAX: &str = "src_seq_max";
    /// Rows that the features read: UInt64.
    pub const SRC_ROWS: &str = "src_rows";
    /// Last market-data `seq` that the decider had seen: UInt64, nullable.
    pub const MD_SEQ_HIGH: &str = "md_seq_high";
    /// Greatest `ts_latest_end` of the row's labels: Timestamp(ns, UTC).
    pub const LABEL_LATEST_END: &str = "label_ts_latest_end";
    /// Greatest `ts_until` of the row's labels: Timestamp(ns, UTC).
    pub const LABEL_UNTIL: &str = "label_ts_until";
    /// When the labels that are used were known: Timestamp(ns, UTC).
    pub const LABEL_AVAIL: &str = "label_ts_avail";
    /// When the first final revision of every label was known: Timestamp(ns, UTC).
    pub const LABEL_FIRST_AVAIL: &str = "label_ts_avail_first";
    /// Greatest revision among the row's labels: UInt16.
    pub const LABEL_REVISION: &str = "label_revision";
    /// Lowest `seq` that the labels read: UInt64, nullable.
    pub const LABEL_SEQ_LO: &str = "label_seq_lo";
    /// Highest `seq` that the labels read: UInt64, nullable.
    pub const LABEL_SEQ_HI: &str = "label_seq_hi";
    /// SHA-256 over the `inputs_hash`es of the labels, in the order of the targets: FixedSizeBinary(32).
    pub const LABEL_INPUTS: &str = "label_inputs_hash";
    /// The row's own events (decision, orders, fills): List(UInt64).
    pub const OWN_SEQS: &str = "own_seqs";
    /// Before a `group_by` column: its value, an id as it is, else the first 16 bytes of the SHA-256 of its text or of
    /// the big-endian number: FixedSizeBinary(16), nullable.
    pub const GROUP: &str = "group__";
}

/// Columns of `_lineage/dropped.parquet`: `row_id`, `ts_cutoff`, `seq`, and these.
pub mod dropped {
    /// Why: Utf8, the words of [`Reason`](crate::Reason).
    pub const REASON: &str = "reason";
    /// The split that it would have been in, where one was found: Utf8, nullable.
    pub const SPLIT: &str = "from_split";
    /// Greatest end of its labels, where it has some: Timestamp(ns, UTC), nullable.
    pub const LABEL_END: &str = "label__end";
}

/// Keys of schema and field metadata of the data files, besides those of the contract.
pub mod meta {
    /// `key`, `feature`, `mask`, `label`, `weight` or `meta`.
    pub const ROLE: &str = "hindsight.role";
    /// The unit of a column.
    pub const UNIT: &str = "hindsight.unit";
    /// A feature's reach into the past, in nanoseconds.
    pub const LOOKBACK_NS: &str = "hindsight.lookback_ns";
    /// The dataset's name.
    pub const DATASET: &str = "hindsight.dataset";
}
