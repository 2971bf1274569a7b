//! Functions whose answer is one of the values that they saw keep what the column says of its values: the smallest price
//! is a price.

mod unions;

pub(crate) use unions::Unions;

use arrow_schema::{DataType, FieldRef, Schema};
use datafusion::error::Result;
use datafusion::execution::{FunctionRegistry as _, SessionState};
use datafusion::functions_aggregate::min_max::{Max, Min};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature, StatisticsArgs, udaf_default_return_field,
};
use datafusion::scalar::ScalarValue;
use std::collections::HashMap;
use std::sync::Arc;

/// What is true of one value of a column as well: its unit, and its class of access.
const OF_VALUES: [&str; 2] = ["hindsight.unit", "gov.class"];

/// Puts them in the place of the engine's.
pub(crate) fn register(state: &mut SessionState) {
    // The state of a statement takes every function.
    let _ = state.register_udaf(Arc::new(AggregateUDF::new_from_impl(Kept(Min::new()))));
    let _ = state.register_udaf(Arc::new(AggregateUDF::new_from_impl(Kept(Max::new()))));
}

/// A schema with what two plans of one question say alike of it: they differ where metadata of several tables meet.
pub(crate) fn of_both(physical: &Schema, logical: &Schema) -> Schema {
    let fields = physical.fields().iter().enumerate().map(|(at, field)| {
        let other = logical.fields().get(at);
        let kept = other.map_or_else(HashMap::new, |o| common(field.metadata(), o.metadata()));
        Arc::new(field.as_ref().clone().with_metadata(kept))
    });
    let fields: Vec<FieldRef> = fields.collect();
    Schema::new_with_metadata(fields, common(physical.metadata(), logical.metadata()))
}

fn common(a: &HashMap<String, String>, b: &HashMap<String, String>) -> HashMap<String, String> {
    let alike = a.iter().filter(|(key, value)| b.get(*key) == Some(value));
    alike.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A function of the engine, whose answer keeps the metadata of its argument.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Kept<T>(T);

impl<T: AggregateUDFImpl + std::hash::Hash + Eq> AggregateUDFImpl for Kept<T> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        let field = udaf_default_return_field(self, fields)?;
        let Some(argument) = fields.first() else { return Ok(field) };
        let kept = OF_VALUES.iter().filter_map(|key| argument.metadata().get_key_value(*key));
        let kept: HashMap<String, String> = kept.map(|(k, v)| (k.clone(), v.clone())).collect();
        Ok(Arc::new(field.as_ref().clone().with_metadata(kept)))
    }

    fn is_nullable(&self) -> bool {
        self.0.is_nullable()
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        self.0.accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.0.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.0.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.0.create_groups_accumulator(args)
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        self.0.create_sliding_accumulator(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.0.coerce_types(types)
    }

    fn is_descending(&self) -> Option<bool> {
        self.0.is_descending()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.0.order_sensitivity()
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.0.reverse_expr()
    }

    fn value_from_stats(&self, args: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        self.0.value_from_stats(args)
    }

    fn default_value(&self, ty: &DataType) -> Result<ScalarValue> {
        self.0.default_value(ty)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.documentation()
    }

    fn set_monotonicity(&self, ty: &DataType) -> SetMonotonicity {
        self.0.set_monotonicity(ty)
    }
}
