//! Laws that every feature keeps, to be run over features written elsewhere.
//!
//! A feature is swept over small markets out of a seed: in one batch, in pieces as a log delivers them, from the middle of
//! history, with other units, mirrored, at another date; the certificate looks for leaks and for inputs without effect.
//!
//! ```
//! use features::testing::assert_feature;
//! use features::{Declaration, Formula, Needs, Scaling};
//!
//! let mut needs = Needs::new();
//! let quote = needs.own().quote();
//! let mut declaration = Declaration::new("x_desk__half_spread__now", "Half the quoted spread, in units of price.");
//! declaration.scaling = Scaling { px: Some(1), size: Some(0) };
//! assert_feature(Formula::new(declaration, needs, move |at| {
//!     let quote = at.valid_quote(quote)?;
//!     Ok((quote.ask_px().unwrap_or(0) - quote.bid_px().unwrap_or(0)) as f64 / 2e9)
//! }));
//! ```

mod change;
mod market;

pub use market::{long_market, market};

use crate::certificate::{Cells, CertifyOptions, Draw, certify, pieces, shown};
use crate::error::SweepError;
use crate::feature::{Feature, Mirror};
use crate::null::Null;
use crate::plan::{DEFAULT_FILTER, DEFAULT_MAX_AGE, Parts, Plan};
use crate::run::{Inputs, run};
use crate::sweep::{Arrival, Options, Sweep};
use crate::window::SECOND;
use contract::Reaction;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A law that a feature does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// The feature.
    pub feature: String,
    /// The law.
    pub law: &'static str,
    /// Where: the decision's number and cut-off, or a part of the certificate.
    pub place: String,
    /// What the law asks for.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "feature `{}`, {}, {}: expected {}, found {}",
            self.feature, self.law, self.place, self.expected, self.found
        )
    }
}

/// Runs every law over one feature.
///
/// - **Cost:** some hundred sweeps of a market of a few thousand rows.
///
/// # Panics
/// When a law is broken, naming the law, the decision and both values; that is what it is for.
pub fn assert_feature(feature: impl Feature + 'static) {
    assert_plan(&of(vec![Arc::new(feature)]));
}

/// Runs every law over all features of a plan at once.
///
/// # Panics
/// As [`assert_feature`].
#[expect(clippy::panic, reason = "a test kit says by a panic what is wrong")]
pub fn assert_plan(plan: &Arc<Plan>) {
    let broken = match check(plan) {
        Ok(broken) => broken,
        Err(error) => panic!("{error}"),
    };
    let lines: Vec<String> = broken.iter().take(20).map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{} laws broken:\n{}", broken.len(), lines.join("\n"));
}

/// Laws that features of a plan do not keep, at most one a law and feature.
///
/// Whether a feature reacts to all that it declares is no law: see [`reactions`].
///
/// # Errors
/// [`SweepError`] when the markets cannot be swept with this plan.
pub fn check(plan: &Arc<Plan>) -> Result<Vec<Broken>, SweepError> {
    let mut checker = Checker { plan: Arc::clone(plan), broken: BTreeMap::new() };
    for seed in [1, 2] {
        let market = market(seed);
        checker.pieces(&market, seed)?;
        checker.middle(&market)?;
        checker.units(&market)?;
        checker.mirror(&market)?;
        checker.dates(&market)?;
    }
    checker.values()?;
    checker.certificate(&market(3))?;
    Ok(checker.broken.into_values().collect())
}

/// How each feature of a plan reacts to its inputs, by name: over a market, and those that do not over a longer one.
///
/// # Errors
/// As [`check`].
pub fn reactions(plan: &Arc<Plan>) -> Result<BTreeMap<String, Reaction>, SweepError> {
    let options = CertifyOptions { seed: 5, budget: 0.0, min_cutoffs: 6 };
    let report = certify(Arc::clone(plan), &market(4), options)?;
    let mut found: BTreeMap<String, Reaction> =
        report.features.into_iter().map(|f| (f.feature, f.reaction)).collect();
    let still: Vec<Arc<dyn Feature>> = plan
        .features
        .iter()
        .map(|planned| &planned.feature)
        .filter(|f| found.get(&f.declaration().name) == Some(&Reaction::Unreactive))
        .map(Arc::clone)
        .collect();
    if !still.is_empty() {
        let options = CertifyOptions { min_cutoffs: 3, ..options };
        let report = certify(of(still), &long_market(4), options)?;
        found.extend(report.features.into_iter().map(|f| (f.feature, f.reaction)));
    }
    Ok(found)
}

/// A plan of these features with defaults.
fn of(features: Vec<Arc<dyn Feature>>) -> Arc<Plan> {
    Arc::new(Plan::of(Parts {
        features,
        max_age_ns: DEFAULT_MAX_AGE,
        max_ages: BTreeMap::new(),
        row_filter: DEFAULT_FILTER,
        sizes: Vec::new(),
    }))
}

/// What a value must be, given that of the market it was made from.
type Law<'a> = dyn Fn(usize, f64) -> Option<Expected> + 'a;

#[derive(Debug, Clone, Copy)]
enum Expected {
    /// These bits.
    Bits(f64),
    /// This number up to a share of the largest value of the feature.
    Near(f64, f64),
}

struct Checker {
    plan: Arc<Plan>,
    broken: BTreeMap<(String, &'static str), Broken>,
}

impl Checker {
    fn name(&self, at: usize) -> String {
        self.plan
            .features
            .get(at)
            .map_or_else(String::new, |p| p.feature.declaration().name.clone())
    }

    fn is_category(&self, at: usize) -> bool {
        self.plan.features.get(at).is_some_and(|p| p.feature.declaration().is_category)
    }

    fn breaks(
        &mut self,
        at: usize,
        law: &'static str,
        place: String,
        expected: String,
        found: String,
    ) {
        let feature = self.name(at);
        let broken = Broken { feature: feature.clone(), law, place, expected, found };
        self.broken.entry((feature, law)).or_insert(broken);
    }

    fn batch(&self, market: &Inputs) -> Result<Cells, SweepError> {
        Cells::of(run(Arc::clone(&self.plan), market, Options::default())?.rows.as_ref())
    }

    /// Equal bits of all rows.
    fn same(&mut self, law: &'static str, expected: &Cells, found: &Cells) {
        let mut all = Vec::new();
        for (seq, row) in &expected.rows {
            match found.rows.get(seq) {
                None => all.push((0, *seq, "a row".to_owned(), "none".to_owned())),
                Some(other) => {
                    for (at, (cell, other)) in row.iter().zip(other).enumerate() {
                        if cell != other {
                            let is_category = self.is_category(at);
                            all.push((
                                at,
                                *seq,
                                shown(*cell, is_category),
                                shown(*other, is_category),
                            ));
                        }
                    }
                }
            }
        }
        for (at, seq, expected, found) in all {
            self.breaks(at, law, format!("decision {seq}"), expected, found);
        }
    }

    /// Batch, log, any pieces, threads, swept anew: the same.
    fn pieces(&mut self, market: &Inputs, seed: u64) -> Result<(), SweepError> {
        let batch = self.batch(market)?;
        let mut draw = Draw::new(seed);
        for (law, arrival, threads, anew) in [
            ("batch equals streaming", Arrival::Log, 1, false),
            ("any cut into batches gives the same", Arrival::Sorted, 1, false),
            ("any number of threads gives the same", Arrival::Sorted, 3, false),
            ("a decision swept anew gives the same", Arrival::Sorted, 1, true),
        ] {
            let how = Options { arrival, threads, anew, ..Options::default() };
            let found = if threads > 1 {
                Cells::of(run(Arc::clone(&self.plan), market, how)?.rows.as_ref())?
            } else {
                let mut sweep = Sweep::new(Arc::clone(&self.plan), how);
                let mut cells = pieces(&mut sweep, market, &mut draw)?;
                if let Some(rows) = sweep.finish()?.0.rows {
                    cells.add(&rows)?;
                }
                cells
            };
            self.same(law, &batch, &found);
        }
        Ok(())
    }

    /// A start in the middle, one lookback before the first decision asked.
    fn middle(&mut self, market: &Inputs) -> Result<(), SweepError> {
        let whole = run(Arc::clone(&self.plan), market, Options::default())?;
        let cells = Cells::of(whole.rows.as_ref())?;
        let Some(decisions) = market.decisions.first() else { return Ok(()) };
        for share in [3, 2] {
            let first = decisions.len() - decisions.len() / share;
            let rest = decisions.slice(first, decisions.len() - first);
            let Some(t) = rest.ts_event().values().first().copied() else { continue };
            let from = t.saturating_sub(self.plan.lookback_ns());
            let later = crate::certificate::from(market, from, vec![rest])?;
            let sweep = Sweep::new(
                Arc::clone(&self.plan),
                Options { arrival: Arrival::Sorted, ..Options::default() },
            );
            let sweep = sweep.with_coverage(whole.coverage.clone());
            let found = Cells::of(crate::run::feed(sweep, &later)?.rows.as_ref())?;
            let mut expected = cells.clone();
            expected.rows.retain(|seq, _| found.rows.contains_key(seq));
            self.same("a restart one lookback earlier gives the same", &expected, &found);
        }
        Ok(())
    }

    fn related(&mut self, law: &'static str, from: &Cells, to: &Cells, expected: &Law<'_>) {
        let mut largest: Vec<f64> = vec![0.0; self.plan.len()];
        for row in from.rows.values() {
            for ((bits, reason), largest) in row.iter().zip(&mut largest) {
                let value = f64::from_bits(*bits).abs();
                if *reason == 0 && value > *largest {
                    *largest = value;
                }
            }
        }
        let mut all = Vec::new();
        for (seq, row) in &from.rows {
            let Some(other) = to.rows.get(seq) else { continue };
            for (at, (cell, other)) in row.iter().zip(other).enumerate() {
                let is_category = self.is_category(at);
                let value = if is_category { cell.0 as f64 } else { f64::from_bits(cell.0) };
                let Some(wanted) = expected(at, value) else { continue };
                let found = if is_category { other.0 as f64 } else { f64::from_bits(other.0) };
                let (wanted, holds) = match wanted {
                    Expected::Bits(x) => (x, x.to_bits() == found.to_bits()),
                    Expected::Near(x, share) => {
                        let scale = largest.get(at).copied().unwrap_or(0.0);
                        (x, (x - found).abs() <= share * scale.max(x.abs()))
                    }
                };
                if cell.1 != other.1 || (cell.1 == 0 && !holds) {
                    let wanted =
                        if cell.1 == 0 { format!("{wanted:?}") } else { shown(*cell, false) };
                    all.push((at, *seq, wanted, shown(*other, is_category)));
                }
            }
        }
        for (at, seq, expected, found) in all {
            self.breaks(at, law, format!("decision {seq}"), expected, found);
        }
    }

    /// Declared degrees under prices times 4 and sizes times 10.
    fn units(&mut self, market: &Inputs) -> Result<(), SweepError> {
        let plan = Arc::clone(&self.plan);
        let scaling = |at: usize| plan.features.get(at).map(|p| p.feature.declaration().scaling);
        let base = self.batch(market)?;
        let found = self.batch(&change::prices(market, 4)?)?;
        let by_px = |at: usize, x: f64| {
            scaling(at).and_then(|s| s.px).map(|n| Expected::Near(x * power(4.0, n), 1e-12))
        };
        self.related("declared degree under prices", &base, &found, &by_px);
        let found = self.batch(&change::sizes(market, 10.0)?)?;
        let by_size = |at: usize, x: f64| {
            scaling(at).and_then(|s| s.size).map(|n| Expected::Near(x * power(10.0, n), 1e-12))
        };
        self.related("declared degree under sizes", &base, &found, &by_size);
        Ok(())
    }

    /// Declared behaviour under an exchange of sides.
    fn mirror(&mut self, market: &Inputs) -> Result<(), SweepError> {
        let plan = Arc::clone(&self.plan);
        let base = self.batch(market)?;
        let found = self.batch(&change::mirrored(market)?)?;
        // Prices are mirrored at a level against which moves are small, so shares of a price stay nearly the same.
        let law = |at: usize, x: f64| match plan.features.get(at)?.feature.declaration().mirror {
            Mirror::Odd => Some(Expected::Near(-x, 1e-3)),
            Mirror::Even => Some(Expected::Near(x, 1e-3)),
            Mirror::None => None,
        };
        self.related("declared mirror", &base, &found, &law);
        Ok(())
    }

    /// 52 weeks later nothing is different, but for what the calendar says.
    fn dates(&mut self, market: &Inputs) -> Result<(), SweepError> {
        let plan = Arc::clone(&self.plan);
        let base = self.batch(market)?;
        let found = self.batch(&change::at_another_time(market, 364 * 86_400 * SECOND)?)?;
        let of_ticks = |at: usize, x: f64| {
            let needs = plan.features.get(at)?.feature.needs();
            (!needs.tables().is_empty()).then_some(Expected::Bits(x))
        };
        self.related("the same a whole number of weeks later", &base, &found, &of_ticks);
        Ok(())
    }

    /// Domain, reasons, and that there are values at all.
    fn values(&mut self) -> Result<(), SweepError> {
        let markets = [market(1), market(2), long_market(4)];
        let mut has_value = vec![false; self.plan.len()];
        for market in &markets {
            let cells = self.batch(market)?;
            for (seq, row) in cells.rows {
                for (at, (bits, reason)) in row.into_iter().enumerate() {
                    let place = format!("decision {seq}");
                    if reason == Null::NonFinite.code() {
                        let expected = "a number, or a reason why there is none".to_owned();
                        self.breaks(
                            at,
                            "no value is infinite or undefined",
                            place.clone(),
                            expected,
                            "non_finite".to_owned(),
                        );
                    }
                    if reason != 0 {
                        continue;
                    }
                    if let Some(has_value) = has_value.get_mut(at) {
                        *has_value = true;
                    }
                    let value =
                        if self.is_category(at) { bits as f64 } else { f64::from_bits(bits) };
                    let domain = self.plan.features.get(at).map(|p| p.feature.declaration().domain);
                    if let Some((low, high)) = domain
                        && !(low..=high).contains(&value)
                    {
                        let expected = format!("a value in [{low}, {high}]");
                        self.breaks(at, "declared domain", place, expected, format!("{value:?}"));
                    }
                }
            }
        }
        for (at, has_value) in has_value.into_iter().enumerate() {
            if !has_value {
                let (expected, found) = ("a value somewhere".to_owned(), "nulls alone".to_owned());
                self.breaks(at, "has values", "all markets".to_owned(), expected, found);
            }
        }
        Ok(())
    }

    fn certificate(&mut self, market: &Inputs) -> Result<(), SweepError> {
        let options = CertifyOptions { seed: 7, budget: 0.0, min_cutoffs: 4 };
        let report = certify(Arc::clone(&self.plan), market, options)?;
        let reactions = reactions(&self.plan)?;
        let parts: Vec<String> = report
            .parts
            .iter()
            .filter(|part| part.violations > 0)
            .map(|part| format!("{:?}", part.part))
            .collect();
        for (at, feature) in report.features.iter().enumerate() {
            let place = format!("in {}", parts.join(", "));
            if feature.moved > 0 {
                let found = format!("{} of {} moved", feature.moved, feature.compared);
                self.breaks(at, "certificate", place, "no cell moves".to_owned(), found);
            } else if reactions.get(&feature.feature) == Some(&Reaction::Unreactive) {
                let expected = "cells that move with the inputs".to_owned();
                let place = "in the reaction".to_owned();
                self.breaks(at, "certificate", place, expected, "none that does".to_owned());
            }
        }
        Ok(())
    }
}

fn power(base: f64, degree: i8) -> f64 {
    let factor = (0..degree.unsigned_abs()).fold(1.0, |x, _| x * base);
    if degree < 0 { 1.0 / factor } else { factor }
}
