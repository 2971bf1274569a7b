//! `asof_join`: for each row of one table the last row of another that was known before it.

mod collect;
mod columns;
mod exec;
mod key;
mod sides;

use super::argument::{constant, count, name, text, wrong};
use crate::causality::reads_hindsight;
use crate::error::QueryError;
use crate::names::Shelves;
use async_trait::async_trait;
use columns::Columns;
use contract::parse_duration_ns;
use datafusion::arrow::datatypes::IntervalMonthDayNano;
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNode as _;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;
use exec::AsOfJoinExec;
use features::MaxAge;
use sides::Sides;
use std::sync::Arc;

/// The name in SQL.
pub(super) const FUNCTION: &str = "asof_join";
const TAKES: &str = "asof_join(left, right, left_time, right_time [, by [, max_age]])";

/// `asof_join(left, right, left_time, right_time [, by [, max_age]])`.
///
/// For each row of `left` the last row of `right` with `right_time < left_time`, and with the same `by`: what was known
/// before, never at the same nanosecond; look-ups of the nearest or the next row do not exist, because they read the
/// future.
///
/// - **Arguments:** `left` and `right` are what may stand behind FROM (`decisions`, `log.trades`, `"entries@7"`,
///   `as_of('trades', 5)`) or a SELECT; `left_time` and `right_time` columns of Timestamp(ns, UTC); `by` a column of both
///   sides, integer, text or bytes, `''` or NULL for none; `max_age` a text as `5s` or an INTERVAL without months, NULL
///   for any age.
/// - **Shape:** one row a left row: the columns of `left`; those of `right`, each with `right_` before its name, null
///   where nothing was found; `asof_age_ns` (Int64, nullable): `left_time` less `right_time`; `asof_found` (Utf8):
///   `found`; `stale` for a row that is older than `max_age`, whose age is said and whose columns are null; `no_history`
///   where there is no earlier row of that key, or the left key is null; `no_time` where `left_time` is null. Right rows
///   whose time or key is null are never found.
/// - **Order:** of right rows with the same key and instant the last in `seq` wins, so `right` must have a column `seq`,
///   and no two of its rows may agree in key, instant and `seq`. Left rows keep the order in which they come.
/// - **Cost:** the right side is held in memory, within the session's limit, and sorted once; the left side streams.
///   Columns that nobody asks for are not read, and filters on left columns go down to the left side.
#[derive(Debug)]
pub(super) struct AsOfJoinFunction;

impl TableFunctionImpl for AsOfJoinFunction {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let [left, right, left_time, right_time, rest @ ..] = args.exprs() else {
            count(FUNCTION, TAKES, args.exprs().len(), 4..=6)?;
            return Err(QueryError::Bug { message: "a count of arguments".to_owned() }.into());
        };
        count(FUNCTION, TAKES, args.exprs().len(), 4..=6)?;
        let Some(state) = args.session().as_any().downcast_ref::<SessionState>() else {
            return Err(QueryError::Bug { message: "a session of another kind".to_owned() }.into());
        };
        let left = plan(state, "left", name(FUNCTION, "left", left)?)?;
        let right = plan(state, "right", name(FUNCTION, "right", right)?)?;
        let by = match rest.first() {
            Some(by) => text(FUNCTION, "by", by)?.filter(|by| !by.is_empty()),
            None => None,
        };
        let max_age = match rest.get(1) {
            Some(age) => max_age(age)?,
            None => MaxAge::UNBOUNDED,
        };
        let columns = Columns::try_new(
            left.schema().inner(),
            right.schema().inner(),
            name(FUNCTION, "left_time", left_time)?,
            name(FUNCTION, "right_time", right_time)?,
            by,
            reads_hindsight(&left)? || reads_hindsight(&right)?,
        )?;
        Ok(Arc::new(AsOfJoinTable { left, right, columns, max_age }))
    }
}

/// Plans what stands for one side.
fn plan(
    state: &SessionState,
    side: &'static str,
    written: &str,
) -> Result<LogicalPlan, QueryError> {
    let first = written.trim_start_matches(['(', ' ', '\n', '\t', '\r']);
    let word = first.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let is_question =
        ["select", "with", "values"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let sql = if is_question { written.to_owned() } else { format!("SELECT * FROM {written}") };
    let plan = Shelves::plan(state, &sql).map_err(|error| inside(side, error))?;
    match plan {
        // Subqueries of the outer statement are its own; one side cannot see them.
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_) => {
            Err(wrong(FUNCTION, side, "a table or a SELECT", written))
        }
        plan => Ok(plan),
    }
}

/// Places in the text of a side are no places in the statement.
fn inside(side: &'static str, error: QueryError) -> QueryError {
    match error {
        QueryError::Syntax { message, .. } | QueryError::Plan { message, .. } => {
            QueryError::Plan { message: format!("{FUNCTION}, {side}: {message}"), place: None }
        }
        QueryError::UnknownTable { name, near, .. } => {
            QueryError::UnknownTable { name, near, place: None }
        }
        QueryError::UnknownColumn { name, near, .. } => {
            QueryError::UnknownColumn { name, near, place: None }
        }
        other => other,
    }
}

fn max_age(expr: &Expr) -> Result<MaxAge, QueryError> {
    const ARGUMENT: &str = "max_age";
    const EXPECTED: &str =
        "a duration such as '5s' of at least 1 ns, or an INTERVAL without months";
    let value = constant(FUNCTION, ARGUMENT, expr)?;
    if value.is_null() {
        return Ok(MaxAge::UNBOUNDED);
    }
    let ns = match value {
        ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano {
            months: 0,
            days,
            nanoseconds,
        })) => i64::from(*days)
            .checked_mul(86_400_000_000_000)
            .and_then(|ns| ns.checked_add(*nanoseconds)),
        ScalarValue::IntervalDayTime(Some(interval)) => {
            let days = i64::from(interval.days).checked_mul(86_400_000_000_000);
            days.and_then(|ns| ns.checked_add(i64::from(interval.milliseconds) * 1_000_000))
        }
        ScalarValue::DurationNanosecond(Some(ns)) => Some(*ns),
        other => match other.try_as_str().flatten() {
            Some("") => return Ok(MaxAge::UNBOUNDED),
            Some(text) => parse_duration_ns(text).ok(),
            None => None,
        },
    };
    let age = ns.and_then(|ns| MaxAge::ns(ns).ok());
    age.ok_or_else(|| wrong(FUNCTION, ARGUMENT, EXPECTED, &value.to_string()))
}

/// The two sides, planned, and what is asked of them.
#[derive(Debug)]
struct AsOfJoinTable {
    left: LogicalPlan,
    right: LogicalPlan,
    columns: Columns,
    max_age: MaxAge,
}

#[async_trait]
impl TableProvider for AsOfJoinTable {
    fn schema(&self) -> arrow_schema::SchemaRef {
        Arc::clone(self.columns.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // A left row is joined whatever the other left rows are, so it can be left out before.
        let each = |filter: &&Expr| {
            let refs = filter.column_refs();
            let is_left = !refs.is_empty()
                && refs.iter().all(|c| self.columns.is_left(&c.name))
                && !filter.is_volatile()
                && !has_subquery(filter);
            if is_left {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(each).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let sides = Sides::try_new(&self.columns, projection)?;
        let mut left = LogicalPlanBuilder::from(self.left.clone());
        if let Some(filter) = filters.iter().cloned().reduce(Expr::and) {
            let of = self.left.schema();
            // The filter names columns as this table shows them, one name each; the side has them with qualifiers.
            let filter = filter.transform(|expr| Ok(columns::qualified(expr, of)))?.data;
            left = left.filter(filter)?;
        }
        let left =
            left.project(columns::picked(self.left.schema(), sides.left_columns()))?.build()?;
        let right = LogicalPlanBuilder::from(self.right.clone())
            .project(columns::picked(self.right.schema(), sides.right_columns()))?
            .build()?;
        let left = state.create_physical_plan(&left).await?;
        let right = state.create_physical_plan(&right).await?;
        Ok(Arc::new(AsOfJoinExec::new(left, right, sides, self.max_age)))
    }
}

fn has_subquery(expr: &Expr) -> bool {
    expr.exists(|e| {
        Ok(matches!(e, Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_)))
    })
    .unwrap_or(true)
}
