//! What is refused, and in which words.

use super::cases::{at, grouped_rows, id, rows};
use contract::Diagnostic as _;
use datasets::{
    ERRORS, FoldsSpec, GroupColumn, Int, Number, Purge, Split, SplitError, SplitKey, SplitSpec,
    SplitStrategy, folds, split,
};

#[track_caller]
fn refused<T: std::fmt::Debug>(found: Result<T, SplitError>, code: &str, text: &str) {
    let error = found.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    assert!(ERRORS.contains(&format!("\n## {code}\n")), "{code} is not explained");
}

fn three() -> Vec<SplitKey> {
    rows(&[(0, 1), (100, 101), (200, 201)])
}

#[test]
fn rows_out_of_order_or_twice_are_refused() {
    let text = "split, row 1: expected rows in the order of (ts_cutoff, seq, row_id), each once, found one that \
                does not follow the row before it";
    let mut keys = three();
    keys[1].ts_cutoff = -1;
    refused(split(&keys, 0, &at(100, 200)), "datasets/split-order", text);
    let mut keys = three();
    keys[1] = keys[0].clone();
    refused(split(&keys, 0, &at(100, 200)), "datasets/split-order", text);
    // One instant: then the log decides, and then the id.
    let mut keys = three();
    (keys[1].ts_cutoff, keys[1].seq, keys[1].row_id) = (0, 0, id(0));
    keys[0].row_id = id(1);
    refused(split(&keys, 0, &at(100, 200)), "datasets/split-order", text);
}

#[test]
fn a_label_that_ends_before_its_decision_is_refused() {
    let mut keys = three();
    keys[2].label_end = 199;
    let text = "split, row 2: expected a label end at or after the cut-off 200, found 199";
    refused(split(&keys, 0, &at(100, 200)), "datasets/split-label-end", text);
    refused(
        folds(&keys, 0, &at(100, 200), &FoldsSpec::SessionOut),
        "datasets/split-label-end",
        text,
    );
}

#[test]
fn a_row_without_its_group_values_is_refused() {
    let spec = SplitSpec { group_by: vec![GroupColumn::OrderId], ..at(100, 200) };
    let text = "split, row 0: expected 1 group values, one a `group_by` column, found 0";
    refused(split(&three(), 0, &spec), "datasets/split-groups", text);
}

#[test]
fn parameters_of_a_split_outside_their_range_are_refused() {
    let text = "split: expected a reach of the features of at least 0 ns, found -1 ns";
    refused(split(&three(), -1, &at(100, 200)), "datasets/split-reach", text);
    let text = "split.boundaries: expected validation to start before test, found validation at \
                1970-01-01T00:00:00.000000200Z and test at 1970-01-01T00:00:00.000000200Z";
    refused(split(&three(), 0, &at(200, 200)), "datasets/split-boundaries", text);
    let spec = SplitSpec { purge: Purge::None, ..at(100, 200) };
    let text =
        "split.purge: expected `labels_features` or `labels` in a split by time, found `none`";
    refused(split(&three(), 0, &spec), "datasets/split-not-purged", text);
    for (shares, found) in [
        ([0.7, 0.3, 0.0], "[0.7, 0.3, 0]"),
        ([0.7, 0.2, 0.2], "[0.7, 0.2, 0.2]"),
        ([f64::NAN, 0.5, 0.5], "[NaN, 0.5, 0.5]"),
    ] {
        let spec = SplitSpec { strategy: SplitStrategy::Fractions(shares.map(Number)), ..at(0, 0) };
        let text =
            format!("split.fractions: expected three numbers above 0 that sum to 1, found {found}");
        refused(split(&three(), 0, &spec), "datasets/split-fractions", &text);
    }
    let grouped = SplitStrategy::Grouped([0.5, 0.25, 0.25].map(Number));
    let spec = SplitSpec { strategy: grouped, ..at(0, 0) };
    let text = "split.group_by: expected at least one column for a grouped split, found none";
    refused(split(&three(), 0, &spec), "datasets/split-no-group-column", text);
}

#[test]
fn an_empty_split_says_where_its_rows_went() {
    // Each of four train rows goes by another rule (reach 10): its group, outcome, feature and late label.
    let mut keys = grouped_rows(&[
        (0, 1, Some(1)),
        (1, 100, None),
        (2, 95, None),
        (3, 10, None),
        (100, 101, Some(1)),
        (200, 201, None),
    ]);
    keys[3].label_first_avail = 101;
    let spec = SplitSpec { group_by: vec![GroupColumn::OrderId], ..at(100, 200) };
    let text = "split `train`: expected at least 1 row, found none of 4 before the purge: 1 by a shared group, 1 by \
                overlapping outcomes, 0 by features over a protected outcome, 1 by outcomes over a protected feature, \
                1 by labels not yet final, 0 by the embargo";
    refused(split(&keys, 10, &spec), "datasets/split-empty", text);
    let nothing = "0 by a shared group, 0 by overlapping outcomes, 0 by features over a protected outcome, 0 by \
                   outcomes over a protected feature, 0 by labels not yet final, 0 by the embargo";
    for (validation, test, part) in
        [(100, 900, Split::Test), (150, 200, Split::Validation), (0, 200, Split::Train)]
    {
        let text = format!(
            "split `{part}`: expected at least 1 row, found none of 0 before the purge: {nothing}"
        );
        refused(split(&three(), 0, &at(validation, test)), "datasets/split-empty", &text);
    }
    let text = format!(
        "split `test`: expected at least 1 row, found none of 0 before the purge: {nothing}"
    );
    refused(split(&[], 0, &at(1, 2)), "datasets/split-empty", &text);
}

#[track_caller]
fn refused_folds(spec: &FoldsSpec, code: &str, text: &str) {
    refused(folds(&three(), 0, &at(100, 200), spec), code, text);
}

#[test]
fn parameters_of_folds_outside_their_range_are_refused() {
    let walk = |train, test, step| FoldsSpec::WalkForward {
        train_ns: train,
        test_ns: Int(test),
        step_ns: Int(step),
    };
    let code = "datasets/fold-setting";
    refused_folds(
        &FoldsSpec::PurgedKfold { k: 1 },
        code,
        "folds.k: expected at least 2 blocks, found 1",
    );
    refused_folds(
        &FoldsSpec::Cpcv { groups: 1, held_out: 1 },
        code,
        "folds.groups: expected at least 2 groups, found 1",
    );
    for held_out in [0, 3] {
        let text = format!(
            "folds.held_out: expected at least 1 group, and fewer than there are, found {held_out}"
        );
        refused_folds(&FoldsSpec::Cpcv { groups: 3, held_out }, code, &text);
    }
    refused_folds(&walk(None, 0, 1), code, "folds.test: expected a length above 0 ns, found 0");
    refused_folds(
        &walk(Some(Int(0)), 1, 1),
        code,
        "folds.train: expected a length above 0 ns, or `expanding`, found 0",
    );
    refused_folds(
        &walk(None, 5, 4),
        code,
        "folds.step: expected at least the length of what is held out, found 4",
    );
    let text = "folds.by: expected a column of split.group_by, found `order_id`";
    let by = FoldsSpec::Grouped { by: GroupColumn::OrderId };
    refused_folds(&by, "datasets/fold-column", text);
}

#[test]
fn more_folds_than_anyone_would_fit_are_refused_with_their_number() {
    let code = "datasets/fold-too-many";
    for (groups, held_out, found) in
        [(20, 10, "184756"), (5_001, 1, "5001"), (200, 100, "18446744073709551615")]
    {
        let text = format!("folds: expected at most 5000 folds, found {found}");
        refused_folds(&FoldsSpec::Cpcv { groups, held_out }, code, &text);
    }
    let k = FoldsSpec::PurgedKfold { k: 5_001 };
    refused_folds(&k, code, "folds: expected at most 5000 folds, found 5001");
    let keys = rows(&[(0, 0), (5_001, 5_001)]);
    let walk =
        |test| FoldsSpec::WalkForward { train_ns: None, test_ns: Int(test), step_ns: Int(test) };
    // From 1 to 5,001 in steps of 1.
    let text = "folds: expected at most 5000 folds, found 5001";
    refused(folds(&keys, 0, &at(0, 1), &walk(1)), code, text);
    // C(14, 4) = 1,001 is allowed.
    let keys = rows(&(0..14).map(|t| (t, t)).collect::<Vec<_>>());
    let found = folds(&keys, 0, &at(0, 1), &FoldsSpec::Cpcv { groups: 14, held_out: 4 });
    assert_eq!(found.map(|folds| folds.len()), Ok(1_001));
}

#[test]
fn blocks_and_folds_without_rows_are_refused() {
    let text = "folds: expected at least one row in each of 4 blocks, found none in block 3: 3 rows, and those of one \
                cut-off stay together";
    refused_folds(&FoldsSpec::PurgedKfold { k: 4 }, "datasets/fold-block", text);
    let text = "folds: expected at least one fold with rows to hold out and rows to fit on, found none in 3 rows";
    refused_folds(&FoldsSpec::SessionOut, "datasets/fold-none", text);
    let long = FoldsSpec::WalkForward { train_ns: None, test_ns: Int(201), step_ns: Int(201) };
    refused_folds(&long, "datasets/fold-none", text);
    let text = "folds: expected at least one fold with rows to hold out and rows to fit on, found none in 0 rows";
    refused(folds(&[], 0, &at(0, 1), &FoldsSpec::SessionOut), "datasets/fold-none", text);
    let text = "fold 0 of 2: expected at least 1 row to fit on, found none of 1 before the purge: 0 by a shared \
                group, 1 by overlapping outcomes, 0 by features over a protected outcome, 0 by outcomes over a \
                protected feature, 0 by labels not yet final, 0 by the embargo";
    let keys = rows(&[(0, 5), (5, 6)]);
    let spec = FoldsSpec::PurgedKfold { k: 2 };
    refused(folds(&keys, 0, &at(0, 1), &spec), "datasets/fold-empty", text);
    let text = "fold 0 of 2: expected at least 1 row to fit on, found none of 1 before the purge: 0 by a shared \
                group, 0 by overlapping outcomes, 1 by features over a protected outcome, 0 by outcomes over a \
                protected feature, 0 by labels not yet final, 0 by the embargo";
    let keys = rows(&[(0, 4), (5, 6)]);
    refused(folds(&keys, 3, &at(0, 1), &spec), "datasets/fold-empty", text);
}
