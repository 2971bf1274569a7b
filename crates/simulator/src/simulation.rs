//! A run: slices of time, made one after the other.

use crate::calendar::Calendar;
use crate::desk::{HEDGER, STRATEGIES};
use crate::emit::{BOOKS, BROKER, DESK, Emitter, NEWS};
use crate::inject::Injector;
use crate::market::{Frame, Market};
use crate::numbering::Numbering;
use crate::portfolio::{Portfolio, Shot};
use crate::rng::{Purpose, Rng, whole};
use crate::rows::{PostingRow, Tape, Timed};
use crate::scenario::{Scenario, ScenarioError};
use crate::slice::{EVENT_TABLES, Slice};
use crate::truth_tables::{self, Ceiling, Emitted};
use crate::universe::Universe;
use crate::world::{Share, World};
use contract::arrow_array::RecordBatch;
use contract::{Clocks, FeedMarks, MarkKind, SourceId, TableBuilder, UtcNanos};

/// A run of a scenario: an iterator of [`Slice`]s in time order.
///
/// - **Shape:** every event row comes once, in the slice in which it becomes available, in the order of `ts_avail`.
/// - **Cost:** memory is bounded by one slice; the run is parallel by instrument.
///
/// Equal scenario and seed give equal bytes on any number of threads.
///
/// ```
/// use simulator::{Scenario, Simulation};
/// use contract::Trades;
/// let scenario = Scenario::preset("faultless")?;
/// let mut trades = 0;
/// for slice in Simulation::new(&scenario, 7).skip(10).take(2) { // past the opening auction
///     trades += slice.draft::<Trades>()?.len();
/// }
/// assert!(trades > 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Simulation {
    scenario: Scenario,
    universe: Universe,
    calendar: Calendar,
    seed: u64,
    threads: usize,
    world: World,
    markets: Vec<Market>,
    portfolio: Portfolio,
    /// Rows made before they become available.
    carry: Tape,
    emitter: Emitter,
    ceiling: Ceiling,
    emitted: Emitted,
    injector: Option<Injector>,
    next_from: i64,
    index: u64,
    numbering: Numbering,
    has_started: bool,
}

impl Simulation {
    /// The run of a scenario with a seed, at its start.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let universe = Universe::new(&scenario.spec);
        let calendar = Calendar::new(&scenario.spec, &universe);
        let markets = (0..universe.listings.len())
            .map(|at| Market::new(&scenario.spec, &universe, &calendar, at))
            .collect();
        let mut tokens = Rng::new(seed, Purpose::Ids, 0, 0);
        let accounts = std::array::from_fn(|_| {
            let mut token = [0; 16];
            token[..8].copy_from_slice(&tokens.u64().to_be_bytes());
            token[8..].copy_from_slice(&tokens.u64().to_be_bytes());
            token
        });
        let injector =
            scenario.has_faults().then(|| Injector::planted(&scenario.spec.faults, seed));
        Self {
            world: World::new(&universe),
            emitter: Emitter::new(&universe, accounts),
            portfolio: Portfolio::new(),
            next_from: calendar.start,
            scenario: scenario.clone(),
            universe,
            calendar,
            seed,
            threads: 1,
            markets,
            carry: Tape::default(),
            ceiling: Ceiling::default(),
            emitted: Emitted::new(),
            injector,
            index: 0,
            numbering: Numbering::default(),
            has_started: false,
        }
    }

    /// Uses so many threads; the bytes stay the same.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Plants no faults: the clean world of the same run.
    #[must_use]
    pub fn clean(mut self) -> Self {
        self.injector = None;
        self
    }

    /// The scenario of the run.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Start and end of the run.
    #[must_use]
    pub fn span(&self) -> (UtcNanos, UtcNanos) {
        (UtcNanos::from_nanos(self.calendar.start), UtcNanos::from_nanos(self.calendar.end))
    }

    /// Makes the run up to the slice that holds `ts` without handing it out, so that the next slice is that one.
    ///
    /// With a checkpoint (`clone`) at hand this is not needed; without one the state is made again from the seed.
    #[must_use]
    pub fn skip_to(mut self, ts: UtcNanos) -> Self {
        while self.next_from + self.scenario.spec.slice.0 <= ts.nanos() && self.next().is_some() {}
        self
    }

    /// Reference tables, known before the first row.
    ///
    /// # Errors
    /// [`ScenarioError::Value`] when a value of the scenario breaks a rule of a reference table.
    pub fn references(&self) -> Result<Vec<(&'static str, RecordBatch)>, ScenarioError> {
        crate::reference::tables(
            &self.scenario.spec,
            &self.universe,
            &self.calendar,
            &self.emitter.accounts,
        )
        .map_err(|e| ScenarioError::Value {
            key: "*".to_owned(),
            expected: "values that the reference tables allow",
            found: e.to_string(),
        })
    }

    fn run_markets(&mut self, shares: &[Share], to: i64, hedge_target: i64) -> Vec<Tape> {
        let frame = Frame {
            spec: &self.scenario.spec,
            universe: &self.universe,
            calendar: &self.calendar,
            seed: self.seed,
            slice: self.index,
            to,
            hedge_target,
        };
        let threads = self.threads.min(self.markets.len()).max(1);
        if threads == 1 {
            return self
                .markets
                .iter_mut()
                .zip(shares)
                .map(|(market, share)| market.run(&frame, share))
                .collect();
        }
        let mut slots: Vec<Option<Tape>> = vec![None; self.markets.len()];
        let mut lanes: Vec<Vec<(&mut Market, &Share, &mut Option<Tape>)>> =
            (0..threads).map(|_| Vec::new()).collect();
        for (at, ((market, share), slot)) in
            self.markets.iter_mut().zip(shares).zip(&mut slots).enumerate()
        {
            lanes[at % threads].push((market, share, slot));
        }
        std::thread::scope(|scope| {
            for lane in lanes {
                scope.spawn(move || {
                    for (market, share, slot) in lane {
                        *slot = Some(market.run(&frame, share));
                    }
                });
            }
        });
        slots.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// Lots of the first instrument that would offset the desk's exposure to the common factor.
    fn hedge_target(&self) -> i64 {
        let mut exposure = 0.0;
        for market in &self.markets {
            let lots: i64 = (0..STRATEGIES.len())
                .filter(|s| *s != HEDGER)
                .map(|s| market.accounts[s].now.lots)
                .sum();
            let px = market.sites[0].book.bid * market.listing.tick;
            exposure += market.listing.beta * market.listing.notional(px, lots) as f64;
        }
        let one = self.markets.first().map_or(1.0, |m| {
            m.listing.beta.max(0.1)
                * m.listing.notional(m.sites[0].book.bid * m.listing.tick, 1) as f64
        });
        -whole(libm::round(exposure / one))
    }

    /// Money that moves once: deposits at the start, the broker's daily fee at each close.
    fn fixed_postings(&mut self, from: i64, to: i64, tape: &mut Tape) {
        let mut due: Vec<(i64, &'static str, i128)> = Vec::new();
        if !self.has_started {
            due.push((
                from,
                "deposit",
                i128::from(self.scenario.spec.desk.deposit) * 1_000_000_000,
            ));
        }
        for day in &self.scenario.spec.days {
            let close = crate::calendar::instant(day, day.close);
            if (from..to).contains(&close) {
                due.push((close, "fee", -25_000_000_000));
            }
        }
        for (ts, kind, amount) in due {
            for strategy in 0..4_u8 {
                let number = u64::try_from(ts / 1_000_000_000).unwrap_or(0);
                self.portfolio.post(strategy, amount);
                tape.postings.push(PostingRow {
                    ts,
                    recv: ts + 1_000_000,
                    instrument: None,
                    strategy,
                    kind,
                    amount,
                    number,
                });
            }
        }
    }

    fn snapshot(&mut self, from: i64) -> Shot {
        let marks: Vec<_> =
            self.markets.iter().map(|m| (m, m.sites[0].book.bid * m.listing.tick)).collect();
        let mut ids = Rng::new(self.seed, Purpose::Ids, 1, self.index);
        self.portfolio.shoot(&marks, from, &mut ids)
    }

    fn marks(&self, from: i64) -> Result<RecordBatch, contract::BuildError> {
        let now = UtcNanos::from_nanos(from);
        let mut out = TableBuilder::<FeedMarks>::new(now);
        let venues = u16::try_from(self.universe.venues.len()).unwrap_or(2);
        let sources = (1..=venues).chain(BROKER..BROKER + venues).chain([DESK, BOOKS, NEWS]);
        let kind = if self.has_started { MarkKind::Watermark } else { MarkKind::Start };
        for source in sources {
            out.set(&FeedMarks::SOURCE_ID, SourceId::new(source))
                .set(&FeedMarks::TS_EVENT, now)
                .set(&FeedMarks::CLOCK_OFFSET_NS, 0)
                .set(&FeedMarks::KIND, kind)
                .set(&FeedMarks::TS_MARK, now);
            out.end_row()?;
        }
        Ok(out.finish()?.into_record_batch())
    }

    /// One measurement of each venue's clock at the start of a slice.
    fn clocks(&self, from: i64) -> Result<RecordBatch, contract::BuildError> {
        let mut out = TableBuilder::<Clocks>::new(UtcNanos::from_nanos(from));
        let sites = self.markets.first().map_or(&[][..], |m| m.sites.as_slice());
        for (site, source) in sites.iter().zip(1..) {
            out.set(&Clocks::SOURCE_ID, SourceId::new(source))
                .set(&Clocks::TS_EVENT, UtcNanos::from_nanos(site.clock(from)))
                .set(&Clocks::CLOCK_OFFSET_NS, site.clock(from) - from)
                .set(&Clocks::CLOCK_SOURCE, "own")
                .set(&Clocks::OFFSET_NS, site.clock(from) - from)
                .set(&Clocks::BOUND_NS, 50_000);
            out.end_row()?;
        }
        Ok(out.finish()?.into_record_batch())
    }

    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: the engine makes rows that keep the rules of the contract"
    )]
    fn make(&mut self, from: i64, to: i64) -> Slice {
        let spec = &self.scenario.spec;
        let shares = self.world.slice(
            spec,
            &self.universe,
            &self.calendar,
            (self.seed, self.index),
            (from, to),
        );
        let hedge_target = self.hedge_target();
        let shot = self.snapshot(from);
        let marks = self.marks(from).expect("marks");
        let clocks = self.clocks(from).expect("clocks");
        let tapes = self.run_markets(&shares, to, hedge_target);
        let mut all = std::mem::take(&mut self.carry);
        self.fixed_postings(from, to, &mut all);
        for tape in tapes {
            all.append(tape);
        }
        let is_last = to >= self.calendar.end;
        self.carry = all.split_off(if is_last { i64::MAX } else { to });
        self.ceiling.add(&all.signals, self.scenario.spec.horizon.0);

        let e = &self.emitter;
        let universe = &self.universe;
        let accounts = &e.accounts;
        let mut slice = Slice::new(from, to);
        slice.put("statuses", e.statuses(&all.statuses));
        slice.put("trades", e.trades(&all.trades));
        slice.put("quotes", e.quotes(&all.quotes));
        slice.put("depths", e.depths(&all.depths));
        slice.put("book_deltas", e.deltas(&all.deltas));
        slice.put("bars", e.bars(&all.bars));
        slice.put("feed_marks", marks);
        slice.put("intelligence", e.news(&all.news).expect("scores"));
        slice.put("executions", e.executions(&all.executions));
        slice.put("postings", e.postings(&all.postings).expect("postings"));
        let (snapshots, positions) = shot.tables(&self.universe, accounts).expect("snapshots");
        slice.put("portfolio_snapshots", snapshots);
        slice.put("positions", positions);
        slice.put("decisions", e.decisions(&all.decisions).expect("decisions"));
        slice.put("clocks", clocks);
        let betas: Vec<f64> = universe.listings.iter().map(|l| l.beta).collect();
        slice.put_derived("references", e.references(&all.decisions, &betas));

        let mut counts = Emitted::new();
        for (table, batch) in slice.tables() {
            for (source, n) in crate::slice::by_source(batch) {
                *counts.entry((table, source)).or_default() += n;
                *self.emitted.entry((table, source)).or_default() += n;
            }
        }
        slice.put_truth("truth_signal", truth_tables::signals(universe, &all.signals));
        slice.put_truth("truth_labels", truth_tables::labels(universe, &all.labels));
        slice.put_truth("truth_books", truth_tables::books(universe, accounts, &all.books));
        slice.put_truth("truth_ledger", truth_tables::ledger(from, to, &counts, &self.emitted));
        if is_last {
            slice.put_truth("truth_ceiling", self.ceiling.table());
        }
        if let Some(injector) = &mut self.injector {
            slice = injector.push(&slice, is_last);
        }
        self.numbering.number(&mut slice, self.scenario.spec.desk.think.0);
        slice
    }
}

impl Iterator for Simulation {
    type Item = Slice;

    fn next(&mut self) -> Option<Slice> {
        let step = self.scenario.spec.slice.0;
        loop {
            let (from, to) = (self.next_from, self.next_from + step);
            if from >= self.calendar.end {
                return None;
            }
            let is_idle =
                self.calendar.is_idle(from, to) && to < self.calendar.end && self.has_started;
            let slice =
                if is_idle && self.carry.is_empty() { None } else { Some(self.make(from, to)) };
            self.next_from = to;
            self.index += 1;
            if let Some(slice) = slice {
                self.has_started = true;
                return Some(slice);
            }
        }
    }
}

impl Tape {
    fn append(&mut self, mut other: Self) {
        self.trades.append(&mut other.trades);
        self.quotes.append(&mut other.quotes);
        self.depths.append(&mut other.depths);
        self.deltas.append(&mut other.deltas);
        self.bars.append(&mut other.bars);
        self.statuses.append(&mut other.statuses);
        self.news.append(&mut other.news);
        self.decisions.append(&mut other.decisions);
        self.executions.append(&mut other.executions);
        self.postings.append(&mut other.postings);
        self.books.append(&mut other.books);
        self.signals.append(&mut other.signals);
        self.labels.append(&mut other.labels);
    }

    /// Sorts the event rows by availability and takes out those that become available at `to` or later.
    fn split_off(&mut self, to: i64) -> Self {
        Self {
            trades: cut(&mut self.trades, to),
            quotes: cut(&mut self.quotes, to),
            depths: cut(&mut self.depths, to),
            deltas: cut(&mut self.deltas, to),
            bars: cut(&mut self.bars, to),
            statuses: cut(&mut self.statuses, to),
            news: cut(&mut self.news, to),
            decisions: cut(&mut self.decisions, to),
            executions: cut(&mut self.executions, to),
            postings: cut(&mut self.postings, to),
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        let market = self.trades.len()
            + self.quotes.len()
            + self.depths.len()
            + self.deltas.len()
            + self.bars.len();
        let own =
            self.statuses.len() + self.news.len() + self.decisions.len() + self.executions.len();
        market + own + self.postings.len() == 0
    }
}

/// The sort is stable, so rows of one source and instrument keep their order.
fn cut<T: Timed>(rows: &mut Vec<T>, to: i64) -> Vec<T> {
    rows.sort_by_key(Timed::avail);
    let at = rows.partition_point(|r| r.avail() < to);
    rows.split_off(at)
}

/// Names of the tables that a run makes, events first, truth last.
#[must_use]
pub fn table_names() -> Vec<&'static str> {
    let truth = [
        "truth_signal",
        "truth_labels",
        "truth_books",
        "truth_ledger",
        "truth_faults",
        "truth_ceiling",
    ];
    EVENT_TABLES.iter().copied().chain(["references"]).chain(truth).collect()
}
