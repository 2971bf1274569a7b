//! Equal features, different grades.

use super::grades::{Classes, Grades, TARGETS};
use crate::context::{Context, FeatureBook};
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Column, Rows, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, EventId, Hash, Json, Severity};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Decisions that a finding names.
const NAMED: usize = 8;

/// Labels of one family whose decisions have the same features and not the same class.
///
/// All labels of such a group violate. Labels without a class, and those whose decision has no feature row in the context,
/// are not applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Conflict {
    columns: BTreeSet<String>,
    grades: Grades,
}

/// Labels with one content of features.
#[derive(Debug, Default)]
struct Group {
    classes: BTreeSet<i64>,
    decisions: Vec<[u8; 16]>,
}

impl Conflict {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "conflict",
        doc: "a label whose decision has the same features as another and a different class",
        dimension: Dimension::Consistency,
        severity: Severity::Info,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Set,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Texts,
                Some(""),
                "features that are compared; all where it is empty",
            ),
            TARGETS,
        ],
        needs: &["features"],
        build: |params, slots| AnyJudge::Conflict(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let columns = params.texts("columns").iter().cloned().collect();
        Self { columns, grades: Grades::new(params, slots) }
    }

    /// Columns of each batch of features that are compared, in order of name.
    fn columns<'a>(&self, features: &'a FeatureBook) -> Vec<BTreeMap<&'a str, Column<'a>>> {
        let is_meant = |name: &str| self.columns.is_empty() || self.columns.contains(name);
        let batch = |at| features.columns(at).filter(|(name, _)| is_meant(name)).collect();
        (0..features.batches()).map(batch).collect()
    }
}

fn groups(
    classes: &Classes,
    features: &FeatureBook,
    columns: &[BTreeMap<&str, Column<'_>>],
) -> BTreeMap<[u8; 32], Group> {
    let mut groups: BTreeMap<[u8; 32], Group> = BTreeMap::new();
    let mut content = Vec::new();
    for (id, (_, class)) in &classes.0 {
        let Some((class, (batch, row))) = class.zip(features.place(id)) else { continue };
        content.clear();
        for (name, column) in columns.get(batch).into_iter().flatten() {
            content.extend(name.as_bytes());
            content.push(0);
            column.content(row, &mut content);
        }
        let group = groups.entry(*Hash::of(&content).as_bytes()).or_default();
        group.classes.insert(class);
        group.decisions.push(*id);
    }
    groups
}

impl Judge for Conflict {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        self.grades.observe(rows)
    }

    fn merge(&mut self, right: &Self) {
        self.grades.merge(&right.grades);
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        let missing =
            (!context.has("features")).then(|| NotEvaluated::MissingContext("features".to_owned()));
        if let Some(reason) = self.grades.limit().or(missing) {
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let columns = self.columns(&context.features);
        let known: BTreeSet<&str> = columns.iter().flat_map(|c| c.keys().copied()).collect();
        if let Some(name) = self.columns.iter().find(|name| !known.contains(name.as_str())) {
            let reason = NotEvaluated::MissingContext(format!("feature `{name}`"));
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let (mut applicable, mut violations, mut contents) = (0_u64, 0_u64, 0_u64);
        let mut named = BTreeSet::new();
        for (_, classes) in self.grades.families() {
            for group in groups(classes, &context.features, &columns).into_values() {
                let labels = group.decisions.len() as u64;
                applicable += labels;
                if group.classes.len() > 1 {
                    violations += labels;
                    contents += 1;
                    named.extend(group.decisions);
                }
            }
        }
        end.totals = Some((applicable, violations));
        if violations > 0 {
            let named = named.into_iter().take(NAMED).map(|id| EventId::from_bytes(id).to_string());
            end.effect = Some(("contents", contents as f64));
            end.detail = Some(Json::object([
                ("contents", Json::from(contents)),
                ("decisions", Json::Array(named.map(Json::from).collect())),
            ]));
        }
    }
}
