//! Columns that are not those of the contract.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use arrow_array::RecordBatch;
use arrow_schema::{Field, SchemaRef};
use contract::{AnyBatch, Causality, Json, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most differences that are named.
const NAMED: usize = 8;

/// Every row of a batch whose columns are not those of the contract.
///
/// Type, time zone, scale, nullability and each key of metadata that the contract states (unit, scale, field id, access)
/// must be as it states them. A nullable column may be absent; columns and keys that the contract does not know may be
/// there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Schema {
    table: String,
    /// The first differences by their text.
    differences: BTreeSet<String>,
    #[serde(skip)]
    seen: Option<(SchemaRef, bool)>,
}

impl Schema {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "schema",
        doc: "type, unit, nullability, time zone or field metadata differ from the contract",
        dimension: Dimension::Validity,
        severity: Severity::Critical,
        action: Action::Reject,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[],
        needs: &[],
        build: |_, slots| AnyJudge::Schema(Self::new(slots)),
    };

    fn new(slots: &Slots) -> Self {
        let table = slots.spec().map_or_else(String::new, |spec| spec.name.to_owned());
        Self { table, differences: BTreeSet::new(), seen: None }
    }

    fn name(&mut self, difference: String) {
        self.differences.insert(difference);
        if self.differences.len() > NAMED {
            self.differences.pop_last();
        }
    }

    /// Whether the batch's schema differs from the contract's.
    fn differs(&mut self, batch: &RecordBatch) -> bool {
        let Some(spec) = contract::table(&self.table) else { return false };
        let canonical = match AnyBatch::parse(spec, &batch.slice(0, 0)) {
            Ok(shape) => shape.into_record_batch().schema(),
            Err(error) => {
                self.name(error.to_string());
                return true;
            }
        };
        let mut differs = false;
        for expected in canonical.fields() {
            let Ok(found) = batch.schema_ref().field_with_name(expected.name()) else { continue };
            if let Some(difference) = difference(expected, found) {
                self.name(format!("{}.{}: {difference}", self.table, expected.name()));
                differs = true;
            }
        }
        differs
    }
}

/// What differs between two fields, if anything does.
fn difference(expected: &Field, found: &Field) -> Option<String> {
    if expected.data_type() != found.data_type() {
        let (expected, found) = (expected.data_type(), found.data_type());
        return Some(format!("expected type {expected}, found {found}"));
    }
    if expected.is_nullable() != found.is_nullable() {
        let word = |field: &Field| if field.is_nullable() { "nullable" } else { "not nullable" };
        return Some(format!("expected {}, found {}", word(expected), word(found)));
    }
    let mut keys: Vec<(&String, &String)> = expected.metadata().iter().collect();
    keys.sort_unstable();
    let (key, value) = keys.into_iter().find(|(k, v)| found.metadata().get(*k) != Some(*v))?;
    let found = found.metadata().get(key).map_or("nothing", String::as_str);
    Some(format!("expected {key} `{value}`, found `{}`", contract::excerpt(found.as_bytes())))
}

impl Judge for Schema {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let schema = rows.batch.schema_ref();
        let known = self.seen.as_ref().and_then(|(seen, differs)| {
            (Arc::ptr_eq(seen, schema) || seen == schema).then_some(*differs)
        });
        let differs = known.unwrap_or_else(|| {
            let differs = self.differs(rows.batch);
            self.seen = Some((Arc::clone(schema), differs));
            differs
        });
        marks.judge_all(differs);
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        for difference in &right.differences {
            self.name(difference.clone());
        }
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        if !self.differences.is_empty() {
            let texts = self.differences.iter().map(|d| Json::from(d.as_str())).collect();
            end.detail = Some(Json::object([("differences", Json::Array(texts))]));
        }
    }
}
