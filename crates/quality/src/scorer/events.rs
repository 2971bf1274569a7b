//! Findings as rows of `quality_events`.

use super::Stats;
use crate::report::{Finding, Report};
use crate::rows::Ids;
use crate::rule_set::CheckSpec;
use crate::state::{Flags, TableState};
use crate::tally::SAMPLES;
use crate::verdict::Verdict;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt16Type;
use contract::{
    DataQualityEvent, DataQualityMore, Draft, EventId, Hash, Json, Origin, QualityKind,
    QualityMode, RowDigest, Severity, UtcNanos,
};
use std::collections::BTreeMap;

/// Most bytes of `detail`.
const MAX_DETAIL: usize = 4_096;

/// What a batch violated, one event a check and source; rows of earlier batches that were judged late are in it.
pub(super) fn of_batch(
    state: &TableState,
    origin: &Origin,
    batch: &RecordBatch,
    first: u64,
    flags: &Flags,
    now: UtcNanos,
) -> Vec<DataQualityEvent> {
    let counts: Vec<_> = state.last().filter(|(.., c)| c.violations > 0).collect();
    if counts.is_empty() && flags.late().is_empty() {
        return Vec::new();
    }
    let ids_of = Ids::new(batch, state.rules().table(), first);
    let sources =
        batch.column_by_name("source_id").and_then(|s| s.as_primitive_opt::<UInt16Type>());
    let mut rows: BTreeMap<(usize, u16), Vec<u64>> = BTreeMap::new();
    for row in 0..flags.len() {
        let source = sources.map_or(0, |s| s.value(row));
        let id = ids_of.of(row);
        for check in flags.broken(row) {
            rows.entry((check, source)).or_default().push(id);
        }
    }
    let mut events = Vec::with_capacity(counts.len());
    for (check, source, counts) in counts {
        let Some(spec) = state.rules().checks().get(check) else { continue };
        let ids = rows.remove(&(check, source)).unwrap_or_default();
        let mut event =
            base(state.mode(), state.rules().table(), origin, state.rules().hash(), now);
        event.kind = kind(spec);
        event.severity = spec.severity();
        "violation".clone_into(&mut event.verdict);
        event.rows = flags.len() as u64;
        event.more.applicable = Some(counts.applicable);
        event.more.violations = Some(counts.violations);
        event.more.seq_min = ids.first().copied();
        event.more.seq_max = ids.last().copied();
        event.more.sample_seqs = Some(ids.into_iter().take(SAMPLES).collect());
        about(&mut event, spec);
        event.more.detail =
            Some(Json::object([("source_id", Json::from(u64::from(source)))]).to_string());
        events.push(named(event));
    }
    late(state, origin, flags, now, &mut events);
    events
}

fn late(
    state: &TableState,
    origin: &Origin,
    flags: &Flags,
    now: UtcNanos,
    events: &mut Vec<DataQualityEvent>,
) {
    let mut rows: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for flag in flags.late() {
        rows.entry(flag.check).or_default().push(flag.id);
    }
    for (check, mut ids) in rows {
        let Some(spec) = state.rules().checks().get(check) else { continue };
        ids.sort_unstable();
        let mut event =
            base(state.mode(), state.rules().table(), origin, state.rules().hash(), now);
        event.kind = kind(spec);
        event.severity = spec.severity();
        "late".clone_into(&mut event.verdict);
        event.rows = 0;
        event.more.violations = Some(ids.len() as u64);
        event.more.seq_min = ids.first().copied();
        event.more.seq_max = ids.last().copied();
        event.more.sample_seqs = Some(ids.into_iter().take(SAMPLES).collect());
        about(&mut event, spec);
        events.push(named(event));
    }
}

/// The score, what cleansing did, and one event for each check that did not pass.
pub(super) fn of_report(
    report: &Report,
    origin: &Origin,
    stats: &Stats,
    now: UtcNanos,
) -> Vec<DataQualityEvent> {
    let start = || base(report.mode(), report.rules().table(), origin, report.rules_hash(), now);
    let mut events = Vec::new();
    let mut score = start();
    score.kind = QualityKind::Score;
    let misses = report.misses(&report.rules().gate());
    if misses.is_empty() { "pass" } else { "fail" }.clone_into(&mut score.verdict);
    score.severity = if misses.is_empty() { Severity::Info } else { Severity::Error };
    score.rows = report.rows();
    let numbers = report.score();
    score.more.score = Some(numbers.score);
    score.more.score_low = Some(numbers.score_low);
    score.more.coverage = Some(numbers.coverage);
    (score.more.seq_min, score.more.seq_max) = report.seqs().unzip();
    let costliest = report.costliest();
    let costliest = costliest.iter().map(|(finding, points)| {
        Json::object([
            ("check", Json::from(finding.check().id())),
            ("points", Json::from(points.to_string())),
        ])
    });
    score.more.detail =
        Some(Json::object([("costliest", Json::Array(costliest.collect()))]).to_string());
    events.push(named(score));
    let mut cleanse = start();
    cleanse.kind = QualityKind::Cleanse;
    "pass".clone_into(&mut cleanse.verdict);
    cleanse.rows = stats.rows_in;
    cleanse.more.violations = Some(stats.rejects);
    cleanse.more.detail = Some(
        Json::object([
            ("quarantined", Json::from(stats.quarantined)),
            ("rejects", Json::from(stats.rejects)),
            ("repairs", Json::from(stats.repairs)),
            ("rows_in", Json::from(stats.rows_in)),
            ("rows_out", Json::from(stats.rows_out)),
        ])
        .to_string(),
    );
    events.push(named(cleanse));
    for finding in report.findings() {
        if !matches!(finding.verdict(), Verdict::Pass | Verdict::NotApplicable) {
            events.push(named(of_finding(start(), finding, report.rows())));
        }
    }
    events
}

fn of_finding(mut event: DataQualityEvent, finding: &Finding, rows: u64) -> DataQualityEvent {
    let spec = finding.check();
    event.kind = kind(spec);
    event.severity = finding.severity();
    finding.verdict().word().clone_into(&mut event.verdict);
    event.rows = rows;
    about(&mut event, spec);
    event.more.applicable = Some(finding.counts().applicable);
    event.more.violations = Some(finding.counts().violations);
    event.more.sample_seqs = Some(finding.samples().to_vec());
    (event.more.seq_min, event.more.seq_max) = finding.range().unzip();
    if let Some((name, size)) = finding.effect() {
        event.more.effect_name = Some(name.to_owned());
        event.more.effect = Some(size);
    }
    let detail = match finding.verdict() {
        Verdict::NotEvaluated(reason) => {
            Some(Json::object([("reason", Json::from(reason.to_string()))]).to_string())
        }
        _ => finding.detail().map(ToString::to_string),
    };
    event.more.detail = detail.filter(|text| text.len() <= MAX_DETAIL);
    event
}

fn about(event: &mut DataQualityEvent, spec: &CheckSpec) {
    event.more.check_id = Some(spec.id().to_owned());
    event.more.check_version = Some(spec.version());
    event.more.dimension = Some(spec.dimension().word().to_owned());
}

/// What an event of a check is called.
fn kind(spec: &CheckSpec) -> QualityKind {
    match spec.kind().name {
        "clock_suspect" | "latency" | "clock_step" => QualityKind::Clock,
        "spike" | "spike_centred" | "round_trip" | "wide_spread" | "scale" => QualityKind::Anomaly,
        _ => QualityKind::Violation,
    }
}

fn base(
    mode: QualityMode,
    table: &str,
    origin: &Origin,
    rules: Hash,
    now: UtcNanos,
) -> DataQualityEvent {
    DataQualityEvent {
        event_id: EventId::from_bytes([0; 16]),
        ts_avail: now,
        kind: QualityKind::Violation,
        mode,
        table_name: table.to_owned(),
        severity: Severity::Info,
        verdict: String::new(),
        subject: origin.input.clone(),
        rows: 0,
        rules_hash: rules,
        more: DataQualityMore::default(),
    }
}

/// The event with its id: UUIDv8 from the SHA-256 of its canonical row without id and time, so that a rerun repeats it.
pub(crate) fn named(mut event: DataQualityEvent) -> DataQualityEvent {
    let (now, start) = (event.ts_avail, UtcNanos::from_nanos(0));
    event.ts_avail = start;
    let mut hash = Hash::from_bytes([0; 32]);
    if let Ok(row) = Draft::from_events(std::slice::from_ref(&event), start) {
        RowDigest::row_bytes(row.as_any(), |_, bytes| hash = Hash::of(bytes));
    }
    event.ts_avail = now;
    event.event_id = EventId::v8(&hash);
    event
}
