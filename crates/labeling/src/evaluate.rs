//! What an outcome is: a pure function of a decision, its fills, and the path up to an instant.

mod closing;
mod draft;
mod excursion;
mod filled;
mod forward;
mod point;
mod shortfall;
mod sigma;
mod window;

pub(crate) use draft::{Draft, Reads};
pub(crate) use filled::void;
pub(crate) use point::{EntryPoint, entry_point};
pub(crate) use shortfall::{decision_mid, fill_mid};
pub(crate) use sigma::sigma;
pub(crate) use window::{Mark, mark, window_end};

use crate::exact::{Contract, Overflow};
use crate::facts::Facts;
use crate::key::Key;
use crate::ledger::{Fill, FillNo, Ledger, Lot};
use crate::path::Path;
use crate::rows::{DecisionRow, Id, sign};
use crate::settings::{Anchor, PathKind, Resolved};
use contract::DecisionAction;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why there is no result now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Rows up to an instant are needed.
    Wait(i64),
    /// The first executable row after the window is needed, at most up to an instant.
    WaitRow(i64),
    /// There never will be one.
    NotApplicable(&'static str),
    /// The instrument has no market data.
    NoPath,
    /// An exact sum does not fit.
    Overflow,
    /// A barrier stands where it cannot.
    BarrierOrder,
}

impl From<Overflow> for Stop {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}

/// A decision with what became of it so far.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) row: DecisionRow,
    /// Its id as text.
    pub(crate) text: Arc<str>,
    pub(crate) rules: Arc<Resolved>,
    /// Planned horizon.
    pub(crate) horizon_ns: i64,
    /// How long fills may take.
    pub(crate) wait_ns: i64,
    pub(crate) latest_end: i64,
    /// Its fills, by key.
    pub(crate) fills: Vec<FillNo>,
    /// Its first report, and the quote at arrival of the first one that has it.
    pub(crate) first_report: Option<Key>,
    pub(crate) arrival: Option<(Key, i64, i64)>,
}

/// What kind of outcome a decision has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A trade at the decision's own quote.
    Forward,
    /// Opens a position, or would have.
    Open,
    /// Closes one, or would have.
    Close,
    /// Keeps one.
    Hold,
}

impl Decision {
    pub(crate) fn new(row: DecisionRow, rules: Arc<Resolved>) -> Self {
        let m = &rules.measures;
        let own = m.horizon_ns.or(row.horizon_ns).unwrap_or(m.horizon_default_ns);
        let horizon_ns = own.clamp(1, m.max_life_ns.max(1));
        let wait_ns = match m.anchor {
            Anchor::Fills => m.entry_wait_ns.unwrap_or(horizon_ns).min(m.max_life_ns.max(1)),
            Anchor::Decision => 0,
        };
        let life = (wait_ns + m.entry_delay_ns + horizon_ns).min(m.max_life_ns.max(1));
        let latest_end = row.key.ts + life + m.max_exit_delay_ns + m.clock_bound_ns;
        Self {
            horizon_ns,
            wait_ns,
            latest_end,
            text: Arc::from(crate::markout::uuid(&row.id)),
            row,
            rules,
            fills: Vec::new(),
            first_report: None,
            arrival: None,
        }
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        use DecisionAction as A;
        self.row.instrument?;
        if matches!(self.row.action, A::Cancel | A::Modify | A::Hedge) {
            return None;
        }
        if self.rules.measures.anchor == Anchor::Decision {
            return self.row.side.map(|_| Kind::Forward);
        }
        match self.row.action {
            A::Enter | A::Increase | A::Reverse => Some(Kind::Open),
            A::Exit | A::Reduce => Some(Kind::Close),
            A::Skip => self.row.side.map(|_| Kind::Open),
            A::Hold => Some(Kind::Hold),
            _ => None,
        }
    }

    /// Its quantity; one unit where it names none.
    pub(crate) fn quantity(&self) -> i128 {
        self.row.qty.unwrap_or(1_000_000_000)
    }

    pub(crate) fn sign(&self) -> i128 {
        self.row.side.map_or(1, sign)
    }

    /// Last instant at which a fill can be its entry.
    pub(crate) fn wait_end(&self) -> i64 {
        self.row.key.ts + self.wait_ns
    }

    /// Square root of the planned horizon in seconds.
    pub(crate) fn root_tau(&self) -> f64 {
        libm::sqrt(self.horizon_ns as f64 / 1e9)
    }
}

/// What a decision is measured on.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The prices at which positions are left.
    pub(crate) path: &'a Path,
    pub(crate) quotes: &'a Path,
    pub(crate) kind: PathKind,
    pub(crate) facts: &'a Facts,
    pub(crate) fills: &'a [Fill],
    pub(crate) ledgers: &'a BTreeMap<(Option<Id>, u32), Ledger>,
    /// Quotes of the benchmark.
    pub(crate) benchmark: Option<&'a Path>,
    /// Every row up to here, itself included, is in.
    pub(crate) upto: i64,
}

impl<'a> View<'a> {
    /// The lot that a fill opened, with its number.
    pub(crate) fn lot(&self, fill: &Fill) -> Option<(usize, &'a Lot)> {
        let no = fill.lot?;
        Some((no, self.ledgers.get(&(fill.account, fill.instrument))?.lot(no)?))
    }

    pub(crate) fn contract(&self, d: &Decision) -> Contract {
        d.row.instrument.map_or(Contract::ONE, |id| self.facts.contract(id, d.row.key.ts))
    }

    /// Refuses to go on before every row up to an instant is in.
    pub(crate) fn needs(&self, ts: i64) -> Result<(), Stop> {
        if self.upto < ts { Err(Stop::Wait(ts)) } else { Ok(()) }
    }

    /// Fills of a decision that count, by key, up to an instant.
    pub(crate) fn fills_of<'b>(
        &'b self,
        d: &'b Decision,
        until: i64,
    ) -> impl Iterator<Item = &'b Fill> {
        let fills = d.fills.iter().filter_map(|no| self.fills.get(*no));
        fills.filter(move |f| !f.is_gone && f.key.ts <= until)
    }
}

/// The outcome of a decision, as far as rows up to `view.upto` decide it.
pub(crate) fn outcome(view: View<'_>, d: &Decision) -> Result<Draft, Stop> {
    let draft = match d.kind() {
        None => return Err(Stop::NotApplicable("no side, or an action that makes no position")),
        Some(Kind::Forward) => forward::forward(view, d, false)?,
        Some(Kind::Open) if d.row.is_unsent() => forward::forward(view, d, true)?,
        Some(Kind::Open) => match filled::filled(view, d)? {
            Some(draft) => draft,
            None => forward::forward(view, d, false)?,
        },
        Some(Kind::Close) => closing::close(view, d)?,
        Some(Kind::Hold) => closing::hold(view, d)?,
    };
    Ok(draft)
}
