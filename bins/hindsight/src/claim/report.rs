//! A report in words and as a document.

use super::cells::Cell;
use super::experiment::{ClaimReport, SessionUnit};
use super::spec::ClaimSpec;
use crate::output::{Document, Grid};
use std::fmt::Write as _;

/// The report as a table of every cell, with what must be known to read it.
#[must_use]
pub fn claim_text(
    claim: &ClaimSpec,
    report: &ClaimReport,
    hash: &str,
    is_registered: bool,
) -> String {
    let mut text = format!("claim: {}\n", claim.title);
    let registered = if is_registered { "registered" } else { "NOT REGISTERED: exploratory" };
    let _ = writeln!(text, "sha256 {hash}, {registered}");
    let _ = writeln!(
        text,
        "target {}, horizon {}, universe {}",
        claim.target, claim.horizon, claim.universe
    );
    let _ = writeln!(
        text,
        "{} rows, {} held out, n_eff {:.1}, majority rate {:.4}, {} sessions ({})",
        report.rows,
        report.held,
        report.n_eff,
        report.majority_rate,
        report.sessions,
        report.unit.word()
    );
    if report.unit == SessionUnit::Hour {
        text.push_str(
            "fewer than 5 days are held out: sessions are hours, and intervals are too narrow\n",
        );
    }
    for (at, [fit, hold, purged, grouped]) in report.folds.iter().enumerate() {
        let _ = writeln!(
            text,
            "fold {}: {fit} learn, {hold} held out, {purged} purged, {grouped} of a held-out group",
            at + 1
        );
    }
    let mut grid = Grid::new([
        "arm",
        "against",
        "model",
        "metric",
        "value",
        "other",
        "gain_pct",
        "low",
        "high",
        "p",
        "q",
        "mcnemar_p",
        "discordant",
        "n_eff",
        "needed",
        "outcome",
    ]);
    for cell in &report.cells {
        grid.row(line(cell));
    }
    text.push('\n');
    text.push_str(&grid.to_text());
    for (arm, why) in &report.untried {
        let _ = writeln!(text, "not tried: {}, {why}", arm.word());
    }
    let verdict = match (report.is_met, is_registered) {
        (true, true) => "met",
        (true, false) => "would be met, had it been registered",
        (false, _) => "not met",
    };
    let _ = writeln!(text, "\npass rule {verdict}: {}", report.why);
    text
}

fn line(cell: &Cell) -> Vec<String> {
    let percent =
        |share: Option<f64>| share.map_or("-".to_owned(), |s| format!("{:.2}", 100.0 * s));
    vec![
        cell.arm.word().to_owned(),
        cell.reference.word().to_owned(),
        cell.model.to_owned(),
        cell.metric.word().to_owned(),
        format!("{:.4}", cell.value),
        format!("{:.4}", cell.reference_value),
        percent(cell.gain),
        percent(cell.interval.map(|i| i.0)),
        percent(cell.interval.map(|i| i.1)),
        format!("{:.4}", cell.p_value),
        format!("{:.4}", cell.q_value),
        format!("{:.4}", cell.mcnemar_p),
        format!("{:.3}", cell.discordant),
        format!("{:.1}", cell.n_eff),
        cell.n_eff_needed.map_or("-".to_owned(), |n| format!("{n:.0}")),
        cell.outcome.word().to_owned(),
    ]
}

/// The report as `hindsight.claim.v1`: the same facts.
#[must_use]
pub fn claim_document(
    claim: &ClaimSpec,
    report: &ClaimReport,
    hash: &str,
    is_registered: bool,
) -> Document {
    let cells: Vec<Document> = report
        .cells
        .iter()
        .map(|cell| {
            Document::object()
                .with("arm", cell.arm.word())
                .with("against", cell.reference.word())
                .with("model", cell.model)
                .with("metric", cell.metric.word())
                .with("value", cell.value)
                .with("other", cell.reference_value)
                .with("gain", cell.gain)
                .with("gain_low", cell.interval.map(|i| i.0))
                .with("gain_high", cell.interval.map(|i| i.1))
                .with("p_value", cell.p_value)
                .with("q_value", cell.q_value)
                .with("mcnemar_p", cell.mcnemar_p)
                .with("discordant", cell.discordant)
                .with("block", cell.block)
                .with("n_eff", cell.n_eff)
                .with("n_eff_needed", cell.n_eff_needed)
                .with("outcome", cell.outcome.word())
        })
        .collect();
    let folds: Vec<Document> = report
        .folds
        .iter()
        .map(|[fit, hold, purged, grouped]| {
            Document::object()
                .with("fit", *fit)
                .with("held", *hold)
                .with("purged", *purged)
                .with("grouped", *grouped)
        })
        .collect();
    let untried: Vec<Document> = report
        .untried
        .iter()
        .map(|(arm, why)| Document::object().with("arm", arm.word()).with("why", *why))
        .collect();
    Document::new("hindsight.claim.v1")
        .with("title", claim.title.as_str())
        .with("sha256", hash)
        .with("registered", is_registered)
        .with("target", claim.target.as_str())
        .with("universe", claim.universe.as_str())
        .with("horizon", claim.horizon.as_str())
        .with("rows", report.rows)
        .with("held", report.held)
        .with("n_eff", report.n_eff)
        .with("majority_rate", report.majority_rate)
        .with("session", report.unit.word())
        .with("sessions", report.sessions)
        .with("folds", folds)
        .with("cells", cells)
        .with("untried", untried)
        .with("met", report.is_met && is_registered)
        .with("why", report.why.as_str())
}
