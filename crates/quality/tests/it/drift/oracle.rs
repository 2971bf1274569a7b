//! The numbers of scipy and numpy.

use super::{find, numbers, rows, table, x};
use arrow_array::{ArrayRef, StringArray};
use quality::{
    Detail, DriftOptions, DriftReport, DriftSpec, Effect, drift, hellinger_distance,
    jensen_shannon_distance, ks_distance, population_stability, wasserstein_distance,
};
use serde_json::Value;
use std::sync::Arc;

fn expected() -> Value {
    serde_json::from_str(include_str!("../../../../../fixtures/quality/drift/expected.json"))
        .unwrap()
}

#[track_caller]
fn near(found: Option<f64>, expected: &Value, tolerance: f64, what: &str) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    let apart = (found - expected).abs();
    assert!(apart <= tolerance * expected.abs().max(1e-300), "{what}: {found:e}, {expected:e}");
}

fn side(sample: &Value, name: &str) -> Vec<f64> {
    let unit = sample["unit"].as_f64().unwrap();
    let whole = sample[name].as_array().unwrap().iter();
    whole.map(|value| value.as_i64().unwrap() as f64 * unit).collect()
}

fn samples() -> Vec<(String, Value)> {
    let Value::Object(samples) = expected()["numeric"].take() else { panic!("no samples") };
    samples.into_iter().collect()
}

fn report(sample: &Value, detail: Detail) -> DriftReport {
    let (reference, current) = (side(sample, "reference"), side(sample, "current"));
    let spec = DriftSpec { detail, ..rows(25) };
    drift(&[x(&reference)], &[x(&current)], &spec, &DriftOptions::default()).unwrap()
}

#[test]
fn distances_of_samples_are_those_of_scipy() {
    for (name, sample) in samples() {
        let (reference, current) = (side(&sample, "reference"), side(&sample, "current"));
        near(ks_distance(&reference, &current), &sample["ks"], 1e-14, &name);
        near(wasserstein_distance(&reference, &current), &sample["w1"], 1e-12, &name);
    }
}

#[test]
fn a_report_of_whole_samples_has_the_numbers_of_scipy() {
    for (name, sample) in samples() {
        let report = report(&sample, Detail::Exact);
        let size = |effect| find(&report, "x", effect).size;
        near(size(Effect::Ks), &sample["ks"], 1e-14, &name);
        near(size(Effect::W1Sd), &sample["w1_sd"], 1e-12, &name);
        near(find(&report, "x", Effect::W1Sd).statistic, &sample["w1"], 1e-12, &name);
        near(find(&report, "x", Effect::Ks).p_iid, &sample["ks_p_iid"], 1e-11, &name);
        near(size(Effect::PsiRefDeciles), &sample["psi_ref_deciles"], 1e-12, &name);
        // scipy subtracts logarithms that nearly agree.
        near(size(Effect::JsRefDeciles), &sample["js_ref_deciles"], 1e-11, &name);
        near(size(Effect::HellingerRefDeciles), &sample["hellinger_ref_deciles"], 1e-12, &name);
        let bins = find(&report, "x", Effect::PsiRefDeciles).bins;
        assert_eq!(bins, sample["bins"].as_u64(), "{name}");
    }
}

#[test]
fn a_report_of_bins_has_the_numbers_of_numpy() {
    for (name, sample) in samples() {
        let report = report(&sample, Detail::Binned);
        let ks = find(&report, "x", Effect::KsRef256);
        near(ks.size, &sample["ks_ref256"], 1e-13, &name);
        assert_eq!(ks.bins, sample["cells"].as_u64(), "{name}");
        near(find(&report, "x", Effect::W1SdRef256).size, &sample["w1_sd_ref256"], 1e-11, &name);
        let (low, resolution) = (ks.size.unwrap(), ks.resolution.unwrap());
        let whole = sample["ks"].as_f64().unwrap();
        assert!(low <= whole + 1e-12 && whole <= low + resolution + 1e-12, "{name}");
    }
}

#[test]
fn the_golden_numbers_of_the_design() {
    let golden = &expected()["numeric"]["golden"];
    let report = report(golden, Detail::Exact);
    let shown =
        |effect, digits: usize| format!("{:.digits$}", find(&report, "x", effect).size.unwrap());
    assert_eq!(shown(Effect::Ks, 3), "0.124");
    assert_eq!(shown(Effect::W1Sd, 6), "0.250336");
    assert_eq!(shown(Effect::PsiRefDeciles, 6), "0.067981");
    assert_eq!(format!("{:.6}", find(&report, "x", Effect::W1Sd).statistic.unwrap()), "0.247513");
    assert_eq!(format!("{:.4e}", find(&report, "x", Effect::Ks).p_iid.unwrap()), "4.0688e-7");
}

fn names(counts: &Value) -> (Vec<u64>, ArrayRef) {
    let counts: Vec<u64> = serde_json::from_value(counts.clone()).unwrap();
    let names = counts
        .iter()
        .enumerate()
        .flat_map(|(place, &count)| (0..count).map(move |_| format!("venue{place:02}")));
    let array: ArrayRef = Arc::new(StringArray::from(names.collect::<Vec<_>>()));
    (counts, array)
}

#[test]
fn categories_have_the_numbers_of_scipy() {
    let Value::Object(tables) = expected()["categorical"].take() else { panic!("no tables") };
    for (name, expected) in tables {
        let (r, reference) = names(&expected["reference"]);
        let (c, current) = names(&expected["current"]);
        let (reference, current) = (table(&[("v", reference)]), table(&[("v", current)]));
        let length = u32::try_from(r.iter().sum::<u64>() / 8).unwrap();
        let options = DriftOptions { permutations: 19, ..Default::default() };
        let report =
            drift(&[reference], &[current], &rows(length.clamp(40, 40_000)), &options).unwrap();
        let size = |effect: Effect| {
            // One category leaves nothing but rounding.
            let (found, expected) = (find(&report, "v", effect).size, &expected[effect.word()]);
            if expected.as_f64() == Some(0.0) {
                assert!(found.unwrap().abs() < 1e-15, "{name} {effect}");
            } else {
                near(found, expected, 1e-11, &format!("{name} {effect}"));
            }
        };
        size(Effect::CramersV);
        size(Effect::LInfinity);
        size(Effect::JsCategories);
        size(Effect::UnseenShare);
        let chi = find(&report, "v", Effect::CramersV);
        let g = find(&report, "v", Effect::MutualInformation);
        if r.len() > 1 {
            near(chi.statistic, &expected["chi_square"], 1e-12, &name);
            near(chi.p_iid, &expected["chi_square_p"], 1e-10, &name);
            near(g.statistic, &expected["g"], 1e-9, &name);
            near(g.p_iid, &expected["g_p"], 1e-8, &name);
        } else {
            assert_eq!((chi.p_iid, g.p_iid), (Some(1.0), Some(1.0)));
        }
        let js = jensen_shannon_distance(&r, &c);
        assert_eq!(find(&report, "v", Effect::JsCategories).size, js);
    }
}

#[test]
fn means_and_correlations_have_the_numbers_of_numpy() {
    let expected = &expected()["joint"];
    let side = |name: &str| {
        let rows = expected[name].as_array().unwrap();
        let column = |place: usize| {
            let values: Vec<f64> =
                rows.iter().map(|row| row[place].as_f64().unwrap() / 1_048_576.0).collect();
            numbers(&values)
        };
        table(&[("a", column(0)), ("b", column(1)), ("c", column(2))])
    };
    let report =
        drift(&[side("reference")], &[side("current")], &rows(50), &DriftOptions::default())
            .unwrap();
    let means = report.joint(Effect::Mahalanobis).unwrap();
    let change = report.joint(Effect::PearsonChange).unwrap();
    let (steps, raw) = (&expected["steps"], &expected["raw"]);
    near(means.size, &steps["mahalanobis"], 1e-12, "mahalanobis");
    near(means.statistic, &steps["t2"], 1e-12, "t2");
    near(means.p_iid, &steps["t2_p"], 1e-11, "p");
    near(change.statistic, &steps["pearson_change"], 1e-12, "pearson");
    assert_eq!(change.columns, ["a", "b"]);
    // Steps of 2^-16 of a standard deviation are hardly seen.
    near(means.size, &raw["mahalanobis"], 1e-5, "mahalanobis");
    near(change.statistic, &raw["pearson_change"], 1e-5, "pearson");
}

#[test]
fn divergences_of_counts_by_hand() {
    // PSI with an empty bin: 0.5 of 10 against 5 of 10.
    let psi = 0.45 * (0.5_f64 / 0.05).ln() + (0.5 - 1.0) * (0.5_f64 / 1.0).ln();
    let found = population_stability(&[0, 10], &[5, 5]).unwrap();
    assert!((found - psi).abs() < 1e-15);
    // sqrt(((1 - sqrt(1/2))^2 + 1/2) / 2)
    let hellinger = f64::midpoint((1.0 - 0.5_f64.sqrt()).powi(2), 0.5).sqrt();
    assert!((hellinger_distance(&[0, 10], &[5, 5]).unwrap() - hellinger).abs() < 1e-15);
    assert_eq!(population_stability(&[1, 2], &[1]), None);
    assert_eq!(jensen_shannon_distance(&[0, 0], &[1, 1]), None);
}
