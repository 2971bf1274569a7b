//! Answers to what a plan asks at one cut-off.

use crate::instrument::{GapMark, Instrument, ceil};
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

/// Everything that evaluation needs besides rows; re-used from decision to decision.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Totals at the cut-off by subject, series and measure.
    totals: Vec<Option<i128>>,
    /// Rows before an instant, by subject and series.
    bounds: Vec<(usize, Series, i64, usize)>,
    stride: usize,
}

impl Scratch {
    fn clear(&mut self, plan: &Plan) {
        self.stride = plan.keep.wanted.iter().map(|w| w.measures.len()).max().unwrap_or(0);
        self.totals.clear();
        self.totals.resize(self.stride * Series::ALL.len() * (plan.roles.len() + 1), None);
        self.bounds.clear();
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
    scratch.clear(plan);
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
        let rows = self.history()?;
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
            Ask::Trade => self.trade(rows, Trade::is_live),
            Ask::SignedTrade => self.trade(rows, |trade| trade.is_live() && trade.sign != 0),
            Ask::Run => self.run(rows),
            Ask::MidBefore { n } => self.mid_before(rows, *n),
            Ask::Change => self.change(rows),
            Ask::Grid { n, .. } => {
                let span = i64::from(*n).saturating_mul(SECOND);
                let last = rows.grid.before(self.t.saturating_add(1));
                let first = rows.grid.before(self.t.saturating_sub(span).saturating_add(1)) + 1;
                Ok(Answer::Rows { ring: rows, first, last, n: *n })
            }
            Ask::Bars { n } => {
                let end = self.t.div_euclid(crate::instrument::BAR_NS) * crate::instrument::BAR_NS;
                let span = i64::from(*n).saturating_mul(crate::instrument::BAR_NS);
                let last = rows.bars.before(end.saturating_add(1));
                let first = rows.bars.before(end.saturating_sub(span).saturating_add(1)) + 1;
                Ok(Answer::Rows { ring: rows, first, last, n: *n })
            }
            Ask::Decayed { series, half_life } => self.decayed(rows, *series, *half_life),
            Ask::Session | Ask::Instrument | Ask::Events => Ok(Answer::Nothing),
        }
    }

    fn window(&self) -> Option<Window> {
        match &self.planning.ask {
            Ask::Sum { window, .. } | Ask::Count { window, .. } | Ask::Extreme { window, .. } => {
                Some(*window)
            }
            Ask::OpenQuote => Some(Window::Session),
            _ => None,
        }
    }

    /// From when on rows count.
    fn start(&self, id: u32) -> Result<i64, Null> {
        match self.window() {
            Some(Window::Session) => {
                let session = self.reference.session(id, self.t).ok_or(Null::NotApplicable)?;
                let open = session.ts_start.filter(|_| session.phase == SessionPhase::Regular);
                let open = open.ok_or(Null::NotApplicable)?;
                if self.t.saturating_sub(open) > SESSION_SPAN {
                    return Err(Null::NotApplicable);
                }
                Ok(open)
            }
            Some(Window::Rows(_)) => Ok(self.t.saturating_sub(ROWS_SPAN)),
            None if let Ask::Decayed { half_life, .. } = &self.planning.ask => {
                Ok(Recursion::start_of(*half_life, self.t))
            }
            _ => Ok(self.t.saturating_sub(self.planning.ask.window_ns())),
        }
    }

    /// The rows, if coverage reaches over the window and no gap lies in it.
    fn history(&self) -> Result<&'a Instrument, Null> {
        let ask = &self.planning.ask;
        let rows = self.subject.rows.ok_or(Null::NoHistory)?;
        let covered = |table: &MarketTable| self.subject.covered.get(table.at()).copied().flatten();
        let from = ask.covering().iter().map(covered).collect::<Option<Vec<i64>>>();
        let from = from.ok_or(Null::NoHistory)?.into_iter().max().unwrap_or(i64::MIN);
        let id = self.subject.id.ok_or(Null::NotApplicable)?;
        let start = self.start(id)?;
        let in_gap = |gap: &GapMark| {
            gap.from < self.t
                && gap.to > start
                && ask.covering().iter().any(|table| gap.is_about(*table))
        };
        // States carry their own rule: a gap counts if it ends after their row.
        let lagged = matches!(ask, Ask::Quote { .. });
        let is_state = self.window().is_none() && ask.window_ns() == 0;
        if !is_state && !lagged && self.subject.gaps.iter().any(in_gap) {
            return Err(Null::Gap);
        }
        let counts_rows = matches!(self.window(), Some(Window::Rows(_)));
        if from > start && !is_state && !counts_rows {
            return Err(Null::WarmUp);
        }
        Ok(rows)
    }

    fn before(&mut self, rows: &Instrument, series: Series, ts: i64) -> usize {
        let subject = self.planning.subject;
        let known = self.scratch.bounds.iter();
        let mut known = known.filter(|(s, of, at, _)| *s == subject && *of == series && *at == ts);
        if let Some((.., row)) = known.next() {
            return *row;
        }
        let [quotes, trades, depths] = self.subject.limits;
        let row = match series {
            Series::Quotes => rows.quotes.before(ts).min(quotes),
            Series::Depths => rows.depths.before(ts).min(depths),
            Series::Trades => rows.trades.before(ts).min(trades),
            Series::Grid => rows.grid.before(ts),
            Series::Later => rows.later.before(ts),
            Series::Bars => rows.bars.before(ts),
        };
        self.scratch.bounds.push((subject, series, ts, row));
        row
    }

    /// First and last row of the window.
    fn span(
        &mut self,
        rows: &Instrument,
        series: Series,
        start: i64,
    ) -> Result<(usize, usize), Null> {
        // An instant of the grid or the end of a bar at the cut-off itself looks at rows before it only.
        let closed = i64::from(matches!(series, Series::Grid | Series::Bars));
        let last = self.before(rows, series, self.t.saturating_add(closed));
        let first = self.before(rows, series, start.saturating_add(closed)) + 1;
        if let Some(Window::Rows(n)) = self.window() {
            let n = n as usize;
            if (last + 1).saturating_sub(first) < n {
                let covered = self.planning.ask.covering().iter().map(|table| {
                    self.subject.covered.get(table.at()).copied().flatten().unwrap_or(i64::MAX)
                });
                let short = covered.max().is_some_and(|from| from > start);
                return Err(if short { Null::WarmUp } else { Null::TooFewValid });
            }
            return Ok((last + 1 - n, last));
        }
        Ok((first, last))
    }

    fn sum(&mut self, rows: &'a Instrument, start: i64, inner: u32) -> Result<Answer<'a>, Null> {
        let Ask::Sum { measure, .. } = &self.planning.ask else { return Ok(Answer::Nothing) };
        let series = measure.series();
        let (first, last) = self.span(rows, series, start)?;
        let wanted = self.plan.keep.wanted(series);
        let known = Key { ts: self.t, ..Key::default() };
        let sum = match series {
            Series::Quotes => {
                self.difference(&rows.quotes, wanted, series, first, last, start, inner, known)
            }
            Series::Depths => {
                self.difference(&rows.depths, wanted, series, first, last, start, inner, known)
            }
            Series::Trades => {
                self.difference(&rows.trades, wanted, series, first, last, start, inner, known)
            }
            Series::Grid => {
                self.difference(&rows.grid, wanted, series, first, last, start, inner, known)
            }
            Series::Later => {
                self.difference(&rows.later, wanted, series, first, last, start, inner, known)
            }
            Series::Bars => {
                self.difference(&rows.bars, wanted, series, first, last, start, inner, known)
            }
        };
        Ok(Answer::Integer(sum))
    }

    #[expect(clippy::too_many_arguments, reason = "one place, generic over the ring")]
    fn difference<C: Columns + Default, R: Copy>(
        &mut self,
        ring: &Ring<C, R>,
        wanted: &Wanted,
        series: Series,
        first: usize,
        last: usize,
        start: i64,
        inner: u32,
        known: Key,
    ) -> i128 {
        let at = self.planning.measure;
        let place =
            (self.planning.subject * Series::ALL.len() + series.at()) * self.scratch.stride + at;
        let cached = self.scratch.totals.get(place).copied().flatten();
        let upper = cached.unwrap_or_else(|| ring.total(at, last, wanted));
        if let Some(total) = self.scratch.totals.get_mut(place) {
            *total = Some(upper);
        }
        if self.planning.ask.is_level() {
            let upper = upper.wrapping_add(ring.tail(at, last, self.t, wanted));
            let lower = ring.total(at, first - 1, wanted);
            let lower = lower.wrapping_add(ring.tail(at, first - 1, start, wanted));
            return upper.wrapping_sub(lower);
        }
        let from = first.saturating_add(inner as usize);
        if from > last {
            return 0;
        }
        let sum = upper.wrapping_sub(ring.total(at, from - 1, wanted));
        if ring.patches.is_empty() {
            sum
        } else {
            sum.wrapping_add(ring.patched(at, from, last, known))
        }
    }

    /// Whether a gap, known by now, ends after an instant that a state comes from.
    fn gap_since(&self, since: i64, table: MarketTable) -> bool {
        self.subject
            .gaps
            .iter()
            .any(|gap| gap.from < self.t && gap.to > since && gap.is_about(table))
    }

    fn quote(&mut self, rows: &'a Instrument, cutoff: i64) -> Result<Answer<'a>, Null> {
        let row = self.before(rows, Series::Quotes, cutoff);
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
        let last = self.before(rows, Series::Quotes, self.t);
        let first = self.before(rows, Series::Quotes, open) + 1;
        let valid = (first..=last).map(|row| rows.quotes.columns.get(row)).find(Quote::is_valid);
        valid.map(|quote| Answer::Quote(quote, 0)).ok_or(Null::Empty)
    }

    fn depth(&mut self, rows: &'a Instrument) -> Result<Answer<'a>, Null> {
        let row = self.before(rows, Series::Depths, self.t);
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
        let last = self.before(rows, Series::Trades, self.t);
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
        let last = self.before(rows, Series::Trades, self.t);
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
        let last = self.before(rows, Series::Quotes, self.t);
        let first = self.before(rows, Series::Quotes, start) + 1;
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
        let last = self.before(rows, Series::Quotes, self.t);
        let quote = rows.quotes.columns.get(last);
        if last == 0 || self.t.saturating_sub(quote.ts_avail) > self.plan.max_age_ns {
            return Err(Null::Stale);
        }
        if self.gap_since(quote.ts_avail, MarketTable::Quotes) {
            return Err(Null::Gap);
        }
        let first =
            self.before(rows, Series::Quotes, self.t.saturating_sub(self.plan.max_age_ns)) + 1;
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
            let last = self.before(rows, Series::Grid, self.t.saturating_add(1));
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
        let last = self.before(rows, Series::Trades, self.t);
        let ts = rows.trades.columns.get(last).ts_avail;
        let mut sums = if last == 0 { [0.0; 2] } else { recursion.at(last, ts, self.t) };
        // A cancelled trade takes its weight back.
        for patch in rows.trades.patches.iter().filter(|p| p.known < known && !p.row.is_live()) {
            let again =
                rows.trades.row_of(patch.no).and_then(|row| rows.trades.version(row, known));
            let ts = patch.row.ts_avail;
            if ts >= Recursion::start_of(half_life, self.t) && again.is_some_and(|v| !v.is_live()) {
                let weight = recursion.decay(ts, self.t);
                sums = sums.map(|x| x - weight);
            }
        }
        Ok(Answer::Sums(sums))
    }
}
