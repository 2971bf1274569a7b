//! Results of SciPy, scikit-learn, statsmodels and mrmr-selection; `fixtures/features/selection/vectors.py` made them.

use super::market::Seeded;
use super::threads;
use features::selection::ndarray::{Array2, ArrayView2};
use features::selection::{
    Column, Fold, Learner, Lesson, Logistic, Matrix, Ridge, Sample, Scheme, Settings, Target,
    clusters, information_of_classes, information_of_values, mrmr, permutation_importance,
    q_values, spearman, stability_index, two_sample_ks,
};
use std::collections::BTreeMap;

const ROWS: &str = include_str!("../../../../../fixtures/features/selection/rows.csv");
const FAMILIES: &str = include_str!("../../../../../fixtures/features/selection/families.csv");
const EXPECTED: &str = include_str!("../../../../../fixtures/features/selection/expected.toml");

/// Columns of a file by name, in order of the file.
fn columns(text: &str) -> Vec<(String, Vec<f64>)> {
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',');
    let mut out: Vec<(String, Vec<f64>)> = names.map(|n| (n.to_owned(), Vec::new())).collect();
    for line in lines {
        for (column, cell) in out.iter_mut().zip(line.split(',')) {
            column.1.push(cell.parse().unwrap());
        }
    }
    out
}

fn rows() -> BTreeMap<String, Vec<f64>> {
    columns(ROWS).into_iter().collect()
}

fn codes(values: &[f64]) -> Vec<u32> {
    values.iter().map(|v| format!("{v}").parse().unwrap()).collect()
}

fn expected(section: &str) -> toml::Table {
    let mut table: toml::Table = EXPECTED.parse().unwrap();
    for part in section.split('.') {
        table = table.remove(part).unwrap().as_table().unwrap().clone();
    }
    table
}

fn numbers(value: &toml::Value) -> Vec<f64> {
    let number = |v: &toml::Value| {
        v.as_float().or_else(|| v.as_integer().map(|i| format!("{i}").parse().unwrap())).unwrap()
    };
    value.as_array().map_or_else(|| vec![number(value)], |list| list.iter().map(number).collect())
}

#[track_caller]
fn check_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance, "{what}: expected {e}, found {f}");
    }
}

#[test]
fn two_sample_distance_is_that_of_scipy() {
    let rows = rows();
    for name in ["a", "c", "count"] {
        let values = &rows[name];
        let found = two_sample_ks(&values[..133], &values[values.len() - 133..]).unwrap();
        let want = expected("ks");
        let want = want[name].as_table().unwrap();
        check_close(&[found.statistic], &numbers(&want["statistic"]), 1e-15, name);
        check_close(&[found.p_value], &numbers(&want["p_limit"]), 1e-12, name);
        // SciPy corrects the limit for few rows.
        check_close(&[found.p_value], &numbers(&want["p_scipy"]), 0.03, name);
    }
}

#[test]
fn rank_correlation_is_that_of_scipy_with_ties_and_with_nulls() {
    let rows = rows();
    for (pair, want) in expected("spearman") {
        let (left, right) = pair.split_once('-').unwrap();
        let (x, y) = (&rows[left], &rows[right]);
        let found = spearman(&Column::new("x", x), &Column::new("y", y), 400, 200).unwrap();
        check_close(&[found], &numbers(&want), 1e-12, &pair);
        // The same rows with null rows between them.
        let spaced =
            |values: &[f64]| values.iter().flat_map(|&v| [v, f64::NAN]).collect::<Vec<_>>();
        let (x, y) = (spaced(x), spaced(y));
        let valid: Vec<bool> = (0..800).map(|row| row % 2 == 0).collect();
        let (x, y) = (
            Column::with_validity("x", &x, &valid).unwrap(),
            Column::with_validity("y", &y, &valid).unwrap(),
        );
        assert_eq!(spearman(&x, &y, 800, 200), Some(found), "{pair}");
        assert_eq!(spearman(&x, &y, 800, 401), None, "{pair}");
    }
}

#[test]
fn clusters_are_those_of_scipy_at_every_cut() {
    let families = columns(FAMILIES);
    let features = families.iter().take(24).map(|(name, v)| Column::new(name, v)).collect();
    let matrix = Matrix::try_new(features).unwrap();
    let all: Vec<usize> = (0..24).collect();
    let cuts = expected("clusters");
    assert_eq!(cuts.len(), 5);
    for (cut, want) in cuts {
        let found = clusters(&matrix, &all, 200, cut.parse().unwrap(), threads(2)).unwrap();
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        assert_eq!(found, numbers(&want), "{cut}");
    }
}

#[test]
fn information_without_ties_is_that_of_the_inner_functions_of_scikit_learn() {
    let rows = rows();
    let (y, grade, rare) = (&rows["y"], codes(&rows["grade"]), codes(&rows["rare"]));
    for (name, want) in expected("values") {
        let (x, k) = name.split_once('-').unwrap();
        let found = information_of_values(&rows[x], y, None, k.parse().unwrap()).unwrap();
        assert!(!found.is_tied);
        check_close(&[found.raw], &numbers(&want), 1e-9, &name);
        let turned = information_of_values(y, &rows[x], None, k.parse().unwrap()).unwrap();
        check_close(&[turned.raw], &[found.raw], 1e-12, &name);
    }
    for (name, want) in expected("classes") {
        let mut parts = name.split('-');
        let (x, class, k) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let class = if class == "rare" { &rare } else { &grade };
        let found = information_of_classes(&rows[x], class, None, k.parse().unwrap()).unwrap();
        check_close(&[found.raw], &numbers(&want), 1e-9, &name);
    }
}

#[test]
fn information_of_tied_data_is_that_of_its_definition() {
    let rows = rows();
    for (name, want) in expected("tied") {
        let (x, y) = name.split_once('-').unwrap();
        let found = if y == "grade" {
            information_of_classes(&rows[x], &codes(&rows[y]), None, 3)
        } else {
            information_of_values(&rows[x], &rows[y], None, 3)
        };
        let found = found.unwrap();
        assert!(found.is_tied, "{name}");
        check_close(&[found.raw], &numbers(&want), 1e-9, &name);
    }
}

#[test]
fn information_of_a_normal_pair_is_near_its_known_value() {
    for (seed, rho) in [(1, 0.0), (2, 0.3), (3, -0.6), (4, 0.9)] {
        let mut random = Seeded::new(seed);
        let x: Vec<f64> = (0..4_000).map(|_| random.normal()).collect();
        let other = libm::sqrt(1.0 - rho * rho);
        let y: Vec<f64> = x.iter().map(|x| rho * x + other * random.normal()).collect();
        let found = information_of_values(&x, &y, None, 3).unwrap();
        // Kraskov 2004, figure 4: at 4,000 points the spread is about 0.02.
        let known = -0.5 * libm::log(1.0 - rho * rho);
        assert!((found.raw - known).abs() < 0.06, "{rho}: {} for {known}", found.raw);
        assert!(found.nats >= 0.0);
    }
}

#[test]
fn weights_count_a_row_as_often_as_they_say() {
    let rows = rows();
    let (x, y) = (&rows["a"], &rows["y"]);
    let plain = information_of_values(x, y, None, 3).unwrap();
    let even = information_of_values(x, y, Some(&[0.25; 400]), 3).unwrap();
    check_close(&[even.raw], &[plain.raw], 1e-12, "even weights");
    let uneven = information_of_values(x, y, Some(&rows["weight"]), 3).unwrap();
    assert!((uneven.raw - plain.raw).abs() > 1e-4, "weights moved nothing");
}

fn lesson<'a>(x: &'a Array2<f64>, target: Target<'a>, classes: usize, w: &'a [f64]) -> Lesson<'a> {
    Lesson { features: x.view(), target, classes, weights: w }
}

fn design(rows: &BTreeMap<String, Vec<f64>>) -> Array2<f64> {
    let names = ["a", "b", "c", "count"];
    Array2::from_shape_fn((400, 4), |(row, at)| rows[names[at]][row])
}

#[test]
fn ridge_coefficients_are_those_of_scikit_learn() {
    let rows = rows();
    let x = design(&rows);
    for (alpha, want) in expected("ridge") {
        let learner = Ridge { alpha: alpha.parse().unwrap() };
        let model =
            learner.fit(lesson(&x, Target::Values(&rows["y"]), 0, &rows["weight"])).unwrap();
        let found: Vec<f64> = model.coefficients.iter().copied().collect();
        check_close(&found, &numbers(&want["coefficients"]), 1e-10, &alpha);
        check_close(&model.intercepts, &numbers(&want["intercept"]), 1e-10, &alpha);
        let predicted = learner.predict(&model, x.view()).unwrap();
        let by_hand = model.intercepts[0]
            + (0..4).map(|at| model.coefficients[[0, at]] * x[[5, at]]).sum::<f64>();
        check_close(&[predicted[[5, 0]]], &[by_hand], 1e-12, &alpha);
    }
}

#[test]
fn logistic_coefficients_are_those_of_scikit_learn() {
    let rows = rows();
    let x = design(&rows);
    let grade = codes(&rows["grade"]);
    let two: Vec<u32> = grade.iter().map(|&g| u32::from(g > 0)).collect();
    for (name, target, classes) in [("two", &two, 2), ("three", &grade, 3)] {
        for (c, want) in expected(&format!("logistic.{name}")) {
            let learner = Logistic { c: c.parse().unwrap() };
            let lesson = lesson(&x, Target::Classes(target), classes, &rows["weight"]);
            let model = learner.fit(lesson).unwrap();
            let found: Vec<f64> = model.linear.coefficients.iter().copied().collect();
            check_close(&found, &numbers(&want["coefficients"]), 2e-5, name);
            let first = Array2::from_shape_fn((2, 4), |at| x[at]);
            let p = learner.predict(&model, first.view()).unwrap();
            let p: Vec<f64> = p.iter().copied().collect();
            check_close(&p, &numbers(&want["probabilities"]), 1e-5, name);
            if classes == 2 {
                check_close(&model.linear.intercepts, &numbers(&want["intercepts"]), 2e-5, name);
            }
        }
    }
}

/// A model that was fitted before: permutation alone is compared.
struct Fixed(Ridge);

impl Learner for Fixed {
    type Model = features::selection::Linear;
    fn name(&self) -> String {
        "fixed".to_owned()
    }
    fn fit(&self, lesson: Lesson<'_>) -> Result<Self::Model, features::selection::SelectionError> {
        self.0.fit(lesson)
    }
    fn predict(
        &self,
        model: &Self::Model,
        features: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, features::selection::SelectionError> {
        self.0.predict(model, features)
    }
}

#[test]
fn permutation_importance_agrees_with_scikit_learn_within_chance() {
    let families = columns(FAMILIES);
    let features = families.iter().take(24).map(|(name, v)| Column::new(name, v)).collect();
    let matrix = Matrix::try_new(features).unwrap();
    let from: Vec<i64> = (0..300).collect();
    let to: Vec<i64> = (1..301).collect();
    let sample = Sample::try_new(Target::Values(&families[24].1), &from, &to).unwrap();
    let fold = Fold { train: (0..200).collect(), test: (200..300).collect() };
    let groups: Vec<Vec<usize>> = (0..24).map(|at| vec![at]).collect();
    let settings = Settings { repeats: 400, block_rows: Some(1), ..Settings::default() };
    let learner = Fixed(Ridge { alpha: 1.0 });
    let found = permutation_importance(
        &matrix,
        &sample,
        &[fold],
        &groups,
        &learner,
        &settings,
        7,
        threads(2),
    )
    .unwrap();
    let want = numbers(&expected("permutation")["rise"]);
    let largest = want.iter().copied().fold(0.0, f64::max);
    // Their columns are scaled over all rows, ours over training rows, and 400 shuffles differ by chance.
    let scores: Vec<f64> = found.iter().map(|i| i.score).collect();
    check_close(&scores, &want, 0.05 * largest, "rise");
    let top = |v: &[f64]| (0..24).max_by(|&a, &b| v[a].total_cmp(&v[b])).unwrap();
    assert_eq!(top(&scores), top(&want));
}

#[test]
fn ranking_by_f_over_correlation_is_that_of_mrmr_selection() {
    let families = columns(FAMILIES);
    let features = families.iter().take(24).map(|(name, v)| Column::new(name, v)).collect();
    let matrix = Matrix::try_new(features).unwrap();
    let from: Vec<i64> = (0..300).collect();
    let to: Vec<i64> = (1..301).collect();
    let up = codes(&families[25].1);
    let all: Vec<usize> = (0..24).collect();
    let rows: Vec<usize> = (0..300).collect();
    let targets =
        [("regression", Target::Values(&families[24].1)), ("classes", Target::Classes(&up))];
    for (name, target) in targets {
        let sample = Sample::try_new(target, &from, &to).unwrap();
        let picks = mrmr(&matrix, &sample, &all, &rows, Scheme::Fcq, 12, 3, threads(1)).unwrap();
        let found: Vec<f64> =
            picks.iter().map(|p| f64::from(u32::try_from(p.column).unwrap())).collect();
        assert_eq!(found, numbers(&expected("mrmr")[name]), "{name}");
    }
}

#[test]
fn ranking_by_information_is_that_of_the_definition() {
    let families = columns(FAMILIES);
    let features = families.iter().take(8).map(|(name, v)| Column::new(name, v)).collect();
    let matrix = Matrix::try_new(features).unwrap();
    let from: Vec<i64> = (0..300).collect();
    let to: Vec<i64> = (1..301).collect();
    let y = &families[24].1;
    let sample = Sample::try_new(Target::Values(y), &from, &to).unwrap();
    let nats = |a: &[f64], b: &[f64]| information_of_values(a, b, None, 3).unwrap().nats;
    for scheme in [Scheme::Mid, Scheme::Miq] {
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < 5 {
            let score = |at: usize| {
                let told = nats(&families[at].1, y);
                let pairs = chosen.iter().map(|&c| nats(&families[c].1, &families[at].1));
                match scheme {
                    _ if chosen.is_empty() => told,
                    Scheme::Mid => told - pairs.sum::<f64>() / chosen.len() as f64,
                    _ => told / (pairs.map(|p| p.max(0.001)).sum::<f64>() / chosen.len() as f64),
                }
            };
            let open = (0..8).filter(|at| !chosen.contains(at));
            let best = open.reduce(|a, b| if score(b) > score(a) { b } else { a }).unwrap();
            chosen.push(best);
        }
        let all: Vec<usize> = (0..8).collect();
        let rows: Vec<usize> = (0..300).collect();
        let picks = mrmr(&matrix, &sample, &all, &rows, scheme, 5, 3, threads(2)).unwrap();
        let found: Vec<usize> = picks.iter().map(|p| p.column).collect();
        assert_eq!(found, chosen, "{scheme:?}");
    }
}

#[test]
fn q_values_are_those_of_statsmodels() {
    let table = expected("discovery");
    let p: Vec<Option<f64>> = numbers(&table["p"]).into_iter().map(Some).collect();
    let found: Vec<f64> = q_values(&p).into_iter().map(Option::unwrap).collect();
    check_close(&found, &numbers(&table["q"]), 1e-14, "q");
}

#[test]
fn stability_of_equally_large_sets_is_the_mean_agreement_of_their_pairs() {
    // Nogueira and others 2018, theorem 3: with sets of one size the index is the mean of Kuncheva's over all pairs.
    let mut random = Seeded::new(9);
    let (features, size) = (12, 4);
    let sets: Vec<Vec<bool>> = (0..7)
        .map(|_| {
            let mut order: Vec<(f64, usize)> =
                (0..features).map(|at| (random.unit() + at as f64 / 6.0, at)).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut flags = vec![false; features];
            order.iter().take(size).for_each(|&(_, at)| flags[at] = true);
            flags
        })
        .collect();
    let expected_overlap = (size * size) as f64 / features as f64;
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (at, left) in sets.iter().enumerate() {
        for right in &sets[..at] {
            let both = left.iter().zip(right).filter(|(l, r)| **l && **r).count();
            sum += (both as f64 - expected_overlap) / (size as f64 - expected_overlap);
            pairs += 1.0;
        }
    }
    let found = stability_index(&sets, 0.95).unwrap();
    check_close(&[found.index], &[sum / pairs], 1e-12, "index");
    assert!(found.ci_low < found.index && found.index < found.ci_high);
}

#[test]
fn stability_of_sets_of_different_sizes_is_that_of_the_definition() {
    let sets = [
        vec![true, true, false, false, false],
        vec![true, false, true, false, false],
        vec![true, true, true, false, false],
    ];
    // Shares 1, 2/3, 2/3, 0, 0; variances with 3/2: 0, 1/3, 1/3, 0, 0, mean 2/15. Mean size 7/3 of 5: 7/15 * 8/15 = 56/225.
    let found = stability_index(&sets, 0.95).unwrap();
    check_close(&[found.index], &[1.0 - (2.0 / 15.0) / (56.0 / 225.0)], 1e-12, "index");
    // Theorem 7, set by set: sums of shares 5/3, 5/3, 7/3 and sizes 2, 2, 3.
    let part = |sum: f64, size: f64| {
        let (mean, index) = (7.0 / 3.0, found.index);
        let bend = index / 2.0 * (2.0 * mean * size / 25.0 - size / 5.0 - mean / 5.0 + 1.0);
        (sum / 5.0 - size * mean / 25.0 + bend) / (56.0 / 225.0)
    };
    let parts = [part(5.0 / 3.0, 2.0), part(5.0 / 3.0, 2.0), part(7.0 / 3.0, 3.0)];
    let mean = parts.iter().sum::<f64>() / 3.0;
    let variance = 4.0 / 9.0 * parts.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>();
    // scipy.stats.norm.ppf(0.975) = 1.959963984540054
    let width = 1.959_963_984_540_054 * variance.sqrt();
    check_close(&[found.ci_low], &[found.index - width], 1e-9, "low");
    check_close(&[found.ci_high], &[found.index + width], 1e-9, "high");
}
