//! Groups of train rows, and which of them each fold holds out and may learn from.

use super::cut::next_distinct;
use super::shares::Shares;
use super::{SplitError, SplitKey};
use crate::spec::{FoldsSpec, GroupColumn};

/// More folds than this are refused.
const MOST_FOLDS: u64 = 5_000;
const DAY_NS: i64 = 86_400_000_000_000;

/// Groups by number, from 0 without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocks {
    /// Group of each row.
    pub(super) group: Vec<u16>,
    /// By fold: the groups that are held out, in order.
    pub(super) held: Vec<Vec<u16>>,
    /// By fold: the groups that may be learned from, in order.
    pub(super) fit: Vec<Vec<u16>>,
}

impl Blocks {
    pub(super) fn of(
        keys: &[SplitKey],
        spec: &FoldsSpec,
        columns: &[GroupColumn],
        shares: &Shares,
    ) -> Result<Self, SplitError> {
        match *spec {
            FoldsSpec::WalkForward { train_ns, test_ns, step_ns } => {
                Walk::of(keys, train_ns.map(|train| train.0), test_ns.0, step_ns.0)?.blocks(keys)
            }
            FoldsSpec::PurgedKfold { k } => {
                at_least("k", "at least 2 blocks", 2, k)?;
                few(k)?;
                one_by_one(equal(keys, k)?)
            }
            FoldsSpec::Cpcv { groups, held_out } => combinations(keys, groups, held_out),
            FoldsSpec::SessionOut => {
                let day = |key: &SplitKey| key.ts_cutoff.div_euclid(DAY_NS);
                let new_day = |(before, key)| day(before) != day(key);
                let days = keys.iter().zip(keys.iter().skip(1)).map(new_day);
                one_by_one(numbered(days)?)
            }
            FoldsSpec::Grouped { by } => by_column(keys.len(), by, columns, shares),
        }
    }
}

fn at_least(
    key: &'static str,
    expected: &'static str,
    least: u64,
    found: u64,
) -> Result<(), SplitError> {
    let error = SplitError::FoldSetting { key, expected, found };
    if found < least { Err(error) } else { Ok(()) }
}

fn few(folds: u64) -> Result<(), SplitError> {
    let error = SplitError::TooManyFolds { found: folds, most: MOST_FOLDS };
    if folds > MOST_FOLDS { Err(error) } else { Ok(()) }
}

/// The number of a group. There are at most three a fold of walk-forward, else one.
fn number(group: usize) -> Result<u16, SplitError> {
    let found = u64::try_from(group).unwrap_or(u64::MAX);
    u16::try_from(group).map_err(|_| SplitError::TooManyFolds { found, most: MOST_FOLDS })
}

/// Groups of rows in order, from where a new one starts: one flag a row but the first.
fn numbered(starts: impl Iterator<Item = bool>) -> Result<Vec<u16>, SplitError> {
    let mut group = 0;
    let mut out = vec![number(group)?];
    for is_new in starts {
        group += usize::from(is_new);
        out.push(number(group)?);
    }
    Ok(out)
}

fn count(group: &[u16]) -> u16 {
    group.iter().max().map_or(0, |last| last.saturating_add(1))
}

/// Each group held out once, all others to learn from.
fn one_by_one(group: Vec<u16>) -> Result<Blocks, SplitError> {
    let groups = count(&group);
    few(u64::from(groups))?;
    let held: Vec<Vec<u16>> = (0..groups).map(|one| vec![one]).collect();
    Ok(Blocks { group, fit: held.iter().map(|held| others(groups, held)).collect(), held })
}

fn others(groups: u16, held: &[u16]) -> Vec<u16> {
    (0..groups).filter(|group| held.binary_search(group).is_err()).collect()
}

/// Blocks of equal count in order of time; the first `rows % blocks` have one row more. A boundary moves to the next
/// distinct cut-off.
fn equal(keys: &[SplitKey], blocks: u64) -> Result<Vec<u16>, SplitError> {
    let rows = keys.len();
    let blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
    let (size, more) = (rows / blocks, rows % blocks);
    let mut out = Vec::with_capacity(rows);
    for block in 0..blocks {
        let end = next_distinct(keys, (block + 1) * size + (block + 1).min(more));
        if end <= out.len() {
            return Err(SplitError::EmptyBlock { block, blocks, rows });
        }
        out.resize(end, number(block)?);
    }
    Ok(out)
}

/// All choices of `held_out` among `groups` blocks, in the order of their numbers.
fn combinations(keys: &[SplitKey], groups: u64, held_out: u64) -> Result<Blocks, SplitError> {
    at_least("groups", "at least 2 groups", 2, groups)?;
    at_least("held_out", "at least 1 group, and fewer than there are", 1, held_out)?;
    if held_out >= groups {
        let expected = "at least 1 group, and fewer than there are";
        return Err(SplitError::FoldSetting { key: "held_out", expected, found: held_out });
    }
    few(choices(groups, held_out))?;
    let group = equal(keys, groups)?;
    let groups = count(&group);
    let mut held: Vec<Vec<u16>> = vec![vec![]];
    for place in 0..held_out {
        // So many blocks must still come after this one.
        let after = u16::try_from(held_out - place - 1).unwrap_or(u16::MAX);
        let longer = |choice: &Vec<u16>| {
            let first = choice.last().map_or(0, |last| last + 1);
            let choice = choice.clone();
            (first..groups.saturating_sub(after)).map(move |next| {
                let mut longer = choice.clone();
                longer.push(next);
                longer
            })
        };
        held = held.iter().flat_map(longer).collect();
    }
    Ok(Blocks { group, fit: held.iter().map(|held| others(groups, held)).collect(), held })
}

/// C(groups, held), or the greatest number of 64 bits when it is more.
fn choices(groups: u64, held: u64) -> u64 {
    let mut out: u128 = 1;
    for taken in 0..held.min(groups - held) {
        // Exact: C(n, i) (n - i) is divisible by i + 1. Each step makes it larger, so a great one ends here.
        out = out * u128::from(groups - taken) / u128::from(taken + 1);
        if out > u128::from(u64::MAX) {
            return u64::MAX;
        }
    }
    u64::try_from(out).unwrap_or(u64::MAX)
}

/// One value of a column at a time. Rows without a value share with nobody: they are a last group, and never held out.
fn by_column(
    rows: usize,
    by: GroupColumn,
    columns: &[GroupColumn],
    shares: &Shares,
) -> Result<Blocks, SplitError> {
    let place = columns.iter().position(|column| *column == by);
    let Some((values, distinct)) = place.and_then(|place| shares.column(place)) else {
        return Err(SplitError::FoldColumn { column: by.word() });
    };
    few(u64::try_from(distinct).unwrap_or(u64::MAX))?;
    let without = number(distinct)?;
    let of = |value: &Option<u32>| value.map_or(Ok(without), |value| number(value as usize));
    let group = values.iter().map(of).collect::<Result<Vec<u16>, _>>()?;
    let groups = count(&group);
    let held: Vec<Vec<u16>> = (0..without).map(|one| vec![one]).collect();
    let fit: Vec<Vec<u16>> = held.iter().map(|held| others(groups, held)).collect();
    if fit.iter().any(Vec::is_empty) {
        return Err(SplitError::NoFold { rows });
    }
    Ok(Blocks { group, held, fit })
}

/// Windows of walk-forward: `[train, test)` to learn from, `[test, end)` held out. Held as wide integers, since an end may
/// lie behind the last nanosecond.
struct Walk(Vec<[i128; 3]>);

impl Walk {
    /// The first window is held out one `train` after the first row, or one `test` where all the past is learned from.
    /// The last may end behind the last row.
    fn of(
        keys: &[SplitKey],
        train_ns: Option<u64>,
        test_ns: u64,
        step_ns: u64,
    ) -> Result<Self, SplitError> {
        at_least("test", "a length above 0 ns", 1, test_ns)?;
        at_least("train", "a length above 0 ns, or `expanding`", 1, train_ns.unwrap_or(1))?;
        at_least("step", "at least the length of what is held out", test_ns, step_ns)?;
        let rows = keys.len();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
            return Err(SplitError::NoFold { rows });
        };
        let (first, last) = (i128::from(first.ts_cutoff), i128::from(last.ts_cutoff));
        let start = first + i128::from(train_ns.unwrap_or(test_ns));
        if start > last {
            return Err(SplitError::NoFold { rows });
        }
        let windows = (last - start) / i128::from(step_ns) + 1;
        few(u64::try_from(windows).unwrap_or(u64::MAX))?;
        let window = |place: i128| {
            let test = start + place * i128::from(step_ns);
            let train = train_ns.map_or(first, |length| test - i128::from(length));
            [train, test, test + i128::from(test_ns)]
        };
        Ok(Self((0..windows).map(window).collect()))
    }

    /// Groups are what lies between neighbouring ends of windows, so that each window is a run of groups. A window without
    /// rows on either side is no fold.
    fn blocks(&self, keys: &[SplitKey]) -> Result<Blocks, SplitError> {
        let mut ends: Vec<i128> = self.0.iter().flatten().copied().collect();
        ends.sort_unstable();
        ends.dedup();
        let piece = |key: &SplitKey| ends.partition_point(|end| *end <= i128::from(key.ts_cutoff));
        let pieces: Vec<usize> = keys.iter().map(piece).collect();
        let group = numbered(pieces.iter().zip(pieces.iter().skip(1)).map(|(a, b)| a != b))?;
        let run = |from: i128, to: i128| -> Vec<u16> {
            let place = |end: i128| keys.partition_point(|key| i128::from(key.ts_cutoff) < end);
            let mut run = group.get(place(from)..place(to)).unwrap_or_default().to_vec();
            run.dedup();
            run
        };
        let (mut held, mut fit) = (vec![], vec![]);
        for &[train, test, end] in &self.0 {
            let (learners, out) = (run(train, test), run(test, end));
            if !learners.is_empty() && !out.is_empty() {
                fit.push(learners);
                held.push(out);
            }
        }
        Ok(Blocks { group, held, fit })
    }
}

#[cfg(test)]
mod tests {
    use super::choices;

    #[test]
    fn choices_are_counted_without_overflow() {
        // C(10, 2) = 45, C(20, 10) = 184,756, C(52, 5) = 2,598,960: tables; C(68, 34) is the first of the middle ones
        // above 2^64 (2.8e19).
        let found = [(10, 2), (20, 10), (52, 5), (5_000, 1), (68, 34), (65_535, 30_000)]
            .map(|(groups, held)| choices(groups, held));
        assert_eq!(found, [45, 184_756, 2_598_960, 5_000, u64::MAX, u64::MAX]);
    }
}
