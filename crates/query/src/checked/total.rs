//! A sum in 128 bits, and how it becomes a value of 64.

use crate::error::QueryError;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{ArrowPrimitiveType, Decimal128Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::scalar::ScalarValue;

/// How a sum travels between the parts of a plan: whole, so that no part of it has to fit into 64 bits.
pub(super) const STATE: DataType = DataType::Decimal128(38, 0);

/// Shows every value of an array of integers, or of states, that is not null. 2^63 of them fit into a sum of 128 bits.
pub(super) fn each(array: &dyn Array, see: impl FnMut(usize, i128)) -> Result<()> {
    if let Some(values) = array.as_primitive_opt::<Int64Type>() {
        visit(values, see);
    } else if let Some(values) = array.as_primitive_opt::<UInt64Type>() {
        visit(values, see);
    } else if let Some(values) = array.as_primitive_opt::<Decimal128Type>() {
        visit(values, see);
    } else {
        let message = format!("sum: expected integers of 64 bits, found {}", array.data_type());
        return Err(QueryError::Bug { message }.into());
    }
    Ok(())
}

fn visit<T: ArrowPrimitiveType<Native: Into<i128>>>(
    values: &PrimitiveArray<T>,
    mut see: impl FnMut(usize, i128),
) {
    match values.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => values.values().iter().enumerate().for_each(|(at, v)| see(at, (*v).into())),
        Some(nulls) => nulls.valid_indices().for_each(|at| see(at, values.value(at).into())),
    }
}

/// The column of a call with one argument.
pub(super) fn only(values: &[ArrayRef]) -> Result<&ArrayRef> {
    values.first().ok_or_else(|| {
        let message = "sum: expected one argument, found none".to_owned();
        QueryError::Bug { message }.into()
    })
}

/// The error for a sum that the type of its column has no room for.
pub(super) fn too_big(sum: i128, ty: &DataType) -> QueryError {
    let message = format!(
        "sum: expected a value within {ty}, found {sum}: CAST the argument to DECIMAL(38,0)"
    );
    QueryError::Execution { message }
}

/// A sum as a value of its column.
pub(super) fn narrow(sum: Option<i128>, ty: &DataType) -> Result<ScalarValue> {
    let Some(sum) = sum else { return ScalarValue::try_from(ty) };
    let value = if *ty == DataType::UInt64 {
        u64::try_from(sum).ok().map(ScalarValue::from)
    } else {
        i64::try_from(sum).ok().map(ScalarValue::from)
    };
    value.ok_or_else(|| too_big(sum, ty).into())
}

/// The sum of one group, or of a window that moves.
#[derive(Debug)]
pub(super) struct Total {
    ty: DataType,
    sum: i128,
    count: u64,
}

impl Total {
    pub(super) fn new(ty: DataType) -> Self {
        Self { ty, sum: 0, count: 0 }
    }

    fn known(&self) -> Option<i128> {
        (self.count > 0).then_some(self.sum)
    }
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (mut sum, mut count) = (0_i128, 0);
        each(only(values)?.as_ref(), |_, value| {
            sum = sum.wrapping_add(value);
            count += 1;
        })?;
        self.sum = self.sum.wrapping_add(sum);
        self.count += count;
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each(only(values)?.as_ref(), |_, value| {
            self.sum = self.sum.wrapping_sub(value);
            self.count = self.count.saturating_sub(1);
        })
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Decimal128(self.known(), 38, 0)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        narrow(self.known(), &self.ty)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
