//! Where the statement comes from.

use crate::args::Args;
use crate::example::Example;
use hindsight::{CliError, Failure};
use std::io::{IsTerminal, Read};
use std::path::Path;

/// A text of SQL, and what messages call it.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) sql: String,
}

/// Where statements come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A text, known by now.
    Text(Text),
    /// A person.
    Prompt,
}

impl Source {
    /// What the arguments say, else standard input, which is a person when both ends are a terminal.
    pub(super) fn find(args: &Args) -> Result<Self, Failure> {
        let text = |name: &str, sql| Ok(Self::Text(Text { name: name.to_owned(), sql }));
        if let Some(sql) = &args.query {
            return text("-q", sql.clone());
        }
        if let Some(path) = args.input.as_deref().filter(|path| *path != Path::new("-")) {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|e| CliError::reading(path, e))?;
            return text(&name, utf8(bytes, &name)?);
        }
        if let Some([name, values @ ..]) = args.example.as_deref() {
            let example = Example::find(name)?;
            return text(&format!("example {name}"), example.fill(values)?);
        }
        let is_person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if is_person && args.input.is_none() && args.output.is_none() {
            return Ok(Self::Prompt);
        }
        let name = "standard input";
        let mut bytes = Vec::new();
        // On a terminal without the other, as in `hindsight-query | less`, it is typed until Ctrl-D.
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|e| CliError::reading(Path::new(name), e))?;
        text(name, utf8(bytes, name)?)
    }
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, CliError> {
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| CliError::NotText { path: name.to_owned() })?;
    // Some editors begin a file so.
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}
