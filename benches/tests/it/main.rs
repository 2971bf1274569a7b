//! Interop files hold what they should, and a file that does not is found.
#![cfg(test)]

use benches::{InteropError, Rng, random_table, read_parquet, verify, write_files, write_parquet};
use contract::arrow_array::{Array, Float64Array, RecordBatch};
use contract::{TABLES, Type};
use std::sync::Arc;

const ROWS: usize = 40;

/// Differences of a folder written from `seed`, after `spoil`, as `file: difference`.
fn differences(seed: u64, verified: u64, spoil: impl FnOnce(&std::path::Path)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write_files(folder.path(), seed, ROWS).unwrap(), TABLES.len());
    spoil(folder.path());
    let checks = verify(folder.path(), verified, ROWS).unwrap();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    checks
        .iter()
        .filter_map(|c| c.difference.as_ref().map(|d| format!("{}: {d}", name(&c.path))))
        .collect()
}

#[test]
fn files_hold_the_rows_of_their_seed() {
    assert_eq!(differences(1, 1, |_| {}), Vec::<String>::new());
}

#[test]
fn files_of_another_seed_differ_in_every_table() {
    let found = differences(1, 2, |_| {});
    let parquet = found.iter().filter(|d| d.contains(".parquet: ")).count();
    assert_eq!(parquet, TABLES.len());
}

#[test]
fn one_changed_cell_is_found_and_its_column_named() {
    let found = differences(3, 3, |folder| {
        let path = folder.join("trades.parquet");
        let batch = read_parquet(&path).unwrap();
        let at = batch.schema().index_of("size").unwrap();
        let size = batch.column(at).as_any().downcast_ref::<Float64Array>().unwrap();
        let mut sizes = size.values().to_vec();
        sizes[ROWS - 1] = sizes[ROWS - 1].next_up();
        let mut columns = batch.columns().to_vec();
        columns[at] = Arc::new(Float64Array::from(sizes));
        write_parquet(&path, &RecordBatch::try_new(batch.schema(), columns).unwrap()).unwrap();
    });
    assert_eq!(found, ["trades.parquet: the row digest differs, in `size` at first"]);
}

#[test]
fn a_damaged_file_is_a_difference_and_stops_no_other_check() {
    let found = differences(4, 4, |folder| {
        let path = folder.join("quotes.parquet");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("quotes.parquet: "), "{found:?}");
}

#[test]
fn a_folder_without_files_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = verify(folder.path(), 1, ROWS).unwrap_err();
    assert!(matches!(error, InteropError::Empty(_)), "{error}");
}

#[test]
fn every_column_has_nulls_where_allowed_and_the_extremes_of_its_type() {
    for spec in TABLES {
        let rows = random_table(spec, &mut Rng::named(5, spec.name), ROWS).unwrap();
        for (column, array) in rows.columns() {
            let name = format!("{}.{}", spec.name, column.name);
            assert_eq!(array.null_count() > 0, column.nullable, "{name}");
        }
        let mut text = String::new();
        for row in 0..rows.len() {
            contract::write_json_row(&mut text, &rows, row).unwrap();
            text.push('\n');
        }
        let has = |ty: Type| spec.columns.iter().any(|c| c.ty == ty);
        let expected = [
            (Type::Ts, "1677-09-21T00:12:43.145224192Z"), // i64::MIN
            (Type::Ts, "2262-04-11T23:47:16.854775807Z"), // i64::MAX
            (Type::Px, "\"9223372036.854775807\""),
            (Type::I64, "\"-9223372036854775808\""),
            (Type::U64, "\"18446744073709551615\""),
            (Type::Dec, "\"-99999999999999999999999999999.999999999\""),
            (Type::F64, ":-0,"),
        ];
        for (_, extreme) in expected.into_iter().filter(|(ty, _)| has(*ty)) {
            assert!(text.contains(extreme), "{}: no {extreme}", spec.name);
        }
    }
}
