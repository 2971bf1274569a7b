//! Uniqueness and effective sizes, through a kernel that counts nanosecond by nanosecond.

use super::cases::{at, rows};
use contract::Diagnostic as _;
use datasets::{
    FoldsSpec, LabelLives, Reason, Role, Split, SplitError, Weigh, effective_sizes, folds,
    uniqueness_by_split,
};

/// For every nanosecond of a label's life, one over the labels of its group that are alive.
struct Naive;

impl Weigh for Naive {
    fn uniqueness(&self, starts: &[i64], ends: &[i64], groups: &[u32]) -> Result<Vec<f64>, String> {
        let lives: Vec<_> =
            starts.iter().zip(ends).zip(groups).map(|((s, e), g)| (*s, *e, *g)).collect();
        let alive = |t: i64, group: u32| {
            lives.iter().filter(|&&(s, e, g)| g == group && s < t && t <= e).count() as f64
        };
        let mean = |&(s, e, g): &(i64, i64, u32)| {
            if s >= e {
                return Err(format!("a life from {s} to {e}"));
            }
            Ok((s + 1..=e).map(|t| 1.0 / alive(t, g)).sum::<f64>() / (e - s) as f64)
        };
        lives.iter().map(mean).collect()
    }
}

/// One value, whatever is asked.
struct Short;

impl Weigh for Short {
    fn uniqueness(&self, _: &[i64], _: &[i64], _: &[u32]) -> Result<Vec<f64>, String> {
        Ok(vec![1.0])
    }
}

const ROLES: [Role; 5] = [
    Role::In(Split::Train),
    Role::In(Split::Train),
    Role::Dropped(Reason::Purged),
    Role::In(Split::Validation),
    Role::In(Split::Test),
];

/// The first two overlap in half of their lives; the third overlaps all of them, and is in no split.
const STARTS: [i64; 5] = [0, 8, 0, 4, 20];
const ENDS: [i64; 5] = [16, 24, 64, 12, 24];

fn lives(groups: &[u32; 5]) -> LabelLives<'_> {
    LabelLives { starts: &STARTS, ends: &ENDS, groups }
}

#[test]
fn uniqueness_counts_the_labels_of_its_own_split_alone() {
    // (8 * 1 + 8 * 1/2) / 16 = 0.75, twice.
    let found = uniqueness_by_split(&Naive, &ROLES, lives(&[0; 5])).unwrap();
    assert_eq!(found, [Some(0.75), Some(0.75), None, Some(1.0), Some(1.0)]);
    let sizes = effective_sizes(&ROLES, &found).unwrap();
    assert_eq!(
        sizes.into_iter().collect::<Vec<_>>(),
        [(Split::Train, 1.5), (Split::Validation, 1.0), (Split::Test, 1.0)]
    );
}

#[test]
fn labels_of_other_groups_do_not_overlap() {
    let found = uniqueness_by_split(&Naive, &ROLES, lives(&[0, 1, 0, 0, 0])).unwrap();
    assert_eq!(found, [Some(1.0), Some(1.0), None, Some(1.0), Some(1.0)]);
}

#[test]
fn folds_sum_the_uniqueness_of_their_learners() {
    let keys = rows(&[(0, 16), (8, 24), (100, 116), (108, 124)]);
    let spec = FoldsSpec::PurgedKfold { k: 2 };
    let found = folds(&keys, 0, &at(0, 1), &spec).unwrap();
    let lives = LabelLives {
        starts: &[0, 8, 100, 108],
        ends: &[16, 24, 104, 124], // the third was settled before the fourth began
        groups: &[0; 4],
    };
    assert_eq!(found.effective_sizes(&Naive, lives), Ok(vec![2.0, 1.5]));
}

#[test]
fn other_numbers_of_rows_are_refused() {
    let short = LabelLives { ends: &ENDS[1..], ..lives(&[0; 5]) };
    let error = uniqueness_by_split(&Naive, &ROLES, short).unwrap_err();
    let text = "weights: expected 5 label ends, one a row, found 4";
    assert_eq!((error.code(), error.to_string().as_str()), ("datasets/weights-length", text));
    let keys = rows(&[(0, 16), (8, 24), (100, 116), (108, 124)]);
    let found = folds(&keys, 0, &at(0, 1), &FoldsSpec::PurgedKfold { k: 2 }).unwrap();
    let error = found.effective_sizes(&Naive, lives(&[0; 5])).unwrap_err();
    assert_eq!(error.to_string(), "weights: expected 4 label starts, one a row, found 5");
    let error = effective_sizes(&ROLES, &[None; 4]).unwrap_err();
    assert_eq!(error.to_string(), "weights: expected 5 weights, one a row, found 4");
}

#[test]
fn what_the_kernel_refuses_is_said_in_its_words() {
    let still = LabelLives { ends: &STARTS, ..lives(&[0; 5]) };
    let error = uniqueness_by_split(&Naive, &ROLES, still).unwrap_err();
    assert_eq!(error, SplitError::Weights { message: "a life from 0 to 0".to_owned() });
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("datasets/weights-refused", "weights: a life from 0 to 0")
    );
    let error = uniqueness_by_split(&Short, &ROLES, lives(&[0; 5])).unwrap_err();
    assert_eq!(error.to_string(), "weights: expected 2 weights, one a row, found 1");
}
