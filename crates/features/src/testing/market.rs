//! A small market out of a seed, with what makes real ones hard.

use crate::certificate::Draw;
use crate::run::Inputs;
use crate::window::SECOND;
use contract::{
    Aggressor, Amount, AssetClass, Batch, BookState, DecisionAction, Decisions, Depths, Draft,
    EventId, FeedMarks, InstrumentId, Instruments, MarkKind, Price, Quotes, Roles, ScheduledEvents,
    SessionPhase, Sessions, Side, SizeUnit, SourceId, Statuses, Table, TableBuilder, TradeAction,
    Trades, UtcNanos,
};

/// Start of the busy part: a Monday, 10:00 UTC.
const BUSY: i64 = (19_800 * 86_400 + 36_000) * SECOND;
const HOUR: i64 = 3_600 * SECOND;
/// Price around which everything moves, in ticks of 0.01: moves are small against it, so that a market mirrored at it
/// has nearly the same returns.
pub(super) const LEVEL_TICKS: i64 = 10_000_000;
const TICK: i64 = 10_000_000;

/// Decisions on two instruments, with everything that the catalogue reads.
///
/// - **Shape:** a quiet part of 105 min with a quote and a print every 45 s, then ten busy minutes with rows every half second or so;
///   96 decisions. Instrument 2 plays the role `mkt`.
/// - **In it:** rows and decisions on one nanosecond, one-sided and crossed quotes (odd seeds), unknown aggressors, corrections and
///   cancels, a halt, a gap, revised sessions, decisions that had read less than there was, an unknown instrument.
#[must_use]
pub fn market(seed: u64) -> Inputs {
    with_run_up(seed, 105 * 60 * SECOND)
}

/// The same with a quiet part long enough for every half-life of the catalogue: 31 hours.
#[must_use]
pub fn long_market(seed: u64) -> Inputs {
    with_run_up(seed, 31 * HOUR)
}

fn with_run_up(seed: u64, run_up: i64) -> Inputs {
    let mut tape = Tape::new(seed);
    tape.facts(BUSY - run_up);
    tape.start(BUSY - run_up - HOUR);
    let mut t = BUSY - run_up;
    while t < BUSY {
        for id in [1, 2] {
            tape.quote(id, t + i64::from(id));
            tape.print(id, t + 10 * SECOND + i64::from(id));
        }
        t += 45 * SECOND;
    }
    let end = BUSY + 600 * SECOND;
    let (halt, gap) = (BUSY + 400 * SECOND, BUSY + 570 * SECOND);
    let mut decisions = 0;
    let (mut is_halted, mut is_over, mut has_gap) = (false, false, false);
    let mut t = BUSY;
    while t < end {
        let id = if tape.draw.below(3) == 0 { 2 } else { 1 };
        match tape.draw.below(10) {
            0..=4 => tape.quote(id, t),
            5..=7 => tape.print(id, t),
            _ => tape.book(id, t),
        }
        if t >= BUSY + decisions * 6_250_000_000 {
            tape.decision(t, decisions);
            decisions += 1;
        }
        if !is_halted && t >= halt {
            is_halted = true;
            tape.state(1, t, false);
        }
        if is_halted && !is_over && t >= halt + 20 * SECOND {
            is_over = true;
            tape.state(1, t, true);
        }
        if !has_gap && t >= gap {
            has_gap = true;
            tape.gap(t);
        }
        // One row in ten shares its instant with the one before.
        if tape.draw.below(10) > 0 {
            t += i64::try_from(tape.draw.below(900_000_000)).unwrap_or(0) + 1;
        }
    }
    tape.finish()
}

#[derive(Debug)]
struct Tape {
    draw: Draw,
    /// Some features want every second of hours to be valid.
    has_odd_quotes: bool,
    seq: u64,
    /// Twice the mid of each instrument in ticks.
    mids: [i64; 2],
    prints: Vec<(u32, String, i64)>,
    inputs: Inputs,
}

#[expect(clippy::panic, reason = "test support: rows of our own making keep their rules")]
fn done<T>(result: Result<T, contract::BuildError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn at(ts: i64) -> UtcNanos {
    UtcNanos::from_nanos(ts)
}

impl Tape {
    fn new(seed: u64) -> Self {
        Self {
            draw: Draw::new(seed),
            has_odd_quotes: !seed.is_multiple_of(2),
            seq: 0,
            mids: [2 * LEVEL_TICKS, 2 * LEVEL_TICKS],
            prints: Vec::new(),
            inputs: Inputs::default(),
        }
    }

    /// The one row of a builder with the next number.
    fn numbered<T: Table>(&mut self, mut rows: TableBuilder<T>) -> Batch<T> {
        done(rows.end_row());
        let draft: Draft<T> = done(rows.finish());
        self.seq += 1;
        draft.with_seq(self.seq)
    }

    fn size(&mut self) -> f64 {
        (1 + self.draw.below(60)) as f64 / 8.0
    }

    fn px(ticks: i64) -> Price {
        Price::from_nanos(ticks * TICK)
    }

    /// Bid and ask in ticks after a move.
    fn touch(&mut self, id: u32) -> (i64, i64) {
        let step = i64::try_from(self.draw.below(5)).unwrap_or(0) - 2;
        let half = i64::try_from(self.draw.below(3)).unwrap_or(0);
        let [first, second] = &mut self.mids;
        let mid = if id == 1 { first } else { second };
        *mid += 2 * step;
        (*mid / 2 - 1 - half, *mid / 2 + 1 + half)
    }

    fn quote(&mut self, id: u32, ts: i64) {
        let (bid, ask) = self.touch(id);
        let (bid_size, ask_size) = (self.size(), self.size());
        let odd = if self.has_odd_quotes { self.draw.below(80) } else { 3 };
        let orders = u32::try_from(self.draw.below(9)).unwrap_or(0);
        let (bid, ask) = if odd == 0 { (ask, bid) } else { (bid, ask) };
        let mut rows = TableBuilder::<Quotes>::new(at(ts));
        rows.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(id))
            .set(&Quotes::TS_EVENT, at(ts - 2_000_000))
            .set(&Quotes::BID_PX, (odd != 1).then(|| Self::px(bid)))
            .set(&Quotes::ASK_PX, (odd != 2).then(|| Self::px(ask)))
            .set(&Quotes::BID_SIZE, (odd != 1).then_some(bid_size))
            .set(&Quotes::ASK_SIZE, (odd != 2).then_some(ask_size))
            .set(&Quotes::BID_CT, (odd != 1).then_some(orders))
            .set(&Quotes::VENUE_SEQ, self.draw.below(1 << 40));
        let batch = self.numbered(rows);
        self.inputs.quotes.push(batch);
    }

    fn print(&mut self, id: u32, ts: i64) {
        let [first, second] = self.mids;
        let mid2 = if id == 1 { first } else { second };
        let ticks = mid2 / 2 + i64::try_from(self.draw.below(7)).unwrap_or(0) - 3;
        let size = self.size();
        let aggressor = match self.draw.below(5) {
            0 => Aggressor::Unknown,
            1 | 2 => Aggressor::Buyer,
            _ => Aggressor::Seller,
        };
        let name = format!("t{}", self.seq);
        let amends = self.draw.below(25);
        // One of the last twelve prints.
        let recent = self.prints.get(self.prints.len().saturating_sub(12)..).unwrap_or(&[]);
        let meant = recent.iter().find(|(other, _, _)| *other == id).cloned();
        let mut rows = TableBuilder::<Trades>::new(at(ts));
        rows.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(id))
            .set(&Trades::TS_EVENT, at(ts - 3_000_000))
            .set(&Trades::AGGRESSOR, aggressor)
            .set(&Trades::SALE_COND, u32::try_from(self.draw.below(64)).unwrap_or(0));
        match meant {
            Some((_, meant, px)) if amends < 2 => {
                let (action, size) = match amends {
                    0 => (TradeAction::Cancel, 0.0),
                    _ => (TradeAction::Correct, size),
                };
                rows.set(&Trades::PX, Self::px(px + 1))
                    .set(&Trades::SIZE, size)
                    .set(&Trades::ACTION, action)
                    .set(&Trades::REF_TRADE_ID, meant.as_str());
            }
            _ => {
                rows.set(&Trades::PX, Self::px(ticks))
                    .set(&Trades::SIZE, size)
                    .set(&Trades::ACTION, TradeAction::Trade)
                    .set(&Trades::TRADE_ID, name.as_str());
                self.prints.push((id, name, ticks));
            }
        }
        let batch = self.numbered(rows);
        self.inputs.trades.push(batch);
    }

    fn book(&mut self, id: u32, ts: i64) {
        let (bid, ask) = self.touch(id);
        let mut rows = TableBuilder::<Depths>::new(at(ts));
        rows.set(&Depths::SOURCE_ID, SourceId::new(1))
            .set(&Depths::INSTRUMENT_ID, InstrumentId::new(id))
            .set(&Depths::TS_EVENT, at(ts - 1_000_000))
            .set(&Depths::BOOK_STATE, BookState::Ordered);
        let levels = 5 + i64::try_from(self.draw.below(6)).unwrap_or(0);
        let sides = [(crate::rows::bid_levels(), bid, -1), (crate::rows::ask_levels(), ask, 1)];
        for (side, best, step) in sides {
            for (level, (px, size)) in (0..levels).zip(side) {
                let amount = self.size();
                rows.set(px, Self::px(best + step * level * 2)).set(size, amount);
            }
        }
        let batch = self.numbered(rows);
        self.inputs.depths.push(batch);
    }

    fn decision(&mut self, ts: i64, no: i64) {
        let id = match no % 12 {
            11 => 9,
            5 | 8 => 2,
            _ => 1,
        };
        let twice = if no % 10 == 9 { 2 } else { 1 };
        for copy in 0..twice {
            let mut rows = TableBuilder::<Decisions>::new(at(ts));
            let unique = u64::try_from(no * 2 + copy).unwrap_or(0);
            rows.set(&Decisions::DECISION_ID, EventId::v7(unique, [3; 10]))
                .set(&Decisions::SOURCE_ID, SourceId::new(9))
                .set(&Decisions::STRATEGY_ID, "kit")
                .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(id))
                .set(&Decisions::TS_EVENT, at(ts))
                .set(&Decisions::ACTION, DecisionAction::Enter)
                .set(&Decisions::SIDE, Side::Buy)
                .set(&Decisions::QTY, Amount::from_units(1));
            if no % 9 == 4 {
                rows.set(&Decisions::MD_SEQ_HIGH, self.seq.saturating_sub(6));
            }
            let batch = self.numbered(rows);
            self.inputs.decisions.push(batch);
        }
    }

    fn state(&mut self, id: u32, ts: i64, trades: bool) {
        let mut rows = TableBuilder::<Statuses>::new(at(ts));
        rows.set(&Statuses::SOURCE_ID, SourceId::new(1))
            .set(&Statuses::INSTRUMENT_ID, InstrumentId::new(id))
            .set(&Statuses::TS_EVENT, at(ts - 1))
            .set(&Statuses::ACTION, if trades { "trading" } else { "halt" })
            .set(&Statuses::IS_TRADING, trades)
            .set(&Statuses::IS_QUOTING, trades);
        let batch = self.numbered(rows);
        self.inputs.statuses.push(batch);
    }

    fn start(&mut self, ts: i64) {
        let mut rows = TableBuilder::<FeedMarks>::new(at(ts));
        rows.set(&FeedMarks::SOURCE_ID, SourceId::new(1)).set(&FeedMarks::KIND, MarkKind::Start);
        let batch = self.numbered(rows);
        self.inputs.feed_marks.push(batch);
    }

    fn gap(&mut self, ts: i64) {
        let mut rows = TableBuilder::<FeedMarks>::new(at(ts));
        rows.set(&FeedMarks::SOURCE_ID, SourceId::new(1))
            .set(&FeedMarks::KIND, MarkKind::Gap)
            .set(&FeedMarks::TS_FROM, at(ts - 2 * SECOND))
            .set(&FeedMarks::TS_TO, at(ts - SECOND));
        let batch = self.numbered(rows);
        self.inputs.feed_marks.push(batch);
    }

    /// Two instruments, a calendar, a role and some events; one row of each is revised while the market runs.
    fn facts(&mut self, from: i64) {
        let early = at(from - 48 * HOUR);
        let mut instruments = TableBuilder::<Instruments>::new(early);
        for (id, symbol) in [(1, "ONE"), (2, "TWO")] {
            instruments
                .set(&Instruments::TS_AVAIL, early)
                .set(&Instruments::VALID_FROM, early)
                .set(&Instruments::INSTRUMENT_ID, InstrumentId::new(id))
                .set(&Instruments::RAW_SYMBOL, symbol)
                .set(&Instruments::VENUE, "XKIT")
                .set(&Instruments::QUOTE_CCY, "USD")
                .set(&Instruments::STATUS, "listed")
                .set(&Instruments::ASSET_CLASS, AssetClass::Equity)
                .set(&Instruments::SIZE_UNIT, SizeUnit::Share)
                .set(&Instruments::TICK_SIZE, Price::from_nanos(TICK))
                .set(&Instruments::EXPIRY, at(BUSY + 30 * 24 * HOUR))
                .set(&Instruments::CALENDAR_ID, "kit");
            done(instruments.end_row());
        }
        self.inputs.instruments.push(unnumbered(instruments));
        let mut roles = TableBuilder::<Roles>::new(early);
        roles
            .set(&Roles::TS_AVAIL, early)
            .set(&Roles::VALID_FROM, early)
            .set(&Roles::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Roles::ROLE, "mkt")
            .set(&Roles::OTHER_INSTRUMENT_ID, InstrumentId::new(2));
        done(roles.end_row());
        self.inputs.roles.push(unnumbered(roles));
        let mut sessions = TableBuilder::<Sessions>::new(early);
        for (known, revision, end) in
            [(early, 0_u16, 6 * HOUR), (at(BUSY + 300 * SECOND), 1, 5 * HOUR)]
        {
            sessions
                .set(&Sessions::TS_AVAIL, known)
                .set(&Sessions::REVISION, revision)
                .set(&Sessions::CALENDAR_ID, "kit")
                .set(&Sessions::LOCAL_DATE, "2024-03-18")
                .set(&Sessions::PHASE, SessionPhase::Regular)
                .set(&Sessions::TS_START, at(BUSY - 1_800 * SECOND))
                .set(&Sessions::TS_END, at(BUSY + end))
                .set(&Sessions::UTC_OFFSET_S, 3_600);
            done(sessions.end_row());
        }
        self.inputs.sessions.push(unnumbered(sessions));
        let mut events = TableBuilder::<ScheduledEvents>::new(early);
        for (no, kind, ts) in
            [(1, "funding", 4 * HOUR), (2, "release", HOUR), (3, "release", -2 * HOUR)]
        {
            events
                .set(&ScheduledEvents::TS_AVAIL, early)
                .set(&ScheduledEvents::EVENT_ID, EventId::v7(no, [1; 10]))
                .set(&ScheduledEvents::KIND, kind)
                .set(&ScheduledEvents::TS_SCHEDULED, at(BUSY + ts));
            done(events.end_row());
        }
        self.inputs.scheduled_events.push(unnumbered(events));
    }

    /// Each table as one batch.
    #[expect(clippy::panic, reason = "test support: rows of our own making keep their shape")]
    fn finish(self) -> Inputs {
        fn one<T: Table>(batches: &[Batch<T>]) -> Vec<Batch<T>> {
            let joined = crate::certificate::joined(batches);
            joined.unwrap_or_else(|error| panic!("{error}")).into_iter().collect()
        }
        let inputs = self.inputs;
        Inputs {
            decisions: one(&inputs.decisions),
            quotes: one(&inputs.quotes),
            trades: one(&inputs.trades),
            depths: one(&inputs.depths),
            statuses: one(&inputs.statuses),
            feed_marks: one(&inputs.feed_marks),
            ..inputs
        }
    }
}

/// Rows of a reference table.
#[expect(clippy::panic, reason = "test support: rows of our own making keep their shape")]
fn unnumbered<T: Table>(mut rows: TableBuilder<T>) -> Batch<T> {
    let record = done(rows.finish()).into_record_batch();
    Batch::<T>::parse(&record).unwrap_or_else(|error| panic!("{error}"))
}
