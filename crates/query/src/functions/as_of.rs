//! `as_of('trades', 12345)`, `as_of('log.trades', TIMESTAMP '2024-08-08T00:00:00Z')`: a table as it was known.

use super::argument::written;
use crate::catalogue::PUBLIC;
use crate::error::QueryError;
use crate::names::Shelves;
use crate::shelf::AsOf;
use contract::UtcNanos;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use std::sync::{Arc, Weak};

const NAME: &str = "as_of";

/// The table function. It holds the shelves weakly, because the state that holds it holds them, too.
pub(super) struct AsOfFunction(pub(super) Weak<Shelves>);

impl std::fmt::Debug for AsOfFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AsOfFunction")
    }
}

impl TableFunctionImpl for AsOfFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let [table, bound] = args.exprs() else {
            let expected = "2 arguments, a table and a bound".to_owned();
            let found = args.exprs().len().to_string();
            return Err(wrong("count", expected, found).into());
        };
        let name = table_name(table)?;
        let bound = as_of(bound)?;
        let Some(shelves) = self.0.upgrade() else {
            return Err(
                QueryError::Bug { message: "as_of() outlives its statement".to_owned() }.into()
            );
        };
        let (schema, bare) = split(&shelves, &name);
        match shelves.table(schema, bare, Some(bound))? {
            Some(table) => Ok(table),
            None => Err(unknown(&shelves, &name, schema, bare).into()),
        }
    }
}

/// Schema and table; a name may have dots of its own.
fn split<'a>(shelves: &Shelves, name: &'a str) -> (&'a str, &'a str) {
    match name.split_once('.') {
        Some((schema, bare)) if shelves.schemas().iter().any(|s| s == schema) => (schema, bare),
        _ => (PUBLIC, name),
    }
}

fn unknown(shelves: &Shelves, name: &str, schema: &str, bare: &str) -> QueryError {
    let names = shelves.names(schema);
    let near = contract::nearest(bare, names.iter().map(String::as_str));
    let full = |table: &str| match schema {
        PUBLIC => table.to_owned(),
        schema => format!("{schema}.{table}"),
    };
    let near = near.into_iter().map(full).collect();
    QueryError::UnknownTable { name: name.to_owned(), near, place: None }
}

fn wrong(argument: &'static str, expected: String, found: String) -> QueryError {
    QueryError::Argument { function: NAME, argument, expected, found }
}

fn table_name(expr: &Expr) -> Result<String, QueryError> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(name))
            | ScalarValue::LargeUtf8(Some(name))
            | ScalarValue::Utf8View(Some(name)),
            _,
        ) => Ok(name.clone()),
        other => Err(wrong("table", "a name in quotes".to_owned(), written(other))),
    }
}

fn as_of(expr: &Expr) -> Result<AsOf, QueryError> {
    let refuse = || {
        let expected =
            "a number of the log, or an instant as '2026-03-30T07:00:00Z' or a date".to_owned();
        wrong("bound", expected, written(expr))
    };
    let Expr::Literal(value, _) = expr else { return Err(refuse()) };
    let seq = |n: i64| u64::try_from(n).map(AsOf::Seq).map_err(|_| refuse());
    let instant = |value: i64, unit: i64| {
        let nanos = value.checked_mul(unit).ok_or_else(refuse)?;
        Ok(AsOf::Instant(UtcNanos::from_nanos(nanos)))
    };
    match value {
        ScalarValue::UInt64(Some(n)) => Ok(AsOf::Seq(*n)),
        ScalarValue::Int64(Some(n)) => seq(*n),
        ScalarValue::Int32(Some(n)) => seq(i64::from(*n)),
        ScalarValue::TimestampNanosecond(Some(t), _) => instant(*t, 1),
        ScalarValue::TimestampMicrosecond(Some(t), _) => instant(*t, 1_000),
        ScalarValue::TimestampMillisecond(Some(t), _) => instant(*t, 1_000_000),
        ScalarValue::TimestampSecond(Some(t), _) => instant(*t, 1_000_000_000),
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => {
            // A date is its midnight.
            let instant = UtcNanos::parse(text);
            let instant = instant.or_else(|_| UtcNanos::parse(&format!("{text}T00:00:00Z")));
            instant.map(AsOf::Instant).map_err(|_| refuse())
        }
        _ => Err(refuse()),
    }
}
