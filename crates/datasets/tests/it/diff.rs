//! Two versions compared: classes, facts, and a naive join over planted edits.

use crate::sample::{CLASS, Sample, SampleFeature, SampleRow, Written};
use contract::Diagnostic;
use datasets::{DiffClass, Number, RowGroup, SchemaChange, Sha256, Split, VersionDiff, diff};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SPREAD: &str = "book__spread_bps__1s";

fn base() -> Sample {
    Sample::new(8, 4, 4)
}

fn compare(before: &Sample, after: &Sample) -> VersionDiff {
    diff(before.write().view(), after.write().view()).unwrap()
}

/// The base against itself with an edit.
fn edited(edit: impl FnOnce(&mut Sample)) -> VersionDiff {
    let mut after = base();
    edit(&mut after);
    compare(&base(), &after)
}

#[track_caller]
fn check_class(expected: DiffClass, edit: impl FnOnce(&mut Sample)) {
    let found = edited(edit);
    assert_eq!(found.class, expected, "{:#?}", found.lines());
}

#[test]
fn each_class_heads_the_edit_that_it_is_for() {
    use DiffClass as C;
    check_class(C::Identical, |_| {});
    check_class(C::DocumentsOnly, |s| s.readme = "another card".to_owned());
    check_class(C::DocumentsOnly, |s| s.n_eff = 2.5);
    check_class(C::Repartitioned, |s| s.rows_per_file = 5);
    check_class(C::Repartitioned, |s| s.file_prefix = "2026-02-");
    check_class(C::RowsAppended, |s| s.rows.push(SampleRow::new(17, Split::Test)));
    check_class(C::RowsAppended, |s| {
        s.rows.push(SampleRow { t: 2_500, ..SampleRow::new(17, Split::Train) });
    });
    check_class(C::RowsChanged, |s| s.remove(3));
    check_class(C::RowsChanged, |s| s.row(8).split = Split::Validation);
    check_class(C::RowsChanged, |s| s.row(8).weight = 0.5);
    check_class(C::RowsChanged, |s| s.row(8).quality = None);
    check_class(C::RowsChanged, |s| s.row(8).seq = 81);
    check_class(C::LabelsRevised, |s| s.row(8).class = 0);
    check_class(C::LabelsRevised, |s| s.row(8).value = 0.25);
    check_class(C::LabelsRevised, |s| s.row(8).end += 1);
    check_class(C::FeaturesChanged, |s| s.row(8).features[1] = None);
    check_class(C::FeaturesChanged, |s| s.row(8).session = Some(9));
    check_class(C::SchemaExtended, |s| s.features[0].nullable = false);
    check_class(C::SchemaBroken, |s| s.features[0].unit = "ticks");
    check_class(C::SchemaBroken, |s| s.features[0].lookback_ns = 2_000);
    check_class(C::SchemaBroken, |s| s.has_weight = false);
}

fn put_feature(sample: &mut Sample, at: usize) {
    let nullable = true;
    let feature =
        SampleFeature { name: "book__depth__1s", unit: "count", lookback_ns: 9, nullable };
    sample.features.insert(at, feature);
    sample.rows.iter_mut().for_each(|row| row.features.insert(at, Some(4.0)));
}

#[test]
fn the_gravest_difference_heads_a_diff_and_the_others_stay_in_it() {
    let found = edited(|sample| {
        sample.row(2).class = 0;
        sample.remove(3);
        sample.rows.push(SampleRow::new(17, Split::Test));
        put_feature(sample, 1);
    });
    assert_eq!(found.class, DiffClass::SchemaExtended);
    let added = SchemaChange {
        column: "book__depth__1s".to_owned(),
        what: "column".to_owned(),
        before: None,
        after: Some("Float64, nullable".to_owned()),
        breaks: false,
    };
    // And not that the reasons of null are longer by a byte, which moved.
    assert_eq!(found.schema, [added]);
    let changed: Vec<&str> = found.columns.iter().map(|c| c.column.as_str()).collect();
    assert_eq!(changed, ["label__intraday.grade"]);
    assert_eq!((found.rows.removed[0].rows, found.rows.added[0].rows), (1, 1));
}

#[test]
fn reasons_of_null_are_compared_by_feature_when_features_came() {
    let found = edited(|sample| {
        put_feature(sample, 0);
        sample.row(5).features[1] = None; // the spread, whose byte is the second now
    });
    let changed: Vec<(&str, u64)> =
        found.columns.iter().map(|c| (c.column.as_str(), c.changed)).collect();
    assert_eq!(changed, [(SPREAD, 1), ("meta__null_reasons", 1)]);
}

#[test]
fn a_column_that_went_breaks_and_a_null_that_came_too() {
    let mut before = base();
    before.features[0].nullable = false;
    let mut after = base();
    after.features.pop();
    after.rows.iter_mut().for_each(|row| _ = row.features.pop());
    let found = compare(&before, &after);
    let facts: Vec<(&str, &str, bool)> =
        found.schema.iter().map(|c| (c.column.as_str(), c.what.as_str(), c.breaks)).collect();
    assert_eq!(facts, [(SPREAD, "nullable", true), ("flow__n_trades__5m", "column", true)]);
    assert_eq!(found.class, DiffClass::SchemaBroken);
}

#[test]
fn cells_are_counted_measured_and_shown() {
    let found = edited(|sample| {
        sample.row(1).features[0] = Some(0.75); // from 0.5: 0.25, a half
        sample.row(2).features[0] = None; // from 1
        sample.row(10).features[0] = Some(-5.0); // from 5: 10, 2
    });
    let column = &found.columns[0];
    assert_eq!(column.column, SPREAD);
    assert_eq!((column.changed, column.null_to_value, column.value_to_null), (3, 0, 1));
    assert_eq!(column.greatest_absolute, Some(Number(10.0)));
    assert_eq!(column.greatest_relative, Some(Number(2.0)));
    let shown: Vec<(&str, Option<&str>, Option<&str>)> = column
        .examples
        .iter()
        .map(|e| (&e.row_id[34..], e.before.as_deref(), e.after.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            ("01", Some("0.5"), Some("0.75")),
            ("02", Some("1.0"), None),
            ("0a", Some("5.0"), Some("-5.0"))
        ]
    );
    let reasons = &found.columns[1]; // the null has a reason
    assert_eq!((reasons.column.as_str(), reasons.changed), ("meta__null_reasons", 1));
    assert_eq!(
        (reasons.examples[0].before.as_deref(), reasons.examples[0].after.as_deref()),
        (Some("000000"), Some("010000"))
    );
}

#[test]
fn floats_are_compared_by_their_bits() {
    let quiet = f64::from_bits(0x7ff8_0000_0000_0001);
    let mut before = base();
    before.row(1).features[0] = Some(0.0);
    before.row(2).features[0] = Some(f64::NAN);
    before.row(3).features[0] = Some(f64::NAN);
    let mut after = before.clone();
    after.row(1).features[0] = Some(-0.0);
    after.row(3).features[0] = Some(quiet);
    let found = compare(&before, &after);
    let column = &found.columns[0];
    assert_eq!((column.changed, column.greatest_absolute), (2, Some(Number(0.0))));
    assert_eq!(column.greatest_relative, None);
    let shown: Vec<_> =
        column.examples.iter().map(|e| (e.before.as_deref(), e.after.as_deref())).collect();
    assert_eq!(
        shown,
        [
            (Some("0.0"), Some("-0.0")),
            (Some("NaN 0x7ff8000000000000"), Some("NaN 0x7ff8000000000001"))
        ]
    );
}

#[test]
fn examples_are_eight_and_the_count_is_all() {
    let mut after = Sample::new(20, 1, 1);
    after.rows.iter_mut().for_each(|row| row.value += 1.0);
    let found = compare(&Sample::new(20, 1, 1), &after);
    assert_eq!((found.columns[0].changed, found.columns[0].examples.len()), (22, 8));
}

#[test]
fn labels_are_a_table_of_classes() {
    let found = edited(|sample| {
        sample.row(1).class = 2; // classes are id mod 3
        sample.row(4).class = 2;
        sample.row(5).class = 0;
        sample.remove(6);
    });
    let label = &found.labels[0];
    assert_eq!((label.target.as_str(), label.same, found.labels.len()), (CLASS, 12, 1));
    let cell = |before: &str, after: &str| label.changed[before].get(after).copied();
    assert_eq!((cell("1", "2"), cell("2", "0"), cell("1", "0")), (Some(2), Some(1), None));
    let counts = |classes: &BTreeMap<String, u64>| classes.values().copied().collect::<Vec<_>>();
    // 16 rows: 3, 6, ... are 5, 1, 4, ... are 6, 2, 5, ... are 5; then 5 - 1 + 1, 6 - 2, 5 + 2 - 1.
    assert_eq!((counts(&label.before), counts(&label.after)), (vec![5, 6, 5], vec![5, 4, 6]));
    let table: Vec<String> =
        found.lines().into_iter().skip_while(|line| !line.starts_with("label ")).take(4).collect();
    assert_eq!(
        table,
        [
            "label intraday.grade: 12 same; rows before {0: 5, 1: 6, 2: 5}, after {0: 5, 1: 4, 2: 6}",
            "     class ->       0       2",
            "         1          .       2",
            "         2          1       ."
        ]
    );
}

fn group(what: &str, ids: &[u32]) -> RowGroup {
    let examples = ids.iter().map(|&id| SampleRow::new(id, Split::Train).event_id().to_string());
    RowGroup { what: what.to_owned(), rows: ids.len() as u64, examples: examples.collect() }
}

#[test]
fn rows_that_went_have_the_reason_of_the_second_version_and_those_that_came_of_the_first() {
    let mut before = base();
    before.dropped = vec![(17, "cohort_open", None)];
    let mut after = base();
    after.remove(3);
    after.remove(5);
    after.remove(6);
    after.row(9).split = Split::Train;
    after.rows.push(SampleRow::new(17, Split::Test));
    after.rows.push(SampleRow::new(18, Split::Test));
    after.dropped = vec![(5, "embargoed", None), (3, "purged", None), (77, "void", None)];
    let found = compare(&before, &after).rows;
    assert_eq!(
        found.removed,
        [group("absent", &[6]), group("embargoed", &[5]), group("purged", &[3])]
    );
    assert_eq!(found.added, [group("test", &[17, 18])]);
    assert_eq!(found.added_before, [group("absent", &[18]), group("cohort_open", &[17])]);
    assert_eq!(found.moved, [group("validation to train", &[9])]);
    assert_eq!((found.before, found.after, found.shared), (16, 15, 13));
}

#[test]
fn a_version_without_dropped_rows_has_no_reasons() {
    let mut after = base();
    after.remove(3);
    after.dropped.clear();
    assert_eq!(compare(&base(), &after).rows.removed, [group("absent", &[3])]);
}

#[test]
fn documents_are_compared_key_by_key() {
    let found = edited(|sample| {
        sample.spec["rows"]["min_quality"] = "90".into();
        sample.spec["targets"][0]["task"] = "binary".into();
        sample.spec["folds"] = serde_json::json!({"purged_kfold": {"k": 5}});
        sample.certificate["checks"][0]["outcome"] = serde_json::json!({"fail": "late rows"});
        sample.certificate["checks"][0]["violations"] = 3.into();
        sample.n_eff = 2.5;
    });
    let facts = |changes: &[datasets::KeyChange]| -> Vec<String> {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let text =
            |c: &datasets::KeyChange| format!("{} {} {}", c.key, shown(&c.before), shown(&c.after));
        changes.iter().map(text).collect()
    };
    assert_eq!(
        facts(&found.spec),
        [
            "folds null -",
            "folds.purged_kfold.k - 5",
            "rows.min_quality 80 90",
            "targets.intraday.grade.task ordinal binary"
        ]
    );
    assert_eq!(
        facts(&found.certificate),
        [
            "availability.outcome pass -",
            "availability.outcome.fail - late rows",
            "availability.violations 0 3"
        ]
    );
    assert_eq!(
        facts(&found.splits),
        ["test.n_eff 1.5 2.5", "train.n_eff 1.5 2.5", "validation.n_eff 1.5 2.5"]
    );
    assert_eq!((found.class, found.files.read), (DiffClass::DocumentsOnly, 0));
    let rest: Vec<&str> = found.manifest.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(
        rest,
        ["certificate_hash", "documents.certificate.json", "documents.spec.json", "spec_hash"]
    );
}

/// Removes data files, so that whoever reads them fails.
fn burn(written: &Written, which: impl Fn(&str) -> bool) -> usize {
    let paths = written.manifest.files.iter().map(|file| file.path.as_str());
    let burnt: Vec<&str> = paths.filter(|path| which(path)).collect();
    for path in &burnt {
        std::fs::remove_file(written.root.path().join(path)).unwrap();
    }
    burnt.len()
}

#[test]
fn files_that_are_equal_are_not_read_and_those_cut_anew_neither() {
    let mut after = base();
    after.row(9).class = 2;
    let (before, after) = (base().write(), after.write());
    let changed = "data/validation/2026-01-01-000.parquet";
    assert_eq!(burn(&before, |path| path != changed), 6);
    burn(&after, |path| path != changed);
    let found = diff(before.view(), after.view()).unwrap();
    assert_eq!((found.class, found.columns[0].changed), (DiffClass::LabelsRevised, 1));
    assert_eq!((found.files.equal, found.files.only_before, found.files.read), (6, 1, 2));

    let cut = Sample { rows_per_file: 2, ..base() }.write();
    let before = base().write();
    burn(&cut, |_| true);
    burn(&before, |_| true);
    let found = diff(before.view(), cut.view()).unwrap();
    assert_eq!((found.class, found.files.read), (DiffClass::Repartitioned, 0));
    assert_eq!((found.rows.shared, found.labels[0].same), (16, 16));
}

#[test]
fn equal_rows_in_other_splits_are_no_repartition() {
    // The digest of all rows is the same; those of the splits are not.
    let found = edited(|sample| {
        sample.row(1).split = Split::Test;
        sample.row(16).split = Split::Train;
    });
    assert_eq!(found.class, DiffClass::RowsChanged);
    assert_eq!(found.rows.moved, [group("test to train", &[16]), group("train to test", &[1])]);
}

#[test]
fn a_file_that_moved_whole_to_another_split_moved_its_rows() {
    let before = Sample { rows_per_file: 1, ..base() };
    let mut after = before.clone();
    after.row(1).split = Split::Test;
    let found = compare(&before, &after);
    assert_eq!((found.class, found.rows.shared), (DiffClass::RowsChanged, 16));
    assert_eq!(found.rows.moved, [group("train to test", &[1])]);
    assert_eq!((found.files.only_before, found.files.only_after, found.files.read), (1, 1, 2));
}

#[test]
fn digests_that_do_not_add_up_are_not_believed() {
    let mut after = base();
    after.row(2).value = 9.0;
    let (mut before, mut after) = (base().write(), after.write());
    // Digests that say nothing of the rows, and so say equal.
    for manifest in [&mut before.manifest, &mut after.manifest] {
        manifest.logical_hash = Sha256::of(b"rows");
        manifest.files.iter_mut().for_each(|file| file.logical_hash = Sha256::of(b"file"));
    }
    let found = diff(before.view(), after.view()).unwrap();
    assert_eq!(found.class, DiffClass::LabelsRevised);
}

#[test]
fn a_row_twice_in_a_version_and_a_file_of_other_rows_are_refused() {
    let mut doubled = base();
    doubled.row(16).class = 0;
    doubled.rows.push(SampleRow { class: 0, ..SampleRow::new(16, Split::Train) });
    let error = diff(base().write().view(), doubled.write().view()).unwrap_err();
    assert_eq!(error.code(), "datasets/diff-doubled-row");
    assert_eq!(
        error.to_string(),
        "data/test/2026-01-02-000.parquet: expected each row once, found \
         `00000000-0000-0000-0000-000000000010` in it or in `data/train/2026-01-03-000.parquet` too"
    );
    let mut short = base();
    short.row(1).class = 0;
    let mut short = short.write();
    let first = short.manifest.files.iter_mut().find(|file| file.split == "train").unwrap();
    first.rows = 2;
    let error = diff(base().write().view(), short.view()).unwrap_err();
    assert_eq!(error.code(), "datasets/diff-rows");
    assert_eq!(error.to_string(), "data/train/2026-01-01-000.parquet: expected 2 rows, found 3");
}

/// Texts and numbers of a document.
fn leaves(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(keys) => keys.values().for_each(|value| leaves(value, out)),
        serde_json::Value::Array(items) => items.iter().for_each(|value| leaves(value, out)),
        serde_json::Value::String(text) => out.push(text.clone()),
        serde_json::Value::Number(number) => out.push(number.to_string()),
        _ => {}
    }
}

/// An edit of a version.
#[derive(Debug, Clone)]
enum Edit {
    Feature(u32, usize, Option<f64>),
    Class(u32, i8),
    Value(u32, f64),
    Weight(u32, f64),
    Quality(u32, Option<f64>),
    Split(u32, Split),
    Remove(u32, Option<&'static str>),
    Add(u32, Split),
    Cut(usize),
    Card(String),
}

fn edit() -> impl Strategy<Value = Edit> {
    let split = || prop::sample::select(Split::ALL.to_vec());
    let few = || prop::sample::select(vec![0.0, -0.0, 1.0, 2.5, 1e9]);
    prop_oneof![
        (1..17_u32, 0..2_usize, prop::option::of(few()))
            .prop_map(|(r, f, v)| Edit::Feature(r, f, v)),
        (1..17_u32, 0..3_i8).prop_map(|(r, c)| Edit::Class(r, c)),
        (1..17_u32, few()).prop_map(|(r, v)| Edit::Value(r, v)),
        (1..17_u32, few()).prop_map(|(r, v)| Edit::Weight(r, v)),
        (1..17_u32, prop::option::of(few())).prop_map(|(r, v)| Edit::Quality(r, v)),
        (1..17_u32, split()).prop_map(|(r, s)| Edit::Split(r, s)),
        (1..17_u32, prop::option::of(Just("purged"))).prop_map(|(r, w)| Edit::Remove(r, w)),
        (17..25_u32, split()).prop_map(|(r, s)| Edit::Add(r, s)),
        (1..6_usize).prop_map(Edit::Cut),
        "[a-c]{1,3}".prop_map(Edit::Card),
    ]
}

fn plant(sample: &mut Sample, edits: &[Edit]) {
    for edit in edits {
        if let Edit::Add(id, split) = edit {
            sample.remove(*id);
            sample.rows.push(SampleRow::new(*id, *split));
        }
        let row = |sample: &mut Sample, id: u32, change: &dyn Fn(&mut SampleRow)| {
            sample.rows.iter_mut().filter(|row| row.id == u128::from(id)).for_each(change);
        };
        match edit.clone() {
            Edit::Feature(id, at, value) => row(sample, id, &|row| row.features[at] = value),
            Edit::Class(id, class) => row(sample, id, &|row| row.class = class),
            Edit::Value(id, value) => row(sample, id, &|row| row.value = value),
            Edit::Weight(id, value) => row(sample, id, &|row| row.weight = value),
            Edit::Quality(id, value) => row(sample, id, &|row| row.quality = value),
            Edit::Split(id, split) => row(sample, id, &|row| row.split = split),
            Edit::Remove(id, reason) => {
                sample.remove(id);
                sample.dropped.retain(|(dropped, ..)| *dropped != id);
                sample.dropped.extend(reason.map(|reason| (id, reason, None)));
            }
            Edit::Cut(rows) => sample.rows_per_file = rows,
            Edit::Card(text) => sample.readme = text,
            Edit::Add(..) => {}
        }
    }
}

/// Cells by column: the bits of a float, a number, or null.
fn cells(row: &SampleRow) -> BTreeMap<&'static str, Option<i128>> {
    let bits = |value: Option<f64>| value.map(|value| i128::from(value.to_bits()));
    let nulls = row.features.iter().fold(0, |all, cell| 2 * all + i128::from(cell.is_none()));
    BTreeMap::from([
        (SPREAD, bits(row.features[0])),
        ("flow__n_trades__5m", bits(row.features[1])),
        ("label__intraday.grade", Some(i128::from(row.class))),
        ("label__intraday.r_net_sigma", bits(Some(row.value))),
        ("weight__total", bits(Some(row.weight))),
        ("meta__quality_score", bits(row.quality)),
        ("meta__null_reasons", Some(nulls)),
    ])
}

#[derive(Debug, Default, PartialEq)]
struct Naive {
    /// Changed, from null, to null.
    columns: BTreeMap<String, [u64; 3]>,
    added: BTreeMap<String, u64>,
    removed: BTreeMap<String, u64>,
    moved: BTreeMap<String, u64>,
    classes: BTreeMap<(String, String), u64>,
    shared: u64,
}

/// Every row against every row.
fn naive(before: &Sample, after: &Sample) -> Naive {
    let mut out = Naive::default();
    for old in &before.rows {
        let Some(new) = after.rows.iter().find(|new| new.id == old.id) else {
            let dropped = after.dropped.iter().find(|(id, ..)| u128::from(*id) == old.id);
            let reason = dropped.map_or("absent", |(_, reason, _)| reason);
            *out.removed.entry(reason.to_owned()).or_default() += 1;
            continue;
        };
        out.shared += 1;
        if old.split != new.split {
            let way = format!("{} to {}", old.split, new.split);
            *out.moved.entry(way).or_default() += 1;
        }
        if old.class != new.class {
            let cell = (old.class.to_string(), new.class.to_string());
            *out.classes.entry(cell).or_default() += 1;
        }
        for ((column, one), other) in cells(old).into_iter().zip(cells(new).into_values()) {
            if one != other {
                let counts = out.columns.entry(column.to_owned()).or_default();
                counts[0] += 1;
                counts[1] += u64::from(one.is_none());
                counts[2] += u64::from(other.is_none());
            }
        }
    }
    for new in after.rows.iter().filter(|new| before.rows.iter().all(|old| old.id != new.id)) {
        *out.added.entry(new.split.word().to_owned()).or_default() += 1;
    }
    out
}

fn found(diff: &VersionDiff) -> Naive {
    let counts =
        |groups: &[RowGroup]| groups.iter().map(|group| (group.what.clone(), group.rows)).collect();
    let columns = diff.columns.iter().map(|column| {
        (column.column.clone(), [column.changed, column.null_to_value, column.value_to_null])
    });
    let classes = diff.labels.iter().flat_map(|label| &label.changed).flat_map(|(old, row)| {
        row.iter().map(move |(new, rows)| ((old.clone(), new.clone()), *rows))
    });
    Naive {
        columns: columns.collect(),
        added: counts(&diff.rows.added),
        removed: counts(&diff.rows.removed),
        moved: counts(&diff.rows.moved),
        classes: classes.collect(),
        shared: diff.rows.shared,
    }
}

/// The class by its definition, from the naive join.
fn class_of(naive: &Naive, before: &Sample, after: &Sample) -> DiffClass {
    let changed = |names: &[&str]| names.iter().any(|name| naive.columns.contains_key(*name));
    let files = |sample: &Sample| -> BTreeSet<(Split, Vec<u128>)> {
        let cut = |split| {
            let rows = sample.of(split);
            let files: Vec<Vec<u128>> = rows
                .chunks(sample.rows_per_file)
                .map(|rows| rows.iter().map(|row| row.id).collect())
                .collect();
            files.into_iter().map(move |file| (split, file))
        };
        Split::ALL.into_iter().flat_map(cut).collect()
    };
    if changed(&[SPREAD, "flow__n_trades__5m"]) {
        DiffClass::FeaturesChanged
    } else if changed(&["label__intraday.grade", "label__intraday.r_net_sigma"]) {
        DiffClass::LabelsRevised
    } else if !(naive.columns.is_empty() && naive.removed.is_empty() && naive.moved.is_empty()) {
        DiffClass::RowsChanged
    } else if !naive.added.is_empty() {
        DiffClass::RowsAppended
    } else if files(before) != files(after) {
        DiffClass::Repartitioned
    } else if before.readme != after.readme || before.dropped != after.dropped {
        DiffClass::DocumentsOnly
    } else {
        DiffClass::Identical
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn planted_edits_are_found_as_a_naive_join_finds_them(
        first in prop::collection::vec(edit(), 0..4),
        second in prop::collection::vec(edit(), 0..8),
    ) {
        let mut before = Sample { rows_per_file: 4, ..base() };
        plant(&mut before, &first);
        let mut after = before.clone();
        plant(&mut after, &second);
        let (old, new) = (before.write(), after.write());
        let forth = diff(old.view(), new.view()).unwrap();
        let expected = naive(&before, &after);
        prop_assert_eq!(&found(&forth), &expected);
        prop_assert_eq!(forth.class, class_of(&expected, &before, &after));
        // Text and JSON carry the same facts.
        let json = forth.to_json().unwrap();
        let document: serde_json::Value = serde_json::from_str(&json).unwrap();
        let text = forth.lines().join("\n");
        let mut facts = Vec::new();
        leaves(&document, &mut facts);
        for fact in facts {
            prop_assert!(text.contains(&fact), "{} is not in\n{}", fact, text);
        }
        // And the way back is the mirror of the way there.
        let back = diff(new.view(), old.view()).unwrap();
        prop_assert_eq!((back.rows.before, back.rows.shared), (forth.rows.after, forth.rows.shared));
        let sum = |groups: &[RowGroup]| groups.iter().map(|group| group.rows).sum::<u64>();
        prop_assert_eq!(sum(&back.rows.added), sum(&forth.rows.removed));
        prop_assert_eq!(sum(&back.rows.moved), sum(&forth.rows.moved));
        let mirrored: Vec<_> = back.columns.iter().map(|c| (&c.column, c.changed, c.value_to_null)).collect();
        let forward: Vec<_> = forth.columns.iter().map(|c| (&c.column, c.changed, c.null_to_value)).collect();
        prop_assert_eq!(mirrored, forward);
    }
}
