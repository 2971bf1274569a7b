//! How far the recorder's clock stands from the venue's.

/// Receive time minus send time over many messages.
///
/// A recorder whose clock is right shows the transport delay; a negative value means that its clock is slow.
///
/// - **Units:** nanoseconds.
/// - **Cost:** at most 1,048,576 values are kept; of longer inputs every second, fourth, .. message, evenly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockOffset {
    values: Vec<i64>,
    n: u64,
    stride_log2: u32,
    min: Option<i64>,
    max: Option<i64>,
}

/// Most values kept.
const MAX_VALUES: usize = 1 << 20;

impl ClockOffset {
    pub(super) fn add(&mut self, recv_ns: i64, sent_ns: i64) {
        let Some(offset) = recv_ns.checked_sub(sent_ns) else { return };
        self.min = Some(self.min.map_or(offset, |m| m.min(offset)));
        self.max = Some(self.max.map_or(offset, |m| m.max(offset)));
        if self.n & ((1 << self.stride_log2) - 1) == 0 {
            if self.values.len() == MAX_VALUES {
                let mut at = 0_usize;
                self.values.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.stride_log2 += 1;
            }
            if self.n & ((1 << self.stride_log2) - 1) == 0 {
                self.values.push(offset);
            }
        }
        self.n += 1;
    }

    /// Adds the values of a later input.
    pub(super) fn merge(&mut self, later: &Self) {
        self.min = [self.min, later.min].into_iter().flatten().min();
        self.max = [self.max, later.max].into_iter().flatten().max();
        self.n += later.n;
        // Both are thinned to the wider spacing of the two, then until they fit.
        let stride_log2 = self.stride_log2.max(later.stride_log2);
        let mut values = thin(&self.values, stride_log2 - self.stride_log2);
        values.extend(thin(&later.values, stride_log2 - later.stride_log2));
        self.stride_log2 = stride_log2;
        while values.len() > MAX_VALUES {
            values = thin(&values, 1);
            self.stride_log2 += 1;
        }
        self.values = values;
    }

    /// Messages that carry a send time.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.n
    }

    /// Whether no message carries a send time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The least.
    #[must_use]
    pub fn min_ns(&self) -> Option<i64> {
        self.min
    }

    /// The lower median.
    #[must_use]
    pub fn median_ns(&self) -> Option<i64> {
        let mut values = self.values.clone();
        let middle = values.len().checked_sub(1)? / 2;
        Some(*values.select_nth_unstable(middle).1)
    }

    /// The greatest.
    #[must_use]
    pub fn max_ns(&self) -> Option<i64> {
        self.max
    }
}

/// Every `2^log2`-th value.
fn thin(values: &[i64], log2: u32) -> Vec<i64> {
    values.iter().copied().step_by(1 << log2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn min_median_and_max_of_a_few() {
        let mut offset = ClockOffset::default();
        for recv in [50, 10, 40, 20, 30] {
            offset.add(recv, 100);
        }
        assert_eq!(
            (offset.len(), offset.min_ns(), offset.median_ns(), offset.max_ns()),
            (5, Some(-90), Some(-70), Some(-50))
        );
    }

    #[test]
    fn memory_stays_bounded_and_the_extremes_exact() {
        let mut offset = ClockOffset::default();
        let n = 5 * i64::try_from(MAX_VALUES).unwrap();
        (0..n).for_each(|recv| offset.add(recv, 0));
        assert!(offset.values.len() <= MAX_VALUES);
        assert_eq!((offset.min_ns(), offset.max_ns()), (Some(0), Some(n - 1)));
        // Evenly spaced values: their median is the median of all, up to the spacing.
        let off = offset.median_ns().unwrap() - n / 2;
        assert!(off.abs() <= 8, "{off}");
    }
}
