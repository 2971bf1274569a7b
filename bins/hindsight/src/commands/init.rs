//! `hindsight init`: a project starts with its settings file.

use crate::cli::InitArgs;
use crate::config::template;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Pending, print};
use std::io::Write;
use std::path::Path;

pub(super) fn init(args: &InitArgs, context: &Context) -> Result<(), Failure> {
    let text = template();
    if args.dry_run {
        return print(&text);
    }
    let path = Path::new("hindsight.toml");
    let mut file = Pending::create(path, args.force)?;
    file.write_all(text.as_bytes()).map_err(|e| CliError::writing(path, e))?;
    file.publish()?;
    context
        .console
        .note("init: wrote hindsight.toml, every key at its default\n  next: hindsight doctor");
    Ok(())
}
