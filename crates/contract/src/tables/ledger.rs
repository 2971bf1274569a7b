//! The capture log's account of itself.

use crate::kind;
use crate::spec::{Default, Unit, table};
use crate::words::{CaptureVerdict, GapKind, Hop, ProducerMode, ProducerState};

table! {
    /// What each producer emitted and what became of it.
    derived LedgerProducers = "ledger_producers", version 2, Causal, dynamic false,
    key &["log_id", "producer_id"], rules &[];
    /// The log.
    16 LOG_ID: kind::Id = "log_id";
    /// The producer.
    17 PRODUCER_ID: kind::Id = "producer_id";
    /// Its name.
    18 PRODUCER_NAME: kind::Str = "producer_name";
    /// What a gap in its numbers means.
    19 MODE: kind::Cat<ProducerMode> = "mode";
    /// Whether it may still append.
    20 STATE: kind::Cat<ProducerState> = "state";
    /// Completeness.
    21 VERDICT: kind::Cat<CaptureVerdict> = "verdict";
    /// Incarnation.
    22 EPOCH: kind::U32 = "epoch", unit(Unit::Count);
    /// First row number.
    23 FIRST_PSEQ: kind::U64 = "first_pseq", unit(Unit::Count);
    /// All below are durable.
    24 NEXT_PSEQ: kind::U64 = "next_pseq", unit(Unit::Count);
    /// All below were emitted, as the last beat or close says.
    25 PROMISED_PSEQ: kind::Opt<kind::U64> = "promised_pseq", unit(Unit::Count);
    /// Rows on disk.
    26 ROWS_DURABLE: kind::U64 = "rows_durable", unit(Unit::Count);
    /// Rows that the producer declared never to come.
    27 ROWS_SKIPPED: kind::U64 = "rows_skipped", unit(Unit::Count);
    /// Rows emitted and not there.
    28 ROWS_MISSING: kind::U64 = "rows_missing", unit(Unit::Count);
    /// Rows lost by damage.
    29 ROWS_LOST: kind::U64 = "rows_lost", unit(Unit::Count);
    /// Rows sent again.
    30 ROWS_DUPLICATE: kind::U64 = "rows_duplicate", unit(Unit::Count);
    /// Rows refused.
    31 ROWS_REJECTED: kind::U64 = "rows_rejected", unit(Unit::Count);
    /// Log position of this row.
    32 AS_OF_SEQ: kind::U64 = "as_of_seq", unit(Unit::Count);
    /// First append.
    33 TS_FIRST: kind::Opt<kind::Ts> = "ts_first", unit(Unit::Ns);
    /// Last append.
    34 TS_LAST: kind::Opt<kind::Ts> = "ts_last", unit(Unit::Ns);
    /// Last beat.
    35 TS_BEAT: kind::Opt<kind::Ts> = "ts_beat", unit(Unit::Ns);
    /// Rows that came after a later one and filled a hole; null where a writer of version 1 did not count them.
    36 ROWS_LATE: kind::Opt<kind::U64> = "rows_late", unit(Unit::Count);
}

table! {
    /// Rows held above the contiguous part.
    derived LedgerRuns = "ledger_runs", version 1, Causal, dynamic false,
    key &["producer_id", "first_pseq"], rules &[];
    /// The producer.
    16 PRODUCER_ID: kind::Id = "producer_id";
    /// First row of the run.
    17 FIRST_PSEQ: kind::U64 = "first_pseq", unit(Unit::Count);
    /// Row after the last.
    18 END_PSEQ: kind::U64 = "end_pseq", unit(Unit::Count);
}

table! {
    /// Losses of the log itself.
    derived LedgerGaps = "ledger_gaps", version 1, Causal, dynamic false,
    key &[], rules &[];
    /// Place of the record in the log.
    16 SEQ: kind::Opt<kind::U64> = "seq", unit(Unit::Count);
    /// Log clock there.
    17 TS_AVAIL: kind::Opt<kind::Ts> = "ts_avail", unit(Unit::Ns);
    /// The log.
    18 LOG_ID: kind::Id = "log_id";
    /// What is missing and why.
    19 KIND: kind::Cat<GapKind> = "kind";
    /// The producer, if known.
    20 PRODUCER_ID: kind::Opt<kind::Id> = "producer_id";
    /// The table, if known.
    21 TABLE_NAME: kind::Opt<kind::OpenCat> = "table_name";
    /// First row lost.
    22 FIRST_PSEQ: kind::Opt<kind::U64> = "first_pseq", unit(Unit::Count);
    /// Row after the last.
    23 END_PSEQ: kind::Opt<kind::U64> = "end_pseq", unit(Unit::Count);
    /// First `seq` lost.
    24 FIRST_SEQ: kind::Opt<kind::U64> = "first_seq", unit(Unit::Count);
    /// `seq` after the last.
    25 END_SEQ: kind::Opt<kind::U64> = "end_seq", unit(Unit::Count);
    /// Segment.
    26 SEGMENT_NO: kind::Opt<kind::U64> = "segment_no", unit(Unit::Count);
    /// First byte.
    27 BYTE_FIRST: kind::Opt<kind::U64> = "byte_first", unit(Unit::Count);
    /// Byte after the last.
    28 BYTE_END: kind::Opt<kind::U64> = "byte_end", unit(Unit::Count);
    /// Why.
    29 REASON: kind::Opt<kind::OpenCat> = "reason";
    /// When it was declared.
    30 TS_DECLARED: kind::Ts = "ts_declared", unit(Unit::Ns);
    /// Whether the rows are back.
    31 REPAIRED: kind::Bool = "repaired", default(Default::Zero);
}

table! {
    /// Rows and digests by minute and hop, to find where a row went missing.
    derived LedgerBuckets = "ledger_buckets", version 1, Causal, dynamic false,
    key &["producer_id", "table_name", "hop", "ts_bucket"], rules &[];
    /// The producer.
    16 PRODUCER_ID: kind::Id = "producer_id";
    /// The table.
    17 TABLE_NAME: kind::OpenCat = "table_name";
    /// Where it was counted.
    18 HOP: kind::Cat<Hop> = "hop";
    /// Minute of `ts_recv`.
    19 TS_BUCKET: kind::Ts = "ts_bucket", unit(Unit::Ns);
    /// Rows.
    20 ROWS: kind::U64 = "rows", unit(Unit::Count);
    /// Row digest without `ts_avail`.
    21 DIGEST: kind::Sha = "digest";
}
