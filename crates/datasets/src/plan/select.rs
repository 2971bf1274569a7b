//! What the spec asks for, held against what the inputs have.

use super::PlanError;
use crate::canonical::Int;
use crate::inputs::Inputs;
use crate::kind::ModelKind;
use crate::layout::{column, meta};
use crate::manifest::AsOf;
use crate::pattern::fits;
use crate::spec::Spec;
use contract::arrow_schema::FieldRef;
use contract::{DecisionAction, DecisionStatus, Decisions, Vocabulary as _};
use std::collections::{BTreeMap, BTreeSet};

/// Prefixes of columns that a feature must not have.
const NOT_FEATURES: [&str; 3] = [column::LABEL, column::WEIGHT, "meta__"];

/// The chosen features.
pub(super) struct Features {
    /// In the order of their columns.
    pub(super) names: Vec<String>,
    /// How far they reach into the past, before any cap.
    pub(super) reach_ns: i64,
    /// Those that reach further than the cap of the spec.
    pub(super) reach_cut: BTreeMap<String, Int>,
}

pub(super) fn features(inputs: &Inputs, spec: &Spec) -> Result<Features, PlanError> {
    let fields: Vec<FieldRef> = feature_columns(inputs);
    let names = || fields.iter().map(|field| field.name().as_str());
    for (place, patterns) in
        [("features.include", &spec.features.include), ("features.exclude", &spec.features.exclude)]
    {
        for pattern in patterns {
            if !names().any(|name| fits(pattern, name)) {
                return Err(PlanError::NoMatch {
                    place,
                    what: "feature",
                    pattern: pattern.clone(),
                    near: crate::spec::near(pattern, names()),
                });
            }
        }
    }
    let mut chosen = Features { names: Vec::new(), reach_ns: 0, reach_cut: BTreeMap::new() };
    for field in &fields {
        let name = field.name();
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, name));
        if !any(&spec.features.include) || any(&spec.features.exclude) {
            continue;
        }
        refuse_hindsight(field)?;
        let lookback = lookback(field)?;
        chosen.reach_ns = chosen.reach_ns.max(lookback);
        let lookback = Int(lookback.unsigned_abs());
        if spec.split.reach_max_ns.is_some_and(|cap| lookback > cap) {
            chosen.reach_cut.insert(name.clone(), lookback);
        }
        chosen.names.push(name.clone());
    }
    if chosen.names.is_empty() {
        return Err(PlanError::NoMatch {
            place: "features",
            what: "feature",
            pattern: spec.features.include.join(", "),
            near: String::new(),
        });
    }
    Ok(chosen)
}

/// The columns of features.
pub(crate) fn feature_columns(inputs: &Inputs) -> Vec<FieldRef> {
    let first = inputs.feature_batches.first().into_iter();
    first
        .flat_map(|rows| rows.as_any().dynamic())
        .map(|(field, _)| FieldRef::clone(field))
        .collect()
}

fn refuse_hindsight(field: &FieldRef) -> Result<(), PlanError> {
    let known = field.metadata();
    let says = |key: &str| known.get(key).map(String::as_str);
    let found = if says(contract::meta::CAUSALITY) == Some("hindsight") {
        "one that is marked `hindsight`".to_owned()
    } else if let Some(prefix) = NOT_FEATURES.iter().find(|p| field.name().starts_with(**p)) {
        format!("a name that starts with `{prefix}`")
    } else if let Some(role) = says(meta::ROLE).filter(|role| *role != "feature") {
        format!("the role `{role}`")
    } else if let Some(class @ ("personal" | "free_text")) = says("gov.class") {
        format!("the class `{class}`")
    } else {
        return Ok(());
    };
    Err(PlanError::Hindsight { column: field.name().clone(), found })
}

fn lookback(field: &FieldRef) -> Result<i64, PlanError> {
    let text = field.metadata().get(meta::LOOKBACK_NS);
    text.and_then(|text| text.parse().ok()).filter(|ns: &i64| *ns >= 0).ok_or_else(|| {
        PlanError::Lookback {
            column: field.name().clone(),
            found: text.map_or("nothing".to_owned(), |text| format!("`{text}`")),
        }
    })
}

/// Decisions in the range of the spec, and whether its filters leave each out.
pub(super) fn decisions(
    inputs: &Inputs,
    spec: &Spec,
    as_of: AsOf,
) -> Result<Vec<(usize, bool)>, PlanError> {
    let rows = &spec.rows;
    let mut strategies = BTreeSet::new();
    let mut instruments = BTreeSet::new();
    let mut selected = Vec::new();
    for (at, decision) in inputs.decisions.iter().enumerate() {
        let is_before = rows.from.is_some_and(|from| decision.decided < from.0);
        let is_behind = rows.to.is_some_and(|to| decision.decided >= to.0);
        let is_later =
            decision.seq.is_some_and(|seq| seq > as_of.seq.0) || decision.avail > as_of.ts.0;
        let facts = Facts::of(inputs, at)?;
        strategies.insert(facts.strategy);
        instruments.extend(facts.instrument);
        if is_before || is_behind || is_later {
            continue;
        }
        let wanted = |patterns: &[String], name: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name))
        };
        let keeps = wanted(&rows.strategies, facts.strategy)
            && (rows.actions.is_empty() || rows.actions.iter().any(|a| a == facts.action.word()))
            && (rows.instruments.is_empty()
                || facts.instrument.is_some_and(|id| rows.instruments.contains(&id)))
            && facts.suits(spec.kind);
        selected.push((at, !keeps));
    }
    for pattern in &rows.strategies {
        if !strategies.iter().any(|name| fits(pattern, name)) {
            return Err(PlanError::NoMatch {
                place: "rows.strategies",
                what: "strategy",
                pattern: pattern.clone(),
                near: crate::spec::near(pattern, strategies.iter().copied()),
            });
        }
    }
    for id in &rows.instruments {
        if !instruments.contains(id) {
            let known: Vec<String> = instruments.iter().take(8).map(u32::to_string).collect();
            return Err(PlanError::NoMatch {
                place: "rows.instruments",
                what: "instrument",
                pattern: id.to_string(),
                near: format!(" (there are {})", known.join(", ")),
            });
        }
    }
    Ok(selected)
}

/// What filters look at.
struct Facts<'a> {
    strategy: &'a str,
    instrument: Option<u32>,
    action: DecisionAction,
    status: DecisionStatus,
    has_side: bool,
}

impl<'a> Facts<'a> {
    fn of(inputs: &'a Inputs, decision: usize) -> Result<Self, PlanError> {
        let place = inputs.decisions[decision].at;
        let (rows, at) = (&inputs.decision_batches[place.batch()], place.row());
        let failed = |column| move |word| PlanError::Word { column, word };
        let strategy = rows.cell(&Decisions::STRATEGY_ID, at).map_err(failed("strategy_id"))?;
        let side = rows.cell(&Decisions::SIDE, at).map_err(failed("side"))?;
        Ok(Self {
            strategy,
            instrument: instrument(inputs, decision),
            action: rows.cell(&Decisions::ACTION, at).map_err(failed("action"))?,
            status: rows.cell(&Decisions::STATUS, at).map_err(failed("status"))?,
            has_side: side.is_some(),
        })
    }

    /// Whether such a decision is a row of this kind of model.
    fn suits(&self, kind: ModelKind) -> bool {
        match kind {
            ModelKind::Signal | ModelKind::Risk | ModelKind::Sizing | ModelKind::Regime => true,
            ModelKind::Meta => self.has_side,
            ModelKind::Execution => {
                use DecisionAction as A;
                self.status == DecisionStatus::Submitted
                    && !matches!(self.action, A::Hold | A::Skip | A::Cancel)
            }
        }
    }
}

/// The instrument of a decision.
pub(crate) fn instrument(inputs: &Inputs, decision: usize) -> Option<u32> {
    use contract::arrow_array::Array as _;
    let place = inputs.decisions[decision].at;
    let ids = inputs.decision_batches[place.batch()].instrument_id();
    ids.is_valid(place.row()).then(|| ids.value(place.row()))
}
