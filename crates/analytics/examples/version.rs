//! Derived features over a version of a dataset, or over rows of features: their first rows, what they hold, and what
//! they go together with.
//!
//! `cargo run -p analytics --example version -- --derived FILE.toml [-o OUT.parquet] VERSION|FOLDER|FILE.parquet ..`
//!
//! The folder of a version stands for its train rows, since every look at test spends it. Folders of other splits are
//! named one by one: `VERSION/data/train VERSION/data/validation`. A version as a whole is marked `hindsight`, so formulas
//! see its keys and features alone, and a cross-section among its rows, which labels have chosen, is refused.

use analytics::{DerivedError, DerivedPlan, DerivedSpec, Statistics};
use arrow_select::concat::concat_batches;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::{Float64Type, TimestampNanosecondType, UInt32Type, UInt64Type};
use contract::arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray};
use contract::arrow_schema::{DataType, Field, Schema};
use contract::{Diagnostic, UtcNanos, meta};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

type Done<T> = Result<T, Box<dyn Error>>;

const USAGE: &str =
    "usage: version --derived FILE.toml [-o OUT.parquet] VERSION|FOLDER|FILE.parquet ..";
/// Rows of the first table that is printed, and pairs of the last one.
const SHOWN: usize = 5;
const STRONGEST: usize = 10;

fn main() -> ExitCode {
    match run(std::env::args().skip(1), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where there is no place left to say it, the exit code does.
            drop(writeln!(io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The whole example; what it prints goes to `out`.
pub(crate) fn run(args: impl IntoIterator<Item = String>, out: &mut impl Write) -> Done<()> {
    let Asked { declared, target, places } = Asked::parse(args)?;
    let mut rows = Vec::new();
    for file in data_files(&places)? {
        rows.extend(read(&file)?);
    }
    let table = rows.first().ok_or("no rows")?.schema();

    // Names and types are checked before a row is looked at.
    let text = fs::read_to_string(&declared)?;
    let wrong = |error: DerivedError| told(&declared, &error);
    let known = if is_hindsight(&table) { known(&rows)? } else { rows.clone() };
    let known_schema = known.first().ok_or("no rows")?.schema();
    let plan = DerivedSpec::parse(&text).and_then(|s| s.resolve(&known_schema)).map_err(wrong)?;
    if is_hindsight(&table) && !plan.is_row_wise() {
        let what = "expected formulas only, found a cross-section among rows that their labels have chosen";
        let help = "`hindsight features run` has all rows";
        return Err(format!("{}: {what}\n  = {help}", declared.display()).into());
    }
    let derived = plan.evaluate(&known).map_err(wrong)?;

    let with_keys = beside(&rows, &["key"], &derived)?;
    first_rows(out, &with_keys)?;

    // Features, labels and the split of each row beside what was derived.
    let about = beside(&rows, &["split", "feature", "label"], &derived)?;
    let about_schema = about.first().ok_or("no rows")?.schema();
    let mut statistics = Statistics::new(&about_schema)?;
    for batch in &about {
        statistics.push(batch)?;
    }
    summary_table(out, &statistics.summary()?, &plan)?;
    strongest(out, &pairs(&statistics, &about_schema, &plan)?)?;

    if let Some(target) = target {
        write(&target, &with_keys)?;
        writeln!(out, "\n{} rows in {}", count(&with_keys), target.display())?;
    }
    Ok(())
}

/// What the words ask for.
struct Asked {
    declared: PathBuf,
    target: Option<PathBuf>,
    places: Vec<PathBuf>,
}

impl Asked {
    fn parse(args: impl IntoIterator<Item = String>) -> Done<Self> {
        let (mut declared, mut target, mut places) = (None, None, Vec::new());
        let mut args = args.into_iter();
        while let Some(word) = args.next() {
            match word.as_str() {
                "--derived" => declared = Some(args.next().ok_or(USAGE)?.into()),
                "-o" => target = Some(args.next().ok_or(USAGE)?.into()),
                _ if word.starts_with('-') => return Err(USAGE.into()),
                _ => places.push(word.into()),
            }
        }
        let declared = declared.filter(|_| !places.is_empty()).ok_or(USAGE)?;
        Ok(Self { declared, target, places })
    }
}

/// The data files of these places, those of a folder in the order of their names, which is that of time.
fn data_files(places: &[PathBuf]) -> Done<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in places {
        if !place.is_dir() {
            files.push(place.clone());
            continue;
        }
        let train = place.join("data/train");
        let folder = if train.is_dir() { &train } else { place };
        let found = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.retain(|path| path.extension().is_some_and(|end| end == "parquet"));
        if found.is_empty() {
            return Err(format!("{}: expected Parquet files, found none", folder.display()).into());
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// The rows of a file, with a column `split`: the folder below `data`, for a file of a version.
fn read(file: &Path) -> Done<Vec<RecordBatch>> {
    let named = |error: &dyn Error| format!("{}: {error}", file.display());
    let opened = File::open(file).map_err(|error| named(&error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| named(&error))?;
    let folder =
        file.parent().filter(|folder| folder.parent().is_some_and(|p| p.ends_with("data")));
    let folder =
        folder.and_then(Path::file_name).map_or("all".into(), |name| name.to_string_lossy());
    let split = Field::new("split", DataType::Utf8, false);
    let split = split.with_metadata([("hindsight.role".to_owned(), "split".to_owned())].into());
    let schema = reader.schema();
    let fields = std::iter::once(Arc::new(split)).chain(schema.fields().iter().cloned());
    let fields: Vec<_> = fields.collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let mut rows = Vec::new();
    for batch in reader.build()? {
        let batch = batch.map_err(|error| named(&error))?;
        let names = StringArray::from_iter_values((0..batch.num_rows()).map(|_| &folder));
        let columns = std::iter::once(Arc::new(names) as ArrayRef);
        let columns = columns.chain(batch.columns().iter().cloned()).collect();
        rows.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    Ok(rows)
}

/// Whether the table as a whole was made with what came after.
fn is_hindsight(table: &Schema) -> bool {
    table.metadata().get(meta::CAUSALITY).is_some_and(|word| word == "hindsight")
}

fn is_derived(plan: &DerivedPlan, column: &str) -> bool {
    plan.schema().column_with_name(column).is_some()
}

/// What a column is to a version: what its metadata say, else what its name does.
fn role(field: &Field) -> &str {
    let keys = ["row_id", "decision_id", "ts_cutoff", "seq", "instrument_id", "strategy_id"];
    match field.metadata().get("hindsight.role") {
        Some(role) => role,
        None if keys.contains(&field.name().as_str()) => "key",
        None if field.name().contains("__") => "feature",
        None => "",
    }
}

/// The keys and features of a version: what was known at the decision, and says so itself.
fn known(rows: &[RecordBatch]) -> Done<Vec<RecordBatch>> {
    let known = |batch: &RecordBatch| {
        let schema = batch.schema();
        let says = |field: &Field| {
            let role = field.metadata().get("hindsight.role").map(String::as_str);
            matches!(role, Some("key" | "feature"))
        };
        let chosen = schema.fields().iter().zip(batch.columns()).filter(|(field, _)| says(field));
        let (fields, columns): (Vec<_>, Vec<_>) =
            chosen.map(|(field, column)| (Arc::clone(field), Arc::clone(column))).unzip();
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    };
    rows.iter().map(known).collect()
}

/// The columns of these roles, and the derived ones of the same rows behind them. A mark of the table stays.
fn beside(rows: &[RecordBatch], roles: &[&str], derived: &[RecordBatch]) -> Done<Vec<RecordBatch>> {
    let both = rows.iter().zip(derived).map(|(rows, derived)| {
        let (schema, more) = (rows.schema(), derived.schema());
        let chosen = schema.fields().iter().zip(rows.columns());
        let chosen = chosen.filter(|(field, _)| roles.contains(&role(field)));
        let all = chosen.chain(more.fields().iter().zip(derived.columns()));
        let (fields, columns): (Vec<_>, Vec<_>) =
            all.map(|(field, column)| (Arc::clone(field), Arc::clone(column))).unzip();
        let mark = schema.metadata().get_key_value(meta::CAUSALITY);
        let said = mark.into_iter().chain(more.metadata()).map(|(k, v)| (k.clone(), v.clone()));
        let schema = Schema::new_with_metadata(fields, said.collect());
        Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
    });
    both.collect()
}

/// Times, instruments and derived values of the first rows.
fn first_rows(out: &mut impl Write, rows: &[RecordBatch]) -> Done<()> {
    let schema = rows.first().ok_or("no rows")?.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let names: Vec<&str> = names
        .filter(|name| !["row_id", "decision_id", "seq", "strategy_id"].contains(name))
        .collect();
    let places = rows.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    let cells = places.take(SHOWN).map(|(batch, row)| {
        names.iter().map(|name| cell(batch.column_by_name(name), row)).collect()
    });
    writeln!(out, "first of {} rows", count(rows))?;
    grid(out, &names, cells.collect())
}

/// One line a derived column and split.
fn summary_table(out: &mut impl Write, summary: &RecordBatch, plan: &DerivedPlan) -> Done<()> {
    let names =
        ["split", "column", "count", "nulls", "mean", "std", "min", "median", "max", "n_unique"];
    // Rows without a split are those of all splits together.
    let is_shown = |row: &usize| {
        is_derived(plan, text_of(summary, "column", *row))
            && !text_of(summary, "split", *row).is_empty()
    };
    let cells = (0..summary.num_rows())
        .filter(is_shown)
        .map(|row| names.iter().map(|name| cell(summary.column_by_name(name), row)).collect());
    writeln!(out, "\nsummary")?;
    grid(out, &names, cells.collect())
}

/// Every pair of numbers with a derived column; among many features all pairs would be many.
fn pairs(statistics: &Statistics, table: &Schema, plan: &DerivedPlan) -> Done<RecordBatch> {
    let numbers = table.fields().iter().filter(|field| field.data_type().is_numeric());
    let names = numbers.map(|field| field.name().as_str());
    let (derived, others): (Vec<_>, Vec<_>) = names.partition(|name| is_derived(plan, name));
    let mut found = Vec::new();
    for (at, one) in derived.iter().enumerate() {
        for other in others.iter().chain(derived.iter().skip(at + 1)) {
            found.push(statistics.correlation(&[other, one])?);
        }
    }
    let schema = statistics.correlation(derived.get(..1).unwrap_or_default())?.schema();
    Ok(concat_batches(&schema, &found)?)
}

/// The pairs that rank most alike or most unlike, in each split.
fn strongest(out: &mut impl Write, pairs: &RecordBatch) -> Done<()> {
    let names = ["split", "column_a", "column_b", "n", "pearson", "spearman"];
    let spearman = pairs.column_by_name("spearman").ok_or("no ranks")?;
    let spearman = spearman.as_primitive::<Float64Type>();
    let split = |row: usize| text_of(pairs, "split", row);
    let splits: BTreeSet<&str> = (0..pairs.num_rows()).map(split).collect();
    let mut cells = Vec::new();
    for one in splits.into_iter().filter(|name| !name.is_empty()) {
        let mut rows: Vec<usize> = (0..pairs.num_rows())
            .filter(|row| split(*row) == one && spearman.is_valid(*row))
            .collect();
        rows.sort_by(|a, b| {
            spearman.value(*b).abs().total_cmp(&spearman.value(*a).abs()).then(a.cmp(b))
        });
        let line = |row: usize| names.iter().map(|n| cell(pairs.column_by_name(n), row)).collect();
        cells.extend(rows.into_iter().take(STRONGEST).map(line));
    }
    writeln!(out, "\nstrongest correlations")?;
    grid(out, &names, cells)
}

/// One Parquet file with these rows, there whole or not at all but for a full disk.
fn write(target: &Path, rows: &[RecordBatch]) -> Done<()> {
    let mut bytes = Vec::new();
    let schema = rows.first().ok_or("no rows")?.schema();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None)?;
    for batch in rows {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(fs::write(target, bytes)?)
}

/// An error with its place in the file of declarations, and what helps.
fn told(file: &Path, error: &DerivedError) -> String {
    let place = error.place().map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
    let help = error.help().map_or(String::new(), |help| format!("\n  = {help}"));
    format!("{}{place}: {error}{help}", file.display())
}

fn count(rows: &[RecordBatch]) -> usize {
    rows.iter().map(RecordBatch::num_rows).sum()
}

/// A cell of a column of text; empty where it is null.
fn text_of<'t>(table: &'t RecordBatch, column: &str, row: usize) -> &'t str {
    let texts = table.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    texts.filter(|texts| texts.is_valid(row)).map_or("", |texts| texts.value(row))
}

/// A cell as text; a dot where it is null.
fn cell(column: Option<&ArrayRef>, row: usize) -> String {
    let Some(column) = column.filter(|column| column.is_valid(row)) else { return ".".to_owned() };
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:.6}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(..) => {
            let nanos = column.as_primitive::<TimestampNanosecondType>().value(row);
            UtcNanos::from_nanos(nanos).to_string()
        }
        other => other.to_string(),
    }
}

/// Lines of cells in columns as wide as their widest cell.
fn grid(out: &mut impl Write, names: &[&str], lines: Vec<Vec<String>>) -> Done<()> {
    let head = names.iter().map(|name| (*name).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(lines).collect();
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(String::len).max();
    for line in &lines {
        let cells = line.iter().enumerate();
        let padded = cells.map(|(at, cell)| format!("{cell:<w$}", w = width(at).unwrap_or(0)));
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
