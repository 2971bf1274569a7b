//! Quantities that are no multiple of the lot.

use super::given::{ByColumn, Columns, Only, When, only_is, only_where};
use super::steps::Steps;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slots};
use crate::verdict::NotEvaluated;
use arrow_schema::DataType;
use contract::{Causality, Severity, Unit};
use serde::{Deserialize, Serialize};

/// Quantities with a remainder after division by the lot of the instrument's version that held and was known then.
///
/// Own quantities are decimals and divided as integers. A public size is a double: it is on the grid when it is the double
/// nearest to a multiple of the lot, so 0.3 is three lots of 0.1, and 0.30000000000000004 is not. Sizes of 2^50 units of the
/// lot's last digit and more are not applicable: there doubles no longer tell neighbours on the grid apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Lot {
    columns: Columns,
    only: Only,
    when: When,
    found: ByColumn,
    #[serde(skip)]
    lots: Steps<Step>,
}

/// A lot: its units of 1e-9, and the same without trailing zeros as `units / per_one`.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    nanos: i128,
    units: i64,
    per_one: i64,
}

impl Step {
    fn new(nanos: i128) -> Self {
        let (mut units, mut per_one) = (nanos, 1_000_000_000_i64);
        while per_one > 1 && units % 10 == 0 {
            units /= 10;
            per_one /= 10;
        }
        // A lot beyond 64 bits is a mistake of the instrument; floats are not judged by it.
        Self { nanos, units: i64::try_from(units).unwrap_or(0), per_one }
    }

    /// Whether a double is a multiple; `None` where it cannot be told.
    fn divides(self, size: f64) -> Option<bool> {
        const LIMIT: f64 = 1_125_899_906_842_624.0; // 2^50
        let per_one = self.per_one as f64;
        let scaled = size * per_one;
        if self.units <= 0 || !(-LIMIT..=LIMIT).contains(&scaled) {
            return None;
        }
        let (whole, near) = nearest(scaled);
        // The quotient of two exact doubles is the double nearest to the decimal; a difference of 0 is equality.
        Some(near / per_one - size == 0.0 && whole % self.units == 0)
    }
}

/// The nearest whole number, which fits: the argument is within 2^50.
#[expect(clippy::cast_possible_truncation, reason = "within 2^50")]
fn nearest(x: f64) -> (i64, f64) {
    let down = x as i64;
    let rest = x - down as f64;
    let whole = down + i64::from(rest >= 0.5) - i64::from(rest <= -0.5);
    (whole, whole as f64)
}

impl Lot {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "lot",
        doc: "a quantity that is no multiple of the instrument's lot",
        dimension: Dimension::Validity,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Columns,
                None,
                "quantities; unsaid: every column of the table in units of the instrument",
            ),
            only_where(None),
            only_is(None),
        ],
        needs: &["instruments"],
        build: |params, slots| AnyJudge::Lot(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let fits = |c: &contract::ColumnSpec| c.unit == Some(Unit::InstrumentUnits);
        Self {
            columns: Columns::of("columns", params, slots, fits),
            only: Only::of(params, slots, ""),
            when: When::of(slots),
            found: ByColumn::default(),
            lots: Steps::default(),
        }
    }
}

impl Judge for Lot {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if let Some(reason) = self.columns.absent(rows) {
            return Err(reason);
        }
        let picked = self.only.read(rows)?;
        let step = |i: &crate::context::Instrument| i.lot_size.map(Step::new);
        let lots = self.lots.read(rows, context, self.when, &picked, step)?;
        for entry in self.columns.read(rows) {
            let (slot, column) = entry?;
            let found = match (column.lane, column.array.data_type()) {
                (Lane::F64(sizes), _) => marks.sweep(&[column.nulls], |row| {
                    let size = sizes.get(row).copied().unwrap_or(0.0);
                    let divides = lots.of(row).divides(size);
                    (divides.is_some(), divides == Some(false))
                }),
                (Lane::I128(sizes), DataType::Decimal128(_, 9)) => {
                    marks.sweep(&[column.nulls], |row| {
                        let size = sizes.get(row).copied().unwrap_or(0);
                        let lot = lots.of(row).nanos;
                        (lot > 0, lot > 0 && size % lot != 0)
                    })
                }
                (_, ty) => return Err(rows.wrong_type(slot, "Float64 or a decimal", ty)),
            };
            self.found.add(rows.name(slot), found);
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
