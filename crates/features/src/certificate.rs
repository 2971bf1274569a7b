//! The causality certificate: what must not matter is changed, and no cell moves.

mod cells;
mod draw;
mod future;
mod local;
mod part;
mod reaction;
mod shake;
mod shuffle;

pub(crate) use cells::Cells;
#[cfg(feature = "testing")]
pub(crate) use cells::shown;
pub(crate) use draw::Draw;
#[cfg(feature = "testing")]
pub(crate) use local::from;
#[cfg(feature = "testing")]
pub(crate) use part::{Edits, each_px, joined};
#[cfg(feature = "testing")]
pub(crate) use shuffle::pieces;

use crate::error::SweepError;
use crate::needs::Needs;
use crate::plan::Plan;
use crate::rows::MarketTable;
use crate::run::{Inputs, Run, run};
use crate::sweep::Options;
use arrow_array::Array;
use contract::{
    Batch, CausalityPart, CausalityReport, FeatureCausality, FeatureParams, PartResult,
};

use local::{Change, Counts, Local};
use reaction::Moves;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How much a certificate looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CertifyOptions {
    /// Seed of the sampled cut-offs and of the changes; equal seeds give equal reports.
    pub seed: u64,
    /// Rows that sampled cut-offs may sweep again, as a share of the rows read. Default 0.1; above 1 is allowed.
    pub budget: f64,
    /// Cut-offs that are sampled whatever the budget says. Default 2.
    pub min_cutoffs: usize,
}

impl Default for CertifyOptions {
    fn default() -> Self {
        Self { seed: 0, budget: 0.1, min_cutoffs: 2 }
    }
}

/// Sweeps the inputs, changes what must not matter around sampled cut-offs, and reports whether any cell moved.
///
/// | part | what is done | must hold |
/// |---|---|---|
/// | `Order` | latest availability read against the cut-off, on every row | always smaller |
/// | `Future` | rows from `t` on changed; deleted; added at `t` itself, twice, with corrections, revisions and gaps of earlier rows | same bits |
/// | `FarPast` | rows older than the feature's own lookback changed and removed, coverage unchanged; everything outside one lookback left out | same bits |
/// | `Undeclared` | tables that the feature did not declare, columns that no feature may read | same bits |
/// | `Shuffle` | decisions alone and in another order, other batches, as a log, on two threads, prepared anew | same bits |
/// | `Parameters` | each row of `feature_params`: its fit ends before its `ts_avail` | always |
/// | reaction | rows inside the lookback changed; then those in its oldest tenth | the feature moves |
///
/// - **Point in time:** sampled cut-offs are swept again from the rows of one lookback alone, told the coverage of the
///   first sweep. What a feature remembers between two calls shows as a violation of `Shuffle` or `FarPast`.
/// - **Cost:** one sweep, and local ones until the budget is used.
///
/// A feature that carries data of its own, computed elsewhere, cannot be moved by changing inputs; hand it to
/// [`certify_prepared`].
///
/// ```
/// use contract::testing::{decisions, quotes};
/// use features::{Catalogue, CertifyOptions, Inputs, Spec, certify};
///
/// let s = 1_000_000_000;
/// let inputs = Inputs {
///     decisions: vec![decisions(&[20 * s, 40 * s]).with_seq(10)],
///     quotes: vec![quotes("1000000000 99 101, 15000000000 98 101, 41000000000 99 103").with_seq(0)],
///     ..Inputs::default()
/// };
/// let spec = Spec::parse("features = [\"book__spread_bps__now\"]")?;
/// let report = certify(spec.resolve(&Catalogue::builtin())?, &inputs, CertifyOptions::default())?;
/// assert!(report.is_causal());
/// assert_eq!(report.rows, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SweepError`] when the inputs cannot be swept; a leak is no error but a violation in the report.
pub fn certify(
    plan: impl Into<Arc<Plan>>,
    inputs: &Inputs,
    options: CertifyOptions,
) -> Result<CausalityReport, SweepError> {
    let plan = plan.into();
    certify_prepared(|_: &Inputs| Ok(Arc::clone(&plan)), inputs, options)
}

/// The same for features that were made from the data: `prepare` makes them anew from every changed input.
///
/// Whatever comes from elsewhere belongs here: a column that a data frame computed, parameters, a table of normal values.
/// `prepare` sees the inputs that a local sweep sees, so what it takes from the future, or from further back than the
/// feature declares, shows.
///
/// ```
/// use contract::testing::{decisions, quotes};
/// use features::{Catalogue, CertifyOptions, Declaration, Formula, Inputs, Needs, Spec, SweepError, certify_prepared};
/// use std::sync::Arc;
///
/// // A leak: the number of quotes of the whole day, known from the first decision on.
/// let prepare = |inputs: &Inputs| -> Result<_, Box<dyn std::error::Error>> {
///     let n = inputs.quotes.iter().map(|batch| batch.len()).sum::<usize>();
///     let mut needs = Needs::new();
///     needs.own().quote();
///     let declaration = Declaration::new("x_desk__n_quotes__now", "Number of quotes.");
///     let feature = Formula::new(declaration, needs, move |_| Ok(n as f64));
///     let spec = Spec::parse("features = [\"x_desk__n_quotes__now\"]")?;
///     Ok(Arc::new(spec.resolve(&Catalogue::builtin().with(feature)?)?))
/// };
/// let s = 1_000_000_000;
/// let inputs = Inputs {
///     decisions: vec![decisions(&[20 * s, 40 * s]).with_seq(10)],
///     quotes: vec![quotes("1000000000 99 101, 15000000000 98 101, 41000000000 99 103").with_seq(0)],
///     ..Inputs::default()
/// };
/// let report = certify_prepared(prepare, &inputs, CertifyOptions::default())?;
/// assert!(!report.is_causal());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`certify`], and what `prepare` gives.
pub fn certify_prepared<E: From<SweepError>>(
    prepare: impl Fn(&Inputs) -> Result<Arc<Plan>, E>,
    inputs: &Inputs,
    options: CertifyOptions,
) -> Result<CausalityReport, E> {
    let plan = prepare(inputs)?;
    let first = run(Arc::clone(&plan), inputs, Options::default())?;
    let mut certifier = Certifier::new(&prepare, plan, inputs, &first, options)?;
    certifier.order(&first);
    certifier.parameters(&inputs.feature_params);
    certifier.cutoffs(options)?;
    Ok(certifier.report(options.seed))
}

/// A decision that the first sweep answered.
#[derive(Debug, Clone, Copy)]
struct Decided {
    cutoff: i64,
    seq: u64,
    instrument_id: Option<u32>,
}

/// What one feature did.
#[derive(Debug, Default)]
struct Tally {
    compared: u64,
    moved: u64,
    moves: Moves,
}

struct Certifier<'a, E> {
    prepare: &'a dyn Fn(&Inputs) -> Result<Arc<Plan>, E>,
    plan: Arc<Plan>,
    inputs: &'a Inputs,
    first: &'a Run,
    cells: Cells,
    decided: Vec<Decided>,
    /// Batch and row of each decision, by `seq`.
    places: BTreeMap<u64, (usize, usize)>,
    draw: Draw,
    /// Rows swept again so far.
    swept: u64,
    counts: Counts,
    parts: BTreeMap<CausalityPart, (u64, u64)>,
    tallies: Vec<Tally>,
    compared_rows: BTreeSet<u64>,
}

impl<'a, E: From<SweepError>> Certifier<'a, E> {
    fn new(
        prepare: &'a dyn Fn(&Inputs) -> Result<Arc<Plan>, E>,
        plan: Arc<Plan>,
        inputs: &'a Inputs,
        first: &'a Run,
        options: CertifyOptions,
    ) -> Result<Self, SweepError> {
        let mut decided = Vec::new();
        if let Some(rows) = &first.rows {
            let cutoffs = rows.col(&contract::Features::TS_CUTOFF).values();
            let seqs = rows.col(&contract::Features::SEQ).values();
            let ids = rows.col(&contract::Features::INSTRUMENT_ID);
            for (row, (cutoff, seq)) in cutoffs.iter().zip(seqs).enumerate() {
                let instrument_id = (!ids.is_null(row)).then(|| ids.value(row));
                decided.push(Decided { cutoff: *cutoff, seq: *seq, instrument_id });
            }
        }
        let mut places = BTreeMap::new();
        for (at, batch) in inputs.decisions.iter().enumerate() {
            places.extend(
                batch.seq().values().iter().enumerate().map(|(row, seq)| (*seq, (at, row))),
            );
        }
        let tallies = (0..plan.len()).map(|_| Tally::default()).collect();
        Ok(Self {
            prepare,
            plan,
            inputs,
            first,
            cells: Cells::of(first.rows.as_ref())?,
            decided,
            places,
            draw: Draw::new(options.seed),
            swept: 0,
            counts: Counts::default(),
            parts: BTreeMap::new(),
            tallies,
            compared_rows: BTreeSet::new(),
        })
    }

    /// C1: over every row, what was read was available before the cut-off.
    fn order(&mut self, first: &Run) {
        let Some(rows) = &first.rows else { return };
        let cutoffs = rows.col(&contract::Features::TS_CUTOFF).values();
        let latest = rows.col(&contract::Features::SRC_TS_AVAIL_MAX);
        let late = cutoffs
            .iter()
            .zip(latest.iter())
            .filter(|(t, last)| last.is_some_and(|last| last >= **t));
        self.note(CausalityPart::Order, rows.len() as u64, late.count() as u64);
    }

    /// C7: every fit ends before its parameters are available.
    fn parameters(&mut self, batches: &[Batch<FeatureParams>]) {
        for batch in batches {
            let known = batch.col(&FeatureParams::TS_AVAIL).values();
            let ends = batch.col(&FeatureParams::FIT_TO).values();
            let early = known.iter().zip(ends).filter(|(known, end)| end >= known);
            self.note(CausalityPart::Parameters, batch.len() as u64, early.count() as u64);
        }
        self.note(CausalityPart::Parameters, 0, 0);
    }

    fn note(&mut self, part: CausalityPart, compared: u64, violations: u64) {
        let (known, bad) = self.parts.entry(part).or_default();
        *known += compared;
        *bad += violations;
    }

    /// Sampled cut-offs until the budget is used.
    fn cutoffs(&mut self, options: CertifyOptions) -> Result<(), E> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count; what does not fit is no limit"
        )]
        let allowed = (self.inputs.rows() as f64 * options.budget.max(0.0)) as u64;
        let order = self.draw.order(self.decided.len());
        for (n, at) in order.into_iter().enumerate() {
            if n >= options.min_cutoffs && self.swept >= allowed {
                break;
            }
            let Some(local) = self.local(at)? else { continue };
            self.around(&local)?;
        }
        Ok(())
    }

    /// All parts around one cut-off.
    fn around(&mut self, local: &Local) -> Result<(), E> {
        let all = |_: usize| true;
        // Everything outside one lookback is left out.
        let base = self.sweep(&local.inputs)?;
        let full = self.cells.clone();
        self.compare(CausalityPart::FarPast, &full, &base, &all);
        self.future(local, &base)?;
        self.far_past(local, &base)?;
        self.undeclared(local, &base)?;
        self.shuffle(local, &base)?;
        self.reaction(local, &base)
    }

    /// C2.
    fn future(&mut self, local: &Local, base: &Cells) -> Result<(), E> {
        let t = local.t;
        let later = move |ts: i64| ts >= t;
        for changed in [
            local.changed(Change::Shake, &later, &mut self.draw, &mut self.counts)?,
            future::deleted(&local.inputs, t, &mut self.counts)?,
            future::flooded(local, &mut self.draw, &mut self.counts)?,
        ] {
            let found = self.sweep(&changed)?;
            self.compare(CausalityPart::Future, base, &found, &|_| true);
        }
        Ok(())
    }

    /// C3.
    fn far_past(&mut self, local: &Local, base: &Cells) -> Result<(), E> {
        let alone = self.alone(local, local.seq)?;
        let lookbacks: Vec<i64> = self.plan.features.iter().map(|p| p.lookback_ns).collect();
        let distinct: BTreeSet<i64> = lookbacks.iter().copied().collect();
        for back in distinct {
            let from = local.t.saturating_sub(back);
            let older = move |ts: i64| ts < from;
            let before = self.counts.rows;
            let mut changed =
                alone.changed(Change::Shake, &older, &mut self.draw, &mut self.counts)?;
            changed = alone.with(changed).changed(
                Change::Thin,
                &older,
                &mut self.draw,
                &mut self.counts,
            )?;
            if self.counts.rows == before {
                continue;
            }
            let found = self.sweep(&changed)?;
            let holds = |at: usize| lookbacks.get(at).is_some_and(|own| *own <= back);
            self.compare(CausalityPart::FarPast, base, &found, &holds);
        }
        Ok(())
    }

    /// C4.
    fn undeclared(&mut self, local: &Local, base: &Cells) -> Result<(), E> {
        let t = local.t;
        let always = move |ts: i64| ts < t;
        for how in [Change::Turn, Change::Null] {
            let changed = local.changed(how, &always, &mut self.draw, &mut self.counts)?;
            let found = self.sweep(&changed)?;
            self.compare(CausalityPart::Undeclared, base, &found, &|_| true);
        }
        for table in MarketTable::ALL {
            let before = self.counts.rows;
            let changed = local.changed_in(
                table,
                Change::Shake,
                &always,
                &mut self.draw,
                &mut self.counts,
            )?;
            let changed = local.with(changed).changed_in(
                table,
                Change::Thin,
                &always,
                &mut self.draw,
                &mut self.counts,
            )?;
            if self.counts.rows > before {
                let free = self.without(|needs| needs.tables().contains(&table));
                let found = self.sweep(&changed)?;
                self.compare(CausalityPart::Undeclared, base, &found, &|at| free.contains(&at));
            }
        }
        for (name, changed) in local.without_facts() {
            let free = self.without(|needs| needs.reference_tables().contains(name));
            let found = self.sweep(&changed)?;
            self.compare(CausalityPart::Undeclared, base, &found, &|at| free.contains(&at));
        }
        if let Some(changed) = local.turned_statuses(&mut self.counts)? {
            let features = self.plan.features.iter().enumerate();
            let free: BTreeSet<usize> = features
                .filter(|(_, p)| !p.feature.declaration().stops_in_halt)
                .map(|(at, _)| at)
                .collect();
            let found = self.sweep(&changed)?;
            self.compare(CausalityPart::Undeclared, base, &found, &|at| free.contains(&at));
        }
        Ok(())
    }

    /// Features that do not declare something.
    fn without(&self, declares: impl Fn(&Needs) -> bool) -> BTreeSet<usize> {
        let features = self.plan.features.iter().enumerate();
        features.filter(|(_, p)| !declares(p.feature.needs())).map(|(at, _)| at).collect()
    }

    /// Compares bits of the rows that both have.
    fn compare(
        &mut self,
        part: CausalityPart,
        expected: &Cells,
        found: &Cells,
        of: &dyn Fn(usize) -> bool,
    ) {
        let (mut compared, mut violations) = (0, 0);
        for (seq, row) in &found.rows {
            let Some(other) = expected.rows.get(seq) else { continue };
            self.compared_rows.insert(*seq);
            let cells = row.iter().zip(other).zip(&mut self.tallies).enumerate();
            for (_, ((cell, other), tally)) in cells.filter(|(at, _)| of(*at)) {
                let moved = u64::from(cell != other);
                compared += 1;
                violations += moved;
                tally.compared += 1;
                tally.moved += moved;
            }
        }
        self.note(part, compared, violations);
    }

    fn report(self, seed: u64) -> CausalityReport {
        let features =
            self.plan.features.iter().zip(&self.tallies).map(|(planned, tally)| FeatureCausality {
                feature: planned.feature.declaration().name.clone(),
                compared: tally.compared,
                moved: tally.moved,
                reaction: tally.moves.reaction(),
            });
        let part = |(part, (compared, violations)): (&CausalityPart, &(u64, u64))| PartResult {
            part: *part,
            compared: *compared,
            violations: *violations,
        };
        CausalityReport {
            spec_hash: self.plan.hash(),
            seed,
            rows: self.compared_rows.len() as u64,
            rows_perturbed: self.counts.rows,
            rows_perturbed_next_minute: self.counts.next_minute,
            parts: self.parts.iter().map(part).collect(),
            features: features.collect(),
        }
    }
}
