//! The labels of a row: of each target the greatest revision that was known.

use super::{PlanError, PlanRow};
use crate::inputs::{Inputs, LabelRow, Source};
use crate::kind::ModelKind;
use crate::manifest::AsOf;
use crate::role::Reason;
use crate::spec::{OutcomeMeasure, Spec, TargetSpec};
use contract::arrow_array::Array as _;
use contract::{DynamicColumn, EventId, LabelKind, LabelStatus, UtcNanos, Vocabulary as _};
use std::collections::{BTreeSet, HashMap};

/// Where the labels of each target stand.
pub(crate) struct Targets<'a> {
    spec: &'a Spec,
    /// The source of each target.
    sources: Vec<usize>,
}

/// What was found for a decision.
pub(crate) enum Chosen {
    /// A row without its decision and its features.
    Labels(PlanRow),
    /// Why it is none, and the greatest end of its labels, where there is one.
    Missing(Reason, Option<i64>),
}

/// The revision in use, when the first final one was known, and whether there are later ones only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Revisions {
    used: Option<usize>,
    first_final: Option<i64>,
}

pub(super) type LabelIndex = HashMap<([u8; 16], usize), Revisions>;

impl<'a> Targets<'a> {
    pub(super) fn new(inputs: &Inputs, spec: &'a Spec) -> Result<Self, PlanError> {
        let sources: Result<Vec<usize>, PlanError> =
            spec.targets.iter().map(|target| source(inputs, spec.kind, target)).collect();
        let targets = Self { spec, sources: sources? };
        for (target, source) in spec.targets.iter().zip(&targets.sources) {
            let makers: BTreeSet<usize> = inputs
                .labels
                .iter()
                .filter(|label| label.source == *source)
                .map(|label| label.made)
                .collect();
            let hashes: BTreeSet<_> = makers
                .iter()
                .filter_map(|made| inputs.makers.get(*made))
                .map(|made| (made.measures, made.rules))
                .collect();
            if hashes.len() > 1 {
                let target = target.name.clone();
                return Err(PlanError::TwoRules { target, found: hashes.len() });
            }
        }
        Ok(targets)
    }

    /// Of each decision and source the revision that the as-of point knew.
    ///
    /// # Errors
    /// [`PlanError::TwoLabels`] when two versions of the code gave one revision: which counts must not hang on the
    /// order of the inputs.
    pub(super) fn revisions(&self, inputs: &Inputs, as_of: AsOf) -> Result<LabelIndex, PlanError> {
        let mut index: LabelIndex = HashMap::new();
        for (at, label) in inputs.labels.iter().enumerate() {
            if !self.sources.contains(&label.source) {
                continue;
            }
            let none = Revisions { used: None, first_final: None };
            let held = index.entry((label.id, label.source)).or_insert(none);
            let read_later = label.seqs[1].is_some_and(|seq| seq > as_of.seq.0);
            if label.avail > as_of.ts.0 || read_later {
                continue;
            }
            if held.used.is_some_and(|used| inputs.labels[used].revision == label.revision) {
                return Err(PlanError::TwoLabels {
                    row: EventId::from_bytes(label.id).to_string(),
                    revision: label.revision,
                });
            }
            let newer = |used: usize| inputs.labels[used].revision < label.revision;
            if held.used.is_none_or(newer) {
                held.used = Some(at);
            }
            if label.status == LabelStatus::Final {
                let first = held.first_final.map_or(label.avail, |first| first.min(label.avail));
                held.first_final = Some(first);
            }
        }
        Ok(index)
    }

    /// Whether a target reads labels of this source.
    pub(super) fn uses(&self, label: &LabelRow) -> bool {
        self.sources.contains(&label.source)
    }

    pub(super) fn choose(
        &self,
        inputs: &Inputs,
        index: &LabelIndex,
        id: &[u8; 16],
        as_of: AsOf,
        cutoff: i64,
    ) -> Result<Chosen, PlanError> {
        let mut row = PlanRow {
            decision: 0,
            feature: 0,
            cutoff,
            seq: 0,
            instrument: None,
            labels: Vec::with_capacity(self.sources.len()),
            end: i64::MIN,
            until: i64::MIN,
            latest_end: i64::MIN,
            label_avail: i64::MIN,
            first_avail: i64::MIN,
            revision: 0,
            confidence: Some(1.0),
        };
        let mut reason: Option<Reason> = None;
        let mut end = None;
        let mut found = |why: Reason| reason = Some(reason.map_or(why, |held| held.min(why)));
        for (target, source) in self.spec.targets.iter().zip(&self.sources) {
            let revisions = index.get(&(*id, *source));
            let Some(at) = revisions.and_then(|held| held.used) else {
                let waits =
                    revisions.is_some() || inputs.pending.contains(&(*id, target.name.clone()));
                found(if waits { Reason::LabelPending } else { Reason::NoLabel });
                continue;
            };
            let label = &inputs.labels[at];
            if label.cutoff != cutoff {
                return Err(PlanError::Cutoff {
                    row: EventId::from_bytes(*id).to_string(),
                    features: UtcNanos::from_nanos(cutoff).to_string(),
                    label: UtcNanos::from_nanos(label.cutoff).to_string(),
                });
            }
            let own_end = label.latest_end.max(label.until);
            end = end.max(Some(own_end));
            if let Some(why) = refused(inputs, label, target, as_of) {
                found(why);
            }
            row.labels.push(at);
            row.end = row.end.max(own_end);
            row.until = row.until.max(label.until);
            row.latest_end = row.latest_end.max(label.latest_end);
            row.label_avail = row.label_avail.max(label.avail);
            // A provisional label that the spec asked for was known when it was known.
            let first = revisions.and_then(|held| held.first_final).unwrap_or(label.avail);
            row.first_avail = row.first_avail.max(first);
            row.revision = row.revision.max(label.revision);
            let both = row.confidence.zip(label.confidence);
            row.confidence = both.map(|(least, of_label)| least.min(of_label));
        }
        Ok(match reason {
            Some(reason) => Chosen::Missing(reason, end),
            None => Chosen::Labels(row),
        })
    }

    /// The class of a row for a target, where it has classes.
    pub(super) fn class(&self, inputs: &Inputs, row: &PlanRow, target: usize) -> Option<i8> {
        let task = self.spec.targets.get(target)?.task;
        let label = inputs.labels.get(*row.labels.get(target)?)?;
        if task.is_class() { label.class } else { None }
    }
}

/// Why a label cannot be used, if so.
fn refused(inputs: &Inputs, label: &LabelRow, target: &TargetSpec, as_of: AsOf) -> Option<Reason> {
    match label.status {
        LabelStatus::Void => return Some(Reason::Void),
        LabelStatus::Indeterminate => return Some(Reason::Indeterminate),
        LabelStatus::Provisional if !target.provisional => return Some(Reason::LabelPending),
        _ => {}
    }
    if label.latest_end > as_of.ts.0 {
        return Some(Reason::CohortOpen);
    }
    let has = if target.task.is_class() {
        label.class.is_some()
    } else {
        value(inputs, label, target).is_some()
    };
    if !has {
        return Some(Reason::Indeterminate);
    }
    let least = target.min_confidence.0;
    let is_low = least > 0.0 && label.confidence.is_none_or(|found| found < least);
    is_low.then_some(Reason::LowConfidence)
}

/// The value of a label, or of the measure of an outcome.
pub(crate) fn value(inputs: &Inputs, label: &LabelRow, target: &TargetSpec) -> Option<f64> {
    let Some(measure) = &target.measure else { return label.value };
    let rows = inputs.outcome_batches.get(label.at.batch())?;
    let at = label.at.row();
    match rows.dynamic_column(&measure.column)? {
        DynamicColumn::Number(values) => values.is_valid(at).then(|| values.value(at)),
        // Money in units of its currency: the nearest double of the exact quotient.
        DynamicColumn::Money(values) => values.is_valid(at).then(|| values.value(at) as f64 / 1e9),
        DynamicColumn::Whole(values) => values.is_valid(at).then(|| values.value(at) as f64),
        _ => None,
    }
}

fn source(inputs: &Inputs, kind: ModelKind, target: &TargetSpec) -> Result<usize, PlanError> {
    if let Some(measure) = &target.measure {
        return outcome(inputs, measure);
    }
    let found = inputs.sources.iter().enumerate().find_map(|(at, source)| match source {
        Source::Label { target: name, kind } if *name == target.name => Some((at, *kind)),
        _ => None,
    });
    let Some((at, label)) = found else {
        return Err(PlanError::NoMatch {
            place: "target.name",
            what: "target of the labels",
            pattern: target.name.clone(),
            near: crate::spec::near(&target.name, inputs.targets()),
        });
    };
    let is_meta = kind == ModelKind::Meta;
    if is_meta != (label == LabelKind::Meta) {
        return Err(PlanError::TargetKind {
            target: target.name.clone(),
            expected: if is_meta { "a label of kind `meta`" } else { "a label of another kind" },
            found: format!("`{}`", label.word()),
        });
    }
    Ok(at)
}

fn outcome(inputs: &Inputs, measure: &OutcomeMeasure) -> Result<usize, PlanError> {
    let windows = || {
        inputs.sources.iter().filter_map(|source| match source {
            Source::Outcome { window } => Some(window.as_str()),
            Source::Label { .. } => None,
        })
    };
    let wanted = Source::Outcome { window: measure.window.clone() };
    let no_match = |place, what, pattern: &str, near| PlanError::NoMatch {
        place,
        what,
        pattern: pattern.to_owned(),
        near,
    };
    let at = inputs.sources.iter().position(|source| *source == wanted).ok_or_else(|| {
        let near = crate::spec::near(&measure.window, windows());
        no_match("target.window", "window of the outcomes", &measure.window, near)
    })?;
    for rows in &inputs.outcome_batches {
        let numeric = rows.dynamic_column(&measure.column).is_some_and(|column| {
            matches!(
                column,
                DynamicColumn::Number(_) | DynamicColumn::Money(_) | DynamicColumn::Whole(_)
            )
        });
        if !numeric {
            let near = crate::spec::near(&measure.column, rows.feature_names());
            let what = "measure of the outcomes that is a number";
            return Err(no_match("target.measure", what, &measure.column, near));
        }
    }
    Ok(at)
}
