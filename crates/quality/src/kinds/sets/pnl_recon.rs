//! Our results against the venue's.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Amount, Causality, Executions, Json, PostingKind, Postings, Severity};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Outcomes that one check remembers; beyond them it is not evaluated.
const MAX_OUTCOMES: u64 = 4_194_304;

/// Strategies whose booked result differs from the venue's by more than fees and rounding.
///
/// - **Ours:** the sum of `ours` over the last revision of each outcome of a strategy; counterfactual ones, void ones and
///   those without a value do not count. A decision counts once: with outcomes of several windows, the rule names one.
/// - **The venue's:** the sum of `realized_pnl_venue` over the strategy's `executions` in the context; where none carries
///   one, that of its `postings` of kind `realized_pnl`, joined by `exec_id`. A strategy with neither is not applicable.
/// - **Violation:** the difference exceeds the sum of fees of the outcomes, whatever their sign, and `rounding` for each
///   figure of the venue: a venue may state its figure before or after fees.
/// - **Units:** money of one currency, to 1e-9.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PnlRecon {
    ours: Slot,
    fees: Slot,
    decision: Slot,
    strategy: Slot,
    window: Slot,
    revision: Slot,
    basis: Slot,
    status: Slot,
    windows: BTreeSet<String>,
    /// In units of 1e-9.
    rounding: i128,
    #[serde(with = "crate::pairs")]
    outcomes: BTreeMap<([u8; 16], String), Outcome>,
    is_over: bool,
}

/// The last revision of an outcome. The fields are in order of comparison: of two rows of one revision the greater counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Outcome {
    revision: u16,
    result: Option<i128>,
    fees: i128,
    strategy: String,
}

/// What one strategy has on both sides.
#[derive(Debug, Clone, Default)]
struct Books {
    ours: i128,
    fees: i128,
    venue: i128,
    figures: u64,
}

impl PnlRecon {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "pnl_recon",
        doc: "a strategy whose result differs from the venue's by more than fees and rounding",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Set,
        params: &[
            ParamSpec::new("ours", ParamType::Column, Some("booked_pnl"), "our result, in money"),
            ParamSpec::new("fees", ParamType::Column, Some("fees"), "fees in it, in money"),
            ParamSpec::new(
                "windows",
                ParamType::Texts,
                Some(""),
                "windows of outcomes; all where it is empty",
            ),
            ParamSpec::new(
                "rounding",
                ParamType::Decimal,
                Some("0.01"),
                "money by which each figure of the venue may be off",
            ),
        ],
        needs: &["executions"],
        build: |params, slots| AnyJudge::PnlRecon(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            ours: slots.of(params.text("ours")),
            fees: slots.of(params.text("fees")),
            decision: slots.of("decision_id"),
            strategy: slots.of("strategy_id"),
            window: slots.of("window"),
            revision: slots.of("revision"),
            basis: slots.of("basis"),
            status: slots.of("status"),
            windows: params.texts("windows").iter().cloned().collect(),
            rounding: Amount::parse(params.text("rounding")).map_or(0, Amount::nanos),
            outcomes: BTreeMap::new(),
            is_over: false,
        }
    }

    fn add(&mut self, key: ([u8; 16], String), outcome: Outcome) {
        match self.outcomes.get_mut(&key) {
            Some(known) if *known < outcome => *known = outcome,
            Some(_) => {}
            None => drop(self.outcomes.insert(key, outcome)),
        }
    }

    fn settle(&mut self) {
        if self.is_over || self.outcomes.len() as u64 > MAX_OUTCOMES {
            self.is_over = true;
            self.outcomes.clear();
        }
    }

    /// Both sides by strategy.
    fn books(&self, context: &Context) -> BTreeMap<String, Books> {
        let mut books: BTreeMap<String, Books> = BTreeMap::new();
        for outcome in self.outcomes.values() {
            let Some(result) = outcome.result else { continue };
            let of = books.entry(outcome.strategy.clone()).or_default();
            of.ours = of.ours.saturating_add(result);
            of.fees = of.fees.saturating_add(outcome.fees.saturating_abs());
        }
        let (by_fill, strategies) = figures(context);
        let by_posting = postings(context, &strategies);
        for (strategy, of) in &mut books {
            let venue = by_fill.get(strategy).or_else(|| by_posting.get(strategy));
            (of.venue, of.figures) = venue.copied().unwrap_or_default();
        }
        books
    }
}

type Figures = BTreeMap<String, (i128, u64)>;

fn count(figures: &mut Figures, strategy: &str, money: i128) {
    let of = figures.entry(strategy.to_owned()).or_default();
    *of = (of.0.saturating_add(money), of.1 + 1);
}

/// The venue's figures on fills by strategy, and the strategy of every fill.
fn figures(context: &Context) -> (Figures, BTreeMap<String, String>) {
    let (mut figures, mut strategies) = (Figures::new(), BTreeMap::new());
    for rows in context.typed::<Executions>() {
        for row in 0..rows.len() {
            let strategy = rows.cell(&Executions::STRATEGY_ID, row).ok().flatten();
            let (Some(strategy), Ok(exec)) = (strategy, rows.cell(&Executions::EXEC_ID, row))
            else {
                continue;
            };
            strategies.insert(exec.to_owned(), strategy.to_owned());
            if let Ok(Some(money)) = rows.cell(&Executions::REALIZED_PNL_VENUE, row) {
                count(&mut figures, strategy, money.nanos());
            }
        }
    }
    (figures, strategies)
}

fn postings(context: &Context, strategies: &BTreeMap<String, String>) -> Figures {
    let mut figures = Figures::new();
    for rows in context.typed::<Postings>() {
        for row in 0..rows.len() {
            if rows.cell(&Postings::KIND, row) != Ok(PostingKind::RealizedPnl) {
                continue;
            }
            let exec = rows.cell(&Postings::EXEC_ID, row).ok().flatten();
            let strategy = exec.and_then(|exec| strategies.get(exec));
            if let (Some(strategy), Ok(money)) = (strategy, rows.cell(&Postings::AMOUNT, row)) {
                count(&mut figures, strategy, money.nanos());
            }
        }
    }
    figures
}

fn money(nanos: i128) -> Json {
    let amount = Amount::from_nanos(nanos).map(|a| a.to_string());
    Json::from(amount.unwrap_or_else(|| format!("{nanos}e-9")))
}

impl Judge for PnlRecon {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        let (ours, fees) = (rows.column(self.ours)?, rows.column(self.fees)?);
        let (decision, strategy) = (rows.column(self.decision)?, rows.column(self.strategy)?);
        let (window, revision) = (rows.column(self.window)?, rows.column(self.revision)?);
        let (basis, status) = (rows.column(self.basis)?, rows.column(self.status)?);
        for row in 0..rows.len() {
            let (Some(id), Some(word)) = (decision.id(row), window.text(row)) else { continue };
            let Some(strategy) = strategy.text(row) else { continue };
            if !self.windows.is_empty() && !self.windows.contains(word) {
                continue;
            }
            let counts =
                basis.text(row) != Some("counterfactual") && status.text(row) != Some("void");
            let revision = revision.i64(row).and_then(|r| u16::try_from(r).ok()).unwrap_or(0);
            let outcome = Outcome {
                revision,
                result: ours.int(row).filter(|_| counts),
                fees: fees.int(row).unwrap_or(0),
                strategy: strategy.to_owned(),
            };
            self.add((id, word.to_owned()), outcome);
        }
        self.settle();
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.is_over |= right.is_over;
        for (key, outcome) in &right.outcomes {
            self.add(key.clone(), outcome.clone());
        }
        self.settle();
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        let reason = if self.is_over {
            Some(NotEvaluated::Limit(format!("{MAX_OUTCOMES} outcomes")))
        } else {
            let lacks = !context.has("executions");
            lacks.then(|| NotEvaluated::MissingContext("executions".to_owned()))
        };
        if let Some(reason) = reason {
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let (mut applicable, mut largest) = (0, 0_i128);
        let mut differ = Vec::new();
        for (strategy, of) in self.books(context).into_iter().filter(|(_, of)| of.figures > 0) {
            applicable += 1;
            let off = of.ours.saturating_sub(of.venue);
            let allowed = of.fees.saturating_add(self.rounding.saturating_mul(of.figures.into()));
            if off.saturating_abs() > allowed {
                largest = largest.max(off.saturating_abs());
                differ.push(Json::object([
                    ("strategy_id", Json::from(strategy)),
                    ("ours", money(of.ours)),
                    ("venue", money(of.venue)),
                    ("fees", money(of.fees)),
                ]));
            }
        }
        end.totals = Some((applicable, differ.len() as u64));
        if !differ.is_empty() {
            end.effect = Some(("largest_difference_ccy", largest as f64 / 1e9));
            end.detail = Some(Json::object([("strategies", Json::Array(differ))]));
        }
    }
}
