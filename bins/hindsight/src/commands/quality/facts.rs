//! Tables that checks look things up in.

use super::stopped;
use crate::cli::ChecksArgs;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, Place, ReadOptions, Source};
use quality::Context as Facts;

/// Reads every table of context whole; device and inode of every file come along. `has_stdin`: standard input is taken already.
pub(super) fn facts(
    args: &ChecksArgs,
    has_stdin: bool,
    options: &ReadOptions,
    context: &Context,
) -> Result<(Facts, Vec<(u64, u64)>), Failure> {
    let (mut facts, mut identities) = (Facts::new(), Vec::new());
    let inputs = args
        .context
        .iter()
        .map(|text| InputArg::parse(text))
        .collect::<Result<Vec<InputArg>, CliError>>()?;
    let found = inputs.iter().filter(|input| input.place == Place::Stdin).count();
    let found = found + usize::from(has_stdin);
    if found > 1 {
        return Err(CliError::StdinTwice { found }.into());
    }
    for input in &inputs {
        let mut source = Source::open(input, options)?;
        identities.extend(source.identity());
        let mut is_empty = true;
        let mut add =
            |batch| facts.add(&batch).map_err(|error| stopped(&error).in_input(&input.name()));
        while let Some(batch) = source.next_batch()? {
            context.stop.check()?;
            is_empty = false;
            add(batch.into_record_batch())?;
        }
        if is_empty {
            // A table without rows is known too.
            add(arrow_array::RecordBatch::new_empty(source.schema().clone()))?;
        }
    }
    Ok((facts, identities))
}
