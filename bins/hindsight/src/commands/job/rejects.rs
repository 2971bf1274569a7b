//! How many rows a step could not use, and where they lie with their reasons.

use super::record::Facts;
use super::state::Job;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, RawSource};
use std::path::{Path, PathBuf};

/// Rows in the files of rejects of a step: those in its room, and the one beside it that commands write to.
pub(super) fn of(
    step: &str,
    room: &Path,
    job: &Job<'_>,
    context: &Context,
) -> Result<Facts, Failure> {
    let (mut rows, mut places) = (0, Vec::new());
    for path in files(step, room, &job.settings.dir)? {
        let found = count(&path, context)?;
        if found > 0 {
            let place = match path.strip_prefix(room) {
                Ok(inside) => job.place(step).join(inside),
                Err(_) => path,
            };
            places.push(place.display().to_string());
            rows += found;
        }
    }
    let mut facts = Facts::new();
    if rows > 0 {
        facts.insert("rejects".to_owned(), rows.to_string());
        facts.insert("rejects_in".to_owned(), places.join(" "));
    }
    Ok(facts)
}

fn files(step: &str, room: &Path, dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = vec![dir.join(format!("{step}.rejects.arrow"))];
    let mut open = vec![room.to_owned()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        let entries = std::fs::read_dir(&folder).map_err(|e| CliError::reading(&folder, e))?;
        for entry in entries {
            let path = entry.map_err(|e| CliError::reading(&folder, e))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with("rejects.arrow") || name == "rejects.parquet" {
                found.push(path);
            }
        }
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

fn count(path: &Path, context: &Context) -> Result<u64, Failure> {
    let mut source = RawSource::open(&InputArg::file(path), &context.read_options(false))?;
    let mut rows = 0;
    while let Some(batch) = source.next_batch()? {
        rows += batch.num_rows() as u64;
    }
    Ok(rows)
}
