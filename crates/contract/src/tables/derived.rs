//! Tables that stages make of others.

use crate::kind;
use crate::rules;
use crate::spec::{Class, Default, Tag, Unit, table};
use crate::words::{
    CertificateVerdict, DatasetEventKind, LabelKind, LabelStatus, LineageEffect, LineageKind,
    OutcomeBasis, PayloadFormat, QualityKind, QualityMode, Severity, Side,
};

table! {
    /// One point-in-time row a decision, with one column a feature behind the fixed ones.
    derived Features = "features", version 1, Causal, dynamic true,
    key &["decision_id"], rules rules::FEATURES;
    /// The decision.
    16 DECISION_ID: kind::Id = "decision_id";
    /// Its strategy.
    17 STRATEGY_ID: kind::OpenCat = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// Only rows available before it were used.
    18 TS_CUTOFF: kind::Ts = "ts_cutoff", unit(Unit::Ns);
    /// Rises when a rebuild changes the row.
    19 REVISION: kind::U16 = "revision", default(Default::Zero);
    /// Durable order of the decision.
    20 SEQ: kind::U64 = "seq", unit(Unit::Count);
    /// Instrument of the decision.
    21 INSTRUMENT_ID: kind::Opt<kind::Instrument> = "instrument_id";
    /// Earliest availability among the rows read.
    22 SRC_TS_AVAIL_MIN: kind::Opt<kind::Ts> = "src_ts_avail_min", unit(Unit::Ns);
    /// Latest availability among the rows read, before `ts_cutoff`.
    23 SRC_TS_AVAIL_MAX: kind::Opt<kind::Ts> = "src_ts_avail_max", unit(Unit::Ns);
    /// Lowest `seq` among the rows read.
    24 SRC_SEQ_MIN: kind::Opt<kind::U64> = "src_seq_min", unit(Unit::Count);
    /// Highest `seq` among the rows read.
    25 SRC_SEQ_MAX: kind::Opt<kind::U64> = "src_seq_max", unit(Unit::Count);
    /// Number of rows read.
    26 SRC_ROWS: kind::U64 = "src_rows", unit(Unit::Count);
    /// Byte i is 0 exactly when feature i is not null, else the reason.
    27 NULL_REASONS: kind::Packed = "null_reasons";
}

table! {
    /// What came of a decision in a window, with one column a measure behind the fixed ones.
    derived Outcomes = "outcomes", version 1, Hindsight, dynamic true,
    key &["decision_id", "window", "measures_hash"], rules rules::OUTCOMES;
    /// The decision or sample event.
    16 DECISION_ID: kind::Id = "decision_id";
    /// Hash of the measures.
    17 MEASURES_HASH: kind::Sha = "measures_hash";
    /// Hash of the input rows.
    18 INPUTS_HASH: kind::Sha = "inputs_hash";
    /// Rises with each correction.
    19 REVISION: kind::U16 = "revision", default(Default::Zero);
    /// `provisional final indeterminate void`.
    20 STATUS: kind::Cat<LabelStatus> = "status";
    /// Version of the code.
    21 CODE_VERSION: kind::OpenCat = "code_version";
    /// The decision's cut-off.
    22 TS_CUTOFF: kind::Ts = "ts_cutoff", unit(Unit::Ns);
    /// Last path time that could influence the row.
    23 TS_END: kind::Ts = "ts_end", unit(Unit::Ns);
    /// The later of `ts_end` and the availability of every row read.
    24 TS_UNTIL: kind::Ts = "ts_until", unit(Unit::Ns);
    /// End if nothing were touched.
    25 TS_LATEST_END: kind::Ts = "ts_latest_end", unit(Unit::Ns);
    /// When the row could be known.
    26 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// `seq`s that triggered the revision.
    27 CAUSE: kind::ListU64 = "cause";
    /// Lowest `seq` read.
    28 INPUTS_SEQ_LO: kind::Opt<kind::U64> = "inputs_seq_lo", unit(Unit::Count);
    /// Highest `seq` read.
    29 INPUTS_SEQ_HI: kind::Opt<kind::U64> = "inputs_seq_hi", unit(Unit::Count);
    /// Window.
    30 WINDOW: kind::OpenCat = "window";
    /// Whether the result is realized, marked or counterfactual.
    31 BASIS: kind::Cat<OutcomeBasis> = "basis";
    /// Strategy.
    32 STRATEGY_ID: kind::OpenCat = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// Its version.
    33 STRATEGY_VERSION: kind::OpenCat = "strategy_version", tags(&[Tag::Strategy]);
    /// Clock used.
    34 CLOCK: kind::OpenCat = "clock";
    /// Side of the position.
    35 SIDE: kind::Opt<kind::Cat<Side>> = "side", tags(&[Tag::Strategy]), class(Class::Confidential);
    /// Flags of labeling.
    36 OUTCOME_FLAGS: kind::U32 = "outcome_flags";
    /// Byte i is 0 exactly when measure i is not null, else the reason.
    37 NULL_REASONS: kind::Packed = "null_reasons";
}

table! {
    /// Labels of decisions and sample events.
    derived Labels = "labels", version 1, Hindsight, dynamic false,
    key &["decision_id", "target", "measures_hash", "rules_hash"], rules rules::LABELS;
    /// The decision or sample event.
    16 DECISION_ID: kind::Id = "decision_id";
    /// Hash of the measures.
    17 MEASURES_HASH: kind::Sha = "measures_hash";
    /// Hash of the input rows.
    18 INPUTS_HASH: kind::Sha = "inputs_hash";
    /// Rises with each correction.
    19 REVISION: kind::U16 = "revision", default(Default::Zero);
    /// `provisional final indeterminate void`.
    20 STATUS: kind::Cat<LabelStatus> = "status";
    /// Version of the code.
    21 CODE_VERSION: kind::OpenCat = "code_version";
    /// The decision's cut-off.
    22 TS_CUTOFF: kind::Ts = "ts_cutoff", unit(Unit::Ns);
    /// Last path time that could influence the row.
    23 TS_END: kind::Ts = "ts_end", unit(Unit::Ns);
    /// The later of `ts_end` and the availability of every row read.
    24 TS_UNTIL: kind::Ts = "ts_until", unit(Unit::Ns);
    /// End if nothing were touched.
    25 TS_LATEST_END: kind::Ts = "ts_latest_end", unit(Unit::Ns);
    /// When the row could be known.
    26 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// `seq`s that triggered the revision.
    27 CAUSE: kind::ListU64 = "cause";
    /// Lowest `seq` read.
    28 INPUTS_SEQ_LO: kind::Opt<kind::U64> = "inputs_seq_lo", unit(Unit::Count);
    /// Highest `seq` read.
    29 INPUTS_SEQ_HI: kind::Opt<kind::U64> = "inputs_seq_hi", unit(Unit::Count);
    /// Target, a named label spec.
    30 TARGET: kind::OpenCat = "target";
    /// Kind of label.
    31 KIND: kind::Cat<LabelKind> = "kind";
    /// Hash of the rule set.
    32 RULES_HASH: kind::Sha = "rules_hash";
    /// Rules that decided.
    33 RULES_FIRED: kind::ListStr = "rules_fired";
    /// Reasons of missing or bounded values.
    34 REASONS: kind::ListStr = "reasons";
    /// Flags of labeling.
    35 LABEL_FLAGS: kind::U32 = "label_flags";
    /// Class; grades are -2 bad, -1 poor, 0 neutral, 1 good, 2 excellent.
    36 CLASS: kind::Opt<kind::I8> = "class";
    /// Class at the worst bounds.
    37 CLASS_LO: kind::Opt<kind::I8> = "class_lo";
    /// Class at the best bounds.
    38 CLASS_HI: kind::Opt<kind::I8> = "class_hi";
    /// Value of the label, in `value_unit`.
    39 VALUE: kind::Opt<kind::F64> = "value";
    /// Probability that the class stays under the declared errors.
    40 CONFIDENCE: kind::Opt<kind::F64> = "confidence", unit(Unit::Prob);
    /// Share of path, fees and fills that was observed.
    41 COMPLETENESS: kind::Opt<kind::F64> = "completeness", unit(Unit::Ratio);
    /// Unit of the value.
    42 VALUE_UNIT: kind::Opt<kind::OpenCat> = "value_unit";
}

table! {
    /// Scales given by the caller, known before the cut-off.
    derived References = "references", version 1, Causal, dynamic false,
    key &["decision_id"], rules &[];
    /// The decision.
    16 DECISION_ID: kind::Id = "decision_id";
    /// When the scales were known.
    17 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// Volatility.
    18 SIGMA_BPS: kind::Opt<kind::F64> = "sigma_bps", unit(Unit::Bps);
    /// Beta to the benchmark.
    19 BETA: kind::Opt<kind::F64> = "beta", unit(Unit::Ratio);
    /// Expected cost.
    20 EXPECTED_COST_BPS: kind::Opt<kind::F64> = "expected_cost_bps", unit(Unit::Bps);
    /// The benchmark.
    21 BENCHMARK_ID: kind::Opt<kind::Instrument> = "benchmark_id";
}

table! {
    /// DataQualityEvent: one row a finding.
    derived QualityEvents = "quality_events", version 1, Causal, dynamic false,
    key &["event_id"], rules rules::QUALITY_EVENTS;
    /// Identity.
    16 EVENT_ID: kind::Id = "event_id";
    /// When it was known.
    17 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// What it is.
    18 KIND: kind::Cat<QualityKind> = "kind";
    /// Whether only causal checks ran.
    19 MODE: kind::Cat<QualityMode> = "mode";
    /// The table.
    20 TABLE_NAME: kind::OpenCat = "table_name";
    /// How bad it is.
    21 SEVERITY: kind::Cat<Severity> = "severity";
    /// The verdict.
    22 VERDICT: kind::OpenCat = "verdict";
    /// Source, dataset or partition.
    23 SUBJECT: kind::Str = "subject";
    /// Rows looked at.
    24 ROWS: kind::U64 = "rows", unit(Unit::Count);
    /// Hash of the rules.
    25 RULES_HASH: kind::Sha = "rules_hash";
    /// Lowest `seq`.
    26 SEQ_MIN: kind::Opt<kind::U64> = "seq_min", unit(Unit::Count);
    /// Highest `seq`.
    27 SEQ_MAX: kind::Opt<kind::U64> = "seq_max", unit(Unit::Count);
    /// Rows to which the check applies.
    28 APPLICABLE: kind::Opt<kind::U64> = "applicable", unit(Unit::Count);
    /// Rows that break it.
    29 VIOLATIONS: kind::Opt<kind::U64> = "violations", unit(Unit::Count);
    /// The check.
    30 CHECK_ID: kind::Opt<kind::OpenCat> = "check_id";
    /// Its dimension.
    31 DIMENSION: kind::Opt<kind::OpenCat> = "dimension";
    /// Name of the effect.
    32 EFFECT_NAME: kind::Opt<kind::OpenCat> = "effect_name";
    /// Version of the check.
    33 CHECK_VERSION: kind::Opt<kind::U16> = "check_version";
    /// Size of the effect.
    34 EFFECT: kind::Opt<kind::F64> = "effect";
    /// p-value.
    35 P_VALUE: kind::Opt<kind::F64> = "p_value", unit(Unit::Prob);
    /// p-value after false-discovery control.
    36 Q_VALUE: kind::Opt<kind::F64> = "q_value", unit(Unit::Prob);
    /// 0 to 100.
    37 SCORE: kind::Opt<kind::F64> = "score";
    /// Lower bound of the score.
    38 SCORE_LOW: kind::Opt<kind::F64> = "score_low";
    /// 0 to 1.
    39 COVERAGE: kind::Opt<kind::F64> = "coverage", unit(Unit::Ratio);
    /// At most 8 rows.
    40 SAMPLE_SEQS: kind::Opt<kind::ListU64> = "sample_seqs";
    /// Canonical JSON, at most 4 KiB.
    41 DETAIL: kind::Opt<kind::Str> = "detail";
}

table! {
    /// TrainingDatasetEvent: one row a commit record of a dataset store.
    derived DatasetEvents = "dataset_events", version 1, Causal, dynamic false,
    key &["event_id"], rules &[];
    /// Identity.
    16 EVENT_ID: kind::Id = "event_id";
    /// Opaque token of who did it.
    17 ACTOR_REF: kind::Id = "actor_ref", tags(&[Tag::Identity]), class(Class::Personal);
    /// When it was known.
    18 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// The dataset.
    19 DATASET: kind::OpenCat = "dataset";
    /// What happened.
    20 KIND: kind::Cat<DatasetEventKind> = "kind";
    /// Verdict of the leakage certificate.
    21 CERTIFICATE: kind::Cat<CertificateVerdict> = "certificate";
    /// Number of the version.
    22 ORDINAL: kind::U64 = "ordinal", unit(Unit::Count);
    /// Log position that the version was built at.
    23 AS_OF_SEQ: kind::U64 = "as_of_seq", unit(Unit::Count);
    /// Hash of the manifest.
    24 MANIFEST_HASH: kind::Sha = "manifest_hash";
    /// Hash of the files.
    25 CONTENT_HASH: kind::Sha = "content_hash";
    /// Hash of the spec.
    26 SPEC_HASH: kind::Sha = "spec_hash";
    /// Where it is.
    27 URI: kind::Str = "uri";
    /// Manifest of the version before.
    28 PARENT_HASH: kind::Opt<kind::Sha> = "parent_hash";
    /// Kind of model that it is for.
    29 MODEL_KIND: kind::Opt<kind::OpenCat> = "model_kind";
    /// Purpose.
    30 PURPOSE: kind::Opt<kind::OpenCat> = "purpose";
    /// Rows of the training split.
    31 ROWS_TRAIN: kind::Opt<kind::U64> = "rows_train", unit(Unit::Count);
    /// Rows of the validation split.
    32 ROWS_VALIDATION: kind::Opt<kind::U64> = "rows_validation", unit(Unit::Count);
    /// Rows of the test split.
    33 ROWS_TEST: kind::Opt<kind::U64> = "rows_test", unit(Unit::Count);
    /// Rows that the parent lacks.
    34 ROWS_ADDED: kind::Opt<kind::U64> = "rows_added", unit(Unit::Count);
    /// Rows that only the parent has.
    35 ROWS_REMOVED: kind::Opt<kind::U64> = "rows_removed", unit(Unit::Count);
    /// Number of features.
    36 N_FEATURES: kind::Opt<kind::U32> = "n_features", unit(Unit::Count);
    /// Effective rows of the training split.
    37 N_EFF_TRAIN: kind::Opt<kind::F64> = "n_eff_train", unit(Unit::Count);
    /// Effective rows of the validation split.
    38 N_EFF_VALIDATION: kind::Opt<kind::F64> = "n_eff_validation", unit(Unit::Count);
    /// Effective rows of the test split.
    39 N_EFF_TEST: kind::Opt<kind::F64> = "n_eff_test", unit(Unit::Count);
    /// Quality score, 0 to 100.
    40 SCORE: kind::Opt<kind::F64> = "score";
    /// Its lower bound.
    41 SCORE_LOW: kind::Opt<kind::F64> = "score_low";
    /// Coverage of the score.
    42 COVERAGE: kind::Opt<kind::F64> = "coverage", unit(Unit::Ratio);
    /// P99 from decision to row.
    43 LATENCY_P99_NS: kind::Opt<kind::I64> = "latency_p99_ns", unit(Unit::Ns);
}

table! {
    /// Rows that could not be used, with the reason.
    derived Rejects = "rejects", version 1, Causal, dynamic false,
    key &["reject_id"], rules &[];
    /// From stage, input, position and code: a rerun repeats it.
    16 REJECT_ID: kind::Id = "reject_id";
    /// The stage that refused it.
    17 STAGE: kind::OpenCat = "stage";
    /// The table it was meant for.
    18 TABLE_NAME: kind::OpenCat = "table_name";
    /// `<crate>/<kebab-case>`.
    19 CODE: kind::OpenCat = "code";
    /// How bad it is.
    20 SEVERITY: kind::Cat<Severity> = "severity";
    /// File or batch.
    21 INPUT: kind::Str = "input";
    /// Row in it, from 0; a line of text counts from 1.
    22 POSITION: kind::U64 = "position", unit(Unit::Count);
    /// Durable order, if the row had one.
    23 SEQ: kind::Opt<kind::U64> = "seq", unit(Unit::Count);
    /// Source, if known.
    24 SOURCE_ID: kind::Opt<kind::Source> = "source_id", is_scope(true);
    /// Availability, if known.
    25 TS_AVAIL: kind::Opt<kind::Ts> = "ts_avail", unit(Unit::Ns);
    /// The column.
    26 COLUMN: kind::Opt<kind::OpenCat> = "column";
    /// The quality check.
    27 CHECK_ID: kind::Opt<kind::OpenCat> = "check_id";
    /// What was expected, at most 256 bytes.
    28 EXPECTED: kind::Opt<kind::Str> = "expected";
    /// What was found, at most 256 bytes.
    29 OBSERVED: kind::Opt<kind::Str> = "observed", tags(&[Tag::Account, Tag::Identity, Tag::Position, Tag::Strategy, Tag::Licensed]), class(Class::Confidential);
    /// Version of the check.
    30 CHECK_VERSION: kind::Opt<kind::U16> = "check_version";
    /// Further rules that the row breaks.
    31 MORE: kind::Opt<kind::U16> = "more", unit(Unit::Count);
    /// Hash of the rules.
    32 RULES_HASH: kind::Opt<kind::Sha> = "rules_hash";
    /// The row itself, at most 64 KiB.
    33 PAYLOAD: kind::Opt<kind::Bin> = "payload", tags(&[Tag::Account, Tag::Identity, Tag::Position, Tag::Strategy, Tag::Licensed]), class(Class::Personal);
    /// `raw`: original bytes; `arrow_ipc`: the row, to be fed again.
    34 PAYLOAD_FORMAT: kind::Opt<kind::Cat<PayloadFormat>> = "payload_format";
}

table! {
    /// Cells that a repair changed.
    derived Repairs = "repairs", version 1, Causal, dynamic false,
    key &["table_name", "seq", "column"], rules &[];
    /// The table.
    16 TABLE_NAME: kind::OpenCat = "table_name";
    /// The column.
    17 COLUMN: kind::OpenCat = "column";
    /// The rule.
    18 RULE: kind::OpenCat = "rule";
    /// The row.
    19 SEQ: kind::U64 = "seq", unit(Unit::Count);
    /// Canonical bytes before.
    20 BEFORE: kind::Bin = "before", tags(&[Tag::Account, Tag::Identity, Tag::Position, Tag::Strategy, Tag::Licensed]), class(Class::Personal);
    /// Canonical bytes after.
    21 AFTER: kind::Bin = "after", tags(&[Tag::Account, Tag::Identity, Tag::Position, Tag::Strategy, Tag::Licensed]), class(Class::Personal);
}

table! {
    /// What was made of what.
    derived LineageEdges = "lineage_edges", version 1, Causal, dynamic false,
    key &["edge_id"], rules &[];
    /// Identity.
    16 EDGE_ID: kind::Id = "edge_id";
    /// Kind of the child.
    17 CHILD_KIND: kind::Cat<LineageKind> = "child_kind";
    /// Kind of the parent.
    18 PARENT_KIND: kind::Cat<LineageKind> = "parent_kind";
    /// The operation.
    19 OPERATION: kind::OpenCat = "operation";
    /// What erasure must do.
    20 EFFECT: kind::Cat<LineageEffect> = "effect";
    /// The child.
    21 CHILD_ID: kind::Str = "child_id";
    /// The parent.
    22 PARENT_ID: kind::Str = "parent_id";
    /// Hash of the parameters.
    23 PARAMS_HASH: kind::Sha = "params_hash";
    /// Content of the child.
    24 CHILD_HASH: kind::Opt<kind::Sha> = "child_hash";
    /// Content of the parent.
    25 PARENT_HASH: kind::Opt<kind::Sha> = "parent_hash";
    /// The log of a log range.
    26 LOG_ID: kind::Opt<kind::Id> = "log_id";
    /// Its first row.
    27 SEQ_MIN: kind::Opt<kind::U64> = "seq_min", unit(Unit::Count);
    /// Its last row.
    28 SEQ_MAX: kind::Opt<kind::U64> = "seq_max", unit(Unit::Count);
    /// Rows concerned.
    29 ROWS: kind::Opt<kind::U64> = "rows", unit(Unit::Count);
}
