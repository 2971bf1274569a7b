//! How many different values: exactly while they are few, by a sketch from then on.

use super::error::ProfileError;
use super::texts::Texts;
use super::words::Words;
use datasketches::hash::value::raw_bytes::from_slice;
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};

/// Distinct values up to which the set is kept.
const EXACT: usize = 10_000;
/// Bytes of all distinct texts up to which the set is kept.
const EXACT_BYTES: usize = 4 << 20;
/// 4,096 registers of a byte: a standard error of 1.6 %.
const REGISTERS_LOG2: u8 = 12;

/// The set of values of a column. What it is depends on the set alone, not on order or split.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(super) enum Distinct {
    /// Values of at most 64 bits.
    Words(Words),
    /// Text, and decimals by their 16 bytes, with a count each.
    Texts(Texts),
    /// More than 10,000 values, or than 4 MiB of them.
    Sketch(Box<HllSketch>),
}

/// How many different values a column has.
///
/// ```
/// # use quality::DistinctCount;
/// let prices = DistinctCount::Exact(412);
/// assert_eq!(prices.to_string(), "412");
/// assert_eq!(DistinctCount::Estimate(1_000_321.7).to_string(), "about 1000322");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistinctCount {
    /// Counted: at most 10,000, and text of at most 4 MiB.
    Exact(u64),
    /// Estimated by HyperLogLog, with a standard error of 1.6 %.
    Estimate(f64),
}

impl std::fmt::Display for DistinctCount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(count) => write!(out, "{count}"),
            Self::Estimate(count) => write!(out, "about {count:.0}"),
        }
    }
}

impl Distinct {
    pub(super) fn words() -> Self {
        Self::Words(Words::default())
    }

    pub(super) fn texts() -> Self {
        Self::Texts(Texts::default())
    }

    #[inline]
    pub(super) fn extend_words(
        &mut self,
        words: impl Iterator<Item = u64>,
    ) -> Result<(), ProfileError> {
        let mut words = words;
        if let Self::Words(set) = self {
            for word in words.by_ref() {
                if set.insert(word) && set.len() > EXACT {
                    *self = Self::sketch(set.sorted().into_iter().map(word_coupon))?;
                    break;
                }
            }
        }
        if let Self::Sketch(sketch) = self {
            words.for_each(|word| sketch.update_with_coupon(word_coupon(word)));
        }
        Ok(())
    }

    /// Counts a text; whether it may be a new one.
    #[inline]
    pub(super) fn insert_text(&mut self, text: &[u8], times: u64) -> Result<bool, ProfileError> {
        match self {
            Self::Texts(set) => {
                let new = set.insert(text, times);
                if new && (set.len() > EXACT || set.length() > EXACT_BYTES) {
                    *self = Self::sketch(set.sorted().iter().map(|(text, _)| coupon(text)))?;
                }
                Ok(new)
            }
            Self::Sketch(sketch) => {
                sketch.update_with_coupon(coupon(text));
                Ok(true)
            }
            Self::Words(_) => Ok(true),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), ProfileError> {
        match (&mut *self, other) {
            (_, Self::Words(theirs)) => self.extend_words(theirs.sorted().into_iter()),
            (_, Self::Texts(theirs)) => {
                for (text, count) in theirs.sorted() {
                    self.insert_text(text, count)?;
                }
                Ok(())
            }
            (Self::Sketch(mine), Self::Sketch(theirs)) => {
                **mine = union(mine, theirs)?;
                Ok(())
            }
            (mine, Self::Sketch(theirs)) => {
                let coupons: Vec<Coupon> = match mine {
                    Self::Words(set) => set.sorted().into_iter().map(word_coupon).collect(),
                    Self::Texts(set) => set.sorted().iter().map(|row| coupon(row.0)).collect(),
                    Self::Sketch(_) => Vec::new(),
                };
                let mut sketch = theirs.clone();
                for coupon in coupons {
                    sketch.update_with_coupon(coupon);
                }
                *mine = Self::Sketch(sketch);
                Ok(())
            }
        }
    }

    pub(super) fn count(&self) -> DistinctCount {
        let exact = |len: usize| DistinctCount::Exact(u64::try_from(len).unwrap_or(u64::MAX));
        match self {
            Self::Words(set) => exact(set.len()),
            Self::Texts(set) => exact(set.len()),
            Self::Sketch(sketch) => DistinctCount::Estimate(sketch.composite_estimate()),
        }
    }

    /// The `n` most frequent texts, the first by bytes among equals; none once the set is a sketch.
    pub(super) fn top(&self, n: usize) -> Option<Vec<(&[u8], u64)>> {
        let Self::Texts(set) = self else { return None };
        let mut rows = set.sorted();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        rows.truncate(n);
        Some(rows)
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Words(set) => set.bytes(),
            Self::Texts(set) => set.bytes(),
            Self::Sketch(sketch) => sketch.estimated_size(),
        }
    }

    /// A sketch that has forgotten the order in which it was filled.
    fn sketch(coupons: impl Iterator<Item = Coupon>) -> Result<Self, ProfileError> {
        let mut sketch = HllSketch::new(REGISTERS_LOG2, HllType::Hll8).map_err(failed)?;
        coupons.for_each(|coupon| sketch.update_with_coupon(coupon));
        Ok(Self::Sketch(Box::new(union(&sketch, &sketch)?)))
    }
}

/// What merges two sketches also drops what depends on the order of updates from their bytes.
fn union(left: &HllSketch, right: &HllSketch) -> Result<HllSketch, ProfileError> {
    let mut union = HllUnion::new(REGISTERS_LOG2).map_err(failed)?;
    union.update(left);
    union.update(right);
    Ok(union.to_sketch(HllType::Hll8))
}

/// The same as of its bytes, with a length that the compiler knows: twice as fast.
fn word_coupon(word: u64) -> Coupon {
    Coupon::from_value(from_slice(&word.to_le_bytes()))
}

fn coupon(bytes: &[u8]) -> Coupon {
    Coupon::from_value(from_slice(bytes))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn failed(error: impl ToString) -> ProfileError {
    ProfileError::Sketch(error.to_string())
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Saved {
    Words(Vec<u64>),
    Texts(Vec<(Vec<u8>, u64)>),
    Sketch(Vec<u8>),
}

impl From<Distinct> for Saved {
    fn from(set: Distinct) -> Self {
        match set {
            Distinct::Words(set) => Self::Words(set.sorted()),
            Distinct::Texts(set) => {
                let rows = set.sorted().into_iter();
                Self::Texts(rows.map(|(text, count)| (text.to_vec(), count)).collect())
            }
            Distinct::Sketch(sketch) => Self::Sketch(sketch.serialize()),
        }
    }
}

impl TryFrom<Saved> for Distinct {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let text = |error: ProfileError| error.to_string();
        match saved {
            Saved::Words(words) => {
                let mut set = Self::words();
                set.extend_words(words.into_iter()).map_err(text)?;
                Ok(set)
            }
            Saved::Texts(rows) => {
                let mut set = Self::texts();
                for (row, count) in rows {
                    set.insert_text(&row, count).map_err(text)?;
                }
                Ok(set)
            }
            Saved::Sketch(bytes) => {
                let sketch = HllSketch::deserialize(&bytes).map_err(|error| error.to_string())?;
                if sketch.lg_config_k() != REGISTERS_LOG2 || sketch.target_type() != HllType::Hll8 {
                    return Err("a sketch of another size".into());
                }
                Ok(Self::Sketch(Box::new(sketch)))
            }
        }
    }
}
