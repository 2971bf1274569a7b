//! Against scikit-learn 1.7.2: `fixtures/datasets/claim/claim.py`.

use super::*;
use crate::claim::metric::Confusion;

const VECTORS: &str = include_str!("../../../../../fixtures/datasets/claim/claim.json");

struct Fit {
    k: usize,
    penalty: f64,
    x: Matrix,
    y: Vec<usize>,
    weights: Vec<f64>,
    expected: serde_json::Value,
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn counts(value: &serde_json::Value) -> Vec<usize> {
    let list = value.as_array().unwrap().iter();
    list.map(|n| usize::try_from(n.as_u64().unwrap()).unwrap()).collect()
}

fn count(value: &serde_json::Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn fits() -> Vec<Fit> {
    let all: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let fits = all["fits"].as_array().unwrap().iter().map(|fit| Fit {
        k: count(&fit["classes"]),
        penalty: fit["penalty"].as_f64().unwrap(),
        x: Matrix::from_rows(count(&fit["columns"]), numbers(&fit["x"])),
        y: counts(&fit["y"]),
        weights: numbers(&fit["weight"]),
        expected: fit.clone(),
    });
    fits.collect()
}

fn learn(fit: &Fit) -> Logistic {
    let rows: Vec<usize> = (0..fit.y.len()).collect();
    let learners = Learners {
        features: &fit.x,
        rows: &rows,
        classes: &fit.y,
        weights: &fit.weights,
        n_classes: fit.k,
    };
    Logistic::fit(&learners, fit.penalty).unwrap()
}

#[test]
fn probabilities_are_those_of_scikit_learn() {
    for fit in fits() {
        let model = learn(&fit);
        assert!(model.gradient_norm <= 1e-8, "{}", model.gradient_norm);
        let expected = numbers(&fit.expected["probabilities"]);
        for row in 0..fit.y.len() {
            let found = model.probabilities(fit.x.row(row));
            for (p, q) in found.iter().zip(&expected[row * fit.k..]) {
                assert!((p - q).abs() < 1e-6, "{} classes, row {row}: {p} {q}", fit.k);
            }
        }
    }
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    for fit in fits() {
        let mut confusion = Confusion::new(fit.k);
        let said = counts(&fit.expected["predicted"]);
        for ((gold, said), weight) in fit.y.iter().zip(&said).zip(&fit.weights) {
            confusion.add(*gold, *said, *weight);
        }
        for (name, found) in [
            ("accuracy", confusion.accuracy()),
            ("balanced_accuracy", confusion.balanced_accuracy()),
            ("macro_f1", confusion.macro_f1()),
        ] {
            let expected = fit.expected[name].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-12, "{name}: {found} {expected}");
        }
        let model = learn(&fit);
        let losses = (0..fit.y.len())
            .map(|row| fit.weights[row] * -model.probabilities(fit.x.row(row))[fit.y[row]].ln());
        let loss = losses.sum::<f64>() / fit.weights.iter().sum::<f64>();
        let expected = fit.expected["log_loss"].as_f64().unwrap();
        assert!((loss - expected).abs() < 1e-7, "{loss} {expected}");
    }
}

#[test]
fn mcnemar_is_that_of_statsmodels() {
    let all: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    for case in all["mcnemar"].as_array().unwrap() {
        let at = |name: &str| case[name].as_f64().unwrap();
        let found = crate::claim::mcnemar(at("b"), at("c"));
        assert!((found - at("p")).abs() < 1e-12 * at("p").max(1e-3), "{found} {}", at("p"));
    }
}

#[test]
fn a_row_weighs_as_often_as_it_is_repeated() {
    let x = Matrix::from_rows(1, vec![-1.0, -0.5, 0.2, 0.9, 0.1, 0.4]);
    let y = [0, 1, 0, 1, 0, 1];
    let fit = |rows: &[usize], weights: &[f64]| {
        let classes: Vec<usize> = rows.iter().map(|row| y[*row]).collect();
        let learners = Learners { features: &x, rows, classes: &classes, weights, n_classes: 2 };
        Logistic::fit(&learners, 1e-3).unwrap()
    };
    // Scales differ between the two, so compare what is not scaled away: nearly unpenalised probabilities.
    let twice = fit(&[0, 1, 2, 3, 4, 5, 4], &[1.0; 7]).probabilities(&[0.3]);
    let heavy = fit(&[0, 1, 2, 3, 4, 5], &[1.0, 1.0, 1.0, 1.0, 2.0, 1.0]).probabilities(&[0.3]);
    let light = fit(&[0, 1, 2, 3, 4, 5], &[1.0; 6]).probabilities(&[0.3]);
    assert!((twice[0] - heavy[0]).abs() < 1e-3, "{twice:?} {heavy:?}");
    assert!((light[0] - heavy[0]).abs() > 1e-2, "{light:?} {heavy:?}");
}

#[test]
fn a_null_is_the_mean_and_a_constant_says_nothing() {
    let nan = f64::NAN;
    let x = Matrix::from_rows(2, vec![1.0, 5.0, 2.0, 5.0, nan, 5.0, 3.0, 5.0, 6.0, 5.0]);
    let (rows, classes) = ([0, 1, 2, 3, 4], [0, 0, 1, 0, 1]);
    let weights = [1.0; 5];
    let learners =
        Learners { features: &x, rows: &rows, classes: &classes, weights: &weights, n_classes: 2 };
    let model = Logistic::fit(&learners, 1.0).unwrap();
    // Mean of 1, 2, 3, 6.
    assert_eq!(model.probabilities(&[nan, 5.0]), model.probabilities(&[3.0, -99.0]));
    assert_ne!(model.probabilities(&[nan, 5.0]), model.probabilities(&[6.0, 5.0]));
}

#[test]
fn a_class_without_learner_has_probability_zero_and_no_learner_no_model() {
    let x = Matrix::from_rows(1, vec![1.0, 2.0, 3.0]);
    let learners = Learners {
        features: &x,
        rows: &[0, 1, 2],
        classes: &[0, 2, 2],
        weights: &[1.0; 3],
        n_classes: 4,
    };
    let p = Logistic::fit(&learners, 1.0).unwrap().probabilities(&[2.0]);
    assert_eq!((p[1], p[3]), (0.0, 0.0));
    assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p[2] > p[0]);
    let nobody = Learners { rows: &[], classes: &[], weights: &[], ..learners };
    assert_eq!(Logistic::fit(&nobody, 1.0), None);
}
