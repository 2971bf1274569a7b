//! A simple desk that decides over quotes from elsewhere.

mod strategy;
mod tables;

use crate::rng::{Purpose, Rng};
use contract::arrow_array::{Array as _, RecordBatch};
use contract::{Amount, AnyBatch, Batch, BuildError, Diagnostic, Draft, Fault, Quotes, ShapeError};
use std::collections::BTreeMap;
use strategy::{Act, Market, Policy, Sight, Standing};

/// How a desk is replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplaySettings {
    /// Same quotes, settings and seed, same rows. Default 7.
    pub seed: u64,
    /// Mean decisions an hour of each strategy in each instrument, at Poisson times. Default 20.
    pub rate_per_hour: f64,
    /// From a quote's availability to the desk, from the desk to the venue, and from the venue to the desk, in
    /// nanoseconds. Default 1 ms.
    pub latency_ns: i64,
    /// Intended holding time of a decision, and what a position waits for, in nanoseconds. Default 5 minutes.
    pub horizon_ns: i64,
    /// Time constant of the drift that momentum follows and reversion opposes, in nanoseconds. Default 1 minute.
    pub drift_ns: i64,
    /// A quote that is older than this shows no market, and an order waits so long for a quote, in nanoseconds. Default
    /// 1 minute.
    pub stale_ns: i64,
    /// Quantity of one order. Default 1.
    pub qty: Amount,
    /// Fee in basis points of the value of a fill. Default 0.2.
    pub fee_bps: Amount,
    /// Currency of prices and fees. Default `USD`.
    pub ccy: String,
}

impl Default for ReplaySettings {
    fn default() -> Self {
        Self {
            seed: 7,
            rate_per_hour: 20.0,
            latency_ns: 1_000_000,
            horizon_ns: 300_000_000_000,
            drift_ns: 60_000_000_000,
            stale_ns: 60_000_000_000,
            qty: Amount::from_units(1),
            fee_bps: Amount::from_nanos(200_000_000).unwrap_or(Amount::ZERO),
            ccy: "USD".to_owned(),
        }
    }
}

/// What a replayed desk did.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Its decisions, in the order of `ts_avail`; no `seq`.
    pub decisions: RecordBatch,
    /// One report an order, a fill or that none came, in the order of `ts_avail`; no `seq`.
    pub executions: RecordBatch,
    /// Quotes that were read.
    pub quotes: usize,
    /// Orders that were sent.
    pub orders: usize,
    /// Orders that were filled; the others expired.
    pub fills: usize,
}

/// Why a desk could not be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A setting out of range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// A batch of another table.
    #[error("quotes: expected batches of this table, found one that is not")]
    Table(#[source] ShapeError),
    /// Rows out of order.
    #[error("quotes.ts_avail, row {row}: expected at least {expected}, found {found}")]
    Order {
        /// The row in its batch.
        row: usize,
        /// Availability of the row above, in nanoseconds.
        expected: i64,
        /// Its own.
        found: i64,
    },
    /// A row that the contract cannot hold.
    #[error("replay: expected rows that the contract can hold")]
    Row(#[source] BuildError),
}

impl Diagnostic for ReplayError {
    fn code(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "simulator/replay-setting",
            Self::Table(_) => "simulator/replay-table",
            Self::Order { .. } => "simulator/replay-order",
            Self::Row(_) => "simulator/replay-row",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// A best quote, in 1e-9.
#[derive(Debug, Clone, Copy)]
struct Tick {
    avail: i64,
    bid: Option<i64>,
    ask: Option<i64>,
    bid_size: Option<f64>,
    ask_size: Option<f64>,
    seq: Option<u64>,
}

/// An order, from decision to report.
#[derive(Debug, Clone, Copy)]
struct Order {
    number: u64,
    sent: i64,
    is_buy: bool,
    lots: i64,
    decision: [u8; 16],
    instrument: u32,
    policy: Policy,
    /// When it reached the venue, and the quote there.
    arrival: (Option<i64>, Option<i64>),
    /// When it ended, by the venue's clock.
    ended: i64,
    /// The quote that filled it; none when it expired.
    filled: Option<Tick>,
}

/// A decision with all that is written of it.
#[derive(Debug, Clone, Copy)]
struct Choice {
    id: [u8; 16],
    ts: i64,
    instrument: u32,
    policy: Policy,
    act: Act,
    before: i64,
    order: Option<u64>,
    parent: Option<[u8; 16]>,
    sight: Sight,
    seq_high: Option<u64>,
}

/// Decisions and executions of three strategies that see these quotes late.
///
/// `momentum` follows the mid's recent drift in units of its own scale, `reversion` opposes it, and `explorer` draws buy,
/// sell or hold from probabilities that it writes down. Each decides at Poisson times in every instrument. All orders are
/// market orders: an order is filled whole by the first quote that becomes available after it reached the venue, at the
/// far side, or expires when none comes in time.
///
/// - **Shape:** batches in any number, each in the order of `ts_avail`; batches are merged. Quotes of several sources for
///   one instrument are one stream.
/// - **Units:** quantities in instrument units with a contract multiplier of 1.
/// - **Point in time:** a decision at `t` uses quotes with `ts_avail` < `t - latency_ns` and reports that came before `t`.
///   The clock of everything is that of availability: a fill has the time at which its quote became available.
/// - **Cost:** one pass over the quotes for each strategy; quotes and rows stand in memory.
///
/// ```
/// use contract::testing::quotes;
/// use simulator::{ReplaySettings, replay};
/// // Availability in nanoseconds, bid and ask.
/// let tape = quotes("0 1.0 1.1, 1000000000 1.1 1.2, 2000000000 1.0 1.1, 3000000000 1.2 1.3, 4000000000 1.1 1.2");
/// let settings = ReplaySettings { rate_per_hour: 7200.0, ..ReplaySettings::default() };
/// let done = replay(&[tape.into_any()], &settings)?;
/// assert!(done.decisions.num_rows() > 5);
/// assert_eq!(done.executions.num_rows(), done.orders);
/// # Ok::<(), simulator::ReplayError>(())
/// ```
///
/// # Errors
/// [`ReplayError`].
pub fn replay(quotes: &[AnyBatch], settings: &ReplaySettings) -> Result<Replay, ReplayError> {
    check(settings)?;
    let mut books: BTreeMap<u32, Vec<Tick>> = BTreeMap::new();
    for batch in quotes {
        read(batch, &mut books)?;
    }
    let (mut choices, mut orders) = (Vec::new(), Vec::new());
    for (instrument, ticks) in &mut books {
        ticks.sort_by_key(|tick| tick.avail);
        for policy in Policy::ALL {
            let mut desk = Desk::new(policy, *instrument, settings);
            desk.play(ticks);
            choices.append(&mut desk.choices);
            orders.append(&mut desk.orders);
        }
    }
    choices.sort_by_key(|c| (c.ts, c.instrument, c.policy));
    orders.sort_by_key(|o| (o.ended, o.instrument, o.policy, o.number));
    Ok(Replay {
        decisions: tables::decisions(&choices, settings).map_err(ReplayError::Row)?,
        executions: tables::executions(&orders, settings).map_err(ReplayError::Row)?,
        quotes: books.values().map(Vec::len).sum(),
        orders: orders.len(),
        fills: orders.iter().filter(|order| order.filled.is_some()).count(),
    })
}

fn check(settings: &ReplaySettings) -> Result<(), ReplayError> {
    let refuse =
        |setting, expected, found: String| Err(ReplayError::Setting { setting, expected, found });
    let rate = settings.rate_per_hour;
    if !(rate > 0.0 && rate <= 3_600_000.0) {
        return refuse("rate_per_hour", "above 0, at most 3600000", rate.to_string());
    }
    if settings.latency_ns < 0 {
        return refuse("latency_ns", "at least 0", settings.latency_ns.to_string());
    }
    for (name, ns) in [
        ("horizon_ns", settings.horizon_ns),
        ("drift_ns", settings.drift_ns),
        ("stale_ns", settings.stale_ns),
    ] {
        if ns <= 0 {
            return refuse(name, "above 0", ns.to_string());
        }
    }
    if settings.qty.nanos() <= 0 {
        return refuse("qty", "above 0", settings.qty.to_string());
    }
    Ok(())
}

fn read(batch: &AnyBatch, books: &mut BTreeMap<u32, Vec<Tick>>) -> Result<(), ReplayError> {
    let seqs = batch.seq().cloned();
    let quotes = if seqs.is_some() {
        Batch::<Quotes>::parse(&batch.clone().into_record_batch()).map(Batch::into_draft)
    } else {
        Draft::<Quotes>::try_from_any(batch.clone())
    };
    let quotes = quotes.map_err(ReplayError::Table)?;
    let (bids, asks) = (quotes.col(&Quotes::BID_PX), quotes.col(&Quotes::ASK_PX));
    let bid_sizes = quotes.col(&Quotes::BID_SIZE);
    let ask_sizes = quotes.col(&Quotes::ASK_SIZE);
    let mut last = i64::MIN;
    let stamps = quotes.ts_avail().values().iter().zip(quotes.instrument_id().values());
    for (row, (avail, instrument)) in stamps.enumerate() {
        if *avail < last {
            return Err(ReplayError::Order { row, expected: last, found: *avail });
        }
        last = *avail;
        let px = |column: &contract::arrow_array::Int64Array| {
            column.is_valid(row).then(|| column.value(row)).filter(|px| *px > 0)
        };
        let size = |column: &contract::arrow_array::Float64Array| {
            column.is_valid(row).then(|| column.value(row))
        };
        books.entry(*instrument).or_default().push(Tick {
            avail: *avail,
            bid: px(bids),
            ask: px(asks),
            bid_size: size(bid_sizes),
            ask_size: size(ask_sizes),
            seq: seqs.as_ref().filter(|seqs| seqs.is_valid(row)).map(|seqs| seqs.value(row)),
        });
    }
    Ok(())
}

/// One strategy in one instrument.
struct Desk<'a> {
    settings: &'a ReplaySettings,
    policy: Policy,
    instrument: u32,
    rng: Rng,
    market: Market,
    standing: Standing,
    /// Report on its way: when it is read, and the lots that it brings.
    working: Option<(i64, i64)>,
    parent: Option<[u8; 16]>,
    choices: Vec<Choice>,
    orders: Vec<Order>,
}

impl<'a> Desk<'a> {
    fn new(policy: Policy, instrument: u32, settings: &'a ReplaySettings) -> Self {
        let stream = u64::from(policy.index());
        Self {
            settings,
            policy,
            instrument,
            rng: Rng::new(settings.seed, Purpose::Replay, u64::from(instrument), stream),
            market: Market::default(),
            standing: Standing::default(),
            working: None,
            parent: None,
            choices: Vec::new(),
            orders: Vec::new(),
        }
    }

    fn play(&mut self, ticks: &[Tick]) {
        let (Some(first), Some(last)) = (ticks.first(), ticks.last()) else { return };
        let mut seen = 0;
        let mut seq_high = None;
        let mut ts = first.avail;
        loop {
            ts = ts.saturating_add(self.rng.wait_ns(self.settings.rate_per_hour / 3600.0));
            if ts > last.avail {
                return;
            }
            let known = ts - self.settings.latency_ns;
            while let Some(tick) = ticks.get(seen).filter(|tick| tick.avail < known) {
                self.market.see(tick, self.settings.drift_ns);
                seq_high = tick.seq.max(seq_high);
                seen += 1;
            }
            self.hear(ts);
            let Some(sight) = self.market.sight(known, self.settings.stale_ns) else { continue };
            self.decide(ts, sight, seq_high, ticks);
        }
    }

    /// Reads the report that came before `ts`.
    fn hear(&mut self, ts: i64) {
        if let Some((read, lots)) = self.working.filter(|(read, _)| *read < ts) {
            self.working = None;
            self.standing.is_working = false;
            let before = self.standing.lots;
            self.standing.lots += lots;
            if before.signum() != self.standing.lots.signum() {
                self.standing.since = read;
            }
            if self.standing.lots == 0 {
                self.parent = None;
            }
        }
    }

    fn decide(&mut self, ts: i64, sight: Sight, seq_high: Option<u64>, ticks: &[Tick]) {
        let act = self.policy.choose(&mut self.rng, self.standing, &sight, ts, self.settings);
        let ms = u64::try_from(ts / 1_000_000).unwrap_or(0);
        let id = *contract::EventId::v7(ms, self.rng.bytes10()).as_bytes();
        let mut order = None;
        if let Some((is_buy, lots)) = act.order() {
            let number = self.orders.len() as u64 + 1;
            let sent = self.send(number, (ts, id), is_buy, lots, ticks);
            let read = sent.ended + self.settings.latency_ns;
            let filled = sent.filled.map_or(0, |_| if is_buy { lots } else { -lots });
            self.orders.push(sent);
            self.working = Some((read, filled));
            self.standing.is_working = true;
            order = Some(number);
        }
        let opens = act.opens();
        self.choices.push(Choice {
            id,
            ts,
            instrument: self.instrument,
            policy: self.policy,
            act,
            before: self.standing.lots,
            order,
            parent: if opens { None } else { self.parent },
            sight,
            seq_high,
        });
        if opens {
            self.parent = Some(id);
        }
    }

    /// The fate of an order: the future of the market decides it, and the desk hears of it late.
    fn send(
        &self,
        number: u64,
        (sent, decision): (i64, [u8; 16]),
        is_buy: bool,
        lots: i64,
        ticks: &[Tick],
    ) -> Order {
        let reached = sent + self.settings.latency_ns;
        let deadline = reached.saturating_add(self.settings.stale_ns);
        let next = ticks.partition_point(|tick| tick.avail <= reached);
        let later = ticks.get(next..).unwrap_or_default();
        let far = |tick: &&Tick| if is_buy { tick.ask.is_some() } else { tick.bid.is_some() };
        let filled = later.iter().take_while(|tick| tick.avail <= deadline).find(far).copied();
        let there = next.checked_sub(1).and_then(|at| ticks.get(at));
        Order {
            number,
            sent,
            is_buy,
            lots,
            decision,
            instrument: self.instrument,
            policy: self.policy,
            arrival: there.map_or((None, None), |tick| (tick.bid, tick.ask)),
            ended: filled.map_or(deadline, |tick| tick.avail),
            filled,
        }
    }
}
