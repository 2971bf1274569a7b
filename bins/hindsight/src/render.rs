//! Errors as text in the form of rustc, and as JSON.

use crate::error::ErrorReport;
use crate::output::Document;
use contract::Fault;
use std::fmt::Write;

struct Paint(bool);

impl Paint {
    fn wrap(&self, style: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// One error as a person reads it; ends with a line end.
///
/// ```
/// let error = hindsight::CliError::EmptyInput { input: "a.arrows".into() };
/// let report = hindsight::ErrorReport::new(&error);
/// let text = hindsight::render_text(&report, false);
/// assert!(text.starts_with("error[cli/empty-input]: a.arrows: expected a table, found no bytes at all\n"));
/// assert!(text.ends_with("more: hindsight explain cli/empty-input\n"));
/// ```
#[must_use]
pub fn render_text(report: &ErrorReport, color: bool) -> String {
    let paint = Paint(color);
    let mut out = String::new();
    let head = paint.wrap("1;31", &format!("error[{}]", report.code));
    let _ = writeln!(out, "{head}{}", paint.wrap("1", &format!(": {}", one_line(&report.message))));
    let mut gutter = 1;
    if let Some(place) = &report.place {
        gutter = place.line.to_string().len();
        let arrow = paint.wrap("1;34", &format!("{:gutter$}-->", ""));
        let _ = writeln!(out, "{arrow} {}:{}:{}", place.file, place.line, place.column);
        let number = paint.wrap("1;34", &format!("{} |", place.line));
        let _ = writeln!(out, "{number} {}", place.text.replace('\t', " "));
        let bar = paint.wrap("1;34", &format!("{:gutter$} |", ""));
        let caret = paint.wrap("1;31", &format!("{} {}", "^".repeat(place.width), place.label));
        let _ = writeln!(out, "{bar} {:pad$}{}", "", caret.trim_end(), pad = place.column - 1);
    }
    for cause in &report.causes {
        let _ = writeln!(out, "{:gutter$} = cause: {}", "", one_line(cause));
    }
    if let Some(help) = &report.help {
        let _ = writeln!(out, "{:gutter$} = {}: {help}", "", paint.wrap("1", "help"));
    }
    let _ = writeln!(out, "{:gutter$} = more: hindsight explain {}", "", report.code);
    out
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// One error as a `hindsight.error.v1` object, without a line end.
#[must_use]
pub fn render_json(report: &ErrorReport) -> String {
    let place = report.place.as_ref();
    Document::new("hindsight.error.v1")
        .with("code", report.code)
        .with("fault", fault_word(report.fault))
        .with("exit", u64::from(report.exit.code()))
        .with("message", report.message.as_str())
        .with("file", place.map(|place| place.file.as_str()))
        .with("line", place.map(|place| place.line))
        .with("column", place.map(|place| place.column))
        .with("table", report.table.clone())
        .with("field", report.field.clone())
        .with("row", report.row)
        .with("expected", report.expected.clone())
        .with("found", report.found.clone())
        .with("help", report.help.clone())
        .with("causes", report.causes.clone())
        .to_string()
}

/// The word of a fault in JSON.
pub(crate) fn fault_word(fault: Fault) -> &'static str {
    match fault {
        Fault::Input => "input",
        Fault::Environment { retry: false } => "environment",
        Fault::Environment { retry: true } => "environment-retry",
        Fault::Gate => "gate",
        Fault::Incomplete => "incomplete",
        Fault::Integrity => "integrity",
        _ => "bug",
    }
}
