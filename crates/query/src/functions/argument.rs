//! Arguments of table functions: constants.

use crate::error::QueryError;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

/// A constant.
pub(crate) fn constant<'a>(
    function: &'static str,
    argument: &'static str,
    expr: &'a Expr,
) -> Result<&'a ScalarValue, QueryError> {
    match expr {
        Expr::Literal(value, _) => Ok(value),
        Expr::Alias(alias) => constant(function, argument, &alias.expr),
        other => Err(wrong(function, argument, "a constant", &written(other))),
    }
}

/// A text; `None` for NULL.
pub(crate) fn text<'a>(
    function: &'static str,
    argument: &'static str,
    expr: &'a Expr,
) -> Result<Option<&'a str>, QueryError> {
    let value = constant(function, argument, expr)?;
    match value.try_as_str() {
        Some(text) => Ok(text),
        None if value.is_null() => Ok(None),
        None => Err(wrong(function, argument, "a text", &value.to_string())),
    }
}

/// A text that must be there.
pub(crate) fn name<'a>(
    function: &'static str,
    argument: &'static str,
    expr: &'a Expr,
) -> Result<&'a str, QueryError> {
    match text(function, argument, expr)? {
        Some(text) if !text.trim().is_empty() => Ok(text),
        _ => Err(wrong(function, argument, "a name", "nothing")),
    }
}

/// An argument as it stands in a statement.
pub(crate) fn written(expr: &Expr) -> String {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten().map_or_else(
            || if value.is_null() { "NULL".to_owned() } else { value.to_string() },
            |text| format!("'{}'", contract::excerpt(text.as_bytes())),
        ),
        Expr::Alias(alias) => written(&alias.expr),
        other => other.to_string(),
    }
}

pub(crate) fn wrong(
    function: &'static str,
    argument: &'static str,
    expected: &str,
    found: &str,
) -> QueryError {
    QueryError::Argument {
        function,
        argument,
        expected: expected.to_owned(),
        found: format!("`{}`", contract::excerpt(found.as_bytes())),
    }
}

/// That a function has between so and so many arguments.
pub(crate) fn count(
    function: &'static str,
    takes: &'static str,
    found: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<(), QueryError> {
    if range.contains(&found) {
        return Ok(());
    }
    Err(QueryError::Argument {
        function,
        argument: "count",
        expected: takes.to_owned(),
        found: format!("{found} arguments"),
    })
}
