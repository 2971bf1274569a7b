//! From what the engine says to what a user can act on.

use super::{Carried, Place, QueryError};
use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use std::error::Error;
use std::io;
use std::sync::Arc;

/// An error of the engine, in this crate's words.
pub(super) fn translate(error: DataFusionError, sql: &str) -> QueryError {
    if let Some(Carried(own)) = carried(&error) {
        drop(error);
        return Arc::try_unwrap(own).unwrap_or_else(QueryError::Shared);
    }
    let span = error.diagnostic().and_then(|d| d.span);
    let place =
        span.map(|span| Place { line: span.start.line, column: span.start.column }).filter(known);
    let words = Words { sql, place };
    words.of(first(error.find_root()))
}

/// Places that are not known are 0 in the parser.
fn known(place: &Place) -> bool {
    place.line > 0 && place.column > 0
}

/// The first of several errors: the parser goes on behind one, and the rest often follow from it.
fn first(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Collection(errors) => {
            errors.first().map_or(error, |e| first(e.find_root()))
        }
        other => other,
    }
}

/// An error of this crate that the engine carries, however deep.
fn carried(error: &(dyn Error + 'static)) -> Option<Carried> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(carried) = error.downcast_ref::<Carried>() {
            return Some(carried.clone());
        }
        if let Some(DataFusionError::Collection(errors)) = error.downcast_ref() {
            return errors.iter().find_map(|e| carried(e));
        }
        if let Some(io) = error.downcast_ref::<io::Error>()
            && let Some(inner) = io.get_ref()
        {
            at = Some(inner);
            continue;
        }
        at = error.source();
    }
    None
}

struct Words<'a> {
    sql: &'a str,
    place: Option<Place>,
}

impl Words<'_> {
    fn of(&self, error: &DataFusionError) -> QueryError {
        match error {
            DataFusionError::SQL(error, _) => self.syntax(error),
            DataFusionError::Plan(message) => self.plan(message),
            DataFusionError::SchemaError(error, _) => self.schema(error),
            DataFusionError::NotImplemented(message) => {
                self.unplanned(&format!("the engine does not offer this: {message}"))
            }
            DataFusionError::Configuration(message) => self.unplanned(message),
            DataFusionError::Execution(message) => {
                QueryError::Execution { message: self.own(message) }
            }
            DataFusionError::ArrowError(error, _) => self.arrow(error),
            DataFusionError::ParquetError(error) => unreadable(error.as_ref()),
            DataFusionError::ResourcesExhausted(message) if message.contains("disk space") => {
                QueryError::Spill { message: message.clone() }
            }
            DataFusionError::ResourcesExhausted(message) => {
                QueryError::Memory { message: message.clone() }
            }
            DataFusionError::IoError(error) => QueryError::Spill { message: error.to_string() },
            other => QueryError::Bug { message: self.own(&other.strip_backtrace()) },
        }
    }

    fn unplanned(&self, message: &str) -> QueryError {
        QueryError::Plan { message: self.own(message), place: self.place }
    }

    /// Names as the user wrote them, without the catalogue that every name has and nobody types.
    fn own(&self, message: &str) -> String {
        if self.sql.contains("hindsight.") {
            return message.to_owned();
        }
        message.replace("hindsight.public.", "").replace("hindsight.", "")
    }

    fn syntax(&self, error: &ParserError) -> QueryError {
        let message = match error {
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
                message.as_str()
            }
            ParserError::RecursionLimitExceeded => "expected fewer levels of nesting",
        };
        let (message, place) = without_place(message);
        QueryError::Syntax { message: lower(message), place: place.or(self.place) }
    }

    fn plan(&self, message: &str) -> QueryError {
        let between = |before: &str, after: &str| {
            message
                .strip_prefix(before)?
                .split_once(after)
                .map(|(name, rest)| (self.own(name), rest))
        };
        let place = self.place;
        if let Some((name, "")) = between("table '", "' not found") {
            return QueryError::UnknownTable { name, near: Vec::new(), place };
        }
        if let Some((name, "")) = between("table function '", "' not found") {
            return QueryError::UnknownFunction { name, near: Vec::new(), place };
        }
        // The engine goes on with the nearest of all its functions, however far it is.
        if let Some((name, _)) = between("Invalid function '", "'.") {
            return QueryError::UnknownFunction { name, near: Vec::new(), place };
        }
        self.unplanned(message)
    }

    fn schema(&self, error: &SchemaError) -> QueryError {
        let SchemaError::FieldNotFound { field, valid_fields } = error else {
            return self.unplanned(&error.to_string());
        };
        let mut near: Vec<String> =
            contract::nearest(&field.name, valid_fields.iter().map(|f| f.name.as_str()))
                .into_iter()
                .map(str::to_owned)
                .collect();
        near.dedup();
        QueryError::UnknownColumn { name: self.own(&field.flat_name()), near, place: self.place }
    }

    fn arrow(&self, error: &ArrowError) -> QueryError {
        match error {
            ArrowError::IpcError(_) | ArrowError::ParquetError(_) => unreadable(error),
            ArrowError::IoError(_, error) => QueryError::Spill { message: error.to_string() },
            ArrowError::MemoryError(message) => QueryError::Memory { message: message.clone() },
            ArrowError::DivideByZero => QueryError::Execution {
                message: "expected a divisor other than 0, found 0".to_owned(),
            },
            other => QueryError::Execution { message: self.own(&other.to_string()) },
        }
    }
}

/// What the engine writes before an error of a filter that it evaluates while it decodes a file.
const PREDICATE: &str = "Error evaluating filter predicate: ";

/// Whether an error that comes out of the decoder is one of the statement's filter, and not of the file.
pub(crate) fn is_of_filter(error: &dyn Error) -> bool {
    error.to_string().contains(PREDICATE)
}

/// What stands in the debug form of an error of Arrow.
fn said(text: &str) -> &str {
    if text.contains("DivideByZero") {
        return "expected a divisor other than 0, found 0";
    }
    let words = text.split_once("(\"").and_then(|(_, rest)| rest.split_once("\")"));
    words.map_or(text, |(words, _)| words)
}

/// A file that does not decode. The engine does not say which; whoever knows the files that were opened does.
fn unreadable(error: &dyn Error) -> QueryError {
    let text = error.to_string();
    if let Some((_, inner)) = text.split_once(PREDICATE) {
        return QueryError::Execution { message: format!("in a filter: {}", said(inner)) };
    }
    QueryError::Damaged {
        path: String::new(),
        expected: "a file that can be read".to_owned(),
        found: text,
    }
}

/// The place that the parser writes behind its words.
fn without_place(message: &str) -> (&str, Option<Place>) {
    let Some((words, place)) = message.rsplit_once(" at Line: ") else { return (message, None) };
    let place = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Place { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
    });
    (if place.is_some() { words } else { message }, place.filter(known))
}

/// Messages start in lower case, as all others do.
fn lower(message: &str) -> String {
    let message = message.trim_start_matches("sql parser error: ");
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
