//! The example over a version: derived columns, summary and correlations against the plain way to compute each.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, Float64Array, Int8Array, RecordBatch, TimestampNanosecondArray, UInt32Array,
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

#[path = "../../examples/version.rs"]
#[expect(dead_code, reason = "`main` of the example is the test here")]
mod example;

const DECLARED: &str = r#"
[[derived]]
name = "x_desk__qi_per_bps__now"
unit = "ratio"
null = "propagate"
expr = "book__qi__now / book__spread_bps__now"

[[derived]]
name = "x_desk__qi_abs__now"
unit = "ratio"
null = { value = 0.25 }
expr = "abs(book__qi__now)"
"#;

const RANK: &str = r#"
[[derived]]
name = "x_desk__spread_rank__now"
unit = "ratio"
null = { value = 0.5 }
rank = { of = "book__spread_bps__now", stat = "share", by = ["instrument_id"] }
"#;

/// A row: cut-off, instrument, imbalance, spread, class.
#[derive(Debug, Clone, Copy)]
struct Row {
    cutoff: i64,
    instrument: u32,
    qi: Option<f64>,
    spread: Option<f64>,
    class: i8,
}

/// Rows with ties, nulls and spreads of zero, four to a cut-off.
fn rows(first: u32, n: u32) -> Vec<Row> {
    let row = |i: u32| Row {
        cutoff: i64::from(i / 4) * 1_000,
        instrument: i % 2,
        qi: (i % 7 != 3).then(|| f64::from(i * 37 % 19) / 19.0 - 0.5),
        spread: (i % 11 != 5).then(|| f64::from(i * 5 % 6)),
        class: i8::try_from(i * 13 % 3).unwrap() - 1,
    };
    (first..first + n).map(row).collect()
}

fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    // Batches come without the metadata of the file.
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let columns = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).unwrap();
    RecordBatch::try_new(schema, columns.columns().to_vec()).unwrap()
}

/// The columns of rows of features, as `hindsight features run` writes them.
fn features(rows: &[Row]) -> RecordBatch {
    let cutoffs: TimestampNanosecondArray = rows.iter().map(|r| Some(r.cutoff)).collect();
    let instruments: UInt32Array = rows.iter().map(|r| Some(r.instrument)).collect();
    let qi: Float64Array = rows.iter().map(|r| r.qi).collect();
    let spread: Float64Array = rows.iter().map(|r| r.spread).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("ts_cutoff", Arc::new(cutoffs.with_timezone("UTC"))),
        ("instrument_id", Arc::new(instruments)),
        ("book__qi__now", Arc::new(qi)),
        ("book__spread_bps__now", Arc::new(spread)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The same with label and weight as `hindsight datasets build` writes them: each column says its role, and the table is
/// marked.
fn labelled(rows: &[Row]) -> RecordBatch {
    let known = features(rows);
    let classes: Int8Array = rows.iter().map(|r| Some(r.class)).collect();
    let more: [(&str, ArrayRef); 2] = [
        ("label__ahead", Arc::new(classes)),
        ("weight__total", Arc::new(Float64Array::from(vec![1.0; rows.len()]))),
    ];
    let mark = ("hindsight.causality".to_owned(), "hindsight".to_owned());
    let mut columns = known.columns().to_vec();
    let mut fields = Vec::new();
    for (field, role) in known.schema().fields().iter().zip(["key", "key", "feature", "feature"]) {
        let said = [("hindsight.role".to_owned(), role.to_owned())];
        fields.push(field.as_ref().clone().with_metadata(said.into()));
    }
    for ((name, column), role) in more.into_iter().zip(["label", "weight"]) {
        let said = [("hindsight.role".to_owned(), role.to_owned()), mark.clone()];
        let field = Field::new(name, column.data_type().clone(), true);
        fields.push(field.with_metadata(said.into()));
        columns.push(column);
    }
    let schema = Schema::new_with_metadata(fields, [mark].into());
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// A version of three splits, train in two files.
fn version() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write(&data.join("train/2026-03-28-000.parquet"), &labelled(&rows(0, 42)));
    write(&data.join("train/2026-03-29-000.parquet"), &labelled(&rows(42, 18)));
    write(&data.join("validation/2026-03-30-000.parquet"), &labelled(&rows(60, 21)));
    write(&data.join("test/2026-03-31-000.parquet"), &labelled(&rows(81, 9)));
    fs::write(folder.path().join("derived.toml"), DECLARED).unwrap();
    folder
}

/// What the example prints, or why it does not.
fn run(folder: &Path, places: &[&str]) -> Result<String, String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut args =
        vec!["--derived".to_owned(), path("derived.toml"), "-o".to_owned(), path("out.parquet")];
    args.extend(places.iter().map(|place| path(place)));
    let mut out = Vec::new();
    example::run(args, &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

/// The lines of a part, in words, without its head.
fn part<'t>(text: &'t str, title: &str) -> Vec<Vec<&'t str>> {
    let part = text.split("\n\n").find(|part| part.starts_with(title)).unwrap();
    part.lines().skip(2).map(|line| line.split_whitespace().collect()).collect()
}

fn ratios(rows: &[Row]) -> Vec<Option<f64>> {
    let ratio = |r: &Row| Some(r.qi? / r.spread.filter(|spread| *spread != 0.0)?);
    rows.iter().map(ratio).collect()
}

fn sizes(rows: &[Row]) -> Vec<Option<f64>> {
    rows.iter().map(|r| Some(r.qi.map_or(0.25, |qi| if qi < 0.0 { -qi } else { qi }))).collect()
}

/// The place of each spread among those of its cut-off and instrument, over how many they are.
fn ranks(rows: &[Row]) -> Vec<Option<f64>> {
    let rank = |row: &Row| {
        let Some(own) = row.spread else { return Some(0.5) };
        let same = rows.iter().filter(|r| (r.cutoff, r.instrument) == (row.cutoff, row.instrument));
        let members: Vec<f64> = same.filter_map(|r| r.spread).collect();
        Some(place(own, &members) / members.len() as f64)
    };
    rows.iter().map(rank).collect()
}

/// The mean of the places that equal values share, from 1.
fn place(own: f64, members: &[f64]) -> f64 {
    let below = members.iter().filter(|m| **m < own).count();
    let above = members.iter().filter(|m| **m > own).count();
    f64::midpoint((below + 1) as f64, (members.len() - above) as f64)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// Printed with six places.
#[track_caller]
fn close(found: &str, expected: f64, about: &str) {
    let found: f64 = found.parse().unwrap();
    assert!((found - expected).abs() < 1e-6, "{about}: found {found}, expected {expected}");
}

#[track_caller]
fn check_summary(line: &[&str], values: &[Option<f64>]) {
    let mut known: Vec<f64> = values.iter().flatten().copied().collect();
    known.sort_by(f64::total_cmp);
    let n = known.len();
    assert_eq!(line[2..4], [n.to_string(), (values.len() - n).to_string()], "{line:?}");
    let squares: f64 = known.iter().map(|v| (v - mean(&known)).powi(2)).sum();
    let half = f64::midpoint(known[(n - 1) / 2], known[n / 2]);
    let expected = [mean(&known), (squares / (n - 1) as f64).sqrt(), known[0], half, known[n - 1]];
    for (found, expected) in line[4..9].iter().zip(expected) {
        close(found, expected, &format!("{line:?}"));
    }
}

fn floats(rows: &RecordBatch, column: &str) -> Vec<Option<f64>> {
    rows.column_by_name(column).unwrap().as_primitive::<Float64Type>().iter().collect()
}

fn names(rows: &RecordBatch) -> Vec<String> {
    rows.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn formulas_over_train_are_those_of_the_plain_way_and_go_out_with_keys_and_the_mark() {
    let folder = version();
    run(folder.path(), &["."]).unwrap();
    let rows = rows(0, 60);
    let found = read(&folder.path().join("out.parquet"));
    let derived = ["x_desk__qi_per_bps__now", "x_desk__qi_abs__now"];
    assert_eq!(names(&found), ["ts_cutoff", "instrument_id", derived[0], derived[1]]);
    assert_eq!(floats(&found, derived[0]), ratios(&rows));
    assert_eq!(floats(&found, derived[1]), sizes(&rows));
    assert_eq!(found.schema().field(2).metadata()["hindsight.unit"], "ratio");
    assert_eq!(found.schema().field(3).metadata()["hindsight.null_rule"], "value 0.25");
    assert_eq!(found.schema().metadata()["hindsight.causality"], "hindsight");
}

#[test]
fn ranks_over_rows_of_features_are_those_of_the_plain_way_across_files() {
    let folder = version();
    // The cut-off of rows 40 to 43 lies in both files.
    write(&folder.path().join("a.parquet"), &features(&rows(0, 42)));
    write(&folder.path().join("b.parquet"), &features(&rows(42, 18)));
    fs::write(folder.path().join("derived.toml"), RANK).unwrap();
    let text = run(folder.path(), &["a.parquet", "b.parquet"]).unwrap();
    let found = read(&folder.path().join("out.parquet"));
    assert!(text.contains("\nall    x_desk__spread_rank__now  60 "), "{text}");
    assert_eq!(names(&found), ["ts_cutoff", "instrument_id", "x_desk__spread_rank__now"]);
    assert_eq!(floats(&found, "x_desk__spread_rank__now"), ranks(&rows(0, 60)));
    assert!(!found.schema().metadata().contains_key("hindsight.causality"));
}

#[test]
fn summary_and_correlations_are_those_of_the_plain_way_in_every_split_that_was_named() {
    let folder = version();
    let text = run(folder.path(), &["data/train", "data/validation"]).unwrap();
    assert!(text.starts_with("first of 81 rows\n"), "{text}");
    let summary = part(&text, "summary");
    let pairs = part(&text, "strongest correlations");
    assert_eq!((summary.len(), pairs.len()), (4, 14), "{text}");
    for (split, rows) in [("train", rows(0, 60)), ("validation", rows(60, 21))] {
        let line = |column: &str| summary.iter().find(|l| l[..2] == [split, column]).unwrap();
        check_summary(line("x_desk__qi_per_bps__now"), &ratios(&rows));
        check_summary(line("x_desk__qi_abs__now"), &sizes(&rows));

        let column = |name: &str| -> Vec<Option<f64>> {
            match name {
                "book__qi__now" => rows.iter().map(|r| r.qi).collect(),
                "book__spread_bps__now" => rows.iter().map(|r| r.spread).collect(),
                "label__ahead" => rows.iter().map(|r| Some(f64::from(r.class))).collect(),
                "x_desk__qi_per_bps__now" => ratios(&rows),
                "x_desk__qi_abs__now" => sizes(&rows),
                other => panic!("{other} is none of the numbers"),
            }
        };
        let of_split: Vec<_> = pairs.iter().filter(|line| line[0] == split).collect();
        // Two features and a label beside each of the two, and the two themselves.
        assert_eq!(of_split.len(), 7);
        let mut before = f64::INFINITY;
        for line in of_split {
            let both = column(line[1]).into_iter().zip(column(line[2]));
            let (a, b): (Vec<f64>, Vec<f64>) = both.filter_map(|(a, b)| a.zip(b)).unzip();
            assert_eq!(line[3], a.len().to_string(), "{line:?}");
            close(line[4], pearson(&a, &b), &format!("{line:?}"));
            let ranked = |of: &[f64]| of.iter().map(|v| place(*v, of)).collect::<Vec<_>>();
            let spearman = pearson(&ranked(&a), &ranked(&b));
            close(line[5], spearman, &format!("{line:?}"));
            assert!(spearman.abs() <= before + 1e-12, "{line:?}");
            before = spearman.abs();
        }
    }
}

#[test]
fn a_version_alone_is_its_train_rows() {
    let folder = version();
    let whole = run(folder.path(), &["."]).unwrap();
    assert_eq!(run(folder.path(), &["data/train"]).unwrap(), whole);
    let files = ["data/train/2026-03-28-000.parquet", "data/train/2026-03-29-000.parquet"];
    assert_eq!(run(folder.path(), &files).unwrap(), whole);
    let splits: Vec<_> = part(&whole, "summary").iter().map(|line| line[0]).collect();
    assert_eq!(splits, ["train", "train"], "{whole}");
}

#[test]
fn what_needs_the_future_and_what_is_not_there_are_told_with_their_place_and_nothing_is_written() {
    let folder = version();
    let declared = folder.path().join("derived.toml");
    for (text, expected) in [
        (
            DECLARED.replacen("book__qi__now", "label__ahead", 1),
            ":6:9: derived feature `x_desk__qi_per_bps__now`: no column `label__ahead`",
        ),
        (
            DECLARED.replacen("book__qi__now", "book__qi_now", 1),
            ":6:9: derived feature `x_desk__qi_per_bps__now`: no column `book__qi_now`\n  = near names: book__qi__now",
        ),
        (
            RANK.to_owned(),
            ": expected formulas only, found a cross-section among rows that their labels have chosen\n  = \
             `hindsight features run` has all rows",
        ),
    ] {
        fs::write(&declared, text).unwrap();
        let error = run(folder.path(), &["."]).unwrap_err();
        assert_eq!(error.strip_prefix(&declared.display().to_string()), Some(expected));
    }
    assert!(!folder.path().join("out.parquet").exists());
}
