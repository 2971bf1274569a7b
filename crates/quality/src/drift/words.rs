//! Findings of a categorical column.

use super::Effect;
use super::distance::Divergences;
use super::pooled;
use super::report::{Counts, DriftFinding};
use super::splits::Splits;
use super::tally::WordTally;
use crate::math::log1p;
use std::collections::BTreeSet;

/// Both sides of a column; blocks in their order.
pub(super) struct WordSides<'a> {
    pub(super) name: &'a str,
    pub(super) tallies: [&'a WordTally; 2],
    pub(super) blocks: [&'a [usize]; 2],
    pub(super) counts: Counts,
}

pub(super) fn findings(sides: &WordSides<'_>, splits: &Splits) -> Vec<DriftFinding> {
    let names: BTreeSet<&str> = sides.tallies.iter().flat_map(|tally| tally.names()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut blocks = Vec::new();
    let mut sums = [vec![0_u32; names.len()], vec![0_u32; names.len()]];
    for ((tally, order), sum) in sides.tallies.iter().zip(sides.blocks).zip(&mut sums) {
        for counts in tally.in_blocks(order, &names) {
            add(&counts, sum);
            blocks.push(counts);
        }
    }
    let [reference, current] = sums;
    let observed = measure(&reference, &current);
    let shortage = sides.counts.shortage();
    let p = shortage.is_none().then(|| {
        let total: Vec<u32> =
            reference.iter().zip(&current).map(|(r, c)| r.wrapping_add(*c)).collect();
        let block = |place: usize, sums: &mut [u32]| {
            add(blocks.get(place).map_or(&[][..], Vec::as_slice), sums);
        };
        splits.p_values(&total, observed, block, measure)
    });
    let has_rows = sides.counts.rows.iter().all(|&rows| rows > 0);
    let n = sides.counts.rows.iter().map(|&rows| rows as f64).sum::<f64>();
    let all = Effect::CATEGORICAL.into_iter().zip(observed).enumerate();
    all.map(|(place, (effect, size))| {
        let mut finding = DriftFinding::draft(vec![sides.name.to_owned()], effect, sides.counts);
        finding.bins = Some(names.len() as u64);
        finding.size = Some(size).filter(|_| has_rows);
        finding.statistic = match effect {
            Effect::CramersV => Some(size * size * n),
            Effect::MutualInformation => Some(2.0 * n * size),
            _ => None,
        }
        .filter(|_| has_rows);
        let freedom = names.len().saturating_sub(1);
        finding.p_iid = finding.statistic.and_then(|x| pooled::chi_square(x, freedom));
        finding.p = p.and_then(|p| p.get(place).copied());
        if let Some(shortage) = &shortage {
            finding.verdict = shortage.clone();
        }
        finding
    })
    .collect()
}

fn add(counts: &[(usize, u32)], sums: &mut [u32]) {
    for &(place, count) in counts {
        if let Some(sum) = sums.get_mut(place) {
            *sum = sum.wrapping_add(count);
        }
    }
}

/// V, information, greatest difference, Jensen-Shannon distance and unseen share.
fn measure(reference: &[u32], current: &[u32]) -> [f64; 5] {
    let total = |counts: &[u32]| counts.iter().map(|&count| f64::from(count)).sum::<f64>();
    let (n, m) = (total(reference), total(current));
    let all = n + m;
    let pairs = reference.iter().zip(current).map(|(&r, &c)| (f64::from(r), f64::from(c)));
    let (mut chi_square, mut information, mut widest, mut unseen) = (0.0, 0.0, 0.0_f64, 0.0);
    for (r, c) in pairs.clone() {
        let both = r + c;
        if both == 0.0 {
            continue;
        }
        let (expected_r, expected_c) = (both * n / all, both * m / all);
        let excess = (r * m - c * n) / all;
        chi_square += excess * excess / expected_r + excess * excess / expected_c;
        information += surprise(r, excess / expected_r) + surprise(c, -excess / expected_c);
        widest = widest.max((r / n - c / m).abs());
        if r == 0.0 {
            unseen += c;
        }
    }
    let js = Divergences::of((n, m, pairs)).js;
    [(chi_square / all).sqrt(), (information / all).max(0.0), widest, js, unseen / m]
}

/// `count ln(1 + excess)`; nothing for no count.
fn surprise(count: f64, excess: f64) -> f64 {
    if count > 0.0 { count * log1p(excess) } else { 0.0 }
}
