//! The second implementation of outcomes and labels: slow, obvious, and written without the first.
//!
//! It gathers every row, sorts by key, and scans the rows of one decision at a time, with sums in 256 bits and nothing
//! kept from one decision to the next but what follows from the log alone. It shares only `contract` and the types of
//! settings, measures and grades with the engine. What it says of a decision is what the last revision would say, given
//! the whole log.

mod book;
mod case;
mod compare;
mod exact;
mod execution;
mod fee;
mod label;
mod log;
mod lots;
mod markout;
mod outcome;
mod path;
mod position;
mod sample;
mod sigma;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use contract::{AnchorKind, LabelKind, LabelStatus, OutcomeBasis, Side};
use contract::{EventId, Hash};

pub use compare::{Disagreement, Tables, compare};
pub use sample::{Agreement, AuditPlan, AuditReport, AuditRow, Stratum, audit};

use crate::flags::OutcomeFlags;
use crate::inputs::Inputs;
use crate::measure::Readings;
use crate::null::Null;
use crate::settings::{Measures, Resolved};

/// The rules of a strategy at a cut-off.
pub type RulesOf<'a> = dyn Fn(&str, i64) -> Option<Arc<Resolved>> + 'a;

/// What became of a row that a decision might have.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate<T> {
    /// It is this.
    Is(T),
    /// The log must pass this instant by the allowed lateness.
    Pending(i64),
    /// It is a reject of this kind.
    Rejected(&'static str),
    /// There is none, and this is why.
    NotApplicable(&'static str),
}

impl<T> Fate<T> {
    /// The row, if there is one.
    pub const fn row(&self) -> Option<&T> {
        match self {
            Self::Is(row) => Some(row),
            _ => None,
        }
    }
}

/// A row of `outcomes` as the audit has it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedOutcome {
    /// State.
    pub status: LabelStatus,
    /// Whether it is realized, marked or counterfactual.
    pub basis: OutcomeBasis,
    /// `decision`, or the fixed horizon.
    pub window: String,
    /// Side of the position.
    pub side: Option<Side>,
    /// Remarks.
    pub flags: OutcomeFlags,
    /// Cut-off.
    pub ts_cutoff: i64,
    /// Last path time that could influence it.
    pub ts_end: i64,
    /// The later of that and the availability of rows read.
    pub ts_until: i64,
    /// End if nothing were touched.
    pub ts_latest_end: i64,
    /// When it could be known, without a later revision.
    pub ts_avail: i64,
    /// The measures.
    pub readings: Readings,
}

/// A row of `labels` as the audit has it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedLabel {
    /// The target.
    pub target: String,
    /// Kind.
    pub kind: LabelKind,
    /// Class, where both ends of its interval agree.
    pub class: Option<i8>,
    /// Class at the worst bounds.
    pub class_lo: Option<i8>,
    /// Class at the best bounds.
    pub class_hi: Option<i8>,
    /// Value.
    pub value: Option<f64>,
    /// Confidence of a grade.
    pub confidence: Option<f64>,
    /// Rules of a grade that moved the class.
    pub fired: Vec<String>,
    /// Why values that it asked for are missing.
    pub nulls: Vec<Null>,
    /// State.
    pub status: LabelStatus,
    /// Remarks.
    pub flags: OutcomeFlags,
    /// Cut-off.
    pub ts_cutoff: i64,
    /// Last path time that could influence it.
    pub ts_end: i64,
    /// The later of that and the availability of rows read.
    pub ts_until: i64,
    /// End if nothing were touched.
    pub ts_latest_end: i64,
    /// When it could be known, without a later revision.
    pub ts_avail: i64,
}

/// A row of `markouts` as the audit has it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedMarkout {
    /// What the offset counts from.
    pub anchor_kind: AnchorKind,
    /// Decision id, or execution id of the fill.
    pub anchor_id: String,
    /// Offset.
    pub offset_ns: i64,
    /// The anchor.
    pub ts_anchor: i64,
    /// Last path time that could influence it.
    pub ts_end: i64,
    /// Bid at the offset, units of 1e-9.
    pub bid_px: Option<i64>,
    /// Ask at the offset, units of 1e-9.
    pub ask_px: Option<i64>,
    /// Signed move.
    pub markout_bps: Option<f64>,
    /// Effective spread of the fill.
    pub eff_spread_bps: Option<f64>,
    /// Realized spread at the offset.
    pub realized_spread_bps: Option<f64>,
    /// Price impact at the offset.
    pub impact_bps: Option<f64>,
    /// Why a value is missing.
    pub reason: Option<Null>,
}

/// All that the audit says of one decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Audited {
    /// The decision.
    pub decision_id: EventId,
    /// Hash of the measures that it was measured by; `None` without rules.
    pub measures_hash: Option<Hash>,
    /// Its outcome.
    pub outcome: Fate<AuditedOutcome>,
    /// Its label of each target, in the order of the rule set.
    pub labels: Vec<(String, Fate<AuditedLabel>)>,
    /// Its markouts and those of its fills.
    pub markouts: Vec<Fate<AuditedMarkout>>,
}

/// A log that was read once and can be asked about any decision.
///
/// - **Cost:** the first question sorts the log, matches its fills and makes the paths of the decision's instrument;
///   each later one scans the rows of its own window.
#[derive(Debug)]
pub struct Auditor {
    log: log::Log,
    /// What follows from the log, for each lateness and tolerance that was asked with.
    books: RefCell<Vec<Rc<book::Book>>>,
}

impl Auditor {
    /// Reads every row.
    #[must_use]
    pub fn new(inputs: &Inputs) -> Self {
        Self { log: log::Log::read(inputs), books: RefCell::default() }
    }

    /// Every decision, by id.
    #[must_use]
    pub fn decisions(&self) -> Vec<EventId> {
        let mut ids: Vec<EventId> = self.log.decisions.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids
    }

    /// What the last revision would say of a decision; `None` for one that the log does not hold.
    #[must_use]
    pub fn decision(&self, id: EventId, rules: &RulesOf<'_>) -> Option<Audited> {
        let at = self.log.place(id)?;
        let decision = self.log.decisions.get(at)?;
        let nothing = |why| Audited {
            decision_id: id,
            measures_hash: None,
            outcome: Fate::NotApplicable(why),
            labels: Vec::new(),
            markouts: Vec::new(),
        };
        let Some(rules) = rules(&decision.strategy, decision.key.0) else {
            return Some(nothing("no rules in force"));
        };
        let book = self.book(&rules.measures);
        let Some(case) = case::Case::new(&book, at, Arc::clone(&rules)) else {
            return Some(nothing("no instrument"));
        };
        let outcome = outcome::outcome(&case);
        let labels = rules
            .targets
            .iter()
            .map(|target| (target.name.to_string(), label::label(&case, &outcome, target)));
        Some(Audited {
            decision_id: id,
            measures_hash: Some(rules.measures_hash),
            labels: labels.collect(),
            markouts: markout::markouts(&case),
            outcome,
        })
    }

    fn book(&self, measures: &Measures) -> Rc<book::Book> {
        let mut books = self.books.borrow_mut();
        if let Some(known) = books.iter().find(|book| book.is_for(measures)) {
            return Rc::clone(known);
        }
        let (lateness_ns, tolerance_ns) =
            (measures.allowed_lateness_ns, measures.clock_tolerance_ns);
        let book = Rc::new(book::Book::new(&self.log, lateness_ns, tolerance_ns));
        books.push(Rc::clone(&book));
        book
    }
}
