//! Nulls of features and measures, and the reasons for them.

use super::given::ByColumn;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use arrow_schema::SchemaRef;
use contract::{AnyBatch, Causality, Severity};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows with a null whose reason is 0, or a value whose reason is not.
///
/// `null_reasons` holds one byte a dynamic column, in the order of these columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NullReason {
    table: String,
    reasons: Slot,
    /// Empty: every dynamic column.
    names: Vec<String>,
    found: ByColumn,
    #[serde(skip)]
    layout: Option<Layout>,
}

/// Places in batches of one schema.
#[derive(Debug, Clone)]
struct Layout {
    schema: SchemaRef,
    /// Column of the batch, and byte in the reasons.
    places: Vec<(usize, usize)>,
    width: usize,
}

impl NullReason {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "null_reason",
        doc: "a null feature without a reason code, or a reason on a value",
        dimension: Dimension::Completeness,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[ParamSpec::new(
            "columns",
            ParamType::Columns,
            None,
            "features or measures; unsaid: all of them",
        )],
        needs: &[],
        build: |params, slots| AnyJudge::NullReason(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            table: slots.spec().map_or_else(String::new, |spec| spec.name.to_owned()),
            reasons: slots.of("null_reasons"),
            names: params.texts("columns").to_vec(),
            found: ByColumn::default(),
            layout: None,
        }
    }

    /// Where the dynamic columns stand, found once a schema.
    fn layout(&self, rows: &Rows<'_>) -> Result<Layout, NotEvaluated> {
        let schema = rows.batch.schema_ref();
        let spec = contract::table(&self.table)
            .ok_or_else(|| NotEvaluated::MissingContext("a table of the contract".to_owned()))?;
        let shape = AnyBatch::parse(spec, &rows.batch.slice(0, 0))
            .map_err(|error| NotEvaluated::WrongType(error.to_string()))?;
        let dynamic: Vec<&str> = shape.dynamic().map(|(field, _)| field.name().as_str()).collect();
        for name in &self.names {
            if !dynamic.contains(&name.as_str()) {
                return Err(NotEvaluated::MissingColumn(name.clone()));
            }
        }
        let is_asked = |name: &str| self.names.is_empty() || self.names.iter().any(|n| n == name);
        let place = |(byte, name): (usize, &&str)| {
            is_asked(name).then(|| Some((schema.index_of(name).ok()?, byte))).flatten()
        };
        let places = dynamic.iter().enumerate().filter_map(place).collect();
        Ok(Layout { schema: Arc::clone(schema), places, width: dynamic.len() })
    }
}

impl Judge for NullReason {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let reasons = rows.column(self.reasons)?;
        let Lane::Bytes(packed) = reasons.lane else {
            return Err(rows.wrong_type(self.reasons, "packed bytes", reasons.array.data_type()));
        };
        let schema = rows.batch.schema_ref();
        let layout = match self.layout.take() {
            Some(layout)
                if Arc::ptr_eq(&layout.schema, schema)
                    || layout.schema.fields() == schema.fields() =>
            {
                layout
            }
            _ => self.layout(rows)?,
        };
        let bytes = packed.value_data();
        for (column, byte) in &layout.places {
            let Some(array) = rows.batch.columns().get(*column) else { continue };
            let values = array.nulls();
            let found = marks.sweep(&[reasons.nulls], |row| {
                let reason = bytes.get(row * layout.width + byte).copied().unwrap_or(0);
                (true, (reason == 0) != values.is_none_or(|n| n.is_valid(row)))
            });
            self.found.add(schema.field(*column).name(), found);
        }
        self.layout = Some(layout);
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.found.merge(&right.found);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        end.detail = self.found.detail();
    }
}
