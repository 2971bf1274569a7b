//! Findings of several numeric columns together.

use super::moments::{JointFit, Moments};
use super::pooled;
use super::report::{Counts, DriftFinding, DriftVerdict};
use super::splits::{Splits, add};
use super::{Effect, ROOM_FOR_ERROR};

/// Both sides; blocks in their order.
pub(super) struct JointSides<'a> {
    pub(super) names: Vec<String>,
    pub(super) fit: &'a JointFit,
    pub(super) moments: [&'a Moments; 2],
    pub(super) blocks: [&'a [usize]; 2],
}

pub(super) fn findings(sides: &JointSides<'_>, splits: &Splits) -> Vec<DriftFinding> {
    let cells = sides.fit.cells();
    let [before, after] = [0, 1].map(|side: usize| {
        let pair = sides.moments.get(side).zip(sides.blocks.get(side));
        let rows = pair.map(|(moments, blocks)| {
            blocks.iter().map(|&block| moments.block(block, cells)).collect::<Vec<_>>()
        });
        rows.unwrap_or_default()
    });
    let rows = |block: &&[i128]| u64::try_from(block.first().copied().unwrap_or(0)).unwrap_or(0);
    let counts = Counts::of([&mut before.iter().map(rows), &mut after.iter().map(rows)]);
    let sum = |blocks: &[&[i128]]| {
        let mut sums = vec![0; cells];
        for block in blocks {
            add(block, &mut sums);
        }
        sums
    };
    let (reference, current) = (sum(&before), sum(&after));
    let d = sides.names.len();
    let pair = || Some((Spread::new(&reference, d)?, Spread::new(&current, d)?));
    let Some((r, c)) = pair() else {
        let effects = [Effect::Mahalanobis, Effect::PearsonChange];
        let finding = |effect| {
            let mut finding = DriftFinding::draft(sides.names.clone(), effect, counts);
            finding.verdict = counts.shortage().unwrap_or(DriftVerdict::Stable);
            finding
        };
        return effects.map(finding).into();
    };
    let (distance, change) = (r.mahalanobis(&c), r.correlation_change(&c));
    let observed = [distance.unwrap_or(f64::NAN), change.map_or(f64::NAN, |found| found.2.abs())];
    let p = counts.shortage().is_none().then(|| {
        let blocks: Vec<&[i128]> = before.iter().chain(&after).copied().collect();
        let mut total = reference.clone();
        add(&current, &mut total);
        let block = |place: usize, sums: &mut [i128]| {
            add(blocks.get(place).copied().unwrap_or_default(), sums);
        };
        splits.p_values(&total, observed, block, |r, c| {
            let pair = Spread::new(r, d).zip(Spread::new(c, d));
            let distance = pair.as_ref().and_then(|(r, c)| r.mahalanobis(c).ok());
            let change = pair.as_ref().and_then(|(r, c)| r.correlation_change(c));
            [distance.unwrap_or(f64::NAN), change.map_or(f64::NAN, |found| found.2.abs())]
        })
    });
    vec![
        means(sides, counts, (&r, &c), distance, p.map(|[p, _]| p)),
        correlations(sides, counts, change, p.map(|[_, p]| p)),
    ]
}

fn means(
    sides: &JointSides<'_>,
    counts: Counts,
    (r, c): (&Spread, &Spread),
    distance: Result<f64, usize>,
    p: Option<f64>,
) -> DriftFinding {
    let mut finding = DriftFinding::draft(sides.names.clone(), Effect::Mahalanobis, counts);
    match distance {
        Ok(distance) => {
            let statistic = distance * distance * (r.n * c.n / (r.n + c.n));
            finding.size = Some(distance);
            finding.statistic = Some(statistic);
            finding.p_iid = pooled::hotelling(statistic, sides.names.len(), r.n, c.n);
            finding.p = p;
        }
        Err(column) => {
            let name = sides.names.get(column).map_or("", String::as_str);
            finding.verdict = DriftVerdict::Degenerate(format!(
                "column `{name}` does not vary, or follows from those before it"
            ));
        }
    }
    shorten(finding, counts)
}

fn correlations(
    sides: &JointSides<'_>,
    counts: Counts,
    change: Option<(usize, usize, f64)>,
    p: Option<f64>,
) -> DriftFinding {
    let Some((left, right, change)) = change else {
        let mut finding = DriftFinding::draft(sides.names.clone(), Effect::PearsonChange, counts);
        let reason = "no two columns vary on both sides";
        finding.verdict = DriftVerdict::Degenerate(reason.to_owned());
        return shorten(finding, counts);
    };
    let pair = [left, right].into_iter().filter_map(|place| sides.names.get(place).cloned());
    let mut finding = DriftFinding::draft(pair.collect(), Effect::PearsonChange, counts);
    finding.size = Some(change.abs());
    finding.statistic = Some(change);
    finding.p = p;
    shorten(finding, counts)
}

fn shorten(mut finding: DriftFinding, counts: Counts) -> DriftFinding {
    if let Some(shortage) = counts.shortage() {
        finding.verdict = shortage;
    }
    finding
}

/// Means and sums of products about them, in steps.
struct Spread {
    n: f64,
    means: Vec<f64>,
    /// Rows of the lower triangle with its diagonal.
    products: Vec<Vec<f64>>,
}

impl Spread {
    /// `None` without rows.
    fn new(sums: &[i128], d: usize) -> Option<Self> {
        let (&rows, rest) = sums.split_first()?;
        let (singles, pairs) = rest.split_at_checked(d)?;
        if rows == 0 {
            return None;
        }
        let n = rows as f64;
        let means = singles.iter().map(|&sum| sum as f64 / n).collect();
        let mut pairs = pairs.iter();
        let row = |(place, &left): (usize, &i128)| {
            let row = singles.iter().zip(&mut pairs).take(place + 1);
            // Whole numbers, so nothing cancels.
            row.map(|(&right, &product)| (rows * product - left * right) as f64 / n).collect()
        };
        let products = singles.iter().enumerate().map(row).collect();
        Some(Self { n, means, products })
    }

    /// Distance of the means under the pooled covariance, or the first column that leaves it singular.
    fn mahalanobis(&self, other: &Self) -> Result<f64, usize> {
        let freedom = self.n + other.n - 2.0;
        let mut factor: Vec<Vec<f64>> = Vec::with_capacity(self.means.len());
        let mut distance = 0.0;
        let mut solved: Vec<f64> = Vec::with_capacity(self.means.len());
        let both = self.products.iter().zip(&other.products);
        let gaps = self.means.iter().zip(&other.means).map(|(left, right)| left - right);
        for (place, ((ours, theirs), gap)) in both.zip(gaps).enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(place + 1);
            let mut own = 0.0;
            for (column, (a, b)) in ours.iter().zip(theirs).enumerate() {
                let covariance = (a + b) / freedom;
                let Some(above) = factor.get(column) else {
                    own = covariance;
                    break;
                };
                let pivot = above.last().copied().unwrap_or(f64::NAN);
                row.push((covariance - dot(&row, above)) / pivot);
            }
            let rest = own - dot(&row, &row);
            // Also when it is not a number.
            if rest.partial_cmp(&(ROOM_FOR_ERROR * own)) != Some(core::cmp::Ordering::Greater) {
                return Err(place);
            }
            let pivot = rest.sqrt();
            let next = (gap - dot(&row, &solved)) / pivot;
            distance += next * next;
            solved.push(next);
            row.push(pivot);
            factor.push(row);
        }
        Ok(distance.sqrt())
    }

    /// The pair whose correlation changed most, and by how much; the first of equals.
    fn correlation_change(&self, other: &Self) -> Option<(usize, usize, f64)> {
        let roots = |spread: &Self| {
            let all = spread.products.iter().map(|row| row.last().copied().unwrap_or(0.0).sqrt());
            all.collect::<Vec<f64>>()
        };
        let (ours, theirs) = (roots(self), roots(other));
        let mut found: Option<(usize, usize, f64)> = None;
        let rows = self.products.iter().zip(&other.products).zip(ours.iter().zip(&theirs));
        for (right, ((a, b), (root_a, root_b))) in rows.enumerate() {
            let pairs = a.iter().zip(b).zip(ours.iter().zip(&theirs)).take(right).enumerate();
            for (left, ((a, b), (left_a, left_b))) in pairs {
                let (scale_a, scale_b) = (left_a * root_a, left_b * root_b);
                if scale_a > 0.0 && scale_b > 0.0 {
                    let change = b / scale_b - a / scale_a;
                    if found.is_none_or(|(_, _, most)| change.abs() > most.abs()) {
                        found = Some((left, right, change));
                    }
                }
            }
        }
        found
    }
}

/// Over the shorter length.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}
