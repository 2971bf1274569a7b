//! A column without variation, or without values.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Column, Lane, Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use arrow_buffer::NullBuffer;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

const PARAMS: &[ParamSpec] = &[
    ParamSpec::new("column", ParamType::Column, Some("!"), "the column"),
    ParamSpec::new("min_rows", ParamType::Count, Some("20"), "rows that it takes to say anything"),
];

/// One value in all rows of a column. Nulls, NaN and infinities are no values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Constant {
    column: Slot,
    min_rows: u64,
    values: u64,
    /// The one value so far; nothing once there are two, so that equal states have equal bytes.
    first: Option<Value>,
    varies: bool,
}

/// A value that can be compared for equality, whatever its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Value {
    Int(i128),
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn of(column: &Column<'_>, row: usize) -> Option<Self> {
        match column.lane {
            // -0.0 and 0.0 are one value.
            Lane::F64(v) => {
                v.get(row).filter(|x| x.is_finite()).map(|x| Self::Float((x + 0.0).to_bits()))
            }
            Lane::Text(_) | Lane::Words(..) => column.text(row).map(|t| Self::Text(t.to_owned())),
            Lane::Bool(v) => Some(Self::Int(i128::from(v.value(row)))),
            Lane::Bytes(v) => Some(Self::Bytes(v.value(row).to_vec())),
            _ => column.int(row).map(Self::Int),
        }
    }
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
        params: PARAMS,
        needs: &[],
        build: |params, slots| AnyJudge::Constant(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let column = slots.of(params.text("column"));
        let min_rows = params.count("min_rows") as u64;
        Self { column, min_rows, values: 0, first: None, varies: false }
    }

    fn settle(&mut self) {
        if self.varies {
            self.first = None;
        }
    }
}

impl Judge for Constant {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        let column = rows.column(self.column)?;
        for row in (0..rows.len()).filter(|row| column.is_valid(*row)) {
            if let Lane::F64(v) = column.lane
                && !v.get(row).is_some_and(|x| x.is_finite())
            {
                continue;
            }
            self.values += 1;
            if self.varies {
                continue;
            }
            let value = Value::of(&column, row);
            match &self.first {
                None => self.first = value,
                first => self.varies = *first != value,
            }
        }
        self.settle();
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
        self.settle();
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        if self.values == 0 {
            end.verdict = Some(Verdict::NotApplicable);
        } else if self.values < self.min_rows && !self.varies {
            let (found, needed) = (self.values, self.min_rows);
            end.verdict = Some(Verdict::Insufficient { found, needed });
        } else {
            end.totals = Some((1, u64::from(!self.varies)));
        }
    }
}

/// A column in which no row has a value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AllNull {
    column: Slot,
    min_rows: u64,
    rows: u64,
    has_value: bool,
}

impl AllNull {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "all_null",
        doc: "no value in any row",
        dimension: Dimension::Validity,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Set,
        params: PARAMS,
        needs: &[],
        build: |params, slots| AnyJudge::AllNull(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let column = slots.of(params.text("column"));
        Self { column, min_rows: params.count("min_rows") as u64, rows: 0, has_value: false }
    }
}

impl Judge for AllNull {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        let column = rows.column(self.column)?;
        self.rows += rows.len() as u64;
        self.has_value |= column.nulls.map_or(0, NullBuffer::null_count) < rows.len();
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.rows += right.rows;
        self.has_value |= right.has_value;
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        if self.rows == 0 {
            end.verdict = Some(Verdict::NotApplicable);
        } else if self.rows < self.min_rows && !self.has_value {
            let (found, needed) = (self.rows, self.min_rows);
            end.verdict = Some(Verdict::Insufficient { found, needed });
        } else {
            end.totals = Some((1, u64::from(!self.has_value)));
        }
    }
}
