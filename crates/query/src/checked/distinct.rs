//! The sum of distinct values.

use super::total::{Exact, each, narrow, only, state_of};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray as _;
use arrow_schema::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::scalar::ScalarValue;
use std::collections::BTreeMap;

/// Values with how often each stands in the group or window.
#[derive(Debug)]
pub(super) struct Distinct {
    ty: DataType,
    values: BTreeMap<i128, u64>,
    sum: Exact,
}

impl Distinct {
    pub(super) fn new(ty: DataType) -> Self {
        Self { ty, values: BTreeMap::new(), sum: Exact::default() }
    }

    fn add(&mut self, value: i128) {
        let times = self.values.entry(value).or_default();
        if *times == 0 {
            self.sum.add(value);
        }
        *times += 1;
    }
}

impl Accumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each(only(values)?.as_ref(), |_, value| self.add(value))
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each(only(values)?.as_ref(), |_, value| {
            let Some(times) = self.values.get_mut(&value) else { return };
            *times -= 1;
            if *times == 0 {
                self.values.remove(&value);
                self.sum.subtract(value);
            }
        })
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = only(states)?.as_list_opt::<i32>();
        for values in lists.into_iter().flat_map(|lists| lists.iter().flatten()) {
            each(values.as_ref(), |_, value| self.add(value))?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let scale = if let DataType::Decimal128(_, scale) = self.ty { scale } else { 0 };
        let values = self.values.keys().map(|v| ScalarValue::Decimal128(Some(*v), 38, scale));
        let values: Vec<ScalarValue> = values.collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &state_of(&self.ty)))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = if self.values.is_empty() { None } else { Some(self.sum.value()?) };
        narrow(sum, &self.ty)
    }

    fn size(&self) -> usize {
        // A node of the tree is about twice its entries.
        size_of_val(self) + self.values.len() * 2 * size_of::<(i128, u64)>()
    }
}
