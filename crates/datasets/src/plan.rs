//! Who is in, and why everyone else is not: decided by keys alone, before a cell is copied.

mod error;
mod groups;
mod labels;
mod select;

pub use error::PlanError;
pub(crate) use labels::value as label_value;
pub(crate) use select::feature_columns;

use labels::Chosen;

use crate::canonical::{Instant, Int};
use crate::inputs::{FeatureRow, Inputs, Place, WeightKey};
use crate::manifest::AsOf;
use crate::role::{Reason, Role, Split};
use crate::spec::{Spec, WeightFactor};
use crate::split::{Folds, PrimarySplit, SplitKey, folds, split};
use crate::transform::TransformFit;
use crate::weigh::{LabelLives, Weigh};
use contract::EventId;
use std::collections::{BTreeMap, HashMap};

/// The rows of a version and what became of every selected decision.
///
/// - **Conservation:** selected decisions = rows in the three splits + dropped ones, each with one reason, the first
///   that applies.
/// - **Point in time:** of a label the greatest revision that was known at the as-of point; rows whose label could have
///   ended after it are left out, however it ended.
#[derive(Debug)]
pub struct BuildPlan {
    pub(crate) spec: Spec,
    pub(crate) as_of: AsOf,
    /// Features in the order of their columns.
    pub(crate) features: Vec<String>,
    pub(crate) reach_ns: i64,
    /// Features that reach further than the cap of the spec.
    pub(crate) reach_cut: BTreeMap<String, Int>,
    /// Candidates in the order of (`ts_cutoff`, `seq`, `row_id`).
    pub(crate) rows: Vec<PlanRow>,
    pub(crate) keys: Vec<SplitKey>,
    pub(crate) primary: PrimarySplit,
    pub(crate) folds: Option<Folds>,
    pub(crate) fold_n_eff: Vec<f64>,
    /// Weight columns in the order of the spec, one value a row of a split.
    pub(crate) weights: Vec<(WeightFactor, Vec<f64>)>,
    pub(crate) dropped: Vec<DroppedRow>,
    /// Label rows that were used, by place in the inputs.
    pub(crate) used_labels: Vec<usize>,
}

/// A decision that could be a row.
#[derive(Debug, Clone)]
pub(crate) struct PlanRow {
    pub(crate) decision: usize,
    pub(crate) feature: usize,
    pub(crate) cutoff: i64,
    pub(crate) seq: u64,
    pub(crate) instrument: Option<u32>,
    /// The label of each target, by place in the inputs.
    pub(crate) labels: Vec<usize>,
    pub(crate) end: i64,
    pub(crate) until: i64,
    pub(crate) latest_end: i64,
    pub(crate) label_avail: i64,
    pub(crate) first_avail: i64,
    pub(crate) revision: u16,
    /// The least among its labels; null where one has none.
    pub(crate) confidence: Option<f64>,
}

/// A selected decision that is in no split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DroppedRow {
    pub(crate) cutoff: i64,
    pub(crate) seq: Option<u64>,
    pub(crate) id: [u8; 16],
    pub(crate) reason: Reason,
    pub(crate) from: Option<Split>,
    pub(crate) end: Option<i64>,
}

impl BuildPlan {
    /// Plans a version.
    ///
    /// - **Shape:** `weigh` is asked for the uniqueness of the rows of each split and fold, when the spec weights by it.
    /// - **Cost:** O(n log n) over decisions and labels.
    ///
    /// # Errors
    /// [`PlanError`]: a feature, target, strategy or instrument that nothing has, with the nearest names; a feature
    /// that knows the future; no rows, an empty split, a target with one class.
    pub fn new(inputs: &Inputs, spec: &Spec, weigh: &dyn Weigh) -> Result<Self, PlanError> {
        for table in ["decisions", "features"] {
            if inputs.rows(table) == 0 {
                return Err(PlanError::NoTable { table });
            }
        }
        let targets = labels::Targets::new(inputs, spec)?;
        let as_of = spec.rows.as_of.unwrap_or_else(|| latest(inputs, &targets));
        let mut resolved = spec.clone();
        resolved.rows.as_of = Some(as_of);
        let chosen = select::features(inputs, spec)?;
        let selected = select::decisions(inputs, spec, as_of)?;
        let feature_of = feature_rows(inputs, as_of);
        let label_of = targets.revisions(inputs, as_of)?;
        let mut rows = Vec::new();
        let mut dropped = Vec::new();
        for (decision, filtered) in selected {
            let of = &inputs.decisions[decision];
            let feature = feature_of.get(&of.id).copied();
            let (cutoff, seq) = feature.map_or((of.decided, of.seq), |at| {
                (inputs.features[at].cutoff, Some(inputs.features[at].seq))
            });
            let mut drop = |reason, end| {
                let id = of.id;
                dropped.push(DroppedRow { cutoff, seq, id, reason, from: None, end });
            };
            if filtered {
                drop(Reason::Filtered, None);
                continue;
            }
            let (Some(feature), Some(seq)) = (feature, seq) else {
                drop(Reason::NoFeatures, None);
                continue;
            };
            if cutoff > of.decided {
                return Err(PlanError::LateCutoff {
                    row: EventId::from_bytes(of.id).to_string(),
                    decided: Instant(of.decided).to_string(),
                    found: Instant(cutoff).to_string(),
                });
            }
            let labels = match targets.choose(inputs, &label_of, &of.id, as_of, cutoff)? {
                Chosen::Missing(reason, end) => {
                    drop(reason, end);
                    continue;
                }
                Chosen::Labels(labels) => labels,
            };
            let is_low = spec.rows.min_quality.is_some_and(|least| {
                of.is_quarantined || of.score.is_none_or(|score| score < least.0)
            });
            if is_low {
                drop(Reason::LowQuality, Some(labels.end));
                continue;
            }
            let instrument = select::instrument(inputs, decision);
            rows.push(PlanRow { decision, feature, cutoff, seq, instrument, ..labels });
        }
        rows.sort_by_key(|row| (row.cutoff, row.seq, inputs.decisions[row.decision].id));
        if rows.is_empty() {
            return Err(PlanError::Empty { dropped: reasons(&dropped) });
        }
        let keys = groups::keys(inputs, spec, &rows)?;
        let primary = split(&keys, chosen.reach_ns, &spec.split)?;
        for (at, role) in primary.roles.iter().enumerate() {
            let Role::Dropped(reason) = role else { continue };
            let row = &rows[at];
            dropped.push(DroppedRow {
                cutoff: row.cutoff,
                seq: Some(row.seq),
                id: inputs.decisions[row.decision].id,
                reason: *reason,
                from: primary.would_be.get(at).copied(),
                end: Some(row.end),
            });
        }
        dropped.sort_unstable();
        let used_labels = used(&rows, &primary);
        // A pattern that fits nothing is told before anything is written.
        TransformFit::new(&spec.transforms, chosen.names.iter().map(String::as_str))?;
        let mut plan = Self {
            as_of,
            features: chosen.names,
            reach_ns: chosen.reach_ns,
            reach_cut: chosen.reach_cut,
            keys,
            primary,
            folds: None,
            fold_n_eff: Vec::new(),
            weights: Vec::new(),
            dropped,
            used_labels,
            rows,
            spec: resolved,
        };
        plan.check_classes(inputs, &targets)?;
        plan.fold(weigh)?;
        plan.weigh(inputs, weigh)?;
        Ok(plan)
    }

    /// Places of the rows of a split, in order.
    pub(crate) fn members(&self, split: Split) -> Vec<usize> {
        let roles = self.primary.roles.iter().enumerate();
        roles.filter(|(_, role)| **role == Role::In(split)).map(|(at, _)| at).collect()
    }

    /// Decisions in the range of the spec.
    #[must_use]
    pub fn selected(&self) -> u64 {
        let kept = self.primary.roles.iter().filter(|role| matches!(role, Role::In(_))).count();
        (kept + self.dropped.len()) as u64
    }

    /// The product of the weights of a row: 1 where there are none.
    pub(crate) fn total_weight(&self, row: usize) -> f64 {
        self.weights.iter().fold(1.0, |product, (_, values)| product * values[row])
    }

    /// Rows of a split.
    #[must_use]
    pub fn rows(&self, split: Split) -> u64 {
        self.members(split).len() as u64
    }

    /// Selected decisions that are in no split, by reason.
    #[must_use]
    pub fn dropped(&self) -> BTreeMap<Reason, u64> {
        reasons(&self.dropped)
    }

    /// The resolved spec.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The point up to which the log was read.
    #[must_use]
    pub fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// Names of the features, in the order of their columns.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// A class target needs two classes to learn from.
    fn check_classes(
        &self,
        inputs: &Inputs,
        targets: &labels::Targets<'_>,
    ) -> Result<(), PlanError> {
        let train = self.members(Split::Train);
        for (at, target) in self.spec.targets.iter().enumerate() {
            let mut classes = std::collections::BTreeSet::new();
            let all = self.rows.iter().filter_map(|row| targets.class(inputs, row, at));
            let is_binary = target.task == crate::spec::Task::Binary;
            if is_binary && all.collect::<std::collections::BTreeSet<_>>().len() > 2 {
                return Err(PlanError::NotBinary { target: target.name.clone() });
            }
            if !target.task.is_class() {
                continue;
            }
            for row in &train {
                classes.extend(targets.class(inputs, &self.rows[*row], at));
            }
            if let (Some(class), true) = (classes.first(), classes.len() < 2) {
                return Err(PlanError::OneClass { target: target.name.clone(), class: *class });
            }
        }
        Ok(())
    }

    fn fold(&mut self, weigh: &dyn Weigh) -> Result<(), PlanError> {
        let Some(spec) = &self.spec.folds else { return Ok(()) };
        let train = self.members(Split::Train);
        let keys: Vec<SplitKey> = train.iter().map(|at| self.keys[*at].clone()).collect();
        let made = folds(&keys, self.reach_ns, &self.spec.split, spec)?;
        if self.spec.weights.factors.contains(&WeightFactor::Uniqueness) {
            let (starts, ends, groups) = self.lives(&train);
            let lives = LabelLives { starts: &starts, ends: &ends, groups: &groups };
            self.fold_n_eff = made.effective_sizes(weigh, lives)?;
        }
        self.folds = Some(made);
        Ok(())
    }

    fn lives(&self, rows: &[usize]) -> (Vec<i64>, Vec<i64>, Vec<u32>) {
        let of = |at: &usize| &self.rows[*at];
        (
            rows.iter().map(|at| of(at).cutoff).collect(),
            rows.iter().map(|at| of(at).until).collect(),
            rows.iter().map(|at| of(at).instrument.unwrap_or(u32::MAX)).collect(),
        )
    }

    fn weigh(&mut self, inputs: &Inputs, weigh: &dyn Weigh) -> Result<(), PlanError> {
        let factors = self.spec.weights.factors.clone();
        for factor in factors {
            let mut values = vec![0.0; self.rows.len()];
            if factor == WeightFactor::Uniqueness {
                for split in Split::ALL {
                    let members = self.members(split);
                    let (starts, ends, groups) = self.lives(&members);
                    let found = weigh
                        .uniqueness(&starts, &ends, &groups)
                        .map_err(|message| PlanError::Weights { message })?;
                    for (at, value) in members.into_iter().zip(found) {
                        values[at] = value;
                    }
                }
            } else {
                for (at, row) in self.rows.iter().enumerate() {
                    let is_in = matches!(self.primary.roles.get(at), Some(Role::In(_)));
                    values[at] = match factor {
                        WeightFactor::Confidence if is_in => self.confidence(inputs, row)?,
                        _ if is_in => self.stored_weight(inputs, row, factor)?,
                        _ => 0.0,
                    };
                }
            }
            self.weights.push((factor, values));
        }
        Ok(())
    }

    fn confidence(&self, inputs: &Inputs, row: &PlanRow) -> Result<f64, PlanError> {
        row.confidence.ok_or_else(|| PlanError::WeightMissing {
            factor: WeightFactor::Confidence.word(),
            row: EventId::from_bytes(inputs.decisions[row.decision].id).to_string(),
            target: self.spec.targets.first().map_or("", |t| t.name.as_str()).to_owned(),
            found: "a label without confidence".to_owned(),
        })
    }

    /// A weight of the table `label_weights`, for the first target and the revision that is used.
    fn stored_weight(
        &self,
        inputs: &Inputs,
        row: &PlanRow,
        factor: WeightFactor,
    ) -> Result<f64, PlanError> {
        let id = inputs.decisions[row.decision].id;
        let target = self.spec.targets.first().map_or("", |target| target.name.as_str());
        let missing = |found: String| PlanError::WeightMissing {
            factor: factor.word(),
            row: EventId::from_bytes(id).to_string(),
            target: target.to_owned(),
            found,
        };
        let label = row.labels.first().map(|at| &inputs.labels[*at]);
        let made = label.and_then(|label| Some((label, inputs.makers.get(label.made)?)));
        let key = made.and_then(|(label, made)| {
            Some(WeightKey {
                id,
                target: target.to_owned(),
                measures: made.measures,
                rules: made.rules?,
                revision: label.revision,
            })
        });
        let stored = key.and_then(|key| inputs.weights.get(&key));
        let weight = stored.ok_or_else(|| missing("no row of its revision".to_owned()))?;
        if weight.avail > self.as_of.ts.0 {
            let known = Instant(weight.avail);
            return Err(missing(format!("one that was known at {known}, behind the as-of point")));
        }
        let value = match factor {
            WeightFactor::Return => weight.of_return,
            _ => weight.decay,
        };
        if let Some(value) = value.filter(|value| !value.is_finite() || *value < 0.0) {
            return Err(missing(format!("{value}")));
        }
        value.ok_or_else(|| missing("null".to_owned()))
    }
}

/// All that the inputs hold: the greatest number, and the latest availability that they speak of.
fn latest(inputs: &Inputs, targets: &labels::Targets<'_>) -> AsOf {
    let mut seq = 0;
    let mut ts = i64::MIN;
    for decision in &inputs.decisions {
        seq = seq.max(decision.seq.unwrap_or(0));
        ts = ts.max(decision.avail);
    }
    for row in &inputs.features {
        seq = seq.max(row.seq_high);
        ts = ts.max(row.cutoff);
    }
    for label in inputs.labels.iter().filter(|label| targets.uses(label)) {
        seq = seq.max(label.seqs[1].unwrap_or(0));
        ts = ts.max(label.avail);
    }
    AsOf { seq: Int(seq), ts: Instant(ts) }
}

/// The feature row of each decision: its greatest revision that read nothing behind the as-of point.
fn feature_rows(inputs: &Inputs, as_of: AsOf) -> HashMap<[u8; 16], usize> {
    let mut of: HashMap<[u8; 16], usize> = HashMap::with_capacity(inputs.features.len());
    let known = |row: &&FeatureRow| row.seq_high <= as_of.seq.0;
    for (at, row) in inputs.features.iter().enumerate().filter(|(_, row)| known(row)) {
        let held = of.entry(row.id).or_insert(at);
        if inputs.features[*held].revision < row.revision {
            *held = at;
        }
    }
    of
}

fn reasons(dropped: &[DroppedRow]) -> BTreeMap<Reason, u64> {
    let mut counts = BTreeMap::new();
    for row in dropped {
        *counts.entry(row.reason).or_insert(0) += 1;
    }
    counts
}

fn used(rows: &[PlanRow], primary: &PrimarySplit) -> Vec<usize> {
    let kept = rows.iter().zip(&primary.roles).filter(|(_, role)| matches!(role, Role::In(_)));
    let mut used: Vec<usize> = kept.flat_map(|(row, _)| row.labels.iter().copied()).collect();
    used.sort_unstable();
    used
}

/// Where the features of a row stand.
pub(crate) fn feature_place(inputs: &Inputs, row: &PlanRow) -> Place {
    inputs.features[row.feature].at
}
