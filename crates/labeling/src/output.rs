//! Rows as batches of the contract's tables.

mod columns;

use crate::error::LabelError;
use crate::evaluate::{Decision, Draft, Reads};
use crate::label::LabelDraft;
use crate::markout::MarkoutDraft;
use crate::measure::{Measure, Scalar};
use crate::null::Null;
use crate::settings::Target;
use columns::{Columns, MeasureColumn};
use contract::{
    Batch, LabelKind, LabelStatus, Labels, Markouts, Outcomes, Pending, Side, Unlogged, UtcNanos,
};
use std::sync::Arc;

/// Version of the code that made a row.
const CODE_VERSION: &str = concat!("labeling ", env!("CARGO_PKG_VERSION"));

/// When a row holds, and since when it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) ts_end: i64,
    pub(crate) ts_until: i64,
    /// Since when it is known, if nothing was revised.
    pub(crate) known: i64,
    /// Since when what made the revision is known.
    pub(crate) caused: i64,
    pub(crate) cause: Vec<u64>,
    pub(crate) revision: u16,
    pub(crate) ts_latest_end: i64,
}

impl Stamp {
    pub(crate) fn with_revision(mut self, revision: u16, ts_latest_end: i64) -> Self {
        self.revision = revision;
        self.ts_latest_end = ts_latest_end;
        // What came late was not known before it came, even if nothing had been said yet.
        if revision == 0 {
            self.cause.clear();
        }
        self
    }

    pub(crate) fn ts_avail(&self) -> i64 {
        self.known.max(self.caused)
    }
}

/// An outcome to be written.
#[derive(Debug, Clone)]
pub(crate) struct OutcomeRow {
    pub(crate) id: [u8; 16],
    pub(crate) window: Arc<str>,
    strategy: Arc<str>,
    version: Option<Arc<str>>,
    measures_hash: contract::Hash,
    cutoff: i64,
    pub(crate) stamp: Stamp,
    draft: Arc<Draft>,
}

impl OutcomeRow {
    pub(crate) fn new(d: &Decision, window: &Arc<str>, stamp: Stamp, draft: Arc<Draft>) -> Self {
        Self {
            id: d.row.id,
            window: Arc::clone(window),
            strategy: Arc::clone(&d.row.strategy),
            version: d.row.version.clone(),
            measures_hash: d.rules.measures_hash,
            cutoff: d.row.key.ts,
            stamp,
            draft,
        }
    }

    pub(crate) fn reads(&self) -> &Reads {
        &self.draft.reads
    }

    fn status(&self) -> LabelStatus {
        if self.draft.is_void {
            LabelStatus::Void
        } else if self.draft.readings.get(Measure::GrossPnl).value.is_err() {
            LabelStatus::Indeterminate
        } else if self.draft.is_provisional {
            LabelStatus::Provisional
        } else {
            LabelStatus::Final
        }
    }
}

/// A label to be written.
#[derive(Debug, Clone)]
pub(crate) struct LabelRow {
    pub(crate) id: [u8; 16],
    pub(crate) target: Arc<str>,
    kind: LabelKind,
    measures_hash: contract::Hash,
    rules_hash: contract::Hash,
    cutoff: i64,
    pub(crate) stamp: Stamp,
    draft: Arc<LabelDraft>,
}

impl LabelRow {
    pub(crate) fn new(d: &Decision, target: &Target, stamp: Stamp, draft: Arc<LabelDraft>) -> Self {
        Self {
            id: d.row.id,
            target: Arc::clone(&target.name),
            kind: target.kind.label_kind(),
            measures_hash: d.rules.measures_hash,
            rules_hash: target.rules_hash,
            cutoff: d.row.key.ts,
            stamp,
            draft,
        }
    }
}

impl LabelRow {
    pub(crate) fn reads(&self) -> &Reads {
        &self.draft.reads
    }
}

/// A markout to be written.
#[derive(Debug, Clone)]
pub(crate) struct MarkoutRow {
    pub(crate) id: [u8; 16],
    measures_hash: contract::Hash,
    cutoff: i64,
    pub(crate) stamp: Stamp,
    pub(crate) draft: Arc<MarkoutDraft>,
}

impl MarkoutRow {
    pub(crate) fn new(d: &Decision, stamp: Stamp, draft: Arc<MarkoutDraft>) -> Self {
        Self {
            id: d.row.id,
            measures_hash: d.rules.measures_hash,
            cutoff: d.row.key.ts,
            stamp,
            draft,
        }
    }
}

/// A label that waits.
#[derive(Debug, Clone)]
pub(crate) struct PendingRow {
    pub(crate) decision_id: [u8; 16],
    pub(crate) target: Arc<str>,
    pub(crate) cutoff: i64,
    pub(crate) latest_end: i64,
    pub(crate) waits_for: &'static str,
    pub(crate) until: Option<i64>,
    pub(crate) seq: u64,
}

fn side(sign: i128) -> Side {
    if sign > 0 { Side::Buy } else { Side::Sell }
}

/// Outcomes as a batch, in the order given; `None` of none.
pub(crate) fn outcomes(
    rows: &[OutcomeRow],
) -> Result<Option<Batch<Outcomes, Unlogged>>, LabelError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut out = Columns::<Outcomes>::new(rows.len());
    out.id(&Outcomes::DECISION_ID, rows.iter().map(|r| r.id));
    out.hash(&Outcomes::MEASURES_HASH, rows.iter().map(|r| r.measures_hash));
    out.hash(&Outcomes::INPUTS_HASH, rows.iter().map(|r| r.draft.reads.hash()));
    stamps!(out, Outcomes, rows);
    out.words(&Outcomes::STATUS, rows.iter().map(|r| Some(word(&r.status()))));
    out.words(&Outcomes::WINDOW, rows.iter().map(|r| Some(r.window.as_ref())));
    out.words(&Outcomes::BASIS, rows.iter().map(|r| Some(word(&r.draft.basis))));
    out.words(&Outcomes::STRATEGY_ID, rows.iter().map(|r| Some(r.strategy.as_ref())));
    out.words(
        &Outcomes::STRATEGY_VERSION,
        rows.iter().map(|r| Some(r.version.as_deref().unwrap_or(""))),
    );
    out.words(&Outcomes::CLOCK, rows.iter().map(|_| Some("recv")));
    out.words(&Outcomes::SIDE, rows.iter().map(|r| Some(word(&side(r.draft.sign)))));
    out.u32(&Outcomes::OUTCOME_FLAGS, rows.iter().map(|r| r.draft.flags.bits()));
    measures(&mut out, rows);
    out.finish().map(Some)
}

fn word<V: contract::Vocabulary>(value: &V) -> &'static str {
    value.word()
}

/// One column a measure, and two for its bounds, with their null reasons: row by row, since a row's readings lie together.
fn measures(out: &mut Columns<Outcomes>, rows: &[OutcomeRow]) {
    let mut columns: Vec<MeasureColumn> = Vec::new();
    for measure in Measure::ALL {
        columns.push(MeasureColumn::new(measure.name().to_owned(), measure.scale(), rows.len()));
        if measure.is_bounded() {
            for suffix in ["_lo", "_hi"] {
                let name = format!("{}{suffix}", measure.name());
                columns.push(MeasureColumn::new(name, measure.scale(), rows.len()));
            }
        }
    }
    let mut reasons = Vec::with_capacity(columns.len() * rows.len());
    for row in rows {
        let mut next = columns.iter_mut();
        let mut push = |value: Option<Scalar>, why: u8| {
            reasons.push(if value.is_some() { 0 } else { why });
            if let Some(column) = next.next() {
                column.push(value);
            }
        };
        for measure in Measure::ALL {
            let reading = row.draft.readings.get(*measure);
            let why = reading.value.map_or_else(Null::code, |_| 0);
            push(reading.value.ok(), why);
            if measure.is_bounded() {
                // An open bound is open for the reason that the value is missing, or because a fee is unknown.
                let why = if why == 0 { Null::NotApplicable.code() } else { why };
                push(reading.lo, why);
                push(reading.hi, why);
            }
        }
    }
    for column in columns {
        out.measure(column);
    }
    out.reasons(&Outcomes::NULL_REASONS, reasons);
}

/// Labels as a batch, in the order given; `None` of none.
pub(crate) fn labels(rows: &[LabelRow]) -> Result<Option<Batch<Labels, Unlogged>>, LabelError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut out = Columns::<Labels>::new(rows.len());
    out.id(&Labels::DECISION_ID, rows.iter().map(|r| r.id));
    out.hash(&Labels::MEASURES_HASH, rows.iter().map(|r| r.measures_hash));
    out.hash(&Labels::INPUTS_HASH, rows.iter().map(|r| r.draft.reads.hash()));
    stamps!(out, Labels, rows);
    out.words(&Labels::STATUS, rows.iter().map(|r| Some(word(&r.draft.status))));
    out.words(&Labels::TARGET, rows.iter().map(|r| Some(r.target.as_ref())));
    out.words(&Labels::KIND, rows.iter().map(|r| Some(word(&r.kind))));
    out.hash(&Labels::RULES_HASH, rows.iter().map(|r| r.rules_hash));
    out.texts(&Labels::RULES_FIRED, rows.iter().map(|r| r.draft.fired.as_slice()));
    out.texts(&Labels::REASONS, rows.iter().map(|r| r.draft.reasons.as_slice()));
    out.u32(&Labels::LABEL_FLAGS, rows.iter().map(|r| r.draft.flags.bits()));
    out.i8(&Labels::CLASS, rows.iter().map(|r| r.draft.class));
    out.i8(&Labels::CLASS_LO, rows.iter().map(|r| r.draft.bounds.map(|b| b.0)));
    out.i8(&Labels::CLASS_HI, rows.iter().map(|r| r.draft.bounds.map(|b| b.1)));
    out.f64(&Labels::VALUE, rows.iter().map(|r| r.draft.value));
    out.f64(&Labels::CONFIDENCE, rows.iter().map(|r| r.draft.confidence));
    out.f64(&Labels::COMPLETENESS, rows.iter().map(|r| Some(r.draft.completeness)));
    out.words(&Labels::VALUE_UNIT, rows.iter().map(|r| r.draft.value_unit));
    out.finish().map(Some)
}

/// Markouts as a batch, in the order given; `None` of none.
pub(crate) fn markouts(
    rows: &[MarkoutRow],
) -> Result<Option<Batch<Markouts, Unlogged>>, LabelError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut out = Columns::<Markouts>::new(rows.len());
    out.hash(&Markouts::MEASURES_HASH, rows.iter().map(|r| r.measures_hash));
    out.hash(&Markouts::INPUTS_HASH, rows.iter().map(|r| r.draft.reads.hash()));
    stamps!(out, Markouts, rows);
    out.words(&Markouts::STATUS, rows.iter().map(|r| Some(word(&r.draft.status))));
    out.words(&Markouts::ANCHOR_KIND, rows.iter().map(|r| Some(word(&r.draft.kind))));
    out.text(&Markouts::ANCHOR_ID, rows.iter().map(|r| r.draft.id.as_ref()));
    out.i64(&Markouts::OFFSET_NS, rows.iter().map(|r| r.draft.offset_ns));
    out.u32(&Markouts::INSTRUMENT_ID, rows.iter().map(|r| r.draft.instrument));
    out.ts(&Markouts::TS_ANCHOR, rows.iter().map(|r| r.draft.ts_anchor));
    out.px(&Markouts::BID_PX, rows.iter().map(|r| r.draft.bid.map(|px| px / 2)));
    out.px(&Markouts::ASK_PX, rows.iter().map(|r| r.draft.ask.map(|px| px / 2)));
    out.f64(&Markouts::MARKOUT_BPS, rows.iter().map(|r| r.draft.markout));
    out.f64(&Markouts::EFF_SPREAD_BPS, rows.iter().map(|r| r.draft.eff_spread));
    out.f64(&Markouts::REALIZED_SPREAD_BPS, rows.iter().map(|r| r.draft.realized_spread));
    out.f64(&Markouts::IMPACT_BPS, rows.iter().map(|r| r.draft.impact));
    out.words(&Markouts::REASON, rows.iter().map(|r| r.draft.reason.map(crate::null::Null::word)));
    out.finish().map(Some)
}

/// Labels that wait.
pub(crate) fn pending(rows: &[PendingRow]) -> Result<Batch<Pending, Unlogged>, LabelError> {
    let mut out = contract::TableBuilder::<Pending>::new(UtcNanos::from_nanos(0));
    let bug = |error: contract::BuildError| LabelError::Output(error.to_string());
    for row in rows {
        out.set(&Pending::DECISION_ID, contract::EventId::from_bytes(row.decision_id))
            .set(&Pending::TARGET, row.target.as_ref())
            .set(&Pending::TS_CUTOFF, UtcNanos::from_nanos(row.cutoff))
            .set(&Pending::TS_LATEST_END, UtcNanos::from_nanos(row.latest_end))
            .set(&Pending::WAITS_FOR, row.waits_for)
            .set(&Pending::SEQ, row.seq);
        if let Some(until) = row.until {
            out.set(&Pending::TS_UNTIL, UtcNanos::from_nanos(until));
        }
        out.end_row().map_err(bug)?;
    }
    out.finish().map_err(bug)
}

/// What the three tables have in common.
macro_rules! stamps {
    ($out:ident, $t:ident, $rows:ident) => {
        $out.u16(&$t::REVISION, $rows.iter().map(|r| r.stamp.revision));
        $out.words(&$t::CODE_VERSION, $rows.iter().map(|_| Some(CODE_VERSION)));
        $out.ts(&$t::TS_CUTOFF, $rows.iter().map(|r| r.cutoff));
        $out.ts(&$t::TS_END, $rows.iter().map(|r| r.stamp.ts_end));
        $out.ts(&$t::TS_UNTIL, $rows.iter().map(|r| r.stamp.ts_until));
        $out.ts(&$t::TS_LATEST_END, $rows.iter().map(|r| r.stamp.ts_latest_end));
        $out.ts(&$t::TS_AVAIL, $rows.iter().map(|r| r.stamp.ts_avail()));
        $out.seqs(&$t::CAUSE, $rows.iter().map(|r| r.stamp.cause.as_slice()));
        $out.u64(&$t::INPUTS_SEQ_LO, $rows.iter().map(|r| r.draft.reads.bounds().map(|b| b.0)));
        $out.u64(&$t::INPUTS_SEQ_HI, $rows.iter().map(|r| r.draft.reads.bounds().map(|b| b.1)));
    };
}
use stamps;
