//! Rows of the engine against what the audit says.

use std::collections::BTreeMap;

use contract::{Batch, DynamicColumn, EventId, Labels, Markouts, Outcomes, Vocabulary as _};
use contract::{Hash, LabelKind, LabelStatus};

use super::{Audited, AuditedLabel, AuditedMarkout, AuditedOutcome, Fate};
use crate::measure::{Measure, Reading, Scalar, Scale};
use contract::arrow_array::Array as _;

/// Remarks on how a result came about, which follow from its basis: they are not compared.
const UNCHECKED: u32 = crate::flags::OutcomeFlags::CLOCK_RECV
    .with(crate::flags::OutcomeFlags::FORWARD)
    .with(crate::flags::OutcomeFlags::NEGATED)
    .with(crate::flags::OutcomeFlags::FILL_CENSORED)
    .with(crate::flags::OutcomeFlags::INFERRED)
    .bits();

/// Largest relative difference of two floats that agree.
const TOLERANCE: f64 = 1e-12;

/// Tables as the engine wrote them; of several revisions the last one counts.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// Outcomes.
    pub outcomes: &'a [Batch<Outcomes>],
    /// Labels.
    pub labels: &'a [Batch<Labels>],
    /// Markouts.
    pub markouts: &'a [Batch<Markouts>],
}

/// A cell in which engine and audit differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The decision.
    pub decision_id: EventId,
    /// The table.
    pub table: &'static str,
    /// The window, the target, or the markout's anchor and offset.
    pub row: String,
    /// The column; `*` where one side has no row.
    pub column: String,
    /// What the engine wrote.
    pub engine: String,
    /// What the audit says.
    pub audit: String,
}

/// Every cell in which the rows of a decision differ; none when both agree.
///
/// - **Units:** floats may differ by 1e-12 of the larger one, everything else not at all.
/// - **Cost:** a pass over the tables.
#[must_use]
pub fn compare(engine: Tables<'_>, audited: &Audited) -> Vec<Disagreement> {
    Engine::new(engine).compare(audited)
}

/// What the engine wrote, by what it is about.
pub(super) struct Engine<'a> {
    outcomes: BTreeMap<EventId, Vec<Row<'a, Outcomes>>>,
    labels: BTreeMap<EventId, Vec<Row<'a, Labels>>>,
    /// By the anchor's id.
    markouts: BTreeMap<&'a str, Vec<Row<'a, Markouts>>>,
}

type Row<'a, T> = (&'a Batch<T>, usize);

fn rows<T: contract::Table>(batches: &[Batch<T>]) -> impl Iterator<Item = Row<'_, T>> {
    batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)))
}

impl<'a> Engine<'a> {
    pub(super) fn new(tables: Tables<'a>) -> Self {
        let (mut outcomes, mut labels, mut markouts) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (batch, row) in rows(tables.outcomes) {
            if let Ok(id) = batch.cell(&Outcomes::DECISION_ID, row) {
                outcomes.entry(id).or_insert_with(Vec::new).push((batch, row));
            }
        }
        for (batch, row) in rows(tables.labels) {
            if let Ok(id) = batch.cell(&Labels::DECISION_ID, row) {
                labels.entry(id).or_insert_with(Vec::new).push((batch, row));
            }
        }
        for (batch, row) in rows(tables.markouts) {
            if let Ok(id) = batch.cell(&Markouts::ANCHOR_ID, row) {
                markouts.entry(id).or_insert_with(Vec::new).push((batch, row));
            }
        }
        Self { outcomes, labels, markouts }
    }

    /// As [`compare`], without the pass over the tables.
    pub(super) fn compare(&self, audited: &Audited) -> Vec<Disagreement> {
        let mut differences = Differences { id: audited.decision_id, found: Vec::new() };
        let outcomes = self.outcomes.get(&audited.decision_id);
        differences.outcome(outcomes.map_or(&[][..], Vec::as_slice), audited);
        let labels = self.labels.get(&audited.decision_id).map_or(&[][..], Vec::as_slice);
        for (target, fate) in &audited.labels {
            differences.label(labels, audited.measures_hash, target, fate);
        }
        for row in audited.markouts.iter().filter_map(Fate::row) {
            let own = self.markouts.get(row.anchor_id.as_str()).map_or(&[][..], Vec::as_slice);
            differences.markout(own, audited.measures_hash, row);
        }
        let id = audited.decision_id.to_string();
        let own = self.markouts.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        differences.surplus(own, audited);
        differences.found
    }
}

struct Differences {
    id: EventId,
    found: Vec<Disagreement>,
}

/// A row of a batch.
struct At<'a, T> {
    batch: &'a Batch<T>,
    row: usize,
    revision: u16,
}

/// The last revision of the rows that are meant.
fn last<'a, T: contract::Table>(
    rows: &[Row<'a, T>],
    revision: impl Fn(&Batch<T>, usize) -> Option<u16>,
) -> Option<At<'a, T>> {
    let mut found: Option<At<'a, T>> = None;
    for (batch, row) in rows.iter().copied() {
        if let Some(revision) = revision(batch, row)
            && found.as_ref().is_none_or(|old| old.revision <= revision)
        {
            found = Some(At { batch, row, revision });
        }
    }
    found
}

fn show<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

impl Differences {
    fn add(&mut self, table: &'static str, row: &str, column: &str, engine: String, audit: String) {
        self.found.push(Disagreement {
            decision_id: self.id,
            table,
            row: row.to_owned(),
            column: column.to_owned(),
            engine,
            audit,
        });
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        (table, row): (&'static str, &str),
        column: &str,
        engine: T,
        audit: T,
    ) {
        if engine != audit {
            self.add(table, row, column, show(engine), show(audit));
        }
    }

    fn near(
        &mut self,
        (table, row): (&'static str, &str),
        column: &str,
        engine: Option<f64>,
        audit: Option<f64>,
    ) {
        let agree = match (engine, audit) {
            (Some(a), Some(b)) => is_near(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if !agree {
            self.add(table, row, column, show(engine), show(audit));
        }
    }

    fn presence(&mut self, place: (&'static str, &str), engine: bool, audit: String) {
        let engine = if engine { "a row" } else { "no row" };
        self.add(place.0, place.1, "*", engine.to_owned(), audit);
    }

    fn outcome(&mut self, rows: &[Row<'_, Outcomes>], audited: &Audited) {
        let found = last(rows, |batch, row| {
            let is_it = batch.cell(&Outcomes::MEASURES_HASH, row).ok() == audited.measures_hash;
            is_it.then(|| batch.cell(&Outcomes::REVISION, row).ok()).flatten()
        });
        match (found, &audited.outcome) {
            (Some(at), Fate::Is(row)) => self.outcome_cells(&at, row),
            (None, Fate::Is(row)) => {
                self.presence(("outcomes", &row.window), false, show(row.status));
            }
            (Some(_), other) => self.presence(("outcomes", ""), true, fate(other)),
            (None, _) => {}
        }
    }

    fn outcome_cells(&mut self, at: &At<'_, Outcomes>, row: &AuditedOutcome) {
        let place = ("outcomes", row.window.as_str());
        let (batch, n) = (at.batch, at.row);
        self.same(place, "status", batch.cell(&Outcomes::STATUS, n).ok(), Some(row.status));
        if row.status == LabelStatus::Void {
            return;
        }
        self.same(place, "basis", batch.cell(&Outcomes::BASIS, n).ok(), Some(row.basis));
        self.same(
            place,
            "window",
            batch.cell(&Outcomes::WINDOW, n).ok(),
            Some(row.window.as_str()),
        );
        self.same(place, "side", batch.cell(&Outcomes::SIDE, n).ok().flatten(), row.side);
        let flags = batch.cell(&Outcomes::OUTCOME_FLAGS, n).ok().map(|bits| bits & !UNCHECKED);
        self.same(place, "outcome_flags", flags, Some(row.flags.bits()));
        let stamps = [
            ("ts_cutoff", batch.cell(&Outcomes::TS_CUTOFF, n), row.ts_cutoff),
            ("ts_end", batch.cell(&Outcomes::TS_END, n), row.ts_end),
            ("ts_latest_end", batch.cell(&Outcomes::TS_LATEST_END, n), row.ts_latest_end),
            ("ts_until", batch.cell(&Outcomes::TS_UNTIL, n), row.ts_until),
            ("ts_avail", batch.cell(&Outcomes::TS_AVAIL, n), row.ts_avail),
        ];
        // A revision is dated by the row that caused it, which only the engine knows.
        let shared = if at.revision == 0 { stamps.len() } else { 3 };
        for (column, engine, audit) in stamps.into_iter().take(shared) {
            self.same(place, column, engine.ok().map(contract::UtcNanos::nanos), Some(audit));
        }
        for measure in Measure::ALL {
            self.measure(place, at, *measure, row.readings.get(*measure));
        }
    }

    fn measure(
        &mut self,
        place: (&'static str, &str),
        at: &At<'_, Outcomes>,
        measure: Measure,
        reading: Reading,
    ) {
        let name = measure.name();
        self.scalar(place, at, name, measure, reading.value.ok());
        let why = at.batch.why(at.row, name).ok().flatten().map(std::num::NonZeroU8::get);
        let audit = reading.value.err().map(crate::Null::code);
        self.same(place, &format!("{name} (reason)"), why, audit);
        if measure.is_bounded() {
            self.scalar(place, at, &format!("{name}_lo"), measure, reading.lo);
            self.scalar(place, at, &format!("{name}_hi"), measure, reading.hi);
        }
    }

    fn scalar(
        &mut self,
        place: (&'static str, &str),
        at: &At<'_, Outcomes>,
        column: &str,
        measure: Measure,
        audit: Option<Scalar>,
    ) {
        let Some(found) = at.batch.dynamic_column(column) else {
            self.add(place.0, place.1, column, "no column".to_owned(), show(audit));
            return;
        };
        let n = at.row;
        let engine = match (found, measure.scale()) {
            (DynamicColumn::Money(a), Scale::Money) => {
                a.is_valid(n).then(|| Scalar::Money(a.value(n)))
            }
            (DynamicColumn::Number(a), Scale::Number) => {
                a.is_valid(n).then(|| Scalar::Number(a.value(n)))
            }
            (DynamicColumn::Instant(a), Scale::Instant) => {
                a.is_valid(n).then(|| Scalar::Whole(a.value(n)))
            }
            (DynamicColumn::Whole(a), Scale::Whole) => {
                a.is_valid(n).then(|| Scalar::Whole(a.value(n)))
            }
            _ => {
                self.add(place.0, place.1, column, "another type".to_owned(), show(audit));
                return;
            }
        };
        match (engine, audit) {
            (Some(Scalar::Number(a)), Some(Scalar::Number(b))) => {
                self.near(place, column, Some(a), Some(b));
            }
            _ => self.same(place, column, engine, audit),
        }
    }

    fn label(
        &mut self,
        rows: &[Row<'_, Labels>],
        measures: Option<Hash>,
        target: &str,
        fate_of: &Fate<AuditedLabel>,
    ) {
        let found = last(rows, |batch, row| {
            let is_it = batch.cell(&Labels::TARGET, row) == Ok(target)
                && batch.cell(&Labels::MEASURES_HASH, row).ok() == measures;
            is_it.then(|| batch.cell(&Labels::REVISION, row).ok()).flatten()
        });
        match (found, fate_of) {
            (Some(at), Fate::Is(row)) => self.label_cells(&at, row),
            (None, Fate::Is(row)) => self.presence(("labels", target), false, show(row.status)),
            (Some(_), other) => self.presence(("labels", target), true, fate(other)),
            (None, _) => {}
        }
    }

    fn label_cells(&mut self, at: &At<'_, Labels>, row: &AuditedLabel) {
        let place = ("labels", row.target.as_str());
        let (batch, n) = (at.batch, at.row);
        self.same(place, "status", batch.cell(&Labels::STATUS, n).ok(), Some(row.status));
        self.same(place, "kind", batch.cell(&Labels::KIND, n).ok(), Some(row.kind));
        let class = batch.cell(&Labels::CLASS, n).ok().flatten();
        self.same(place, "class", class, row.class);
        if row.status == LabelStatus::Void {
            return;
        }
        let lo = batch.cell(&Labels::CLASS_LO, n).ok().flatten();
        self.same(place, "class_lo", lo, row.class_lo);
        let hi = batch.cell(&Labels::CLASS_HI, n).ok().flatten();
        self.same(place, "class_hi", hi, row.class_hi);
        self.near(place, "value", batch.cell(&Labels::VALUE, n).ok().flatten(), row.value);
        let flags = batch.cell(&Labels::LABEL_FLAGS, n).ok().map(|bits| bits & !UNCHECKED);
        self.same(place, "label_flags", flags, Some(row.flags.bits()));
        if row.kind == LabelKind::Grade {
            let confidence = batch.cell(&Labels::CONFIDENCE, n).ok().flatten();
            self.near(place, "confidence", confidence, row.confidence);
            let fired = batch.cell(&Labels::RULES_FIRED, n).unwrap_or_default();
            self.same(place, "rules_fired", fired, row.fired.clone());
        }
        let stamps = [
            ("ts_cutoff", batch.cell(&Labels::TS_CUTOFF, n), row.ts_cutoff),
            ("ts_end", batch.cell(&Labels::TS_END, n), row.ts_end),
            ("ts_latest_end", batch.cell(&Labels::TS_LATEST_END, n), row.ts_latest_end),
            ("ts_until", batch.cell(&Labels::TS_UNTIL, n), row.ts_until),
            ("ts_avail", batch.cell(&Labels::TS_AVAIL, n), row.ts_avail),
        ];
        let shared = if at.revision == 0 { stamps.len() } else { 3 };
        for (column, engine, audit) in stamps.into_iter().take(shared) {
            self.same(place, column, engine.ok().map(contract::UtcNanos::nanos), Some(audit));
        }
    }

    fn markout(
        &mut self,
        rows: &[Row<'_, Markouts>],
        measures: Option<Hash>,
        row: &AuditedMarkout,
    ) {
        let name = markout_name(row);
        let found = last(rows, |batch, n| {
            is_markout(batch, n, measures, row)
                .then_some(())
                .and_then(|()| batch.cell(&Markouts::REVISION, n).ok())
        });
        let place = ("markouts", name.as_str());
        let Some(At { batch, row: n, .. }) = found else {
            self.presence(place, false, "a row".to_owned());
            return;
        };
        let anchor = batch.cell(&Markouts::TS_ANCHOR, n).ok().map(contract::UtcNanos::nanos);
        self.same(place, "ts_anchor", anchor, Some(row.ts_anchor));
        let end = batch.cell(&Markouts::TS_END, n).ok().map(contract::UtcNanos::nanos);
        self.same(place, "ts_end", end, Some(row.ts_end));
        let px = |price: Option<contract::Price>| price.map(contract::Price::nanos);
        let bid = px(batch.cell(&Markouts::BID_PX, n).ok().flatten());
        self.same(place, "bid_px", bid, row.bid_px);
        let ask = px(batch.cell(&Markouts::ASK_PX, n).ok().flatten());
        self.same(place, "ask_px", ask, row.ask_px);
        let numbers = [
            (&Markouts::MARKOUT_BPS, row.markout_bps),
            (&Markouts::EFF_SPREAD_BPS, row.eff_spread_bps),
            (&Markouts::REALIZED_SPREAD_BPS, row.realized_spread_bps),
            (&Markouts::IMPACT_BPS, row.impact_bps),
        ];
        for (column, audit) in numbers {
            self.near(place, column.name(), batch.cell(column, n).ok().flatten(), audit);
        }
        let reason = batch.cell(&Markouts::REASON, n).ok().flatten();
        self.same(place, "reason", reason, row.reason.map(crate::Null::word));
    }

    /// Rows of the engine about the decision that the audit has not.
    fn surplus(&mut self, rows: &[Row<'_, Markouts>], audited: &Audited) {
        for (batch, n) in rows.iter().copied() {
            let is_own = batch.cell(&Markouts::MEASURES_HASH, n).ok() == audited.measures_hash
                && batch.cell(&Markouts::STATUS, n) != Ok(LabelStatus::Void);
            let mut known = audited.markouts.iter().filter_map(Fate::row);
            let is_known = known.any(|row| is_markout(batch, n, audited.measures_hash, row));
            if is_own && !is_known {
                let offset = batch.cell(&Markouts::OFFSET_NS, n).unwrap_or_default();
                let name = format!("decision {} {offset}", self.id);
                self.presence(("markouts", &name), true, "no row".to_owned());
            }
        }
    }
}

fn markout_name(row: &AuditedMarkout) -> String {
    format!("{} {} {}", row.anchor_kind.word(), row.anchor_id, row.offset_ns)
}

fn is_markout(
    batch: &Batch<Markouts>,
    n: usize,
    measures: Option<Hash>,
    row: &AuditedMarkout,
) -> bool {
    batch.cell(&Markouts::ANCHOR_ID, n) == Ok(row.anchor_id.as_str())
        && batch.cell(&Markouts::ANCHOR_KIND, n) == Ok(row.anchor_kind)
        && batch.cell(&Markouts::OFFSET_NS, n) == Ok(row.offset_ns)
        && batch.cell(&Markouts::MEASURES_HASH, n).ok() == measures
}

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

fn fate<T>(fate: &Fate<T>) -> String {
    match fate {
        Fate::Is(_) => "a row".to_owned(),
        Fate::Pending(until) => format!("pending until {until}"),
        Fate::Rejected(why) => format!("reject {why}"),
        Fate::NotApplicable(why) => format!("not applicable: {why}"),
    }
}
