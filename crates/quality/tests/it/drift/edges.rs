//! Tables at the edges of what can be compared.

use super::noise::Noise;
use super::{find, numbers, rows, table, x};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampNanosecondArray,
};
use contract::Diagnostic;
use quality::{
    Blocks, DriftError, DriftOptions, DriftReport, DriftSpec, DriftVerdict, Effect, Joint,
    NotEvaluated, Reference, Short, drift,
};
use std::sync::Arc;

fn compare(before: &RecordBatch, after: &RecordBatch, spec: &DriftSpec) -> DriftReport {
    let (before, after) = (std::slice::from_ref(before), std::slice::from_ref(after));
    drift(before, after, spec, &DriftOptions::default()).unwrap()
}

fn verdict(report: &DriftReport, effect: Effect) -> String {
    find(report, "x", effect).verdict.to_string()
}

#[test]
fn two_constants_that_agree_are_stable_where_that_means_something() {
    let report = compare(&x(&[5.0; 400]), &x(&[5.0; 400]), &rows(20));
    assert_eq!(verdict(&report, Effect::Ks), "stable");
    assert_eq!(find(&report, "x", Effect::Ks).p, Some(1.0));
    assert_eq!(find(&report, "x", Effect::W1Sd).size, Some(0.0));
    assert_eq!(verdict(&report, Effect::PsiRefDeciles), "insufficient (1 of 2 bins)");
}

#[test]
fn a_constant_that_moves_is_found_by_its_distribution_and_has_no_deviation() {
    let report = compare(&x(&[5.0; 400]), &x(&[6.0; 400]), &rows(20));
    let ks = find(&report, "x", Effect::Ks);
    assert_eq!(ks.size, Some(1.0));
    let w1 = find(&report, "x", Effect::W1Sd);
    assert_eq!((w1.size, w1.statistic), (None, Some(1.0)));
    assert_eq!(
        verdict(&report, Effect::W1Sd),
        "not_evaluated (the reference is constant and has no standard deviation)"
    );
    assert_eq!(ks.verdict.word(), "drift");
}

#[test]
fn empty_one_row_and_all_null_sides_are_insufficient() {
    let nulls = table(&[("x", Arc::new(Float64Array::from(vec![None; 400])) as ArrayRef)]);
    for (batch, found) in [(x(&[]), 0), (x(&[1.0]), 1), (nulls, 0), (x(&[f64::NAN; 400]), 0)] {
        let full = x(&Noise(1).bells(400, 0.0));
        for report in [compare(&full, &batch, &rows(20)), compare(&batch, &full, &rows(20))] {
            let expected = DriftVerdict::Insufficient { of: Short::Rows, found, needed: 200 };
            assert_eq!(report.columns[0].verdict, expected);
            let finding = find(&report, "x", Effect::Ks);
            assert_eq!((finding.p, finding.q), (None, None));
        }
    }
}

#[test]
fn a_dictionary_without_words_is_a_column_of_nulls() {
    let keys = Int32Array::from(vec![None; 400]);
    let words: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
    let empty = DictionaryArray::<Int32Type>::try_new(keys, words).unwrap();
    let batch = table(&[("x", Arc::new(empty) as ArrayRef)]);
    let report = compare(&batch, &batch, &rows(20));
    let expected = DriftVerdict::Insufficient { of: Short::Rows, found: 0, needed: 200 };
    assert_eq!(report.columns[0].verdict, expected);
}

#[test]
fn too_few_blocks_are_insufficient_whatever_the_rows() {
    let batch = x(&Noise(1).bells(7_000, 0.0));
    let report = compare(&batch, &batch, &rows(1_000));
    let expected = DriftVerdict::Insufficient { of: Short::Blocks, found: 7, needed: 8 };
    assert_eq!(report.columns[0].verdict, expected);
    assert_eq!(find(&report, "x", Effect::Ks).size, Some(0.0));
}

#[test]
fn nulls_and_infinities_are_removed_counted_and_compared_as_rates() {
    let mut values: Vec<Option<f64>> = Noise(1).bells(400, 0.0).into_iter().map(Some).collect();
    let before = table(&[("x", Arc::new(Float64Array::from(values.clone())) as ArrayRef)]);
    for (place, value) in values.iter_mut().enumerate() {
        match place % 10 {
            0 => *value = None,
            1 => *value = Some(f64::INFINITY),
            2 => *value = Some(f64::NAN),
            _ => {}
        }
    }
    let after = table(&[("x", Arc::new(Float64Array::from(values)) as ArrayRef)]);
    let report = compare(&before, &after, &rows(20));
    let counted = report.columns[0].current;
    assert_eq!(
        (counted.rows, counted.nulls, counted.non_finite, counted.values()),
        (400, 40, 80, 280)
    );
    let (nulls, others) =
        (find(&report, "x", Effect::NullRate), find(&report, "x", Effect::NonFiniteRate));
    assert_eq!((nulls.size, nulls.p, nulls.verdict.word()), (Some(0.1), Some(0.001), "drift"));
    assert_eq!((others.size, others.verdict.word()), (Some(0.2), "drift"));
    // chi-square of 0 and 40 of 400 each: 800 x (40 x 400)^2 / (40 x 760 x 400 x 400) = 42.1
    assert!((nulls.p_iid.unwrap() / 8.653e-11 - 1.0).abs() < 1e-2);
    assert_eq!(report.columns[0].verdict.word(), "stable");
}

#[test]
fn the_largest_and_the_smallest_floats_have_distances() {
    for scale in [1.7e308, 1e308, 1e-300, 5e-324] {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 3 - 1) * scale).collect();
        let moved: Vec<f64> = (0..400).map(|i| f64::from(i % 2) * scale).collect();
        let report = compare(&x(&values), &x(&moved), &rows(20));
        // At 0: 267 of 400 against 200 of 400; before it: 134 against none.
        assert_eq!(find(&report, "x", Effect::Ks).size, Some(134.0 / 400.0));
        let w1 = find(&report, "x", Effect::W1Sd);
        let expected = (134.0 + 67.0) / 400.0 * scale;
        let apart = (w1.statistic.unwrap() / scale - expected / scale).abs();
        assert!(scale < 1e-320 || apart < 1e-12, "{scale:e}: {:?}", w1.statistic);
        assert_eq!(w1.verdict.word(), "drift", "{scale:e}");
    }
}

#[test]
fn a_missing_or_changed_column_is_said_and_does_not_pass() {
    let values = Noise(1).bells(400, 0.0);
    let before = table(&[("x", numbers(&values)), ("y", numbers(&values))]);
    let words: ArrayRef = Arc::new(StringArray::from(vec!["a"; 400]));
    let report = compare(&before, &table(&[("x", words)]), &rows(20));
    let verdicts: Vec<String> =
        report.columns.iter().map(|column| column.verdict.to_string()).collect();
    assert_eq!(
        verdicts,
        ["not_evaluated (column `x` is now Utf8)", "not_evaluated (no column `y`)"]
    );
    assert_eq!(report.joint(Effect::Mahalanobis).unwrap().verdict.word(), "not_evaluated");
}

#[test]
fn a_column_that_follows_from_another_is_named() {
    let values = Noise(1).bells(400, 0.0);
    let twice: Vec<f64> = values.iter().map(|x| 2.0 * x).collect();
    let batch = table(&[("x", numbers(&values)), ("twice", numbers(&twice))]);
    let report = compare(&batch, &batch, &rows(20));
    assert_eq!(
        report.joint(Effect::Mahalanobis).unwrap().verdict.to_string(),
        "not_evaluated (column `twice` does not vary, or follows from those before it)"
    );
    assert_eq!(report.joint(Effect::PearsonChange).unwrap().size, Some(0.0));
    let constants = table(&[("x", numbers(&[1.0; 400])), ("y", numbers(&[2.0; 400]))]);
    let report = compare(&constants, &constants, &rows(20));
    assert_eq!(
        report.joint(Effect::PearsonChange).unwrap().verdict.to_string(),
        "not_evaluated (no two columns vary on both sides)"
    );
}

#[test]
fn correlation_that_changes_alone_is_found() {
    let mut noise = Noise(2);
    let side = |noise: &mut Noise, share: f64| {
        let a = noise.bells(4_000, 0.0);
        let rest = (1.0 - share * share).sqrt();
        let b: Vec<f64> = a.iter().map(|a| share * a + rest * noise.bell()).collect();
        table(&[("a", numbers(&a)), ("b", numbers(&b)), ("c", numbers(&noise.bells(4_000, 0.0)))])
    };
    let (before, after) = (side(&mut noise, 0.8), side(&mut noise, -0.2));
    let report = compare(&before, &after, &rows(100));
    let change = report.joint(Effect::PearsonChange).unwrap();
    assert_eq!(
        (change.columns.as_slice(), change.verdict.word()),
        (&["a", "b"].map(str::to_owned)[..], "drift")
    );
    assert!((change.statistic.unwrap() + 1.0).abs() < 0.05);
    assert_eq!(report.joint(Effect::Mahalanobis).unwrap().verdict.word(), "stable");
    assert!(report.columns.iter().all(|column| column.verdict == DriftVerdict::Stable));
    let spec = DriftSpec { joint: Joint::Nothing, ..rows(100) };
    assert_eq!(compare(&before, &after, &spec).joint(Effect::PearsonChange), None);
    let spec = DriftSpec { joint: Joint::Columns(vec!["a".into(), "z".into()]), ..rows(100) };
    let found = compare(&before, &after, &spec).joint(Effect::Mahalanobis).unwrap().verdict.clone();
    assert_eq!(found, DriftVerdict::NotEvaluated(NotEvaluated::MissingColumn("z".to_owned())));
}

#[test]
fn types_of_a_table_are_read_as_what_they_are() {
    let n = 400_i64;
    let words: Vec<String> = (0..n).map(|i| format!("v{}", i % 3)).collect();
    let dictionary: DictionaryArray<Int32Type> = words.iter().map(String::as_str).collect();
    let cents = Decimal128Array::from_iter_values((0..n).map(i128::from));
    let columns: [(&str, ArrayRef); 7] = [
        ("whole", Arc::new(Int64Array::from_iter_values(0..n))),
        ("code", Arc::new(Int64Array::from_iter_values((0..n).map(|i| i % 4)))),
        ("price", Arc::new(cents.with_precision_and_scale(20, 2).unwrap())),
        ("flag", Arc::new((0..n).map(|i| Some(i % 2 == 0)).collect::<BooleanArray>())),
        ("venue", Arc::new(dictionary)),
        ("ts", Arc::new(TimestampNanosecondArray::from_iter_values((0..n).map(|i| i * 1_000)))),
        ("text", Arc::new(StringArray::from_iter_values(words))),
    ];
    let batch = table(&columns);
    let blocks = Blocks::Buckets { column: "ts".to_owned(), width: 20_000 };
    let spec = DriftSpec { categorical: vec!["code".to_owned()], ..DriftSpec::new(blocks) };
    let report = compare(&batch, &batch, &spec);
    let read: Vec<(&str, &str)> =
        report.columns.iter().map(|column| (column.name.as_str(), column.effect.word())).collect();
    let expected = [
        ("whole", "ks"),
        ("code", "js_categories"),
        ("price", "ks"),
        ("flag", "js_categories"),
        ("venue", "js_categories"),
        ("text", "js_categories"),
    ];
    assert_eq!(read, expected);
    assert_eq!((report.blocks_reference, report.rows_current), (20, 400));
    assert!(report.columns.iter().all(|column| column.verdict == DriftVerdict::Stable));
    let skipped = Reference::fit(&rows(20), &[batch]).unwrap();
    assert_eq!(skipped.skipped(), ["ts"]);
}

#[test]
fn too_many_categories_are_said() {
    let words = |from: u32| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((from..from + 6_000).map(|i| i.to_string())))
    };
    let (before, after) = (table(&[("x", words(0))]), table(&[("x", words(6_000))]));
    let report = compare(&before, &before, &rows(20));
    assert_eq!(report.columns[0].verdict.word(), "stable");
    let twice = [before.clone(), after];
    let report = drift(&twice, &[before], &rows(20), &DriftOptions::default()).unwrap();
    assert_eq!(
        report.columns[0].verdict.to_string(),
        "not_evaluated (limit reached: 10000 categories)"
    );
}

#[test]
fn refusals_name_what_is_wrong() {
    let batch = x(&[1.0, 2.0]);
    let fit =
        |blocks| Reference::fit(&DriftSpec::new(blocks), std::slice::from_ref(&batch)).map(drop);
    let buckets = |width| Blocks::Buckets { column: "x".to_owned(), width };
    assert_eq!(fit(Blocks::Rows(0)), Err(DriftError::BlockLength(0)));
    assert_eq!(fit(buckets(-5)), Err(DriftError::BlockLength(-5)));
    let unread = DriftError::BlockColumn("x".to_owned());
    assert_eq!(fit(buckets(5)), Err(unread.clone())); // a float is no instant
    assert_eq!(unread.code(), "quality/drift-block-column");
    let session: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let gap = table(&[("session", session), ("x", numbers(&[1.0, 2.0]))]);
    let spec = DriftSpec::new(Blocks::Column("session".to_owned()));
    let null = DriftError::BlockNull { column: "session".to_owned(), row: 1 };
    assert_eq!(Reference::fit(&spec, &[gap]).map(drop), Err(null));

    let reference = Reference::fit(&rows(10), &[x(&[1.0, 2.0, 3.0])]).unwrap();
    let other = Reference::fit(&rows(10), &[x(&[1.0, 2.0, 4.0])]).unwrap();
    let options = DriftOptions::default();
    assert_eq!(reference.compare(&other.window(), &options), Err(DriftError::OtherReference));
    assert_eq!(reference.window().merge(other.window()), Err(DriftError::OtherReference));
    let mut window = reference.window();
    window.observe(&x(&[0.0; 6])).unwrap();
    let twice = DriftError::BlockOverfull { block: 0, rows: 12, length: 10 };
    assert_eq!(window.clone().merge(window.clone()), Err(twice));
    for (name, options) in [
        ("permutations", DriftOptions { permutations: 0, ..Default::default() }),
        ("level", DriftOptions { level: f64::NAN, ..Default::default() }),
        ("minimums", DriftOptions { minimums: [(Effect::Ks, -1.0)].into(), ..Default::default() }),
        ("numeric", DriftOptions { numeric: Effect::NullRate, ..Default::default() }),
        ("categorical", DriftOptions { categorical: Effect::Ks, ..Default::default() }),
    ] {
        let Err(DriftError::Option { name: found, .. }) = reference.compare(&window, &options)
        else {
            panic!("{name} was accepted")
        };
        assert_eq!(found, name);
    }
}

#[test]
fn every_code_is_explained() {
    for error in [
        DriftError::BlockColumn(String::new()),
        DriftError::BlockNull { column: String::new(), row: 0 },
        DriftError::BlockLength(0),
        DriftError::BlockOverfull { block: 0, rows: 0, length: 0 },
        DriftError::OtherReference,
        DriftError::TooManyRows,
        DriftError::Option { name: "", expected: "", found: String::new() },
    ] {
        assert!(quality::ERRORS.contains(&format!("## {}\n", error.code())), "{}", error.code());
    }
}
