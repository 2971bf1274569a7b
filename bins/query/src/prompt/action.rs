//! What a typed text asks for.

use crate::error::SqlError;
use hindsight::Format;

/// What a text at the prompt asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Answer this SQL.
    Sql(String),
    /// List the commands.
    Help,
    /// List the tables.
    Tables,
    /// Describe a table.
    Schema(String),
    /// Print the plan of this SQL; with `true`, how it was carried out.
    Explain(String, bool),
    /// List the examples.
    Examples,
    /// Answer the example of a name, with values of its parameters.
    Example(String, Vec<String>),
    /// Print answers in another format from now on; `None`: say which it is.
    Format(Option<Format>),
    /// Say after each answer how long it took, or no longer.
    Timing,
    /// Leave.
    Quit,
}

/// The commands, with what stands behind them and what they do.
pub(crate) const COMMANDS: &[(&str, &str, &str)] = &[
    (".example", "NAME [PARAMETER=VALUE]..", "answer a named example"),
    (".examples", "", "list the examples and their questions"),
    (".explain", "[analyze] SQL;", "print how a statement would be answered, or was"),
    (".format", "[table|csv|jsonl|json]", "print answers in this format"),
    (".help", "", "list the commands"),
    (".quit", "", "leave, as does Ctrl-D"),
    (".schema", "TABLE", "print the columns of a table, their types and units"),
    (".tables", "", "list the tables"),
    (".timing", "", "say after each answer how long it took, or no longer"),
];

impl Action {
    /// Reads what was typed.
    ///
    /// ```
    /// use hindsight_query::Action;
    /// assert_eq!(Action::parse(" .schema trades")?, Action::Schema("trades".to_owned()));
    /// assert_eq!(Action::parse("SELECT 1;")?, Action::Sql("SELECT 1;".to_owned()));
    /// # Ok::<(), hindsight_query::SqlError>(())
    /// ```
    ///
    /// # Errors
    /// [`SqlError::UnknownCommand`] for a command that is none, or has too much or too little behind it.
    pub fn parse(text: &str) -> Result<Self, SqlError> {
        let line = text.trim();
        if !line.starts_with('.') {
            let is_empty = crate::sql::statements(text).is_empty();
            return Ok(if is_empty { Self::Nothing } else { Self::Sql(text.to_owned()) });
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let word = word.trim_end_matches(';');
        let rest = rest.trim();
        let name = rest.trim_end_matches(';').trim_end();
        let alone = |action| if name.is_empty() { Ok(action) } else { Err(unknown(line)) };
        match word {
            ".help" => alone(Self::Help),
            ".tables" => alone(Self::Tables),
            ".examples" => alone(Self::Examples),
            ".timing" => alone(Self::Timing),
            ".quit" => alone(Self::Quit),
            ".schema" if !name.is_empty() => Ok(Self::Schema(name.to_owned())),
            ".explain" if !name.is_empty() => {
                let (first, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let is_analyze = first.eq_ignore_ascii_case("analyze");
                let sql = if is_analyze { behind } else { rest };
                Ok(Self::Explain(sql.to_owned(), is_analyze))
            }
            ".example" if !name.is_empty() => {
                let mut words = name.split_whitespace().map(str::to_owned);
                Ok(Self::Example(words.next().unwrap_or_default(), words.collect()))
            }
            ".format" if name.is_empty() => Ok(Self::Format(None)),
            ".format" => {
                let formats = [Format::Table, Format::Csv, Format::Jsonl, Format::Json];
                let found = formats.into_iter().find(|format| format.word() == name);
                found.map(|format| Self::Format(Some(format))).ok_or_else(|| unknown(line))
            }
            _ => Err(unknown(line)),
        }
    }
}

fn unknown(line: &str) -> SqlError {
    let word = line.split_whitespace().next().unwrap_or_default();
    let mut near: Vec<String> = COMMANDS
        .iter()
        .filter(|(name, ..)| *name == word)
        .map(|(name, behind, _)| format!("{name} {behind}").trim_end().to_owned())
        .collect();
    if near.is_empty() {
        let names = contract::nearest(word, COMMANDS.iter().map(|(name, ..)| *name));
        near = names.into_iter().map(str::to_owned).collect();
    }
    SqlError::UnknownCommand { found: contract::excerpt(line.as_bytes()), near }
}

/// Whether a text that is typed line by line can be carried out.
pub(super) fn is_whole(text: &str) -> bool {
    let line = text.trim_start();
    // The SQL of `.explain` may go over lines as any; other commands are one line.
    if line.starts_with('.') && !line.starts_with(".explain ") {
        return true;
    }
    crate::sql::is_complete(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_what_stands_behind_them() {
        let text = |t: &str| t.to_owned();
        for (typed, expected) in [
            ("", Action::Nothing),
            (" ; ", Action::Nothing),
            ("-- a thought", Action::Nothing),
            ("SELECT 1;", Action::Sql(text("SELECT 1;"))),
            (".help", Action::Help),
            (".help;", Action::Help),
            (".tables ;", Action::Tables),
            (".schema log.trades;", Action::Schema(text("log.trades"))),
            (".explain SELECT 1;", Action::Explain(text("SELECT 1;"), false)),
            (".explain ANALYZE SELECT 1;", Action::Explain(text("SELECT 1;"), true)),
            (".examples", Action::Examples),
            (".example a x=1 y=b;", Action::Example(text("a"), vec![text("x=1"), text("y=b")])),
            (".format", Action::Format(None)),
            (".format jsonl", Action::Format(Some(Format::Jsonl))),
            (".timing", Action::Timing),
            (".quit", Action::Quit),
        ] {
            assert_eq!(Action::parse(typed).unwrap(), expected, "{typed}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused_with_the_nearest() {
        let near = |typed: &str| match Action::parse(typed) {
            Err(SqlError::UnknownCommand { near, .. }) => near,
            other => panic!("{typed}: {other:?}"),
        };
        assert_eq!(near(".tabels"), [".tables"]);
        assert_eq!(near(".schema"), [".schema TABLE"]);
        assert_eq!(near(".format arrow"), [".format [table|csv|jsonl|json]"]);
        assert_eq!(near(".quit now"), [".quit"]);
        assert!(near(".weather").is_empty());
    }

    #[test]
    fn a_command_is_whole_with_its_line_and_sql_with_its_semicolon() {
        for (typed, expected) in [
            (".tables", true),
            (".explain SELECT", false),
            (".explain SELECT 1;", true),
            ("SELECT 1", false),
            ("SELECT 1;", true),
        ] {
            assert_eq!(is_whole(typed), expected, "{typed}");
        }
    }

    #[test]
    fn every_command_of_the_help_is_one() {
        for (name, behind, _) in COMMANDS {
            let typed = match *behind {
                "" => (*name).to_owned(),
                _ if *name == ".format" => ".format csv".to_owned(),
                _ => format!("{name} x"),
            };
            Action::parse(&typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
        }
    }
}
