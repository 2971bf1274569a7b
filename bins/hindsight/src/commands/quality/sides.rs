//! What a run writes beside its rows.

use crate::cli::QualityRunArgs;
use crate::error::{CliError, Failure};
use crate::output::{Document, Format, OutputPlan, Pending, TableOutput, check_place};
use contract::{
    AnyBatch, DataQualityEvent, Draft, QualityEvents, Repairs, Table, TableBuilder, UtcNanos,
};
use quality::Repair;
use std::ffi::OsStr;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Findings and repairs, where they were asked for.
pub(super) struct Sides {
    now: UtcNanos,
    events: Option<Side>,
    repairs: Option<Side>,
}

struct Side {
    what: &'static str,
    path: PathBuf,
    output: TableOutput,
}

impl Side {
    fn open<T: Table>(
        what: &'static str,
        path: Option<&Path>,
        force: bool,
        inputs: &[(u64, u64)],
    ) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let plan = OutputPlan::side(path, force, inputs)?;
        let output = TableOutput::open(&plan, &Arc::new(T::SPEC.schema(false)))?;
        Ok(Some(Self { what, path: path.to_owned(), output }))
    }
}

impl Sides {
    /// Opens the files that were asked for.
    pub(super) fn plan(
        args: &QualityRunArgs,
        inputs: &[(u64, u64)],
        now: UtcNanos,
    ) -> Result<Self, Failure> {
        let force = args.output.force;
        let (events, repairs) = (args.events.as_deref(), args.repairs.as_deref());
        if args.output.dry_run {
            for path in [events, repairs].into_iter().flatten() {
                OutputPlan::side(path, force, inputs)?;
            }
            return Ok(Self { now, events: None, repairs: None });
        }
        Ok(Self {
            now,
            events: Side::open::<QualityEvents>("findings", events, force, inputs)?,
            repairs: Side::open::<Repairs>("repairs", repairs, force, inputs)?,
        })
    }

    pub(super) fn events(&mut self, events: &[DataQualityEvent]) -> Result<(), Failure> {
        let Some(side) = self.events.as_mut().filter(|_| !events.is_empty()) else { return Ok(()) };
        let rows = Draft::<QualityEvents>::from_events(events, self.now)?;
        side.output.write(rows.as_any())
    }

    pub(super) fn repairs(&mut self, table: &str, repairs: &[Repair]) -> Result<(), Failure> {
        let Some(side) = self.repairs.as_mut().filter(|_| !repairs.is_empty()) else {
            return Ok(());
        };
        let mut rows = TableBuilder::<Repairs>::new(self.now);
        for repair in repairs {
            rows.set(&Repairs::TABLE_NAME, table)
                .set(&Repairs::COLUMN, repair.column.as_str())
                .set(&Repairs::RULE, repair.rule.as_str())
                .set(&Repairs::SEQ, repair.id)
                .set(&Repairs::BEFORE, repair.before.as_slice())
                .set(&Repairs::AFTER, &[][..]);
            rows.end_row()?;
        }
        let rows = rows.finish()?;
        let rows: &AnyBatch = rows.as_any();
        side.output.write(rows)
    }

    /// Hands what is buffered to readers.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        for side in [&mut self.events, &mut self.repairs].into_iter().flatten() {
            side.output.flush()?;
        }
        Ok(())
    }

    /// Publishes the files; what each is, its path and its rows.
    pub(super) fn finish(&mut self) -> Result<Vec<(&'static str, PathBuf, u64)>, Failure> {
        let sides = [self.events.take(), self.repairs.take()].into_iter().flatten();
        sides.map(|side| Ok((side.what, side.path, side.output.finish()?.rows))).collect()
    }
}

/// A report that goes to a file.
pub(super) struct ReportFile {
    path: PathBuf,
    format: Format,
    force: bool,
}

impl ReportFile {
    /// Checks that the place is free and the extension has a meaning.
    pub(super) fn plan(path: &Path, force: bool, inputs: &[(u64, u64)]) -> Result<Self, Failure> {
        check_place(path, force, inputs)?;
        let format = match path.extension().and_then(OsStr::to_str) {
            Some("json") => Format::Json,
            Some("jsonl") => Format::Jsonl,
            _ => {
                return Err(CliError::BadValue {
                    flag: "--report",
                    expected: "a file .json or .jsonl",
                    found: path.display().to_string(),
                }
                .into());
            }
        };
        Ok(Self { path: path.to_owned(), format, force })
    }

    /// Writes the documents of a format, one a line.
    pub(super) fn write(
        self,
        documents: impl FnOnce(Format) -> Vec<Document>,
    ) -> Result<(), Failure> {
        let failed = |error| Failure::from(CliError::writing(&self.path, error));
        let mut file = BufWriter::new(Pending::create(&self.path, self.force)?);
        for document in documents(self.format) {
            writeln!(file, "{document}").map_err(failed)?;
        }
        file.into_inner().map_err(|error| failed(error.into_error()))?.publish()
    }
}
