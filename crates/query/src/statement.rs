//! One statement: what it may be, and what is refused by its first word.

mod unheard;

use crate::error::QueryError;
use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{CreateView, ObjectName, ObjectType, Statement as Sql};
use datafusion::sql::sqlparser::dialect::GenericDialect;

/// Levels of nesting that a statement may have, so that none overflows the stack.
const LEVELS: usize = 50;

/// A statement that a session takes.
#[derive(Debug)]
pub(crate) enum Statement {
    /// It reads.
    Read(Box<Parsed>),
    /// It gives a question a name.
    CreateView {
        /// The name.
        name: String,
        /// The question.
        query: String,
        /// Whether it may take the place of a view of this name.
        replace: bool,
        /// Whether a view of this name is left as it is.
        keep: bool,
    },
    /// It takes names of questions away.
    DropView {
        /// The names.
        names: Vec<String>,
        /// Whether a missing one is no error.
        missing_is_fine: bool,
    },
}

/// Reads the one statement of a text.
///
/// # Errors
/// [`QueryError::Syntax`]; [`QueryError::Plan`] for none, or several; [`QueryError::NotReading`].
pub(crate) fn parse(sql: &str) -> Result<Statement, QueryError> {
    let wrong = |e| QueryError::from_engine(e, sql);
    let dialect = GenericDialect {};
    let parser = DFParserBuilder::new(sql).with_dialect(&dialect).with_recursion_limit(LEVELS);
    let mut statements = parser.build().map_err(wrong)?.parse_statements().map_err(wrong)?;
    let plan = |message: String| QueryError::Plan { message, place: None };
    let Some(statement) = statements.pop_front() else {
        return Err(plan("expected a statement, found none".to_owned()));
    };
    if !statements.is_empty() {
        let found = statements.len() + 1;
        return Err(plan(format!("expected one statement, found {found}: ask them one by one")));
    }
    classify(statement)
}

fn classify(statement: Parsed) -> Result<Statement, QueryError> {
    let sql = match &statement {
        Parsed::Explain(explain) => {
            // What is explained is held to the same rule.
            return match classify((*explain.statement).clone())? {
                Statement::Read(_) => Ok(Statement::Read(Box::new(statement))),
                Statement::CreateView { .. } => Err(refuse("CREATE")),
                Statement::DropView { .. } => Err(refuse("DROP")),
            };
        }
        Parsed::Statement(sql) => sql.as_ref(),
        Parsed::CreateExternalTable(_) | Parsed::CopyTo(_) | Parsed::Reset(_) => {
            return Err(refuse(&statement.to_string()));
        }
    };
    unheard::refuse(sql)?;
    match sql {
        Sql::Query(_)
        | Sql::ExplainTable { .. }
        | Sql::ShowTables { .. }
        | Sql::ShowColumns { .. }
        | Sql::ShowFunctions { .. }
        | Sql::ShowVariable { .. } => Ok(Statement::Read(Box::new(statement))),
        Sql::CreateView(view) => create_view(view),
        Sql::Drop { object_type: ObjectType::View, if_exists, names, .. } => {
            Ok(Statement::DropView {
                names: names.iter().map(view_name).collect::<Result<_, _>>()?,
                missing_is_fine: *if_exists,
            })
        }
        other => Err(refuse(&other.to_string())),
    }
}

fn refuse(statement: &str) -> QueryError {
    let first = statement.split_whitespace().next().unwrap_or_default();
    QueryError::NotReading { found: first.to_ascii_uppercase() }
}

fn create_view(view: &CreateView) -> Result<Statement, QueryError> {
    let is_plain = view.columns.is_empty()
        && !view.materialized
        && !view.temporary
        && !view.or_alter
        && view.to.is_none();
    if !is_plain {
        let message = "expected `CREATE [OR REPLACE] VIEW [IF NOT EXISTS] NAME AS SELECT ..`: a view is a name for a \
                       question and holds nothing else";
        return Err(QueryError::Plan { message: message.to_owned(), place: None });
    }
    Ok(Statement::CreateView {
        name: view_name(&view.name)?,
        query: view.query.to_string(),
        replace: view.or_replace,
        keep: view.if_not_exists,
    })
}

/// Views stand in no schema but `public`.
fn view_name(name: &ObjectName) -> Result<String, QueryError> {
    let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
    let ident = match parts.as_slice() {
        [name] => name,
        [schema, name] if schema.value.eq_ignore_ascii_case(crate::catalogue::PUBLIC) => name,
        _ => {
            let message = format!("view `{name}`: expected a name without a schema");
            return Err(QueryError::Plan { message, place: None });
        }
    };
    Ok(match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    })
}
