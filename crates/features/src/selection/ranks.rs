//! Order of values, and correlation of ranks.

/// Positions in ascending order of value; ties in order of position.
pub(crate) fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let value = |at: &usize| values.get(*at).copied().unwrap_or(f64::NAN);
    order.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
    order
}

/// Ranks from 1, ties at their mean, of the values at `order`, which ascends; written to `ranks` at each position.
pub(crate) fn rank_into(values: &[f64], order: &[usize], ranks: &mut [f64]) {
    let mut begin = 0;
    while let Some(&first) = order.get(begin) {
        let rest = order.get(begin..).unwrap_or(&[]);
        let same = rest.iter().take_while(|&&at| values.get(at) == values.get(first)).count();
        // Ranks begin + 1 to begin + same.
        let mean = begin as f64 + f64::midpoint(same as f64, 1.0);
        for &at in rest.iter().take(same) {
            if let Some(rank) = ranks.get_mut(at) {
                *rank = mean;
            }
        }
        begin += same.max(1);
    }
}

/// Pearson's correlation under weights; `None` where one side does not vary. Sums run in the order given.
pub(crate) fn correlation(rows: impl Iterator<Item = (f64, f64, f64)> + Clone) -> Option<f64> {
    let (mut total, mut x_mean, mut y_mean) = (0.0, 0.0, 0.0);
    for (x, y, w) in rows.clone() {
        total += w;
        x_mean += w * x;
        y_mean += w * y;
    }
    x_mean /= total;
    y_mean /= total;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y, w) in rows {
        let (dx, dy) = (x - x_mean, y - y_mean);
        xx += w * dx * dx;
        yy += w * dy * dy;
        xy += w * dx * dy;
    }
    let scale = xx.sqrt() * yy.sqrt();
    (scale > 0.0).then(|| (xy / scale).clamp(-1.0, 1.0))
}
