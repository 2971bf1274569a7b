//! Which decisions are audited, and what follows from how many agree.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    BuildError, Draft, EventId, Hash, LabelAudits, Labels, Outcomes, TableBuilder, UtcNanos,
    Vocabulary as _,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::compare::{Disagreement, Engine, Tables};
use super::{Auditor, Fate, RulesOf};
use crate::clopper_pearson::clopper_pearson;
use crate::inputs::Inputs;

/// Two-sided confidence of the interval.
const CONFIDENCE: f64 = 0.95;

/// Most decisions named in a row of `label_audits`.
const MOST_NAMED: usize = 32;

/// Which decisions are audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlan {
    /// Seed of the draw.
    pub seed: u64,
    /// Size of the simple random sample, which the bound speaks of.
    pub simple: usize,
    /// Decisions audited of each stratum, for coverage.
    pub stratified: usize,
}

/// Labels that were decided alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stratum {
    /// The target.
    pub target: String,
    /// Its class.
    pub class: Option<i8>,
    /// Rules that decided.
    pub rules_fired: Vec<String>,
    /// Flags of the label.
    pub flags: u32,
    /// Word of the outcome's basis; empty without an outcome.
    pub basis: String,
}

/// How many of so many agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Compared.
    pub n: u64,
    /// Without any disagreement.
    pub n_agree: u64,
}

impl Agreement {
    fn count(&mut self, agrees: bool) {
        self.n += 1;
        self.n_agree += u64::from(agrees);
    }

    /// Two-sided 95 % Clopper-Pearson interval of the share that agrees.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        clopper_pearson(self.n_agree, self.n, CONFIDENCE).unwrap_or((0.0, 1.0))
    }
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditReport {
    /// Seed of the draw.
    pub seed: u64,
    /// Decisions of the simple random sample, and those without any disagreement.
    pub decisions: Agreement,
    /// The interval of their share.
    pub interval: (f64, f64),
    /// Labels of the simple random sample, by target; present on either side.
    pub targets: BTreeMap<String, Agreement>,
    /// Decisions audited of each stratum.
    pub strata: BTreeMap<Stratum, Agreement>,
    /// Every disagreement of both samples.
    pub disagreements: Vec<Disagreement>,
}

/// Recomputes sampled decisions and compares them with what the engine wrote.
///
/// - **Cost:** a sort of the log and a pass over the tables, then for each sampled decision the rows of its window.
#[must_use]
pub fn audit(
    inputs: &Inputs,
    rules: &RulesOf<'_>,
    engine: Tables<'_>,
    plan: AuditPlan,
) -> AuditReport {
    let (auditor, written) = (Auditor::new(inputs), Engine::new(engine));
    let mut draws = Draws::new(plan.seed);
    let simple = draws.some(auditor.decisions(), plan.simple);
    let mut strata = strata(engine);
    for ids in strata.values_mut() {
        *ids = draws.some(std::mem::take(ids), plan.stratified);
    }
    let wanted: BTreeSet<EventId> =
        simple.iter().chain(strata.values().flatten()).copied().collect();
    let mut verdicts: BTreeMap<EventId, Verdict> = BTreeMap::new();
    for id in wanted {
        let Some(audited) = auditor.decision(id, rules) else { continue };
        let found = written.compare(&audited);
        let labels = audited.labels.iter().filter_map(|(target, fate)| {
            let about = |d: &&Disagreement| d.table == "labels" && d.row == *target;
            let differs = found.iter().any(|d| about(&d));
            (differs || matches!(fate, Fate::Is(_))).then(|| (target.clone(), !differs))
        });
        verdicts.insert(id, Verdict { labels: labels.collect(), found });
    }
    let mut decisions = Agreement::default();
    let mut targets: BTreeMap<String, Agreement> = BTreeMap::new();
    for verdict in simple.iter().filter_map(|id| verdicts.get(id)) {
        decisions.count(verdict.found.is_empty());
        for (target, agrees) in &verdict.labels {
            targets.entry(target.clone()).or_default().count(*agrees);
        }
    }
    let strata = strata.into_iter().map(|(stratum, ids)| {
        let mut agreement = Agreement::default();
        for verdict in ids.iter().filter_map(|id| verdicts.get(id)) {
            agreement.count(verdict.found.is_empty());
        }
        (stratum, agreement)
    });
    AuditReport {
        seed: plan.seed,
        decisions,
        interval: decisions.interval(),
        targets,
        strata: strata.collect(),
        disagreements: verdicts.into_values().flat_map(|verdict| verdict.found).collect(),
    }
}

struct Verdict {
    found: Vec<Disagreement>,
    labels: Vec<(String, bool)>,
}

/// Identity of a row of `label_audits` that a report cannot know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuditRow {
    /// Identity of the row.
    pub audit_id: EventId,
    /// When it was known.
    pub ts_avail: UtcNanos,
    /// Hash of the measures.
    pub measures_hash: Hash,
    /// Hash of the target's rules.
    pub rules_hash: Hash,
    /// Lower bound that the share of agreement must reach.
    pub bar: f64,
}

impl AuditReport {
    /// The row of `label_audits` of a target.
    ///
    /// # Errors
    /// [`BuildError`] when the row breaks a rule of the table, as a bar that is no number does.
    pub fn label_audits(
        &self,
        target: &str,
        row: AuditRow,
    ) -> Result<Draft<LabelAudits>, BuildError> {
        let agreement = self.targets.get(target).copied().unwrap_or_default();
        let (low, _) = agreement.interval();
        let share =
            if agreement.n == 0 { 0.0 } else { agreement.n_agree as f64 / agreement.n as f64 };
        let named: BTreeSet<String> = self
            .disagreements
            .iter()
            .filter(|d| d.table == "labels" && d.row == target)
            .map(|d| d.decision_id.to_string())
            .collect();
        let named: Vec<String> = named.into_iter().take(MOST_NAMED).collect();
        let mut rows = TableBuilder::<LabelAudits>::new(row.ts_avail);
        rows.set(&LabelAudits::AUDIT_ID, row.audit_id)
            .set(&LabelAudits::TS_AVAIL, row.ts_avail)
            .set(&LabelAudits::TARGET, target)
            .set(&LabelAudits::RULES_HASH, row.rules_hash)
            .set(&LabelAudits::MEASURES_HASH, row.measures_hash)
            .set(&LabelAudits::N, agreement.n)
            .set(&LabelAudits::N_AGREE, agreement.n_agree)
            .set(&LabelAudits::AGREEMENT, share)
            .set(&LabelAudits::AGREEMENT_LOW, low)
            .set(&LabelAudits::BAR, row.bar)
            .set(&LabelAudits::VERDICT, if low >= row.bar { "passed" } else { "failed" })
            .set(&LabelAudits::SEED, self.seed)
            .set(&LabelAudits::DISAGREEMENTS, Some(named.as_slice()));
        rows.end_row()?;
        rows.finish()
    }
}

/// The engine's labels, last revisions alone, by how they were decided.
fn strata(engine: Tables<'_>) -> BTreeMap<Stratum, Vec<EventId>> {
    let mut bases: BTreeMap<EventId, (u16, &'static str)> = BTreeMap::new();
    for batch in engine.outcomes {
        for row in 0..batch.len() {
            let read = || {
                let id = batch.cell(&Outcomes::DECISION_ID, row).ok()?;
                let revision = batch.cell(&Outcomes::REVISION, row).ok()?;
                Some((id, revision, batch.cell(&Outcomes::BASIS, row).ok()?.word()))
            };
            if let Some((id, revision, basis)) = read() {
                let known = bases.entry(id).or_insert((revision, basis));
                if revision >= known.0 {
                    *known = (revision, basis);
                }
            }
        }
    }
    let mut labels: BTreeMap<(EventId, String), (u16, Stratum)> = BTreeMap::new();
    for batch in engine.labels {
        for row in 0..batch.len() {
            let read = || {
                let id = batch.cell(&Labels::DECISION_ID, row).ok()?;
                let target = batch.cell(&Labels::TARGET, row).ok()?.to_owned();
                let revision = batch.cell(&Labels::REVISION, row).ok()?;
                let stratum = Stratum {
                    target: target.clone(),
                    class: batch.cell(&Labels::CLASS, row).ok()?,
                    rules_fired: batch.cell(&Labels::RULES_FIRED, row).ok()?,
                    flags: batch.cell(&Labels::LABEL_FLAGS, row).ok()?,
                    basis: bases.get(&id).map_or("", |(_, basis)| basis).to_owned(),
                };
                Some(((id, target), (revision, stratum)))
            };
            if let Some((key, (revision, stratum))) = read()
                && labels.get(&key).is_none_or(|(known, _)| *known <= revision)
            {
                labels.insert(key, (revision, stratum));
            }
        }
    }
    let mut strata: BTreeMap<Stratum, Vec<EventId>> = BTreeMap::new();
    for ((id, _), (_, stratum)) in labels {
        strata.entry(stratum).or_default().push(id);
    }
    strata
}

/// Draws whose bits are the same on every machine.
struct Draws(ChaCha8Rng);

impl Draws {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `0..n`, for `n` above 0: what would favour low numbers is drawn again.
    fn below(&mut self, n: u64) -> u64 {
        let fair = u64::MAX - u64::MAX % n;
        loop {
            let drawn = self.0.next_u64();
            if drawn < fair {
                return drawn % n;
            }
        }
    }

    /// So many of the items, each set of that size equally likely, in the order of the draw.
    fn some(&mut self, mut items: Vec<EventId>, n: usize) -> Vec<EventId> {
        let mut drawn = Vec::new();
        while drawn.len() < n && !items.is_empty() {
            let at = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
            drawn.push(items.swap_remove(at));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_is_that_of_scipy() {
        // scipy 1.17.1: binomtest(k, n).proportion_ci(0.95, "exact").
        let cases = [
            (990, 1_000, 0.981_686_756_944_887_5, 0.995_194_489_308_941_9),
            (985, 1_000, 0.975_380_299_902_965_5, 0.991_580_950_249_965_6),
            (183, 183, 0.980_043_999_158_481_8, 1.0),
            (0, 10, 0.0, 0.308_497_107_818_762_94),
        ];
        for (k, n, low, high) in cases {
            let (lo, hi) = clopper_pearson(k, n, 0.95).unwrap();
            assert!((lo - low).abs() < 1e-11 && (hi - high).abs() < 1e-11, "{k} {n}: {lo} {hi}");
        }
    }

    #[test]
    fn draws_are_distinct_and_repeat_with_their_seed() {
        let ids: Vec<EventId> = (0..20).map(|n| EventId::v7(n, [0; 10])).collect();
        let first = Draws::new(7).some(ids.clone(), 8);
        assert_eq!(Draws::new(7).some(ids.clone(), 8), first);
        assert_ne!(Draws::new(8).some(ids.clone(), 8), first);
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 8);
        assert_eq!(Draws::new(7).some(ids, 50).len(), 20);
    }
}
