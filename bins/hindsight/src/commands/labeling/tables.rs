//! Tables on their way out: into a directory that appears whole, or one of them to standard output.

use crate::error::{CliError, Failure};
use crate::output::{Folder, Format, OutputPlan, TableOutput, Target};
use contract::{AnyBatch, Batch, Table};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows a batch of an output.
const OUT_ROWS: usize = 8_192;

/// A directory of tables in the making.
#[derive(Debug)]
pub(super) struct Tables {
    folder: Folder,
    format: Format,
    extension: &'static str,
}

impl Tables {
    /// Starts a directory that must not exist.
    pub(super) fn create(
        command: &'static str,
        path: &Path,
        format: Option<Format>,
    ) -> Result<Self, Failure> {
        let format = format.unwrap_or(Format::Parquet);
        let extension = match format {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            other => {
                return Err(CliError::FormatNotForCommand {
                    command,
                    expected: "parquet, arrow, csv, jsonl",
                    found: other.word(),
                }
                .into());
            }
        };
        if path == Path::new("-") {
            return Err(CliError::BadValue {
                flag: "--output",
                expected: "a directory; `--stream TABLE` writes one table to standard output",
                found: "-".to_owned(),
            }
            .into());
        }
        Ok(Self { folder: Folder::create(path)?, format, extension })
    }

    /// Name of the file of a table.
    pub(super) fn file(&self, table: &str) -> PathBuf {
        PathBuf::from(format!("{table}.{}", self.extension))
    }

    /// Where a file is written until the directory takes its name.
    pub(super) fn place(&self, table: &str) -> Result<PathBuf, Failure> {
        self.folder.place(&self.file(table))
    }

    /// Writes a table; without rows too.
    pub(super) fn write<T: Table, S>(&self, rows: Option<&Batch<T, S>>) -> Result<u64, Failure> {
        let plan = OutputPlan {
            target: Target::File(self.place(T::SPEC.name)?),
            format: self.format,
            is_ipc_file: self.format == Format::Arrow,
            force: false,
            all: true,
        };
        write::<T, S>(&plan, rows)
    }

    /// Gives the directory its name.
    pub(super) fn publish(self) -> Result<(), Failure> {
        self.folder.publish()
    }
}

/// Writes a table to where a plan says; without rows too.
pub(super) fn write<T: Table, S>(
    plan: &OutputPlan,
    rows: Option<&Batch<T, S>>,
) -> Result<u64, Failure> {
    let Some(rows) = rows else {
        let output = TableOutput::open(plan, &Arc::new(T::SPEC.schema(false)))?;
        return Ok(output.finish()?.rows);
    };
    let rows: &AnyBatch = rows.as_any();
    let mut output = TableOutput::open(plan, &rows.slice(0, 0).into_record_batch().schema())?;
    let mut at = 0;
    while at < rows.len() {
        let n = OUT_ROWS.min(rows.len() - at);
        output.write(&rows.slice(at, n))?;
        at += n;
    }
    Ok(output.finish()?.rows)
}
