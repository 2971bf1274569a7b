//! Scored documents and macro releases.

use super::field::event;
use crate::items::Entity;
use crate::unit::{EventId, Hash, InstrumentId, UtcNanos};
use crate::words::IntelligenceKind;

event! {
    /// A scored document or a macro release: a row of `intelligence`.
    ///
    /// - **Point in time:** `ts_event` is publication, `ts_recv` first sight, and `ts_avail` is not before
    ///   `ts_scored`: a score cannot be known before its model ran.
    ///
    /// ```
    /// use contract::{
    ///     Draft, Entity, Envelope, EventId, InstrumentId, IntelligenceEvent, IntelligenceKind, IntelligenceMore,
    ///     SourceId, UtcNanos,
    /// };
    /// let now = UtcNanos::parse("2026-03-02T13:30:04.120Z")?;
    /// let story = IntelligenceEvent {
    ///     envelope: Envelope::new(SourceId::new(9), None).at(UtcNanos::parse("2026-03-02T13:30:02Z")?),
    ///     doc_id: EventId::v7(1_772_458_202_000, [3; 10]),
    ///     kind: IntelligenceKind::News,
    ///     more: IntelligenceMore::default(),
    /// }
    /// .with(|m| {
    ///     m.sentiment = Some(-0.4);
    ///     m.ts_scored = Some(now);
    ///     m.entities =
    ///         Some(vec![Entity { instrument_id: InstrumentId::new(7), relevance: 0.9, role: None }]);
    /// });
    /// let back: Vec<IntelligenceEvent> = Draft::from_events(std::slice::from_ref(&story), now)?.events()?;
    /// assert_eq!(back[0].more, story.more);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    IntelligenceEvent of Intelligence about Option<InstrumentId> {
        doc_id: EventId = DOC_ID,
        kind: IntelligenceKind = KIND,
    } more IntelligenceMore {
        revision: u16 = REVISION,
        supersedes: Option<EventId> = SUPERSEDES,
        is_retracted: Option<bool> = IS_RETRACTED,
        source_doc_id: Option<String> = SOURCE_DOC_ID,
        text_ref: Option<String> = TEXT_REF,
        content_hash: Option<Hash> = CONTENT_HASH,
        language: Option<String> = LANGUAGE,
        license_class: Option<String> = LICENSE_CLASS,
        entities: Option<Vec<Entity>> = ENTITIES,
        horizon_ns: Option<i64> = HORIZON_NS,
        ts_scored: Option<UtcNanos> = TS_SCORED,
        sentiment: Option<f64> = SENTIMENT,
        sentiment_confidence: Option<f64> = SENTIMENT_CONFIDENCE,
        novelty: Option<f64> = NOVELTY,
        magnitude: Option<f64> = MAGNITUDE,
        scorer_id: Option<String> = SCORER_ID,
        scorer_version: Option<String> = SCORER_VERSION,
        scorer_hash: Option<Hash> = SCORER_HASH,
        series: Option<String> = SERIES,
        obs_period: Option<String> = OBS_PERIOD,
        value: Option<f64> = VALUE,
    }
}
