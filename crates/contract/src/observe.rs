//! Counters as plain values that a caller reads.

/// Where numbers go: a metrics registry, a text file, a test.
pub trait Sink {
    /// A count that only grows; `name` ends in `_total`.
    fn counter(&mut self, name: &str, labels: &[(&str, &str)], value: u64);
    /// A value that goes up and down.
    fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: f64);
    /// A distribution of durations.
    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], value: &Histogram);
}

/// A value that walks its numbers into a [`Sink`].
pub trait Observe {
    /// Hands every number over, each name once a label set.
    fn observe(&self, sink: &mut dyn Sink);
}

/// Counts of durations by fixed edges: 1, 2.5 and 5 a decade from 1 µs to 10 s.
///
/// Histograms of different threads or runs merge by addition, exactly.
///
/// ```
/// let mut h = contract::Histogram::default();
/// h.record_ns(900); // up to 1 µs
/// h.record_ns(4_000_000_000); // up to 5 s
/// assert_eq!((h.count(), h.sum_ns()), (2, 4_000_000_900));
/// assert_eq!(h.buckets().filter(|(_, n)| *n > 0).count(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    counts: [u64; EDGES_NS.len() + 1],
    sum_ns: u128,
}

const EDGES_NS: [u64; 22] = [
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

impl Histogram {
    /// Counts one duration.
    pub fn record_ns(&mut self, ns: u64) {
        let at = EDGES_NS.partition_point(|edge| *edge < ns);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.sum_ns += u128::from(ns);
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine += theirs;
        }
        self.sum_ns += other.sum_ns;
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum in nanoseconds.
    #[must_use]
    pub fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// Upper edge in nanoseconds (`None`: above the last) and count of each bucket, not cumulated.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        EDGES_NS.iter().copied().map(Some).chain([None]).zip(self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_its_own_bucket_and_merging_adds() {
        let mut a = Histogram::default();
        a.record_ns(5_000_000_000);
        let mut b = Histogram::default();
        b.record_ns(5_000_000_001);
        b.merge(&a);
        let full: Vec<_> = b.buckets().filter(|(_, n)| *n > 0).collect();
        assert_eq!(full, [(Some(5_000_000_000), 1), (Some(10_000_000_000), 1)]);
    }
}
