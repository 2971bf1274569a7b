//! The share of false findings among those that are reported.

/// q-values of Benjamini and Hochberg (1995): the least share of false discoveries at which each would be reported.
///
/// - **Shape:** one q a p, in their order.
/// - **Source:** `scipy.stats.false_discovery_control`, method "bh".
pub(super) fn q_values(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, (place, p)) in order.into_iter().enumerate().rev() {
        least = least.min(p * q.len() as f64 / (rank + 1) as f64);
        if let Some(slot) = q.get_mut(place) {
            *slot = least;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn q_values_are_those_of_scipy() {
        let text = include_str!("../../../../fixtures/quality/drift/expected.json");
        let all: Value = serde_json::from_str(text).unwrap();
        let list =
            |name: &str| -> Vec<f64> { serde_json::from_value(all["q"][name].clone()).unwrap() };
        let found = q_values(&list("p"));
        assert_eq!(found.len(), 25);
        for (found, expected) in found.into_iter().zip(list("q")) {
            assert!((found - expected).abs() <= 1e-14, "{found} {expected}");
        }
        assert_eq!(q_values(&[]), Vec::<f64>::new());
    }
}
