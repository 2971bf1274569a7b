//! A version made by hand, read back.

use super::*;
use arrow_array::{
    BooleanArray, Float64Array, Int8Array, StringArray, TimestampNanosecondArray, UInt32Array,
    UInt64Array,
};
use durable::RealFs;
use parquet::arrow::ArrowWriter;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

fn id(n: u8) -> [u8; 16] {
    [n; 16]
}

fn ids(of: &[u8]) -> ArrayRef {
    Arc::new(FixedSizeBinaryArray::try_from_iter(of.iter().map(|n| id(*n))).unwrap())
}

fn times(of: &[Option<i64>]) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(of.to_vec()).with_timezone("UTC"))
}

fn floats(of: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(of.to_vec()))
}

fn write(root: &Path, path: &str, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Rows of a split: number, cut-off, class.
fn data(root: &Path, split: &str, rows: &[(u8, i64, i8)]) -> String {
    let path = format!("data/{split}/all-000.parquet");
    let numbers: Vec<u8> = rows.iter().map(|row| row.0).collect();
    let cutoffs: Vec<Option<i64>> = rows.iter().map(|row| Some(row.1)).collect();
    let ends: Vec<Option<i64>> = rows.iter().map(|row| Some(row.1 + 5)).collect();
    let feature: Vec<Option<f64>> =
        rows.iter().map(|row| (row.0 != 2).then(|| f64::from(row.0))).collect();
    let flags: Vec<bool> = rows.iter().map(|row| row.0 % 2 == 0).collect();
    write(
        root,
        &path,
        vec![
            (column::ROW_ID, ids(&numbers)),
            (column::TS_CUTOFF, times(&cutoffs)),
            (
                column::SEQ,
                Arc::new(UInt64Array::from_iter_values(numbers.iter().map(|n| u64::from(*n)))),
            ),
            (
                column::INSTRUMENT_ID,
                Arc::new(UInt32Array::from_iter_values(numbers.iter().map(|_| 9))),
            ),
            ("book__x__now", floats(&feature)),
            ("book__flag__now", Arc::new(BooleanArray::from(flags))),
            ("label__g", Arc::new(Int8Array::from_iter_values(rows.iter().map(|row| row.2)))),
            (column::LABEL_END, times(&ends)),
            ("weight__uniqueness", floats(&vec![Some(0.5); rows.len()])),
            (column::WEIGHT_TOTAL, floats(&vec![Some(0.25); rows.len()])),
            (column::QUALITY, floats(&vec![Some(88.0); rows.len()])),
        ],
    );
    path
}

fn version(root: &Path, split: &serde_json::Value) {
    let zero = "0".repeat(64);
    let ts = "2026-01-01T00:00:00.000000000Z";
    let parts = [
        ("train", vec![(1, 100, -1), (2, 110, 1)]),
        ("validation", vec![(3, 120, 0)]),
        ("test", vec![(4, 130, 1)]),
    ];
    let mut files = Vec::new();
    for (name, rows) in &parts {
        let path = data(root, name, rows);
        files.push(json!({
            "path": path, "split": name, "rows": rows.len(), "bytes": 1, "sha256": zero,
            "logical_hash": zero, "ts_cutoff": [ts, ts], "seq": [0, 0],
        }));
    }
    let feature = |name: &str, lookback: u64| {
        json!({
            "name": name, "unit": null, "lookback_ns": lookback, "nulls": {},
        })
    };
    let manifest = json!({
        "format": 1, "name": "d", "kind": "signal", "spec_hash": zero, "schema_fingerprint": zero,
        "certificate_hash": zero,
        "code": {"datasets": "0", "parquet": "0", "feature_spec_hash": null,
            "measures_hashes": [], "rules_hashes": [], "label_code": []},
        "inputs": [], "as_of": {"seq": 9, "ts": ts}, "files": files, "documents": {},
        "content_hash": zero, "logical_hash": zero,
        "features": [feature("book__x__now", 7), feature("book__flag__now", 3)],
        "targets": [
            {"name": "g", "task": "ordinal", "from": "class", "unit": null, "classes": {},
                "class_factors": {}},
            {"name": "v", "task": "regression", "from": "value", "unit": "bps", "classes": {},
                "class_factors": {}},
        ],
        "splits": {}, "selected": 4, "dropped": {}, "erased": 0, "quality": null,
        "completeness": null, "transforms": [], "deployable": true, "access": "full", "tags": [],
    });
    let spec = json!({
        "kind": "signal",
        "rows": {"from": null, "to": null, "strategies": [], "instruments": [],
            "actions": [], "min_quality": null},
        "features": {"include": ["*"], "exclude": []}, "targets": [], "weights": {"factors": []},
        "split": split, "folds": null, "transforms": [],
        "gate": {"min_score": null, "allow_not_evaluated": [], "too_good_auc": "0.95"},
        "export": {"file_period": "day"},
        "card": {"licence": null, "contact": null, "purpose": null, "creator": null,
            "access": null, "retention": null},
    });
    std::fs::write(root.join(file::MANIFEST), manifest.to_string()).unwrap();
    std::fs::write(root.join(file::SPEC), spec.to_string()).unwrap();
    let parent = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        [None, Some(id(77)), None, Some(id(77))].into_iter(),
        16,
    );
    write(
        root,
        file::LINEAGE,
        vec![
            (column::ROW_ID, ids(&[1, 2, 3, 4])),
            (lineage::SPLIT, Arc::new(StringArray::from(vec!["train"; 4]))),
            (lineage::LABEL_FIRST_AVAIL, times(&[Some(106), None, Some(126), Some(136)])),
            ("group__parent_decision_id", Arc::new(parent.unwrap())),
        ],
    );
}

fn split(purge: &str, reach_max: Option<u64>) -> serde_json::Value {
    json!({
        "strategy": {"fractions": ["0.7", "0.15", "0.15"]}, "embargo_ns": 0, "purge": purge,
        "group_by": [], "reach_max_ns": reach_max,
    })
}

fn load(split: &serde_json::Value, target: &str, is_final: bool) -> Result<Experiment, ClaimError> {
    let dir = tempfile::tempdir().unwrap();
    version(dir.path(), split);
    load_experiment(&Folder::new(Arc::new(RealFs), dir.path()), target, is_final)
}

#[test]
fn rows_of_train_and_validation_come_with_their_facts_and_test_stays_shut() {
    let found = load(&split("labels_features", None), "g", false).unwrap();
    assert_eq!(found.classes, ["-1", "0", "1"]);
    assert_eq!(found.names, ["book__x__now", "book__flag__now"]);
    let expected = |ts: i64, class: usize, avail: i64, groups: Vec<[u8; 16]>| ClaimRow {
        ts,
        end: ts + 5,
        avail,
        class,
        weight: 0.25,
        uniqueness: Some(0.5),
        quality: Some(88.0),
        instrument: 9,
        groups,
        is_final: false,
    };
    // Row 2 has no word on when its label was first known: its end stands in.
    let rows = [
        expected(100, 0, 106, vec![]),
        expected(110, 2, 115, vec![id(77)]),
        expected(120, 1, 126, vec![]),
    ];
    assert_eq!(found.rows, rows);
    assert_eq!((found.features.row(0), found.features.row(2)), (&[1.0, 0.0][..], &[3.0, 0.0][..]));
    assert!(found.features.row(1)[0].is_nan());
    assert_eq!(&found.features.row(1)[1..], &[1.0]);
    let opened = load(&split("labels_features", None), "g", true).unwrap();
    let is_final: Vec<bool> = opened.rows.iter().map(|row| row.is_final).collect();
    assert_eq!(is_final, [false, false, false, true]);
}

#[test]
fn the_reach_is_the_longest_lookback_unless_the_split_caps_or_waives_it() {
    let reach = |purge: &str, cap: Option<u64>| {
        load(&split(purge, cap), "g", false).unwrap().purge.reach_ns
    };
    assert_eq!(reach("labels_features", None), 7);
    assert_eq!(reach("labels_features", Some(5)), 5);
    assert_eq!(reach("labels_features", Some(50)), 7);
    assert_eq!(reach("labels", None), 0);
}

#[test]
fn targets_that_are_missing_or_have_no_classes_are_refused() {
    let message =
        |target: &str| load(&split("labels", None), target, false).unwrap_err().to_string();
    assert_eq!(message("h"), "dataset: expected the claim's target, found g, v");
    assert_eq!(message("v"), "dataset: expected a target with classes, found values of v");
}
