//! `hindsight quality validate`.

use super::rules::named;
use crate::cli::QualityValidateArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use std::fmt::Write as _;

/// Prints what the files hold; mistakes are errors, those of every file at once.
pub(in crate::commands) fn validate(
    args: &QualityValidateArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality validate", &args.report)?;
    let all = named(&args.files, context)?;
    if all.is_empty() {
        return Err(CliError::BadValue {
            flag: "FILE",
            expected: "a file with rules, named here or by the key quality.rules",
            found: String::new(),
        }
        .into());
    }
    if json {
        let documents: Vec<Document> = all.iter().map(super::show::head).collect();
        let document = Document::new("hindsight.quality_rules.v1").with("rules", documents);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["file", "rules", "table", "checks", "repairs", "hash"]);
    for rules in &all {
        grid.row([
            rules.name.clone(),
            format!("{} version {}", rules.set.name(), rules.set.version()),
            rules.set.table().to_owned(),
            rules.set.checks().len().to_string(),
            rules.set.repairs().len().to_string(),
            rules.set.hash().to_string(),
        ]);
    }
    let mut text = grid.to_text();
    let checks: usize = all.iter().map(|rules| rules.set.checks().len()).sum();
    let _ = writeln!(text, "{} files, {checks} checks", all.len());
    print(&text)
}
