//! How many of the features found are false.

/// q-values of Benjamini and Hochberg: the share of false discoveries when this p-value and all smaller ones are taken.
///
/// - **Shape:** one a p-value, in order; a missing p-value stays missing and is not counted.
/// - **Cost:** one sort.
/// - **Source:** Benjamini, Hochberg (1995), JRSS B 57(1); `statsmodels.stats.multitest.multipletests("fdr_bh")`.
///
/// ```
/// use features::selection::q_values;
/// // 0.01 * 3 / 1, 0.02 * 3 / 2, 0.5 * 3 / 3; the smaller of a value and those above it.
/// assert_eq!(q_values(&[Some(0.5), None, Some(0.01), Some(0.02)]), [Some(0.5), None, Some(0.03), Some(0.03)]);
/// ```
#[must_use]
pub fn q_values(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut known: Vec<(f64, usize)> =
        p_values.iter().enumerate().filter_map(|(at, p)| Some(((*p)?, at))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let tests = known.len() as f64;
    let mut out = vec![None; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, (p, at)) in (1..).zip(known).collect::<Vec<(u32, _)>>().into_iter().rev() {
        smallest = smallest.min(p * tests / f64::from(rank));
        if let Some(q) = out.get_mut(at) {
            *q = Some(smallest);
        }
    }
    out
}
