//! A sum in 128 bits, and how it becomes a value of its column.

use crate::error::QueryError;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{ArrowPrimitiveType, Decimal128Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::scalar::ScalarValue;

/// How a sum travels between the parts of a plan: whole, so that no part of it has to fit into its column.
pub(super) fn state_of(ty: &DataType) -> DataType {
    match ty {
        DataType::Decimal128(_, scale) => DataType::Decimal128(38, *scale),
        _ => DataType::Decimal128(38, 0),
    }
}

/// A sum that is still right, or is known to be beyond 128 bits: 2^63 integers of 64 bits always fit, decimals may not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Exact {
    sum: i128,
    is_beyond: bool,
}

impl Exact {
    pub(super) fn add(&mut self, value: i128) {
        let (sum, is_beyond) = self.sum.overflowing_add(value);
        (self.sum, self.is_beyond) = (sum, self.is_beyond || is_beyond);
    }

    pub(super) fn subtract(&mut self, value: i128) {
        let (sum, is_beyond) = self.sum.overflowing_sub(value);
        (self.sum, self.is_beyond) = (sum, self.is_beyond || is_beyond);
    }

    /// The sum.
    pub(super) fn value(self) -> std::result::Result<i128, QueryError> {
        if self.is_beyond {
            let message = "sum: expected totals within 128 bits, found more".to_owned();
            return Err(QueryError::Execution { message });
        }
        Ok(self.sum)
    }
}

/// Shows every value of an array of integers, of decimals, or of states, that is not null.
pub(super) fn each(array: &dyn Array, see: impl FnMut(usize, i128)) -> Result<()> {
    if let Some(values) = array.as_primitive_opt::<Int64Type>() {
        visit(values, see);
    } else if let Some(values) = array.as_primitive_opt::<UInt64Type>() {
        visit(values, see);
    } else if let Some(values) = array.as_primitive_opt::<Decimal128Type>() {
        visit(values, see);
    } else {
        let message = format!("sum: expected integers or decimals, found {}", array.data_type());
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
    let message = match ty {
        DataType::Decimal128(digits, scale) => {
            format!(
                "sum: expected at most {digits} digits, found {sum} with {scale} behind the point"
            )
        }
        _ => format!(
            "sum: expected a value within {ty}, found {sum}: CAST the argument to DECIMAL(38,0)"
        ),
    };
    QueryError::Execution { message }
}

/// Whether a sum of decimals has no more digits than its column.
pub(super) fn has_digits(sum: i128, digits: u8) -> bool {
    10_u128.checked_pow(u32::from(digits)).is_none_or(|limit| sum.unsigned_abs() < limit)
}

/// A sum as a value of its column.
pub(super) fn narrow(sum: Option<i128>, ty: &DataType) -> Result<ScalarValue> {
    let Some(sum) = sum else { return ScalarValue::try_from(ty) };
    let value = match ty {
        DataType::UInt64 => u64::try_from(sum).ok().map(ScalarValue::from),
        DataType::Decimal128(digits, scale) => {
            has_digits(sum, *digits).then_some(ScalarValue::Decimal128(Some(sum), *digits, *scale))
        }
        _ => i64::try_from(sum).ok().map(ScalarValue::from),
    };
    value.ok_or_else(|| too_big(sum, ty).into())
}

/// The sum of one group, or of a window that moves.
#[derive(Debug)]
pub(super) struct Total {
    ty: DataType,
    sum: Exact,
    count: u64,
}

impl Total {
    pub(super) fn new(ty: DataType) -> Self {
        Self { ty, sum: Exact::default(), count: 0 }
    }

    fn known(&self) -> Result<Option<i128>> {
        Ok(if self.count > 0 { Some(self.sum.value()?) } else { None })
    }
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (mut sum, mut count) = (self.sum, 0);
        each(only(values)?.as_ref(), |_, value| {
            sum.add(value);
            count += 1;
        })?;
        self.sum = sum;
        self.count += count;
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each(only(values)?.as_ref(), |_, value| {
            self.sum.subtract(value);
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
        let scale = if let DataType::Decimal128(_, scale) = self.ty { scale } else { 0 };
        Ok(vec![ScalarValue::Decimal128(self.known()?, 38, scale)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        narrow(self.known()?, &self.ty)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
