//! Who learns and who is held out.

use super::ClaimRow;
use super::draws::Draws;
use std::collections::BTreeSet;

/// What keeps a row from learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimPurge {
    /// How far features read into the past, in nanoseconds: no outcome of a learner may lie in what a held-out row reads.
    pub reach_ns: i64,
}

/// Rows of one fold, by their place in the experiment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fold {
    pub(super) fit: Vec<usize>,
    pub(super) hold: Vec<usize>,
    /// Earlier rows that may not learn, because of time, and because of their group.
    pub(super) purged: usize,
    pub(super) grouped: usize,
}

/// Folds in order of time: so many blocks of equal count behind a first one, each held out once and learned for by all
/// rows before it. Rows of one instant stay together.
pub(super) fn walk_forward(
    rows: &[ClaimRow],
    folds: usize,
    purge: Option<ClaimPurge>,
) -> Vec<Fold> {
    let cuts: Vec<usize> = (0..=folds + 1).map(|at| cut(rows, at, folds + 1)).collect();
    cuts.windows(2)
        .skip(1)
        .filter(|ends| ends[0] > 0 && ends[0] < ends[1])
        .map(|ends| fold(rows, (0..ends[0]).collect(), (ends[0]..ends[1]).collect(), purge))
        .collect()
}

/// One fold: the rows of the final split are held out, all others learn.
pub(super) fn final_fold(rows: &[ClaimRow], purge: Option<ClaimPurge>) -> Vec<Fold> {
    let (hold, fit): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|at| rows[*at].is_final);
    if hold.is_empty() || fit.is_empty() {
        return Vec::new();
    }
    vec![fold(rows, fit, hold, purge)]
}

/// The trap: rows are dealt at random, and learn from their neighbours on both sides.
pub(super) fn shuffled(rows: usize, folds: usize, draws: &mut Draws) -> Vec<Fold> {
    let mut order: Vec<usize> = (0..rows).collect();
    draws.shuffle(&mut order);
    let mut part = vec![0; rows];
    order.iter().enumerate().for_each(|(at, row)| part[*row] = at % folds.max(2));
    (0..folds.max(2))
        .map(|k| {
            let (hold, fit) = (0..rows).partition(|row| part[*row] == k);
            Fold { fit, hold, ..Fold::default() }
        })
        .collect()
}

/// Start of block `at` of `of`, moved on to the next distinct instant.
fn cut(rows: &[ClaimRow], at: usize, of: usize) -> usize {
    let mut cut = rows.len() * at / of;
    while cut > 0 && cut < rows.len() && rows[cut].ts == rows[cut - 1].ts {
        cut += 1;
    }
    cut
}

/// Leaves out of the candidates whose outcome reaches what a held-out row reads or is, whose label was not known when the
/// first of them was decided, and who share a group with one of them.
///
/// Candidates stand before all held-out rows, so their features see no held-out outcome, and no embargo behind the
/// held-out rows can reach them.
fn fold(
    rows: &[ClaimRow],
    candidates: Vec<usize>,
    hold: Vec<usize>,
    purge: Option<ClaimPurge>,
) -> Fold {
    let Some(ClaimPurge { reach_ns }) = purge else {
        return Fold { fit: candidates, hold, ..Fold::default() };
    };
    let first = hold.iter().map(|at| rows[*at].ts).min().unwrap_or(i64::MAX);
    let groups: BTreeSet<[u8; 16]> =
        hold.iter().flat_map(|at| rows[*at].groups.iter().copied()).collect();
    let mut out = Fold { hold, ..Fold::default() };
    for at in candidates {
        let row = &rows[at];
        if row.end >= first.saturating_sub(reach_ns) || row.avail > first {
            out.purged += 1;
        } else if row.groups.iter().any(|group| groups.contains(group)) {
            out.grouped += 1;
        } else {
            out.fit.push(at);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ts: i64, end: i64) -> ClaimRow {
        ClaimRow { ts, end, avail: end, ..ClaimRow::default() }
    }

    #[test]
    fn blocks_follow_in_time_and_ties_stay_together() {
        let rows: Vec<ClaimRow> = [0, 1, 2, 2, 2, 3, 4, 5, 6].map(|t| row(t, t)).to_vec();
        let folds = walk_forward(&rows, 2, None);
        // Nine rows in three blocks: cuts at 3 and 6, the first of which moves past the ties to 5.
        assert_eq!(folds.len(), 2);
        assert_eq!((folds[0].fit.clone(), folds[0].hold.clone()), ((0..5).collect(), vec![5]));
        assert_eq!(
            (folds[1].fit.clone(), folds[1].hold.clone()),
            ((0..6).collect(), vec![6, 7, 8])
        );
    }

    #[test]
    fn a_learner_stays_only_if_its_outcome_ends_before_all_that_is_held_out_reads() {
        // Held out from 100 on. Ends 79, 80, 99, 100; a reach of 20 protects from 80 on.
        let mut rows = vec![row(10, 79), row(11, 80), row(12, 99), row(13, 100)];
        rows.extend([row(100, 110), row(101, 111), row(102, 112), row(103, 113)]);
        let fit = |purge| walk_forward(&rows, 1, purge)[0].fit.clone();
        assert_eq!(fit(None), [0, 1, 2, 3]);
        assert_eq!(fit(Some(ClaimPurge { reach_ns: 0 })), [0, 1, 2]);
        assert_eq!(fit(Some(ClaimPurge { reach_ns: 20 })), [0]);
    }

    #[test]
    fn labels_that_came_late_and_shared_groups_do_not_learn() {
        let mut rows = vec![row(10, 20), row(11, 20), row(12, 20), row(13, 20)];
        rows.extend([row(100, 110), row(101, 111), row(102, 112), row(103, 113)]);
        rows[1].avail = 101;
        rows[2].groups = vec![[7; 16]];
        rows[6].groups = vec![[1; 16], [7; 16]];
        let fold = walk_forward(&rows, 1, Some(ClaimPurge { reach_ns: 0 })).remove(0);
        assert_eq!((fold.fit, fold.purged, fold.grouped), (vec![0, 3], 1, 1));
    }

    #[test]
    fn shuffled_folds_hold_each_row_once_and_learn_from_both_sides() {
        let folds = shuffled(101, 4, &mut Draws::new(1, 2));
        let mut held: Vec<usize> = folds.iter().flat_map(|fold| fold.hold.clone()).collect();
        held.sort_unstable();
        assert_eq!(held, (0..101).collect::<Vec<_>>());
        for fold in &folds {
            assert_eq!(fold.fit.len() + fold.hold.len(), 101);
            let row = fold.hold[fold.hold.len() / 2];
            assert!(fold.fit.iter().any(|at| *at < row) && fold.fit.iter().any(|at| *at > row));
        }
    }

    #[test]
    fn the_final_fold_holds_the_final_rows_alone() {
        let mut rows: Vec<ClaimRow> = (0..10).map(|t| row(10 * t, 10 * t + 15)).collect();
        rows[8].is_final = true;
        rows[9].is_final = true;
        let fold = final_fold(&rows, Some(ClaimPurge { reach_ns: 0 })).remove(0);
        // Row 7 ends at 85, behind the first final row at 80.
        assert_eq!((fold.hold, fold.fit.len(), fold.purged), (vec![8, 9], 7, 1));
        rows[8].is_final = false;
        rows[9].is_final = false;
        assert_eq!(final_fold(&rows, None), []);
    }
}
