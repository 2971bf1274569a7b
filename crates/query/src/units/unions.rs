//! Branches of a union keep of a column what all of them say of it: beside a price, a number is no price.

use super::common;
use arrow_schema::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Union, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The rule. The engine takes what any branch says, and knows no branch that says nothing.
#[derive(Debug)]
pub(crate) struct Unions;

impl AnalyzerRule for Unions {
    fn name(&self) -> &'static str {
        "units_of_unions"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(node)?.data)
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Union(union) = plan else {
        // What stands above a union was told what the union seemed to be.
        return Ok(Transformed::yes(plan.recompute_schema()?));
    };
    let Some(first) = union.inputs.first() else {
        return Ok(Transformed::no(LogicalPlan::Union(union)));
    };
    let kept: Vec<HashMap<String, String>> = (0..first.schema().fields().len())
        .map(|at| {
            let mut all = union.inputs.iter().map(|input| {
                let field = input.schema().fields().get(at);
                field.map(|f| f.metadata().clone()).unwrap_or_default()
            });
            let first = all.next().unwrap_or_default();
            all.fold(first, |kept, other| common(&kept, &other))
        })
        .collect();
    let inputs = union.inputs.iter().map(|input| branch(input, &kept)).collect::<Result<_>>()?;
    Ok(Transformed::yes(LogicalPlan::Union(Union::try_new(inputs)?)))
}

/// A branch whose columns say no more than is kept of them.
fn branch(input: &Arc<LogicalPlan>, kept: &[HashMap<String, String>]) -> Result<Arc<LogicalPlan>> {
    let fields = input.schema().fields().iter();
    if fields.zip(kept).all(|(field, kept)| field.metadata() == kept) {
        return Ok(Arc::clone(input));
    }
    let columns = input.schema().iter().zip(kept).map(|((table, field), kept)| {
        let column = Expr::Column(Column::new(table.cloned(), field.name()));
        if field.metadata() == kept {
            return column;
        }
        let kept = kept.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let signature = Signature::any(1, Volatility::Immutable);
        let function = ScalarUDF::new_from_impl(Plainly { kept, signature });
        let call = ScalarFunction::new_udf(Arc::new(function), vec![column]);
        Expr::ScalarFunction(call).alias_qualified(table.cloned(), field.name())
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(Arc::new(LogicalPlanBuilder::from(Arc::clone(input)).project(columns)?.build()?))
}

/// A value as it is, with these words about it and no others.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Plainly {
    kept: BTreeMap<String, String>,
    signature: Signature,
}

impl ScalarUDFImpl for Plainly {
    fn name(&self) -> &'static str {
        "plainly"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [ty] = types else {
            return exec_err!("plainly: expected one value, found {}", types.len());
        };
        Ok(ty.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [field] = args.arg_fields else {
            return exec_err!("plainly: expected one value, found {}", args.arg_fields.len());
        };
        let kept = self.kept.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Arc::new(field.as_ref().clone().with_metadata(kept)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(value) = args.args.into_iter().next() else {
            return exec_err!("plainly: expected one value, found none");
        };
        Ok(value)
    }
}
