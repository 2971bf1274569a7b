//! One set of files for readers in other languages, and the check of what they wrote back.

use crate::files::{read_parquet, write_parquet};
use crate::random::random_table;
use crate::rng::Rng;
use crate::sample::sample_decisions;
use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::DataType;
use arrow_select::concat::concat_batches;
use contract::{AnyBatch, Json, Origin, RowDigest, TABLES, TableSpec, TextTable, admit_any};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Why interop files could not be written or differ from what was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// A column type without random values.
    #[error("expected a column type with random values, found `{0}`")]
    UnknownType(String),
    /// The disk.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Arrow itself.
    #[error(transparent)]
    Arrow(#[from] arrow_schema::ArrowError),
    /// Parquet itself.
    #[error(transparent)]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A batch that is not of its table.
    #[error(transparent)]
    Shape(#[from] contract::ShapeError),
    /// Rows that could not be put together.
    #[error(transparent)]
    Build(#[from] contract::BuildError),
    /// A writer of text.
    #[error(transparent)]
    Text(#[from] std::fmt::Error),
    /// A folder to check without a file of any table.
    #[error("{0}: expected Parquet files named for tables, found none")]
    Empty(PathBuf),
}

/// What the check of one file found.
#[derive(Debug)]
#[non_exhaustive]
pub struct TableCheck {
    /// The file.
    pub path: PathBuf,
    /// Nothing where the rows are the rows written, else what is different.
    pub difference: Option<String>,
}

fn rows_of(spec: &'static TableSpec, seed: u64, rows: usize) -> Result<AnyBatch, InteropError> {
    random_table(spec, &mut Rng::named(seed, spec.name), rows)
}

/// Writes `<table>.parquet`, `.arrows` (IPC stream), `.jsonl` and `.csv` for every table, and `tables.jsonl`, which
/// says the type of every column; `guide/decisions.parquet` and `.arrows` hold [`sample_decisions`].
///
/// - **Shape:** the same rows in all four files of a table, see [`random_table`]; the number of tables comes back.
///
/// # Errors
/// [`InteropError`].
pub fn write_files(folder: &Path, seed: u64, rows: usize) -> Result<usize, InteropError> {
    fs::create_dir_all(folder)?;
    let mut tables = BufWriter::new(File::create(folder.join("tables.jsonl"))?);
    for spec in TABLES {
        let rows = rows_of(spec, seed, rows)?;
        writeln!(tables, "{}", description(&rows))?;
        let mut text = String::new();
        let mut csv = String::new();
        contract::csv_header(&mut csv, &rows)?;
        csv.push('\n');
        for row in 0..rows.len() {
            contract::write_json_row(&mut text, &rows, row)?;
            text.push('\n');
            contract::write_csv_row(&mut csv, &rows, row)?;
            csv.push('\n');
        }
        let path = |extension: &str| folder.join(format!("{}.{extension}", spec.name));
        fs::write(path("jsonl"), text)?;
        fs::write(path("csv"), csv)?;
        let batch = rows.into_record_batch();
        write_parquet(&path("parquet"), &batch)?;
        write_stream(&path("arrows"), &batch)?;
    }
    tables.flush()?;
    let guide = folder.join("guide");
    fs::create_dir_all(&guide)?;
    let sample = sample_decisions()?.into_record_batch();
    write_parquet(&guide.join("decisions.parquet"), &sample)?;
    write_stream(&guide.join("decisions.arrows"), &sample)?;
    Ok(TABLES.len())
}

fn write_stream(path: &Path, batch: &RecordBatch) -> Result<(), InteropError> {
    let file = BufWriter::new(File::create(path)?);
    let mut stream = StreamWriter::try_new(file, &batch.schema())?;
    stream.write(batch)?;
    stream.finish()?;
    stream.into_inner()?.flush()?;
    Ok(())
}

/// Table, columns and their contract types, as one line.
fn description(rows: &AnyBatch) -> Json {
    let column = |name: &str, ty: &str, nullable: bool| {
        Json::object([
            ("name", Json::from(name)),
            ("type", Json::from(ty)),
            ("nullable", Json::from(nullable)),
        ])
    };
    let seq = rows.seq().map(|_| column("seq", "u64", false));
    let fixed = rows.columns().map(|(c, _)| column(c.name, &c.ty.name(), c.nullable));
    let dynamic = rows.dynamic().map(|(field, _)| {
        let ty = match field.data_type() {
            DataType::Float64 => "f64",
            DataType::UInt16 => "u16",
            DataType::Int64 => "i64",
            DataType::Decimal128(..) => "dec",
            _ => "ts",
        };
        column(field.name(), ty, true)
    });
    let columns: Vec<Json> = seq.into_iter().chain(fixed).chain(dynamic).collect();
    Json::object([("table", Json::from(rows.spec().name)), ("columns", Json::Array(columns))])
}

/// Reads every `<table>.parquet`, `.arrows` and `.jsonl` of a folder through the contract and compares the rows with
/// those of the seed, by row digest and `seq`.
///
/// - **Shape:** one check a file, by table; a table without file is left out. Text passes the row rules, so its good
///   rows are compared with the good rows of the seed; tables with dynamic columns have no text door.
///
/// # Errors
/// [`InteropError::Empty`] for a folder without files; a file that cannot be read is a difference, not an error.
pub fn verify(folder: &Path, seed: u64, rows: usize) -> Result<Vec<TableCheck>, InteropError> {
    let mut checks = Vec::new();
    for spec in TABLES {
        let mut check = |extension: &str, read: fn(&AnyBatch, &Path) -> Outcome| {
            let path = folder.join(format!("{}.{extension}", spec.name));
            if path.exists() {
                let difference = match rows_of(spec, seed, rows).and_then(|r| read(&r, &path)) {
                    Ok(difference) => difference,
                    Err(error) => Some(error.to_string()),
                };
                checks.push(TableCheck { path, difference });
            }
        };
        check("parquet", |rows, path| compare(rows, &read_parquet(path)?));
        check("arrows", |rows, path| compare(rows, &read_stream(path)?));
        if !spec.is_dynamic {
            check("jsonl", compare_text);
        }
    }
    if checks.is_empty() { Err(InteropError::Empty(folder.to_owned())) } else { Ok(checks) }
}

type Outcome = Result<Option<String>, InteropError>;

fn read_stream(path: &Path) -> Result<RecordBatch, InteropError> {
    let reader = StreamReader::try_new(BufReader::new(File::open(path)?), None)?;
    let schema = reader.schema();
    let batches: Result<Vec<RecordBatch>, _> = reader.collect();
    Ok(concat_batches(&schema, &batches?)?)
}

fn compare(expected: &AnyBatch, found: &RecordBatch) -> Outcome {
    let found = AnyBatch::parse(expected.spec(), found)?;
    let mut difference = String::new();
    if found.len() != expected.len() {
        write!(difference, "expected {} rows, found {}", expected.len(), found.len())?;
    } else if found.seq() != expected.seq() {
        difference.push_str("`seq` differs");
    } else if RowDigest::of(&found) != RowDigest::of(expected) {
        let column = expected.columns().zip(found.columns()).find(|((_, e), (_, f))| e != f);
        let name = column.map_or("a dynamic or unknown column", |((c, _), _)| c.name);
        write!(difference, "the row digest differs, in `{name}` at first")?;
    }
    Ok((!difference.is_empty()).then_some(difference))
}

fn compare_text(expected: &AnyBatch, path: &Path) -> Outcome {
    let spec = expected.spec();
    let origin = Origin::new("interop", "rows");
    let mut text = TextTable::new(spec, origin.clone(), None);
    for (number, line) in (1_u64..).zip(fs::read_to_string(path)?.lines()) {
        text.json_line(number, line.as_bytes());
    }
    let found = text.take()?;
    let admitted = admit_any(spec, &expected.clone().into_record_batch(), &origin)?;
    let counts = (found.good.len(), found.rejects.len());
    let expected = (admitted.good.len(), admitted.rejects.len());
    if counts != expected {
        let known = |position| admitted.rejects.iter().any(|r| r.position == position);
        let new = found.rejects.iter().find(|r| !known(r.position - 1));
        let new = new.map_or_else(String::new, |reject| format!(": {reject}"));
        return Ok(Some(format!(
            "expected {expected:?} good rows and rejects, found {counts:?}{new}"
        )));
    }
    let same = RowDigest::of(&found.good) == RowDigest::of(&admitted.good);
    Ok((!same).then(|| "the row digest of the good rows differs".to_owned()))
}
