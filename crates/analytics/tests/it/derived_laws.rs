//! Random formulas against a reference that knows one row at a time, and laws of rows.

use analytics::DerivedSpec;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt32Array,
};
use proptest::prelude::*;
use std::sync::Arc;

/// A formula that writes itself and answers for one row.
#[derive(Debug, Clone)]
enum Number {
    Literal(f64),
    Float(usize),
    Int,
    Negative(Box<Number>),
    Binary(&'static str, Box<Number>, Box<Number>),
    Unary(&'static str, Box<Number>),
    Many(&'static str, Vec<Number>),
    Clip(Box<[Number; 3]>),
    If(Box<Truth>, Box<Number>, Box<Number>),
}

#[derive(Debug, Clone)]
enum Truth {
    Literal(bool),
    Column,
    Compare(&'static str, Box<Number>, Box<Number>),
    Both(&'static str, Box<Truth>, Box<Truth>),
    Not(Box<Truth>),
    IsNull(Box<Number>),
    Coalesce(Box<Truth>, Box<Truth>),
}

/// One row: three floats, an integer, a truth.
#[derive(Debug, Clone)]
struct Row {
    floats: [Option<f64>; 3],
    int: Option<i64>,
    truth: Option<bool>,
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

impl Number {
    fn text(&self) -> String {
        match self {
            Self::Literal(x) => format!("{x:?}"),
            Self::Float(n) => ["a", "b", "c"][*n].to_owned(),
            Self::Int => "n".to_owned(),
            Self::Negative(x) => format!("-({})", x.text()),
            Self::Binary(op, x, y) => format!("({} {op} {})", x.text(), y.text()),
            Self::Unary(f, x) => format!("{f}({})", x.text()),
            Self::Many(f, list) => {
                format!("{f}({})", list.iter().map(Self::text).collect::<Vec<_>>().join(", "))
            }
            Self::Clip(x) => format!("clip({}, {}, {})", x[0].text(), x[1].text(), x[2].text()),
            Self::If(c, x, y) => format!("if({}, {}, {})", c.text(), x.text(), y.text()),
        }
    }

    fn of(&self, row: &Row) -> Option<f64> {
        let lesser = |x: f64, y: f64| if y < x { y } else { x };
        let greater = |x: f64, y: f64| if y > x { y } else { x };
        match self {
            Self::Literal(x) => Some(*x),
            Self::Float(n) => row.floats[*n].and_then(finite),
            #[expect(clippy::cast_precision_loss, reason = "the rule of the language")]
            Self::Int => row.int.map(|n| n as f64),
            Self::Negative(x) => x.of(row).map(|x| -x),
            Self::Binary(op, x, y) => {
                let (x, y) = (x.of(row)?, y.of(row)?);
                finite(match *op {
                    "+" => x + y,
                    "-" => x - y,
                    "*" => x * y,
                    _ => x / y,
                })
            }
            Self::Unary(f, x) => {
                let x = x.of(row)?;
                finite(match *f {
                    "abs" => x.abs(),
                    "sign" => f64::from(i8::from(x > 0.0) - i8::from(x < 0.0)),
                    "sqrt" => x.sqrt(),
                    "ln" => libm::log(x),
                    _ => libm::exp(x),
                })
            }
            Self::Many("coalesce", list) => list.iter().find_map(|x| x.of(row)),
            Self::Many(f, list) => {
                let values: Option<Vec<f64>> = list.iter().map(|x| x.of(row)).collect();
                values?.into_iter().reduce(if *f == "min" { lesser } else { greater })
            }
            Self::Clip(x) => {
                let (x, low, high) = (x[0].of(row)?, x[1].of(row)?, x[2].of(row)?);
                Some(lesser(greater(x, low), high))
            }
            Self::If(c, x, y) => {
                if c.of(row)? {
                    x.of(row)
                } else {
                    y.of(row)
                }
            }
        }
    }
}

impl Truth {
    fn text(&self) -> String {
        match self {
            Self::Literal(x) => x.to_string(),
            Self::Column => "up".to_owned(),
            Self::Compare(op, x, y) => format!("({} {op} {})", x.text(), y.text()),
            Self::Both(op, x, y) => format!("({} {op} {})", x.text(), y.text()),
            Self::Not(x) => format!("(not {})", x.text()),
            Self::IsNull(x) => format!("is_null({})", x.text()),
            Self::Coalesce(x, y) => format!("coalesce({}, {})", x.text(), y.text()),
        }
    }

    fn of(&self, row: &Row) -> Option<bool> {
        match self {
            Self::Literal(x) => Some(*x),
            Self::Column => row.truth,
            #[expect(clippy::float_cmp, reason = "the rule of the language")]
            Self::Compare(op, x, y) => {
                let (x, y) = (x.of(row)?, y.of(row)?);
                Some(match *op {
                    "<" => x < y,
                    "<=" => x <= y,
                    ">" => x > y,
                    ">=" => x >= y,
                    "==" => x == y,
                    _ => x != y,
                })
            }
            Self::Both("and", x, y) => match (x.of(row), y.of(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Both(_, x, y) => match (x.of(row), y.of(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(x) => x.of(row).map(|x| !x),
            Self::IsNull(x) => Some(x.of(row).is_none()),
            Self::Coalesce(x, y) => x.of(row).or(y.of(row)),
        }
    }
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), Just(0.5), (0.0..3.0), Just(1e-300), Just(1e300),]
}

fn number() -> impl Strategy<Value = Number> {
    let leaf = prop_oneof![
        2 => value().prop_map(Number::Literal),
        4 => (0_usize..3).prop_map(Number::Float),
        1 => Just(Number::Int),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = || (inner.clone(), inner.clone());
        let op = prop_oneof![Just("+"), Just("-"), Just("*"), Just("/")];
        let function = prop_oneof![Just("abs"), Just("sign"), Just("sqrt"), Just("ln"), Just("exp")];
        let many = prop_oneof![Just("min"), Just("max"), Just("coalesce")];
        prop_oneof![
            4 => (op, pair()).prop_map(|(op, (x, y))| Number::Binary(op, x.into(), y.into())),
            1 => inner.clone().prop_map(|x| Number::Negative(x.into())),
            2 => (function, inner.clone()).prop_map(|(f, x)| Number::Unary(f, x.into())),
            2 => (many, proptest::collection::vec(inner.clone(), 2..4)).prop_map(|(f, x)| Number::Many(f, x)),
            1 => [inner.clone(), inner.clone(), inner.clone()].prop_map(|x| Number::Clip(x.into())),
            2 => (truth(inner.clone()), pair()).prop_map(|(c, (x, y))| Number::If(c.into(), x.into(), y.into())),
        ]
    })
}

fn truth(number: impl Strategy<Value = Number> + Clone + 'static) -> impl Strategy<Value = Truth> {
    let compare = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Truth::Literal),
        Just(Truth::Column),
        (compare, number.clone(), number.clone()).prop_map(|(op, x, y)| Truth::Compare(
            op,
            x.into(),
            y.into()
        )),
        number.prop_map(|x| Truth::IsNull(x.into())),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            (prop_oneof![Just("and"), Just("or")], pair()).prop_map(|(op, (x, y))| Truth::Both(
                op,
                x.into(),
                y.into()
            )),
            inner.clone().prop_map(|x| Truth::Not(x.into())),
            pair().prop_map(|(x, y)| Truth::Coalesce(x.into(), y.into())),
        ]
    })
}

fn row() -> impl Strategy<Value = Row> {
    let float = prop_oneof![
        2 => Just(None),
        6 => (-3_i32..4).prop_map(|v| Some(f64::from(v) / 2.0)),
        1 => Just(Some(-0.0)),
        3 => any::<f64>().prop_map(Some),
    ];
    let floats = [float.clone(), float.clone(), float];
    let int = proptest::option::of(prop_oneof![-3_i64..4, any::<i64>()]);
    (floats, int, proptest::option::of(any::<bool>())).prop_map(|(floats, int, truth)| Row {
        floats,
        int,
        truth,
    })
}

fn batch(rows: &[Row]) -> RecordBatch {
    let float =
        |n: usize| Arc::new(rows.iter().map(|r| r.floats[n]).collect::<Float64Array>()) as ArrayRef;
    RecordBatch::try_from_iter_with_nullable([
        ("a", float(0), true),
        ("b", float(1), true),
        ("c", float(2), true),
        ("n", Arc::new(rows.iter().map(|r| r.int).collect::<Int64Array>()), true),
        ("up", Arc::new(rows.iter().map(|r| r.truth).collect::<BooleanArray>()), true),
    ])
    .unwrap()
}

fn evaluate(expr: &str, batches: &[RecordBatch]) -> Vec<Option<u64>> {
    let text = format!(
        "[[derived]]\nname = 'x_t__v__now'\nunit = 'ratio'\nnull = 'propagate'\nexpr = '{expr}'\n"
    );
    let schema = batches[0].schema();
    let plan = DerivedSpec::parse(&text).unwrap().resolve(&schema).unwrap();
    let derived = plan.evaluate(batches).unwrap();
    derived
        .iter()
        .flat_map(|batch| {
            let values = batch.column(0).as_primitive::<Float64Type>();
            (0..values.len())
                .map(|r| values.is_valid(r).then(|| values.value(r).to_bits()))
                .collect::<Vec<_>>()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 192 }))]

    #[test]
    fn a_formula_is_what_its_rows_say_bit_for_bit(formula in number(), rows in proptest::collection::vec(row(), 1..20)) {
        let text = formula.text();
        prop_assume!(!text.contains("inf"));
        let expected: Vec<_> = rows.iter().map(|row| formula.of(row).map(f64::to_bits)).collect();
        prop_assert_eq!(evaluate(&text, &[batch(&rows)]), expected, "{}", text);
    }

    #[test]
    fn no_cut_into_batches_and_no_order_of_rows_moves_a_bit(
        formula in number(),
        rows in proptest::collection::vec(row(), 1..60),
        cut in 0_usize..60,
    ) {
        let (text, whole) = (formula.text(), batch(&rows));
        let cut = cut.min(rows.len());
        let expected = evaluate(&text, std::slice::from_ref(&whole));
        let parts = [whole.slice(0, cut), whole.slice(cut, rows.len() - cut)];
        prop_assert_eq!(&evaluate(&text, &parts), &expected);
        let backwards = UInt32Array::from_iter_values((0..u32::try_from(rows.len()).unwrap()).rev());
        let backwards = arrow_select::take::take_record_batch(&whole, &backwards).unwrap();
        let mut found = evaluate(&text, &[backwards]);
        found.reverse();
        prop_assert_eq!(found, expected);
    }
}
