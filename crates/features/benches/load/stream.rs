//! One event at a time, as a live decider has it.

use crate::read::{DECISIONS, QUOTES, Source, TRADES, all};
use crate::{Result, peak_bytes};
use contract::{Batch, Decisions, Quotes, Trades};
use features::{Options, Plan, Sweep};
use std::path::Path;
use std::time::Instant;

/// A batch of one row, made before the clock starts.
enum Event {
    Quote(Batch<Quotes>),
    Trade(Batch<Trades>),
    Decision(Batch<Decisions>),
}

/// Share of the day that warms the sweep up.
const WARM: f64 = 0.5;
/// Ticks that are prepared and applied at a time.
const STEP: usize = 1 << 9;

#[derive(Default)]
struct Latencies(Vec<u64>);

impl Latencies {
    fn push(&mut self, begin: Instant) {
        self.0.push(u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }

    fn json(&mut self) -> String {
        self.0.sort_unstable();
        let at = |share: f64| {
            let last = self.0.len().saturating_sub(1);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a length"
            )]
            let at = (last as f64 * share) as usize;
            self.0.get(at).copied().unwrap_or(0)
        };
        format!(
            "{{\"n\": {}, \"p50\": {}, \"p99\": {}, \"p999\": {}, \"max\": {}}}",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        )
    }
}

/// Events of two batches and the decisions between, in the order of the log.
struct Merge<'a> {
    quotes: Source<Quotes>,
    trades: Source<Trades>,
    quote: Option<(Batch<Quotes>, usize)>,
    trade: Option<(Batch<Trades>, usize)>,
    decisions: &'a Batch<Decisions>,
    asked: usize,
}

impl Merge<'_> {
    fn next(&mut self) -> Result<Option<Event>> {
        if self.quote.as_ref().is_none_or(|(batch, at)| *at >= batch.len()) {
            self.quote = self.quotes.next().transpose()?.map(|batch| (batch, 0));
        }
        if self.trade.as_ref().is_none_or(|(batch, at)| *at >= batch.len()) {
            self.trade = self.trades.next().transpose()?.map(|batch| (batch, 0));
        }
        let quote = self.quote.as_ref().map_or(u64::MAX, |(batch, at)| batch.seq().value(*at));
        let trade = self.trade.as_ref().map_or(u64::MAX, |(batch, at)| batch.seq().value(*at));
        let asked = self.decisions.seq().values().get(self.asked).copied().unwrap_or(u64::MAX);
        if asked < quote.min(trade) {
            self.asked += 1;
            return Ok(Some(Event::Decision(self.decisions.slice(self.asked - 1, 1))));
        }
        if quote < trade {
            return Ok(self.quote.as_mut().map(|(batch, at)| {
                *at += 1;
                Event::Quote(batch.slice(*at - 1, 1))
            }));
        }
        Ok(self.trade.as_mut().map(|(batch, at)| {
            *at += 1;
            Event::Trade(batch.slice(*at - 1, 1))
        }))
    }
}

pub(crate) fn run(folder: &Path, plan: Plan) -> Result<()> {
    let columns = plan.len();
    let decisions = all::<Decisions>(folder, &DECISIONS)?;
    let mut merge = Merge {
        quotes: Source::open(folder, &QUOTES)?,
        trades: Source::open(folder, &TRADES)?,
        quote: None,
        trade: None,
        decisions: &decisions,
        asked: 0,
    };
    let mut sweep = Sweep::new(plan, Options::default());
    let (mut ticks, mut answers) = (Latencies::default(), Latencies::default());
    let mut step = Vec::with_capacity(STEP);
    loop {
        step.clear();
        while step.len() < STEP
            && let Some(event) = merge.next()?
        {
            step.push(event);
        }
        if step.is_empty() {
            break;
        }
        let is_warm = merge.asked as f64 > decisions.len() as f64 * WARM;
        for event in &step {
            let begin = Instant::now();
            let out = match event {
                Event::Quote(row) => sweep.push(row)?,
                Event::Trade(row) => sweep.push(row)?,
                Event::Decision(row) => sweep.push(row)?,
            };
            if is_warm {
                if out.rows.is_some() { answers.push(begin) } else { ticks.push(begin) }
            }
        }
    }
    let (_, report) = sweep.finish()?;
    #[expect(clippy::print_stdout, reason = "a program that prints its figures")]
    {
        println!(
            "{{\"columns\": {columns}, \"rows\": {}, \"late\": {}, \"tick_ns\": {}, \"decision_ns\": {}, \"peak\": {}}}",
            report.rows,
            report.late,
            ticks.json(),
            answers.json(),
            peak_bytes()
        );
    }
    Ok(())
}
