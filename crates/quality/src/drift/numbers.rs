//! Findings of a numeric column.

use super::bins::{Binned, Bins, resolution};
use super::pooled;
use super::report::{Counts, DriftFinding, DriftVerdict, Short};
use super::sample::{Sample, distances, tidy};
use super::sort::Sorter;
use super::splits::{Splits, add};
use super::tally::NumberTally;
use super::{Detail, Effect};

/// Both sides of a column; blocks in their order.
pub(super) struct NumberSides<'a> {
    pub(super) name: &'a str,
    pub(super) bins: &'a Bins,
    pub(super) detail: Detail,
    pub(super) tallies: [&'a NumberTally; 2],
    pub(super) blocks: [&'a [usize]; 2],
    pub(super) counts: Counts,
}

pub(super) fn findings(
    sides: &NumberSides<'_>,
    splits: &Splits,
    sorter: &mut Sorter,
) -> Vec<DriftFinding> {
    let cells = sides.bins.cells();
    let rows: Vec<&[u32]> = sides
        .tallies
        .iter()
        .zip(sides.blocks)
        .flat_map(|(tally, blocks)| blocks.iter().map(move |&block| tally.cells(block, cells)))
        .collect();
    let (before, after) = rows.split_at_checked(sides.blocks[0].len()).unwrap_or_default();
    let sum = |rows: &[&[u32]]| {
        let mut sums = vec![0; cells];
        for row in rows {
            add(row, &mut sums);
        }
        sums
    };
    let (reference, current) = (sum(before), sum(after));
    let has_rows = sides.counts.rows.iter().all(|&rows| rows > 0);
    let binned = sides.bins.measure(&reference, &current);
    let shortage = sides.counts.shortage();
    let p = shortage.is_none().then(|| {
        let mut total = reference.clone();
        add(&current, &mut total);
        let block = |place: usize, sums: &mut [u32]| {
            add(rows.get(place).copied().unwrap_or_default(), sums);
        };
        let statistics = |r: &[u32], c: &[u32]| list(&sides.bins.measure(r, c));
        splits.p_values(&total, list(&binned), block, statistics)
    });
    let mut whole = Whole::new(sides, has_rows.then_some(&binned), sorter);
    whole.resolution = has_rows.then(|| resolution(&reference, &current, binned.ks));
    let sizes = [
        whole.ks,
        whole.w1_sd,
        Some(binned.divergences.psi),
        Some(binned.divergences.js),
        Some(binned.divergences.hellinger),
    ];
    let effects = effects(sides.detail);
    let all = effects.into_iter().zip(sizes).enumerate();
    all.map(|(place, (effect, size))| {
        let mut finding = DriftFinding::draft(vec![sides.name.to_owned()], effect, sides.counts);
        finding.size = size.filter(|size| has_rows && size.is_finite());
        finding.p = p.and_then(|p| p.get(place).copied()).filter(|_| finding.size.is_some());
        whole.complete(&mut finding, sides);
        if let Some(shortage) = &shortage {
            finding.verdict = shortage.clone();
        }
        finding
    })
    .collect()
}

/// The effects in their order.
pub(super) fn effects(detail: Detail) -> [Effect; 5] {
    let (ks, w1) = match detail {
        Detail::Exact => (Effect::Ks, Effect::W1Sd),
        Detail::Binned => (Effect::KsRef256, Effect::W1SdRef256),
    };
    [ks, w1, Effect::PsiRefDeciles, Effect::JsRefDeciles, Effect::HellingerRefDeciles]
}

fn list(binned: &Binned) -> [f64; 5] {
    let distances = binned.divergences;
    [binned.ks, binned.area, distances.psi, distances.js, distances.hellinger]
}

/// What is said of the samples as such.
struct Whole {
    ks: Option<f64>,
    w1: Option<f64>,
    w1_sd: Option<f64>,
    resolution: Option<f64>,
}

impl Whole {
    fn new(sides: &NumberSides<'_>, binned: Option<&Binned>, sorter: &mut Sorter) -> Self {
        let sd = sides.bins.sd;
        let [reference, current] = sides.tallies;
        if sides.detail == Detail::Binned {
            let w1_sd = binned.filter(|_| sd > 0.0).map(|binned| binned.area);
            let w1 = w1_sd.map(|area| (area * sd).min(f64::MAX));
            return Self { ks: binned.map(|binned| binned.ks), w1, w1_sd, resolution: None };
        }
        // The reference is tidy since it was fitted.
        let current = tidy(&current.values, sorter);
        let pair = distances(Sample::of(&reference.values), Sample::of(&current));
        let w1 = pair.map(|(_, area)| area);
        let w1_sd = w1.and_then(|w1| match (w1 == 0.0, sd > 0.0) {
            (true, _) => Some(0.0),
            (false, true) => Some((w1 / sd).min(f64::MAX)),
            (false, false) => None,
        });
        Self { ks: pair.map(|(ks, _)| ks), w1, w1_sd, resolution: None }
    }

    fn complete(&self, finding: &mut DriftFinding, sides: &NumberSides<'_>) {
        let [n, m] = sides.counts.rows;
        match finding.effect {
            Effect::Ks => finding.p_iid = finding.size.and_then(|ks| pooled::ks(ks, n, m)),
            Effect::KsRef256 => {
                finding.resolution = self.resolution;
                finding.bins = Some(sides.bins.cells() as u64);
            }
            Effect::W1Sd | Effect::W1SdRef256 => {
                finding.statistic = self.w1;
                if finding.effect == Effect::W1SdRef256 {
                    finding.bins = Some(sides.bins.cells() as u64);
                }
                if finding.size.is_none() {
                    let reason = "the reference is constant and has no standard deviation";
                    finding.verdict = DriftVerdict::Degenerate(reason.to_owned());
                }
            }
            _ => {
                let found = sides.bins.deciles() as u64;
                finding.bins = Some(found);
                if found < 2 {
                    (finding.size, finding.p) = (None, None);
                    finding.verdict =
                        DriftVerdict::Insufficient { of: Short::Bins, found, needed: 2 };
                }
            }
        }
    }
}
