//! Answers to what a plan asks at one cut-off.

use crate::instrument::{BAR_NS, GapMark, Instrument, ceil};
use crate::needs::Ask;
use crate::null::Null;
use crate::plan::{Plan, Planning};
use crate::recursion::{Recursion, Sums};
use crate::reference::{Events, InstrumentFacts, Reference, Session};
use crate::ring::{Key, Ring, Wanted};
use crate::rows::{Columns, MarketTable, Quote, Series, Trade};
use crate::window::{ROWS_SPAN, SECOND, SESSION_SPAN, Window};
use contract::SessionPhase;

/// Most trades that a run looks at.
const MAX_RUN: usize = 64;

/// One instrument as a decision sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// `None`: no row of it was ever seen, or no instrument plays the role.
    pub(crate) rows: Option<&'a Instrument>,
    pub(crate) id: Option<u32>,
    /// By table: from when it is covered, if it has a row before the cut-off.
    pub(crate) covered: [Option<i64>; 3],
    /// By table: its first row ever.
    pub(crate) first: [Option<i64>; 3],
    /// Gaps that the cut-off knows of.
    pub(crate) gaps: &'a [GapMark],
    /// By table: the last row that may be seen, where the decider had read less than had arrived.
    pub(crate) limits: [usize; 3],
}

/// What an answer holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer<'a> {
    Nothing,
    Integer(i128),
    Range(Option<(i128, i128)>),
    /// A quote and its age at the cut-off that saw it.
    Quote(Quote, i64),
    /// A row of the depths of the subject.
    Depth(&'a crate::rows::Depth, i64),
    Trade(Trade, i64),
    Number(i64),
    /// Rows `first..=last` of the grid or bars, and how many were asked for.
    Rows {
        ring: &'a Instrument,
        first: usize,
        last: usize,
        n: u32,
    },
    Sums(Sums),
    Session(Session),
    Instrument(Option<&'a InstrumentFacts>),
    Events(Events),
}

/// What was found for the decision at hand; re-used from decision to decision.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Number of the decision, by which entries of earlier ones are told apart.
    decision: u64,
    /// The last row before each edge.
    rows: Vec<(u64, usize)>,
    /// Totals at each edge, a row of measures an edge.
    totals: Vec<(u64, i128)>,
    stride: usize,
}

impl Scratch {
    fn next(&mut self, plan: &Plan) {
        if self.decision == 0 {
            self.stride = plan.keep.wanted.iter().map(|w| w.measures.len()).max().unwrap_or(0);
            self.rows.resize(plan.edges, (0, 0));
            self.totals.resize(plan.edges * self.stride, (0, 0));
        }
        self.decision += 1;
    }
}

/// Answers every question of a plan at a cut-off; a reason in the first place where there is no answer.
pub(crate) fn answer_all<'a>(
    plan: &Plan,
    subjects: &[Subject<'a>],
    reference: &'a Reference,
    t: i64,
    scratch: &mut Scratch,
    out: &mut Vec<(Option<Null>, Answer<'a>)>,
) {
    scratch.next(plan);
    out.clear();
    for planning in &plan.answers {
        let Some(subject) = subjects.get(planning.subject) else {
            out.push((Some(Null::NotApplicable), Answer::Nothing));
            continue;
        };
        let mut question = Question { plan, planning, subject, reference, t, scratch };
        out.push(match question.answer() {
            Ok(answer) => (None, answer),
            Err(null) => (Some(null), Answer::Nothing),
        });
    }
}

/// An instant of the grid or the end of a bar at the cut-off itself looks at rows before it only.
fn closed(series: Series) -> i64 {
    i64::from(matches!(series, Series::Grid | Series::Bars))
}

struct Question<'q, 'a> {
    plan: &'q Plan,
    planning: &'q Planning,
    subject: &'q Subject<'a>,
    reference: &'a Reference,
    t: i64,
    scratch: &'q mut Scratch,
}

impl<'a> Question<'_, 'a> {
    fn answer(&mut self) -> Result<Answer<'a>, Null> {
        let id = self.subject.id.ok_or(Null::NotApplicable)?;
        match &self.planning.ask {
            Ask::Session => {
                return self
                    .reference
                    .session(id, self.t)
                    .map(Answer::Session)
                    .ok_or(Null::NotApplicable);
            }
            Ask::Instrument => {
                return Ok(Answer::Instrument(self.reference.instrument(id, self.t)));
            }
            Ask::Events => return Ok(Answer::Events(self.reference.events(id, self.t))),
            _ => {}
        }
        // The session comes first: outside one, nothing that hangs on it applies.
        let start = self.start(id)?;
        let rows = self.history(start)?;
        match &self.planning.ask {
            Ask::Sum { inner, .. } => self.sum(rows, start, *inner),
            Ask::Count { series, .. } => {
                let (first, last) = self.span(rows, *series, start)?;
                let n = (last + 1).saturating_sub(first);
                Ok(Answer::Integer(i128::try_from(n).unwrap_or(i128::MAX)))
            }
            Ask::Extreme { series, .. } => {
                let (first, last) = self.span(rows, *series, start)?;
                let known = Key { ts: self.t, ..Key::default() };
                Ok(Answer::Range(match series {
                    Series::Trades => {
                        rows.trades.extreme(first, last, known, |t| t.is_live().then_some(t.size))
                    }
                    _ => rows.quotes.extreme(first, last, known, |()| None),
                }))
            }
            Ask::Quote { lag_ns } => self.quote(rows, self.t.saturating_sub(*lag_ns)),
            Ask::OpenQuote => self.open_quote(rows, start),
            Ask::Depth => self.depth(rows),
            Ask::Trade { .. } => self.trade(rows, Trade::is_live),
            Ask::SignedTrade => self.trade(rows, |trade| trade.is_live() && trade.sign != 0),
            Ask::Run => self.run(rows),
            Ask::MidBefore { n } => self.mid_before(rows, *n),
            Ask::Change => self.change(rows),
            Ask::Grid { n, .. } => {
                let span = i64::from(*n).saturating_mul(SECOND);
                let (first, last) = self.between(rows, Series::Grid, self.t.saturating_sub(span));
                Ok(Answer::Rows { ring: rows, first, last, n: *n })
            }
            Ask::Bars { n } => {
                let end = self.t.div_euclid(BAR_NS).saturating_mul(BAR_NS);
                let span = i64::from(*n).saturating_mul(BAR_NS);
                let (first, last) = self.between(rows, Series::Bars, end.saturating_sub(span));
                Ok(Answer::Rows { ring: rows, first, last, n: *n })
            }
            Ask::Decayed { series, half_life } => self.decayed(rows, *series, *half_life),
            Ask::Session | Ask::Instrument | Ask::Events => Ok(Answer::Nothing),
        }
    }

    /// From when on rows count.
    fn start(&self, id: u32) -> Result<i64, Null> {
        match &self.planning.ask {
            _ if self.planning.window == Some(Window::Session) => {
                let session = self.reference.session(id, self.t).ok_or(Null::NotApplicable)?;
                let open = session.ts_start.filter(|_| session.phase == SessionPhase::Regular);
                let open = open.ok_or(Null::NotApplicable)?;
                if self.t.saturating_sub(open) > SESSION_SPAN {
                    return Err(Null::NotApplicable);
                }
                Ok(open)
            }
            Ask::Decayed { half_life, .. } => Ok(Recursion::start_of(*half_life, self.t)),
            // The oldest bar begins on the minute.
            Ask::Bars { n } => {
                Ok((self.t.div_euclid(BAR_NS) - i64::from(*n)).saturating_mul(BAR_NS))
            }
            _ => Ok(self.t.saturating_sub(self.planning.back_ns)),
        }
    }

    /// From when on the tables that must cover the window do.
    fn covered(&self) -> Option<i64> {
        let mut from = i64::MIN;
        for (covered, counts) in self.subject.covered.iter().zip(self.planning.covering) {
            if counts {
                from = from.max((*covered)?);
            }
        }
        Some(from)
    }

    fn concerns(&self, gap: &GapMark) -> bool {
        MarketTable::ALL
            .into_iter()
            .zip(self.planning.covering)
            .any(|(table, counts)| counts && gap.is_about(table))
    }

    /// The rows, if coverage reaches over the window and no gap lies in it.
    fn history(&self, start: i64) -> Result<&'a Instrument, Null> {
        let rows = self.subject.rows.ok_or(Null::NoHistory)?;
        let from = self.covered().ok_or(Null::NoHistory)?;
        // States carry their own rule: a gap counts if it ends after their row.
        if self.planning.is_window && !self.subject.gaps.is_empty() {
            let lies_in = |gap: &GapMark| gap.from < self.t && gap.to > start && self.concerns(gap);
            if self.subject.gaps.iter().any(lies_in) {
                return Err(Null::Gap);
            }
        }
        if from > start && self.planning.warms_up {
            return Err(Null::WarmUp);
        }
        Ok(rows)
    }

    /// The last row before an edge of the window, found once a decision.
    fn edge(&mut self, rows: &Instrument, series: Series, edge: usize, ts: i64) -> usize {
        let decision = self.scratch.decision;
        if let Some((known, row)) = self.scratch.rows.get(edge)
            && *known == decision
        {
            return *row;
        }
        let row = self.before(rows, series, ts);
        if let Some(place) = self.scratch.rows.get_mut(edge) {
            *place = (decision, row);
        }
        row
    }

    fn before(&self, rows: &Instrument, series: Series, ts: i64) -> usize {
        let [quotes, trades, depths] = self.subject.limits;
        match series {
            Series::Quotes => rows.quotes.before(ts).min(quotes),
            Series::Depths => rows.depths.before(ts).min(depths),
            Series::Trades => rows.trades.before(ts).min(trades),
            Series::Grid => rows.grid.before(ts),
            Series::Later => rows.later.before(ts),
            Series::Bars => rows.bars.before(ts),
        }
    }

    /// The last row that counts at all.
    fn last(&mut self, rows: &Instrument, series: Series) -> usize {
        self.edge(rows, series, self.planning.cut, self.t.saturating_add(closed(series)))
    }

    /// First and last row between an instant and the cut-off.
    fn between(&mut self, rows: &Instrument, series: Series, start: i64) -> (usize, usize) {
        let last = self.last(rows, series);
        let begin = self.planning.begin;
        (self.edge(rows, series, begin, start.saturating_add(closed(series))) + 1, last)
    }

    /// First and last row of the window.
    fn span(
        &mut self,
        rows: &Instrument,
        series: Series,
        start: i64,
    ) -> Result<(usize, usize), Null> {
        let (first, last) = self.between(rows, series, start);
        if let Some(Window::Rows(n)) = self.planning.window {
            let n = n as usize;
            if (last + 1).saturating_sub(first) < n {
                let short = self.covered().is_none_or(|from| from > start);
                return Err(if short { Null::WarmUp } else { Null::TooFewValid });
            }
            return Ok((last + 1 - n, last));
        }
        Ok((first, last))
    }

    fn sum(&mut self, rows: &'a Instrument, start: i64, inner: u32) -> Result<Answer<'a>, Null> {
        let Ask::Sum { measure, .. } = &self.planning.ask else { return Ok(Answer::Nothing) };
        let series = measure.series();
        let span = self.span(rows, series, start)?;
        let plan = self.plan;
        let wanted = plan.keep.wanted(series);
        let sum = match series {
            Series::Quotes => self.difference(&rows.quotes, wanted, span, start, inner),
            Series::Depths => self.difference(&rows.depths, wanted, span, start, inner),
            Series::Trades => self.difference(&rows.trades, wanted, span, start, inner),
            Series::Grid => self.difference(&rows.grid, wanted, span, start, inner),
            Series::Later => self.difference(&rows.later, wanted, span, start, inner),
            Series::Bars => self.difference(&rows.bars, wanted, span, start, inner),
        };
        Ok(Answer::Integer(sum))
    }

    /// The total up to an edge, found once a decision; of a level, up to the instant itself.
    fn total<C: Columns + Default, R: Copy>(
        &mut self,
        ring: &Ring<C, R>,
        wanted: &Wanted,
        edge: usize,
        row: usize,
        ts: i64,
    ) -> i128 {
        let at = self.planning.measure;
        let decision = self.scratch.decision;
        let place = edge * self.scratch.stride + at;
        if let Some((known, total)) = self.scratch.totals.get(place)
            && *known == decision
        {
            return *total;
        }
        let mut total = ring.total(at, row, wanted);
        if wanted.is_level(at) {
            total = total.wrapping_add(ring.tail(at, row, ts, wanted));
        }
        if let Some(entry) = self.scratch.totals.get_mut(place) {
            *entry = (decision, total);
        }
        total
    }

    fn difference<C: Columns + Default, R: Copy>(
        &mut self,
        ring: &Ring<C, R>,
        wanted: &Wanted,
        (first, last): (usize, usize),
        start: i64,
        inner: u32,
    ) -> i128 {
        let at = self.planning.measure;
        let upper = self.total(ring, wanted, self.planning.cut, last, self.t);
        let from = first.saturating_add(inner as usize);
        if from > last && !wanted.is_level(at) {
            return 0;
        }
        let is_edge = inner == 0 && !matches!(self.planning.window, Some(Window::Rows(_)));
        let lower = if is_edge {
            self.total(ring, wanted, self.planning.begin, first - 1, start)
        } else {
            ring.total(at, from - 1, wanted)
        };
        let sum = upper.wrapping_sub(lower);
        if ring.patches.is_empty() {
            return sum;
        }
        let known = Key { ts: self.t, ..Key::default() };
        sum.wrapping_add(ring.patched(at, from, last, known))
    }

    /// Whether a gap, known by now, ends after an instant that a state comes from.
    fn gap_since(&self, since: i64, table: MarketTable) -> bool {
        self.subject
            .gaps
            .iter()
            .any(|gap| gap.from < self.t && gap.to > since && gap.is_about(table))
    }

    fn quote(&mut self, rows: &'a Instrument, cutoff: i64) -> Result<Answer<'a>, Null> {
        // A lag is an edge like the start of a window.
        let row = self.edge(rows, Series::Quotes, self.planning.begin, cutoff);
        let quote = rows.quotes.columns.get(row);
        if row == 0 || cutoff.saturating_sub(quote.ts_avail) > self.plan.max_age_ns {
            // The first row of an instrument is remembered, so an old one is told from none.
            let [first, ..] = self.subject.first;
            let ever = first.is_some_and(|first| first < cutoff);
            return Err(if ever { Null::Stale } else { Null::WarmUp });
        }
        let lost = |gap: &GapMark| {
            gap.is_known(cutoff)
                && gap.from < cutoff
                && gap.to > quote.ts_avail
                && gap.is_about(MarketTable::Quotes)
        };
        if self.subject.gaps.iter().any(lost) {
            return Err(Null::Gap);
        }
        Ok(Answer::Quote(quote, cutoff.saturating_sub(quote.ts_avail)))
    }

    fn open_quote(&mut self, rows: &'a Instrument, open: i64) -> Result<Answer<'a>, Null> {
        let (first, last) = self.between(rows, Series::Quotes, open);
        let valid = (first..=last).map(|row| rows.quotes.columns.get(row)).find(Quote::is_valid);
        valid.map(|quote| Answer::Quote(quote, 0)).ok_or(Null::Empty)
    }

    fn depth(&mut self, rows: &'a Instrument) -> Result<Answer<'a>, Null> {
        let row = self.last(rows, Series::Depths);
        let depth = rows.depths.columns.get(row);
        if row == 0 || self.t.saturating_sub(depth.ts_avail) > self.plan.max_age_ns {
            return Err(Null::Stale);
        }
        if depth.is_gap() || self.gap_since(depth.ts_avail, MarketTable::Depths) {
            return Err(Null::Gap);
        }
        Ok(Answer::Depth(depth, self.t.saturating_sub(depth.ts_avail)))
    }

    fn trade(
        &mut self,
        rows: &'a Instrument,
        counts: impl Fn(&Trade) -> bool,
    ) -> Result<Answer<'a>, Null> {
        let known = Key { ts: self.t, ..Key::default() };
        let last = self.last(rows, Series::Trades);
        for row in (1..=last).rev() {
            let trade = rows.trade_at(row, known);
            if self.t.saturating_sub(trade.ts_avail) > self.plan.max_age_ns {
                break;
            }
            if counts(&trade) {
                if self.gap_since(trade.ts_avail, MarketTable::Trades) {
                    return Err(Null::Gap);
                }
                return Ok(Answer::Trade(trade, self.t.saturating_sub(trade.ts_avail)));
            }
        }
        Err(Null::Stale)
    }

    fn run(&mut self, rows: &'a Instrument) -> Result<Answer<'a>, Null> {
        let known = Key { ts: self.t, ..Key::default() };
        let last = self.last(rows, Series::Trades);
        let (mut run, mut after, mut seen) = (0_i64, self.t, false);
        for row in (1..=last).rev() {
            let trade = rows.trade_at(row, known);
            if after.saturating_sub(trade.ts_avail) > self.plan.max_age_ns {
                break;
            }
            after = trade.ts_avail;
            if !trade.is_live() {
                continue;
            }
            seen = true;
            let sign = i64::from(trade.sign);
            if run == 0 && self.gap_since(trade.ts_avail, MarketTable::Trades) {
                return Err(Null::Gap);
            }
            if run == 0 && sign == 0 {
                break;
            }
            if run != 0 && sign != run.signum() {
                break;
            }
            run += sign;
            if run.unsigned_abs() >= MAX_RUN as u64 {
                break;
            }
        }
        if seen { Ok(Answer::Number(run)) } else { Err(Null::Stale) }
    }

    /// The row at which a running count first reaches `n` below its value at `last`, not before `first`.
    fn back_by(&self, rows: &Instrument, first: usize, last: usize, n: i128) -> Option<usize> {
        let wanted = self.plan.keep.wanted(Series::Quotes);
        let count = |row: usize| rows.quotes.total(self.planning.measure, row, wanted);
        let target = count(last).wrapping_sub(n);
        // Rows `first..=last` by their count: the first whose count exceeds the target is the nth change from the end.
        let (mut low, mut high) = (first, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if count(middle).wrapping_sub(target) > 0 { high = middle } else { low = middle + 1 }
        }
        let changed = low <= last && count(low).wrapping_sub(count(low - 1)) == 1;
        (changed && count(low).wrapping_sub(target) == 1).then_some(low)
    }

    fn mid_before(&mut self, rows: &'a Instrument, n: u32) -> Result<Answer<'a>, Null> {
        let start = self.t.saturating_sub(ROWS_SPAN);
        let (first, last) = self.between(rows, Series::Quotes, start);
        let found = self.back_by(rows, first, last, i128::from(n));
        let gap = self.subject.gaps.iter().any(|gap| {
            let since = found.map_or(start, |row| rows.quotes.columns.get(row).ts_avail);
            gap.from < self.t && gap.to > since && gap.is_about(MarketTable::Quotes)
        });
        if gap {
            return Err(Null::Gap);
        }
        if let Some(mid2) = found.and_then(|row| rows.quotes.columns.get(row - 1).mid2()) {
            return Ok(Answer::Number(mid2));
        }
        let [covered, ..] = self.subject.covered;
        let short = covered.is_none_or(|from| from > start);
        Err(if short { Null::WarmUp } else { Null::TooFewValid })
    }

    fn change(&mut self, rows: &'a Instrument) -> Result<Answer<'a>, Null> {
        let last = self.last(rows, Series::Quotes);
        let quote = rows.quotes.columns.get(last);
        if last == 0 || self.t.saturating_sub(quote.ts_avail) > self.plan.max_age_ns {
            return Err(Null::Stale);
        }
        if self.gap_since(quote.ts_avail, MarketTable::Quotes) {
            return Err(Null::Gap);
        }
        let since = self.t.saturating_sub(self.plan.max_age_ns);
        let first = self.edge(rows, Series::Quotes, self.planning.begin, since) + 1;
        let row = self.back_by(rows, first, last, 1).ok_or(Null::Stale)?;
        Ok(Answer::Number(rows.quotes.columns.get(row).ts_avail))
    }

    fn decayed(
        &mut self,
        rows: &'a Instrument,
        series: Series,
        half_life: i64,
    ) -> Result<Answer<'a>, Null> {
        let at = self.planning.recursion;
        if series != Series::Trades {
            let last = self.last(rows, Series::Grid);
            let ts = rows.grid.columns.get(last).ts;
            let Some(recursion) = rows.grid_recursions.get(at) else { return Ok(Answer::Nothing) };
            // Strict: every return since the start must be there.
            let first = rows.grid.before(Recursion::start_of(half_life, self.t)) + 1;
            let begun = rows.grid.columns.get(first).ts
                == ceil(Recursion::start_of(half_life, self.t), SECOND);
            let wanted = self.plan.keep.wanted(Series::Grid);
            let count = |row: usize| rows.grid.total(self.planning.measure, row, wanted);
            let valid = count(last).wrapping_sub(count(first - 1));
            let all = i128::try_from((last + 1).saturating_sub(first)).unwrap_or(i128::MAX);
            if last == 0 || !begun || valid != all {
                return Err(Null::NullInput);
            }
            return Ok(Answer::Sums(recursion.at(last, ts, ts)));
        }
        let Some(recursion) = rows.trade_recursions.get(at) else { return Ok(Answer::Nothing) };
        let known = Key { ts: self.t, ..Key::default() };
        let last = self.last(rows, Series::Trades);
        let ts = rows.trades.columns.get(last).ts_avail;
        let mut sums = if last == 0 { [0.0; 2] } else { recursion.at(last, ts, self.t) };
        // A cancelled trade takes its weight back.
        for patch in rows.trades.patches.iter().filter(|p| p.known < known && !p.row.is_live()) {
            let again = rows.trades.row_of(patch.no).filter(|row| *row <= last);
            let again = again.and_then(|row| rows.trades.version(row, known));
            let ts = patch.row.ts_avail;
            if ts >= Recursion::start_of(half_life, self.t) && again.is_some_and(|v| !v.is_live()) {
                let weight = recursion.decay(ts, self.t);
                sums = sums.map(|x| x - weight);
            }
        }
        Ok(Answer::Sums(sums))
    }
}
