//! Numbers of more than 64 bits as a list of 64-bit words, the lowest first: not every format has longer ones.

use arrow_buffer::i256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) trait Wide: Sized {
    type Words: Serialize + for<'a> Deserialize<'a>;
    fn words(&self) -> Self::Words;
    fn of(words: Self::Words) -> Self;
}

impl Wide for u128 {
    type Words = (u64, u64);

    fn words(&self) -> (u64, u64) {
        split(*self)
    }

    fn of((low, high): (u64, u64)) -> Self {
        join(low, high)
    }
}

impl Wide for i128 {
    type Words = (u64, u64);

    fn words(&self) -> (u64, u64) {
        split(self.cast_unsigned())
    }

    fn of((low, high): (u64, u64)) -> Self {
        join(low, high).cast_signed()
    }
}

impl Wide for Option<i128> {
    type Words = Option<(u64, u64)>;

    fn words(&self) -> Self::Words {
        self.as_ref().map(Wide::words)
    }

    fn of(words: Self::Words) -> Self {
        words.map(Wide::of)
    }
}

impl Wide for i256 {
    type Words = (u64, u64, u64, u64);

    fn words(&self) -> Self::Words {
        let (low, high) = self.to_parts();
        let ((a, b), (c, d)) = (split(low), split(high.cast_unsigned()));
        (a, b, c, d)
    }

    fn of((a, b, c, d): Self::Words) -> Self {
        Self::from_parts(join(a, b), join(c, d).cast_signed())
    }
}

/// A double that may be an infinity, by its bits.
impl Wide for Option<f64> {
    type Words = Option<u64>;

    fn words(&self) -> Self::Words {
        self.map(f64::to_bits)
    }

    fn of(words: Self::Words) -> Self {
        words.map(f64::from_bits)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves are wanted")]
fn split(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

fn join(low: u64, high: u64) -> u128 {
    u128::from(low) | (u128::from(high) << 64)
}

pub(super) fn serialize<T: Wide, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    value.words().serialize(out)
}

pub(super) fn deserialize<'a, T: Wide, D: Deserializer<'a>>(from: D) -> Result<T, D::Error> {
    T::Words::deserialize(from).map(T::of)
}
