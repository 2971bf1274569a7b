//! The line editor: validity and completion for rustyline.

use super::action::is_whole;
use super::complete::{Names, candidates, referenced};
use crate::engine::Engine;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use std::cell::RefCell;
use std::rc::Rc;

/// What the editor asks while a person types.
pub(super) struct Line {
    engine: Rc<Engine>,
    names: RefCell<Option<Names>>,
    functions: Vec<String>,
}

impl Line {
    pub(super) fn new(engine: Rc<Engine>, functions: Vec<String>) -> Self {
        Self { engine, names: RefCell::new(None), functions }
    }

    /// Forgets the names of tables and columns: a statement may have made a view, and others write to the log.
    pub(super) fn forget(&self) {
        self.names.replace(None);
    }

    /// The names now; a place that cannot be read has none, and says so when it is asked.
    fn fresh(&self) -> Names {
        let tables = self.engine.session().tables().unwrap_or_default();
        let tables = tables.into_iter().map(|table| (table.schema, table.name)).collect();
        Names { tables, functions: self.functions.clone(), ..Names::default() }
    }
}

impl Completer for Line {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let mut names = self.names.borrow_mut();
        let names = names.get_or_insert_with(|| self.fresh());
        for table in referenced(line, names) {
            let asked = format!("SELECT * FROM {table} LIMIT 0");
            names.columns.entry(table).or_insert_with(|| {
                let columns = self.engine.columns(asked);
                let columns =
                    columns.map(|s| s.fields().iter().map(|f| f.name().clone()).collect());
                columns.unwrap_or_default()
            });
        }
        Ok(candidates(line, cursor, names))
    }
}

impl Validator for Line {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_whole(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Hinter for Line {
    type Hint = String;
}

impl Highlighter for Line {}

impl Helper for Line {}
