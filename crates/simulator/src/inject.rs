//! Turns a clean world into what a collector would have received, and says what it did.

use crate::fault::FaultKind;
use crate::rng::{Purpose, Rng, whole};
use crate::scenario::PlantedFault;
use crate::slice::Slice;
use contract::arrow_array::{Array, RecordBatch};
use contract::{
    Bars, BookDeltas, Decisions, Depths, Draft, EventTable, Executions, Intelligence, Quotes,
    Trades,
};
use plan::Plan;
use record::Record;
use std::collections::BTreeMap;

mod market;
mod own;
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
/// let clean = Simulation::new(&scenario, 7).nth(11).expect("a slice of trading");
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

    /// Plants what a scenario asks for, as a [`Simulation`](crate::Simulation) of it does: over the clean world of the same
    /// seed it gives the same rows.
    #[must_use]
    pub fn of(scenario: &crate::Scenario, seed: u64) -> Self {
        Self::planted(&scenario.spec.faults, seed)
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
