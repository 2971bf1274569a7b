//! The sums of many groups.

use super::total::{Exact, each, has_digits, only, state_of, too_big};
use crate::error::QueryError;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow_schema::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// One sum a group; a group without a value has none.
#[derive(Debug)]
pub(super) struct Groups {
    ty: DataType,
    sums: Vec<Exact>,
    seen: Vec<bool>,
}

impl Groups {
    pub(super) fn new(ty: DataType) -> Self {
        Self { ty, sums: Vec::new(), seen: Vec::new() }
    }

    fn add(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sums.resize(total, Exact::default());
        self.seen.resize(total, false);
        each(only(values)?.as_ref(), |row, value| {
            if filter.is_some_and(|f| !passes(f, row)) {
                return;
            }
            let Some(group) = groups.get(row) else { return };
            if let (Some(sum), Some(seen)) = (self.sums.get_mut(*group), self.seen.get_mut(*group))
            {
                sum.add(value);
                *seen = true;
            }
        })
    }

    fn take(&mut self, emit: EmitTo) -> Result<Vec<Option<i128>>, QueryError> {
        let seen = emit.take_needed(&mut self.seen);
        let sums = emit.take_needed(&mut self.sums).into_iter().zip(seen);
        sums.map(|(sum, seen)| seen.then(|| sum.value()).transpose()).collect()
    }

    fn states(&self, sums: Vec<Option<i128>>) -> Vec<ArrayRef> {
        let array = Decimal128Array::from(sums).with_data_type(state_of(&self.ty));
        vec![Arc::new(array)]
    }
}

fn passes(filter: &BooleanArray, row: usize) -> bool {
    filter.is_valid(row) && filter.value(row)
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.add(values, groups, filter, total)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.add(values, groups, None, total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let ty = self.ty.clone();
        let sums = self.take(emit)?.into_iter();
        if let DataType::Decimal128(digits, _) = ty {
            let sums: Vec<Option<i128>> = sums.collect();
            if let Some(sum) = sums.iter().flatten().find(|sum| !has_digits(**sum, digits)) {
                return Err(too_big(*sum, &ty).into());
            }
            return Ok(Arc::new(Decimal128Array::from(sums).with_data_type(ty)));
        }
        if ty == DataType::UInt64 {
            let fit = |sum| u64::try_from(sum).map_err(|_| too_big(sum, &ty));
            let sums = sums.map(|sum| sum.map(fit).transpose());
            let values = sums.collect::<std::result::Result<PrimitiveArray<UInt64Type>, _>>()?;
            return Ok(Arc::new(values));
        }
        let fit = |sum| i64::try_from(sum).map_err(|_| too_big(sum, &ty));
        let sums = sums.map(|sum| sum.map(fit).transpose());
        let values = sums.collect::<std::result::Result<PrimitiveArray<Int64Type>, _>>()?;
        Ok(Arc::new(values))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = self.take(emit)?;
        Ok(self.states(sums))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let values = only(values)?;
        let mut sums = vec![None; values.len()];
        each(values.as_ref(), |row, value| {
            if filter.is_none_or(|f| passes(f, row))
                && let Some(sum) = sums.get_mut(row)
            {
                *sum = Some(value);
            }
        })?;
        Ok(self.states(sums))
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<Exact>() + self.seen.capacity()
    }
}
