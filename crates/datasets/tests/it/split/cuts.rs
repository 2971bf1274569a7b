//! Where the three parts are cut.

use super::cases::{at, check, grouped_rows, rows, value};
use datasets::{
    GroupColumn, Int, Interval, IntervalUnion, Number, Purge, RuleLosses, Split, SplitKey,
    SplitSpec, SplitStrategy, split,
};
use proptest::prelude::*;

fn shares(train: f64, validation: f64, test: f64) -> SplitSpec {
    let shares = [train, validation, test].map(Number);
    SplitSpec { strategy: SplitStrategy::Fractions(shares), ..at(0, 0) }
}

fn at_once(cutoffs: &[i64]) -> Vec<SplitKey> {
    rows(&cutoffs.iter().map(|&t| (t, t)).collect::<Vec<_>>())
}

#[test]
fn fractions_count_rows() {
    // 10 rows: 7 and 8.5, rounded to 9.
    let keys = at_once(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    check(&keys, 0, &shares(0.7, 0.15, 0.15), "TTTTTTTVVX");
}

#[test]
fn a_fraction_never_parts_rows_of_one_cutoff() {
    // Half of six rows is row 3, at 20 as row 2 is; the next cut-off is row 5.
    let keys = at_once(&[0, 10, 20, 20, 20, 30, 40, 40]);
    let spec = shares(0.375, 0.375, 0.25);
    check(&keys, 0, &spec, "TTTTTVXX");
}

#[test]
fn boundaries_are_the_first_instants_of_their_split() {
    let keys = at_once(&[98, 99, 100, 101, 200, 200, 201]);
    check(&keys, 0, &at(100, 200), "TTVVXXX");
    check(&keys, 0, &at(99, 150), "TVVVXXX");
}

fn grouped(train: f64, validation: f64, test: f64) -> SplitSpec {
    SplitSpec {
        strategy: SplitStrategy::Grouped([train, validation, test].map(Number)),
        purge: Purge::None,
        group_by: vec![GroupColumn::GroupId, GroupColumn::OrderId],
        ..at(0, 0)
    }
}

#[test]
fn rows_without_a_group_are_spread_one_by_one() {
    let keys = grouped_rows(&[(0, 0, None); 40].map(|(_, _, group)| (0, 0, group)));
    let spec = SplitSpec { group_by: vec![GroupColumn::GroupId], ..grouped(0.5, 0.25, 0.25) };
    let found = split(&keys, 0, &spec).unwrap();
    let count = |part| found.would_be.iter().filter(|split| **split == part).count();
    assert_eq!(Split::ALL.map(count), [20, 10, 10]);
    // Not in order of time: the first half is not all train.
    assert_ne!(found.would_be[..20], [Split::Train; 20]);
}

#[test]
fn a_second_column_drops_rows_that_the_first_would_part() {
    let mut keys = at_once(&[0, 10, 20, 30, 40, 50]);
    // By hash: 2 train, 3 validation, 1 test. Rows 0 and 1 share a value of the second column.
    for (key, (first, second)) in keys.iter_mut().zip([
        (1, Some(7)),
        (2, Some(7)),
        (3, None),
        (1, None),
        (2, None),
        (3, None),
    ]) {
        key.groups = vec![Some(value(first)), second.map(value)];
    }
    let third = 1.0 / 3.0;
    check(&keys, 0, &grouped(third, third, third), "XgVXTV");
}

fn lives() -> impl Strategy<Value = Vec<(i64, i64, Option<u8>)>> {
    let row = (0_i64..60, 0_i64..9, prop::option::of(0_u8..6));
    prop::collection::vec(row, 1..50).prop_map(|mut rows| {
        rows.sort_unstable();
        rows.into_iter().map(|(t, life, group)| (t, t + life, group)).collect()
    })
}

proptest! {
    #[test]
    fn a_cut_by_time_keeps_its_share_but_for_ties(lives in lives(), share in 0_usize..4) {
        let parts = [[50_usize, 25, 25], [60, 20, 20], [25, 25, 50], [80, 10, 10]][share];
        let [train, validation, test] = parts.map(|part| part as f64 / 100.0);
        let lives: Vec<_> = lives.iter().map(|&(t, _, _)| (t, t)).collect();
        let (keys, spec) = (rows(&lives), shares(train, validation, test));
        let Ok(found) = split(&keys, 0, &spec) else { return Ok(()) };
        // Halves up, in integers; then on to the next cut-off that differs.
        let cut = |percent: usize| {
            let quota = (2 * lives.len() * percent + 100) / 200;
            (quota..lives.len()).find(|&at| at == 0 || lives[at].0 != lives[at - 1].0)
        };
        let cuts = [cut(parts[0]).unwrap(), cut(parts[0] + parts[1]).unwrap()];
        let place = |part| found.would_be.iter().position(|split| *split == part).unwrap();
        prop_assert_eq!([place(Split::Validation), place(Split::Test)], cuts);
    }

    #[test]
    fn groups_stay_whole_in_a_grouped_split(lives in lives()) {
        let spec = SplitSpec { group_by: vec![GroupColumn::GroupId], ..grouped(0.5, 0.25, 0.25) };
        let keys = grouped_rows(&lives);
        if let Ok(found) = split(&keys, 0, &spec) {
            for (one, part) in keys.iter().zip(&found.would_be) {
                for (other, other_part) in keys.iter().zip(&found.would_be) {
                    if one.groups[0].is_some() && one.groups == other.groups {
                        prop_assert_eq!(part, other_part);
                    }
                }
            }
            prop_assert_eq!(found.lost.values().map(RuleLosses::purged).sum::<u64>(), 0);
        }
    }

    #[test]
    fn a_union_meets_what_one_of_its_intervals_meets(
        of in prop::collection::vec((0_i64..50, 0_i64..8), 0..20),
        asked in (0_i64..60, 0_i64..8),
    ) {
        let at = |(start, length): (i64, i64)| Interval { start, end: start + length };
        let asked = at(asked);
        let of: Vec<_> = of.into_iter().map(at).collect();
        let by_each = of.iter().any(|one| one.start <= asked.end && asked.start <= one.end);
        prop_assert_eq!(IntervalUnion::of(of).meets(asked), by_each);
    }

    #[test]
    fn a_label_that_ends_later_never_brings_a_learner_back(lives in lives(), row in 0_usize..50, more in 1_i64..40) {
        let keys = grouped_rows(&lives);
        let spec = SplitSpec { group_by: vec![GroupColumn::GroupId], embargo_ns: Int(3), ..shares(0.5, 0.25, 0.25) };
        let mut longer = keys.clone();
        let row = row % keys.len();
        longer[row].label_end += more;
        let gone = |keys: &[SplitKey]| split(keys, 4, &spec).map(|found| found.roles[row]);
        if let (Ok(before), Ok(after)) = (gone(&keys), gone(&longer))
            && matches!(before, datasets::Role::Dropped(_))
        {
            prop_assert_eq!(std::mem::discriminant(&after), std::mem::discriminant(&before));
        }
    }
}
