//! NaN and infinities.

use super::given::ByColumn;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots, lane};
use crate::verdict::NotEvaluated;
use arrow_schema::DataType;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Rows with a NaN or an infinity in a float column; a row without any float is not applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NonFinite {
    /// Empty: every float column that a batch has.
    columns: Vec<Slot>,
    found: ByColumn,
}

impl NonFinite {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "nonfinite",
        doc: "NaN or an infinity in a float column",
        dimension: Dimension::Validity,
        severity: Severity::Error,
        action: Action::Reject,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[ParamSpec::new(
            "columns",
            ParamType::Columns,
            None,
            "the columns; unsaid: every Float64 column, those of features and users too",
        )],
        needs: &[],
        build: |params, slots| AnyJudge::NonFinite(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let columns = params.texts("columns").iter().map(|c| slots.of(c)).collect();
        Self { columns, found: ByColumn::default() }
    }
}

impl Judge for NonFinite {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        for slot in &self.columns {
            let column = rows.column(*slot)?;
            let Lane::F64(values) = column.lane else {
                return Err(rows.wrong_type(*slot, "Float64", column.array.data_type()));
            };
            let found = marks.sweep_values(values, column.nulls, |x: f64| (true, !x.is_finite()));
            self.found.add(rows.name(*slot), found);
        }
        if self.columns.is_empty() {
            let fields = rows.batch.schema_ref().fields();
            for (field, array) in fields.iter().zip(rows.batch.columns()) {
                // The schema is at hand; an array of a column that does not count need not be touched.
                if *field.data_type() != DataType::Float64 {
                    continue;
                }
                let Some(Lane::F64(values)) = lane(array) else { continue };
                let nulls = array.nulls();
                let found = marks.sweep_values(values, nulls, |x: f64| (true, !x.is_finite()));
                self.found.add(field.name(), found);
            }
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.found.merge(&right.found);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        end.detail = self.found.detail();
    }
}
