use super::*;

/// Rows of a file that scipy wrote, split at tabs.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[track_caller]
fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs() / expected.abs().max(1e-290);
    assert!(off <= tolerance, "{what}: found {found:e}, expected {expected:e}, off {off:e}");
}

#[test]
fn tails_of_t_and_chi_square_are_those_of_scipy() {
    let text = include_str!("../../../../fixtures/labeling/weights_tests/distributions.tsv");
    let mut seen = 0;
    for row in rows(text) {
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        let (df, argument, expected) = (number(1), number(2), number(3));
        let found = match row[0] {
            "t" => student_two_sided(argument, df),
            "t_critical" => student_critical(argument, df),
            _ => chi_square_upper(argument, df),
        };
        near(&row.join(" "), found, expected, 1e-12);
        seen += 1;
    }
    assert_eq!(seen, 10 * 10 + 4 * 10);
}

#[test]
fn incomplete_beta_is_that_of_scipy() {
    let text = include_str!("../../../../fixtures/labeling/weights_tests/beta.tsv");
    let mut seen = 0;
    for row in rows(text) {
        let [a, b, x, expected] = [0, 1, 2, 3].map(|at| row[at].parse::<f64>().unwrap());
        near(&row.join(" "), incomplete_beta(a, b, x, 1.0 - x), expected, 1e-12);
        seen += 1;
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn quantile_and_incomplete_beta_undo_each_other() {
    for (a, b) in [(0.5, 0.5), (3.0, 998.0), (990.0, 11.0), (10_000.0, 1.0)] {
        for p in [0.025, 0.5, 0.975] {
            let x = beta_quantile(a, b, p);
            near(&format!("{a} {b} {p}"), incomplete_beta(a, b, x, 1.0 - x), p, 1e-9);
        }
    }
}

#[test]
fn statrs_and_the_own_functions_agree_where_statrs_is_right() {
    use statrs::distribution::{ContinuousCDF as _, StudentsT};
    for df in [1.0, 29.0, 49.3, 1_234.5] {
        let student = StudentsT::new(0.0, 1.0, df).unwrap();
        for t in [0.01, 1.0, 1.96, 4.0] {
            near(&format!("{df} {t}"), student_two_sided(t, df), 2.0 * student.sf(t), 1e-9);
        }
    }
}
