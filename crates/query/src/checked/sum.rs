//! `sum`: integers and decimals in 128 bits, everything else as the engine does it.

use super::distinct::Distinct;
use super::groups::Groups;
use super::total::{Total, state_of};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::sum::Sum as Engine;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, SetMonotonicity,
    Signature,
};

/// The engine's `sum`, but for what happens to integers and decimals.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sum {
    engine: Engine,
}

/// Smaller integers were made 64 bits wide by the signature.
fn is_ours(ty: &DataType) -> bool {
    matches!(ty, DataType::Int64 | DataType::UInt64 | DataType::Decimal128(..))
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn signature(&self) -> &Signature {
        self.engine.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.engine.return_type(types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let ty = args.return_field.data_type();
        match (is_ours(ty), args.is_distinct) {
            (true, true) => Ok(Box::new(Distinct::new(ty.clone()))),
            (true, false) => Ok(Box::new(Total::new(ty.clone()))),
            (false, _) => self.engine.accumulator(args),
        }
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        if is_ours(args.return_field.data_type()) {
            return self.accumulator(args);
        }
        self.engine.create_sliding_accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if !is_ours(args.return_field.data_type()) {
            return self.engine.state_fields(args);
        }
        let state = state_of(args.return_field.data_type());
        let field = if args.is_distinct {
            let name = format_state_name(args.name, "sum distinct");
            Field::new_list(name, Field::new_list_field(state, true), true)
        } else {
            Field::new(format_state_name(args.name, "sum"), state, true)
        };
        Ok(vec![field.into()])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.engine.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let ty = args.return_field.data_type();
        if is_ours(ty) {
            return Ok(Box::new(Groups::new(ty.clone())));
        }
        self.engine.create_groups_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.engine.reverse_expr()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.engine.order_sensitivity()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.engine.documentation()
    }

    fn set_monotonicity(&self, ty: &DataType) -> SetMonotonicity {
        self.engine.set_monotonicity(ty)
    }
}
