//! What the features are to explain: target, label intervals, weights and sessions, row by row.

use super::SelectionError;
use std::collections::{BTreeMap, BTreeSet};

/// What a row is to be told from: a class or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target<'a> {
    /// A class a row, such as a grade.
    Classes(&'a [u32]),
    /// A number a row, such as a markout.
    Values(&'a [f64]),
}

impl Target<'_> {
    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(codes) => codes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A target of its own, classes numbered from 0 without holes.
#[derive(Debug, Clone)]
pub(crate) enum Labels {
    Classes(Vec<u32>),
    Values(Vec<f64>),
}

impl Labels {
    pub(crate) fn view(&self) -> Target<'_> {
        match self {
            Self::Classes(codes) => Target::Classes(codes),
            Self::Values(values) => Target::Values(values),
        }
    }

    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(codes) => Self::Classes(pick(codes, rows)),
            Self::Values(values) => Self::Values(pick(values, rows)),
        }
    }

    /// Whether all rows are alike.
    pub(crate) fn is_flat(&self) -> bool {
        match self {
            Self::Classes(codes) => codes.windows(2).all(|pair| pair[0] == pair[1]),
            #[expect(clippy::float_cmp, reason = "alike means the same number")]
            Self::Values(values) => values.windows(2).all(|pair| pair[0] == pair[1]),
        }
    }
}

/// The items at these rows.
pub(crate) fn pick<T: Copy>(items: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|&row| items.get(row)).copied().collect()
}

/// The rows of a run, in order of time.
#[derive(Debug, Clone)]
pub struct Sample {
    labels: Labels,
    classes: Vec<u32>,
    ts_from: Vec<i64>,
    ts_to: Vec<i64>,
    weights: Vec<f64>,
    session: Vec<usize>,
    sessions: usize,
}

impl Sample {
    /// Takes a target and the interval `[ts_from, ts_to)` over which each label lives, in nanoseconds. All rows are one
    /// session, and a row weighs as much as its label is unique.
    ///
    /// - **Shape:** rows ascend by `ts_from`, the cut-off of the decision.
    /// - **Units:** a weight is label uniqueness in (0, 1], the mean over the interval of one over the number of labels
    ///   alive; the sum of the weights is the effective number of rows.
    /// - **Source:** López de Prado (2018), Advances in Financial Machine Learning, 4.3.
    ///
    /// # Errors
    /// [`SelectionError::NoRows`], [`SelectionError::Length`], [`SelectionError::NotFinite`],
    /// [`SelectionError::Interval`], [`SelectionError::Order`], and [`SelectionError::OneClass`] for a target that
    /// never changes.
    pub fn try_new(
        target: Target<'_>,
        ts_from: &[i64],
        ts_to: &[i64],
    ) -> Result<Self, SelectionError> {
        let rows = target.len();
        if rows == 0 {
            return Err(SelectionError::NoRows { what: "target".to_owned() });
        }
        for (what, found) in [("ts_from", ts_from.len()), ("ts_to", ts_to.len())] {
            check_length(what, rows, found)?;
        }
        let mut previous = i64::MIN;
        for (row, (&from, &to)) in ts_from.iter().zip(ts_to).enumerate() {
            if from >= to {
                return Err(SelectionError::Interval { row, ts_from: from, ts_to: to });
            }
            if from < previous {
                return Err(SelectionError::Order { row, previous, found: from });
            }
            previous = from;
        }
        let (labels, classes) = match target {
            Target::Values(values) => {
                if let Some((row, &found)) = values.iter().enumerate().find(|(_, x)| !x.is_finite())
                {
                    let what = "target".to_owned();
                    return Err(SelectionError::NotFinite { what, row, found });
                }
                (Labels::Values(values.to_vec()), Vec::new())
            }
            Target::Classes(codes) => {
                let (codes, classes) = number(codes);
                (Labels::Classes(codes), classes)
            }
        };
        if labels.is_flat() {
            return Err(SelectionError::OneClass { what: "the sample".to_owned() });
        }
        Ok(Self {
            labels,
            classes,
            ts_from: ts_from.to_vec(),
            ts_to: ts_to.to_vec(),
            weights: uniqueness(ts_from, ts_to),
            session: vec![0; rows],
            sessions: 1,
        })
    }

    /// Weights rows as given: label uniqueness, as the table `label_weights` has it.
    ///
    /// # Errors
    /// [`SelectionError::Length`], [`SelectionError::Weight`] for a weight outside (0, 1].
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self, SelectionError> {
        check_length("weights", self.rows(), weights.len())?;
        let bad = |w: &f64| !(*w > 0.0 && *w <= 1.0);
        if let Some((row, &found)) = weights.iter().enumerate().find(|(_, w)| bad(w)) {
            return Err(SelectionError::Weight { row, found });
        }
        self.weights = weights.to_vec();
        Ok(self)
    }

    /// Names the session, or another group that belongs together, of every row. Sessions may interleave.
    ///
    /// # Errors
    /// [`SelectionError::Length`].
    pub fn with_sessions(mut self, sessions: &[u32]) -> Result<Self, SelectionError> {
        check_length("sessions", self.rows(), sessions.len())?;
        let (dense, names) = number(sessions);
        self.sessions = names.len();
        self.session = dense.into_iter().map(|session| session as usize).collect();
        Ok(self)
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ts_from.len()
    }

    /// The target; classes are numbered from 0 in the order of [`classes`](Self::classes).
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        self.labels.view()
    }

    /// The classes as given, ascending; empty when the target is a number.
    #[must_use]
    pub fn classes(&self) -> &[u32] {
        &self.classes
    }

    /// Label uniqueness of every row.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Start of every label, nanoseconds.
    #[must_use]
    pub fn ts_from(&self) -> &[i64] {
        &self.ts_from
    }

    /// End of every label, exclusive, nanoseconds.
    #[must_use]
    pub fn ts_to(&self) -> &[i64] {
        &self.ts_to
    }

    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The rows of each session, ascending.
    pub(crate) fn by_session(&self) -> Vec<Vec<usize>> {
        let mut out = vec![Vec::new(); self.sessions];
        for (row, &session) in self.session.iter().enumerate() {
            if let Some(rows) = out.get_mut(session) {
                rows.push(row);
            }
        }
        out
    }

    /// First start and last end of all labels.
    pub(crate) fn period(&self) -> (i64, i64) {
        let from = self.ts_from.iter().copied().min().unwrap_or(0);
        (from, self.ts_to.iter().copied().max().unwrap_or(from))
    }

    /// Rows a block must have to outlive the dependence of labels: the cube root of the rows, and twice the mean number
    /// of labels alive together.
    pub(crate) fn default_block(&self, rows: usize) -> usize {
        let mut root = 1;
        while root * root * root < rows {
            root += 1;
        }
        let mut block = root;
        let unique: f64 = self.weights.iter().sum();
        while (block as f64) * unique < 2.0 * self.rows() as f64 && block < rows {
            block += 1;
        }
        block
    }
}

pub(crate) fn check_length(
    what: &str,
    expected: usize,
    found: usize,
) -> Result<(), SelectionError> {
    if expected == found {
        return Ok(());
    }
    Err(SelectionError::Length { what: what.to_owned(), expected, found })
}

/// Numbers codes from 0 in ascending order without holes, and lists the codes in that order.
pub(crate) fn number(codes: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let names: Vec<u32> = codes.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let dense: BTreeMap<u32, u32> = names.iter().copied().zip(0..).collect();
    (codes.iter().filter_map(|code| dense.get(code)).copied().collect(), names)
}

/// The mean over each interval of one over the number of intervals alive.
fn uniqueness(ts_from: &[i64], ts_to: &[i64]) -> Vec<f64> {
    let mut marks: Vec<(i64, i64)> =
        ts_from.iter().map(|&t| (t, 1)).chain(ts_to.iter().map(|&t| (t, -1))).collect();
    marks.sort_unstable();
    // Instants at which the number changes, and the integral of one over the number up to there.
    let mut steps: Vec<(i64, f64)> = Vec::new();
    let (mut alive, mut integral, mut last) = (0_i64, 0.0, 0_i64);
    for (at, change) in marks {
        if alive > 0 {
            integral += (i128::from(at) - i128::from(last)) as f64 / alive as f64;
        }
        match steps.last_mut() {
            Some(step) if step.0 == at => step.1 = integral,
            _ => steps.push((at, integral)),
        }
        alive += change;
        last = at;
    }
    let up_to = |t: i64| {
        let at = steps.partition_point(|step| step.0 < t);
        steps.get(at).map_or(integral, |step| step.1)
    };
    let mean = |(&from, &to): (&i64, &i64)| {
        let length = (i128::from(to) - i128::from(from)) as f64;
        ((up_to(to) - up_to(from)) / length).clamp(f64::MIN_POSITIVE, 1.0)
    };
    ts_from.iter().zip(ts_to).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniqueness_is_the_mean_of_one_over_the_labels_alive() {
        // [0, 4) shares [2, 4) with [2, 6): (2 * 1 + 2 * 1/2) / 4 = 3/4; the second shares half its life too.
        // [10, 12) and [10, 12) share all of theirs: 1/2.
        let found = uniqueness(&[0, 2, 10, 10], &[4, 6, 12, 12]);
        assert_eq!(found, [0.75, 0.75, 0.5, 0.5]);
    }

    #[test]
    fn a_block_is_the_cube_root_of_the_rows_or_twice_the_overlap() {
        let from: Vec<i64> = (0..1_000).collect();
        let classes: Vec<u32> = (0..1_000).map(|row| row % 2).collect();
        let sample = |horizon: i64| {
            let to: Vec<i64> = from.iter().map(|t| t + horizon).collect();
            Sample::try_new(Target::Classes(&classes), &from, &to).unwrap()
        };
        assert_eq!(sample(1).default_block(1_000), 10);
        let block = sample(20).default_block(1_000); // about 2 * 20, a little less at both ends
        assert!((38..=40).contains(&block), "{block}");
    }
}
