//! A column without variation.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Rows that a column needs before its sameness says anything.
const MIN_ROWS: u64 = 20;

/// One value in all rows of a column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Constant {
    column: Slot,
    values: u64,
    /// Bits of the smallest and greatest value seen; equal while there is one.
    first: Option<Value>,
    varies: bool,
}

/// A value that can be compared for equality, whatever its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Value {
    Int(i128),
    Float(u64),
    Text(String),
}

impl Constant {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "constant",
        doc: "one value in all rows that have one",
        dimension: Dimension::Validity,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Set,
        params: &[ParamSpec::new("column", ParamType::Column, Some("!"), "the column")],
        needs: &[],
        build: |params, slots| AnyJudge::Constant(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { column: slots.of(params.text("column")), values: 0, first: None, varies: false }
    }
}

impl Judge for Constant {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        let column = rows.column(self.column)?;
        for row in (0..rows.len()).filter(|row| column.is_valid(*row)) {
            self.values += 1;
            if self.varies {
                continue;
            }
            let value = match column.lane {
                // -0.0 and 0.0 are one value.
                Lane::F64(v) => v.get(row).map(|x| Value::Float((x + 0.0).to_bits())),
                Lane::Text(_) | Lane::Words(..) => {
                    column.text(row).map(|t| Value::Text(t.to_owned()))
                }
                Lane::Bool(v) => Some(Value::Int(i128::from(v.value(row)))),
                Lane::Bytes(v) => Some(Value::Text(format!("{:?}", v.value(row)))),
                _ => column.int(row).map(Value::Int),
            };
            match &self.first {
                None => self.first = value,
                first => self.varies = *first != value,
            }
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.values += right.values;
        self.varies |= right.varies;
        match (&self.first, &right.first) {
            (Some(left), Some(right)) => self.varies |= left != right,
            (None, right) => self.first.clone_from(right),
            _ => {}
        }
        // Which value came first depends on the order; that there are two does not.
        if self.varies {
            self.first = None;
        }
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        if self.values == 0 {
            end.verdict = Some(Verdict::NotApplicable);
        } else if self.values < MIN_ROWS && !self.varies {
            end.verdict = Some(Verdict::Insufficient { found: self.values, needed: MIN_ROWS });
        } else {
            end.totals = Some((1, u64::from(!self.varies)));
        }
    }
}
