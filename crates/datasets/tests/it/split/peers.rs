//! Splitters that leak, as they are found in the wild, each on a case by hand where it does.

use super::cases::{at, fold_letters, rows};
use datasets::{FoldsSpec, Int, Purge, SplitKey, SplitSpec, folds};
use std::ops::Range;

/// Rows that a splitter would learn from while a range is held out.
type Fit = Vec<usize>;

fn outside(keys: &[SplitKey], held: &Range<usize>) -> impl Iterator<Item = usize> {
    (0..keys.len()).filter({
        let held = held.clone();
        move |row| !held.contains(row)
    })
}

/// The embargo starts at the end of the block's last row, whichever row ends last (RiskLabAI 3.2.0).
fn embargo_from_last_row(keys: &[SplitKey], held: &Range<usize>, embargo: i64) -> Fit {
    let first = keys[held.start].ts_cutoff;
    let last = keys[held.end - 1].label_end + embargo;
    outside(keys, held)
        .filter(|&row| keys[row].label_end < first || keys[row].ts_cutoff > last)
        .collect()
}

/// So many rows before and after the block go, however long they live (skfolio 1.12.2).
fn purge_by_count(keys: &[SplitKey], held: &Range<usize>, count: usize) -> Fit {
    let near = held.start.saturating_sub(count)..held.end + count;
    outside(keys, held).filter(|row| !near.contains(row)).collect()
}

/// Rows go by where their label was settled, not by where it could have been.
fn purge_by_actual_end(keys: &[SplitKey], held: &Range<usize>, ends: &[i64]) -> Fit {
    let overlaps = |row: usize| {
        held.clone()
            .any(|other| keys[row].ts_cutoff <= ends[other] && keys[other].ts_cutoff <= ends[row])
    };
    outside(keys, held).filter(|&row| !overlaps(row)).collect()
}

/// Ours, with blocks of two rows, the second held out.
fn ours(keys: &[SplitKey], embargo: u64) -> Fit {
    let spec = SplitSpec { embargo_ns: Int(embargo), purge: Purge::Labels, ..at(0, 1) };
    let k = keys.len() as u64 / 2;
    let found = folds(keys, 0, &spec, &FoldsSpec::PurgedKfold { k }).unwrap();
    let members = fold_letters(&found.members(1).unwrap());
    members.chars().enumerate().filter_map(|(row, role)| (role == 'F').then_some(row)).collect()
}

/// Learners whose outcome overlaps a held-out one.
fn leaks(keys: &[SplitKey], held: &Range<usize>, fit: &[usize]) -> Fit {
    let overlaps = |row: &usize| {
        held.clone().any(|other| {
            keys[*row].ts_cutoff <= keys[other].label_end
                && keys[other].ts_cutoff <= keys[*row].label_end
        })
    };
    fit.iter().copied().filter(overlaps).collect()
}

const HELD: Range<usize> = 2..4;

#[test]
fn an_embargo_from_the_last_row_learns_from_what_the_longest_row_sees() {
    // The first held-out row ends at 50, the last at 30: the row at 40 is taken for free of both.
    let keys = rows(&[(0, 1), (5, 6), (20, 50), (25, 30), (40, 41), (60, 61)]);
    let theirs = embargo_from_last_row(&keys, &HELD, 5);
    assert_eq!((theirs.clone(), leaks(&keys, &HELD, &theirs)), (vec![0, 1, 4, 5], vec![4]));
    assert_eq!((ours(&keys, 5), leaks(&keys, &HELD, &ours(&keys, 5))), (vec![0, 1, 5], vec![]));
}

#[test]
fn a_purge_by_row_count_leaks_long_labels_and_wastes_short_ones() {
    // The first row lives long enough to see the block; the one before the block does not.
    let keys = rows(&[(0, 22), (5, 6), (20, 21), (25, 26), (40, 41), (60, 61)]);
    let theirs = purge_by_count(&keys, &HELD, 1);
    assert_eq!((theirs.clone(), leaks(&keys, &HELD, &theirs)), (vec![0, 5], vec![0]));
    assert_eq!(ours(&keys, 0), [1, 4, 5]);
    // Enough rows for no leak leave nothing to learn from.
    assert_eq!(purge_by_count(&keys, &HELD, 2), Vec::<usize>::new());
}

#[test]
fn a_purge_by_actual_end_lets_the_outcome_choose_the_learners() {
    // All labels may last 20. Those that hit their barrier early end early: were they kept, the learners near the block
    // would be the early hits alone.
    let lives: Vec<_> = [0, 10, 20, 30, 60, 80].map(|t| (t, t + 19)).to_vec();
    let keys = rows(&lives);
    let early = [5, 12, 39, 49, 79, 99];
    let late = [5, 29, 39, 49, 79, 99];
    assert_eq!(purge_by_actual_end(&keys, &HELD, &early), [0, 1, 4, 5]);
    assert_eq!(purge_by_actual_end(&keys, &HELD, &late), [0, 4, 5]);
    let theirs = purge_by_actual_end(&keys, &HELD, &early);
    assert_eq!(leaks(&keys, &HELD, &theirs), [1]);
    assert_eq!(ours(&keys, 0), [0, 4, 5]);
}

#[test]
fn an_embargo_of_zero_in_cpcv_keeps_rows_that_follow_at_once() {
    // mlfinpy 0.1.2 sets the embargo of its CPCV to 0, whatever was asked for.
    let keys = rows(&[(0, 1), (5, 6), (20, 50), (25, 30), (52, 53), (60, 61)]);
    assert_eq!(ours(&keys, 0), [0, 1, 4, 5]);
    assert_eq!(ours(&keys, 5), [0, 1, 5]);
}
