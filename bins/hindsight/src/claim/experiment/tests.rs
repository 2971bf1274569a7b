//! Planted signals, traps and nothing at all: every arm must say what was planted.

use super::*;
use crate::claim::draws::Draws;
use crate::claim::metric::Metric;
use crate::claim::spec::{ClaimModel, Decide, ModelName};

const MINUTE: i64 = 60_000_000_000;

fn claim(arms: &[Arm]) -> ClaimSpec {
    ClaimSpec {
        title: "planted".to_owned(),
        universe: "none".to_owned(),
        horizon: "1m".to_owned(),
        target: "up".to_owned(),
        metrics: vec![Metric::Accuracy, Metric::LogLoss, Metric::BalancedAccuracy],
        models: vec![ClaimModel { name: ModelName::Logistic, penalty: 1.0 }],
        arms: arms.to_vec(),
        raw_features: vec!["raw*".to_owned()],
        folds: 3,
        decide: Decide::Likeliest,
        min_quality: None,
        min_gain: 0.05,
        replicates: 400,
        seed: 7,
    }
}

/// A row every ten minutes whose label lives for one; two classes; features `signal` and `raw`.
fn planted(n: i64, strength: f64, seed: u64) -> Experiment {
    let mut draws = Draws::new(seed, 0);
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for at in 0..n {
        let ts = at * 10 * MINUTE;
        let signal = draws.unit() - 0.5;
        let class = usize::from(draws.unit() < 0.5 + strength * signal);
        let end = ts + MINUTE;
        rows.push(ClaimRow { ts, end, avail: end, class, weight: 1.0, ..ClaimRow::default() });
        values.extend([signal, draws.unit()]);
    }
    Experiment {
        rows,
        features: Matrix::from_rows(2, values),
        names: vec!["signal".to_owned(), "raw__noise".to_owned()],
        classes: vec!["down".to_owned(), "up".to_owned()],
        purge: ClaimPurge { reach_ns: 0 },
    }
}

fn cell(report: &ClaimReport, arm: Arm, metric: Metric) -> &Cell {
    report.cells.iter().find(|cell| cell.arm == arm && cell.metric == metric).unwrap()
}

#[test]
fn a_planted_signal_passes_and_placebos_gain_nothing() {
    let arms = [Arm::Ours, Arm::LabelsShuffled, Arm::FeaturesShifted];
    let report = planted(4_000, 0.9, 1).run(&claim(&arms), false).unwrap();
    assert_eq!((report.rows, report.held), (4_000, 3_000));
    let ours = cell(&report, Arm::Ours, Metric::Accuracy);
    // With u uniform on (-.5, .5) the best rule is right with .5 + .9 E|u| = .725.
    assert!((ours.value - 0.725).abs() < 0.033, "{}", ours.value);
    assert_eq!(ours.outcome, Outcome::Pass);
    assert!(report.is_met, "{}", report.why);
    for arm in [Arm::LabelsShuffled, Arm::FeaturesShifted] {
        for metric in [Metric::Accuracy, Metric::LogLoss, Metric::BalancedAccuracy] {
            assert_eq!(cell(&report, arm, metric).outcome, Outcome::Clean, "{arm:?} {metric:?}");
        }
    }
    // Lives do not overlap, so that every row counts.
    assert!((report.n_eff - 3_000.0).abs() < 1e-9, "{}", report.n_eff);
    // Minutes 10000 to 39990: days 6 to 27.
    assert_eq!((report.unit, report.sessions), (SessionUnit::Day, 22));
}

#[test]
fn a_gain_without_the_raw_baseline_or_a_placebo_does_not_pass() {
    let experiment = planted(4_000, 0.9, 1);
    for (arms, raw, expected) in [
        (vec![Arm::Ours], "raw*", "arms that were not tried: labels_shuffled, features_shifted"),
        (
            vec![Arm::Ours, Arm::LabelsShuffled],
            "raw*",
            "arms that were not tried: features_shifted",
        ),
        (
            vec![Arm::Ours, Arm::FeaturesShifted],
            "raw*",
            "arms that were not tried: labels_shuffled",
        ),
        (
            vec![Arm::Ours, Arm::LabelsShuffled, Arm::FeaturesShifted],
            "none*",
            "arms that were not tried: raw",
        ),
    ] {
        let spec = ClaimSpec { raw_features: vec![raw.to_owned()], ..claim(&arms) };
        let report = experiment.run(&spec, false).unwrap();
        assert_eq!(cell(&report, Arm::Ours, Metric::Accuracy).outcome, Outcome::Pass);
        assert_eq!((report.is_met, report.why.as_str()), (false, expected));
    }
}

#[test]
fn noise_does_not_pass_and_few_rows_have_no_power() {
    let report = planted(4_000, 0.0, 2).run(&claim(&[Arm::Ours]), false).unwrap();
    let ours = cell(&report, Arm::Ours, Metric::Accuracy);
    assert!(matches!(ours.outcome, Outcome::NoGain | Outcome::Loss), "{:?}", ours.outcome);
    assert!(!report.is_met);
    let report = planted(1_000, 0.9, 3).run(&claim(&[Arm::Ours]), false).unwrap();
    let ours = cell(&report, Arm::Ours, Metric::Accuracy);
    assert_eq!(ours.outcome, Outcome::NoPower);
    assert!(!report.is_met && ours.n_eff < ours.n_eff_needed.unwrap());
}

#[test]
fn overlapping_lives_count_for_less() {
    let mut one = planted(4_000, 0.9, 1);
    // Lives of 100 minutes at a row each ten: about ten at a time.
    one.rows.iter_mut().for_each(|row| row.end = row.ts + 100 * MINUTE);
    let report = one.run(&claim(&[Arm::Ours]), false).unwrap();
    assert!((report.n_eff - 300.0).abs() < 3.0, "{}", report.n_eff);
    assert_eq!(cell(&report, Arm::Ours, Metric::Accuracy).outcome, Outcome::NoPower);
    // Given weights are used as they are.
    one.rows.iter_mut().for_each(|row| row.uniqueness = Some(0.5));
    let report = one.run(&claim(&[Arm::Ours]), false).unwrap();
    assert!((report.n_eff - 1_500.0).abs() < 1e-9, "{}", report.n_eff);
}

#[test]
fn a_feature_that_names_the_moment_is_a_trap_under_a_shuffled_split_alone() {
    // Labels come in runs of forty rows; each run has a feature of its own.
    let (n, run) = (2_000_i64, 40_i64);
    let mut draws = Draws::new(4, 0);
    let width = usize::try_from(n / run).unwrap();
    let (mut rows, mut values, mut class) = (Vec::new(), Vec::new(), 0);
    for at in 0..n {
        if at % run == 0 {
            class = usize::from(draws.unit() < 0.5);
        }
        let ts = at * 10 * MINUTE;
        let end = ts + MINUTE;
        rows.push(ClaimRow { ts, end, avail: end, class, weight: 1.0, ..ClaimRow::default() });
        values.extend(
            (0..width).map(|k| f64::from(u8::from(k == usize::try_from(at / run).unwrap()))),
        );
    }
    let experiment = Experiment {
        rows,
        features: Matrix::from_rows(width, values),
        names: (0..width).map(|k| format!("run_{k}")).collect(),
        classes: vec!["down".to_owned(), "up".to_owned()],
        purge: ClaimPurge { reach_ns: 0 },
    };
    let report = experiment.run(&claim(&[Arm::Ours, Arm::Leaky]), false).unwrap();
    let leaky = cell(&report, Arm::Leaky, Metric::Accuracy);
    assert_eq!((leaky.outcome, leaky.reference), (Outcome::Trap, Arm::Ours));
    assert!(leaky.value > 0.99 && leaky.reference_value < 0.7, "{leaky:?}");
    assert!(!report.is_met);
    assert_eq!(report.untried, [(Arm::Raw, "no feature matches raw_features")]);
}

#[test]
fn weights_and_quality_pay_where_bad_rows_are_told_apart() {
    // Four rows in ten have the other class among learners; they are marked by weight, or by quality.
    let planted = planted(4_000, 1.0, 5);
    let spoilt = |mark: &dyn Fn(&mut ClaimRow, bool)| {
        let mut experiment = planted.clone();
        let first_held = 1_000;
        let mut draws = Draws::new(6, 0);
        for (at, row) in experiment.rows.iter_mut().enumerate() {
            let is_bad = at < first_held && draws.unit() < 0.6;
            if is_bad {
                row.class = 1 - row.class;
            }
            mark(row, is_bad);
        }
        experiment
    };
    let one_fold = |arms: &[Arm]| ClaimSpec { folds: 3, ..claim(arms) };
    let weighted = spoilt(&|row, is_bad| row.weight = if is_bad { 0.001 } else { 1.0 });
    let report = weighted.run(&one_fold(&[Arm::Ours, Arm::NoWeights]), false).unwrap();
    let cell_of = cell(&report, Arm::NoWeights, Metric::LogLoss);
    assert_eq!((cell_of.outcome, cell_of.reference), (Outcome::Pays, Arm::Ours));
    let scored = spoilt(&|row, is_bad| row.quality = Some(if is_bad { 10.0 } else { 90.0 }));
    let spec = ClaimSpec { min_quality: Some(50.0), ..one_fold(&[Arm::Ours, Arm::NoQuality]) };
    let report = scored.run(&spec, false).unwrap();
    assert_eq!(cell(&report, Arm::NoQuality, Metric::LogLoss).outcome, Outcome::Pays);
    let unscored =
        planted.run(&one_fold(&[Arm::Ours, Arm::NoQuality, Arm::NoWeights]), false).unwrap();
    let untried: Vec<Arm> = unscored.untried.iter().map(|(arm, _)| *arm).collect();
    assert_eq!(untried, [Arm::NoQuality, Arm::NoWeights]);
}

#[test]
fn a_label_that_overlaps_the_held_out_rows_pays_only_without_purge() {
    // One day of rows a minute; the class of a row is that of the block of 60 minutes in which its label ends, and the
    // feature is the block's number as one column each: only labels that reach into the block tell of it.
    let mut draws = Draws::new(8, 0);
    let coins: Vec<usize> = (0..400).map(|_| usize::from(draws.unit() < 0.5)).collect();
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for at in 0..1_500_i64 {
        let ts = at * MINUTE;
        let end = ts + 200 * MINUTE;
        let class = coins[usize::try_from(at / 300).unwrap()];
        rows.push(ClaimRow { ts, end, avail: end, class, weight: 1.0, ..ClaimRow::default() });
        values.extend((0..5).map(|k| f64::from(u8::from(at / 300 == k))));
    }
    let experiment = Experiment {
        rows,
        features: Matrix::from_rows(5, values),
        names: (0..5).map(|k| format!("block_{k}")).collect(),
        classes: vec!["down".to_owned(), "up".to_owned()],
        purge: ClaimPurge { reach_ns: 0 },
    };
    let report = experiment
        .run(&ClaimSpec { folds: 7, ..claim(&[Arm::Ours, Arm::NoPurge]) }, false)
        .unwrap();
    // The last 200 rows before each block are purged, and their end is closed: row 201 before it ends 1 minute ahead.
    assert!(report.folds.iter().skip(1).all(|fold| fold[2] == 200), "{:?}", report.folds);
    let no_purge = cell(&report, Arm::NoPurge, Metric::LogLoss);
    assert!(no_purge.value < no_purge.reference_value, "{no_purge:?}");
    assert_eq!(report.unit, SessionUnit::Hour);
}

#[test]
fn equal_claims_give_equal_reports_and_other_seeds_other_draws() {
    let experiment = planted(1_500, 0.5, 9);
    let arms = [Arm::Ours, Arm::LabelsShuffled, Arm::Leaky];
    let one = experiment.run(&claim(&arms), false).unwrap();
    assert_eq!(one, experiment.run(&claim(&arms), false).unwrap());
    let other = experiment.run(&ClaimSpec { seed: 8, ..claim(&arms) }, false).unwrap();
    assert_ne!(one.cells, other.cells);
}

#[test]
fn q_values_are_those_of_all_cells_together() {
    let report = planted(1_500, 0.4, 10).run(&claim(&[Arm::Ours, Arm::Leaky]), false).unwrap();
    let n = report.cells.len() as f64;
    // Three metrics: raw over majority, ours over the baseline, leaky over ours.
    assert_eq!(report.cells.len(), 9);
    for cell in &report.cells {
        // The step-up by hand: least of p_(j) n / j over all j whose p is not below.
        let expected = report
            .cells
            .iter()
            .filter(|other| other.p_value >= cell.p_value)
            .map(|other| {
                let rank = report.cells.iter().filter(|c| c.p_value <= other.p_value).count();
                other.p_value * n / rank as f64
            })
            .fold(1.0, f64::min);
        assert!((cell.q_value - expected).abs() < 1e-12, "{} {expected}", cell.q_value);
    }
}

#[test]
fn the_final_rows_are_held_out_once_and_refused_otherwise() {
    let mut experiment = planted(2_000, 0.9, 11);
    experiment.rows.iter_mut().skip(1_500).for_each(|row| row.is_final = true);
    let report = experiment.run(&claim(&[Arm::Ours]), true).unwrap();
    assert_eq!(report.folds, [[1_500, 500, 0, 0]]);
    let refused = experiment.run(&claim(&[Arm::Ours]), false).unwrap_err().to_string();
    assert_eq!(refused, "dataset: expected rows of train and validation, found 500 of test");
}

#[test]
fn balanced_decisions_find_the_rare_class() {
    // One in ten is up; the signal moves the odds, but hardly ever above one half.
    let mut experiment = planted(4_000, 0.0, 12);
    let mut draws = Draws::new(13, 0);
    for at in 0..experiment.rows.len() {
        let signal = experiment.features.row(at)[0];
        experiment.rows[at].class = usize::from(draws.unit() < 0.1 + 0.18 * signal);
    }
    let spec = claim(&[Arm::Ours]);
    let value = |decide: Decide| {
        let report = experiment.run(&ClaimSpec { decide, ..spec.clone() }, false).unwrap();
        cell(&report, Arm::Ours, Metric::BalancedAccuracy).value
    };
    let likeliest = value(Decide::Likeliest);
    assert!((likeliest - 0.5).abs() < 0.02, "{likeliest}");
    // Under up u has density 1 + 1.8 u, under down 1 - .2 u: the cut at 0 finds .725 and .525 of them, .625 in the mean.
    let balanced = value(Decide::Balanced);
    assert!((balanced - 0.625).abs() < 0.04, "{balanced}");
}

#[test]
fn a_gain_that_is_there_a_session_late_is_no_gain_of_the_moment() {
    // Two kinds of hours by turns of twelve: the feature tells which, and so does that of the day before.
    let mut experiment = planted(4_000, 0.0, 14);
    let mut draws = Draws::new(15, 0);
    let mut values = Vec::new();
    for row in &mut experiment.rows {
        let is_day = (row.ts / (12 * 60 * MINUTE)) % 2 == 0;
        row.class = usize::from(draws.unit() < if is_day { 0.75 } else { 0.25 });
        values.extend([f64::from(u8::from(is_day)), draws.unit()]);
    }
    experiment.features = Matrix::from_rows(2, values);
    let mut spec = claim(&[Arm::Ours, Arm::FeaturesShifted]);
    spec.metrics.push(Metric::MacroF1);
    let report = experiment.run(&spec, false).unwrap();
    assert_eq!(cell(&report, Arm::Ours, Metric::Accuracy).outcome, Outcome::Pass);
    let late = |metric| cell(&report, Arm::FeaturesShifted, metric).outcome;
    assert_eq!(late(Metric::Accuracy), Outcome::PlaceboGains);
    assert_eq!(late(Metric::MacroF1), Outcome::NotJudged);
    assert!(!report.is_met && report.why.starts_with("a placebo that gains"), "{}", report.why);
}

#[test]
fn what_makes_no_difference_is_called_even() {
    let mut experiment = planted(4_000, 0.9, 16);
    let mut draws = Draws::new(17, 0);
    experiment.rows.iter_mut().for_each(|row| row.weight = 0.9 + 0.2 * draws.unit());
    let report = experiment.run(&claim(&[Arm::Ours, Arm::NoWeights]), false).unwrap();
    let found = cell(&report, Arm::NoWeights, Metric::Accuracy);
    assert_eq!((found.outcome, found.reference), (Outcome::Even, Arm::Ours));
}
