//! Which groups each fold holds out and learns from.

use super::cases::{Draw, at, check_folds, fold_letters, grouped_rows, rows};
use contract::UtcNanos;
use datasets::{
    FoldsSpec, GroupColumn, Instant, Int, Interval, Number, Purge, SplitKey, SplitSpec, folds,
};

fn at_once(cutoffs: &[i64]) -> Vec<SplitKey> {
    rows(&cutoffs.iter().map(|&t| (t, t)).collect::<Vec<_>>())
}

fn walk(train: Option<u64>, test: u64, step: u64) -> FoldsSpec {
    FoldsSpec::WalkForward { train_ns: train.map(Int), test_ns: Int(test), step_ns: Int(step) }
}

#[test]
fn blocks_have_equal_counts_and_the_first_take_the_rest() {
    let expected = ["HHHFFFFF", "FFFHHHFF", "FFFFFFHH"];
    let keys = at_once(&[0, 1, 2, 3, 4, 5, 6, 7]);
    check_folds(&keys, 0, &at(0, 1), &FoldsSpec::PurgedKfold { k: 3 }, &expected);
}

#[test]
fn blocks_never_part_rows_of_one_cutoff() {
    let keys = at_once(&[0, 1, 1, 1, 2, 3]);
    let expected = ["HHHHFF", "FFFFHH"];
    check_folds(&keys, 0, &at(0, 1), &FoldsSpec::PurgedKfold { k: 2 }, &expected);
    let found = folds(&keys, 0, &at(0, 1), &FoldsSpec::PurgedKfold { k: 2 }).unwrap();
    assert_eq!(found.groups(), [0, 0, 0, 0, 1, 1]);
    assert_eq!(found.spans(), [Interval { start: 0, end: 1 }, Interval { start: 2, end: 3 }]);
}

#[test]
fn cpcv_makes_every_choice_and_its_paths_cover_every_group() {
    let keys = at_once(&[0, 1, 2, 3]);
    let spec = FoldsSpec::Cpcv { groups: 4, held_out: 2 };
    let found = folds(&keys, 0, &at(0, 1), &spec).unwrap();
    assert_eq!(found.held(), [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
    assert_eq!(found.fit(), [[2, 3], [1, 3], [1, 2], [0, 3], [0, 2], [0, 1]]);
    // C(4, 2) * 2 / 4 = 3 paths; the source's figure numbers them alike: 12.4 of López de Prado (2018).
    assert_eq!(found.paths(), [[0, 0, 1, 2], [1, 3, 3, 4], [2, 4, 5, 5]]);
    assert_eq!((found.len(), found.strategy(), found.is_deployable()), (6, "cpcv", false));
}

#[test]
fn paths_of_cpcv_are_as_many_as_the_formula_says() {
    let keys = at_once(&(0..40).collect::<Vec<_>>());
    // C(N, k), and C(N, k) k / N, by hand.
    for (groups, held_out, many, paths) in
        [(6, 2, 15, 5), (10, 2, 45, 9), (10, 5, 252, 126), (8, 1, 8, 1), (5, 4, 5, 4)]
    {
        let spec = FoldsSpec::Cpcv { groups, held_out };
        let found = folds(&keys, 0, &at(0, 1), &spec).unwrap();
        let held = |fold: &usize, group: usize| {
            found.held()[*fold].contains(&u16::try_from(group).unwrap())
        };
        let is_whole = |path: &Vec<usize>| path.iter().enumerate().all(|(g, fold)| held(fold, g));
        let of = found.paths();
        let whole = of.iter().filter(|path| is_whole(path)).count();
        assert_eq!((found.len(), of.len(), whole), (many, paths, paths));
        // Each fold's each group is used by exactly one path.
        let mut used: Vec<_> =
            of.iter().flat_map(|path| path.iter().copied().enumerate()).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), many * usize::try_from(held_out).unwrap());
    }
}

#[test]
fn walk_forward_expands_from_one_test_length() {
    let keys = at_once(&[0, 5, 10, 15, 20, 25, 30]);
    let expected = ["FFHH---", "FFFFHH-", "FFFFFFH"];
    check_folds(&keys, 0, &at(0, 1), &walk(None, 10, 10), &expected);
    let found = folds(&keys, 0, &at(0, 1), &walk(None, 10, 10)).unwrap();
    assert_eq!((found.paths(), found.is_deployable()), (vec![], true));
}

#[test]
fn walk_forward_with_a_fixed_past_forgets() {
    let keys = at_once(&[0, 5, 10, 15, 20, 25, 30]);
    let expected = ["FFHH---", "--FFHH-", "----FFH"];
    check_folds(&keys, 0, &at(0, 1), &walk(Some(10), 10, 10), &expected);
    // Held out for 5 of every 10: the rest is seen as past only.
    let expected = ["FFH----", "--FFH--", "----FFH"];
    check_folds(&keys, 0, &at(0, 1), &walk(Some(10), 5, 10), &expected);
    // A past of 15 is one and a half steps.
    let expected = ["FFFH---", "--FFFH-"];
    check_folds(&keys, 0, &at(0, 1), &walk(Some(15), 5, 10), &expected);
}

#[test]
fn windows_without_rows_are_no_folds() {
    // Nothing from 20 to 50: the windows at 20, 30 and 40 hold nothing, and that at 50 has no past of 10.
    let keys = at_once(&[0, 5, 10, 15, 50, 55, 60]);
    let expected = ["FFHH---", "----FFH"];
    check_folds(&keys, 0, &at(0, 1), &walk(Some(10), 10, 10), &expected);
}

#[test]
fn walk_forward_purges_its_past() {
    let keys = rows(&[(0, 4), (5, 12), (10, 11), (15, 16)]);
    let wide = SplitSpec { embargo_ns: Int(1_000), ..at(0, 1) };
    check_folds(&keys, 0, &wide, &walk(None, 10, 10), &["FPHH"]);
    // Reach 6: the row at 10 reads [4, 9], and the label of the first ends at 4.
    let long = rows(&[(0, 3), (1, 4), (10, 11), (15, 16)]);
    check_folds(&long, 6, &wide, &walk(None, 10, 10), &["FPHH"]);
}

#[test]
fn sessions_are_utc_days() {
    let at_time = |text: &str| UtcNanos::parse(text).unwrap().nanos();
    let keys = at_once(&[
        at_time("1969-12-31T23:59:59.999999999Z"),
        at_time("1970-01-01T00:00:00Z"),
        at_time("1970-01-01T23:59:59.999999999Z"),
        at_time("1970-01-03T00:00:00Z"),
    ]);
    check_folds(&keys, 0, &at(0, 1), &FoldsSpec::SessionOut, &["HFFF", "FHHF", "FFFH"]);
}

#[test]
fn folds_by_a_column_hold_one_value_out_and_learn_from_rows_without() {
    let keys = grouped_rows(&[(0, 0, Some(9)), (1, 1, None), (2, 2, Some(4)), (3, 3, Some(9))]);
    let spec = SplitSpec { group_by: vec![GroupColumn::StrategyId], ..at(0, 1) };
    let by = FoldsSpec::Grouped { by: GroupColumn::StrategyId };
    check_folds(&keys, 0, &spec, &by, &["HFFH", "FFHF"]);
    let found = folds(&keys, 0, &spec, &by).unwrap();
    // Numbered as they come; rows without a value last, and never held out.
    assert_eq!(found.groups(), [0, 2, 1, 0]);
    assert_eq!(found.held(), [[0], [1]]);
    assert_eq!(found.fit(), [[1, 2], [0, 2]]);
    assert_eq!(found.paths(), Vec::<Vec<usize>>::new());
}

#[test]
fn interleaved_groups_purge_what_overlaps_between_them() {
    let keys = grouped_rows(&[
        (0, 5, Some(1)),
        (3, 4, Some(2)),
        (10, 11, Some(1)),
        (12, 12, Some(2)),
        (20, 21, Some(2)),
    ]);
    let by = FoldsSpec::Grouped { by: GroupColumn::StrategyId };
    let spec =
        SplitSpec { group_by: vec![GroupColumn::StrategyId], embargo_ns: Int(2), ..at(0, 1) };
    check_folds(&keys, 0, &spec, &by, &["HPHEF", "PHFHH"]);
}

#[test]
fn without_purge_walk_forward_is_no_forecast() {
    let keys = rows(&[(0, 90), (5, 90), (10, 90), (15, 90)]);
    let spec = SplitSpec { purge: Purge::None, ..at(0, 1) };
    check_folds(&keys, 5, &spec, &walk(None, 10, 10), &["FFHH"]);
    assert!(!folds(&keys, 5, &spec, &walk(None, 10, 10)).unwrap().is_deployable());
}

#[test]
fn windows_at_the_ends_of_time_do_not_overflow() {
    let keys = at_once(&[i64::MIN, -1, 0, i64::MAX]);
    let half = i64::MIN.unsigned_abs();
    let found = folds(&keys, 0, &at(0, 1), &walk(None, half, half)).unwrap();
    assert_eq!(fold_letters(&found.members(0).unwrap()), "FFHH");
    let found = folds(&keys, i64::MAX, &at(0, 1), &walk(Some(u64::MAX), 1, u64::MAX)).unwrap();
    assert_eq!(fold_letters(&found.members(0).unwrap()), "FFPH");
}

#[test]
fn a_fold_that_is_not_there_has_no_members() {
    let found = folds(&at_once(&[0, 1]), 0, &at(0, 1), &FoldsSpec::PurgedKfold { k: 2 }).unwrap();
    assert_eq!((found.len(), found.is_empty(), found.members(2)), (2, false, None));
}

#[test]
fn the_document_says_what_the_folds_say() {
    let keys = rows(&[(0, 10), (10, 10), (20, 20), (21, 21)]);
    let spec = FoldsSpec::PurgedKfold { k: 2 };
    let split = SplitSpec { embargo_ns: Int(10), ..at(0, 1) };
    let found = folds(&keys, 0, &split, &spec).unwrap();
    let document = found.document(&[1.5, 2.0]);
    assert_eq!((document.strategy.as_str(), document.deployable), ("purged_kfold", false));
    assert_eq!(document.spans, [[Instant(0), Instant(10)], [Instant(20), Instant(21)]]);
    assert_eq!((document.groups, document.held), (2, vec![vec![0], vec![1]]));
    assert_eq!(document.fit, [[1], [0]]);
    // Held out until 10, and the embargo to 20: one row of two is embargoed.
    assert_eq!(document.counts, [[1, 2, 0, 1], [2, 2, 0, 0]]);
    assert_eq!(document.n_eff, [Number(1.5), Number(2.0)]);
    let lost: Vec<_> = found.lost().iter().map(|lost| (lost.purged(), lost.embargo)).collect();
    assert_eq!(lost, [(0, 1), (0, 0)]);
    let codes = found.members(0).unwrap().iter().map(|role| role.code()).collect::<Vec<_>>();
    assert_eq!(codes, [1, 1, 3, 0]);
}

#[test]
fn folds_of_many_rows_and_few_are_counted_alike() {
    // 3,000 rows, lives of up to 2^20 ns with a tail: the counts are those of the roles.
    let mut draw = Draw(3);
    let mut cutoffs: Vec<i64> = (0..3_000).map(|_| draw.nanos(1 << 30)).collect();
    cutoffs.sort_unstable();
    let mut life = |t: i64| {
        let power = 4 + draw.below(17);
        (t, t + draw.nanos(1 << power))
    };
    let keys = rows(&cutoffs.into_iter().map(&mut life).collect::<Vec<_>>());
    let spec = FoldsSpec::Cpcv { groups: 6, held_out: 2 };
    let found = folds(&keys, 1_000, &at(0, 1), &spec).unwrap();
    for fold in 0..found.len() {
        let text = fold_letters(&found.members(fold).unwrap());
        let count = |letter| text.chars().filter(|found| *found == letter).count() as u64;
        assert_eq!(found.counts()[fold], ['F', 'H', 'P', 'E'].map(count), "{fold}");
    }
}
