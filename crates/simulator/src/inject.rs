//! Turns a clean world into what a collector would have received, and says what it did.

use crate::fault::FaultKind;
use crate::rng::{Purpose, Rng, whole};
use crate::scenario::PlantedFault;
use crate::slice::Slice;
use contract::arrow_array::{Array, RecordBatch};
use contract::{
    Bars, BookDeltas, Decisions, Depths, Draft, EventTable, Executions, Intelligence, Quotes,
    Trades, Vocabulary as _,
};
use plan::{Cell, Plan};
use record::Record;
use std::collections::BTreeMap;

mod plan;
mod record;

/// Plants faults in batches, its own or real ones, and records each of them.
///
/// - **Shape:** clean slice in, dirty slice out, with a table `truth_faults`; clean rows and recorded faults together
///   give the dirty rows. At most one row fault falls on a row; episodes of a whole source come on top.
/// - **Point in time:** a row that arrives later leaves in the slice of its new availability.
/// - **Cost:** a copy of the tables that are touched.
///
/// ```
/// use simulator::{FaultKind, Injector, Scenario, Simulation};
/// let scenario = Scenario::preset("faultless")?;
/// let clean = Simulation::new(&scenario, 7).nth(1).expect("a second slice");
/// let mut injector = Injector::new(7).with(FaultKind::Lost, 0.01, None);
/// let dirty = injector.push(&clean, true);
/// let lost = dirty.table("truth_faults").map_or(0, |faults| faults.num_rows());
/// assert!(lost > 0);
/// assert_eq!(dirty.rows() + lost as u64, clean.rows());
/// # Ok::<(), simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Injector {
    seed: u64,
    faults: Vec<Planted>,
    /// Rows of each table that came before this slice.
    seen: BTreeMap<&'static str, u64>,
    /// Rows that arrive after the slice that they belong to.
    carry: BTreeMap<&'static str, RecordBatch>,
    fault_id: u64,
    started: Option<i64>,
    memory: Memory,
}

#[derive(Debug, Clone)]
struct Planted {
    kind: FaultKind,
    rate: f64,
    magnitude: f64,
    /// One sequence of chances a table, so that no batch cut and no other table moves it.
    dice: BTreeMap<&'static str, Dice>,
    /// Next start of an episode, and the one that runs.
    next: Option<i64>,
    running: Option<Episode>,
    rng: Rng,
}

#[derive(Debug, Clone, Copy)]
struct Episode {
    id: u64,
    source: u16,
    instrument: u32,
    until: i64,
    left: u64,
}

/// What faults need to know of earlier rows.
#[derive(Debug, Clone, Default)]
struct Memory {
    /// Greatest common divisor of the trade prices of an instrument: a multiple of its tick.
    grid: BTreeMap<u32, i64>,
    last_trade: BTreeMap<(u16, u32), (u64, RecordBatch)>,
    last_exec: Option<String>,
    decisions: Vec<(u64, RecordBatch)>,
    /// First bid of (source, instrument) after a drift began.
    drift: BTreeMap<(u16, u32), (i64, i64)>,
}

/// Waits between faults, geometric: one draw a fault instead of one a row.
#[derive(Debug, Clone)]
struct Dice {
    rng: Rng,
    rate: f64,
    left: i64,
}

impl Dice {
    fn new(rng: Rng, rate: f64) -> Self {
        let mut dice = Self { rng, rate, left: 0 };
        dice.left = dice.wait();
        dice
    }

    fn wait(&mut self) -> i64 {
        if self.rate >= 1.0 {
            return 0;
        }
        if self.rate <= 0.0 {
            return i64::MAX;
        }
        whole(libm::floor(libm::log(self.rng.unit()) / libm::log1p(-self.rate)))
    }

    fn hits(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.left = self.wait();
        true
    }
}

impl Planted {
    fn dice(&mut self, seed: u64, table: &'static str) -> &mut Dice {
        let (kind, rate) = (self.kind, self.rate);
        self.dice.entry(table).or_insert_with(|| {
            let at =
                crate::slice::EVENT_TABLES.iter().position(|t| *t == table).unwrap_or(0) as u64;
            Dice::new(Rng::new(seed, Purpose::Faults, kind as u64, at + 1), rate)
        })
    }

    fn span(&self) -> i64 {
        whole(self.magnitude * 1e9)
    }

    /// Whether an episode starts at this moment; draws the next one if so.
    fn starts(&mut self, ts: i64) -> bool {
        let rate = self.rate / 3600.0;
        let rng = &mut self.rng;
        let next = *self.next.get_or_insert_with(|| ts + rng.wait_ns(rate));
        if ts < next {
            return false;
        }
        self.next = Some(ts + rng.wait_ns(rate));
        true
    }
}

/// Tables of a market feed.
const FEED: [&str; 5] = ["trades", "quotes", "depths", "book_deltas", "bars"];

impl Injector {
    /// Plants nothing yet.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            faults: Vec::new(),
            seen: BTreeMap::new(),
            carry: BTreeMap::new(),
            fault_id: 0,
            started: None,
            memory: Memory::default(),
        }
    }

    /// Adds a kind of fault; without a magnitude it has that of [`FaultKind::default_magnitude`].
    #[must_use]
    pub fn with(mut self, kind: FaultKind, rate: f64, magnitude: Option<f64>) -> Self {
        self.faults.push(Planted {
            kind,
            rate: rate.max(0.0),
            magnitude: magnitude.unwrap_or(kind.default_magnitude()),
            dice: BTreeMap::new(),
            next: None,
            running: None,
            rng: Rng::new(self.seed, Purpose::Faults, kind as u64, 0),
        });
        self
    }

    pub(crate) fn planted(faults: &[PlantedFault], seed: u64) -> Self {
        faults
            .iter()
            .fold(Self::new(seed), |injector, f| injector.with(f.kind, f.rate, f.magnitude))
    }

    /// The slice as it would have been received. `is_last` lets out what would arrive after it.
    pub fn push(&mut self, clean: &Slice, is_last: bool) -> Slice {
        let mut records = Vec::new();
        let to = if is_last { i64::MAX } else { clean.to().nanos() };
        let mut dirty = clean.clone();
        self.started.get_or_insert(clean.from().nanos());
        self.market::<Trades>("trades", clean, &mut dirty, to, &mut records, Self::trade_faults);
        self.market::<Quotes>("quotes", clean, &mut dirty, to, &mut records, Self::quote_faults);
        self.market::<Depths>("depths", clean, &mut dirty, to, &mut records, |_, _, _, _| {});
        self.market::<BookDeltas>(
            "book_deltas",
            clean,
            &mut dirty,
            to,
            &mut records,
            Self::delta_faults,
        );
        self.market::<Bars>("bars", clean, &mut dirty, to, &mut records, Self::bar_faults);
        self.market::<Intelligence>(
            "intelligence",
            clean,
            &mut dirty,
            to,
            &mut records,
            Self::score_faults,
        );
        self.market::<Decisions>(
            "decisions",
            clean,
            &mut dirty,
            to,
            &mut records,
            Self::decision_faults,
        );
        self.market::<Executions>(
            "executions",
            clean,
            &mut dirty,
            to,
            &mut records,
            Self::execution_faults,
        );
        dirty.put_truth("truth_faults", record::table(&records));
        dirty
    }

    /// One table through its faults: feed faults, those of the table, whole-source episodes, then the order of arrival.
    fn market<T: EventTable>(
        &mut self,
        table: &'static str,
        clean: &Slice,
        dirty: &mut Slice,
        to: i64,
        records: &mut Vec<Record>,
        own: fn(&mut Self, &Draft<T>, &Slice, &mut Plan),
    ) {
        let draft = clean.draft::<T>().unwrap_or_else(|_| Draft::empty());
        let first = *self.seen.get(table).unwrap_or(&0);
        self.seen.insert(table, first + draft.len() as u64);
        let mut plan = Plan::new(table, first, &draft, self.fault_id);
        if FEED.contains(&table) {
            self.feed_faults(table, &mut plan);
        }
        own(self, &draft, clean, &mut plan);
        if FEED.contains(&table) {
            self.source_faults(table, &draft, &mut plan);
        }
        self.fault_id = plan.fault_id;
        let is_touched = plan.is_touched();
        let batch = draft.into_record_batch();
        let carried = self.carry.remove(table);
        if !is_touched && carried.is_none() {
            return;
        }
        let (now, later) = plan.apply(&batch, carried, to, records);
        if let Some(later) = later {
            self.carry.insert(table, later);
        }
        dirty.put(table, now);
    }

    fn feed_faults(&mut self, table: &'static str, plan: &mut Plan) {
        let seed = self.seed;
        for fault in &mut self.faults {
            let (kind, span) = (fault.kind, fault.span());
            if !matches!(kind, FaultKind::Lost | FaultKind::Duplicated | FaultKind::Late) {
                continue;
            }
            let magnitude = fault.magnitude;
            let dice = fault.dice(seed, table);
            for row in 0..plan.rows() {
                if !dice.hits() || !plan.touch(row) {
                    continue;
                }
                match kind {
                    FaultKind::Lost => plan.drop_row(kind, row, 0.0),
                    FaultKind::Duplicated => plan.copy(kind, row, span, magnitude),
                    _ => plan.delay(kind, row, span, magnitude),
                }
            }
        }
    }

    fn trade_faults(&mut self, draft: &Draft<Trades>, clean: &Slice, plan: &mut Plan) {
        let px = draft.col(&Trades::PX);
        let size = draft.col(&Trades::SIZE);
        let action = draft.col(&Trades::ACTION);
        let mut next_of: BTreeMap<(u16, u32), usize> = BTreeMap::new();
        let mut next = vec![None; plan.rows()];
        for row in (0..plan.rows()).rev() {
            next[row] = next_of.insert(plan.place(row), row);
        }
        for row in 0..plan.rows() {
            let grid = self.memory.grid.entry(plan.place(row).1).or_default();
            *grid = gcd(*grid, px.value(row));
        }
        let seed = self.seed;
        for fault in &mut self.faults {
            let (kind, magnitude) = (fault.kind, fault.magnitude);
            let is_mine = matches!(
                kind,
                FaultKind::OutOfOrder
                    | FaultKind::Spike
                    | FaultKind::ZeroSize
                    | FaultKind::NegativeSize
            );
            if !is_mine {
                continue;
            }
            let dice = fault.dice(seed, "trades");
            for row in (0..plan.rows()).filter(|row| action.value(*row) == b'T') {
                if !dice.hits() {
                    continue;
                }
                match kind {
                    FaultKind::OutOfOrder => {
                        let Some(other) = next[row].filter(|o| plan.avail(*o) > plan.avail(row))
                        else {
                            continue;
                        };
                        if !plan.is_free(other) || !plan.touch(row) {
                            continue;
                        }
                        plan.touch(other);
                        plan.swap(kind, row, other);
                    }
                    FaultKind::Spike if plan.touch(row) => {
                        let grid =
                            self.memory.grid.get(&plan.place(row).1).copied().unwrap_or(1).max(1);
                        let jump = whole(px.value(row) as f64 * magnitude) / grid * grid;
                        let spiked = Cell::I64(px.value(row) + jump);
                        plan.edit(
                            kind,
                            row,
                            Trades::PX.name(),
                            &Cell::I64(px.value(row)),
                            spiked,
                            magnitude,
                        );
                    }
                    FaultKind::ZeroSize | FaultKind::NegativeSize if plan.touch(row) => {
                        let was = size.value(row);
                        let is = if kind == FaultKind::ZeroSize { 0.0 } else { -was };
                        plan.edit(
                            kind,
                            row,
                            Trades::SIZE.name(),
                            &Cell::F64(was),
                            Cell::F64(is),
                            magnitude,
                        );
                    }
                    _ => {}
                }
            }
        }
        self.stray_prints(draft, clean, plan);
        let batch = draft.clone().into_record_batch();
        for (row, _) in next.iter().enumerate().filter(|(_, later)| later.is_none()) {
            if action.value(row) == b'T' {
                self.memory
                    .last_trade
                    .insert(plan.place(row), (plan.clean_row(row), batch.slice(row, 1)));
            }
        }
    }

    /// Prints in a halt or after the close: the last trade again, at a time when there can be none.
    fn stray_prints(&mut self, draft: &Draft<Trades>, clean: &Slice, plan: &mut Plan) {
        let Ok(statuses) = clean.draft::<contract::Statuses>() else { return };
        let seed = self.seed;
        let batch = draft.clone().into_record_batch();
        for fault in &mut self.faults {
            let word = match fault.kind {
                FaultKind::HaltPrint => "halt",
                FaultKind::OffSession => "close",
                _ => continue,
            };
            let (kind, span, magnitude) = (fault.kind, fault.span(), fault.magnitude);
            let rate = fault.rate.min(1.0);
            let dice = fault.dice(seed, "statuses");
            dice.rate = rate;
            for row in 0..statuses.len() {
                if statuses.cell(&contract::Statuses::ACTION, row) != Ok(word) || !dice.hits() {
                    continue;
                }
                let place = (statuses.source_id().value(row), statuses.instrument_id().value(row));
                let here = (0..plan.rows()).rev().find(|r| {
                    plan.place(*r) == place && plan.avail(*r) <= statuses.ts_avail().value(row)
                });
                let template = here
                    .map(|r| (plan.clean_row(r), batch.slice(r, 1)))
                    .or_else(|| self.memory.last_trade.get(&place).cloned());
                let Some(template) = template else { continue };
                let edits = vec![
                    (Trades::TS_EVENT.name(), Cell::I64(statuses.ts_event().value(row) + span)),
                    (
                        Trades::TS_VENUE_SEND.name(),
                        Cell::I64(statuses.ts_event().value(row) + span),
                    ),
                    (Trades::TS_RECV.name(), Cell::I64(statuses.ts_recv().value(row) + span)),
                    (Trades::TS_AVAIL.name(), Cell::I64(statuses.ts_avail().value(row) + span)),
                    (Trades::ACTION.name(), Cell::Code(b'T')),
                    (Trades::TRADE_ID.name(), Cell::Text(format!("stray-{}", plan.fault_id + 1))),
                    (Trades::REF_TRADE_ID.name(), Cell::Null),
                    (Trades::VENUE_SEQ.name(), Cell::Null),
                ];
                plan.insert(kind, template, edits, place, magnitude);
            }
        }
    }

    fn quote_faults(&mut self, draft: &Draft<Quotes>, _: &Slice, plan: &mut Plan) {
        let (bid, ask) = (draft.col(&Quotes::BID_PX), draft.col(&Quotes::ASK_PX));
        let seed = self.seed;
        let mut fault_id = plan.fault_id;
        for fault in &mut self.faults {
            let (kind, magnitude, span) = (fault.kind, fault.magnitude, fault.span());
            if kind == FaultKind::Stale {
                for row in 0..plan.rows() {
                    let (ts, place) = (plan.avail(row), plan.place(row));
                    if fault.running.is_none_or(|e| ts >= e.until) && fault.starts(ts) {
                        fault_id += 1;
                        let (source, instrument) = place;
                        fault.running = Some(Episode {
                            id: fault_id,
                            source,
                            instrument,
                            until: ts + span,
                            left: 0,
                        });
                        // The row that starts it is the quote that goes stale.
                        continue;
                    }
                    let Some(e) =
                        fault.running.filter(|e| ts < e.until && (e.source, e.instrument) == place)
                    else {
                        continue;
                    };
                    if plan.touch(row) {
                        plan.drop_in(kind, row, e.id, magnitude);
                    }
                }
                continue;
            }
            if !matches!(kind, FaultKind::Crossed | FaultKind::Locked | FaultKind::OneSided) {
                continue;
            }
            let dice = fault.dice(seed, "quotes");
            for row in (0..plan.rows()).filter(|r| bid.is_valid(*r) && ask.is_valid(*r)) {
                if !dice.hits() || !plan.touch(row) {
                    continue;
                }
                let (b, a) = (bid.value(row), ask.value(row));
                let mut edit = |name, was, is| plan.edit(kind, row, name, &was, is, magnitude);
                match kind {
                    FaultKind::Crossed => {
                        let over = whole(libm::round(magnitude.max(1.0))) * (a - b);
                        edit(Quotes::BID_PX.name(), Cell::I64(b), Cell::I64(a + over));
                    }
                    FaultKind::Locked => edit(Quotes::BID_PX.name(), Cell::I64(b), Cell::I64(a)),
                    _ => {
                        let (size, count) =
                            (draft.col(&Quotes::ASK_SIZE), draft.col(&Quotes::ASK_CT));
                        edit(Quotes::ASK_PX.name(), Cell::I64(a), Cell::Null);
                        let size = if size.is_valid(row) {
                            Cell::F64(size.value(row))
                        } else {
                            Cell::Null
                        };
                        plan.also(row, Quotes::ASK_SIZE.name(), &size, Cell::Null);
                        let count = if count.is_valid(row) {
                            Cell::U64(u64::from(count.value(row)))
                        } else {
                            Cell::Null
                        };
                        plan.also(row, Quotes::ASK_CT.name(), &count, Cell::Null);
                    }
                }
            }
        }
        plan.fault_id = plan.fault_id.max(fault_id);
    }

    fn delta_faults(&mut self, _: &Draft<BookDeltas>, _: &Slice, plan: &mut Plan) {
        let mut fault_id = plan.fault_id;
        for fault in self.faults.iter_mut().filter(|f| f.kind == FaultKind::SequenceGap) {
            for row in 0..plan.rows() {
                let (ts, place) = (plan.avail(row), plan.place(row));
                if fault.running.is_none_or(|e| e.left == 0) && fault.starts(ts) {
                    fault_id += 1;
                    let left = u64::try_from(whole(fault.magnitude)).unwrap_or(1).max(1);
                    let (source, instrument) = place;
                    fault.running =
                        Some(Episode { id: fault_id, source, instrument, until: i64::MAX, left });
                }
                let Some(e) = fault
                    .running
                    .as_mut()
                    .filter(|e| e.left > 0 && (e.source, e.instrument) == place)
                else {
                    continue;
                };
                if plan.touch(row) {
                    e.left -= 1;
                    plan.drop_in(fault.kind, row, e.id, fault.magnitude);
                }
            }
        }
        plan.fault_id = plan.fault_id.max(fault_id);
    }

    fn bar_faults(&mut self, draft: &Draft<Bars>, _: &Slice, plan: &mut Plan) {
        let seed = self.seed;
        for fault in self.faults.iter_mut().filter(|f| f.kind == FaultKind::WrongScale) {
            let factor = whole(libm::round(fault.magnitude)).max(2);
            let dice = fault.dice(seed, "bars");
            for row in 0..plan.rows() {
                if !dice.hits() || !plan.touch(row) {
                    continue;
                }
                let columns = [
                    (Bars::OPEN.name(), draft.col(&Bars::OPEN).value(row)),
                    (Bars::HIGH.name(), draft.col(&Bars::HIGH).value(row)),
                    (Bars::LOW.name(), draft.col(&Bars::LOW).value(row)),
                    (Bars::CLOSE.name(), draft.col(&Bars::CLOSE).value(row)),
                ];
                for (n, (name, px)) in columns.into_iter().enumerate() {
                    let scaled = Cell::I64(px.saturating_mul(factor));
                    if n == 0 {
                        plan.edit(
                            FaultKind::WrongScale,
                            row,
                            name,
                            &Cell::I64(px),
                            scaled,
                            factor as f64,
                        );
                    } else {
                        plan.also(row, name, &Cell::I64(px), scaled);
                    }
                }
            }
        }
    }

    fn score_faults(&mut self, draft: &Draft<Intelligence>, _: &Slice, plan: &mut Plan) {
        let batch = draft.clone().into_record_batch();
        let sentiment = draft.col(&Intelligence::SENTIMENT);
        let scored = draft.col(&Intelligence::TS_SCORED);
        let seed = self.seed;
        for fault in &mut self.faults {
            let (kind, magnitude, span) = (fault.kind, fault.magnitude, fault.span());
            if !matches!(kind, FaultKind::CorrectedLater | FaultKind::Leak) {
                continue;
            }
            let dice = fault.dice(seed, "intelligence");
            for row in 0..plan.rows() {
                let is_trap = draft.cell(&Intelligence::SERIES, row) == Ok(Some("leak_trap"));
                match kind {
                    FaultKind::CorrectedLater
                        if sentiment.is_valid(row) && dice.hits() && plan.touch(row) =>
                    {
                        let was = sentiment.value(row);
                        plan.edit(
                            kind,
                            row,
                            Intelligence::SENTIMENT.name(),
                            &Cell::F64(was),
                            Cell::F64(-was),
                            magnitude,
                        );
                        let edits = vec![
                            (Intelligence::REVISION.name(), Cell::U64(1)),
                            (
                                Intelligence::TS_RECV.name(),
                                Cell::I64(draft.ts_recv().value(row) + span),
                            ),
                            (Intelligence::TS_SCORED.name(), Cell::I64(scored.value(row) + span)),
                            (Intelligence::TS_AVAIL.name(), Cell::I64(plan.avail(row) + span)),
                        ];
                        plan.insert(
                            kind,
                            (plan.clean_row(row), batch.slice(row, 1)),
                            edits,
                            plan.place(row),
                            magnitude,
                        );
                    }
                    FaultKind::Leak if is_trap && dice.hits() && plan.touch(row) => {
                        let claimed = draft.ts_event().value(row) + 1_000;
                        let avail = plan.avail(row);
                        plan.edit(
                            kind,
                            row,
                            Intelligence::TS_AVAIL.name(),
                            &Cell::I64(avail),
                            Cell::I64(claimed),
                            magnitude,
                        );
                        let (recv, at) = (draft.ts_recv().value(row), scored.value(row));
                        plan.also(
                            row,
                            Intelligence::TS_RECV.name(),
                            &Cell::I64(recv),
                            Cell::I64(claimed),
                        );
                        plan.also(
                            row,
                            Intelligence::TS_SCORED.name(),
                            &Cell::I64(at),
                            Cell::I64(claimed),
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    fn decision_faults(&mut self, draft: &Draft<Decisions>, clean: &Slice, plan: &mut Plan) {
        let batch = draft.clone().into_record_batch();
        self.memory.decisions.push((plan.first(), batch));
        let now = clean.to().nanos();
        let mut longest = 0;
        for fault in self.faults.iter_mut().filter(|f| f.kind == FaultKind::ProducerRestart) {
            let (kind, span, magnitude) = (fault.kind, fault.span(), fault.magnitude);
            longest = longest.max(span);
            if !fault.starts(now) {
                continue;
            }
            plan.fault_id += 1;
            let mut sent = 0;
            for (first, old) in &self.memory.decisions {
                let Ok(rows) = Draft::<Decisions>::parse(old) else { continue };
                for row in 0..rows.len() {
                    if rows.ts_avail().value(row) < now - span {
                        continue;
                    }
                    sent += 1;
                    let again = now + sent * 50_000;
                    let edits = vec![
                        (Decisions::TS_RECV.name(), Cell::I64(again)),
                        (Decisions::TS_AVAIL.name(), Cell::I64(again + 5_000)),
                    ];
                    let place = (rows.source_id().value(row), rows.instrument_id().value(row));
                    plan.insert_in(
                        kind,
                        (first + row as u64, old.slice(row, 1)),
                        edits,
                        place,
                        magnitude,
                    );
                }
            }
        }
        self.memory.decisions.retain(|(_, old)| {
            let newest = crate::slice::available(old).and_then(|t| t.values().last().copied());
            newest.is_some_and(|ts| ts >= now - longest)
        });
    }

    fn execution_faults(&mut self, draft: &Draft<Executions>, _: &Slice, plan: &mut Plan) {
        let trade = contract::ExecType::Trade.word();
        let is_trade =
            |row: usize| draft.cell(&Executions::EXEC_TYPE, row).is_ok_and(|e| e.word() == trade);
        let fee = draft.col(&Executions::FEE);
        let seed = self.seed;
        let mut before: Vec<Option<String>> = Vec::with_capacity(plan.rows());
        let mut last = self.memory.last_exec.take();
        for row in 0..plan.rows() {
            before.push(last.clone());
            if is_trade(row) {
                last = Some(draft.col(&Executions::EXEC_ID).value(row).to_owned());
            }
        }
        self.memory.last_exec = last;
        for fault in &mut self.faults {
            let (kind, magnitude, span) = (fault.kind, fault.magnitude, fault.span());
            if kind == FaultKind::ZombieProducer {
                for row in 0..plan.rows() {
                    let ts = plan.avail(row);
                    if fault.running.is_none_or(|e| ts >= e.until) && fault.starts(ts) {
                        plan.fault_id += 1;
                        let id = plan.fault_id;
                        fault.running = Some(Episode {
                            id,
                            source: 0,
                            instrument: 0,
                            until: ts + span,
                            left: 0,
                        });
                    }
                    if fault.running.is_some_and(|e| ts < e.until) && plan.touch(row) {
                        plan.copy(kind, row, 2_000_000, magnitude);
                    }
                }
                continue;
            }
            let is_mine = matches!(
                kind,
                FaultKind::MissingFee
                    | FaultKind::OrphanFill
                    | FaultKind::RepeatedFillId
                    | FaultKind::WrongCurrency
            );
            if !is_mine {
                continue;
            }
            let mut ids = fault.rng.clone();
            let dice = fault.dice(seed, "executions");
            for row in (0..plan.rows()).filter(|r| is_trade(*r)) {
                if !dice.hits() || !plan.is_free(row) {
                    continue;
                }
                let (name, was, is) = match kind {
                    FaultKind::MissingFee if fee.is_valid(row) => {
                        (Executions::FEE.name(), Cell::Dec(fee.value(row)), Cell::Null)
                    }
                    FaultKind::OrphanFill => {
                        let column = draft.col(&Executions::DECISION_ID);
                        let Ok(was) = <[u8; 16]>::try_from(column.value(row)) else { continue };
                        let mut is = was;
                        is[6..16].copy_from_slice(&ids.bytes10());
                        is[6] = is[6] & 0x0f | 0x70;
                        is[8] = is[8] & 0x3f | 0x80;
                        (Executions::DECISION_ID.name(), Cell::Id(was), Cell::Id(is))
                    }
                    FaultKind::RepeatedFillId => {
                        let Some(id) = before[row].clone() else { continue };
                        let was = draft.col(&Executions::EXEC_ID).value(row).to_owned();
                        (Executions::EXEC_ID.name(), Cell::Text(was), Cell::Text(id))
                    }
                    FaultKind::WrongCurrency => {
                        let Ok(Some(was)) = draft.cell(&Executions::CCY, row) else { continue };
                        (
                            Executions::CCY.name(),
                            Cell::Word(was.to_owned()),
                            Cell::Word("JPY".to_owned()),
                        )
                    }
                    _ => continue,
                };
                plan.touch(row);
                plan.edit(kind, row, name, &was, is, magnitude);
            }
            fault.rng = ids;
        }
    }

    /// Faults of a whole source from some moment on: they start a quarter of an hour after the first row, over the rate.
    fn source_faults<T: EventTable>(
        &mut self,
        table: &'static str,
        draft: &Draft<T>,
        plan: &mut Plan,
    ) {
        let started = self.started.unwrap_or(0);
        for fault in &mut self.faults {
            let (kind, span) = (fault.kind, fault.span());
            let source = match kind {
                FaultKind::ClockStep | FaultKind::SourceDrift => 2,
                FaultKind::SlowRecorder => 1,
                _ => continue,
            };
            if fault.rate <= 0.0 || (kind == FaultKind::SourceDrift && table != "quotes") {
                continue;
            }
            let from = started + whole(900e9 / fault.rate);
            let quotes = (kind == FaultKind::SourceDrift)
                .then(|| Draft::<Quotes>::parse(&draft.as_any().clone().into_record_batch()).ok())
                .flatten();
            for row in 0..plan.rows() {
                let (s, instrument) = plan.place(row);
                if s != source || plan.avail(row) < from {
                    continue;
                }
                match kind {
                    FaultKind::ClockStep => {
                        plan.episode(kind, (s, None), from, span, fault.magnitude, None);
                        plan.shift_event(row, span);
                    }
                    FaultKind::SlowRecorder => {
                        plan.episode(kind, (s, None), from, span, fault.magnitude, None);
                        plan.shift_recv(row, -span);
                    }
                    _ => {
                        let Some(quotes) = &quotes else { continue };
                        let (bid, ask) = (quotes.col(&Quotes::BID_PX), quotes.col(&Quotes::ASK_PX));
                        if bid.is_null(row) || ask.is_null(row) {
                            continue;
                        }
                        let grid = self.memory.grid.get(&instrument).copied().unwrap_or(1).max(1);
                        let (first, grid) = *self
                            .memory
                            .drift
                            .entry((s, instrument))
                            .or_insert((bid.value(row), grid));
                        plan.episode(
                            kind,
                            (s, Some(instrument)),
                            from,
                            0,
                            fault.magnitude,
                            Some((first, grid)),
                        );
                        let hours = (plan.avail(row) - from) as f64 / 3.6e12;
                        let shift =
                            whole(first as f64 * fault.magnitude * hours / grid as f64) * grid;
                        plan.shift_px(row, shift);
                    }
                }
            }
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
