//! Random versions with random faults: the verifier counts what brute force over all pairs counts.

use crate::version_kit::{Fate, Kit, KitRow, id, lawful_clash};
use datasets::{Int, Number, Split, SplitStrategy};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Draw {
    split: usize,
    life: i64,
    gap: i64,
    group: u8,
    source: i64,
}

fn draw() -> impl Strategy<Value = Draw> {
    // Lives with a heavy tail, ties in time, groups that are shared now and then.
    let life = prop_oneof![6 => 0_i64..3_000, 1 => 0_i64..60_000];
    let gap = prop_oneof![1 => Just(0_i64), 3 => 1_i64..4_000];
    (0_usize..4, life, gap, 0_u8..30, -50_i64..3)
        .prop_map(|(split, life, gap, group, source)| Draw { split, life, gap, group, source })
}

fn version(draws: &[Draw], embargo: u64, lookback: u64) -> Kit {
    let mut kit = Kit::unsplit(draws.len() as u64);
    let mut now = kit.rows[0].ts;
    for (row, draw) in kit.rows.iter_mut().zip(draws) {
        now += draw.gap;
        (row.ts, row.end) = (now, now + draw.life);
        (row.latest_end, row.until, row.avail, row.first_avail) = (row.end, now, row.end, row.end);
        row.src_avail = Some(now + draw.source);
        row.group = (draw.group < 10).then(|| id(u64::from(draw.group)));
        row.fate = match draw.split {
            0 => Fate::Dropped("low_quality"),
            place => Fate::In(Split::ALL[place - 1]),
        };
    }
    kit.as_of.ts.0 = i64::MAX;
    kit.spec.split.embargo_ns = Int(embargo);
    kit.spec.split.strategy = SplitStrategy::Grouped([0.6, 0.2, 0.2].map(Number));
    kit.lookbacks = [lookback, 0];
    (kit.spec.folds, kit.held) = (None, vec![]);
    kit
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn violations_are_those_of_brute_force(
        draws in prop::collection::vec(draw(), 12..60),
        embargo in 0_u64..3_000,
        lookback in 0_u64..3_000,
    ) {
        let kit = version(&draws, embargo, lookback);
        let rows = |split: Split| -> Vec<&KitRow> {
            kit.rows.iter().filter(|row| row.fate == Fate::In(split)).collect()
        };
        prop_assume!(Split::ALL.iter().all(|split| !rows(*split).is_empty()));
        let (mut near, mut shared) = (0, 0);
        for (learns, held) in [(0, 1), (0, 2), (1, 2)] {
            let (learners, held) = (rows(Split::ALL[learns]), rows(Split::ALL[held]));
            for learner in learners {
                near += u64::from(lawful_clash(learner, &held, &kit.spec.split, kit.reach()));
                let shares = |row: &&KitRow| row.group.is_some() && row.group == learner.group;
                shared += u64::from(held.iter().any(shares));
            }
        }
        let kept = || kit.rows.iter().filter(|row| matches!(row.fate, Fate::In(_)));
        let early = kept().filter(|row| row.src_avail.unwrap() >= row.ts).count() as u64;
        let certificate = kit.certify().unwrap();
        let violations = |check: &str| certificate.check(check).unwrap().violations;
        prop_assert_eq!(violations("intervals"), near);
        prop_assert_eq!(violations("groups"), shared);
        prop_assert_eq!(violations("availability"), early);
        prop_assert_eq!(violations("identity"), 0);
    }

    #[test]
    fn lawful_purge_of_any_lives_passes(
        draws in prop::collection::vec(draw(), 30..60),
        embargo in 0_u64..3_000,
        lookback in 0_u64..3_000,
    ) {
        let mut kit = version(&draws, embargo, lookback);
        // Train on both sides of validation.
        let blocks = [Split::Train, Split::Train, Split::Validation, Split::Train, Split::Test];
        for (place, row) in kit.rows.iter_mut().enumerate() {
            (row.group, row.src_avail) = (None, Some(row.ts - 1));
            row.fate = Fate::In(blocks[place * 5 / draws.len()]);
        }
        kit.split_by(lawful_clash);
        (kit.spec.transforms, kit.transforms) = (vec![], Some(vec![]));
        prop_assert_eq!(kit.failed(), Vec::<String>::new());
    }
}
