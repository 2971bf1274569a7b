//! Training and test rows whose labels never live at the same time.

use super::{Sample, SelectionError};

/// Rows to fit on and rows to score on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Rows a learner may read while fitting.
    pub train: Vec<usize>,
    /// Rows that are scored, in order of time.
    pub test: Vec<usize>,
}

/// Cuts the rows into spans of time; each is the test of one fold, and the rest trains.
///
/// - **Shape:** `n_folds` folds; test rows are shared out evenly, and each row is tested once.
/// - **Point in time:** a training label never overlaps a test label (purge), and none starts within `embargo_ns` after
///   the last test label ends (embargo).
/// - **Cost:** one pass over the rows for each fold.
/// - **Source:** López de Prado (2018), Advances in Financial Machine Learning, 7.4.
///
/// # Errors
/// [`SelectionError::Setting`] for fewer than two folds or a negative embargo; [`SelectionError::EmptyFold`] when
/// nothing is left to train on or there are fewer rows than folds.
///
/// ```
/// use features::selection::{purged_folds, Sample, Target};
/// let ts_from = [0, 10, 20, 30, 40, 50];
/// let ts_to = [15, 25, 35, 45, 55, 65]; // each label overlaps the next
/// let sample = Sample::try_new(Target::Classes(&[0, 1, 0, 1, 0, 1]), &ts_from, &ts_to)?;
/// let folds = purged_folds(&sample, 3, 0)?;
/// assert_eq!(folds[1].test, [2, 3]);
/// assert_eq!(folds[1].train, [0, 5]); // 1 overlaps 2, and 4 overlaps 3
/// # Ok::<(), features::selection::SelectionError>(())
/// ```
pub fn purged_folds(
    sample: &Sample,
    n_folds: usize,
    embargo_ns: i64,
) -> Result<Vec<Fold>, SelectionError> {
    if n_folds < 2 {
        let found = n_folds.to_string();
        return Err(SelectionError::Setting { key: "folds", expected: "at least 2", found });
    }
    if embargo_ns < 0 {
        let found = embargo_ns.to_string();
        return Err(SelectionError::Setting { key: "embargo", expected: "at least 0 ns", found });
    }
    let (rows, from, to) = (sample.rows(), sample.ts_from(), sample.ts_to());
    let mut folds = Vec::with_capacity(n_folds);
    for fold in 0..n_folds {
        let begin = rows * fold / n_folds;
        let end = rows * (fold + 1) / n_folds;
        let test: Vec<usize> = (begin..end).collect();
        let start = from.get(begin).copied().unwrap_or(i64::MAX);
        let stop = to.get(begin..end).and_then(|t| t.iter().max()).copied().unwrap_or(i64::MIN);
        let closed = stop.saturating_add(embargo_ns);
        let is_clear = |row: &usize| match (from.get(*row), to.get(*row)) {
            (Some(&row_from), Some(&row_to)) => row_to <= start || row_from >= closed,
            _ => false,
        };
        let train: Vec<usize> = (0..begin).chain(end..rows).filter(is_clear).collect();
        folds.push(Fold { train, test });
    }
    check_folds(sample, &folds)?;
    Ok(folds)
}

/// Refuses folds that leak or name rows that are not there.
///
/// # Errors
/// [`SelectionError::LeakyFolds`] when a training label overlaps a test label of its fold; [`SelectionError::FoldRow`],
/// [`SelectionError::EmptyFold`].
pub fn check_folds(sample: &Sample, folds: &[Fold]) -> Result<(), SelectionError> {
    if folds.is_empty() {
        return Err(SelectionError::EmptyFold { fold: 0, train: 0, test: 0 });
    }
    for (number, fold) in folds.iter().enumerate() {
        check_rows(sample, number, fold)?;
        if let Some((train_row, test_row)) = overlap(sample, fold) {
            return Err(SelectionError::LeakyFolds { fold: number, train_row, test_row });
        }
    }
    Ok(())
}

fn check_rows(sample: &Sample, number: usize, fold: &Fold) -> Result<(), SelectionError> {
    if fold.train.is_empty() || fold.test.is_empty() {
        return Err(SelectionError::EmptyFold {
            fold: number,
            train: fold.train.len(),
            test: fold.test.len(),
        });
    }
    let rows = sample.rows();
    let mut seen = vec![false; rows];
    for &row in fold.train.iter().chain(&fold.test) {
        match seen.get_mut(row) {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(SelectionError::FoldRow { fold: number, row, rows }),
        }
    }
    Ok(())
}

/// The first training row that lives while a test row lives, and the first such test row.
fn overlap(sample: &Sample, fold: &Fold) -> Option<(usize, usize)> {
    let interval = |row: usize| Some((*sample.ts_from().get(row)?, *sample.ts_to().get(row)?));
    // Test labels by start, with the latest end up to each: one binary search a training row.
    let mut tests: Vec<(i64, i64)> = fold.test.iter().filter_map(|&row| interval(row)).collect();
    tests.sort_unstable();
    let mut latest = i64::MIN;
    for test in &mut tests {
        latest = latest.max(test.1);
        test.1 = latest;
    }
    let meets = |row: &usize| {
        let (from, to) = interval(*row)?;
        let before = tests.partition_point(|test| test.0 < to);
        let end = before.checked_sub(1).and_then(|at| tests.get(at)).map(|test| test.1);
        end.filter(|&end| end > from).map(|_| (from, to))
    };
    let (train_row, (from, to)) = fold.train.iter().find_map(|row| Some((*row, meets(row)?)))?;
    let test_row = fold
        .test
        .iter()
        .find(|&&row| interval(row).is_some_and(|(start, end)| start < to && from < end))?;
    Some((train_row, *test_row))
}
