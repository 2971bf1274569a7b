//! Ids and letters, compared with texts as they are printed.
//!
//! An id is 16 bytes and a letter of a closed set a byte; the engine compares neither with a text.

use crate::error::QueryError;
use arrow_schema::{DataType, Field};
use contract::{EventId, Type};
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Whether a column holds letters of a closed set, as `trades.aggressor` does: the contract's columns of its id and
/// standard say so.
#[must_use]
pub fn is_letter(field: &Field) -> bool {
    letters(field).is_some()
}

/// The closed set of a column of letters.
fn letters(field: &Field) -> Option<&'static [&'static str]> {
    if *field.data_type() != DataType::UInt8 {
        return None;
    }
    let word = |key: &str| field.metadata().get(key).map(String::as_str);
    let (id, standard) = (word("PARQUET:field_id")?, word("hindsight.standard")?);
    let of = |ty: Type| if let Type::Code(words) = ty { Some(words) } else { None };
    let is_byte = |ty: Type| matches!(ty, Type::Code(_) | Type::U8);
    let columns = contract::TABLES.iter().flat_map(|table| table.columns);
    let mut same = columns.filter(|column| {
        column.field_id.to_string() == id && column.standard == standard && is_byte(column.ty)
    });
    let first = same.next().and_then(|column| of(column.ty))?;
    same.all(|column| of(column.ty).is_some()).then_some(first)
}

/// Reads texts beside ids and letters: operators while a statement is planned, lists when the plan is analysed.
#[derive(Debug)]
pub(crate) struct Literals;

impl ExprPlanner for Literals {
    fn plan_binary_op(
        &self,
        mut expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_comparison = matches!(
            expr.op,
            BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
        );
        if is_comparison {
            if let Some(value) = beside(&expr.left, &expr.right, schema)? {
                expr.right = value;
            } else if let Some(value) = beside(&expr.right, &expr.left, schema)? {
                expr.left = value;
            }
        }
        Ok(PlannerResult::Original(expr))
    }
}

impl AnalyzerRule for Literals {
    fn name(&self) -> &'static str {
        "texts_of_ids_and_letters"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(node)?.data)
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let expr = expr.transform_up(|e| list(e, &schema))?;
        Ok(expr.update_data(|e| name.restore(e)))
    })
}

fn list(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::InList(InList { expr: of, list, negated }) = expr else {
        return Ok(Transformed::no(expr));
    };
    let mut is_changed = false;
    let mut out = Vec::with_capacity(list.len());
    for item in list {
        let value = beside(&of, &item, schema)?;
        is_changed |= value.is_some();
        out.push(value.unwrap_or(item));
    }
    let made = Expr::InList(InList { expr: of, list: out, negated });
    Ok(if is_changed { Transformed::yes(made) } else { Transformed::no(made) })
}

/// What a text means beside an expression that is an id or a letter; `None` where it means itself.
fn beside(of: &Expr, text: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
    let Expr::Literal(value, _) = text else { return Ok(None) };
    let Some(Some(text)) = value.try_as_str() else { return Ok(None) };
    let Ok((_, field)) = of.to_field(schema) else { return Ok(None) };
    let value = match field.data_type() {
        DataType::FixedSizeBinary(16) => ScalarValue::FixedSizeBinary(16, Some(id(of, text)?)),
        DataType::UInt8 => match letters(&field) {
            Some(letters) => ScalarValue::UInt8(Some(letter(of, text, letters)?)),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(Expr::Literal(value, None)))
}

fn id(of: &Expr, text: &str) -> Result<Vec<u8>, QueryError> {
    let id = EventId::parse(text);
    id.map(|id| id.as_bytes().to_vec())
        .map_err(|_| unlike(of, "32 hexadecimal digits, or a UUID", text))
}

fn letter(of: &Expr, text: &str, letters: &[&str]) -> Result<u8, QueryError> {
    match text.as_bytes() {
        [byte] if letters.contains(&text) => Ok(*byte),
        _ => Err(unlike(of, &format!("one of {}", letters.join(", ")), text)),
    }
}

fn unlike(of: &Expr, expected: &str, found: &str) -> QueryError {
    let found = contract::excerpt(found.as_bytes());
    let place = of
        .spans()
        .and_then(datafusion::common::Spans::first)
        .map(|span| crate::error::Place { line: span.start.line, column: span.start.column });
    QueryError::Plan { message: format!("{of}: expected {expected}, found `{found}`"), place }
}
