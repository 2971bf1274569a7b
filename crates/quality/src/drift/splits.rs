//! Which blocks change sides.

use super::DriftOptions;
use crate::draws::{Draws, Purpose};

/// Sums that wrap cannot be reached by rows that a side can count.
pub(super) trait Sum: Copy + Default {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

impl Sum for u32 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl Sum for u64 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl Sum for i128 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

/// Random splits of all blocks into as many for each side as there are; one set for every column of a report.
#[derive(Debug)]
pub(super) struct Splits {
    /// Blocks of the side with fewer of them, split by split.
    chosen: Vec<u32>,
    size: usize,
    count: u32,
    is_reference: bool,
}

impl Splits {
    /// Blocks are numbered from 0, those of the reference first.
    pub(super) fn new(options: &DriftOptions, reference: usize, current: usize) -> Self {
        let size = reference.min(current);
        let all = u32::try_from(reference + current).unwrap_or(u32::MAX);
        let mut draws = Draws::new(options.seed, Purpose::Permutation, 0);
        let mut blocks: Vec<u32> = (0..all).collect();
        let mut chosen = Vec::with_capacity(size.saturating_mul(options.permutations as usize));
        for _ in 0..options.permutations {
            for place in 0..size {
                let rest = draws.below((blocks.len() - place) as u64);
                blocks.swap(place, place + usize::try_from(rest).unwrap_or(0));
            }
            chosen.extend(blocks.iter().take(size));
        }
        let is_reference = reference <= current;
        Self { chosen, size, count: options.permutations, is_reference }
    }

    /// Shares of splits, the true one included, with statistics at least as large as the true ones.
    ///
    /// `add` adds a block to sums; `statistics` takes the sums of both sides. What is not a number counts as large, and so
    /// does what lies within rounding of the true value.
    pub(super) fn p_values<T: Sum, const K: usize>(
        &self,
        total: &[T],
        observed: [f64; K],
        add: impl Fn(usize, &mut [T]),
        mut statistics: impl FnMut(&[T], &[T]) -> [f64; K],
    ) -> [f64; K] {
        let bars = observed.map(|value| value - 1e-12 * value.abs());
        let mut counts = [1_u32; K];
        let (mut one, mut other) = (vec![T::default(); total.len()], total.to_vec());
        for blocks in self.chosen.chunks_exact(self.size.max(1)) {
            one.fill(T::default());
            for &block in blocks {
                add(block as usize, &mut one);
            }
            for ((other, &one), &total) in other.iter_mut().zip(&one).zip(total) {
                *other = total.minus(one);
            }
            let (reference, current) =
                if self.is_reference { (&one, &other) } else { (&other, &one) };
            let found = statistics(reference, current);
            for ((count, value), bar) in counts.iter_mut().zip(found).zip(bars) {
                *count += u32::from(value >= bar || value.is_nan());
            }
        }
        counts.map(|count| f64::from(count) / f64::from(self.count + 1))
    }
}

/// Adds a block's cells to sums.
pub(super) fn add<T: Sum>(cells: &[T], sums: &mut [T]) {
    for (sum, &cell) in sums.iter_mut().zip(cells) {
        *sum = sum.plus(cell);
    }
}
