//! The same result for any number of threads, and a table that says what was done.

use super::market::{COPIES, Market, learner, settings};
use super::threads;
use contract::FeatureScores;
use features::selection::{
    Column, DropReason, Matrix, Sample, Selection, Settings, Target, complementary_pairs,
    purged_folds, relevance, screen, select,
};
use std::collections::BTreeMap;

/// All cells of a column of ratios, as bits.
fn cells(found: &Selection) -> Vec<Vec<Option<u64>>> {
    let columns = [
        FeatureScores::SCORE,
        FeatureScores::CI_LOW,
        FeatureScores::CI_HIGH,
        FeatureScores::P_VALUE,
        FeatureScores::Q_VALUE,
        FeatureScores::N_EFF,
    ];
    columns
        .iter()
        .map(|c| found.scores.col(c).iter().map(|x| x.map(f64::to_bits)).collect())
        .collect()
}

fn run(market: &Market, settings: &Settings, number: usize, seed: u64) -> Selection {
    let (matrix, sample) = (market.matrix().unwrap(), market.sample().unwrap());
    let folds = purged_folds(&sample, 3, 0).unwrap();
    select(&matrix, &sample, &folds, &learner(), settings, seed, threads(number)).unwrap()
}

#[test]
fn scores_have_the_same_bits_for_any_number_of_threads() {
    let market = Market::new(77);
    let settings = Settings { shifts: 9, pairs: 3, repeats: 1, replicates: 99, ..settings() };
    let alone = run(&market, &settings, 1, 5);
    let shared = run(&market, &settings, 3, 5);
    assert_eq!(cells(&shared), cells(&alone));
    assert_eq!(shared.confirmed, alone.confirmed);
    assert_eq!(shared.spec_hash, alone.spec_hash);
    let other = run(&market, &settings, 2, 6);
    assert_ne!(cells(&other), cells(&alone), "the seed moved nothing");
    assert_eq!(other.spec_hash, alone.spec_hash);
}

#[test]
fn every_feature_has_a_row_for_every_step_that_it_reached() {
    let market = Market::new(3);
    let settings = Settings { shifts: 9, pairs: 3, repeats: 1, replicates: 99, ..settings() };
    let found = run(&market, &settings, 2, 5);
    let scores = &found.scores;
    let mut rows: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for row in 0..scores.len() {
        let feature = scores.cell(&FeatureScores::FEATURE, row).unwrap();
        let method = scores.cell(&FeatureScores::METHOD, row).unwrap();
        let key = (feature.to_owned(), method.to_owned());
        rows.entry(key).or_default().push(row);
    }
    let name = |at: usize| format!("x_sim__f{at:03}__now");
    let count =
        |at: usize, method: &str| rows.get(&(name(at), method.to_owned())).map_or(0, Vec::len);
    for at in 0..200 {
        assert_eq!((count(at, "screen"), count(at, "mutual_information")), (1, 1), "{at}");
        let steps = ["mrmr_fcq", "permutation", "stability", "confirmed"].map(|m| count(at, m));
        let is_head = steps == [1; 4];
        assert!(is_head || steps == [0; 4], "{at}: {steps:?}");
        assert_eq!(count(at, "permutation_fold"), if is_head { 3 } else { 0 }, "{at}");
    }
    // Of a family of near copies one goes on, and all have one cluster.
    let cluster = |at: usize| {
        let row = rows[&(name(at), "mutual_information".to_owned())][0];
        scores.col(&FeatureScores::CLUSTER_ID).value(row)
    };
    for [one, other] in COPIES {
        assert_eq!(cluster(one), cluster(other));
        assert!(count(one, "confirmed") + count(other, "confirmed") <= 1);
    }
    assert_eq!(count(20, "confirmed") + count(21, "confirmed") + count(22, "confirmed"), 1);
    let (sample, spec) = (market.sample().unwrap(), found.spec_hash);
    let from = *sample.ts_from().first().unwrap();
    let to = *sample.ts_to().last().unwrap();
    for row in rows.iter().filter(|(key, _)| key.1 == "permutation").flat_map(|(_, rows)| rows) {
        assert_eq!(scores.col(&FeatureScores::TS_FROM).value(*row), from);
        assert_eq!(scores.col(&FeatureScores::TS_TO).value(*row), to);
        assert_eq!(scores.cell(&FeatureScores::SPEC_HASH, *row), Ok(spec));
        assert_eq!(scores.col(&FeatureScores::SEED).value(*row), 5);
        let n_eff = scores.col(&FeatureScores::N_EFF).value(*row);
        let unique: f64 = sample.weights().iter().sum();
        assert!((n_eff - unique).abs() < 1e-6, "{n_eff} {unique}"); // each row is tested once
    }
}

#[test]
fn each_reason_to_drop_a_column_is_named() {
    let rows = 600;
    let normal: Vec<f64> = {
        let mut random = super::market::Seeded::new(1);
        (0..rows).map(|_| random.normal()).collect()
    };
    let constant = vec![3.0; rows];
    let rare: Vec<f64> = (0..rows).map(|row| if row % 200 == 0 { 1.0 } else { 0.0 }).collect();
    let trend: Vec<f64> = (0..rows).map(|row| row as f64 / 100.0 + normal[row]).collect();
    let none = vec![false; rows];
    let few: Vec<bool> = (0..rows).map(|row| row % 4 == 0).collect();
    let some: Vec<bool> = (0..rows).map(|row| row % 5 != 0).collect();
    let sparse: Vec<bool> = (0..rows).map(|row| row % 4 != 0).collect();
    let column = |name, values, valid| Column::with_validity(name, values, valid).unwrap();
    let matrix = Matrix::try_new(vec![
        Column::new("sound", &normal),
        column("empty", &normal, &none),
        column("few", &normal, &few),
        Column::new("constant", &constant),
        Column::new("rare", &rare),
        Column::new("trend", &trend),
        column("nulls allowed", &normal, &some),
        column("sparse", &normal, &sparse),
    ])
    .unwrap();
    let settings = Settings { min_rows: 460, ..Settings::default() };
    let found = screen(&matrix, &settings).unwrap();
    let reasons: Vec<Option<DropReason>> = found.iter().map(|s| s.reason).collect();
    let expected = [
        None,
        Some(DropReason::Nulls),
        Some(DropReason::Nulls), // three quarters
        Some(DropReason::Constant),
        Some(DropReason::NearConstant), // 597 of 600
        Some(DropReason::Drift),
        None,                         // a fifth, 480 rows are left
        Some(DropReason::TooFewRows), // 450 rows are left
    ];
    assert_eq!(reasons, expected);
    assert_eq!((found[2].null_share, found[4].modal_share), (0.75, 597.0 / 600.0));
}

#[test]
fn halves_share_no_session_and_leave_out_at_most_one() {
    let market = Market::new(1);
    let sample = market.sample().unwrap();
    let pairs = complementary_pairs(&sample, 20, 3).unwrap();
    assert_eq!(pairs.len(), 20);
    for [left, right] in &pairs {
        assert_eq!((left.len(), right.len()), (1_000, 1_000)); // 25 of 50 sessions, 40 rows each
        let session = |rows: &[usize]| rows.iter().map(|row| row / 40).collect::<Vec<_>>();
        let (left, right) = (session(left), session(right));
        assert!(left.iter().all(|s| !right.contains(s)));
    }
    assert_ne!(pairs[0], pairs[1]);
}

/// Share of 120 unrelated pairs of series whose p-value is at most 0.1.
fn share_of_small_p_values(sessions: &[u32]) -> f64 {
    let rows = sessions.len();
    let mut random = super::market::Seeded::new(11);
    let mut slow = || {
        let mut level = 0.0;
        (0..rows)
            .map(|_| {
                level = 0.97 * level + random.normal();
                level
            })
            .collect::<Vec<f64>>()
    };
    let from: Vec<i64> = (0..300).collect();
    let to: Vec<i64> = (1..301).collect();
    let settings = Settings { shifts: 99, ..Settings::default() };
    let small = (0..120).filter(|&seed| {
        let (x, y) = (slow(), slow());
        let classes: Vec<u32> = y.iter().map(|y| u32::from(*y > 0.0)).collect();
        if classes.iter().all(|c| *c == classes[0]) {
            return false;
        }
        let matrix = Matrix::try_new(vec![Column::new("x", &x)]).unwrap();
        let sample = Sample::try_new(Target::Classes(&classes), &from, &to).unwrap();
        let sample = sample.with_sessions(sessions).unwrap();
        let found = relevance(&matrix, &sample, &[0], &settings, seed, threads(1)).unwrap();
        found[0].p_value.unwrap() <= 0.1
    });
    small.count() as f64 / 120.0
}

#[test]
fn slow_series_do_not_look_related_when_whole_sessions_are_shifted() {
    let whole = share_of_small_p_values(&[0; 300]);
    assert!(whole < 0.2, "{whole}"); // 0.1, and a wrapped series is not quite stationary
    // Pairs of rows as sessions cut the series into pieces: nearly every estimate looks large.
    let pieces: Vec<u32> = (0..300).map(|row| row * 7 % 100).collect();
    let cut = share_of_small_p_values(&pieces);
    assert!(cut > 2.0 * whole, "{cut} against {whole}");
}
