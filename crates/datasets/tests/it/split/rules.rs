//! Each rule at its edge, by hand.

use super::cases::{at, check, check_folds, grouped_rows, rows, value};
use datasets::{
    FoldsSpec, GroupColumn, Instant, Int, Interval, Number, Purge, Split, SplitSpec, SplitStrategy,
    split,
};

#[test]
fn a_label_that_ends_on_a_protected_cutoff_goes() {
    // Validation starts at 100, test at 200; without reach only rule 1 is at work.
    let keys = rows(&[(0, 99), (1, 100), (100, 199), (101, 200), (200, 300)]);
    check(&keys, 0, &at(100, 200), "TpVpX");
}

#[test]
fn a_label_goes_when_it_reaches_what_a_protected_feature_has_read() {
    // Reach 10: the row at 100 reads [90, 99], that at 200 reads [190, 199].
    let keys = rows(&[(0, 89), (1, 90), (100, 189), (101, 190), (200, 300)]);
    check(&keys, 10, &at(100, 200), "TpVpX");
}

#[test]
fn a_reach_beyond_the_cap_does_not_purge() {
    let keys = rows(&[(0, 89), (1, 90), (100, 189), (101, 190), (200, 300)]);
    let spec = SplitSpec { reach_max_ns: Some(Int(10)), ..at(100, 200) };
    check(&keys, 1_000, &spec, "TpVpX");
}

#[test]
fn purging_labels_alone_keeps_labels_that_reach_protected_features() {
    let keys = rows(&[(0, 99), (1, 100), (100, 199), (101, 200), (200, 300)]);
    check(&keys, 1_000, &SplitSpec { purge: Purge::Labels, ..at(100, 200) }, "TpVpX");
}

#[test]
fn a_label_must_be_final_by_the_first_protected_cutoff() {
    let mut keys = rows(&[(0, 10), (1, 10), (100, 110), (101, 110), (102, 110), (200, 300)]);
    keys[0].label_first_avail = 100;
    keys[1].label_first_avail = 101; // train: validation starts at 100
    keys[2].label_first_avail = 200;
    keys[3].label_first_avail = 201; // validation: test starts at 200
    check(&keys, 0, &at(100, 200), "TpVpVX");
    check(&keys, 0, &SplitSpec { purge: Purge::Labels, ..at(100, 200) }, "TpVpVX");
}

#[test]
fn what_validation_loses_to_test_protects_nothing_from_train() {
    // The row at 100 overlaps test and goes. Validation is the row at 150 then: the label that ends at 120 may stay.
    let keys = rows(&[(0, 50), (1, 120), (2, 150), (100, 200), (150, 160), (200, 300)]);
    check(&keys, 0, &at(100, 200), "TTppVX");
    let found = split(&keys, 0, &at(100, 200)).unwrap();
    assert_eq!(
        found.starts.into_iter().collect::<Vec<_>>(),
        [(Split::Train, 0), (Split::Validation, 150), (Split::Test, 200)]
    );
    assert_eq!(
        found.would_be,
        [
            Split::Train,
            Split::Train,
            Split::Train,
            Split::Validation,
            Split::Validation,
            Split::Test
        ]
    );
}

#[test]
fn a_row_goes_by_its_group_before_anything_else() {
    let keys = grouped_rows(&[
        (0, 10, Some(1)),
        (1, 10, None),
        (2, 150, Some(2)), // also overlaps
        (3, 150, Some(3)),
        (100, 110, Some(1)),
        (101, 110, None),
        (102, 110, Some(4)),
        (200, 210, Some(2)),
        (201, 210, Some(4)),
    ]);
    let spec = SplitSpec { group_by: vec![GroupColumn::GroupId], ..at(100, 200) };
    check(&keys, 0, &spec, "gTgpVVgXX");
}

#[test]
fn a_group_shared_with_a_dropped_row_is_no_straddle() {
    // Validation's row of group 1 goes to test's group, so train keeps its own.
    let mut keys = rows(&[(0, 10), (100, 110), (101, 110), (200, 210)]);
    for (key, groups) in keys.iter_mut().zip([
        [Some(value(1)), None],
        [Some(value(1)), Some(value(9))],
        [None, None],
        [None, Some(value(9))],
    ]) {
        key.groups = groups.to_vec();
    }
    let group_by = vec![GroupColumn::GroupId, GroupColumn::OrderId];
    check(&keys, 0, &SplitSpec { group_by, ..at(100, 200) }, "TgVX");
}

#[test]
fn equal_values_of_different_columns_are_not_shared() {
    let mut keys = rows(&[(0, 10), (100, 110), (200, 210)]);
    for (key, groups) in keys.iter_mut().zip([
        [Some(value(1)), Some(value(2))],
        [Some(value(2)), Some(value(1))],
        [None, None],
    ]) {
        key.groups = groups.to_vec();
    }
    let group_by = vec![GroupColumn::GroupId, GroupColumn::OrderId];
    check(&keys, 0, &SplitSpec { group_by, ..at(100, 200) }, "TVX");
}

/// Three blocks of two rows; the middle is held out.
fn middle(reach_ns: i64, embargo_ns: u64, after: i64, expected: &str) {
    let keys = rows(&[(0, 1), (10, 11), (100, 120), (110, 115), (after, after), (900, 901)]);
    let spec = SplitSpec { embargo_ns: Int(embargo_ns), ..at(0, 1) };
    let found = datasets::folds(&keys, reach_ns, &spec, &FoldsSpec::PurgedKfold { k: 3 }).unwrap();
    let found = super::cases::fold_letters(&found.members(1).unwrap());
    assert_eq!(found, expected, "reach {reach_ns}, embargo {embargo_ns}, next row at {after}");
}

#[test]
fn a_learner_after_the_block_stands_behind_its_greatest_end_and_the_embargo() {
    // The greatest end is 120, of the block's first row; the last row ends at 115.
    middle(0, 0, 120, "FFHHPF");
    middle(0, 0, 121, "FFHHFF");
    middle(0, 10, 120, "FFHHPF");
    middle(0, 10, 121, "FFHHEF");
    middle(0, 10, 130, "FFHHEF");
    middle(0, 10, 131, "FFHHFF");
}

#[test]
fn features_of_a_learner_after_the_block_read_nothing_of_its_outcomes() {
    // Reach 5: the row at 125 reads [120, 124].
    middle(5, 0, 125, "FFHHPF");
    middle(5, 0, 126, "FFHHFF");
    middle(5, 10, 125, "FFHHPF");
    middle(5, 10, 135, "FFHHEF");
    middle(5, 10, 136, "FFHHFF");
}

#[test]
fn folds_learn_from_labels_that_were_final_later_but_walk_forward_does_not() {
    let mut keys = rows(&[(0, 1), (1, 2), (10, 10), (11, 12), (20, 21)]);
    keys[1].label_first_avail = 11;
    let walk = FoldsSpec::WalkForward { train_ns: None, test_ns: Int(10), step_ns: Int(10) };
    check_folds(&keys, 0, &at(0, 1), &walk, &["FPHH-", "FFFFH"]);
    let spec = FoldsSpec::PurgedKfold { k: 2 };
    check_folds(&keys, 0, &at(0, 1), &spec, &["HHHFF", "FFFHH"]);
}

#[test]
fn a_group_never_stands_on_both_sides_of_a_fold() {
    let keys = grouped_rows(&[
        (0, 1, Some(1)),
        (10, 11, None),
        (20, 21, Some(1)),
        (30, 31, None),
        (40, 41, Some(2)),
        (50, 51, Some(3)),
    ]);
    let spec = SplitSpec { group_by: vec![GroupColumn::GroupId], ..at(0, 1) };
    let kfold = FoldsSpec::PurgedKfold { k: 3 };
    check_folds(&keys, 0, &spec, &kfold, &["HHPFFF", "PFHHFF", "FFFFHH"]);
}

fn grouped(purge: Purge, embargo_ns: u64) -> SplitSpec {
    let third = Number(1.0 / 3.0);
    SplitSpec {
        strategy: SplitStrategy::Grouped([third, third, third]),
        embargo_ns: Int(embargo_ns),
        purge,
        group_by: vec![GroupColumn::GroupId],
        reach_max_ns: None,
    }
}

#[test]
fn a_grouped_split_follows_the_hash_of_the_group_and_not_time() {
    let lives = [(0, 0, Some(1)), (10, 10, Some(2)), (20, 20, Some(3))];
    let order = |keys: &[datasets::SplitKey]| {
        let found = split(keys, 0, &grouped(Purge::None, 0)).unwrap();
        let part = |group| {
            let row = keys.iter().position(|key| key.groups[0] == Some(value(group))).unwrap();
            found.would_be[row]
        };
        [part(1), part(2), part(3)]
    };
    let forward = order(&grouped_rows(&lives));
    let turned = [(0, 0, Some(3)), (10, 10, Some(2)), (20, 20, Some(1))];
    assert_eq!(order(&grouped_rows(&turned)), forward);
    assert_eq!(forward, HASH_ORDER);
}

/// SHA-256 of 16 bytes 01 starts with cc8cd41c, of 02 with 292afde3, of 03 with 6399f6d8 (Python's hashlib).
const HASH_ORDER: [Split; 3] = [Split::Test, Split::Train, Split::Validation];

#[test]
fn a_grouped_split_is_no_forecast_and_learns_on_both_sides() {
    let mut keys = grouped_rows(&[
        (0, 0, Some(1)),
        (10, 10, Some(2)),
        (20, 20, Some(3)),
        (30, 30, Some(1)),
        (40, 40, Some(2)),
        (50, 50, Some(3)),
    ]);
    keys[0].label_first_avail = i64::MAX; // rule 5 is for forecasts
    let found = split(&keys, 0, &grouped(Purge::LabelsFeatures, 0)).unwrap();
    assert!(!found.is_deployable);
    assert_eq!(found.lost.values().map(datasets::RuleLosses::purged).sum::<u64>(), 0);
    let mut sizes: Vec<_> = Split::ALL
        .map(|part| found.would_be.iter().filter(|split| **split == part).count())
        .to_vec();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 2, 2]);
}

#[test]
fn a_grouped_split_without_purge_looks_at_groups_alone() {
    let lives = [(0, 99, Some(1)), (1, 99, Some(2)), (2, 99, Some(3))];
    let kept = |purge| {
        let found = split(&grouped_rows(&lives), 50, &grouped(purge, 7));
        found.map(|found| found.starts.len()).map_err(|error| error.to_string())
    };
    assert_eq!(kept(Purge::None), Ok(3));
    // All labels overlap, so validation loses its only row.
    assert_eq!(
        kept(Purge::Labels),
        Err("split `validation`: expected at least 1 row, found none of 1 before the purge: 0 by a shared group, \
             1 by overlapping outcomes, 0 by features over a protected outcome, 0 by outcomes over a protected feature, \
             0 by labels not yet final, 0 by the embargo"
            .to_owned())
    );
}

#[test]
fn protected_intervals_are_merged_and_carry_the_embargo() {
    let keys = rows(&[(0, 1), (100, 120), (110, 115), (140, 150), (200, 210), (230, 240)]);
    let spec = SplitSpec { embargo_ns: Int(5), ..at(100, 200) };
    let found = split(&keys, 0, &spec).unwrap();
    let at = |start, end| Interval { start, end };
    assert_eq!(found.protected[&Split::Validation], [at(100, 125), at(140, 155)]);
    assert_eq!(found.protected[&Split::Test], [at(200, 215), at(230, 245)]);
    let document = found.document(&spec, 9, [("slow".to_owned(), Int(99))].into(), None);
    assert_eq!(document.starts["test"], Instant(200));
    assert_eq!(
        document.protected["validation"],
        [[Instant(100), Instant(125)], [Instant(140), Instant(155)]]
    );
    assert_eq!((document.embargo_ns, document.reach_ns), (Int(5), Int(9)));
    assert_eq!(
        (document.strategy.as_str(), document.purge.as_str()),
        ("chronological", "labels_features")
    );
}

#[test]
fn ends_of_time_do_not_overflow() {
    let (low, high) = (i64::MIN, i64::MAX);
    let keys = rows(&[(low, low), (low + 1, -2), (0, 5), (high, high)]);
    let spec = SplitSpec { embargo_ns: Int(u64::MAX), ..at(0, high) };
    check(&keys, 0, &spec, "TTVX");
    check(&keys, 1, &spec, "TTVX");
    check(&keys, 2, &spec, "TpVX");
    let document = split(&keys, 0, &spec).unwrap().document(&spec, 0, [].into(), None);
    assert_eq!(document.protected["validation"], [[Instant(0), Instant(high)]]);
    // A reach of all time reads everything before 0, but for the first row nothing.
    let found = split(&keys, high, &spec).map_err(|error| error.to_string());
    assert_eq!(
        found.unwrap_err().split(" before").next(),
        Some("split `validation`: expected at least 1 row, found none of 1")
    );
}
