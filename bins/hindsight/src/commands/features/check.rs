//! `hindsight features check`.

use super::inputs::Inputs as Files;
use super::rounds::Rounds;
use super::{plan, stopped};
use crate::cli::FeaturesCheckArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use crate::rejects::RejectSink;
use contract::{CausalityPart, CausalityReport, FeatureCausality, Reaction};
use features::{CertifyOptions, Inputs, certify};
use std::fmt::Write as _;

/// Prints what came of changing everything that must not matter; the gate comes after the report.
///
/// - **Cost:** all inputs stand in memory, because parts of them are swept again and again.
pub(in crate::commands) fn check(
    args: &FeaturesCheckArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("features check", &args.report)?;
    let report = certified(args, context)?;
    let text = if json { format!("{}\n", document(&report)) } else { table(&report, args.all) };
    print(&text)?;
    gate(&report, args.require_reaction)
}

/// Changes everything that must not matter, and says what came of it.
pub(in crate::commands) fn certified(
    args: &FeaturesCheckArgs,
    context: &Context,
) -> Result<CausalityReport, Failure> {
    let budget = share(&args.budget)?;
    let plan = plan(&args.spec, context)?;
    let files = Files::open(&args.inputs, &plan, context)?;
    let rejects = args.rejects.rejects.as_deref();
    let mut rejects =
        RejectSink::new(rejects, None, context.allowance()?, false, &files.identities)?;
    let mut inputs = Inputs::default();
    let mut rows = 0;
    for mut feed in files.whole {
        for batch in feed.load_all(&mut rejects)? {
            inputs.add(&batch.into_record_batch()).map_err(stopped)?;
        }
        rows += feed.rows_read();
    }
    let mut rounds = Rounds::new(files.events);
    if rounds.logs() > 1 {
        return Err(CliError::MixedLogs.into());
    }
    while let Some(round) = rounds.next(&mut rejects)? {
        context.stop.check()?;
        for piece in &round.pieces {
            inputs.add(&piece.batch).map_err(stopped)?;
        }
    }
    rows += rounds.feeds().iter().map(super::feed::Feed::rows_read).sum::<u64>();
    rejects.finish(rows)?;
    let options = CertifyOptions { seed: args.seed, budget, ..CertifyOptions::default() };
    certify(plan, &inputs, options).map_err(stopped)
}

/// Says no to a feature set that knows the future.
pub(in crate::commands) fn gate(
    report: &CausalityReport,
    require_reaction: bool,
) -> Result<(), Failure> {
    let idle = report.unreactive().count();
    if !report.is_causal() {
        let moved = report.features.iter().filter(|f| f.moved > 0).count();
        let violations: u64 = report.parts.iter().map(|p| p.violations).sum();
        let found = if violations == 0 && moved == 0 {
            "too little that was compared to say so".to_owned()
        } else {
            format!("{violations} violations, {moved} features that moved")
        };
        return Err(CliError::NotCausal { found }.into());
    }
    if require_reaction && idle > 0 {
        let found = format!("{idle} features that do not react to what they declare");
        return Err(CliError::NotCausal { found }.into());
    }
    Ok(())
}

fn share(text: &str) -> Result<f64, CliError> {
    let percent = text.strip_suffix('%').and_then(|text| text.parse::<f64>().ok());
    percent.filter(|p| p.is_finite() && *p > 0.0).map(|p| p / 100.0).ok_or_else(|| {
        CliError::BadValue {
            flag: "--budget",
            expected: "a percentage above 0% as 10%",
            found: contract::excerpt(text.as_bytes()),
        }
    })
}

fn table(report: &CausalityReport, all: bool) -> String {
    let mut text = format!(
        "set {}, seed {}: {}\n{} feature rows compared, {} records changed, {} of them within a minute after a cut-off\n\n",
        report.spec_hash,
        report.seed,
        if report.is_causal() { "causal" } else { "NOT causal" },
        report.rows,
        report.rows_perturbed,
        report.rows_perturbed_next_minute
    );
    let mut grid = Grid::new(["part", "compared", "violations"]);
    for part in &report.parts {
        let (compared, violations) = (part.compared.to_string(), part.violations.to_string());
        grid.row([part_word(part.part).to_owned(), compared, violations]);
    }
    text.push_str(&grid.to_text());
    let odd = |f: &&FeatureCausality| {
        all || f.moved > 0 || f.compared == 0 || f.reaction != Reaction::Reactive
    };
    let shown: Vec<&FeatureCausality> = report.features.iter().filter(odd).collect();
    if !shown.is_empty() {
        let mut grid = Grid::new(["feature", "compared", "moved", "reaction"]);
        for feature in &shown {
            grid.row([
                feature.feature.clone(),
                feature.compared.to_string(),
                feature.moved.to_string(),
                reaction_word(feature.reaction).to_owned(),
            ]);
        }
        let _ = write!(text, "\n{}", grid.to_text());
    }
    let _ = writeln!(
        text,
        "\n{} features, {} moved, {} not reactive{}",
        report.features.len(),
        report.features.iter().filter(|f| f.moved > 0).count(),
        report.unreactive().count(),
        if all { "" } else { "; --all prints every one" }
    );
    text
}

/// The report as a document.
pub(in crate::commands) fn document(report: &CausalityReport) -> Document {
    let parts: Vec<Document> = report
        .parts
        .iter()
        .map(|part| {
            Document::object()
                .with("part", part_word(part.part))
                .with("compared", part.compared)
                .with("violations", part.violations)
        })
        .collect();
    let features: Vec<Document> = report
        .features
        .iter()
        .map(|feature| {
            Document::object()
                .with("feature", feature.feature.as_str())
                .with("compared", feature.compared)
                .with("moved", feature.moved)
                .with("reaction", reaction_word(feature.reaction))
        })
        .collect();
    Document::new("hindsight.causality.v1")
        .with("causal", report.is_causal())
        .with("spec_hash", report.spec_hash.to_string())
        .with("seed", report.seed.to_string())
        .with("rows", report.rows)
        .with("rows_perturbed", report.rows_perturbed)
        .with("rows_perturbed_next_minute", report.rows_perturbed_next_minute)
        .with("parts", parts)
        .with("features", features)
}

fn part_word(part: CausalityPart) -> &'static str {
    match part {
        CausalityPart::Order => "order",
        CausalityPart::Future => "future",
        CausalityPart::FarPast => "far_past",
        CausalityPart::Undeclared => "undeclared",
        CausalityPart::Shuffle => "shuffle",
        CausalityPart::Parameters => "parameters",
        _ => "other",
    }
}

fn reaction_word(reaction: Reaction) -> &'static str {
    match reaction {
        Reaction::Reactive => "reactive",
        Reaction::Loose => "loose",
        _ => "unreactive",
    }
}
