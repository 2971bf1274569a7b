//! Findings of missing values.

use super::Effect;
use super::pooled;
use super::report::{Counts, DriftFinding};
use super::splits::{Splits, add};
use super::tally::Counted;

/// Shares of nulls, and for numbers of NaN and infinities; `sides` holds the blocks of both sides in their order.
pub(super) fn findings(
    name: &str,
    sides: [&[Counted]; 2],
    is_numeric: bool,
    splits: &Splits,
) -> Vec<DriftFinding> {
    let [before, after] = sides.map(|side| side.iter().map(|block| block.rows));
    let counts = Counts::of([&mut { before }, &mut { after }]);
    let nulls = finding(name, Effect::NullRate, sides, |block| block.nulls, (splits, counts));
    let others = is_numeric.then(|| {
        finding(name, Effect::NonFiniteRate, sides, |block| block.non_finite, (splits, counts))
    });
    core::iter::once(nulls).chain(others).collect()
}

fn finding(
    name: &str,
    effect: Effect,
    sides: [&[Counted]; 2],
    missing: fn(&Counted) -> u64,
    (splits, counts): (&Splits, Counts),
) -> DriftFinding {
    let cells = |block: &Counted| [missing(block), block.rows];
    let sum = |side: &[Counted]| {
        side.iter().map(cells).fold([0, 0], |[a, b], [more_a, more_b]| [a + more_a, b + more_b])
    };
    let [reference, current] = sides.map(sum);
    let rate = |[missing, rows]: [u64; 2]| missing as f64 / rows as f64;
    let measure = |r: &[u64], c: &[u64]| {
        let rate = |cells: &[u64]| match cells {
            &[missing, rows] => rate([missing, rows]),
            _ => f64::NAN,
        };
        [(rate(c) - rate(r)).abs()]
    };
    let mut finding = DriftFinding::draft(vec![name.to_owned()], effect, counts);
    let change = Some(rate(current) - rate(reference)).filter(|change| change.is_finite());
    finding.statistic = change;
    finding.size = change.map(f64::abs);
    finding.p_iid = change.and_then(|_| pooled::two_shares(reference, current));
    if let Some(shortage) = counts.shortage() {
        finding.verdict = shortage;
        return finding;
    }
    let mut total = reference.to_vec();
    add(&current, &mut total);
    let blocks: Vec<[u64; 2]> = sides.iter().flat_map(|side| side.iter().map(cells)).collect();
    let block = |place: usize, sums: &mut [u64]| {
        add(blocks.get(place).map_or(&[][..], |cells| cells), sums);
    };
    let [p] = splits.p_values(&total, measure(&reference, &current), block, measure);
    finding.p = Some(p);
    finding
}
