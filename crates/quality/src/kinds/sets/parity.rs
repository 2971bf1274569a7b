//! What was computed live against what is computed again.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, EventId, Features, Json, Severity, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Decisions that one check remembers; beyond them it is not evaluated.
const MAX_DECISIONS: usize = 4_194_304;

/// Missing decisions that a finding names.
const NAMED: usize = 8;

/// Feature rows that differ in bits from the row of the same decision in the context's `features`.
///
/// - **Counts:** `mismatch`: a row with a cell of other bits, a null among them; `extra`: a row whose decision the context
///   does not have; `missing`: a decision of the context without a row here. Names are those of Chronon.
/// - A column that only one side has leaves the check not evaluated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parity {
    decision: Slot,
    columns: BTreeSet<String>,
    seen: BTreeSet<[u8; 16]>,
    is_over: bool,
    mismatch: u64,
    extra: u64,
    /// Cells of other bits by column.
    cells: BTreeMap<String, u64>,
}

/// A column here, and the column of the same name there.
type Pair<'a, 'b> = (&'b str, Column<'a>, Column<'b>);

impl Parity {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "parity",
        doc: "a feature row whose bits differ from the row computed again, or that only one side has",
        dimension: Dimension::Consistency,
        severity: Severity::Critical,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Set,
        params: &[ParamSpec::new(
            "columns",
            ParamType::Texts,
            Some(""),
            "features that are compared; all where it is empty",
        )],
        needs: &["features"],
        build: |params, slots| AnyJudge::Parity(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            decision: slots.of("decision_id"),
            columns: params.texts("columns").iter().cloned().collect(),
            seen: BTreeSet::new(),
            is_over: false,
            mismatch: 0,
            extra: 0,
            cells: BTreeMap::new(),
        }
    }

    fn pairs<'a, 'b>(
        &self,
        rows: &Rows<'a>,
        context: &'b Context,
        batch: usize,
    ) -> Result<Vec<Pair<'a, 'b>>, NotEvaluated> {
        let mut pairs = Vec::new();
        for (name, there) in context.features.columns(batch) {
            if !self.columns.is_empty() && !self.columns.contains(name) {
                continue;
            }
            let here =
                rows.named(name).ok_or_else(|| NotEvaluated::MissingColumn(name.to_owned()))?;
            pairs.push((name, here, there));
        }
        let is_there = |name: &str| pairs.iter().any(|(known, ..)| *known == name);
        let fields = rows.batch.schema_ref().fields().iter().map(|f| f.name().as_str());
        let is_fixed = |name: &str| name == "seq" || Features::SPEC.column(name).is_some();
        let alone = match self.columns.iter().find(|name| !is_there(name)) {
            Some(name) => Some(name.as_str()),
            None if self.columns.is_empty() => fields
                .filter(|name| !is_fixed(name) && rows.named(name).is_some())
                .find(|name| !is_there(name)),
            None => None,
        };
        match alone {
            Some(name) => Err(NotEvaluated::MissingContext(format!("feature `{name}`"))),
            None => Ok(pairs),
        }
    }

    fn settle(&mut self) {
        if self.is_over || self.seen.len() > MAX_DECISIONS {
            self.is_over = true;
            self.seen.clear();
        }
    }
}

impl Judge for Parity {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !context.has("features") {
            return Err(NotEvaluated::MissingContext("features".to_owned()));
        }
        let decision = rows.column(self.decision)?;
        let mut pairs: BTreeMap<usize, Vec<Pair<'_, '_>>> = BTreeMap::new();
        for row in 0..rows.len() {
            let Some(id) = decision.id(row) else { continue };
            if !self.is_over {
                self.seen.insert(id);
            }
            let Some((batch, place)) = context.features.place(&id) else {
                self.extra += 1;
                marks.fail(row);
                continue;
            };
            if let std::collections::btree_map::Entry::Vacant(empty) = pairs.entry(batch) {
                empty.insert(self.pairs(rows, context, batch)?);
            }
            let mut differs = false;
            for (name, here, there) in pairs.get(&batch).into_iter().flatten() {
                if !here.same_bits(row, there, place) {
                    differs = true;
                    match self.cells.get_mut(*name) {
                        Some(count) => *count += 1,
                        None => drop(self.cells.insert((*name).to_owned(), 1)),
                    }
                }
            }
            self.mismatch += u64::from(differs);
            marks.judge(row, differs);
        }
        self.settle();
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.is_over |= right.is_over;
        self.seen.extend(&right.seen);
        self.mismatch += right.mismatch;
        self.extra += right.extra;
        for (name, count) in &right.cells {
            *self.cells.entry(name.clone()).or_default() += count;
        }
        self.settle();
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        let reason = if self.is_over {
            Some(NotEvaluated::Limit(format!("{MAX_DECISIONS} decisions")))
        } else {
            (!context.has("features")).then(|| NotEvaluated::MissingContext("features".to_owned()))
        };
        if let Some(reason) = reason {
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let absent = || context.features.decisions().filter(|id| !self.seen.contains(*id));
        let missing = absent().count() as u64;
        end.totals = Some((missing, missing));
        end.effect = Some(("mismatch", self.mismatch as f64));
        if self.mismatch + self.extra + missing > 0 {
            let named = absent().take(NAMED).map(|id| EventId::from_bytes(*id).to_string());
            let cells = self.cells.iter().map(|(name, count)| (name.as_str(), Json::from(*count)));
            end.detail = Some(Json::object([
                ("mismatch", Json::from(self.mismatch)),
                ("missing", Json::from(missing)),
                ("extra", Json::from(self.extra)),
                ("columns", Json::object(cells)),
                ("missing_decisions", Json::Array(named.map(Json::from).collect())),
            ]));
        }
    }
}
