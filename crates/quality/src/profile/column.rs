//! The state behind the profile of a column.

use super::buckets::{Between, Buckets};
use super::distinct::Distinct;
use super::error::ProfileError;
use super::integers::{DecimalSums, IntegerSums, Overflow, Spread};
use super::kind::Kind;
use super::moments::Moments;
use super::report::{ColumnProfile, Frequent, Quantile, Value};
use super::{read, wide};
use arrow_array::Array;
use serde::{Deserialize, Serialize};

const SHARES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const TOP: usize = 10;

/// A column so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnState {
    pub(super) name: String,
    pub(super) data_type: String,
    kind: Kind,
    /// Of the buckets, in the unit of the values; of instants in ticks.
    #[serde(with = "wide")]
    origin: Option<f64>,
    rows: u64,
    nulls: u64,
    body: Body,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Counts,
    Bool(u64),
    Floats(Box<Floats>),
    Whole(Box<Whole<IntegerSums>>),
    Decimals(Box<Whole<DecimalSums>>),
    Texts(Box<Texts>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floats {
    moments: Moments,
    #[serde(with = "wide")]
    min: Option<f64>,
    #[serde(with = "wide")]
    max: Option<f64>,
    buckets: Buckets,
    distinct: Distinct,
}

/// Integers, instants and decimals.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<Sums> {
    sums: Sums,
    #[serde(with = "wide")]
    min: Option<i128>,
    #[serde(with = "wide")]
    max: Option<i128>,
    buckets: Buckets,
    distinct: Distinct,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    distinct: Distinct,
    min: Option<String>,
    max: Option<String>,
}

/// What stops a column: the table's name is added above.
#[derive(Debug)]
pub(super) enum Stop {
    Overflow,
    Other(ProfileError),
}

impl From<Overflow> for Stop {
    fn from(Overflow: Overflow) -> Self {
        Self::Overflow
    }
}

impl From<ProfileError> for Stop {
    fn from(error: ProfileError) -> Self {
        Self::Other(error)
    }
}

impl ColumnState {
    pub(super) fn new(name: &str, data_type: String, kind: Kind, origin: Option<f64>) -> Self {
        let body = match kind {
            Kind::Counted | Kind::Unsupported => Body::Counts,
            Kind::Bool => Body::Bool(0),
            Kind::Float => Body::Floats(Box::new(Floats {
                moments: Moments::new(),
                min: None,
                max: None,
                buckets: Buckets::default(),
                distinct: Distinct::words(),
            })),
            Kind::Integer | Kind::Instant { .. } => {
                Body::Whole(Box::new(Whole::new(IntegerSums::default(), Distinct::words())))
            }
            Kind::Decimal { .. } => {
                Body::Decimals(Box::new(Whole::new(DecimalSums::new(), Distinct::texts())))
            }
            Kind::Text => {
                let (distinct, min, max) = (Distinct::texts(), None, None);
                Body::Texts(Box::new(Texts { distinct, min, max }))
            }
        };
        Self { name: name.to_owned(), data_type, kind, origin, rows: 0, nulls: 0, body }
    }

    pub(super) fn same_options(&self, other: &Self) -> bool {
        self.origin.map(f64::to_bits) == other.origin.map(f64::to_bits)
    }

    pub(super) fn observe(&mut self, array: &dyn Array) -> Result<(), Stop> {
        let place = Place::of(self.kind, self.origin);
        match &mut self.body {
            Body::Counts => {}
            Body::Bool(trues) => *trues = trues.saturating_add(count(read::trues(array))),
            Body::Floats(state) => read::floats(array, |piece| state.extend(piece, place))?,
            Body::Whole(state) => read::integers(array, |piece| {
                state.sums.extend(piece)?;
                let words = piece.iter().map(word);
                state.distinct.extend_words(words)?;
                state.range(piece, place);
                Ok::<(), Stop>(())
            })?,
            Body::Decimals(state) => read::integers(array, |piece| {
                state.sums.extend(piece)?;
                for value in piece {
                    state.distinct.insert_text(&value.to_le_bytes(), 1)?;
                }
                state.range(piece, place);
                Ok::<(), Stop>(())
            })?,
            Body::Texts(state) => read::texts(array, |text, times| state.insert(text, times))?,
        }
        self.rows = self.rows.saturating_add(count(array.len()));
        self.nulls = self.nulls.saturating_add(count(array.logical_null_count()));
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Stop> {
        match (&mut self.body, &other.body) {
            (Body::Bool(mine), Body::Bool(theirs)) => *mine = mine.saturating_add(*theirs),
            (Body::Floats(mine), Body::Floats(theirs)) => mine.merge(theirs)?,
            (Body::Whole(mine), Body::Whole(theirs)) => {
                mine.sums.merge(&theirs.sums)?;
                mine.merge(theirs)?;
            }
            (Body::Decimals(mine), Body::Decimals(theirs)) => {
                mine.sums.merge(&theirs.sums)?;
                mine.merge(theirs)?;
            }
            (Body::Texts(mine), Body::Texts(theirs)) => mine.merge(theirs)?,
            // INVARIANT: equal types have equal bodies, and the types were compared.
            _ => {}
        }
        self.rows = self.rows.saturating_add(other.rows);
        self.nulls = self.nulls.saturating_add(other.nulls);
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        let body = match &self.body {
            Body::Counts | Body::Bool(_) => 0,
            Body::Floats(state) => {
                let sums = size_of::<[i64; 72]>() + size_of::<[i64; 136]>();
                size_of::<Floats>() + sums + state.buckets.bytes() + state.distinct.bytes()
            }
            Body::Whole(state) => {
                size_of_val(&**state) + state.buckets.bytes() + state.distinct.bytes()
            }
            Body::Decimals(state) => {
                let sums = size_of::<[i64; 15]>();
                size_of_val(&**state) + sums + state.buckets.bytes() + state.distinct.bytes()
            }
            Body::Texts(state) => {
                let ends = [&state.min, &state.max].into_iter().flatten();
                let ends: usize = ends.map(String::capacity).sum();
                size_of_val(&**state) + ends + state.distinct.bytes()
            }
        };
        size_of::<Self>() + self.name.capacity() + self.data_type.capacity() + body
    }

    pub(super) fn finish(&self) -> ColumnProfile {
        let place = Place::of(self.kind, self.origin);
        let mut out = ColumnProfile {
            name: self.name.clone(),
            data_type: self.data_type.clone(),
            reading: self.kind.reading(),
            rows: self.rows,
            nulls: self.nulls,
            nan: 0,
            infinite_above: 0,
            infinite_below: 0,
            distinct: None,
            min: None,
            max: None,
            mean: None,
            sd: None,
            quantiles: Vec::new(),
            top: None,
            true_share: None,
        };
        match &self.body {
            Body::Counts => {}
            Body::Bool(trues) => {
                let values = self.rows.saturating_sub(self.nulls);
                let sides = u64::from(*trues > 0) + u64::from(*trues < values);
                out.distinct = Some(super::DistinctCount::Exact(sides));
                out.true_share = (values > 0).then(|| *trues as f64 / values as f64);
            }
            Body::Floats(state) => state.finish(place, &mut out),
            Body::Whole(state) => {
                let spread = state.sums.spread();
                state.finish(place, spread, &mut out);
                if let Kind::Instant { nanos } = self.kind {
                    out.mean = state.sums.whole_mean().map(|mean| place.whole(mean));
                    out.sd = spread.sd.map(|sd| sd * nanos as f64);
                }
            }
            Body::Decimals(state) => {
                let spread = state.sums.spread(place.scale());
                state.finish(place, spread, &mut out);
            }
            Body::Texts(state) => state.finish(&mut out),
        }
        out
    }
}

impl Floats {
    fn extend(&mut self, piece: &[f64], place: Place) -> Result<(), Stop> {
        // Branch-free, so that a piece without NaN costs one pass.
        let finite = piece.iter().fold(true, |all, x| all & x.is_finite());
        if finite {
            return self.extend_finite(piece, place);
        }
        let (apart, kept): (Vec<f64>, Vec<f64>) = piece.iter().partition(|x| !x.is_finite());
        self.moments.extend(&apart);
        let infinite = apart.iter().filter(|x| !x.is_nan());
        self.distinct.extend_words(infinite.map(|x| x.to_bits()))?;
        self.extend_finite(&kept, place)
    }

    fn extend_finite(&mut self, piece: &[f64], place: Place) -> Result<(), Stop> {
        let Some(first) = piece.first() else { return Ok(()) };
        let (least, most) = extremes(piece, self.min.unwrap_or(*first), self.max.unwrap_or(*first));
        // Adding zero makes -0.0 the one zero.
        (self.min, self.max) = (Some(least + 0.0), Some(most + 0.0));
        self.moments.extend(piece);
        self.buckets.extend(piece.iter().map(|x| x - place.origin));
        self.distinct.extend_words(piece.iter().map(|x| (x + 0.0).to_bits()))?;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), Stop> {
        self.moments.merge(&other.moments);
        self.min = ends(self.min, other.min, f64::min);
        self.max = ends(self.max, other.max, f64::max);
        self.buckets.merge(&other.buckets);
        self.distinct.merge(&other.distinct)?;
        Ok(())
    }

    fn finish(&self, place: Place, out: &mut ColumnProfile) {
        out.nan = self.moments.sum().nan();
        (out.infinite_above, out.infinite_below) = self.moments.sum().infinite();
        out.distinct = Some(self.distinct.count());
        out.min = self.min.map(Value::Number);
        out.max = self.max.map(Value::Number);
        out.mean = self.moments.mean().map(Value::Number);
        out.sd = self.moments.sd();
        if let (Some(least), Some(most)) = (self.min, self.max) {
            let value = |apart: f64, end: End| {
                // Without an origin nothing was rounded.
                let number = apart + place.origin;
                let number = if place.origin == 0.0 { number } else { end.outwards(number) };
                Value::Number(number.max(least).min(most) + 0.0)
            };
            out.quantiles = quantiles(&self.buckets, value);
        }
    }
}

impl<Sums> Whole<Sums> {
    fn new(sums: Sums, distinct: Distinct) -> Self {
        Self { sums, min: None, max: None, buckets: Buckets::default(), distinct }
    }

    fn range(&mut self, piece: &[i128], place: Place) {
        self.min = ends(self.min, piece.iter().min().copied(), i128::min);
        self.max = ends(self.max, piece.iter().max().copied(), i128::max);
        self.buckets.extend(piece.iter().map(|value| place.apart(*value)));
    }

    fn merge(&mut self, other: &Self) -> Result<(), Stop> {
        self.min = ends(self.min, other.min, i128::min);
        self.max = ends(self.max, other.max, i128::max);
        self.buckets.merge(&other.buckets);
        self.distinct.merge(&other.distinct)?;
        Ok(())
    }

    fn finish(&self, place: Place, spread: Spread, out: &mut ColumnProfile) {
        out.distinct = Some(self.distinct.count());
        out.min = self.min.map(|value| place.whole(value));
        out.max = self.max.map(|value| place.whole(value));
        out.mean = spread.mean.map(Value::Number);
        out.sd = spread.sd;
        if let (Some(least), Some(most)) = (self.min, self.max) {
            let value = |apart, end| place.value(apart, end, least, most);
            out.quantiles = quantiles(&self.buckets, value);
        }
    }
}

impl Texts {
    fn insert(&mut self, text: &str, times: u64) -> Result<(), Stop> {
        if self.distinct.insert_text(text.as_bytes(), times)? {
            self.range(text);
        }
        Ok(())
    }

    fn range(&mut self, text: &str) {
        if self.min.as_deref().is_none_or(|least| text < least) {
            self.min = Some(text.to_owned());
        }
        if self.max.as_deref().is_none_or(|most| text > most) {
            self.max = Some(text.to_owned());
        }
    }

    fn merge(&mut self, other: &Self) -> Result<(), Stop> {
        self.distinct.merge(&other.distinct)?;
        for text in [&other.min, &other.max].into_iter().flatten() {
            self.range(text);
        }
        Ok(())
    }

    fn finish(&self, out: &mut ColumnProfile) {
        out.distinct = Some(self.distinct.count());
        out.min = self.min.clone().map(Value::Text);
        out.max = self.max.clone().map(Value::Text);
        out.top = self.distinct.top(TOP).map(|rows| {
            let row = |(text, count): (&[u8], u64)| Frequent {
                value: String::from_utf8_lossy(text).into_owned(),
                count,
            };
            rows.into_iter().map(row).collect()
        });
    }
}

/// The least and the greatest of values, beside those before: eight lanes, for one would wait for itself.
fn extremes(piece: &[f64], least: f64, most: f64) -> (f64, f64) {
    let (mut low, mut high) = ([least; 8], [most; 8]);
    for chunk in piece.chunks(8) {
        for ((low, high), x) in low.iter_mut().zip(&mut high).zip(chunk) {
            *low = if *x < *low { *x } else { *low };
            *high = if *x > *high { *x } else { *high };
        }
    }
    (low.into_iter().fold(least, f64::min), high.into_iter().fold(most, f64::max))
}

/// Where a column's buckets start, and what its numbers stand for.
#[derive(Debug, Clone, Copy)]
struct Place {
    kind: Kind,
    /// Finite; zero unless declared.
    origin: f64,
    /// The same in whole numbers: ticks of an instant, units of an integer.
    whole: i128,
}

impl Place {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an origin is near the data, not equal to it"
    )]
    fn of(kind: Kind, origin: Option<f64>) -> Self {
        let origin = origin.unwrap_or(0.0);
        // Half of the range, so that no difference to 128 bits overflows.
        let whole = (origin as i128).clamp(i128::MIN / 2, i128::MAX / 2);
        Self { kind, origin, whole }
    }

    fn scale(self) -> i8 {
        if let Kind::Decimal { scale } = self.kind { scale } else { 0 }
    }

    /// A value's distance from the origin.
    fn apart(self, value: i128) -> f64 {
        match self.kind {
            Kind::Decimal { .. } => self.decimal(value) - self.origin,
            _ => value.saturating_sub(self.whole) as f64,
        }
    }

    fn decimal(self, unscaled: i128) -> f64 {
        power_of_ten(unscaled as f64, self.scale())
    }

    fn whole(self, value: i128) -> Value {
        match self.kind {
            Kind::Decimal { scale } => Value::Decimal { unscaled: value, scale },
            Kind::Instant { nanos } => Value::Instant(value.saturating_mul(i128::from(nanos))),
            _ => Value::Integer(value),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "an instant has whole ticks")]
    fn value(self, apart: f64, end: End, least: i128, most: i128) -> Value {
        match self.kind {
            Kind::Instant { .. } => {
                let apart = match end {
                    End::Low => apart.floor(),
                    End::Middle => apart.round(),
                    End::High => apart.ceil(),
                };
                self.whole(self.whole.saturating_add(apart as i128).max(least).min(most))
            }
            Kind::Decimal { .. } => {
                let (least, most) = (self.decimal(least), self.decimal(most));
                let number = end.outwards(apart + self.origin);
                Value::Number(number.max(least).min(most) + 0.0)
            }
            _ => {
                let number = end.outwards(apart + self.whole as f64);
                Value::Number(number.max(least as f64).min(most as f64) + 0.0)
            }
        }
    }
}

/// Which end of the range that holds a quantile.
#[derive(Debug, Clone, Copy)]
enum End {
    Low,
    Middle,
    High,
}

impl End {
    /// A rounded number, moved by what rounding may have cost.
    fn outwards(self, number: f64) -> f64 {
        match self {
            Self::Low => number.next_down(),
            Self::Middle => number,
            Self::High => number.next_up(),
        }
    }
}

/// `value / 10^scale`, with one rounding where the power is exact.
fn power_of_ten(value: f64, scale: i8) -> f64 {
    let mut power = 1.0;
    for _ in 0..scale.unsigned_abs() {
        power *= 10.0;
    }
    if scale < 0 { value * power } else { value / power }
}

fn quantiles(buckets: &Buckets, value: impl Fn(f64, End) -> Value) -> Vec<Quantile> {
    let row = |(share, between): (f64, Option<Between>)| {
        let Between { low, value: middle, high } = between?;
        let (low, high) =
            (value(End::Low.outwards(low), End::Low), value(End::High.outwards(high), End::High));
        Some(Quantile { share, value: value(middle, End::Middle), low, high })
    };
    let found = buckets.quantiles(&SHARES);
    SHARES.into_iter().zip(found).filter_map(row).collect()
}

fn ends<T>(left: Option<T>, right: Option<T>, choose: impl FnOnce(T, T) -> T) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(choose(left, right)),
        (left, right) => left.or(right),
    }
}

/// Types of at most 64 bits: signed ones wrap, and no column has both.
#[expect(clippy::cast_possible_truncation, reason = "the lowest 64 bits tell the values apart")]
fn word(value: &i128) -> u64 {
    value.cast_unsigned() as u64
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
