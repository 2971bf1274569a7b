//! The truth as tables: what was planted where, what really happened, and how good a model can be.

use crate::columns::TruthTable;
use crate::desk::STRATEGIES;
use crate::emit::side_word;
use crate::rows::{BookRow, LabelRow, SignalRow};
use crate::universe::Universe;
use contract::arrow_array::RecordBatch;
use std::collections::BTreeMap;

fn instrument(universe: &Universe, at: u16) -> Option<u32> {
    universe.listings.get(usize::from(at)).map(|l| l.id)
}

fn strategy(at: u8) -> Option<&'static str> {
    STRATEGIES.get(usize::from(at)).copied()
}

pub(crate) fn signals(universe: &Universe, rows: &[SignalRow]) -> RecordBatch {
    let class = |at: usize| move |r: &SignalRow| r.classes.map(|c| c[at]);
    TruthTable::new("truth_signal")
        .ids("decision_id", rows.iter().map(|r| Some(&r.decision)))
        .u32("instrument_id", rows.iter().map(|r| instrument(universe, r.instrument)))
        .times("ts_event", rows.iter().map(|r| Some(r.ts)))
        .i64("hidden_state", rows.iter().map(|r| Some(r.hidden)))
        .i64("vol_state", rows.iter().map(|r| Some(r.vol)))
        .f64("p_down", rows.iter().map(class(0)))
        .f64("p_unchanged", rows.iter().map(class(1)))
        .f64("p_up", rows.iter().map(class(2)))
        .i64("moved_ticks", rows.iter().map(|r| r.moved))
        .finish()
}

pub(crate) fn labels(universe: &Universe, rows: &[LabelRow]) -> RecordBatch {
    TruthTable::new("truth_labels")
        .ids("decision_id", rows.iter().map(|r| Some(&r.decision)))
        .u32("instrument_id", rows.iter().map(|r| instrument(universe, r.instrument)))
        .times("ts_event", rows.iter().map(|r| Some(r.ts)))
        .words("target", rows.iter().map(|r| Some(r.target)))
        .words("side", rows.iter().map(|r| r.side.map(side_word)))
        .i8("class", rows.iter().map(|r| r.class))
        .f64("value", rows.iter().map(|r| r.value))
        .words(
            "value_unit",
            rows.iter().map(|r| {
                r.value.map(|_| if r.target == "grade_forward" { "sigma" } else { "bps" })
            }),
        )
        .i64("entry_px", rows.iter().map(|r| r.entry))
        .i64("exit_px", rows.iter().map(|r| r.exit))
        .times("ts_end", rows.iter().map(|r| Some(r.ts_end)))
        .words("reason", rows.iter().map(|r| r.reason))
        .finish()
}

pub(crate) fn books(
    universe: &Universe,
    accounts: &[[u8; 16]; 4],
    rows: &[BookRow],
) -> RecordBatch {
    let execs: Vec<Option<String>> =
        rows.iter().map(|r| r.exec_id.map(|id| format!("E{id}"))).collect();
    let qty = |r: &BookRow| {
        let lot = universe.listings.get(usize::from(r.instrument)).map_or(0, |l| l.lot);
        Some(i128::from(r.lots) * i128::from(lot))
    };
    TruthTable::new("truth_books")
        .times("ts_event", rows.iter().map(|r| Some(r.ts)))
        .ids("account_ref", rows.iter().map(|r| accounts.get(usize::from(r.strategy))))
        .words("strategy_id", rows.iter().map(|r| strategy(r.strategy)))
        .u32("instrument_id", rows.iter().map(|r| instrument(universe, r.instrument)))
        .words("cause", rows.iter().map(|r| Some(r.cause)))
        .text("exec_id", execs.iter().map(Option::as_deref))
        .money("qty", rows.iter().map(qty))
        .money("cash", rows.iter().map(|r| Some(r.cash)))
        .money("fees", rows.iter().map(|r| Some(r.fees)))
        .money("funding", rows.iter().map(|r| Some(r.funding)))
        .money("realized_pnl", rows.iter().map(|r| Some(r.realized)))
        .finish()
}

/// Rows emitted by (table, source) in a slice.
pub(crate) type Emitted = BTreeMap<(&'static str, u16), u64>;

pub(crate) fn ledger(from: i64, to: i64, emitted: &Emitted, total: &Emitted) -> RecordBatch {
    let rows: Vec<_> = emitted.iter().filter(|(_, n)| **n > 0).collect();
    TruthTable::new("truth_ledger")
        .words("table_name", rows.iter().map(|((table, _), _)| Some(*table)))
        .u16("source_id", rows.iter().map(|((_, source), _)| Some(*source)))
        .times("ts_from", rows.iter().map(|_| Some(from)))
        .times("ts_to", rows.iter().map(|_| Some(to)))
        .u64("rows", rows.iter().map(|(_, n)| Some(**n)))
        .u64("rows_total", rows.iter().map(|(key, _)| total.get(*key).copied()))
        .finish()
}

/// Sums for the ceiling, which need no row to be kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ceiling {
    n: u64,
    /// Sum of the largest class probability: expected hits of the best classifier.
    best: f64,
    /// Of each class: its probability, and its probability where it is the best guess for balanced accuracy.
    mass: [f64; 3],
    caught: [f64; 3],
    /// Hits of the best classifier that really happened.
    hits: u64,
    /// Per (instrument, horizon-long block): standard deviations add up inside, variances across.
    blocks: BTreeMap<(u16, i64), f64>,
    variance: f64,
}

impl Ceiling {
    pub(crate) fn add(&mut self, rows: &[SignalRow], horizon: i64) {
        for row in rows {
            let (Some(p), Some(moved)) = (row.classes, row.moved) else { continue };
            let guess = (0..3).fold(0, |best, k| if p[k] > p[best] { k } else { best });
            let truth = usize::try_from(moved.signum() + 1).unwrap_or(1);
            self.n += 1;
            self.best += p[guess];
            self.hits += u64::from(truth == guess);
            for (mass, p) in self.mass.iter_mut().zip(p) {
                *mass += p;
            }
            self.caught[guess] += p[guess];
            let block = (row.instrument, row.ts.div_euclid(horizon));
            *self.blocks.entry(block).or_default() += libm::sqrt(p[guess] * (1.0 - p[guess]));
        }
        // Blocks that no later row can fall in.
        let newest = rows.iter().map(|r| r.ts).max().unwrap_or(i64::MIN).div_euclid(horizon) - 12;
        let variance = &mut self.variance;
        self.blocks.retain(|(_, block), sd| {
            if *block < newest {
                *variance += *sd * *sd;
            }
            *block >= newest
        });
    }

    /// Bayes accuracy with the interval in which the accuracy of the best classifier on this run's decisions falls
    /// with 95 % probability; and its accuracy as it happened.
    pub(crate) fn table(&self) -> RecordBatch {
        let n = self.n as f64;
        let variance = self.variance + self.blocks.values().map(|sd| sd * sd).sum::<f64>();
        let half = if self.n > 0 { 1.96 * libm::sqrt(variance) / n } else { 0.0 };
        let value = if self.n > 0 { self.best / n } else { 0.0 };
        let recall =
            |k: usize| if self.mass[k] > 0.0 { self.caught[k] / self.mass[k] } else { 0.0 };
        let balanced = (recall(0) + recall(1) + recall(2)) / 3.0;
        let majority = self.mass.iter().fold(0.0_f64, |a, b| a.max(*b)) / n.max(1.0);
        let rows = [
            ("accuracy", value, Some(value - half), Some(value + half)),
            ("accuracy_realized", self.hits as f64 / n.max(1.0), None, None),
            ("balanced_accuracy", balanced, Some(balanced - half), Some(balanced + half)),
            ("majority_rate", majority, None, None),
        ];
        TruthTable::new("truth_ceiling")
            .words("target", rows.iter().map(|_| Some("direction_mid")))
            .words("metric", rows.iter().map(|r| Some(r.0)))
            .f64("value", rows.iter().map(|r| Some(r.1)))
            .f64("low", rows.iter().map(|r| r.2))
            .f64("high", rows.iter().map(|r| r.3))
            .u64("n", rows.iter().map(|_| Some(self.n)))
            .finish()
    }
}
