//! Distances of learners from what is protected, by sweeps over sorted ends.
//!
//! For a learner with label [t, e] and protected rows j with labels `[t_j, e_j]`, features `[t_j - reach, t_j - 1]` and
//! embargo E, each rule needs one extreme only, and sorted ends give it in passing:
//!
//! 1. some `[t_j, e_j + E]` meets [t, e]: the greatest `e_j` among `t_j <= e`;
//! 2. some `[t_j - reach, t_j - 1]` meets [t, e]: the least `t_j` above t;
//! 3. some `[t_j, e_j + E]` meets [t - reach, t - 1]: the greatest `e_j` among `t_j < t`.

/// The life of a row's label, both ends inclusive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) t: i64,
    pub(super) e: i64,
}

/// What a row is to a pair of learners and held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It must keep its distance.
    Learner,
    /// Distance must be kept from it.
    Protected,
    /// It has no part in this.
    Neither,
}

/// How far apart learners and protected rows must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distances {
    pub(super) embargo_ns: u64,
    pub(super) reach_ns: u64,
    /// Whether rules 2 and 3 hold.
    pub(super) features: bool,
}

/// Nanoseconds between a learner's interval and the nearest protected one by each rule; below 1 they meet. None: there
/// is no protected row on the side that the rule is about.
pub(super) type Gaps = [Option<i128>; 3];

/// Rows in the order of their `t`, and the order of their `e`.
#[derive(Debug)]
pub(super) struct Lives {
    rows: Vec<Life>,
    by_end: Vec<usize>,
}

impl Lives {
    /// `rows` are sorted by `t`.
    pub(super) fn new(rows: Vec<Life>) -> Self {
        let mut by_end: Vec<usize> = (0..rows.len()).collect();
        by_end.sort_unstable_by_key(|&at| rows[at].e);
        Self { rows, by_end }
    }

    /// The gaps of every row that `parts` calls a learner. Three passes over the rows.
    pub(super) fn gaps(&self, parts: &[Part], distances: Distances) -> Vec<Gaps> {
        let mut gaps = vec![[None; 3]; self.rows.len()];
        self.outcomes(parts, i128::from(distances.embargo_ns), &mut gaps);
        if distances.features && distances.reach_ns > 0 {
            self.test_features(parts, i128::from(distances.reach_ns), &mut gaps);
            self.train_features(parts, distances, &mut gaps);
        }
        gaps
    }

    fn outcomes(&self, parts: &[Part], embargo: i128, gaps: &mut [Gaps]) {
        let rows = &self.rows;
        let mut next = 0; // the first protected row that starts after `e`
        let mut latest: Option<i128> = None;
        for &at in self.by_end.iter().filter(|at| parts[**at] == Part::Learner) {
            let (t, e) = (i128::from(rows[at].t), rows[at].e);
            while next < rows.len() && (parts[next] != Part::Protected || rows[next].t <= e) {
                if parts[next] == Part::Protected {
                    latest = latest.max(Some(i128::from(rows[next].e)));
                }
                next += 1;
            }
            let behind = latest.map(|latest| t - (latest + embargo));
            let ahead = rows.get(next).map(|row| i128::from(row.t) - i128::from(e));
            gaps[at][0] = least(behind, ahead);
        }
    }

    fn test_features(&self, parts: &[Part], reach: i128, gaps: &mut [Gaps]) {
        let rows = &self.rows;
        let (mut above, mut here): (Option<i64>, Option<i64>) = (None, None);
        let mut now = None;
        for at in (0..rows.len()).rev() {
            if now != Some(rows[at].t) {
                // Rows of one instant are not above each other.
                above = here.or(above);
                here = None;
                now = Some(rows[at].t);
            }
            match parts[at] {
                Part::Protected => here = Some(rows[at].t),
                Part::Learner => {
                    let gap = |t: i64| i128::from(t) - reach - i128::from(rows[at].e);
                    gaps[at][1] = above.map(gap);
                }
                Part::Neither => {}
            }
        }
    }

    fn train_features(&self, parts: &[Part], distances: Distances, gaps: &mut [Gaps]) {
        let rows = &self.rows;
        let far = i128::from(distances.embargo_ns) + i128::from(distances.reach_ns);
        let mut latest: Option<i64> = None;
        let mut start = 0;
        while start < rows.len() {
            let t = rows[start].t;
            let tied = rows[start..].iter().take_while(|row| row.t == t).count();
            for at in start..start + tied {
                if parts[at] == Part::Learner {
                    gaps[at][2] = latest.map(|e| i128::from(t) - i128::from(e) - far);
                }
            }
            for at in start..start + tied {
                if parts[at] == Part::Protected {
                    latest = latest.max(Some(rows[at].e));
                }
            }
            start += tied;
        }
    }
}

fn least(left: Option<i128>, right: Option<i128>) -> Option<i128> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

#[cfg(test)]
mod tests;
