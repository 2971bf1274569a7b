//! Where the answer of a statement goes, and in which form.

mod json;

use crate::error::SqlError;
use crate::forms::{FormError, presentable};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use contract::{AnyBatch, meta};
use hindsight::{ByteSink, CliError, Failure, Format, OutputPlan, TableOutput, Target};
use json::JsonOutput;
use query::Note;
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// Checks a request for an output.
///
/// The format is the one asked for, else what the extension says, else a table.
pub(crate) fn plan(
    format: Option<Format>,
    path: Option<&Path>,
    force: bool,
    all: bool,
    inputs: &[(u64, u64)],
) -> Result<OutputPlan, CliError> {
    let path = path.filter(|path| *path != Path::new("-"));
    let extension = path.and_then(Path::extension);
    let is_json = match format {
        Some(format) => format == Format::Json,
        None => extension == Some(OsStr::new("json")),
    };
    let format = match (is_json, path) {
        // One document, checked as lines are: only its format is one of reports.
        (true, _) => Some(Format::Jsonl),
        (false, None) => format.or(Some(Format::Table)),
        (false, Some(_)) => format,
    };
    let mut plan = OutputPlan::data("hindsight-query", format, path, force, inputs)?;
    if is_json {
        plan.format = Format::Json;
    }
    // Only a person who looks at it is served by less than the whole.
    plan.all = all || plan.target != Target::Stdout || !std::io::stdout().is_terminal();
    Ok(plan)
}

/// An answer on its way out; nothing looks complete before [`finish`](Self::finish).
pub(crate) struct Output {
    form: Form,
    schema: SchemaRef,
    rows: u64,
}

enum Form {
    /// Rows as they are.
    Exact(TableOutput),
    /// Rows as text.
    Text(TableOutput),
    /// One document.
    Json(JsonOutput),
    /// The text of a plan.
    Plan { sink: ByteSink, text: String },
}

impl Output {
    /// Opens the output for an answer of these columns.
    pub(crate) fn open(plan: &OutputPlan, schema: &Schema) -> Result<Self, Failure> {
        let schema = Arc::new(honest(schema));
        if !matches!(plan.format, Format::Table | Format::Csv) {
            check_names(&schema, plan.format)?;
        }
        let form = match plan.format {
            // What has no column is no table: a view was made or taken away.
            Format::Table if is_plan(&schema) || schema.fields().is_empty() => {
                Form::Plan { sink: ByteSink::open(plan)?, text: String::new() }
            }
            Format::Json => Form::Json(JsonOutput::open(plan, &schema)?),
            format if format.is_binary() => Form::Exact(TableOutput::open(plan, &schema)?),
            _ => Form::Text(TableOutput::open(plan, &schema)?),
        };
        Ok(Self { form, schema, rows: 0 })
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether what is written says itself which table of the contract it is.
    pub(crate) fn names_itself(&self) -> bool {
        self.schema.metadata().contains_key(meta::TABLE)
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let before = self.rows;
        self.rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        match &mut self.form {
            Form::Exact(output) => {
                // Batches of a plan may differ from its schema in what is said about a column.
                let columns = batch.columns().to_vec();
                let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
                output.write_raw(&batch.map_err(|e| defect(&e))?)
            }
            Form::Text(output) => output.write_raw(&text(batch, before)?),
            Form::Json(output) => output.write(&text(batch, before)?),
            Form::Plan { text, .. } => {
                for row in 0..batch.num_rows() {
                    for column in batch.columns() {
                        text.push_str(column.as_string::<i32>().value(row).trim_end());
                        text.push('\n');
                    }
                }
                Ok(())
            }
        }
    }

    /// Hands what is buffered to the reader: a slow statement shows the rows that it has.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.form {
            Form::Exact(output) | Form::Text(output) => output.flush(),
            Form::Json(_) | Form::Plan { .. } => Ok(()),
        }
    }

    /// Writes the end and publishes the file.
    pub(crate) fn finish(mut self, notes: &[Note]) -> Result<(), Failure> {
        if self.rows == 0 && matches!(self.form, Form::Text(_)) {
            // A table without rows has headings all the same.
            self.write(&RecordBatch::new_empty(Arc::clone(&self.schema)))?;
        }
        match self.form {
            Form::Exact(output) | Form::Text(output) => output.finish().map(|_| ()),
            Form::Json(output) => output.finish(self.rows, notes),
            Form::Plan { mut sink, text } => {
                sink.write_all(text.as_bytes()).map_err(|e| sink.failure(e))?;
                sink.publish().map(|_| ())
            }
        }
    }
}

/// The schema without the name of a table of the contract that it has no more all columns of. Whether the columns know the
/// future stays with any part of it.
fn honest(schema: &Schema) -> Schema {
    let mut metadata = schema.metadata().clone();
    let named = metadata.get(meta::TABLE).and_then(|name| contract::table(name));
    let empty = RecordBatch::new_empty(Arc::new(schema.clone()));
    let is_part = named.is_none_or(|spec| AnyBatch::parse(spec, &empty).is_err());
    if metadata.contains_key(meta::TABLE) && is_part {
        metadata.retain(|key, _| key == meta::CAUSALITY || !key.starts_with("hindsight."));
    }
    Schema::new_with_metadata(schema.fields().clone(), metadata)
}

fn check_names(schema: &Schema, format: Format) -> Result<(), SqlError> {
    for field in schema.fields() {
        let found = schema.fields().iter().filter(|other| other.name() == field.name()).count();
        if found > 1 {
            let name = field.name().clone();
            return Err(SqlError::DuplicateColumn { name, format: format.word(), found });
        }
    }
    Ok(())
}

/// Whether an answer is the text of a plan.
fn is_plan(schema: &Schema) -> bool {
    let columns: Vec<(&str, &DataType)> =
        schema.fields().iter().map(|f| (f.name().as_str(), f.data_type())).collect();
    columns == [("plan_type", &DataType::Utf8), ("plan", &DataType::Utf8)]
}

/// A batch in the forms of text, behind this many rows.
fn text(batch: &RecordBatch, before: u64) -> Result<RecordBatch, Failure> {
    presentable(batch).map_err(|error| match error {
        FormError::Value { column, row, found } => {
            let row = before.saturating_add(u64::try_from(row).unwrap_or(u64::MAX));
            let place = format!("column `{column}`, row {row}");
            let expected = "a value with a text form";
            SqlError::NoTextForm { place, expected, found }.into()
        }
        FormError::Type { column, found } => {
            let (place, expected) = (format!("column `{column}`"), "a type with a text form");
            SqlError::NoTextForm { place, expected, found }.into()
        }
        FormError::Arrow(error) => defect(&error),
    })
}

fn defect(error: &ArrowError) -> Failure {
    let (path, reason) = ("the answer".to_owned(), error.to_string());
    CliError::EncodeFailed { path, format: "text", reason }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_table_does_not_call_itself_by_the_name_of_the_table() {
        let whole = contract::table("trades").unwrap().schema(true);
        assert_eq!(honest(&whole).metadata()[meta::TABLE], "trades");
        let part = whole.project(&[0, 9]).unwrap();
        assert_eq!(part.metadata()[meta::TABLE], "trades", "the fault is there");
        let left = honest(&part).metadata().clone();
        assert_eq!(left.keys().collect::<Vec<_>>(), [meta::CAUSALITY]);
    }
}
