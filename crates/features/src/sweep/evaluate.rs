//! Decisions whose cut-off has come: rows settled, questions answered, cells filled.

use super::{CellSource, StatusRow, Sweep, Waiting};
use crate::answer::{Answer, Scratch, Subject, answer_all};
use crate::at::At;
use crate::error::SweepError;
use crate::instrument::{GapMark, Instrument, Order};
use crate::null::Null;
use crate::output::{Read, Row};
use crate::ring::Key;
use crate::rows::{Columns, MarketTable, Series};
use std::collections::{BTreeMap, BTreeSet};

/// Instruments that one thread settles, with their gaps.
type Share<'a> = Vec<(&'a mut Instrument, &'a [GapMark])>;
/// Rows from which on it pays to share work among threads.
const WORTH_THREADS: usize = 1 << 14;
/// Decisions from which on it pays.
const WORTH_THREADS_DECISIONS: usize = 64;

impl Sweep {
    /// Makes the instruments that these decisions ask about ready.
    pub(super) fn settle(&mut self, ready: &[Waiting], clock: i64, floor: i64) {
        let mut asked = BTreeSet::new();
        for waiting in ready {
            let Some(own) = waiting.instrument_id else { continue };
            if !asked.insert(own) && self.plan.roles.is_empty() {
                continue;
            }
            for role in &self.plan.roles {
                asked.extend(self.reference.role(own, role, waiting.cutoff));
            }
        }
        let asked: Vec<u32> = asked.into_iter().collect();
        // After a start in the middle an instrument may have no row in the lookback, and must not look as if it had none
        // ever: whether one comes later is the future.
        for id in &asked {
            if !self.instruments.contains_key(id) && self.coverage.knows(*id) {
                self.instruments.insert(*id, Instrument::new(&self.plan.keep));
                self.gaps_of.insert(*id, self.coverage.gaps_of(*id, &self.gaps));
            }
        }
        self.settle_all(&asked, clock, floor);
    }

    pub(super) fn settle_all(&mut self, asked: &[u32], clock: i64, floor: i64) {
        self.settled_to = self.settled_to.max(clock);
        if asked.len() < 4 || self.options.threads == 1 {
            for id in asked {
                if let Some(rows) = self.instruments.get_mut(id) {
                    let gaps = self.gaps_of.get(id).map_or(&[][..], Vec::as_slice);
                    rows.advance(clock, floor, gaps, &self.plan.keep);
                }
            }
            return;
        }
        let keep = &self.plan.keep;
        let gaps_of = &self.gaps_of;
        let mut work: Vec<(&mut Instrument, &[GapMark], usize)> = self
            .instruments
            .iter_mut()
            .filter(|(id, _)| asked.binary_search(id).is_ok())
            .map(|(id, rows)| {
                let gaps = gaps_of.get(id).map_or(&[][..], Vec::as_slice);
                let rows_to_do = rows.unsettled();
                (rows, gaps, rows_to_do)
            })
            .collect();
        let total: usize = work.iter().map(|(.., n)| n).sum();
        let threads = if total < WORTH_THREADS { 1 } else { self.options.threads };
        if threads == 1 {
            for (rows, gaps, _) in work {
                rows.advance(clock, floor, gaps, keep);
            }
            return;
        }
        // The largest first, each to the thread with the least to do.
        work.sort_by_key(|(.., n)| std::cmp::Reverse(*n));
        let mut shares: Vec<(usize, Share<'_>)> = (0..threads).map(|_| (0, Vec::new())).collect();
        for (rows, gaps, n) in work {
            if let Some((load, share)) = shares.iter_mut().min_by_key(|(load, _)| *load) {
                *load += n + 1;
                share.push((rows, gaps));
            }
        }
        std::thread::scope(|scope| {
            for (_, share) in shares {
                scope.spawn(move || {
                    for (rows, gaps) in share {
                        rows.advance(clock, floor, gaps, keep);
                    }
                });
            }
        });
    }

    /// Rows of these decisions, in their order.
    pub(super) fn evaluate(
        &mut self,
        ready: &[Waiting],
        lineage: &mut Vec<CellSource>,
    ) -> Result<Vec<Row>, SweepError> {
        let threads = if ready.len() < WORTH_THREADS_DECISIONS { 1 } else { self.options.threads };
        let chunk = ready.len().div_ceil(threads).max(1);
        let sweep = &*self;
        let parts: Vec<Result<Part, SweepError>> = if threads == 1 {
            vec![sweep.evaluate_part(ready)]
        } else {
            std::thread::scope(|scope| {
                let running: Vec<_> = ready
                    .chunks(chunk)
                    .map(|part| scope.spawn(move || sweep.evaluate_part(part)))
                    .collect();
                let lost = || Err(SweepError::Output("a thread ended early".to_owned()));
                running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| lost())).collect()
            })
        };
        let mut rows = Vec::with_capacity(ready.len());
        for part in parts {
            let mut part = part?;
            rows.append(&mut part.rows);
            lineage.append(&mut part.lineage);
            self.report.swept_anew += part.anew;
        }
        Ok(rows)
    }

    /// The row of a decision whose cut-off may lie ahead of the clock, of what has been read so far.
    pub(super) fn look_ahead(&mut self, waiting: &Waiting, clock: i64) -> Result<Row, SweepError> {
        let t = waiting.cutoff;
        let mut asked: Vec<u32> = waiting.instrument_id.into_iter().collect();
        for role in &self.plan.roles {
            asked.extend(waiting.instrument_id.and_then(|own| self.reference.role(own, role, t)));
        }
        let mut is_open = self.options.logs > 1;
        for id in &asked {
            let Some(rows) = self.instruments.get_mut(id) else { continue };
            let gaps = self.gaps_of.get(id).map_or(&[][..], Vec::as_slice);
            if t > clock && self.options.logs == 1 {
                rows.settle_ticks(clock, gaps, &self.plan.keep);
                self.settled_to = self.settled_to.max(clock.saturating_add(1));
            }
            is_open |= t > clock && rows.has_open(clock, t, &self.plan.keep);
        }
        let mut part = Part::default();
        let mut scratch = Scratch::default();
        self.evaluate_one(waiting, &mut scratch, &mut part, is_open)?;
        part.rows.pop().ok_or_else(|| SweepError::Output("a row was not made".to_owned()))
    }

    fn evaluate_part(&self, ready: &[Waiting]) -> Result<Part, SweepError> {
        let mut part = Part::default();
        let mut scratch = Scratch::default();
        for waiting in ready {
            self.evaluate_one(waiting, &mut scratch, &mut part, self.options.anew)?;
        }
        Ok(part)
    }

    fn evaluate_one(
        &self,
        waiting: &Waiting,
        scratch: &mut Scratch,
        part: &mut Part,
        anew: bool,
    ) -> Result<(), SweepError> {
        let t = waiting.cutoff;
        let mut ids = vec![waiting.instrument_id];
        for role in &self.plan.roles {
            ids.push(waiting.instrument_id.and_then(|own| self.reference.role(own, role, t)));
        }
        let prefix = if anew { None } else { self.limits(waiting, &ids) };
        let gaps: Vec<Vec<GapMark>> = ids.iter().map(|id| self.gaps_at(*id, waiting)).collect();
        let mut copies: Vec<Option<Instrument>> = Vec::new();
        if prefix.is_none() {
            part.anew += 1;
            let anew = |(id, gaps): (&Option<u32>, &Vec<GapMark>)| self.anew(*id, waiting, gaps);
            copies = ids.iter().zip(&gaps).map(anew).collect();
        }
        let mut subjects = Vec::with_capacity(ids.len());
        for (at, id) in ids.iter().enumerate() {
            // One that is covered may have had no row for a lookback.
            let settled = id.map(|id| self.instruments.get(&id).unwrap_or(&self.empty));
            let (rows, limits) = match &prefix {
                Some(limits) => (settled, limits.get(at).copied().unwrap_or([usize::MAX; 3])),
                None => (copies.get(at).and_then(Option::as_ref), [usize::MAX; 3]),
            };
            let covered =
                MarketTable::ALL.map(|table| id.and_then(|id| self.coverage.covered(table, id, t)));
            let first =
                MarketTable::ALL.map(|table| id.and_then(|id| self.coverage.first(table, id)));
            let gaps = gaps.get(at).map_or(&[][..], Vec::as_slice);
            subjects.push(Subject { rows, id: *id, covered, first, gaps, limits });
        }
        let mut answers: Vec<(Option<Null>, Answer<'_>)> =
            Vec::with_capacity(self.plan.answers.len());
        answer_all(&self.plan, &subjects, &self.reference, t, scratch, &mut answers);
        let halted: Vec<bool> =
            ids.iter().map(|id| id.is_some_and(|id| self.is_halted(id, waiting))).collect();
        let any_halted = halted.contains(&true);
        let n = self.plan.features.len();
        let (mut values, mut reasons) = (vec![0.0; n], vec![0; n]);
        for ((planned, value), reason) in
            self.plan.features.iter().zip(&mut values).zip(&mut reasons)
        {
            let at = At::new(t, planned.max_age_ns, &answers, &planned.answers);
            let mut null = at.null();
            if waiting.instrument_id.is_none() {
                null = Some(Null::NotApplicable);
            }
            let is_halted = |at: &usize| {
                let subject = self.plan.answers.get(*at).map(|planning| planning.subject);
                subject.and_then(|s| halted.get(s)).copied().unwrap_or(false)
            };
            if any_halted && planned.stops_in_halt && planned.answers.iter().any(is_halted) {
                null = Some(null.map_or(Null::Halted, |n| n.min(Null::Halted)));
            }
            let cell = match null {
                Some(null) => Err(null),
                None => planned.feature.eval(&at),
            };
            match cell {
                Ok(x) if planned.is_category && !is_code(x) => *reason = Null::OutOfDomain.code(),
                // -0.0 would be another byte for the same number.
                Ok(x) if x.is_finite() => *value = x + 0.0,
                Ok(_) => *reason = Null::NonFinite.code(),
                Err(null) => *reason = null.code(),
            }
            if at.asked_undeclared() {
                let feature = planned.feature.declaration().name.clone();
                return Err(SweepError::UndeclaredInput { feature });
            }
        }
        let read = self.read(&subjects, t);
        if self.options.lineage {
            self.lineage(waiting, &subjects, &mut part.lineage);
        }
        part.rows.push(Row {
            decision_id: waiting.decision_id,
            strategy_id: std::sync::Arc::clone(&waiting.strategy_id),
            cutoff: t,
            seq: waiting.seq,
            log: waiting.log,
            instrument_id: waiting.instrument_id,
            read,
            values: values.into_boxed_slice(),
            reasons: reasons.into_boxed_slice(),
        });
        Ok(())
    }

    /// Gaps that a decision knows of.
    fn gaps_at(&self, id: Option<u32>, waiting: &Waiting) -> Vec<GapMark> {
        let gaps = id.and_then(|id| self.gaps_of.get(&id));
        gaps.into_iter().flatten().filter(|gap| gap.is_known(waiting.cutoff)).copied().collect()
    }

    /// Whether no source trades and quotes the instrument: a state is that of its source, and the lunch break of one venue is
    /// no halt of another.
    fn is_halted(&self, id: u32, waiting: &Waiting) -> bool {
        let visible = |log: u8, seq: u64| {
            log != waiting.log || waiting.md_seq_high.is_none_or(|high| seq <= high)
        };
        let seen = self.statuses.get(&id).into_iter().flatten().filter(|s| {
            s.ts_avail < waiting.cutoff && s.ts_event <= waiting.cutoff && visible(s.log, s.seq)
        });
        let key = |s: &StatusRow| (s.ts_event, s.revision, s.ts_avail, s.log, s.seq);
        let mut latest: Vec<&StatusRow> = Vec::new();
        for row in seen {
            match latest.iter_mut().find(|known| known.source == row.source) {
                Some(known) if key(known) < key(row) => *known = row,
                Some(_) => {}
                None => latest.push(row),
            }
        }
        !latest.is_empty() && latest.iter().all(|s| s.is_halted)
    }

    /// The last rows that may be seen of each instrument and table; `None` when they are no beginning of the rings.
    fn limits(&self, waiting: &Waiting, ids: &[Option<u32>]) -> Option<Vec<[usize; 3]>> {
        let Some(high) = waiting.md_seq_high else { return Some(vec![[usize::MAX; 3]; ids.len()]) };
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(rows) = id.and_then(|id| self.instruments.get(&id)) else {
                all.push([usize::MAX; 3]);
                continue;
            };
            all.push(rows.limits(waiting.cutoff, waiting.log, high, self.plan.lookback_ns())?);
        }
        Some(all)
    }

    /// The instrument with exactly the rows of one lookback that the decision may see.
    fn anew(&self, id: Option<u32>, waiting: &Waiting, gaps: &[GapMark]) -> Option<Instrument> {
        let rows = self.instruments.get(&id?).unwrap_or(&self.empty);
        let t = waiting.cutoff;
        let visible = |key: Key| {
            key.log != waiting.log || waiting.md_seq_high.is_none_or(|high| key.seq <= high)
        };
        let from = t.saturating_sub(self.plan.lookback_ns());
        Some(rows.visible(from, t, visible, gaps, &self.plan.keep))
    }

    /// Sources inside the lookback of the plan, over all instruments and tables that it reads.
    fn read(&self, subjects: &[Subject<'_>], t: i64) -> Read {
        let mut read = Read::default();
        for (subject, backs) in subjects.iter().zip(&self.plan.reads) {
            for (table, back) in MarketTable::ALL.into_iter().zip(backs) {
                if let Some(back) = back
                    && let Some(part) = sources(subject, table, t.saturating_sub(*back), t)
                {
                    read = join(read, part);
                }
            }
        }
        read
    }

    fn lineage(&self, waiting: &Waiting, subjects: &[Subject<'_>], out: &mut Vec<CellSource>) {
        for planned in &self.plan.features {
            let mut backs: BTreeMap<(usize, MarketTable), i64> = BTreeMap::new();
            for at in &planned.answers {
                let Some(planning) = self.plan.answers.get(*at) else { continue };
                let back = planning.ask.lookback_ns(self.plan.max_age_ns);
                for table in planning.ask.tables() {
                    let known = backs.entry((planning.subject, *table)).or_default();
                    *known = back.max(*known);
                }
            }
            for ((subject, table), back) in backs {
                let Some(subject) = subjects.get(subject) else { continue };
                let from = waiting.cutoff.saturating_sub(back);
                let read = sources(subject, table, from, waiting.cutoff);
                if let Some(Read { ts: Some(ts), seq: Some(seq), rows }) = read
                    && let Some(instrument_id) = subject.id
                {
                    out.push(CellSource {
                        decision_id: waiting.decision_id,
                        feature: planned.feature.declaration().name.clone(),
                        table,
                        instrument_id,
                        ts_avail: ts,
                        seq,
                        rows,
                    });
                }
            }
        }
    }
}

/// Whether a number is a code of a category.
#[expect(clippy::float_cmp, reason = "a code is whole to the last bit")]
fn is_code(x: f64) -> bool {
    (0.0..=65_535.0).contains(&x) && x.round_ties_even() == x
}

/// What a thread gives back.
#[derive(Debug, Default)]
struct Part {
    rows: Vec<Row>,
    lineage: Vec<CellSource>,
    anew: u64,
}

/// Rows of a table in `[from, t)` that a subject may see.
fn sources(subject: &Subject<'_>, table: MarketTable, from: i64, t: i64) -> Option<Read> {
    let rows = subject.rows?;
    let [quotes, trades, depths] = &rows.order;
    let (ts, order, first, last): (&[i64], &Order, usize, usize) = match table {
        MarketTable::Quotes => {
            (rows.quotes.columns.ts(), quotes, rows.quotes.before(from), rows.quotes.before(t))
        }
        MarketTable::Trades => {
            (rows.trades.columns.ts(), trades, rows.trades.before(from), rows.trades.before(t))
        }
        MarketTable::Depths => {
            (rows.depths.columns.ts(), depths, rows.depths.before(from), rows.depths.before(t))
        }
    };
    let limit = subject.limits.get(table.at()).copied().unwrap_or(usize::MAX);
    let (first, last) = (first + 1, last.min(limit));
    if first > last {
        return None;
    }
    let seq = order.range(first, last)?;
    Some(Read {
        ts: Some((ts.get(first).copied()?, ts.get(last).copied()?)),
        seq: Some(seq),
        rows: (last + 1 - first) as u64,
    })
}

fn join(a: Read, b: Read) -> Read {
    fn wider<T: Ord + Copy>(a: Option<(T, T)>, b: Option<(T, T)>) -> Option<(T, T)> {
        match (a, b) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (some, None) | (None, some) => some,
        }
    }
    Read { ts: wider(a.ts, b.ts), seq: wider(a.seq, b.seq), rows: a.rows + b.rows }
}

impl Instrument {
    /// Rows that wait to be measured.
    pub(crate) fn unsettled(&self) -> usize {
        let rest = |all: usize, settled: usize| all.saturating_sub(settled + 1);
        rest(self.quotes.columns.ts().len(), self.quotes.settled())
            + rest(self.trades.columns.ts().len(), self.trades.settled())
            + rest(self.depths.columns.ts().len(), self.depths.settled())
    }

    /// The last rows of quotes, trades and depths with `seq` up to `high`, if they are beginnings of the rings and
    /// nothing that was derived looked at rows behind them.
    fn limits(&self, cutoff: i64, log: u8, high: u64, lookback: i64) -> Option<[usize; 3]> {
        let from = cutoff.saturating_sub(lookback);
        let mut first_hidden = i64::MAX;
        let mut limits = [0; 3];
        let last_seen = |order: &Order, ts: &[i64], row: usize| Key {
            ts: ts.get(row).copied().unwrap_or(i64::MIN),
            log: order.log.get(row).copied().unwrap_or(0),
            seq: order.seq.get(row).copied().unwrap_or(0),
        };
        let tables = [
            (self.quotes.columns.ts(), self.quotes.before(from), self.quotes.before(cutoff)),
            (self.trades.columns.ts(), self.trades.before(from), self.trades.before(cutoff)),
            (self.depths.columns.ts(), self.depths.before(from), self.depths.before(cutoff)),
        ];
        for (((ts, first, last), order), limit) in
            tables.into_iter().zip(&self.order).zip(&mut limits)
        {
            *limit = order.visible(first + 1, last, log, high)?;
            if *limit < last {
                first_hidden = first_hidden.min(ts.get(*limit + 1).copied().unwrap_or(i64::MAX));
            }
        }
        // A visible trade may have been signed by a quote that is hidden.
        let [quote_limit, trade_limit, _] = limits;
        let [quote_order, trade_order, _] = &self.order;
        let hidden_quote = self.quotes.before(cutoff) > quote_limit
            && self.trades.before(cutoff) > 0
            && last_seen(trade_order, self.trades.columns.ts(), trade_limit)
                > last_seen(quote_order, self.quotes.columns.ts(), quote_limit + 1);
        let hidden_amendment = self
            .amendments
            .iter()
            .any(|(key, _)| key.ts >= from && key.ts < cutoff && key.log == log && key.seq > high);
        // Instants after the first hidden row were made with it in sight.
        let derived = [
            (Series::Grid, self.grid.before(cutoff.saturating_add(1)), self.grid.columns.ts()),
            (Series::Bars, self.bars.before(cutoff.saturating_add(1)), self.bars.columns.ts()),
            (Series::Later, self.later.before(cutoff), self.later.columns.ts()),
        ];
        let looked = derived
            .iter()
            .any(|(_, last, ts)| *last > 0 && ts.get(*last).is_some_and(|g| *g > first_hidden));
        if hidden_amendment || hidden_quote || looked { None } else { Some(limits) }
    }
}

impl Order {
    /// The last of rows `first..=last` before the first hidden one; `None` when a visible one follows it.
    fn visible(&self, first: usize, last: usize, log: u8, high: u64) -> Option<usize> {
        let hidden = |row: usize| {
            self.log.get(row) == Some(&log) && self.seq.get(row).is_some_and(|seq| *seq > high)
        };
        if first > last {
            return Some(last);
        }
        if self.is_ascending() {
            // All rows are of log 0.
            if log != 0 {
                return Some(last);
            }
            let seqs = self.seq.get(first..=last)?;
            return Some(first - 1 + seqs.partition_point(|seq| *seq <= high));
        }
        let end = (first..=last).find(|row| hidden(*row)).unwrap_or(last + 1);
        (end..=last).all(hidden).then_some(end - 1)
    }

    /// Smallest and largest `seq` of rows `first..=last`.
    fn range(&self, first: usize, last: usize) -> Option<(u64, u64)> {
        let seqs = self.seq.get(first..=last)?;
        if self.is_ascending() {
            return Some((*seqs.first()?, *seqs.last()?));
        }
        Some((*seqs.iter().min()?, *seqs.iter().max()?))
    }
}
