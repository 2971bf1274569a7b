//! Findings of data quality.

use super::field::event;
use crate::unit::{EventId, Hash, UtcNanos};
use crate::words::{QualityKind, QualityMode, Severity};

event! {
    /// One finding about data: a row of `quality_events`.
    ///
    /// - **Units:** scores from 0 to 100, coverage from 0 to 1.
    ///
    /// ```
    /// use contract::{
    ///     DataQualityEvent, DataQualityMore, Draft, EventId, Hash, QualityKind, QualityMode, Severity, UtcNanos,
    /// };
    /// let now = UtcNanos::parse("2026-03-02T21:05:00Z")?;
    /// let crossed = DataQualityEvent {
    ///     event_id: EventId::v7(1_772_485_500_000, [5; 10]),
    ///     ts_avail: now,
    ///     kind: QualityKind::Violation,
    ///     mode: QualityMode::Final,
    ///     table_name: "quotes".to_owned(),
    ///     severity: Severity::Warn,
    ///     verdict: "flagged".to_owned(),
    ///     subject: "fxcm/eurusd/2014-05-01".to_owned(),
    ///     rows: 1_144_807,
    ///     rules_hash: Hash::from_bytes([0x11; 32]),
    ///     more: DataQualityMore::default(),
    /// }
    /// .with(|m| m.violations = Some(116_871));
    /// let back: Vec<DataQualityEvent> = Draft::from_events(&[crossed], now)?.events()?;
    /// assert_eq!((back[0].rows, back[0].more.violations), (1_144_807, Some(116_871)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    DataQualityEvent of QualityEvents {
        event_id: EventId = EVENT_ID,
        ts_avail: UtcNanos = TS_AVAIL,
        kind: QualityKind = KIND,
        mode: QualityMode = MODE,
        table_name: String = TABLE_NAME,
        severity: Severity = SEVERITY,
        verdict: String = VERDICT,
        subject: String = SUBJECT,
        rows: u64 = ROWS,
        rules_hash: Hash = RULES_HASH,
    } more DataQualityMore {
        seq_min: Option<u64> = SEQ_MIN,
        seq_max: Option<u64> = SEQ_MAX,
        applicable: Option<u64> = APPLICABLE,
        violations: Option<u64> = VIOLATIONS,
        check_id: Option<String> = CHECK_ID,
        dimension: Option<String> = DIMENSION,
        effect_name: Option<String> = EFFECT_NAME,
        check_version: Option<u16> = CHECK_VERSION,
        effect: Option<f64> = EFFECT,
        p_value: Option<f64> = P_VALUE,
        q_value: Option<f64> = Q_VALUE,
        score: Option<f64> = SCORE,
        score_low: Option<f64> = SCORE_LOW,
        coverage: Option<f64> = COVERAGE,
        sample_seqs: Option<Vec<u64>> = SAMPLE_SEQS,
        detail: Option<String> = DETAIL,
    }
}
