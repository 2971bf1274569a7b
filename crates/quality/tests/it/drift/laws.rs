//! What holds for any rows.

use super::noise::Noise;
use super::{numbers, rows, table, x};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;
use quality::{
    Blocks, Detail, DriftOptions, DriftReport, DriftSpec, DriftWindow, Effect, Reference, drift,
    ks_distance, wasserstein_distance,
};
use std::sync::Arc;

/// Numbers with gaps, a second column, names, and a session of about 37 rows.
fn mixed(seed: u64, n: usize, shift: f64) -> RecordBatch {
    let mut noise = Noise(seed);
    let a: Vec<Option<f64>> = (0..n)
        .map(|_| match noise.uniform() {
            u if u < 0.05 => None,
            u if u < 0.07 => Some(f64::NAN),
            _ => Some(noise.bell() + shift),
        })
        .collect();
    let b: Vec<f64> = a.iter().map(|a| a.unwrap_or(0.0) * 0.5 + noise.bell()).collect();
    let venues = ["XNAS", "XNYS", "ARCX"];
    let names: Vec<Option<&str>> = (0..n)
        .map(|_| {
            match noise.uniform() {
                u if u < 0.1 => None,
                u if u < 0.5 => Some(venues[0]),
                u => Some(venues[usize::from(u < 0.8 + shift / 10.0) + 1].trim()),
            }
            .filter(|name| !name.is_empty())
        })
        .collect();
    let session: Vec<i64> = (0..n).map(|row| i64::try_from(row / 37).unwrap() - 3).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("a", Arc::new(Float64Array::from(a))),
        ("b", numbers(&b)),
        ("venue", Arc::new(StringArray::from(names))),
        ("session", Arc::new(Int64Array::from(session))),
    ];
    table(&columns)
}

fn options() -> DriftOptions {
    DriftOptions { permutations: 99, ..Default::default() }
}

fn spec(blocks: Blocks, detail: Detail) -> DriftSpec {
    DriftSpec { detail, ..DriftSpec::new(blocks) }
}

fn text(report: &DriftReport) -> String {
    serde_json::to_string(report).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neither_batches_nor_the_order_of_parts_nor_a_store_change_a_bit(
        seed in any::<u64>(),
        cuts in proptest::collection::btree_set(1_usize..899, 0..6),
        is_session in any::<bool>(),
        is_exact in any::<bool>(),
        is_reversed in any::<bool>(),
    ) {
        let (before, after) = (mixed(seed, 600, 0.0), mixed(seed ^ 1, 900, 0.3));
        let blocks = if is_session { Blocks::Column("session".to_owned()) } else { Blocks::Rows(41) };
        let detail = if is_exact { Detail::Exact } else { Detail::Binned };
        let spec = spec(blocks, detail);
        let expected = text(&drift(std::slice::from_ref(&before), std::slice::from_ref(&after), &spec, &options()).unwrap());

        let parts = |batch: &RecordBatch, cuts: &[usize]| {
            let ends = cuts.iter().copied().chain([batch.num_rows()]);
            let starts = [0].into_iter().chain(cuts.iter().copied());
            starts.zip(ends).map(|(a, b)| (a, batch.slice(a, b - a))).collect::<Vec<_>>()
        };
        let cuts: Vec<usize> = cuts.into_iter().collect();
        let below: Vec<usize> = cuts.iter().copied().filter(|&cut| cut < 600).collect();
        let pieces: Vec<_> = parts(&before, &below).into_iter().map(|part| part.1).collect();
        let reference = Reference::fit(&spec, &pieces).unwrap();
        let stored = serde_json::to_string(&reference).unwrap();
        let reference: Reference = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(serde_json::to_string(&reference).unwrap(), stored);

        let mut windows: Vec<DriftWindow> = parts(&after, &cuts)
            .into_iter()
            .map(|(start, part)| {
                let mut window = reference.window().starting_at(start as u64);
                window.observe(&part).unwrap();
                serde_json::from_str(&serde_json::to_string(&window).unwrap()).unwrap()
            })
            .collect();
        if is_reversed {
            windows.reverse();
        }
        let mut whole = reference.window();
        for window in windows {
            whole.merge(window).unwrap();
        }
        prop_assert_eq!(text(&reference.compare(&whole, &options()).unwrap()), expected);
    }

    #[test]
    fn distances_are_those_of_their_definition(
        left in proptest::collection::vec(-8_i32..8, 1..30),
        right in proptest::collection::vec(-8_i32..8, 1..30),
    ) {
        let [left, right] = [left, right].map(|side| side.into_iter().map(f64::from).collect::<Vec<_>>());
        let share = |side: &[f64], at: f64| side.iter().filter(|&&x| x <= at).count() as f64 / side.len() as f64;
        let gaps = (-8..8).map(|at| (share(&left, f64::from(at)) - share(&right, f64::from(at))).abs());
        let ks = gaps.clone().fold(0.0, f64::max);
        prop_assert!((ks_distance(&left, &right).unwrap() - ks).abs() < 1e-14);
        prop_assert!((wasserstein_distance(&left, &right).unwrap() - gaps.sum::<f64>()).abs() < 1e-12);
    }

    #[test]
    fn the_distance_on_bins_and_its_resolution_hold_the_whole_one(
        seed in any::<u64>(),
        scale in prop_oneof![Just(1.0), Just(8.0), Just(300.0), Just(1e9)],
        shift in -1.0..1.0_f64,
    ) {
        let mut noise = Noise(seed);
        let [before, after] = [(400, 0.0), (700, shift)].map(|(n, shift)| {
            noise.bells(n, shift).iter().map(|x| (x * scale).round()).collect::<Vec<_>>()
        });
        let spec = spec(Blocks::Rows(20), Detail::Binned);
        let report = drift(&[x(&before)], &[x(&after)], &spec, &options()).unwrap();
        let ks = report.finding("x", Effect::KsRef256).unwrap();
        let whole = ks_distance(&before, &after).unwrap();
        let (low, resolution) = (ks.size.unwrap(), ks.resolution.unwrap());
        prop_assert!(low <= whole + 1e-12 && whole <= low + resolution + 1e-12);
        prop_assert!(resolution < 0.5);
    }

    #[test]
    fn any_floats_give_finite_numbers_or_none(
        before in proptest::collection::vec(any::<f64>(), 0..300),
        after in proptest::collection::vec(any::<f64>(), 0..300),
        is_exact in any::<bool>(),
    ) {
        let detail = if is_exact { Detail::Exact } else { Detail::Binned };
        let pair = |values: &[f64]| {
            let turned: Vec<f64> = values.iter().rev().copied().collect();
            table(&[("x", numbers(values)), ("y", numbers(&turned))])
        };
        let report = drift(&[pair(&before)], &[pair(&after)], &spec(Blocks::Rows(10), detail), &options()).unwrap();
        for finding in &report.findings {
            for number in [finding.size, finding.statistic, finding.p, finding.q, finding.p_iid, finding.resolution] {
                prop_assert!(number.is_none_or(f64::is_finite), "{finding:?}");
            }
            let judged = ["drift", "watch", "stable"].contains(&finding.verdict.word());
            prop_assert_eq!(judged, finding.p.is_some(), "{:?}", finding);
        }
        // What is written can be read.
        let back: DriftReport = serde_json::from_str(&text(&report)).unwrap();
        prop_assert_eq!(back.findings.len(), report.findings.len());
    }
}

#[test]
fn effects_do_not_grow_with_rows() {
    let effects = [
        (Effect::Ks, 0.0987), // 2 Phi(1/8) - 1
        (Effect::W1Sd, 0.25),
        (Effect::PsiRefDeciles, 0.06),
    ];
    let mut found = Vec::new();
    for n in [1_000, 10_000, 100_000, 1_000_000_u32] {
        // Quantiles of the same shape, in an order that mixes them over the blocks.
        let place = |i: u32| f64::from(i.wrapping_mul(7_919) % n) + 0.5;
        let mut noise = Noise(u64::from(n));
        let shape = noise.bells(50_021, 0.0);
        let mut sorted = shape.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |u: f64| {
            let at = u * (sorted.len() - 1) as f64;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
            let low = at as usize;
            sorted[low] + (sorted[low + 1] - sorted[low]) * at.fract()
        };
        let values: Vec<f64> = (0..n).map(|i| quantile(place(i) / f64::from(n))).collect();
        let moved: Vec<f64> = values.iter().map(|x| x + 0.25).collect();
        let report = drift(&[x(&values)], &[x(&moved)], &rows(n / 10), &options()).unwrap();
        found.push(effects.map(|(effect, _)| report.finding("x", effect).unwrap().size.unwrap()));
        let verdict = report.finding("x", Effect::W1Sd).unwrap().verdict.word();
        assert_eq!(verdict, "drift", "{n}");
    }
    for (place, (effect, expected)) in effects.into_iter().enumerate() {
        for sizes in &found {
            assert!((sizes[place] - expected).abs() < 0.1 * expected, "{effect}: {found:?}");
        }
    }
}
