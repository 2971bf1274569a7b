//! The prompt: statements and commands, one after another, over one session.

mod action;
mod complete;
mod line;

pub use action::Action;
pub use complete::{Names, candidates};

use crate::args::{Args, ExplainForm};
use crate::engine::{Engine, Word};
use crate::error::SqlError;
use crate::example::Example;
use crate::run::{Demands, Request, answer, list_of_examples, prepare};
use action::COMMANDS;
use arrow_array::cast::AsArray;
use hindsight::{Context, Failure, Grid, OutputPlan, say};
use line::Line;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// Statements that the history keeps.
const REMEMBERED: usize = 1_000;

/// What goes on from one statement to the next.
struct Prompt<'a> {
    engine: Rc<Engine>,
    plan: OutputPlan,
    demands: Demands,
    shows_time: bool,
    context: &'a mut Context,
}

/// Prompts until the person leaves.
pub(crate) fn run(
    engine: Engine,
    args: &Args,
    plan: OutputPlan,
    context: &mut Context,
) -> Result<(), Failure> {
    let engine = Rc::new(engine);
    let mut editor = editor(&engine).map_err(|e| broken(&e))?;
    let history = history_file();
    if let Some(path) = &history {
        // A history that is not there or cannot be read is an empty one.
        let _ = editor.load_history(path);
    }
    let demands = Demands { allow_lost: args.allow_lost, fail_if_empty: false };
    let mut prompt = Prompt { engine, plan, demands, shows_time: false, context };
    say("SQL ends in `;`. `.help` lists commands, Ctrl-C stops a statement, Ctrl-D leaves.\n");
    loop {
        let typed = match editor.readline("hindsight> ") {
            Ok(typed) => typed,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(broken(&error)),
        };
        if !typed.trim().is_empty() {
            // Statements are worth more than their history: one that cannot be kept is no reason to stop.
            let _ = editor.add_history_entry(typed.trim_end());
            if let Some(path) = &history {
                let _ = editor.append_history(path);
            }
        }
        let action = Action::parse(&typed).map_err(Failure::from);
        let result = action.and_then(|action| {
            if action == Action::Quit { Ok(true) } else { prompt.act(action).map(|()| false) }
        });
        match result {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(failure) => prompt.context.console.failure(&failure),
        }
        // A SIGTERM ends the prompt too; a SIGINT has ended its statement and nothing else.
        prompt.context.stop.again();
        prompt.context.stop.check()?;
        if let Some(line) = editor.helper() {
            line.forget();
        }
    }
}

fn editor(engine: &Rc<Engine>) -> rustyline::Result<Editor<Line, FileHistory>> {
    let config = Config::builder()
        .max_history_size(REMEMBERED)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Line::new(Rc::clone(engine), functions(engine))));
    Ok(editor)
}

fn broken(error: &ReadlineError) -> Failure {
    SqlError::Prompt { reason: error.to_string() }.into()
}

/// `$XDG_STATE_HOME/hindsight/query-history`, or the same below `$HOME/.local/state`; the folder is made.
fn history_file() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = || set("HOME").map(|home| home.join(".local").join("state"));
    let folder = set("XDG_STATE_HOME").or_else(state)?.join("hindsight");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("query-history"))
}

/// Names of functions, from the engine itself.
fn functions(engine: &Engine) -> Vec<String> {
    let sql =
        "SELECT DISTINCT CAST(routine_name AS VARCHAR) FROM information_schema.routines ORDER BY 1";
    let mut running = engine.start(sql.to_owned());
    let mut names = Vec::new();
    loop {
        match running.next() {
            Ok(Word::Rows(batch)) => {
                let column = batch.columns().first().and_then(|c| c.as_string_opt::<i32>());
                names.extend(column.into_iter().flatten().flatten().map(str::to_owned));
            }
            Ok(Word::End(_)) | Err(_) => return names,
            Ok(_) => {}
        }
    }
}

impl Prompt<'_> {
    fn act(&mut self, action: Action) -> Result<(), Failure> {
        match action {
            Action::Nothing | Action::Quit => Ok(()),
            Action::Help => hindsight::print(&help()),
            Action::Tables => self.tables(),
            Action::Examples => hindsight::print(&list_of_examples()),
            Action::Schema(table) => self.schema(&table),
            Action::Format(None) => hindsight::print(&format!("{}\n", self.plan.format.word())),
            Action::Format(Some(format)) => {
                self.plan.format = format;
                Ok(())
            }
            Action::Timing => {
                self.shows_time = !self.shows_time;
                let state = if self.shows_time { "on" } else { "off" };
                hindsight::print(&format!("timing is {state}\n"))
            }
            Action::Explain(sql, is_analyze) => {
                let form = if is_analyze { ExplainForm::Analyze } else { ExplainForm::Plan };
                self.ask("SQL", &sql, Some(form))
            }
            Action::Example(name, values) => {
                let example = Example::find(&name)?;
                let sql = example.fill(&values)?;
                self.ask(&format!("example {name}"), &sql, None)
            }
            Action::Sql(sql) => self.ask("SQL", &sql, None),
        }
    }

    /// Answers each statement of a text.
    fn ask(&mut self, name: &str, text: &str, explain: Option<ExplainForm>) -> Result<(), Failure> {
        for sql in crate::sql::statements(text) {
            let request = Request { name, text, sql: &sql, explain };
            self.context.stop.ends_in_order();
            let start = Instant::now();
            let about_view = match crate::sql::first_word(&sql).as_str() {
                "CREATE" => Some("the view is made and lasts until you leave\n"),
                "DROP" => Some("the view is gone\n"),
                _ => None,
            };
            if let Some(done) = about_view.filter(|_| explain.is_none()) {
                prepare(&self.engine, &request, self.context)?;
                hindsight::print(done)?;
            } else {
                answer(&self.engine, &request, &self.plan, self.demands, self.context)?;
            }
            if self.shows_time {
                say(&format!("{:.3} s\n", start.elapsed().as_secs_f64()));
            }
        }
        Ok(())
    }

    fn tables(&self) -> Result<(), Failure> {
        let tables = self.engine.session().tables();
        let tables = tables.map_err(|error| self.engine.told(&error, "SQL", "", 0))?;
        let mut grid = Grid::new(["schema", "table"]);
        for table in &tables {
            grid.row([table.schema.as_str(), table.name.as_str()]);
        }
        hindsight::print(&grid.to_text())
    }

    fn schema(&self, table: &str) -> Result<(), Failure> {
        let sql = format!("SELECT * FROM {table} LIMIT 0");
        let mut running = self.engine.start(sql.clone());
        loop {
            match running.next() {
                Ok(Word::Columns(schema, _)) => return hindsight::print(&columns(&schema)),
                Ok(_) => {}
                Err(error) => return Err(self.engine.told(&error, "SQL", &sql, 0)),
            }
        }
    }
}

fn columns(schema: &arrow_schema::Schema) -> String {
    let mut grid = Grid::new(["column", "type", "null", "unit"]);
    for field in schema.fields() {
        let unit = field.metadata().get("hindsight.unit").map_or("", String::as_str);
        let null = if field.is_nullable() { "yes" } else { "no" };
        grid.row([field.name().as_str(), &field.data_type().to_string(), null, unit]);
    }
    grid.to_text()
}

fn help() -> String {
    let mut grid = Grid::new(["command", "does"]);
    for (name, behind, does) in COMMANDS {
        grid.row([format!("{name} {behind}"), (*does).to_owned()]);
    }
    grid.to_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_shows_units_and_which_columns_may_be_null() {
        let text = columns(&contract::table("trades").unwrap().schema(true));
        let px = text.lines().find(|line| line.starts_with("px ")).unwrap();
        assert_eq!(px.split_whitespace().collect::<Vec<_>>(), ["px", "Int64", "no", "nano_price"]);
    }
}
