use super::*;
use proptest::prelude::*;

/// The rules of intervals as they are written, over all pairs.
fn brute(rows: &[Life], parts: &[Part], at: usize, distances: Distances) -> [bool; 3] {
    let (embargo, reach) = (i128::from(distances.embargo_ns), i128::from(distances.reach_ns));
    let meets =
        |a: (i128, i128), b: (i128, i128)| a.0 <= a.1 && b.0 <= b.1 && a.0 <= b.1 && b.0 <= a.1;
    let wide = |life: &Life| (i128::from(life.t), i128::from(life.e));
    let (t, e) = wide(&rows[at]);
    let mut broken = [false; 3];
    for (row, _) in rows.iter().zip(parts).filter(|(_, part)| **part == Part::Protected) {
        let (tj, ej) = wide(row);
        broken[0] |= meets((t, e), (tj, ej + embargo));
        if distances.features {
            broken[1] |= meets((t, e), (tj - reach, tj - 1));
            broken[2] |= meets((t - reach, t - 1), (tj, ej + embargo));
        }
    }
    broken
}

fn case() -> impl Strategy<Value = (Vec<(Life, Part)>, Distances)> {
    let part = prop_oneof![Just(Part::Learner), Just(Part::Protected), Just(Part::Neither)];
    // Most lives are short, some as long as everything.
    let length = prop_oneof![4 => 0_i64..6, 1 => 0_i64..60];
    let row = (0_i64..40, length, part).prop_map(|(t, d, part)| (Life { t, e: t + d }, part));
    let distances = (0_u64..8, 0_u64..8, any::<bool>())
        .prop_map(|(embargo_ns, reach_ns, features)| Distances { embargo_ns, reach_ns, features });
    (prop::collection::vec(row, 0..24), distances)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_gap_below_one_is_an_overlap_by_brute_force((mut rows, distances) in case()) {
        rows.sort_by_key(|(life, _)| life.t);
        let (lives, parts): (Vec<Life>, Vec<Part>) = rows.into_iter().unzip();
        let gaps = Lives::new(lives.clone()).gaps(&parts, distances);
        for at in 0..lives.len() {
            let expected = if parts[at] == Part::Learner {
                brute(&lives, &parts, at, distances)
            } else {
                [false; 3]
            };
            let found = gaps[at].map(|gap| gap.is_some_and(|ns| ns < 1));
            prop_assert_eq!(found, expected, "row {} of {:?} {:?} {:?}", at, lives, parts, distances);
        }
    }
}

#[test]
fn gap_is_the_number_of_nanoseconds_from_end_to_start() {
    use Part::{Learner, Protected};
    let lives = [(0, 4), (10, 30), (11, 12), (40, 41)].map(|(t, e)| Life { t, e });
    let parts = [Learner, Protected, Protected, Learner];
    let distances = Distances { embargo_ns: 3, reach_ns: 5, features: true };
    let gaps = Lives::new(lives.to_vec()).gaps(&parts, distances);
    // First row: outcome ends at 4, the first protected starts at 10, and its features at 10 - 5.
    assert_eq!(gaps[0], [Some(6), Some(1), None]);
    // Last row: the latest end is 30 and not 12; with the embargo 33; its features start at 40 - 5.
    assert_eq!(gaps[3], [Some(7), None, Some(2)]);
}

#[test]
fn ends_of_time_do_not_overflow() {
    let lives = [(i64::MIN, i64::MAX), (i64::MAX, i64::MAX)].map(|(t, e)| Life { t, e });
    let distances = Distances { embargo_ns: u64::MAX, reach_ns: u64::MAX, features: true };
    let gaps = Lives::new(lives.to_vec()).gaps(&[Part::Protected, Part::Learner], distances);
    assert_eq!(gaps[1][0], Some(-i128::from(u64::MAX)));
}
