//! A certificate as a person reads it, and as a document.

use crate::output::{Document, Grid};
use contract::Vocabulary as _;
use datasets::{Certificate, CheckResult};
use std::fmt::Write as _;

/// One line a check, and what is behind those that are no plain pass.
pub(super) fn text(certificate: &Certificate) -> String {
    let mut grid = Grid::new(["check", "outcome", "compared", "violations", "margin"]);
    for check in &certificate.checks {
        let compared: u64 = check.compared.values().map(|count| count.0).max().unwrap_or(0);
        grid.row([
            check.check.clone(),
            check.outcome.word().to_owned(),
            compared.to_string(),
            check.violations.to_string(),
            check.margin_ns.map_or(String::new(), |ns| format!("{ns} ns")),
        ]);
    }
    let mut text = grid.to_text();
    for check in certificate.checks.iter().filter(|check| !check.outcome.detail().is_empty()) {
        let _ = writeln!(text, "{}: {}", check.check, check.outcome.detail());
    }
    text
}

/// The checks as a document.
pub(super) fn document(certificate: &Certificate) -> Document {
    let checks: Vec<Document> = certificate.checks.iter().map(check).collect();
    Document::object().with("verdict", certificate.verdict().word()).with("checks", checks)
}

fn check(check: &CheckResult) -> Document {
    Document::object()
        .with("check", check.check.as_str())
        .with("statement", check.statement.as_str())
        .with("outcome", check.outcome.word())
        .with("detail", check.outcome.detail())
        .with("violations", check.violations)
        .with("rows", check.rows.iter().map(|row| Document::from(row.as_str())).collect::<Vec<_>>())
}

/// The checks that refuse, in one line.
pub(super) fn refusals(checks: &[CheckResult]) -> String {
    let told: Vec<String> = checks
        .iter()
        .map(|check| {
            format!("{} ({}: {})", check.check, check.outcome.word(), check.outcome.detail())
        })
        .collect();
    told.join("; ")
}
