//! The row digest: one number for a set of rows, whatever their order and batches.

use crate::any::AnyBatch;
use crate::canonical::Cells;
use arrow_array::{ArrayRef, RecordBatch};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Sum modulo 2^256 of the SHA-256 of each row's canonical bytes.
///
/// - **Shape:** independent of the order of rows and of how they were cut into batches; equal rows count each time.
/// - **Cost:** one SHA-256 a row.
///
/// It finds accidents: a lost, doubled or changed row. It is no seal against an adversary, who could choose rows
/// with a given sum.
///
/// ```
/// use contract::RowDigest;
/// use contract::testing::trades;
/// let whole = RowDigest::of(&trades("90 3.0 B, 95 1.0 A"));
/// let mut parts = RowDigest::of(&trades("95 1.0 A"));
/// parts.add(&RowDigest::of(&trades("90 3.0 B")));
/// assert_eq!(whole, parts);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowDigest([u64; 4]);

impl RowDigest {
    /// The digest of the rows of a batch, without `seq`.
    #[must_use]
    pub fn of(batch: &impl AsRef<AnyBatch>) -> Self {
        let mut sum = Self::default();
        Self::row_hashes(batch, |_, hash| sum.add_hash(&hash));
        sum
    }

    /// The SHA-256 of each row's canonical bytes, in order: what a digest sums.
    ///
    /// For digests that tie a row to more than its columns, such as its place in a log, or that sum some rows only.
    ///
    /// ```
    /// use contract::RowDigest;
    /// use contract::testing::trades;
    /// let rows = trades("90 3.0 B, 95 1.0 A");
    /// let mut late = RowDigest::default();
    /// RowDigest::row_hashes(&rows, |row, hash| if row == 1 { late.add_hash(&hash) });
    /// assert_eq!(late, RowDigest::of(&rows.slice(1, 1)));
    /// ```
    pub fn row_hashes(batch: &impl AsRef<AnyBatch>, mut each: impl FnMut(usize, [u8; 32])) {
        Self::row_bytes(batch, |row, bytes| each(row, Sha256::digest(bytes).into()));
    }

    /// Each row's canonical bytes, in order: what [`row_hashes`](Self::row_hashes) hashes. For digests of a row with
    /// something behind it, which then cost one hash and not two.
    pub fn row_bytes(batch: &impl AsRef<AnyBatch>, mut each: impl FnMut(usize, &[u8])) {
        let batch = batch.as_ref();
        let mut unknown: Vec<_> = batch.unknown().collect();
        unknown.sort_by_key(|(field, _)| field.name().as_str());
        let fixed = batch.columns().map(|(_, array)| array);
        let behind = batch.dynamic().chain(unknown.iter().copied()).map(|(_, array)| array);
        Self::cells(fixed.chain(behind), batch.len(), &mut each);
    }

    /// The digest of the rows of a batch that is no contract table: all of its columns, in their order.
    ///
    /// ```
    /// use contract::RowDigest;
    /// use contract::arrow_array::{RecordBatch, UInt32Array, record_batch};
    /// let rows = record_batch!(("n", UInt32, [1, 2]))?;
    /// let mut parts = RowDigest::of_columns(&rows.slice(1, 1));
    /// parts.add(&RowDigest::of_columns(&rows.slice(0, 1)));
    /// assert_eq!(RowDigest::of_columns(&rows), parts);
    /// # Ok::<(), contract::arrow_schema::ArrowError>(())
    /// ```
    #[must_use]
    pub fn of_columns(batch: &RecordBatch) -> Self {
        let mut sum = Self::default();
        Self::cells(batch.columns().iter(), batch.num_rows(), &mut |_, bytes| {
            sum.add_hash(&Sha256::digest(bytes).into());
        });
        sum
    }

    fn cells<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        each: &mut impl FnMut(usize, &[u8]),
    ) {
        let cells: Vec<Cells<'_>> = columns.map(|array| Cells::of(array)).collect();
        let mut bytes = Vec::with_capacity(512);
        for row in 0..rows {
            bytes.clear();
            for column in &cells {
                column.write(&mut bytes, row);
            }
            each(row, &bytes);
        }
    }

    /// Adds one row, given by its hash.
    pub fn add_hash(&mut self, hash: &[u8; 32]) {
        self.add(&Self::from_hash(hash));
    }

    /// Adds the digest of other rows.
    pub fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = mine.overflowing_add(theirs);
            let (sum, over_carry) = sum.overflowing_add(u64::from(carry));
            *mine = sum;
            carry = over || over_carry;
        }
    }

    /// Takes the digest of some of the rows away.
    pub fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            let (rest, under) = mine.overflowing_sub(theirs);
            let (rest, under_borrow) = rest.overflowing_sub(u64::from(borrow));
            *mine = rest;
            borrow = under || under_borrow;
        }
    }

    /// The 32 bytes, most significant first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut out = [0; 32];
        for (limb, chunk) in self.0.iter().rev().zip(out.chunks_exact_mut(8)) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        out
    }

    fn from_hash(hash: &[u8; 32]) -> Self {
        let mut limbs = [0_u64; 4];
        for (limb, chunk) in limbs.iter_mut().rev().zip(hash.as_chunks::<8>().0) {
            *limb = u64::from_be_bytes(*chunk);
        }
        Self(limbs)
    }
}

impl fmt::Display for RowDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_carry_over_all_limbs_and_come_back(a: [u8; 32], b: [u8; 32]) {
            let (a, b) = (RowDigest::from_hash(&a), RowDigest::from_hash(&b));
            let mut sum = a;
            sum.add(&b);
            let mut other = b;
            other.add(&a);
            prop_assert_eq!(sum, other);
            sum.subtract(&b);
            prop_assert_eq!(sum, a);
        }
    }

    #[test]
    fn the_sum_wraps_at_two_to_the_256() {
        let mut all = RowDigest::from_hash(&[0xff; 32]);
        let mut one = [0; 32];
        one[31] = 1;
        all.add(&RowDigest::from_hash(&one));
        assert_eq!(all, RowDigest::default());
    }
}
