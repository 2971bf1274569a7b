//! All rows of one instrument inside the lookback, and what is derived from them.

use crate::recursion::Recursion;
use crate::ring::{Key, Ring, Wanted};
use crate::rows::{
    Bar, BarColumns, Cell, Columns, Depth, DepthColumns, GridColumns, Later, LaterColumns,
    MarketTable, Quote, QuoteColumns, Series, SignSource, Trade, TradeColumns,
};
use crate::window::SECOND;
use std::collections::BTreeMap;

/// How far back the tick rule looks for a different price.
pub(crate) const TICK_RULE_NS: i64 = 60 * SECOND;
/// Most value of one print, in units of 1e-18: sums of twice of sixty thousand such prints fit in 127 bits.
const MAX_VALUE: u128 = 1 << 110;
/// Length of a bar.
pub(crate) const BAR_NS: i64 = 60 * SECOND;

/// What a plan keeps of every instrument.
#[derive(Debug, Default)]
pub(crate) struct Keep {
    pub(crate) wanted: [Wanted; 6],
    pub(crate) is_on: [bool; 6],
    /// Half-lives over trades and over grid instants.
    pub(crate) trade_half_lives: Vec<i64>,
    pub(crate) grid_half_lives: Vec<i64>,
    pub(crate) max_age_ns: i64,
}

impl Keep {
    pub(crate) fn wanted(&self, series: Series) -> &Wanted {
        let [quotes, depths, trades, grid, later, bars] = &self.wanted;
        match series {
            Series::Quotes => quotes,
            Series::Depths => depths,
            Series::Trades => trades,
            Series::Grid => grid,
            Series::Later => later,
            Series::Bars => bars,
        }
    }

    fn on(&self, series: Series) -> bool {
        self.is_on.get(series.at()).copied().unwrap_or(false)
    }
}

/// A row of the tape as it came in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Print {
    /// A trade with the hash of its id.
    Trade(Trade, u64),
    /// A later word about an earlier trade.
    Amend(Amend),
}

/// What a correction or cancel says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amend {
    /// Hash of the id of the trade meant.
    pub(crate) of: u64,
    /// Price and size as they should have been; `None`: it never happened.
    pub(crate) to: Option<(i64, i128)>,
}

/// `seq` and log of each row of a tick table, the absent row at 0.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) seq: Vec<u64>,
    pub(crate) log: Vec<u8>,
    /// Whether every row is of log 0 and `seq` has only risen.
    ascends: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { seq: vec![0], log: vec![0], ascends: true }
    }
}

impl Order {
    pub(crate) fn is_ascending(&self) -> bool {
        self.ascends
    }

    fn push(&mut self, key: Key) {
        let first = self.seq.len() == 1;
        self.ascends &= key.log == 0 && (first || self.seq.last().is_some_and(|s| *s < key.seq));
        self.seq.push(key.seq);
        self.log.push(key.log);
    }

    fn drop_front(&mut self, n: usize) {
        if n > 0 {
            self.seq.drain(1..=n);
            self.log.drain(1..=n);
        }
    }
}

/// A gap: nothing is known of `[from, to)`, as told at `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GapMark {
    pub(crate) key: Key,
    /// From when it concerns the instrument: its source's first row of it.
    pub(crate) since: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The table meant; `None`: all.
    pub(crate) about: Option<MarketTable>,
}

impl GapMark {
    /// Whether a cut-off knows of it.
    pub(crate) fn is_known(&self, t: i64) -> bool {
        self.key.ts < t && self.since < t
    }

    pub(crate) fn is_about(&self, table: MarketTable) -> bool {
        self.about.is_none_or(|about| about == table)
    }
}

/// Latest and latest different price of the tape.
#[derive(Debug, Clone, Copy, Default)]
struct TickRule {
    last: Option<(i64, i64)>,
    different: Option<(i64, i64)>,
}

impl TickRule {
    /// The sign of a print by the latest different price, and takes note of it.
    fn sign(&mut self, ts: i64, px: i64) -> i8 {
        if let Some((last_px, _)) = self.last
            && last_px != px
        {
            self.different = self.last;
        }
        self.last = Some((px, ts));
        match self.different {
            Some((other, then)) if ts.saturating_sub(then) <= TICK_RULE_NS => {
                if px > other {
                    1
                } else {
                    -1
                }
            }
            _ => 0,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Instrument {
    pub(crate) quotes: Ring<QuoteColumns>,
    pub(crate) depths: Ring<DepthColumns>,
    pub(crate) trades: Ring<TradeColumns, Trade>,
    pub(crate) grid: Ring<GridColumns, Cell>,
    pub(crate) later: Ring<LaterColumns, Later>,
    pub(crate) bars: Ring<BarColumns, Bar>,
    /// Order of quotes, trades and depths.
    pub(crate) order: [Order; 3],
    pub(crate) trade_recursions: Vec<Recursion>,
    pub(crate) grid_recursions: Vec<Recursion>,
    /// Rows ahead of the log clock.
    parked_quotes: BTreeMap<Key, Quote>,
    parked_depths: BTreeMap<Key, Depth>,
    parked_prints: BTreeMap<Key, Print>,
    /// Amendments in order; those before `amended` are worked in.
    pub(crate) amendments: Vec<(Key, Amend)>,
    amended: usize,
    tick_rule: TickRule,
    /// Last quote before the trade that was signed last, before the last grid instant, before the last later mid.
    cursors: [usize; 3],
    next_grid: Option<i64>,
    grid_trade: usize,
    next_later: usize,
    next_bar: Option<i64>,
    /// Corrections and cancels whose trade was not found.
    pub(crate) unmatched: u64,
    pub(crate) amended_rows: u64,
}

impl Instrument {
    pub(crate) fn new(keep: &Keep) -> Self {
        let recursions =
            |half_lives: &[i64]| half_lives.iter().map(|h| Recursion::new(*h)).collect();
        Self {
            quotes: Ring::new(keep.wanted(Series::Quotes)),
            depths: Ring::new(keep.wanted(Series::Depths)),
            trades: Ring::new(keep.wanted(Series::Trades)),
            grid: Ring::new(keep.wanted(Series::Grid)),
            later: Ring::new(keep.wanted(Series::Later)),
            bars: Ring::new(keep.wanted(Series::Bars)),
            order: Default::default(),
            trade_recursions: recursions(&keep.trade_half_lives),
            grid_recursions: recursions(&keep.grid_half_lives),
            parked_quotes: BTreeMap::new(),
            parked_depths: BTreeMap::new(),
            parked_prints: BTreeMap::new(),
            amendments: Vec::new(),
            amended: 0,
            tick_rule: TickRule::default(),
            cursors: [0; 3],
            next_grid: None,
            grid_trade: 0,
            next_later: 1,
            next_bar: None,
            unmatched: 0,
            amended_rows: 0,
        }
    }

    /// Takes a quote; `in_order` says that no row with a smaller key can come any more.
    pub(crate) fn quote(&mut self, key: Key, quote: Quote, in_order: bool) {
        if !in_order {
            self.parked_quotes.insert(key, quote);
            return;
        }
        while let Some(first) = self.parked_quotes.first_entry().filter(|e| *e.key() < key) {
            let (key, quote) = first.remove_entry();
            self.append_quote(key, quote);
        }
        self.append_quote(key, quote);
    }

    fn append_quote(&mut self, key: Key, quote: Quote) {
        let [quotes, _, _] = &mut self.order;
        quotes.push(key);
        self.quotes.columns.push(quote);
    }

    /// Takes a book, as [`quote`](Self::quote).
    pub(crate) fn depth(&mut self, key: Key, depth: &Depth, in_order: bool) {
        if !in_order {
            self.parked_depths.insert(key, *depth);
            return;
        }
        while let Some(first) = self.parked_depths.first_entry().filter(|e| *e.key() < key) {
            let (key, depth) = first.remove_entry();
            self.append_depth(key, &depth);
        }
        self.append_depth(key, depth);
    }

    fn append_depth(&mut self, key: Key, depth: &Depth) {
        let [_, _, depths] = &mut self.order;
        depths.push(key);
        self.depths.columns.push(depth);
    }

    /// Takes a print, as [`quote`](Self::quote); refuses one whose value could not be summed exactly.
    pub(crate) fn print(&mut self, key: Key, print: Print, in_order: bool) -> bool {
        let (px, size) = match print {
            Print::Trade(trade, _) => (trade.px, trade.size),
            Print::Amend(amend) => amend.to.unwrap_or((0, 0)),
        };
        let value = i128::from(px).checked_mul(size).map(i128::unsigned_abs);
        if value.is_none_or(|value| value >= MAX_VALUE) {
            return false;
        }
        if !in_order {
            self.parked_prints.insert(key, print);
            return true;
        }
        while let Some(first) = self.parked_prints.first_entry().filter(|e| *e.key() < key) {
            let (key, print) = first.remove_entry();
            self.append_print(key, print);
        }
        self.append_print(key, print);
        true
    }

    fn append_print(&mut self, key: Key, print: Print) {
        match print {
            Print::Trade(trade, id) => {
                let [_, trades, _] = &mut self.order;
                trades.push(key);
                self.trades.columns.push(trade, id);
            }
            Print::Amend(amend) => self.amendments.push((key, amend)),
        }
    }

    /// Makes every row before the log clock ready to be asked for. Nothing before `floor` will be asked for.
    pub(crate) fn advance(&mut self, clock: i64, floor: i64, gaps: &[GapMark], keep: &Keep) {
        self.unpark(clock);
        self.settle_quotes(clock, gaps, keep);
        self.settle_depths(clock, gaps, keep);
        let first_new = self.amended;
        self.settle_trades(clock, keep);
        self.work_in_amendments(clock, keep);
        if keep.on(Series::Grid) {
            self.settle_grid(clock, floor, keep);
        }
        if keep.on(Series::Later) {
            self.settle_later(clock, keep);
        }
        if keep.on(Series::Bars) {
            self.settle_bars(clock, floor, keep);
        }
        for at in first_new..self.amended {
            self.amend_derived(at, keep);
        }
    }

    /// Measures ticks up to and at an instant at which the only log stands: what comes later has greater keys.
    pub(crate) fn settle_ticks(&mut self, at: i64, gaps: &[GapMark], keep: &Keep) {
        let behind = at.saturating_add(1);
        self.settle_quotes(behind, gaps, keep);
        self.settle_depths(behind, gaps, keep);
        self.settle_trades(behind, keep);
    }

    /// Whether rows or instants of the span `[from, to)` are still to be made.
    pub(crate) fn has_open(&self, from: i64, to: i64, keep: &Keep) -> bool {
        let parked = |first: Option<&Key>| first.is_some_and(|key| key.ts < to);
        let later = crate::rows::DELAY_NS;
        let ts = |row: usize| self.trades.columns.ts().get(row).copied();
        let open_later = ts(self.next_later).is_some_and(|ts| ts.saturating_add(later) < to);
        parked(self.parked_quotes.keys().next())
            || parked(self.parked_depths.keys().next())
            || parked(self.parked_prints.keys().next())
            || self.amendments.get(self.amended).is_some_and(|(key, _)| key.ts < to)
            || (keep.on(Series::Grid) && ceil(from.saturating_add(1), SECOND) <= to)
            || (keep.on(Series::Bars) && ceil(from.saturating_add(1), BAR_NS) <= to)
            || (keep.on(Series::Later) && open_later)
    }

    fn unpark(&mut self, clock: i64) {
        while let Some(first) = self.parked_quotes.first_entry().filter(|e| e.key().ts < clock) {
            let (key, quote) = first.remove_entry();
            self.append_quote(key, quote);
        }
        while let Some(first) = self.parked_depths.first_entry().filter(|e| e.key().ts < clock) {
            let (key, depth) = first.remove_entry();
            self.append_depth(key, &depth);
        }
        while let Some(first) = self.parked_prints.first_entry().filter(|e| e.key().ts < clock) {
            let (key, print) = first.remove_entry();
            self.append_print(key, print);
        }
    }

    fn settle_quotes(&mut self, clock: i64, gaps: &[GapMark], keep: &Keep) {
        let table = MarketTable::Quotes;
        let ring = &self.quotes;
        let to = end_before(ring.columns.ts(), ring.settled(), clock);
        for row in ring.settled().max(1) + 1..=to {
            let ts = self.quotes.columns.ts();
            let (before, now) = (self.key(table, ts, row - 1), self.key(table, ts, row));
            if is_linked(before, now, gaps, table, keep.max_age_ns) {
                self.quotes.columns.link(row);
            }
        }
        self.quotes.settle(to, keep.wanted(Series::Quotes));
    }

    fn settle_depths(&mut self, clock: i64, gaps: &[GapMark], keep: &Keep) {
        let table = MarketTable::Depths;
        let ring = &self.depths;
        let to = end_before(ring.columns.ts(), ring.settled(), clock);
        for row in ring.settled().max(1) + 1..=to {
            let ts = self.depths.columns.ts();
            let (before, now) = (self.key(table, ts, row - 1), self.key(table, ts, row));
            if is_linked(before, now, gaps, table, keep.max_age_ns) {
                self.depths.columns.link(row);
            }
        }
        self.depths.settle(to, keep.wanted(Series::Depths));
    }

    fn key(&self, table: MarketTable, ts: &[i64], row: usize) -> Key {
        let [quotes, trades, depths] = &self.order;
        let order = match table {
            MarketTable::Quotes => quotes,
            MarketTable::Trades => trades,
            MarketTable::Depths => depths,
        };
        Key {
            ts: ts.get(row).copied().unwrap_or(i64::MAX),
            log: order.log.get(row).copied().unwrap_or(u8::MAX),
            seq: order.seq.get(row).copied().unwrap_or(u64::MAX),
        }
    }

    fn settle_trades(&mut self, clock: i64, keep: &Keep) {
        let from = self.trades.settled();
        let to = end_before(self.trades.columns.ts(), from, clock);
        for row in from + 1..=to {
            let key = self.key(MarketTable::Trades, self.trades.columns.ts(), row);
            let [cursor, _, _] = self.cursors;
            let mut quote = cursor;
            while quote < self.quotes.settled()
                && self.key(MarketTable::Quotes, self.quotes.columns.ts(), quote + 1) < key
            {
                quote += 1;
            }
            let [cursor, _, _] = &mut self.cursors;
            *cursor = quote;
            let prevailing = self.quotes.columns.get(quote);
            let mut trade = self.trades.columns.get(row);
            let by_tick = self.tick_rule.sign(trade.ts_avail, trade.px);
            let fresh =
                quote > 0 && trade.ts_avail.saturating_sub(prevailing.ts_avail) <= keep.max_age_ns;
            sign(&mut trade, if fresh { Some(prevailing) } else { None }, by_tick);
            self.trades.columns.set(row, trade);
            for recursion in &mut self.trade_recursions {
                let before = self.trades.columns.ts().get(row - 1).copied().unwrap_or(i64::MIN);
                recursion.push(before, trade.ts_avail, [1.0, 1.0]);
            }
        }
        self.trades.settle(to, keep.wanted(Series::Trades));
    }

    /// Later versions of trades.
    fn work_in_amendments(&mut self, clock: i64, keep: &Keep) {
        while let Some((key, amend)) = self.amendments.get(self.amended).copied() {
            if key.ts >= clock {
                break;
            }
            self.amended += 1;
            let columns = &self.trades.columns;
            let limit = self.trades.before(key.ts.saturating_add(1));
            let found = columns.find(amend.of, limit);
            let earlier =
                found.filter(|row| self.key(MarketTable::Trades, columns.ts(), *row) < key);
            let Some(row) = earlier else {
                self.unmatched += 1;
                continue;
            };
            self.amended_rows += 1;
            let original = self.trades.columns.get(row);
            let old = self.trades.version(row, key).copied().unwrap_or(original);
            let new = match amend.to {
                None => old.cancelled(),
                Some((px, size)) => old.corrected(px, size),
            };
            let with = |trade: Trade| {
                let mut columns = TradeColumns::default();
                columns.push(self.trades.columns.get(row.saturating_sub(2)), 0);
                columns.push(self.trades.columns.get(row - 1), 0);
                columns.push(trade, 0);
                columns
            };
            let (before, after) = (with(old), with(new));
            let wanted = keep.wanted(Series::Trades);
            self.trades.patch(key, row, new, (&before, &after, 3), wanted);
        }
    }

    /// A trade as it was known before a moment.
    pub(crate) fn trade_at(&self, row: usize, known: Key) -> Trade {
        let original = || self.trades.columns.get(row);
        self.trades.version(row, known).copied().unwrap_or_else(original)
    }

    fn first_ts(&self) -> Option<i64> {
        let first =
            |ts: &[i64], settled: usize| if settled > 0 { ts.get(1).copied() } else { None };
        let quote = first(self.quotes.columns.ts(), self.quotes.settled());
        let trade = first(self.trades.columns.ts(), self.trades.settled());
        quote.into_iter().chain(trade).min()
    }

    fn settle_grid(&mut self, clock: i64, floor: i64, keep: &Keep) {
        let next = self.next_grid.or_else(|| self.first_ts().map(|ts| ceil(ts + 1, SECOND)));
        let Some(mut g) = next else { return };
        // Nobody asks for what lies before the floor; the cell before the first is needed for its return.
        g = g.max(ceil(floor, SECOND));
        while g <= clock {
            let [_, cursor, _] = &mut self.cursors;
            let quotes = &self.quotes;
            while *cursor < quotes.settled()
                && quotes.columns.ts().get(*cursor + 1).is_some_and(|ts| *ts < g)
            {
                *cursor += 1;
            }
            let state = quotes.columns.get(*cursor);
            let fresh = *cursor > 0 && g.saturating_sub(state.ts_avail) <= keep.max_age_ns;
            let mid2 = if fresh { state.mid2() } else { None };
            let before = self.grid.columns.get(self.grid.columns.last());
            let before = before.mid2.filter(|_| before.ts == g - SECOND);
            let mut cell = Cell::new(g, mid2, before);
            let (signed, n) = self.second_of_trades(g);
            (cell.signed_size, cell.n_trades) = (signed, n);
            let last = self.grid.columns.last();
            let last_ts = self.grid.columns.ts().get(last).copied().unwrap_or(i64::MIN);
            self.grid.columns.push(cell);
            for recursion in &mut self.grid_recursions {
                let weight = f64::from(u8::from(cell.ret.is_some()));
                let square = cell.ret.map_or(0.0, |r| r * r);
                recursion.push(last_ts, g, [square, weight]);
            }
            let Some(next) = g.checked_add(SECOND) else { break };
            g = next;
        }
        self.next_grid = Some(g);
        let to = self.grid.columns.last();
        self.grid.settle(to, keep.wanted(Series::Grid));
    }

    /// Signed size and number of trades in the second before a grid instant, as known then.
    fn second_of_trades(&mut self, g: i64) -> (i128, u32) {
        let ts = |ring: &Ring<TradeColumns, Trade>, row: usize| ring.columns.ts().get(row).copied();
        while self.grid_trade < self.trades.settled()
            && ts(&self.trades, self.grid_trade + 1).is_some_and(|t| t < g - SECOND)
        {
            self.grid_trade += 1;
        }
        let mut row = self.grid_trade + 1;
        let known = Key { ts: g, ..Key::default() };
        let (mut signed, mut n) = (0_i128, 0);
        while row <= self.trades.settled() && ts(&self.trades, row).is_some_and(|t| t < g) {
            let trade = self.trade_at(row, known);
            if trade.is_live() {
                signed += i128::from(trade.sign) * trade.size;
                n += 1;
            }
            row += 1;
        }
        self.grid_trade = row - 1;
        (signed, n)
    }

    fn settle_later(&mut self, clock: i64, keep: &Keep) {
        let delay = crate::rows::DELAY_NS;
        while self.next_later <= self.trades.settled() {
            let row = self.next_later;
            let ts = self.trades.columns.ts().get(row).copied().unwrap_or(i64::MAX);
            let due = ts.saturating_add(delay);
            if due >= clock {
                break;
            }
            self.next_later += 1;
            let [_, _, cursor] = &mut self.cursors;
            let quotes = &self.quotes;
            while *cursor < quotes.settled()
                && quotes.columns.ts().get(*cursor + 1).is_some_and(|t| *t < due)
            {
                *cursor += 1;
            }
            let state = quotes.columns.get(*cursor);
            let fresh = *cursor > 0 && due.saturating_sub(state.ts_avail) <= keep.max_age_ns;
            let trade = self.trade_at(row, Key { ts: due, ..Key::default() });
            let mid2_later = if fresh { state.mid2() } else { None };
            let no = self.trades.number(row);
            self.later.columns.push(Later { ts: due, trade, mid2_later }, no);
        }
        let to = self.later.columns.last();
        self.later.settle(to, keep.wanted(Series::Later));
    }

    fn settle_bars(&mut self, clock: i64, floor: i64, keep: &Keep) {
        let next = self.next_bar.or_else(|| self.first_ts().map(|ts| ceil(ts + 1, BAR_NS)));
        let Some(mut end) = next else { return };
        end = end.max(ceil(floor, BAR_NS));
        while end <= clock {
            let bar = self.bar_of(end, Key { ts: end, ..Key::default() });
            self.bars.columns.push(bar);
            let Some(next) = end.checked_add(BAR_NS) else { break };
            end = next;
        }
        self.next_bar = Some(end);
        let to = self.bars.columns.last();
        self.bars.settle(to, keep.wanted(Series::Bars));
    }

    /// The bar that ends at `end`, of trades as known before a moment.
    fn bar_of(&self, end: i64, known: Key) -> Bar {
        let mut bar = Bar::empty(end);
        let first = self.trades.before(end - BAR_NS) + 1;
        for row in first..=self.trades.before(end) {
            bar.add(&self.trade_at(row, known));
        }
        bar
    }

    /// Later versions of grid instants, later mids and bars that an amendment changes.
    fn amend_derived(&mut self, at: usize, keep: &Keep) {
        let Some((key, _)) = self.amendments.get(at).copied() else { return };
        let Some(patch) = self.trades.patches.iter().find(|p| p.known == key) else { return };
        let (new, no) = (patch.row, patch.no);
        let ts = new.ts_avail;
        let after = Key { seq: key.seq.saturating_add(1), ..key };
        // A derived row of an instant after the amendment has it already.
        if keep.on(Series::Grid) {
            let g = ts.div_euclid(SECOND).saturating_add(1).saturating_mul(SECOND);
            let cell_row = self.grid.before(g.saturating_add(1));
            let cell = *self.grid.columns.get(cell_row);
            if g <= key.ts && cell_row > 0 && cell.ts == g {
                self.amend_cell(cell_row, key, after, keep);
            }
        }
        if keep.on(Series::Later)
            && ts.saturating_add(crate::rows::DELAY_NS) <= key.ts
            && let Some(later_row) = self.later.columns.find(no)
        {
            let old = self.later.version(later_row, key).copied();
            let old = old.unwrap_or_else(|| *self.later.columns.get(later_row));
            let row = Later { trade: new, ..old };
            let with = |later: Later| {
                let mut columns = LaterColumns::default();
                columns.push(later, no);
                columns
            };
            let (before, now) = (with(old), with(row));
            self.later.patch(key, later_row, row, (&before, &now, 1), keep.wanted(Series::Later));
        }
        if keep.on(Series::Bars) {
            let end = ts.div_euclid(BAR_NS).saturating_add(1).saturating_mul(BAR_NS);
            let bar_row = self.bars.before(end.saturating_add(1));
            if end <= key.ts && bar_row > 0 && self.bars.columns.get(bar_row).ts_close == end {
                let (old, new) = (self.bar_of(end, key), self.bar_of(end, after));
                let with = |bar: Bar| {
                    let mut columns = BarColumns::default();
                    columns.push(bar);
                    columns
                };
                let (before, now) = (with(old), with(new));
                self.bars.patch(key, bar_row, new, (&before, &now, 1), keep.wanted(Series::Bars));
            }
        }
    }

    fn amend_cell(&mut self, cell_row: usize, key: Key, after: Key, keep: &Keep) {
        let cell = *self.grid.columns.get(cell_row);
        let old = self.grid.version(cell_row, key).copied().unwrap_or(cell);
        let (first, last) = (self.trades.before(cell.ts - SECOND) + 1, self.trades.before(cell.ts));
        let mut new = Cell { signed_size: 0, n_trades: 0, ..old };
        for row in first..=last {
            let trade = self.trade_at(row, after);
            if trade.is_live() {
                new.signed_size += i128::from(trade.sign) * trade.size;
                new.n_trades += 1;
            }
        }
        let with = |cell: Cell| {
            let mut columns = GridColumns::default();
            columns.push(*self.grid.columns.get(cell_row.saturating_sub(2)));
            columns.push(*self.grid.columns.get(cell_row - 1));
            columns.push(cell);
            columns
        };
        let (before, now) = (with(old), with(new));
        self.grid.patch(key, cell_row, new, (&before, &now, 3), keep.wanted(Series::Grid));
    }

    /// Forgets what lies before an instant.
    pub(crate) fn forget(&mut self, before: i64, keep: &Keep) {
        let [quote_order, trade_order, depth_order] = &mut self.order;
        // Derived rows point at quotes and trades; what is not derived yet lies after `before`.
        let gone = self.quotes.forget(before, keep.wanted(Series::Quotes));
        quote_order.drop_front(gone);
        for cursor in &mut self.cursors {
            *cursor = cursor.saturating_sub(gone);
        }
        let gone = self.trades.forget(before, keep.wanted(Series::Trades));
        trade_order.drop_front(gone);
        self.grid_trade = self.grid_trade.saturating_sub(gone);
        self.next_later = self.next_later.saturating_sub(gone).max(1);
        if gone > 0 {
            self.trade_recursions.iter_mut().for_each(|r| r.drop_front(gone));
        }
        let gone = self.depths.forget(before, keep.wanted(Series::Depths));
        depth_order.drop_front(gone);
        let gone = self.grid.forget(before, keep.wanted(Series::Grid));
        if gone > 0 {
            self.grid_recursions.iter_mut().for_each(|r| r.drop_front(gone));
        }
        self.later.forget(before, keep.wanted(Series::Later));
        self.bars.forget(before, keep.wanted(Series::Bars));
        let old =
            self.amendments.iter().take(self.amended).take_while(|(k, _)| k.ts < before).count();
        self.amendments.drain(..old);
        self.amended -= old;
    }

    /// A copy that has seen the rows of `[from, cutoff)` that `visible` lets through, and nothing else.
    pub(crate) fn visible(
        &self,
        from: i64,
        cutoff: i64,
        visible: impl Fn(Key) -> bool,
        gaps: &[GapMark],
        keep: &Keep,
    ) -> Self {
        let mut copy = Self::new(keep);
        let rows = |ts: &[i64]| {
            let first = ts.get(1..).unwrap_or(&[]).partition_point(|t| *t < from) + 1;
            first..ts.len()
        };
        for row in rows(self.quotes.columns.ts()) {
            let key = self.key(MarketTable::Quotes, self.quotes.columns.ts(), row);
            if key.ts < cutoff && visible(key) {
                copy.quote(key, self.quotes.columns.get(row).unlinked(), true);
            }
        }
        for row in rows(self.depths.columns.ts()) {
            let key = self.key(MarketTable::Depths, self.depths.columns.ts(), row);
            if key.ts < cutoff && visible(key) {
                copy.depth(key, &self.depths.columns.get(row).unlinked(), true);
            }
        }
        for row in rows(self.trades.columns.ts()) {
            let key = self.key(MarketTable::Trades, self.trades.columns.ts(), row);
            if key.ts < cutoff && visible(key) {
                let trade = self.trades.columns.get(row).raw();
                copy.print(key, Print::Trade(trade, self.trades.columns.id(row)), true);
            }
        }
        for (key, amend) in self.amendments.iter().filter(|(k, _)| k.ts < cutoff && visible(*k)) {
            copy.print(*key, Print::Amend(*amend), true);
        }
        let early = |key: &Key| key.ts < cutoff && visible(*key);
        for (key, quote) in self.parked_quotes.iter().filter(|(k, _)| early(k)) {
            copy.quote(*key, *quote, true);
        }
        for (key, depth) in self.parked_depths.iter().filter(|(k, _)| early(k)) {
            copy.depth(*key, depth, true);
        }
        for (key, print) in self.parked_prints.iter().filter(|(k, _)| early(k)) {
            copy.print(*key, *print, true);
        }
        copy.advance(cutoff, from, gaps, keep);
        copy
    }
}

/// The last row before the clock, searching from the rows known to lie before it.
fn end_before(ts: &[i64], settled: usize, clock: i64) -> usize {
    let rest = ts.get(settled + 1..).unwrap_or(&[]);
    settled + rest.partition_point(|t| *t < clock)
}

/// Whether a row follows the one before it closely enough, with no gap known between.
fn is_linked(before: Key, now: Key, gaps: &[GapMark], table: MarketTable, max_age: i64) -> bool {
    let between = |gap: &GapMark| {
        gap.is_about(table) && before < gap.key && gap.key < now && gap.since <= now.ts
    };
    now.ts.saturating_sub(before.ts) <= max_age && !gaps.iter().any(between)
}

fn sign(trade: &mut Trade, prevailing: Option<Quote>, by_tick: i8) {
    let mut by_quote = 0;
    if let Some((quote, mid2)) = prevailing.and_then(|q| q.mid2().map(|m| (q, m))) {
        if let (Some(bid), Some(ask)) = (quote.bid_px(), quote.ask_px()) {
            trade.prevailing(bid, ask);
        }
        by_quote = match (trade.px.saturating_mul(2)).cmp(&mid2) {
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Less => -1,
            std::cmp::Ordering::Equal => 0,
        };
    }
    if trade.sign_source == SignSource::Flag {
        return;
    }
    let (sign, source) = match (by_quote, by_tick) {
        (0, 0) => (0, SignSource::None),
        (0, tick) => (tick, SignSource::Tick),
        (quote, _) => (quote, SignSource::Quote),
    };
    (trade.sign, trade.sign_source) = (sign, source);
}

/// The first multiple of a step at or after an instant.
pub(crate) fn ceil(ts: i64, step: i64) -> i64 {
    let down = ts.div_euclid(step);
    let up = if ts.rem_euclid(step) == 0 { down } else { down.saturating_add(1) };
    up.saturating_mul(step)
}
