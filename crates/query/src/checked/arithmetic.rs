//! Operators of integers as functions that fail instead of wrapping.

use arrow_schema::{DataType, Field, FieldRef};
use datafusion::arrow::compute::kernels::numeric;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable as _, LogicalPlan, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

/// What is done to one or two integers of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Deed {
    Add,
    Subtract,
    Multiply,
    Negate,
}

impl Deed {
    fn of(operator: Operator) -> Option<Self> {
        match operator {
            Operator::Plus => Some(Self::Add),
            Operator::Minus => Some(Self::Subtract),
            Operator::Multiply => Some(Self::Multiply),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Add => "checked_add",
            Self::Subtract => "checked_subtract",
            Self::Multiply => "checked_multiply",
            Self::Negate => "checked_negate",
        }
    }

    fn operands(self) -> usize {
        if self == Self::Negate { 1 } else { 2 }
    }
}

/// Puts checked functions in the place of operators, once types agree.
#[derive(Debug)]
pub(super) struct Checked {
    functions: [(Deed, Arc<ScalarUDF>); 4],
}

impl Default for Checked {
    fn default() -> Self {
        let function = |deed: Deed| {
            let signature = Signature::any(deed.operands(), Volatility::Immutable);
            (deed, Arc::new(ScalarUDF::new_from_impl(Function { deed, signature })))
        };
        let all = [Deed::Add, Deed::Subtract, Deed::Multiply, Deed::Negate];
        Self { functions: all.map(function) }
    }
}

impl Checked {
    fn call(&self, deed: Deed, args: Vec<Expr>) -> Option<Expr> {
        let (_, function) = self.functions.iter().find(|(of, _)| *of == deed)?;
        Some(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), args)))
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
        let is_integer = |e: &Expr| e.get_type(schema).is_ok_and(|t| t.is_integer());
        let found = match &expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if is_integer(left) && is_integer(right) =>
            {
                Deed::of(*op).and_then(|deed| self.call(deed, vec![*left.clone(), *right.clone()]))
            }
            Expr::Negative(of) if is_integer(of) => self.call(Deed::Negate, vec![*of.clone()]),
            _ => None,
        };
        found.map_or_else(|| Transformed::no(expr), Transformed::yes)
    }

    fn node(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let mut schema = merge_schema(&plan.inputs());
        if let LogicalPlan::TableScan(scan) = &plan {
            let name = scan.table_name.clone();
            schema.merge(&DFSchema::try_from_qualified_schema(name, &scan.source.schema())?);
        }
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let expr = expr.transform_up(|e| Ok(self.rewrite(e, &schema)))?;
            Ok(expr.update_data(|e| name.restore(e)))
        })?
        .map_data(LogicalPlan::recompute_schema)
    }
}

impl AnalyzerRule for Checked {
    fn name(&self) -> &'static str {
        "checked_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(|node| self.node(node))?.data)
    }
}

/// One operator as a function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    deed: Deed,
    signature: Signature,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        self.deed.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first() {
            Some(ty) if types.iter().all(|other| other == ty) => Ok(ty.clone()),
            _ => exec_err!("{}: expected integers of one type, found {types:?}", self.name()),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|f| f.data_type().clone()).collect();
        let is_nullable = args.arg_fields.iter().any(|f| f.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, is_nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { args.number_rows };
        let arrays = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<Vec<_>>>()?;
        let out = match (self.deed, arrays.as_slice()) {
            (Deed::Add, [a, b]) => numeric::add(a, b)?,
            (Deed::Subtract, [a, b]) => numeric::sub(a, b)?,
            (Deed::Multiply, [a, b]) => numeric::mul(a, b)?,
            (Deed::Negate, [a]) => numeric::neg(a.as_ref())?,
            (deed, found) => {
                let (name, expected) = (deed.name(), deed.operands());
                return exec_err!("{name}: expected {expected} operands, found {}", found.len());
            }
        };
        if is_scalar {
            let value = datafusion::scalar::ScalarValue::try_from_array(&out, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(out))
    }
}
