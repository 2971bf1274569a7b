//! 10,000 random cases against the rules word by word: every learner with every protected row.

use super::cases::{Draw, fold_letters, id, letters};
use datasets::{
    FoldsSpec, GroupColumn, Instant, Int, Number, Purge, Role, Split, SplitError, SplitKey,
    SplitSpec, SplitStrategy, folds, split,
};

const COLUMNS: [GroupColumn; 2] = [GroupColumn::GroupId, GroupColumn::OrderId];

/// Both ends inclusive, wide enough for every sum; empty when it ends before it starts.
type Wide = (i128, i128);

fn meet(a: Wide, b: Wide) -> bool {
    a.0 <= a.1 && b.0 <= b.1 && a.0 <= b.1 && b.0 <= a.1
}

fn outcome(key: &SplitKey, embargo: u64) -> Wide {
    (key.ts_cutoff.into(), i128::from(key.label_end) + i128::from(embargo))
}

struct Word<'a> {
    spec: &'a SplitSpec,
    reach: i64,
    is_forecast: bool,
}

impl Word<'_> {
    fn lookback(&self, key: &SplitKey) -> Wide {
        let reach = i128::from(self.reach);
        let cap = self.spec.reach_max_ns.map_or(reach, |cap| cap.0.into());
        (i128::from(key.ts_cutoff) - reach.min(cap), i128::from(key.ts_cutoff) - 1)
    }

    /// Whether rules 1 to 3 and 5 hold with this embargo.
    fn is_lawful(&self, row: &SplitKey, protected: &[&SplitKey], embargo: u64) -> bool {
        let first = protected.iter().map(|key| key.ts_cutoff).min();
        let overlaps = protected.iter().any(|held| {
            let one = meet(outcome(row, 0), outcome(held, embargo));
            let two = meet(outcome(row, 0), self.lookback(held));
            let three = meet(self.lookback(row), outcome(held, embargo));
            one || self.spec.purge == Purge::LabelsFeatures && (two || three)
        });
        let is_late = self.is_forecast && first.is_some_and(|first| row.label_first_avail > first);
        self.spec.purge == Purge::None || !overlaps && !is_late
    }

    /// `.` when the row may learn, else `g`, `p` or `e`.
    fn letter(&self, row: &SplitKey, protected: &[&SplitKey]) -> char {
        let shares = protected
            .iter()
            .any(|held| row.groups.iter().zip(&held.groups).any(|(a, b)| a.is_some() && a == b));
        let embargo = self.spec.embargo_ns.0;
        match (self.is_lawful(row, protected, embargo), self.is_lawful(row, protected, 0)) {
            _ if shares => 'g',
            (true, _) => '.',
            (false, true) => 'e',
            (false, false) => 'p',
        }
    }
}

/// Rows with ties, equal ends, lives from 0 to 2^40 ns, two columns of groups; now and then at the ends of time.
fn draw_rows(draw: &mut Draw) -> Vec<SplitKey> {
    let rows = 3 + draw.below(28);
    let width = draw.one_of(&[8, 60, 1_000, 1 << 36]);
    let base = draw.one_of(&[0, 0, 0, -500, i64::MIN, i64::MAX - width - 40]);
    let values = draw.one_of(&[0, 3, 40]);
    let tail = draw.one_of(&[2, 6, 40]);
    let mut cutoffs: Vec<i64> = (0..rows).map(|_| base + draw.nanos(width)).collect();
    cutoffs.sort_unstable();
    let mut out = vec![];
    for (row, cutoff) in cutoffs.into_iter().enumerate() {
        let power = draw.below(tail);
        let life = draw.nanos(1 << power);
        let end = cutoff.saturating_add(life);
        // Ends on a grid, where it is not before the cut-off: many are equal.
        let snapped = end.saturating_sub(end.rem_euclid(8));
        let mut group =
            || (draw.below(4) < values).then(|| [u8::try_from(draw.below(values)).unwrap(); 16]);
        let groups = vec![group(), group()];
        let label_end = if snapped >= cutoff { snapped } else { end };
        let label_first_avail = label_end.saturating_add(draw.one_of(&[0, 0, 1, 20]));
        let seq = row as u64;
        let key = SplitKey {
            row_id: id(row),
            ts_cutoff: cutoff,
            seq,
            label_end,
            label_first_avail,
            groups,
        };
        out.push(key);
    }
    out
}

fn draw_spec(draw: &mut Draw, keys: &[SplitKey]) -> SplitSpec {
    let shares = draw.one_of(&[[0.5, 0.25, 0.25], [0.6, 0.2, 0.2], [0.2, 0.4, 0.4]]).map(Number);
    let boundary = |part: usize| keys[keys.len() * part / 4].ts_cutoff;
    let [early, late] = [boundary(2), boundary(3)];
    let by_time = [
        SplitStrategy::Fractions(shares),
        SplitStrategy::Boundaries([
            Instant(early.min(i64::MAX - 1)),
            Instant(late.max(early.saturating_add(1))),
        ]),
    ];
    let purge = draw.one_of(&[Purge::LabelsFeatures, Purge::LabelsFeatures, Purge::Labels]);
    let (strategy, purge) = match draw.below(3) {
        0 => (SplitStrategy::Grouped(shares), draw.one_of(&[purge, purge, Purge::None])),
        _ => (draw.one_of(&by_time), purge),
    };
    SplitSpec {
        strategy,
        embargo_ns: Int(draw.one_of(&[0, 1, 10, 500, u64::MAX])),
        purge,
        group_by: COLUMNS.to_vec(),
        reach_max_ns: draw.one_of(&[None, None, Some(Int(3)), Some(Int(u64::MAX))]),
    }
}

/// Roles of all rows, or the first empty split in the order of protection.
fn expected(keys: &[SplitKey], would_be: &[Split], word: &Word<'_>) -> Result<String, Split> {
    let of = |split| would_be.iter().enumerate().filter(move |(_, part)| **part == split);
    let mut roles = vec![' '; keys.len()];
    let mut protected: Vec<&SplitKey> = vec![];
    for (split, letter) in [(Split::Test, 'X'), (Split::Validation, 'V'), (Split::Train, 'T')] {
        let mut kept = vec![];
        for (row, _) in of(split) {
            roles[row] = match word.letter(&keys[row], &protected) {
                '.' => {
                    kept.push(&keys[row]);
                    letter
                }
                gone => gone,
            };
        }
        if kept.is_empty() {
            return Err(split);
        }
        protected.extend(kept);
    }
    Ok(roles.into_iter().collect())
}

fn draw_folds(draw: &mut Draw) -> FoldsSpec {
    let test_ns = 1 + draw.below(30);
    match draw.below(5) {
        0 => FoldsSpec::PurgedKfold { k: 2 + draw.below(4) },
        1 => FoldsSpec::Cpcv { groups: 4 + draw.below(2), held_out: 1 + draw.below(3) },
        2 => FoldsSpec::Grouped { by: draw.one_of(&COLUMNS) },
        3 => FoldsSpec::SessionOut,
        _ => FoldsSpec::WalkForward {
            train_ns: draw.one_of(&[None, Some(Int(20))]),
            test_ns: Int(test_ns),
            step_ns: Int(test_ns + draw.below(10)),
        },
    }
}

/// How many folds were compared.
fn compare_folds(keys: &[SplitKey], reach: i64, split: &SplitSpec, spec: &FoldsSpec) -> usize {
    // The groups do not depend on the purge, so one that purges nothing shows those of a fold that is refused.
    let loose = SplitSpec { purge: Purge::None, ..split.clone() };
    let (found, empty) = match folds(keys, reach, split, spec) {
        Ok(found) => (found, None),
        Err(SplitError::EmptyFold { fold, rows, lost, .. }) => {
            assert_eq!(rows as u64, lost.purged() + lost.embargo);
            let Ok(found) = folds(keys, reach, &loose, spec) else { return 0 };
            (found, Some(fold))
        }
        Err(_) => return 0,
    };
    let is_forecast = matches!(spec, FoldsSpec::WalkForward { .. });
    let word = Word { spec: split, reach, is_forecast };
    for fold in 0..found.len() {
        let is_in = |row: usize, of: &[Vec<u16>]| of[fold].contains(&found.groups()[row]);
        let held: Vec<&SplitKey> = keys
            .iter()
            .enumerate()
            .filter_map(|(row, key)| is_in(row, found.held()).then_some(key))
            .collect();
        let letter = |(row, key): (usize, &SplitKey)| match (
            is_in(row, found.held()),
            is_in(row, found.fit()),
        ) {
            (true, _) => 'H',
            (_, false) => '-',
            (_, true) => match word.letter(key, &held) {
                '.' => 'F',
                'e' => 'E',
                _ => 'P',
            },
        };
        let expected: String = keys.iter().enumerate().map(letter).collect();
        if let Some(empty) = empty {
            assert_eq!(!expected.contains('F'), fold == empty, "{fold}: {expected}");
            if fold == empty {
                return fold;
            }
            continue;
        }
        let members = fold_letters(&found.members(fold).unwrap());
        assert_eq!(
            members, expected,
            "fold {fold} of {spec:?}, reach {reach}, {split:?}: {keys:?}"
        );
        let count = |wanted| members.chars().filter(|letter| *letter == wanted).count() as u64;
        assert_eq!(found.counts()[fold], ['F', 'H', 'P', 'E'].map(count));
    }
    found.len()
}

#[test]
fn splits_and_folds_follow_the_rules_word_by_word() {
    let (mut whole, mut empty, mut compared) = (0, 0, 0);
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..10_000 {
        let mut draw = Draw(seed);
        let keys = draw_rows(&mut draw);
        let spec = draw_spec(&mut draw, &keys);
        let reach = draw.one_of(&[0, 1, 7, 300, i64::MAX]);
        let is_forecast = !matches!(spec.strategy, SplitStrategy::Grouped(_));
        let word = Word { spec: &spec, reach, is_forecast };
        // Where rows are cut is compared elsewhere; without purge and further groups it lies bare.
        let columns = usize::from(!is_forecast);
        let bare: Vec<_> = keys
            .iter()
            .map(|key| SplitKey {
                label_end: key.ts_cutoff,
                label_first_avail: i64::MIN,
                groups: key.groups[..columns].to_vec(),
                ..key.clone()
            })
            .collect();
        let loose = SplitSpec {
            purge: if is_forecast { Purge::Labels } else { Purge::None },
            group_by: COLUMNS[..columns].to_vec(),
            embargo_ns: Int(0),
            ..spec.clone()
        };
        let cut = split(&bare, 0, &loose);
        let Ok(cut) = cut else { continue };
        match (split(&keys, reach, &spec), expected(&keys, &cut.would_be, &word)) {
            (Ok(found), expected) => {
                let roles = letters(&found.roles);
                seen.extend(roles.chars());
                assert_eq!(Ok(&roles), expected.as_ref(), "{seed}: {reach}, {spec:?}, {keys:?}");
                check_protected(&keys, &found, &spec);
                whole += 1;
            }
            (Err(SplitError::Empty { split, rows, lost }), expected) => {
                assert_eq!(expected, Err(split), "{seed}: {reach}, {spec:?}, {keys:?}");
                assert_eq!(rows as u64, lost.purged() + lost.embargo);
                empty += 1;
            }
            (Err(error), _) => panic!("{seed}: {error}"),
        }
        compared += compare_folds(&keys, reach, &spec, &draw_folds(&mut draw));
    }
    // Not vacuous: every role is seen, and most cases give a result.
    assert_eq!(seen.into_iter().collect::<String>(), "TVXegp");
    assert!(whole >= 1_500 && empty >= 500 && compared >= 5_000, "{whole}, {empty}, {compared}");
}

/// A nanosecond lies in a protected interval exactly when it lies in that of a row.
fn check_protected(keys: &[SplitKey], found: &datasets::PrimarySplit, spec: &SplitSpec) {
    for (split, parts) in &found.protected {
        let of_rows: Vec<(i64, i64)> = keys
            .iter()
            .zip(&found.roles)
            .filter(|(_, role)| **role == Role::In(*split))
            .map(|(key, _)| {
                let embargo = i64::try_from(spec.embargo_ns.0).unwrap_or(i64::MAX);
                (key.ts_cutoff, key.label_end.saturating_add(embargo))
            })
            .collect();
        let edges = of_rows.iter().flat_map(|&(start, end)| [start, end]);
        let probes = edges.flat_map(|at| [at.saturating_sub(1), at, at.saturating_add(1)]);
        for at in probes {
            let by_rows = of_rows.iter().any(|&(start, end)| start <= at && at <= end);
            let by_parts = parts.iter().any(|part| part.start <= at && at <= part.end);
            assert_eq!(by_parts, by_rows, "{at} in {parts:?} of {of_rows:?}");
        }
        assert!(parts.windows(2).all(|two| two[0].end < two[1].start), "{parts:?}");
    }
}
