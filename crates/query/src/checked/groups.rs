//! The sums of many groups.

use super::total::{STATE, each, only, too_big};
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
    sums: Vec<i128>,
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
        self.sums.resize(total, 0);
        self.seen.resize(total, false);
        each(only(values)?.as_ref(), |row, value| {
            if filter.is_some_and(|f| !passes(f, row)) {
                return;
            }
            let Some(group) = groups.get(row) else { return };
            if let (Some(sum), Some(seen)) = (self.sums.get_mut(*group), self.seen.get_mut(*group))
            {
                *sum = sum.wrapping_add(value);
                *seen = true;
            }
        })
    }

    fn take(&mut self, emit: EmitTo) -> impl Iterator<Item = Option<i128>> + use<> {
        let seen = emit.take_needed(&mut self.seen);
        emit.take_needed(&mut self.sums)
            .into_iter()
            .zip(seen)
            .map(|(sum, seen)| seen.then_some(sum))
    }
}

fn passes(filter: &BooleanArray, row: usize) -> bool {
    filter.is_valid(row) && filter.value(row)
}

fn states(sums: impl Iterator<Item = Option<i128>>) -> Vec<ArrayRef> {
    let array = sums.collect::<Decimal128Array>().with_data_type(STATE);
    vec![Arc::new(array)]
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
        let sums = self.take(emit);
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
        Ok(states(self.take(emit)))
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
        Ok(states(sums.into_iter()))
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<i128>() + self.seen.capacity()
    }
}
