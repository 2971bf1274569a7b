//! Commit records of dataset stores.

use super::field::event;
use crate::unit::{EventId, Hash, UtcNanos};
use crate::words::{CertificateVerdict, DatasetEventKind};

event! {
    /// One commit record of a store of training datasets: a row of `dataset_events`.
    ///
    /// - **Point in time:** `as_of_seq` is the log position that the version was built at.
    ///
    /// ```
    /// use contract::{
    ///     CertificateVerdict, DatasetEventKind, Draft, EventId, Hash, TrainingDatasetEvent, TrainingDatasetMore,
    ///     UtcNanos,
    /// };
    /// let now = UtcNanos::parse("2026-03-02T22:00:00Z")?;
    /// let published = TrainingDatasetEvent {
    ///     event_id: EventId::v7(1_772_488_800_000, [6; 10]),
    ///     actor_ref: EventId::from_bytes([0x3c; 16]),
    ///     ts_avail: now,
    ///     dataset: "entries_btc".to_owned(),
    ///     kind: DatasetEventKind::Published,
    ///     certificate: CertificateVerdict::Passed,
    ///     ordinal: 4,
    ///     as_of_seq: 20_117_334,
    ///     manifest_hash: Hash::from_bytes([1; 32]),
    ///     content_hash: Hash::from_bytes([2; 32]),
    ///     spec_hash: Hash::from_bytes([3; 32]),
    ///     uri: "datasets/entries_btc/4".to_owned(),
    ///     more: TrainingDatasetMore::default(),
    /// }
    /// .with(|m| m.rows_train = Some(81_204));
    /// let back: Vec<TrainingDatasetEvent> = Draft::from_events(&[published], now)?.events()?;
    /// assert_eq!((back[0].ordinal, back[0].more.rows_train), (4, Some(81_204)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    TrainingDatasetEvent of DatasetEvents {
        event_id: EventId = EVENT_ID,
        actor_ref: EventId = ACTOR_REF,
        ts_avail: UtcNanos = TS_AVAIL,
        dataset: String = DATASET,
        kind: DatasetEventKind = KIND,
        certificate: CertificateVerdict = CERTIFICATE,
        ordinal: u64 = ORDINAL,
        as_of_seq: u64 = AS_OF_SEQ,
        manifest_hash: Hash = MANIFEST_HASH,
        content_hash: Hash = CONTENT_HASH,
        spec_hash: Hash = SPEC_HASH,
        uri: String = URI,
    } more TrainingDatasetMore {
        parent_hash: Option<Hash> = PARENT_HASH,
        model_kind: Option<String> = MODEL_KIND,
        purpose: Option<String> = PURPOSE,
        rows_train: Option<u64> = ROWS_TRAIN,
        rows_validation: Option<u64> = ROWS_VALIDATION,
        rows_test: Option<u64> = ROWS_TEST,
        rows_added: Option<u64> = ROWS_ADDED,
        rows_removed: Option<u64> = ROWS_REMOVED,
        n_features: Option<u32> = N_FEATURES,
        n_eff_train: Option<f64> = N_EFF_TRAIN,
        n_eff_validation: Option<f64> = N_EFF_VALIDATION,
        n_eff_test: Option<f64> = N_EFF_TEST,
        score: Option<f64> = SCORE,
        score_low: Option<f64> = SCORE_LOW,
        coverage: Option<f64> = COVERAGE,
        latency_p99_ns: Option<i64> = LATENCY_P99_NS,
    }
}
