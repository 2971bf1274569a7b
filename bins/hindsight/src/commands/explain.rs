//! `hindsight explain`: what a code means.

use super::is_json;
use crate::cli::ExplainArgs;
use crate::error::{CliError, Failure, did_you_mean};
use crate::exit::Exit;
use crate::explanations::{Explanation, explanations};
use crate::output::{Document, Grid, print};

pub(super) fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let json = is_json("explain", &args.report)?;
    match args.code.as_deref() {
        None => list(json),
        Some("exit-codes") => exit_codes(json),
        Some(code) => one(code, json),
    }
}

fn list(json: bool) -> Result<(), Failure> {
    if json {
        let codes: Vec<Document> = explanations().iter().map(document).collect();
        let document = Document::new("hindsight.explanations.v1").with("codes", codes);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["code", "exit", "meaning"]);
    for explanation in explanations() {
        let exit = explanation.exit.map_or("row", |exit| exit.word());
        grid.row([explanation.code, exit, explanation.first_sentence()]);
    }
    print(&grid.to_text())
}

fn exit_codes(json: bool) -> Result<(), Failure> {
    if json {
        let codes: Vec<Document> = Exit::ALL
            .iter()
            .map(|exit| {
                Document::object()
                    .with("exit", u64::from(exit.code()))
                    .with("meaning", exit.meaning())
            })
            .collect();
        let document = Document::new("hindsight.exit-codes.v1").with("codes", codes);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["code", "meaning"]);
    for exit in Exit::ALL {
        grid.row([exit.code().to_string(), exit.meaning().to_owned()]);
    }
    print(&grid.to_text())
}

fn one(code: &str, json: bool) -> Result<(), Failure> {
    let all = explanations();
    let Some(found) = all.iter().find(|explanation| explanation.code == code) else {
        let near = did_you_mean(code, all.iter().map(|explanation| explanation.code));
        let found = contract::excerpt(code.as_bytes());
        return Err(CliError::UnknownCode { found, near }.into());
    };
    if json {
        return print(&format!("{}\n", document(found)));
    }
    let exit = found.exit.map_or_else(
        || "a row is rejected with it; a whole batch ends the command with exit code 2".to_owned(),
        |exit| format!("exit code {}: {}", exit.code(), exit.meaning()),
    );
    print(&format!("{}\n\n{}\n\n{exit}\n", found.code, found.text))
}

fn document(explanation: &Explanation) -> Document {
    Document::object()
        .with("code", explanation.code)
        .with("exit", explanation.exit.map(|exit| u64::from(exit.code())))
        .with("first_sentence", explanation.first_sentence())
        .with("text", explanation.text)
}
