//! Tables that a run wrote, read back.

use super::bug;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, Place, Source, parse_inputs};
use arrow_array::RecordBatch;
use contract::{Batch, Draft, Table};
use std::ffi::OsString;
use std::path::Path;

/// Extensions of files that can be read.
const EXTENSIONS: [&str; 3] = ["parquet", "arrow", "arrows"];

/// The rows of some files of one table, without their places in a log.
pub(super) fn read<T: Table>(
    texts: &[OsString],
    trust_eof: bool,
    context: &Context,
) -> Result<Vec<Draft<T>>, Failure> {
    let mut batches = Vec::new();
    for input in parse_inputs(texts)? {
        batches.extend(rows(&input, trust_eof, context)?);
    }
    Ok(batches)
}

/// The rows of a table in a directory that `labeling run` wrote, as one batch.
pub(super) fn in_folder<T: Table>(folder: &Path, context: &Context) -> Result<Batch<T>, Failure> {
    let table = T::SPEC.name;
    let paths = EXTENSIONS.map(|extension| folder.join(format!("{table}.{extension}")));
    let Some(path) = paths.iter().find(|path| path.is_file()) else {
        let path = folder.join(format!("{table}.parquet")).display().to_string();
        return Err(CliError::NotFound { path }.into());
    };
    let input = InputArg { table: None, place: Place::File(path.clone()) };
    let batches = rows::<T>(&input, false, context)?;
    let batches: Vec<RecordBatch> = batches.into_iter().map(Batch::into_record_batch).collect();
    one(&batches)
}

/// Batches of one table as one.
pub(super) fn one<T: Table>(batches: &[RecordBatch]) -> Result<Batch<T>, Failure> {
    let whole = match batches.first() {
        Some(first) => arrow_select::concat::concat_batches(&first.schema(), batches),
        None => return Ok(Batch::<T>::parse(&Draft::<T>::empty().into_record_batch())?),
    };
    Ok(Batch::<T>::parse(&whole.map_err(|e| bug(&e))?)?)
}

fn rows<T: Table>(
    input: &InputArg,
    trust_eof: bool,
    context: &Context,
) -> Result<Vec<Draft<T>>, Failure> {
    let mut source = Source::open(input, &context.read_options(trust_eof))?;
    if source.spec().name != T::SPEC.name {
        return Err(CliError::MixedTables {
            input: source.name().to_owned(),
            expected: T::SPEC.name.to_owned(),
            found: source.spec().name.to_owned(),
        }
        .into());
    }
    let mut batches = Vec::new();
    while let Some(batch) = source.next_batch()? {
        context.stop.check()?;
        let draft = match batch.seq() {
            Some(_) => Batch::<T>::parse(&batch.into_record_batch())?.into_draft(),
            None => Draft::try_from_any(batch)?,
        };
        batches.push(draft);
    }
    Ok(batches)
}
