//! Ranks and statistics among decision rows of one cut-off, or of a window before it.

mod error;
mod keys;

pub use error::CrossError;
pub use keys::group_ids;
pub(crate) use keys::is_key;

use crate::moments::mean_and_std;
use arrow_array::{Array, Float64Array, TimestampNanosecondArray};

/// What is asked of the members of a row's cross-section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrossStat {
    /// Rank of the row's value among the members, from 1; equal values share the mean of their ranks.
    RankAverage,
    /// [`RankAverage`](Self::RankAverage) over the number of members: in (0, 1], 1 for the greatest alone.
    RankShare,
    /// Mean of the members.
    Mean,
    /// Distance of the row's value from the mean, in standard deviations (`ddof` 1).
    Z,
    /// Number of members.
    Count,
    /// Median; of an even number the mean of the two in the middle.
    Median,
}

/// A statistic over the cross-section of every row.
///
/// The members of a row's cross-section are the rows with the same group, a value, and a cut-off in
/// `(ts_cutoff - window_ns, ts_cutoff]`; with `window_ns` 0 those of the same cut-off. So rows that come later, in time
/// or in the file, never change a row; only rows of its own cut-off must all be there.
///
/// - **Shape:** one value a row, in order. Null where the row has no group; where it has no value and the statistic is a
///   rank or `Z`; where there are no members (`Mean`, `Median`), fewer than two of them or no spread (`Z`). `Count` is 0
///   then. A value that is NaN or infinite counts as missing.
/// - **Units:** those of the values (`Mean`, `Median`), else none.
/// - **Point in time:** cut-offs at or before the row's own; values must themselves have been known at their cut-off.
/// - **Order:** sums run over the members in ascending order of value and are compensated, so the order of rows moves
///   no bit.
/// - **Cost:** a sort of the rows; each cut-off then costs one pass over the members of its window.
///
/// ```
/// use analytics::{CrossSection, CrossStat};
/// use arrow_array::{Float64Array, TimestampNanosecondArray};
/// let returns = Float64Array::from(vec![Some(0.2), Some(-0.1), None, Some(0.9)]);
/// let cutoffs = TimestampNanosecondArray::from(vec![10, 10, 10, 20]).with_timezone("UTC");
/// let groups = [Some(0), Some(0), Some(0), Some(0)];
/// let ranks = CrossSection::new(CrossStat::RankAverage).evaluate(&returns, &cutoffs, &groups)?;
/// // The row at 20 is alone: what came before it is another cross-section, what comes later is none of its business.
/// assert_eq!(ranks, Float64Array::from(vec![Some(2.0), Some(1.0), None, Some(1.0)]));
/// # Ok::<(), analytics::CrossError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossSection {
    /// The statistic.
    pub stat: CrossStat,
    /// How far before its cut-off a row's members reach, in nanoseconds; 0: the same cut-off only.
    pub window_ns: i64,
    /// Whether the row's own value is left out of mean, median, count and of the moments of `Z`. Not for ranks.
    pub leave_one_out: bool,
}

impl CrossSection {
    /// The statistic over rows of the same cut-off, the row itself included.
    #[must_use]
    pub const fn new(stat: CrossStat) -> Self {
        Self { stat, window_ns: 0, leave_one_out: false }
    }

    /// The value for every row; [`group_ids`] makes `groups` out of columns.
    ///
    /// # Errors
    /// Columns of different lengths, a cut-off that is null, a negative window, or a rank without its own row.
    pub fn evaluate(
        &self,
        values: &Float64Array,
        ts_cutoff: &TimestampNanosecondArray,
        groups: &[Option<u32>],
    ) -> Result<Float64Array, CrossError> {
        self.check(values, ts_cutoff, groups)?;
        let cutoffs = ts_cutoff.values();
        // Rows of one group side by side, in order of cut-off.
        let mut order: Vec<Row> = (0..values.len())
            .filter_map(|at| {
                let (group, cutoff) = (groups.get(at).copied().flatten()?, *cutoffs.get(at)?);
                let value = values.is_valid(at).then(|| values.value(at)).filter(|v| v.is_finite());
                // Minus zero is zero: equal values must be alike for sort and search.
                Some(Row { group, cutoff, at, value: value.map(|v| v + 0.0) })
            })
            .collect();
        order.sort_by_key(|row| (row.group, row.cutoff, row.at));
        let mut out: Vec<Option<f64>> = vec![None; values.len()];
        for rows in order.chunk_by(|a, b| a.group == b.group) {
            self.evaluate_group(rows, &mut out);
        }
        Ok(Float64Array::from(out))
    }

    fn check(
        &self,
        values: &Float64Array,
        ts_cutoff: &TimestampNanosecondArray,
        groups: &[Option<u32>],
    ) -> Result<(), CrossError> {
        for (column, found) in [("ts_cutoff", ts_cutoff.len()), ("groups", groups.len())] {
            if found != values.len() {
                return Err(CrossError::Rows { column, expected: values.len(), found });
            }
        }
        if let Some(row) = (0..ts_cutoff.len()).find(|row| ts_cutoff.is_null(*row)) {
            return Err(CrossError::NullCutoff { row });
        }
        if self.window_ns < 0 {
            return Err(CrossError::Window { found: self.window_ns });
        }
        let is_rank = matches!(self.stat, CrossStat::RankAverage | CrossStat::RankShare);
        if is_rank && self.leave_one_out { Err(CrossError::RankWithoutSelf) } else { Ok(()) }
    }

    /// Rows of one group in order of cut-off.
    fn evaluate_group(&self, rows: &[Row], out: &mut [Option<f64>]) {
        // Values of the window, ascending; the rows that gave them stand at `oldest..` in `rows`.
        let mut members: Vec<f64> = Vec::new();
        let mut oldest = 0;
        for same in rows.chunk_by(|a, b| a.cutoff == b.cutoff) {
            let Some(cutoff) = same.first().map(|row| row.cutoff) else { continue };
            if self.window_ns == 0 {
                members.clear();
            } else {
                let begin = cutoff.saturating_sub(self.window_ns);
                while let Some(row) = rows.get(oldest).filter(|row| row.cutoff <= begin) {
                    if let Some(at) =
                        row.value.and_then(|v| members.binary_search_by(|m| m.total_cmp(&v)).ok())
                    {
                        members.remove(at);
                    }
                    oldest += 1;
                }
            }
            let fresh = same.iter().filter_map(|row| row.value);
            members.extend(fresh);
            // Mostly sorted, which the stable sort uses.
            members.sort_by(f64::total_cmp);
            let shared = Moments::of(&members);
            for row in same {
                if let Some(slot) = out.get_mut(row.at) {
                    *slot = self.value(row.value, &members, &shared).filter(|v| v.is_finite());
                }
            }
        }
    }

    fn value(&self, own: Option<f64>, members: &[f64], shared: &Moments) -> Option<f64> {
        let rank = |own: f64| {
            let below = members.partition_point(|m| *m < own);
            let up_to = members.partition_point(|m| *m <= own);
            // Ranks below + 1 to up_to.
            f64::midpoint((below + 1) as f64, up_to as f64)
        };
        let mut rest = Vec::new();
        let (members, moments) = match own {
            Some(own) if self.leave_one_out => {
                rest.extend_from_slice(members);
                if let Ok(at) = rest.binary_search_by(|m| m.total_cmp(&own)) {
                    rest.remove(at);
                }
                (rest.as_slice(), &Moments::of(&rest))
            }
            _ => (members, shared),
        };
        match self.stat {
            CrossStat::RankAverage => own.map(rank),
            CrossStat::RankShare => own.map(|own| rank(own) / members.len() as f64),
            CrossStat::Mean => moments.mean,
            CrossStat::Z => Some((own? - moments.mean?) / moments.std?),
            CrossStat::Count => Some(members.len() as f64),
            CrossStat::Median => median(members),
        }
    }

    /// The statistic as text, for metadata and hashes.
    pub(crate) fn text(&self, of: &str, by: &[String]) -> String {
        let stat = match self.stat {
            CrossStat::RankAverage => "rank_average",
            CrossStat::RankShare => "rank_share",
            CrossStat::Mean => "mean",
            CrossStat::Z => "z",
            CrossStat::Count => "count",
            CrossStat::Median => "median",
        };
        let others = if self.leave_one_out { ", without the row" } else { "" };
        let keys = [&[format!("ts_cutoff - {} ns", self.window_ns)], by].concat().join(", ");
        format!("{stat}({of}) over ({keys}{others})")
    }
}

/// A row that has a group.
struct Row {
    group: u32,
    cutoff: i64,
    at: usize,
    value: Option<f64>,
}

/// Mean and standard deviation of ascending values.
struct Moments {
    mean: Option<f64>,
    /// `None` for fewer than two values, or without spread.
    std: Option<f64>,
}

impl Moments {
    fn of(ascending: &[f64]) -> Self {
        let (mean, std) = mean_and_std(ascending);
        Self { mean, std: std.filter(|std| *std > 0.0) }
    }
}

/// Of ascending values.
fn median(values: &[f64]) -> Option<f64> {
    let upper = values.get(values.len() / 2).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values.get(values.len() / 2 - 1).copied()?;
    Some(f64::midpoint(lower, upper))
}
