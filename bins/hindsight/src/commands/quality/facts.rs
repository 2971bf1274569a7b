//! Tables that checks look things up in.

use super::stopped;
use crate::cli::{ChecksArgs, InputArgs};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, Place, ReadOptions, Source, parse_inputs};
use quality::Context as Facts;

/// The tables of context, before anything is opened: standard input has one reader, be it rows or context.
pub(super) fn contexts(args: &ChecksArgs, inputs: &InputArgs) -> Result<Vec<InputArg>, CliError> {
    let contexts = args
        .context
        .iter()
        .map(|text| InputArg::parse(text))
        .collect::<Result<Vec<InputArg>, CliError>>()?;
    let inputs = parse_inputs(&inputs.files)?;
    let all = inputs.iter().chain(&contexts);
    let found = all.filter(|input| input.place == Place::Stdin).count();
    if found > 1 { Err(CliError::StdinTwice { found }) } else { Ok(contexts) }
}

/// Reads every table of context whole; device and inode of every file come along.
pub(super) fn facts(
    contexts: &[InputArg],
    options: &ReadOptions,
    context: &Context,
) -> Result<(Facts, Vec<(u64, u64)>), Failure> {
    let (mut facts, mut identities) = (Facts::new(), Vec::new());
    for input in contexts {
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
