//! What is said on standard error, and how.

use crate::error::Failure;
use crate::output::Document;
use crate::render::{render_json, render_text};
use std::fmt::Write as _;
use std::io::Write;

/// How messages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Console {
    /// Errors only.
    pub quiet: bool,
    /// One JSON object a line.
    pub json: bool,
    /// Escape sequences for colour.
    pub color: bool,
}

impl Console {
    /// Reports every error of a failure.
    pub fn failure(self, failure: &Failure) {
        let Failure::Errors(reports) = failure else { return };
        for report in reports {
            if self.json {
                say(&format!("{}\n", render_json(report)));
            } else {
                say(&render_text(report, self.color));
            }
        }
    }

    /// Says something that is no error; silent under `-q`.
    pub fn note(self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            let document = Document::new("hindsight.note.v1").with("message", text);
            say(&format!("{document}\n"));
        } else {
            say(&format!("{text}\n"));
        }
    }

    /// Says how a command ended, in words or as a document; silent under `-q`.
    pub fn report(self, text: &str, document: &Document) {
        if self.quiet {
            return;
        }
        if self.json {
            say(&format!("{document}\n"));
        } else {
            say(text);
        }
    }

    /// Says how a data command ended; silent under `-q`.
    pub(crate) fn closing(self, closing: &Closing) {
        if self.quiet {
            return;
        }
        if self.json {
            say(&format!("{}\n", closing.document()));
        } else {
            say(&format!("{}\n", closing.text()));
        }
    }
}

/// How a data command ended: rows in = rows out + rejects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closing {
    /// The command.
    pub stage: &'static str,
    /// Rows or lines read.
    pub rows_in: u64,
    /// Rows written, or that would have been.
    pub rows_out: u64,
    /// Rows rejected.
    pub rejects: u64,
    /// Where the rows went.
    pub output: String,
    /// Where the rejects went.
    pub rejects_path: Option<String>,
    /// Further facts, one a line.
    pub notes: Vec<String>,
    /// The next useful command.
    pub next: Option<String>,
}

impl Closing {
    fn text(&self) -> String {
        let mut text = format!(
            "{}: {} rows in = {} rows out + {} rejects; rows in {}",
            self.stage, self.rows_in, self.rows_out, self.rejects, self.output
        );
        if let Some(path) = &self.rejects_path {
            let _ = write!(text, ", rejects in {path}");
        }
        for note in &self.notes {
            let _ = write!(text, "\n  {note}");
        }
        if let Some(next) = &self.next {
            let _ = write!(text, "\n  next: {next}");
        }
        text
    }

    fn document(&self) -> Document {
        Document::new("hindsight.closing.v1")
            .with("stage", self.stage)
            .with("rows_in", self.rows_in)
            .with("rows_out", self.rows_out)
            .with("rejects", self.rejects)
            .with("output", self.output.as_str())
            .with("rejects_output", self.rejects_path.clone())
            .with("notes", self.notes.clone())
            .with("next", self.next.clone())
    }
}

/// Writes to standard error; nothing is left to do when that fails.
pub fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
