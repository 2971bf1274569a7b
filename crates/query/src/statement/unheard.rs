//! Clauses of a table that the engine parses and passes over without a word: an answer must not look as if they had been
//! heard.

use crate::error::{Place, QueryError};
use datafusion::sql::sqlparser::ast::{Spanned as _, Statement, TableFactor, Visit as _, Visitor};
use std::ops::ControlFlow;

/// Refuses the first clause of a table that the engine would not hear.
///
/// # Errors
/// [`QueryError::Plan`] with the clause and the place of its table.
pub(super) fn refuse(statement: &Statement) -> Result<(), QueryError> {
    match statement.visit(&mut Search) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Search;

impl Visitor for Search {
    type Break = QueryError;

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<QueryError> {
        let found = match table {
            TableFactor::Table { sample: Some(_), .. }
            | TableFactor::Derived { sample: Some(_), .. } => {
                "TABLESAMPLE: choose rows by a condition on `seq`"
            }
            TableFactor::Table { version: Some(_), .. } => {
                "a table as of a moment: write `as_of('TABLE', BOUND)`"
            }
            TableFactor::Table { with_hints, .. } if !with_hints.is_empty() => "WITH hints",
            TableFactor::Table { index_hints, .. } if !index_hints.is_empty() => "index hints",
            TableFactor::Table { partitions, .. } if !partitions.is_empty() => "PARTITION",
            TableFactor::Table { with_ordinality: true, .. }
            | TableFactor::Function { with_ordinality: true, .. } => "WITH ORDINALITY",
            TableFactor::Table { json_path: Some(_), .. } => "a path behind a table",
            _ => return ControlFlow::Continue(()),
        };
        let start = table.span().start;
        let place = (start.line > 0).then_some(Place { line: start.line, column: start.column });
        let message = format!("expected a clause that is carried out, found {found}");
        ControlFlow::Break(QueryError::Plan { message, place })
    }
}
