//! Grades: the sketch worked by hand, what is unknown, confidence, and laws.

use crate::outcomes::{Row, batch};
use crate::spec::SKETCH;
use contract::Hash;
use labeling::{
    Base, Better, Bound, Decimal, Demote, Errors, Grade, GradeError, GradeRules, LabelSpec, Limit,
    Measure, Null, Op, Reading, Readings, Scalar, Scale, TargetKind, outcome_readings,
};
use proptest::prelude::*;

pub(crate) fn grade_of(text: &str, strategy: &str) -> Grade {
    let spec = LabelSpec::parse(text).unwrap_or_else(|errors| panic!("{errors}"));
    let set = spec.resolve(strategy);
    let grade = set.targets.iter().find_map(|target| match &target.kind {
        TargetKind::Grade(grade) => Some(grade.clone()),
        _ => None,
    });
    grade.unwrap()
}

fn scalar(measure: Measure, text: &str) -> Scalar {
    let decimal = Decimal::parse(text).unwrap();
    match measure.scale() {
        Scale::Money => Scalar::Money(decimal.amount().nanos()),
        _ => Scalar::Number(decimal.nearest()),
    }
}

/// Readings from `measure value`, `measure lo..value..hi` or `measure lo..REASON..hi`, an open bound as `_`.
pub(crate) fn readings(text: &str) -> Readings {
    let mut readings = Readings::new();
    for part in text.split(',') {
        let (name, value) = part.trim().split_once(' ').unwrap();
        let measure = Measure::from_name(name).unwrap();
        let reading = match value.split("..").collect::<Vec<_>>().as_slice() {
            [value] => Reading::exact(scalar(measure, value)),
            [lo, value, hi] => {
                let bound = |text: &str| (text != "_").then(|| scalar(measure, text));
                let why = Null::ALL.into_iter().find(|null| null.word() == *value);
                let value = why.map_or_else(|| Ok(scalar(measure, value)), Err);
                Reading { value, lo: bound(lo), hi: bound(hi) }
            }
            other => panic!("{other:?}"),
        };
        readings.set(measure, reading);
    }
    readings
}

#[track_caller]
fn check(strategy: &str, outcome: &str, class: i8, fired: &[&str]) {
    let graded = grade_of(SKETCH, strategy).grade(&readings(outcome));
    assert_eq!(graded.class, Some(class), "{outcome}");
    assert_eq!(graded.fired, fired, "{outcome}");
    assert_eq!((graded.class_lo, graded.class_hi, graded.confidence), (class, class, Some(1.0)));
    assert_eq!(graded.missing, []);
}

#[test]
fn the_sketch_worked_by_hand() {
    // 2 sigma is excellent; a drawdown beyond 2 sigma takes one level.
    check(
        "a",
        "r_net_sigma 2, mae_sigma -2.5, is_vs_expected 1, rel_net_bps 10, net_pnl 100",
        1,
        &["base", "demote.deep_drawdown"],
    );
    // 2 - 1 - 1 - 1 = -1, but all demotions together take at most two: 0.
    check(
        "a",
        "r_net_sigma 2, mae_sigma -2.5, is_vs_expected 3, rel_net_bps -1, net_pnl 100",
        0,
        &[
            "base",
            "demote.lost_to_benchmark",
            "demote.deep_drawdown",
            "demote.overpaid",
            "max_demotion",
        ],
    );
    // 0.5 reaches the third cut; -2 is not below -2, 2 not above 2, 0 not below 0; without profit at most neutral.
    check(
        "a",
        "r_net_sigma 0.5, mae_sigma -2, is_vs_expected 2, rel_net_bps 0, net_pnl 0",
        0,
        &["base", "cap.no_profit"],
    );
    // Bad by its return, but a billionth of profit lifts it to poor.
    check(
        "a",
        "r_net_sigma -1.6, mae_sigma -1, is_vs_expected 1, rel_net_bps 1, net_pnl 0.000000001",
        -1,
        &["base", "floor.made_money"],
    );
    // A neutral outcome that lost to its benchmark stays neutral: not below neutral.
    check(
        "a",
        "r_net_sigma 0, mae_sigma -1, is_vs_expected 1, rel_net_bps -5, net_pnl 1",
        0,
        &["base"],
    );
    // The strategy's own cuts: -0.3 reaches its second one, which for the others is neutral as well; -0.4 does not.
    let rest = "mae_sigma -1, is_vs_expected 1, rel_net_bps 1, net_pnl -1";
    check("mm-btc", &format!("r_net_sigma -0.3, {rest}"), 0, &["base"]);
    check("mm-btc", &format!("r_net_sigma -0.4, {rest}"), -1, &["base"]);
    check("a", &format!("r_net_sigma -0.4, {rest}"), 0, &["base"]);
}

#[test]
fn a_missing_value_leaves_the_class_open_only_where_it_matters() {
    let grade = grade_of(SKETCH, "a");
    let rest = "is_vs_expected 1, rel_net_bps 1, net_pnl 1";
    let graded = grade.grade(&readings(&format!("r_net_sigma 2, mae_sigma _..GAP.._, {rest}")));
    assert_eq!((graded.class, graded.class_lo, graded.class_hi), (None, 1, 2));
    assert_eq!((graded.confidence, graded.fired.len()), (None, 0));
    assert_eq!(graded.missing, [(Measure::MaeSigma, Null::Gap)]);
    // The best that it can be is already beyond the limit.
    let graded = grade.grade(&readings(&format!("r_net_sigma 2, mae_sigma _..GAP..-2.1, {rest}")));
    assert_eq!((graded.class, graded.class_lo, graded.class_hi), (Some(1), 1, 1));
    assert_eq!((graded.confidence, graded.missing.len()), (Some(1.0), 1));
    // Bad cannot become worse.
    let rest = "is_vs_expected 1, rel_net_bps 1, net_pnl -1";
    let graded = grade.grade(&readings(&format!("r_net_sigma -2, mae_sigma _..GAP.._, {rest}")));
    assert_eq!(graded.class, Some(-2));
}

#[test]
fn a_rule_may_take_what_is_missing_as_the_worst() {
    let text =
        SKETCH.replace("demote.deep_drawdown = {", "demote.deep_drawdown = { null_as = \"worst\",");
    let rest = "is_vs_expected 1, rel_net_bps 1, net_pnl 1";
    let graded = grade_of(&text, "a")
        .grade(&readings(&format!("r_net_sigma 2, mae_sigma _..GAP.._, {rest}")));
    // Graded as at the worst, and the interval still says what it may have been.
    assert_eq!((graded.class, graded.class_lo, graded.class_hi), (Some(1), 1, 2));
    assert_eq!(graded.fired, ["base", "demote.deep_drawdown"]);
}

#[test]
fn confidence_is_the_share_of_the_bounds_that_keeps_the_class() {
    let grade = grade_of(SKETCH, "a");
    let rest = "mae_sigma 0, is_vs_expected 1, rel_net_bps 1";
    let confidence = |outcome: &str| {
        let graded = grade.grade(&readings(&format!("{outcome}, {rest}")));
        (graded.class, graded.class_lo, graded.class_hi, graded.confidence)
    };
    // (0.75 - 0.5) / (0.75 - 0.25) = 0.5 of the bounds is good.
    let outcome = "r_net_sigma 0.25..0.625..0.75, net_pnl 1";
    assert_eq!(confidence(outcome), (Some(1), 0, 1, Some(0.5)));
    // Good needs profit as well, three quarters of its bounds: 0.5 x 0.75.
    let outcome = "r_net_sigma 0.25..0.625..0.75, net_pnl -1..1..3";
    assert_eq!(confidence(outcome), (Some(1), 0, 1, Some(0.375)));
    // An open bound declares nothing.
    let outcome = "r_net_sigma _..0.625..0.75, net_pnl 1";
    assert_eq!(confidence(outcome), (Some(1), -1, 1, None));
}

#[test]
fn normal_errors_agree_with_scipy() {
    let file = include_str!("../../../../fixtures/labeling/confidence.csv");
    let mut rows = 0;
    for line in file.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let [lo, hi, cut, share] = cells.as_slice() else { panic!("{line}") };
        let decimal = |x: f64| Decimal::parse(&x.to_string()).unwrap();
        // The top cut is the one in question; the others are far below.
        let cuts = [decimal(-300.0), decimal(-200.0), decimal(-100.0), decimal(*cut)];
        let base = Base { by: Measure::RNetSigma, cuts, null_as_worst: false };
        let grade = Grade::new(GradeRules {
            base,
            demote: Vec::new(),
            max_demotion: None,
            floor: Vec::new(),
            cap: Vec::new(),
            errors: Errors::Normal,
        })
        .unwrap();
        let mut outcome = Readings::new();
        let [value, lo, hi] = [*hi, *lo, *hi].map(Scalar::Number);
        let reading = Reading { value: Ok(value), lo: Some(lo), hi: Some(hi) };
        outcome.set(Measure::RNetSigma, reading);
        let found = grade.grade(&outcome);
        assert_eq!(found.class, Some(2));
        let found = found.confidence.unwrap();
        // Beside 1e-12: where the cut lies between its bounds is known to the rounding of the three numbers only.
        let (from, to) = (line_number(line, 0), line_number(line, 1));
        let rounding = 2.0 * f64::EPSILON * from.abs().max(to.abs()) / (to - from);
        assert!((found - share).abs() <= 1e-12 * share + rounding, "{line}: {found}");
        rows += 1;
    }
    assert_eq!(rows, 60);
}

fn line_number(line: &str, at: usize) -> f64 {
    line.split(',').nth(at).unwrap().parse().unwrap()
}

#[test]
fn rules_on_the_wrong_side_make_no_grade() {
    let mut rules = grade_of(SKETCH, "a").rules().clone();
    rules.floor[0].when[0].op = Op::Below;
    assert_eq!(
        Grade::new(rules).unwrap_err().to_string(),
        "floor.made_money: expected limits on the better side of a measure, found `net_pnl` below"
    );
    let mut rules = grade_of(SKETCH, "a").rules().clone();
    rules.demote[0].levels = 0;
    let found = Grade::new(rules).unwrap_err();
    assert!(matches!(found, GradeError::Range { .. }), "{found}");
}

const USED: [Measure; 5] =
    [Measure::RNetSigma, Measure::NetPnl, Measure::MaeSigma, Measure::IsTotalBps, Measure::IsTotal];

fn decimal() -> impl Strategy<Value = Decimal> {
    (-3_i64..=3).prop_map(|n| Decimal::parse(&n.to_string()).unwrap())
}

fn limits(is_worse: bool) -> impl Strategy<Value = Vec<Limit>> {
    let limit = (0..USED.len(), any::<bool>(), decimal()).prop_map(move |(at, strict, cut)| {
        let measure = USED[at];
        let is_low = (measure.better() == Better::Higher) == is_worse;
        let op = match (is_low, strict) {
            (true, true) => Op::Below,
            (true, false) => Op::AtMost,
            (false, true) => Op::Above,
            (false, false) => Op::AtLeast,
        };
        Limit { measure, op, cut }
    });
    prop::collection::vec(limit, 1..3)
}

fn bounds(is_worse: bool, null: bool) -> impl Strategy<Value = Vec<Bound>> {
    let bound = (limits(is_worse), -2_i8..=2, any::<bool>()).prop_map(move |(when, to, worst)| {
        Bound { name: String::new(), when, to, null_as_worst: worst && null }
    });
    prop::collection::vec(bound, 0..3)
}

/// Random rule sets; `null` lets rules take what is missing as the worst.
fn rules(null: bool) -> impl Strategy<Value = GradeRules> {
    let base = (0..USED.len()).prop_map(|at| {
        let falls = USED[at].better() == Better::Lower;
        let cuts = if falls { ["2", "1", "0", "-1"] } else { ["-1", "0", "1", "2"] };
        let cuts = cuts.map(|cut| Decimal::parse(cut).unwrap());
        Base { by: USED[at], cuts, null_as_worst: false }
    });
    let demote = (limits(true), 1_i8..=4, -2_i8..=2, any::<bool>()).prop_map(
        move |(when, levels, not_below, worst)| {
            let null_as_worst = worst && null;
            Demote { name: String::new(), when, levels, not_below, null_as_worst }
        },
    );
    let demote = prop::collection::vec(demote, 0..4);
    let most = prop::option::of(0_i8..=4);
    (base, demote, most, bounds(false, null), bounds(true, null)).prop_map(
        |(base, mut demote, max_demotion, mut floor, mut cap)| {
            demote.iter_mut().enumerate().for_each(|(at, rule)| rule.name = at.to_string());
            floor.iter_mut().enumerate().for_each(|(at, rule)| rule.name = at.to_string());
            cap.iter_mut().enumerate().for_each(|(at, rule)| rule.name = at.to_string());
            GradeRules { base, demote, max_demotion, floor, cap, errors: Errors::Uniform }
        },
    )
}

fn of(measure: Measure, half: i64) -> Scalar {
    match measure.scale() {
        Scale::Money => Scalar::Money(i128::from(half) * 500_000_000),
        _ => Scalar::Number(half as f64 / 2.0),
    }
}

/// A value in halves of a unit, so that limits are hit, or none, with bounds at most so far away.
fn reading() -> impl Strategy<Value = (i64, i64, i64, bool)> {
    (-8_i64..=8, 0_i64..=4, 0_i64..=4, prop::bool::weighted(0.2))
}

fn outcome(cells: &[(i64, i64, i64, bool)]) -> Readings {
    let mut outcome = Readings::new();
    for (measure, (value, below, above, is_null)) in USED.into_iter().zip(cells) {
        let (lo, hi) = (of(measure, value - below), of(measure, value + above));
        let value = if *is_null { Err(Null::Gap) } else { Ok(of(measure, *value)) };
        outcome.set(measure, Reading { value, lo: Some(lo), hi: Some(hi) });
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn improving_one_measure_never_lowers_the_class(
        rules in rules(true),
        values in prop::collection::vec(-8_i64..=8, USED.len()),
        at in 0..USED.len(),
        by in 1_i64..=8,
    ) {
        let grade = Grade::new(rules).unwrap();
        prop_assert!(labeling::prove(&grade).is_ok());
        let exact = |values: &[i64]| {
            let mut outcome = Readings::new();
            for (measure, value) in USED.into_iter().zip(values) {
                outcome.set(measure, Reading::exact(of(measure, *value)));
            }
            grade.grade(&outcome)
        };
        let worse = exact(&values);
        let mut improved = values.clone();
        improved[at] += if USED[at].better() == Better::Lower { -by } else { by };
        let better = exact(&improved);
        prop_assert!(better.class >= worse.class, "{:?} {:?}", better, worse);
        prop_assert_eq!(worse.confidence, Some(1.0));
    }

    #[test]
    fn what_the_bounds_allow_lies_between_the_classes_at_both_ends_which_are_reached(
        rules in rules(true),
        cells in prop::collection::vec(reading(), USED.len()),
        picks in prop::collection::vec(0.0..=1.0_f64, USED.len()),
    ) {
        let grade = Grade::new(rules).unwrap();
        let graded = grade.grade(&outcome(&cells));
        let at = |pick: &dyn Fn(usize, i64, i64) -> i64| {
            let mut exact = Readings::new();
            for (nth, (measure, (value, below, above, _))) in USED.into_iter().zip(&cells).enumerate() {
                let half = pick(nth, value - below, value + above);
                exact.set(measure, Reading::exact(of(measure, half)));
            }
            grade.grade(&exact).class.unwrap()
        };
        #[expect(clippy::cast_possible_truncation, reason = "a few halves")]
        let inside = at(&|nth, lo, hi| lo + (picks[nth] * (hi - lo) as f64).round() as i64);
        prop_assert!((graded.class_lo..=graded.class_hi).contains(&inside));
        let falls = |nth: usize| USED[nth].better() == Better::Lower;
        prop_assert_eq!(at(&|nth, lo, hi| if falls(nth) { hi } else { lo }), graded.class_lo);
        prop_assert_eq!(at(&|nth, lo, hi| if falls(nth) { lo } else { hi }), graded.class_hi);
        if let Some(class) = graded.class {
            prop_assert!((graded.class_lo..=graded.class_hi).contains(&class));
        }
        if let Some(confidence) = graded.confidence {
            prop_assert!((0.0..=1.0).contains(&confidence));
        }
    }

    #[test]
    fn a_class_stands_where_every_completion_of_what_is_missing_gives_it(
        rules in rules(false),
        cells in prop::collection::vec(reading(), USED.len()),
    ) {
        // Brute force over the halves that missing values can take, the known ones at their values.
        let grade = Grade::new(rules).unwrap();
        let mut classes = vec![Vec::new()];
        for (value, below, above, is_null) in &cells {
            let values: Vec<i64> =
                if *is_null { (value - below..=value + above).collect() } else { vec![*value] };
            classes = classes
                .into_iter()
                .flat_map(|head: Vec<i64>| {
                    values.iter().map(move |v| head.iter().copied().chain([*v]).collect()).collect::<Vec<_>>()
                })
                .collect();
        }
        let mut found: Vec<i8> = classes
            .iter()
            .map(|values: &Vec<i64>| {
                let mut exact = Readings::new();
                for (measure, value) in USED.into_iter().zip(values) {
                    exact.set(measure, Reading::exact(of(measure, *value)));
                }
                grade.grade(&exact).class.unwrap()
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        let expected = if let [one] = found.as_slice() { Some(*one) } else { None };
        prop_assert_eq!(grade.grade(&outcome(&cells)).class, expected);
    }

    #[test]
    fn batches_are_graded_as_single_outcomes_are(
        rules in rules(true),
        outcomes in prop::collection::vec(prop::collection::vec(reading(), USED.len()), 1..20),
    ) {
        let grade = Grade::new(rules).unwrap();
        let outcomes: Vec<Readings> = outcomes.iter().map(|cells| outcome(cells)).collect();
        let rows: Vec<Row> = (0..).zip(&outcomes).map(|(id, readings)| Row::new(id, "a", readings.clone())).collect();
        let batch = batch(&rows, Hash::from_bytes([7; 32]));
        let live: Vec<Option<i8>> = outcomes.iter().map(|outcome| grade.grade(outcome).class).collect();
        prop_assert_eq!(grade.classes(&batch).unwrap(), live.clone());
        for (row, outcome) in outcomes.iter().enumerate() {
            prop_assert_eq!(&outcome_readings(&batch, row).unwrap(), outcome);
            prop_assert_eq!(grade.class_by(|measure| outcome.get(measure)), live[row]);
        }
    }
}
