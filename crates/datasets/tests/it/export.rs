//! Rows of a split for other programs.

use crate::sample::{CLASS, Sample};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use contract::Diagnostic;
use datasets::{
    ColumnChoice, ColumnRole, ExportOptions, FittedTransform, Instant, Number, Sha256, Split,
    TestLook, export,
};
use std::collections::BTreeMap;

const SPREAD: &str = "book__spread_bps__1s";
const MASK: &str = "book__spread_bps__1s__is_missing";

/// Eight, four and four rows; the spread of rows 2 and 14 is null and imputed by 7.
fn sample() -> Sample {
    let mut sample = Sample::new(8, 4, 4);
    sample.row(2).features[0] = None;
    sample.row(14).features[0] = None;
    sample.transforms = vec![FittedTransform {
        kind: "impute_median".to_owned(),
        feature: SPREAD.to_owned(),
        parameters: BTreeMap::from([("value".to_owned(), Number(7.0))]),
        rows: 8,
        ts_cutoff: [Instant(1_000), Instant(8_000)],
    }];
    sample
}

fn names(columns: &[&str]) -> ColumnChoice {
    ColumnChoice::Names(columns.iter().map(|&name| name.to_owned()).collect())
}

fn roles(roles: &[ColumnRole]) -> ColumnChoice {
    ColumnChoice::Roles(roles.iter().copied().collect())
}

/// Names of the columns, rows of the batches, and all batches.
fn exported(
    split: Split,
    imputed: bool,
    columns: ColumnChoice,
) -> (Vec<String>, Vec<usize>, Vec<RecordBatch>) {
    let written = sample().write();
    let rows = export(written.view(), split, &ExportOptions { imputed, columns }).unwrap();
    let schema = rows.schema();
    let batches: Vec<RecordBatch> = rows.map(Result::unwrap).collect();
    assert!(batches.iter().all(|batch| batch.schema() == schema));
    let names = schema.fields().iter().map(|field| field.name().clone()).collect();
    (names, batches.iter().map(RecordBatch::num_rows).collect(), batches)
}

fn spreads(batches: &[RecordBatch]) -> Vec<Option<f64>> {
    batches.iter().flat_map(|batch| batch[SPREAD].as_primitive::<Float64Type>().iter()).collect()
}

#[test]
fn all_columns_of_a_split_come_out_as_they_went_in() {
    let (columns, rows, batches) = exported(Split::Train, false, ColumnChoice::All);
    assert_eq!((columns.len(), rows), (14, vec![3, 3, 2]));
    let sample = sample();
    let expected = sample.batch(&sample.of(Split::Train));
    let schema = expected.schema();
    let found: Vec<RecordBatch> = batches
        .into_iter()
        .map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()).unwrap())
        .collect();
    let found = arrow_select::concat::concat_batches(&schema, &found).unwrap();
    for (field, (one, other)) in
        schema.fields().iter().zip(found.columns().iter().zip(expected.columns()))
    {
        if field.name() == "strategy_id" {
            continue; // a dictionary a file: the words are compared below
        }
        assert_eq!(one.to_data(), other.to_data(), "{}", field.name());
    }
    let words = |batch: &RecordBatch| -> Vec<String> {
        let words = batch["strategy_id"].as_dictionary::<arrow_array::types::Int32Type>();
        let texts = words.values().as_string::<i32>();
        words
            .keys()
            .iter()
            .flatten()
            .map(|at| texts.value(usize::try_from(at).unwrap()).to_owned())
            .collect()
    };
    assert_eq!(words(&found), words(&expected));
}

#[test]
fn raw_rows_keep_their_nulls_and_imputed_ones_have_masks() {
    let (columns, _, batches) = exported(Split::Train, false, names(&[SPREAD]));
    assert_eq!(
        (columns, spreads(&batches)[..3].to_vec()),
        (vec![SPREAD.to_owned()], vec![Some(0.5), None, Some(1.5)])
    );
    let (columns, _, batches) =
        exported(Split::Test, true, roles(&[ColumnRole::Feature, ColumnRole::Mask]));
    assert_eq!(columns, [SPREAD, "flow__n_trades__5m", "time__session__0", MASK]);
    assert_eq!(spreads(&batches), [Some(6.5), Some(7.0), Some(7.5), Some(8.0)]); // 14: by the median
    let masks: Vec<bool> =
        batches.iter().flat_map(|batch| batch[MASK].as_boolean().iter().flatten()).collect();
    assert_eq!(masks, [false, true, false, false]);
}

#[test]
fn a_mask_can_be_had_without_its_feature() {
    let (columns, _, batches) = exported(Split::Test, true, names(&[MASK, "row_id"]));
    assert_eq!(columns, ["row_id", MASK]); // in the order of the files
    assert_eq!(batches[0][MASK].as_boolean().true_count(), 1);
}

#[test]
fn columns_come_in_the_order_of_the_files_and_labels_have_dots() {
    let label = format!("label__{CLASS}");
    let (columns, rows, _) = exported(Split::Validation, false, names(&[&label, "seq", SPREAD]));
    assert_eq!((columns, rows), (vec!["seq".to_owned(), SPREAD.to_owned(), label], vec![3, 1]));
    let (columns, ..) =
        exported(Split::Validation, false, roles(&[ColumnRole::Weight, ColumnRole::Key]));
    assert_eq!(
        columns,
        ["row_id", "ts_cutoff", "seq", "instrument_id", "strategy_id", "weight__total"]
    );
}

#[test]
fn an_export_names_the_version_that_it_is_of() {
    let written = sample().write();
    let manifest = std::fs::read(written.root.path().join("manifest.json")).unwrap();
    let options = ExportOptions { imputed: true, columns: ColumnChoice::All };
    let rows = export(written.view(), Split::Validation, &options).unwrap();
    let schema = rows.schema();
    let facts = ["hindsight.version", "hindsight.split", "hindsight.imputed"]
        .map(|key| schema.metadata()[key].clone());
    assert_eq!(
        facts,
        [Sha256::of(&manifest).to_string(), "validation".to_owned(), "true".to_owned()]
    );
}

#[test]
fn a_look_at_test_is_a_fact_and_at_others_is_none() {
    let written = sample().write();
    let look = |split| export(written.view(), split, &ExportOptions::default()).unwrap().look();
    assert_eq!(look(Split::Test), Some(TestLook { split: Split::Test, rows: 4 }));
    assert_eq!((look(Split::Train), look(Split::Validation)), (None, None));
}

#[track_caller]
fn refused(split: Split, columns: ColumnChoice, code: &str, message: &str) {
    let written = Sample::new(3, 2, 0).write();
    let error =
        export(written.view(), split, &ExportOptions { imputed: false, columns }).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
}

#[test]
fn a_choice_that_cannot_be_met_is_refused() {
    refused(
        Split::Train,
        names(&["book__spread_bps__2s"]),
        "datasets/export-column",
        "expected a column `book__spread_bps__2s`, found none (is it `book__spread_bps__1s`?)",
    );
    refused(
        Split::Train,
        names(&[]),
        "datasets/export-no-columns",
        "expected at least one column, found none of the chosen names or roles",
    );
    refused(
        Split::Train,
        roles(&[ColumnRole::Mask]), // raw rows have none
        "datasets/export-no-columns",
        "expected at least one column, found none of the chosen names or roles",
    );
    refused(
        Split::Test,
        ColumnChoice::All,
        "datasets/export-empty-split",
        "split `test`: expected rows, found none",
    );
}

#[test]
fn after_a_file_that_cannot_be_read_comes_nothing() {
    let written = sample().write();
    let second = written.root.path().join("data/train/2026-01-02-000.parquet");
    std::fs::write(second, b"PAR1 and no more").unwrap();
    let rows = export(written.view(), Split::Train, &ExportOptions::default()).unwrap();
    let found: Vec<_> =
        rows.map(|batch| batch.map(|b| b.num_rows()).map_err(|e| e.code())).collect();
    assert_eq!(found, [Ok(3), Err("datasets/version-file")]);
}
