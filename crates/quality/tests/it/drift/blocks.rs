//! Rows that resemble their neighbours.

use super::noise::Noise;
use super::{find, numbers, rows, table, x};
use quality::{Detail, DriftOptions, DriftSpec, Effect, drift};

const SEEDS: u64 = 200;
const JOINT: [Effect; 2] = [Effect::Mahalanobis, Effect::PearsonChange];

/// Rejections at 5 % by block and by row: of several effects of a column, then of two columns together.
fn rejections(detail: Detail, effects: &[Effect], blocks: u32) -> (Vec<u64>, u64) {
    let n = 500 * blocks as usize;
    let mut by_block = vec![0; effects.len() + 2];
    let mut by_row = 0;
    for seed in 0..SEEDS {
        let mut noise = Noise(seed * 2 + 1);
        let mut side = || {
            let (x, y) = (noise.ar1(n, 0.95), noise.ar1(n, 0.95));
            table(&[("x", numbers(&x)), ("y", numbers(&y))])
        };
        let (before, after) = (side(), side());
        let spec = DriftSpec { detail, ..rows(500) };
        let options = DriftOptions { seed, ..Default::default() };
        let report = drift(&[before], &[after], &spec, &options).unwrap();
        let single = effects.iter().map(|&effect| find(&report, "x", effect));
        let joint = JOINT.map(|effect| report.joint(effect).unwrap());
        for (count, finding) in by_block.iter_mut().zip(single.chain(joint)) {
            *count += u64::from(finding.p.unwrap() <= 0.05);
        }
        let p_iid = report.finding("x", Effect::Ks).and_then(|finding| finding.p_iid);
        by_row += u64::from(p_iid.is_some_and(|p| p <= 0.05));
    }
    (by_block, by_row)
}

#[test]
fn correlated_rows_without_drift_are_found_as_rarely_as_said() {
    let effects = [
        Effect::Ks,
        Effect::W1Sd,
        Effect::PsiRefDeciles,
        Effect::JsRefDeciles,
        Effect::HellingerRefDeciles,
    ];
    let (by_block, by_row) = rejections(Detail::Exact, &effects, 12);
    for (effect, found) in effects.into_iter().chain(JOINT).zip(by_block) {
        // 5 % of 200 is 10; a test of that size rejects more than 19 times with a probability of 0.2 %.
        assert!(found <= 19, "{effect}: {found} of {SEEDS}");
    }
    // Taking rows as independent finds drift that is not there in most of the runs.
    assert!(by_row > SEEDS / 2, "{by_row} of {SEEDS}");
}

#[test]
fn a_shift_of_correlated_rows_is_found() {
    let mut noise = Noise(3);
    let before = noise.ar1(10_000, 0.95);
    let after: Vec<f64> = noise.ar1(10_000, 0.95).iter().map(|x| x + 2.0).collect();
    let report = drift(&[x(&before)], &[x(&after)], &rows(500), &DriftOptions::default()).unwrap();
    let finding = find(&report, "x", Effect::Ks);
    assert_eq!((finding.p, finding.q, finding.verdict.word()), (Some(0.001), Some(0.001), "drift"));
    assert_eq!((finding.n_reference, finding.blocks_current), (10_000, 20));
}

#[test]
fn a_small_but_sure_shift_is_watched() {
    let mut noise = Noise(4);
    let (before, after) = (noise.bells(40_000, 0.0), noise.bells(40_000, 0.05));
    let report =
        drift(&[x(&before)], &[x(&after)], &rows(1_000), &DriftOptions::default()).unwrap();
    let finding = find(&report, "x", Effect::Ks);
    assert!(finding.q.unwrap() <= 0.05 && finding.size.unwrap() < 0.1);
    assert_eq!(finding.verdict.word(), "watch");
    let minimums = [(Effect::Ks, 0.01)].into();
    let options = DriftOptions { minimums, ..Default::default() };
    let report = drift(&[x(&before)], &[x(&after)], &rows(1_000), &options).unwrap();
    assert_eq!(report.columns[0].verdict.word(), "drift");
}
