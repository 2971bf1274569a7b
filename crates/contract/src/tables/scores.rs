//! Tables of labeling and feature selection beside the labels themselves.

use crate::kind;
use crate::spec::{Class, Default, Tag, Unit, table};
use crate::words::{AnchorKind, LabelStatus};

table! {
    /// Importance of features, by method and period.
    derived FeatureScores = "feature_scores", version 1, Hindsight, dynamic false,
    key &["spec_hash", "feature", "method", "ts_from", "seed"], rules &[];
    /// The feature.
    16 FEATURE: kind::OpenCat = "feature";
    /// The method.
    17 METHOD: kind::OpenCat = "method";
    /// Start of the period.
    18 TS_FROM: kind::Ts = "ts_from", unit(Unit::Ns);
    /// End of the period.
    19 TS_TO: kind::Ts = "ts_to", unit(Unit::Ns);
    /// The score; null when the feature was screened out.
    20 SCORE: kind::Opt<kind::F64> = "score";
    /// Lower confidence bound.
    21 CI_LOW: kind::Opt<kind::F64> = "ci_low";
    /// Upper confidence bound.
    22 CI_HIGH: kind::Opt<kind::F64> = "ci_high";
    /// p-value.
    23 P_VALUE: kind::Opt<kind::F64> = "p_value", unit(Unit::Prob);
    /// p-value after false-discovery control.
    24 Q_VALUE: kind::Opt<kind::F64> = "q_value", unit(Unit::Prob);
    /// Effective rows.
    25 N_EFF: kind::Opt<kind::F64> = "n_eff", unit(Unit::Count);
    /// Rank, 1 the best.
    26 RANK: kind::Opt<kind::U32> = "rank", unit(Unit::Count);
    /// Cluster of correlated features.
    27 CLUSTER_ID: kind::Opt<kind::U32> = "cluster_id";
    /// Why it was screened out.
    28 REASON: kind::Opt<kind::OpenCat> = "reason";
    /// Hash of the selection spec.
    29 SPEC_HASH: kind::Sha = "spec_hash";
    /// Seed.
    30 SEED: kind::U64 = "seed";
}

table! {
    /// Quotes and spread parts at offsets from a decision or fill.
    derived Markouts = "markouts", version 1, Hindsight, dynamic false,
    key &["anchor_kind", "anchor_id", "offset_ns", "measures_hash"], rules &[];
    /// Hash of the measures.
    16 MEASURES_HASH: kind::Sha = "measures_hash";
    /// Hash of the input rows.
    17 INPUTS_HASH: kind::Sha = "inputs_hash";
    /// Rises with each correction.
    18 REVISION: kind::U16 = "revision", default(Default::Zero);
    /// `provisional final indeterminate void`.
    19 STATUS: kind::Cat<LabelStatus> = "status";
    /// Version of the code.
    20 CODE_VERSION: kind::OpenCat = "code_version";
    /// The decision's cut-off.
    21 TS_CUTOFF: kind::Ts = "ts_cutoff", unit(Unit::Ns);
    /// Last path time that could influence the row.
    22 TS_END: kind::Ts = "ts_end", unit(Unit::Ns);
    /// The later of `ts_end` and the availability of every row read.
    23 TS_UNTIL: kind::Ts = "ts_until", unit(Unit::Ns);
    /// End if nothing were touched.
    24 TS_LATEST_END: kind::Ts = "ts_latest_end", unit(Unit::Ns);
    /// When the row could be known.
    25 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// `seq`s that triggered the revision.
    26 CAUSE: kind::ListU64 = "cause";
    /// Lowest `seq` read.
    27 INPUTS_SEQ_LO: kind::Opt<kind::U64> = "inputs_seq_lo", unit(Unit::Count);
    /// Highest `seq` read.
    28 INPUTS_SEQ_HI: kind::Opt<kind::U64> = "inputs_seq_hi", unit(Unit::Count);
    /// What the offset counts from.
    29 ANCHOR_KIND: kind::Cat<AnchorKind> = "anchor_kind";
    /// Decision id, or execution id of the fill.
    30 ANCHOR_ID: kind::Str = "anchor_id";
    /// Offset; negative ones expose information leakage.
    31 OFFSET_NS: kind::I64 = "offset_ns", unit(Unit::Ns);
    /// The instrument.
    32 INSTRUMENT_ID: kind::Instrument = "instrument_id";
    /// The anchor.
    33 TS_ANCHOR: kind::Ts = "ts_anchor", unit(Unit::Ns);
    /// Bid at the offset.
    34 BID_PX: kind::Opt<kind::Px> = "bid_px";
    /// Ask at the offset.
    35 ASK_PX: kind::Opt<kind::Px> = "ask_px";
    /// Signed move of the mid.
    36 MARKOUT_BPS: kind::Opt<kind::F64> = "markout_bps", unit(Unit::Bps);
    /// Effective spread of the fill.
    37 EFF_SPREAD_BPS: kind::Opt<kind::F64> = "eff_spread_bps", unit(Unit::Bps);
    /// Realized spread at the offset.
    38 REALIZED_SPREAD_BPS: kind::Opt<kind::F64> = "realized_spread_bps", unit(Unit::Bps);
    /// Price impact at the offset.
    39 IMPACT_BPS: kind::Opt<kind::F64> = "impact_bps", unit(Unit::Bps);
    /// Why a value is null.
    40 REASON: kind::Opt<kind::OpenCat> = "reason";
}

table! {
    /// Weights of labels under overlap.
    derived LabelWeights = "label_weights", version 1, Hindsight, dynamic false,
    key &["decision_id", "target", "measures_hash", "rules_hash"], rules &[];
    /// The decision.
    16 DECISION_ID: kind::Id = "decision_id";
    /// The target.
    17 TARGET: kind::OpenCat = "target";
    /// Hash of the measures.
    18 MEASURES_HASH: kind::Sha = "measures_hash";
    /// Hash of the rule set.
    19 RULES_HASH: kind::Sha = "rules_hash";
    /// Revision of the label.
    20 REVISION: kind::U16 = "revision", default(Default::Zero);
    /// When the weights were known.
    21 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// Mean number of labels alive.
    22 CONCURRENCY_MEAN: kind::Opt<kind::F64> = "concurrency_mean";
    /// Mean of one over the concurrency, in (0, 1].
    23 UNIQUENESS: kind::Opt<kind::F64> = "uniqueness", unit(Unit::Ratio);
    /// Weight by attributed return.
    24 RETURN_WEIGHT: kind::Opt<kind::F64> = "return_weight";
    /// Weight by age.
    25 DECAY_WEIGHT: kind::Opt<kind::F64> = "decay_weight", unit(Unit::Ratio);
}

table! {
    /// Significance of cells of labels.
    derived LabelTests = "label_tests", version 1, Hindsight, dynamic false,
    key &["cell", "method", "rules_hash"], rules &[];
    /// The cell: strategy, version, target, period.
    16 CELL: kind::Str = "cell";
    /// The test.
    17 METHOD: kind::OpenCat = "method";
    /// The target.
    18 TARGET: kind::OpenCat = "target";
    /// The strategy.
    19 STRATEGY_ID: kind::Opt<kind::OpenCat> = "strategy_id", tags(&[Tag::Strategy]), is_scope(true), class(Class::Confidential);
    /// Hash of the rule set.
    20 RULES_HASH: kind::Sha = "rules_hash";
    /// When it was known.
    21 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// Start of the period.
    22 TS_FROM: kind::Ts = "ts_from", unit(Unit::Ns);
    /// End of the period.
    23 TS_TO: kind::Ts = "ts_to", unit(Unit::Ns);
    /// Labels.
    24 N: kind::U64 = "n", unit(Unit::Count);
    /// Effective labels under overlap.
    25 N_EFF: kind::Opt<kind::F64> = "n_eff", unit(Unit::Count);
    /// Size of the effect.
    26 EFFECT: kind::Opt<kind::F64> = "effect";
    /// Lower confidence bound.
    27 CI_LOW: kind::Opt<kind::F64> = "ci_low";
    /// Upper confidence bound.
    28 CI_HIGH: kind::Opt<kind::F64> = "ci_high";
    /// p-value.
    29 P_VALUE: kind::Opt<kind::F64> = "p_value", unit(Unit::Prob);
    /// p-value after false-discovery control.
    30 Q_VALUE: kind::Opt<kind::F64> = "q_value", unit(Unit::Prob);
    /// `significant`, `not_significant` or `insufficient_data`.
    31 VERDICT: kind::OpenCat = "verdict";
    /// Seed.
    32 SEED: kind::U64 = "seed";
}

table! {
    /// Agreement of labels with an independent implementation.
    derived LabelAudits = "label_audits", version 1, Hindsight, dynamic false,
    key &["audit_id"], rules &[];
    /// Identity.
    16 AUDIT_ID: kind::Id = "audit_id";
    /// When it was known.
    17 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// The target.
    18 TARGET: kind::OpenCat = "target";
    /// Hash of the rule set.
    19 RULES_HASH: kind::Sha = "rules_hash";
    /// Hash of the measures.
    20 MEASURES_HASH: kind::Sha = "measures_hash";
    /// Labels compared.
    21 N: kind::U64 = "n", unit(Unit::Count);
    /// Labels that agree.
    22 N_AGREE: kind::U64 = "n_agree", unit(Unit::Count);
    /// Their share.
    23 AGREEMENT: kind::F64 = "agreement", unit(Unit::Ratio);
    /// Clopper-Pearson lower bound.
    24 AGREEMENT_LOW: kind::F64 = "agreement_low", unit(Unit::Ratio);
    /// Bar to hold.
    25 BAR: kind::F64 = "bar", unit(Unit::Ratio);
    /// `passed` or `failed`.
    26 VERDICT: kind::OpenCat = "verdict";
    /// Seed of the sample.
    27 SEED: kind::U64 = "seed";
    /// Decisions that differ, at most 32.
    28 DISAGREEMENTS: kind::Opt<kind::ListStr> = "disagreements";
}

table! {
    /// Rule sets of labels, resolved.
    derived RuleSets = "rule_sets", version 1, Causal, dynamic false,
    key &["rule_set", "version"], rules &[];
    /// Name.
    16 RULE_SET: kind::OpenCat = "rule_set";
    /// Version.
    17 VERSION: kind::U32 = "version", unit(Unit::Count);
    /// Hash of the resolved set.
    18 RULES_HASH: kind::Sha = "rules_hash";
    /// From when it grades decisions.
    19 TS_EFFECTIVE: kind::Ts = "ts_effective", unit(Unit::Ns);
    /// When it was registered.
    20 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// The resolved set as canonical JSON.
    21 BODY: kind::Str = "body";
}

table! {
    /// Sampled moments that are labelled without a decision.
    derived SampleEvents = "sample_events", version 1, Causal, dynamic false,
    key &["event_id"], rules &[];
    /// UUIDv8 from `seq` and `measures_hash`.
    16 EVENT_ID: kind::Id = "event_id";
    /// The row that triggered it.
    17 SEQ: kind::U64 = "seq", unit(Unit::Count);
    /// The instrument.
    18 INSTRUMENT_ID: kind::Instrument = "instrument_id";
    /// The moment.
    19 TS_EVENT: kind::Ts = "ts_event", unit(Unit::Ns);
    /// When it was known.
    20 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns);
    /// Hash of the measures.
    21 MEASURES_HASH: kind::Sha = "measures_hash";
    /// How it was sampled.
    22 KIND: kind::OpenCat = "kind";
    /// Sign of the move that triggered it.
    23 DIRECTION: kind::Opt<kind::I8> = "direction";
}

table! {
    /// Labels that wait.
    derived Pending = "pending", version 1, Hindsight, dynamic false,
    key &["decision_id", "target"], rules &[];
    /// The decision.
    16 DECISION_ID: kind::Id = "decision_id";
    /// The target.
    17 TARGET: kind::OpenCat = "target";
    /// Cut-off of the decision.
    18 TS_CUTOFF: kind::Ts = "ts_cutoff", unit(Unit::Ns);
    /// End if nothing is touched.
    19 TS_LATEST_END: kind::Ts = "ts_latest_end", unit(Unit::Ns);
    /// What it waits for.
    20 WAITS_FOR: kind::OpenCat = "waits_for";
    /// Until when at most.
    21 TS_UNTIL: kind::Opt<kind::Ts> = "ts_until", unit(Unit::Ns);
    /// Durable order of the decision.
    22 SEQ: kind::Opt<kind::U64> = "seq", unit(Unit::Count);
}
