//! Checks of labels as a set.

use super::near;
use super::tables::{Row, batch, id, info};
use contract::{Diagnostic as _, LabelStatus, Side};
use labeling::{Classes, Contradiction, class_drift, contradictions, status_counts};

/// Labels one after the other, so that each is one effective label.
fn classes(counts: &[(i8, usize)]) -> Classes {
    let all: Vec<i8> =
        counts.iter().flat_map(|(class, n)| std::iter::repeat_n(*class, *n)).collect();
    let starts: Vec<i64> = (0..).take(all.len()).collect();
    let ends: Vec<i64> = (1..).take(all.len()).collect();
    Classes::try_new(&all, &starts, &ends).unwrap()
}

#[test]
fn drift_of_independent_labels_is_the_chi_square_of_two_samples() {
    // scipy 1.17.1: chi2_contingency([[30, 50, 20], [45, 40, 15]], correction=False)
    let before = classes(&[(-1, 30), (0, 50), (1, 20)]);
    let after = classes(&[(-1, 45), (0, 40), (1, 15)]);
    let drift = class_drift(&before, &after);
    // 2 * 7.5^2 / 37.5 + 2 * 5^2 / 45 + 2 * 2.5^2 / 17.5 = 3 + 1.111111 + 0.714286
    near("chi-square", drift.chi_square, 4.825_396_825_396_825, 1e-12);
    assert_eq!(drift.df, 2);
    near("p", drift.p_value.unwrap(), (-4.825_396_825_396_825_f64 / 2.0).exp(), 1e-12);
    // (45.5 - 30.5) / 101.5 * ln(45.5 / 30.5) + (40.5 - 50.5) / 101.5 * ln(40.5 / 50.5) + ..
    let part = |a: f64, b: f64| (b - a) / 101.5 * (b / a).ln();
    let psi = part(30.5, 45.5) + part(50.5, 40.5) + part(20.5, 15.5);
    near("psi", drift.psi.unwrap(), psi, 1e-12);
}

#[test]
fn overlap_makes_drift_less_certain() {
    let all: Vec<i8> = (0..100).map(|n| i8::from(n % 3 == 0)).collect();
    let other: Vec<i8> = (0..100).map(|n| i8::from(n % 2 == 0)).collect();
    let starts: Vec<i64> = (0..100).collect();
    let p = |life: i64| {
        let ends: Vec<i64> = starts.iter().map(|start| start + life).collect();
        let of = |classes: &[i8]| Classes::try_new(classes, &starts, &ends).unwrap();
        class_drift(&of(&all), &of(&other)).p_value.unwrap()
    };
    assert!(p(1) < 0.05 && p(10) > 0.3, "{} {}", p(1), p(10));
}

#[test]
fn equal_shares_do_not_drift_and_nothing_cannot() {
    let some = classes(&[(-2, 10), (2, 10)]);
    let drift = class_drift(&some, &some);
    assert_eq!((drift.chi_square, drift.p_value, drift.psi), (0.0, Some(1.0), Some(0.0)));
    for other in [classes(&[]), Classes::default()] {
        assert_eq!(class_drift(&some, &other).p_value, None);
    }
    let one = classes(&[(1, 10)]);
    assert_eq!(class_drift(&one, &one).p_value, None);
}

#[test]
fn classes_out_of_range_are_refused() {
    let code =
        |classes: &[i8], ends: &[i64]| Classes::try_new(classes, &[0, 1], ends).unwrap_err().code();
    assert_eq!(code(&[0, 3], &[1, 2]), "labeling/class-range");
    assert_eq!(code(&[0], &[1, 2]), "labeling/weights-length");
    assert_eq!(code(&[0, 1], &[1, 1]), "labeling/empty-life");
}

#[test]
fn contradictions_are_found_and_fine_labels_have_none() {
    let fine = [
        Row::new(1, 0, 20),
        Row { class: Some(-1), ..Row::new(2, 0, 20) },
        Row::new(3, 0, 20),
        Row { revision: 1, class: Some(2), ..Row::new(3, 0, 20) }, // a revision may change its mind
    ];
    let decisions = [info(1, Side::Buy), info(2, Side::Sell), info(3, Side::Buy)];
    assert_eq!(contradictions(&[&batch(&fine)], &decisions).unwrap(), []);
    let mut bad = fine;
    bad[1].class = Some(1);
    let again = batch(&[Row { class: Some(0), ..Row::new(1, 0, 20) }]);
    let found = contradictions(&[&batch(&bad), &again], &decisions).unwrap();
    assert_eq!(
        found,
        [
            Contradiction::TwoClasses { decision_id: id(1), target: "grade".into(), revision: 0 },
            Contradiction::BothSidesGood { buy: id(3), sell: id(2), target: "grade".into() },
        ]
    );
}

#[test]
fn targets_that_never_differ_are_named_from_thirty_decisions_on() {
    let both = |n: u8, other: i8| {
        let pair = move |id: u8| {
            let class = Some(i8::from(id.is_multiple_of(2)));
            let second = if id == 0 { Some(other) } else { class };
            [
                Row { class, ..Row::new(id, 0, 20) },
                Row { class: second, target: "meta", ..Row::new(id, 0, 20) },
            ]
        };
        let rows: Vec<Row> = (0..n).flat_map(pair).collect();
        contradictions(&[&batch(&rows)], &[]).unwrap()
    };
    let never =
        Contradiction::NeverDiffer { first: "grade".into(), second: "meta".into(), decisions: 30 };
    assert_eq!(both(30, 1), [never]);
    assert_eq!(both(30, 0), []);
    assert_eq!(both(29, 1), []);
}

#[test]
fn statuses_are_counted_by_latest_revision() {
    let labels = batch(&[
        Row { status: LabelStatus::Provisional, ..Row::new(1, 0, 20) },
        Row { revision: 1, ..Row::new(1, 0, 20) },
        Row { status: LabelStatus::Provisional, ..Row::new(2, 0, 20) },
        Row { status: LabelStatus::Indeterminate, class: None, ..Row::new(3, 0, 20) },
        Row { status: LabelStatus::Void, class: None, ..Row::new(4, 0, 20) },
    ]);
    let counts = status_counts(&labels).unwrap();
    let grade = &counts["grade"];
    assert_eq!((grade.finals, grade.provisional, grade.indeterminate), (1, 1, 1));
    assert_eq!(grade.final_share(), Some(1.0 / 3.0));
}
