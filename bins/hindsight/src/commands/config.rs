//! `hindsight config`: every key, its value and origin, and every mistake.

use super::is_json;
use crate::cli::ConfigShowArgs;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Document, Grid, print};

/// Prints every key; mistakes are reported behind the listing, because it shows what is in force without them.
pub(super) fn show(args: &ConfigShowArgs, context: &mut Context) -> Result<(), Failure> {
    if is_json("config show", &args.report)? {
        let keys: Vec<Document> = context
            .config
            .settings()
            .map(|setting| {
                Document::object()
                    .with("key", setting.key.name)
                    .with("value", setting.value.to_string())
                    .with("class", setting.key.class.word())
                    .with("origin", setting.origin.to_string())
            })
            .collect();
        let hash = context.config.result_hash().to_string();
        let document =
            Document::new("hindsight.config.v1").with("keys", keys).with("result_hash", hash);
        print(&format!("{document}\n"))?;
    } else {
        let mut grid = if args.origin {
            Grid::new(["key", "value", "class", "origin"])
        } else {
            Grid::new(["key", "value"])
        };
        for setting in context.config.settings() {
            let cells = [
                setting.key.name.to_owned(),
                setting.value.to_string(),
                setting.key.class.word().to_owned(),
                setting.origin.to_string(),
            ];
            grid.row(cells.into_iter().take(if args.origin { 4 } else { 2 }));
        }
        print(&grid.to_text())?;
    }
    mistakes(context)
}

/// Reports every mistake of every layer.
pub(super) fn check(context: &mut Context) -> Result<(), Failure> {
    mistakes(context)?;
    let files: Vec<String> = [&context.layers.project, &context.layers.user]
        .into_iter()
        .flatten()
        .map(|path| path.display().to_string())
        .collect();
    let read = if files.is_empty() { "no file".to_owned() } else { files.join(" and ") };
    context.console.note(&format!("config: no mistake in {read}, environment and flags"));
    Ok(())
}

fn mistakes(context: &mut Context) -> Result<(), Failure> {
    let mistakes = std::mem::take(&mut context.mistakes);
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::Errors(mistakes)) }
}
