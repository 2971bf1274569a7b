//! The primary split: who learns, who is held out, and who may be neither.

mod barrier;
mod blocks;
mod cut;
mod error;
mod fold;
mod shares;

pub use barrier::RuleLosses;
pub use error::SplitError;
pub use fold::{FoldRole, Folds, folds};

use crate::canonical::{Instant, Int};
use crate::interval::Interval;
use crate::role::{Role, Split};
use crate::spec::{Purge, SplitSpec, SplitStrategy};
use crate::splits::{FoldsDocument, SplitsDocument};
use barrier::{Barrier, Guard, Life, Rules};
use contract::EventId;
use shares::Shares;
use std::collections::BTreeMap;

/// What the splitter knows of a row: no feature and no label, so that neither can move it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitKey {
    /// The decision's id.
    pub row_id: EventId,
    /// `t`, the decision's cut-off: features lie before it, the label from it on. Nanoseconds.
    pub ts_cutoff: i64,
    /// Its place in the log.
    pub seq: u64,
    /// `e`, the latest end that its labels could have had, or the end that they had if later; at least `ts_cutoff`.
    /// Nanoseconds.
    pub label_end: i64,
    /// When the first final revision of all its labels was known. Nanoseconds.
    pub label_first_avail: i64,
    /// Its value in each `group_by` column of the spec, in their order; null shares with nobody.
    pub groups: Vec<Option<[u8; 16]>>,
}

impl SplitKey {
    const fn life(&self) -> Life {
        Life { cutoff: self.ts_cutoff, end: self.label_end, known: self.label_first_avail }
    }
}

/// What became of each row, and what the three parts are protected by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimarySplit {
    /// Split of each row, or the reason why it is in none: `GroupStraddle`, `Purged` or `Embargoed`.
    pub roles: Vec<Role>,
    /// The split that each row was cut into, before anything was purged.
    pub would_be: Vec<Split>,
    /// First cut-off of the rows of each split, in nanoseconds.
    pub starts: BTreeMap<Split, i64>,
    /// Closed intervals [t, e + embargo] of the rows of validation and of test, merged.
    pub protected: BTreeMap<Split, Vec<Interval>>,
    /// Rows of each split that went, by rule.
    pub lost: BTreeMap<Split, RuleLosses>,
    /// Whether a model could have been trained like that: cut by time, so learners lie before what is held out.
    pub is_deployable: bool,
}

/// Cuts rows into train, validation and test, and drops whoever would leak.
///
/// Test is protected from validation and train, and the rows that validation keeps from train. A row `[t, e]`, with
/// features that read `[t - reach, t - 1]`, stays a learner when (1) its outcome meets no protected outcome, nor the
/// embargo after it, (2) nor what a protected row's features read, (3) its features read nothing during a protected
/// outcome or embargo, (4) it shares no group with a protected row, and (5) when the split is by time, its label was
/// final by the first protected cut-off. In a split by time learners lie before what is protected, so the embargo takes
/// nobody there; it does in a grouped split and in folds.
///
/// - **Shape:** one role a row, in order; rows in the order of (`ts_cutoff`, `seq`, `row_id`).
/// - **Units:** nanoseconds; `reach_ns` is the largest lookback of the features, and cut at `reach_max_ns` of the spec.
/// - **Point in time:** rows go by their latest possible end, so who goes never depends on how a label turned out.
/// - **Cost:** O(n log n).
/// - **Source:** López de Prado, Advances in Financial Machine Learning (2018), 7.4, extended to features and groups.
///
/// ```
/// use datasets::{Instant, Int, Purge, Reason, Role, Split, SplitKey, SplitSpec, SplitStrategy, split};
/// let row = |n: u8, t: i64, end: i64| SplitKey {
///     row_id: contract::EventId::from_bytes([n; 16]),
///     ts_cutoff: t,
///     seq: u64::from(n),
///     label_end: end,
///     label_first_avail: end,
///     groups: vec![],
/// };
/// let spec = SplitSpec {
///     strategy: SplitStrategy::Boundaries([Instant(100), Instant(200)]),
///     embargo_ns: Int(0),
///     purge: Purge::LabelsFeatures,
///     group_by: vec![],
///     reach_max_ns: None,
/// };
/// // Features read 10 ns: the label that ends at 95 overlaps what the row at 100 has read.
/// let keys = [row(0, 0, 60), row(1, 50, 95), row(2, 100, 150), row(3, 200, 250)];
/// let cut = split(&keys, 10, &spec)?;
/// assert_eq!(cut.roles, [
///     Role::In(Split::Train),
///     Role::Dropped(Reason::Purged),
///     Role::In(Split::Validation),
///     Role::In(Split::Test),
/// ]);
/// # Ok::<(), datasets::SplitError>(())
/// ```
///
/// # Errors
/// [`SplitError`] for keys that are out of order, twice, or end before they start; for parameters outside their range;
/// and [`SplitError::Empty`] when a split is left without rows.
pub fn split(
    keys: &[SplitKey],
    reach_ns: i64,
    spec: &SplitSpec,
) -> Result<PrimarySplit, SplitError> {
    let is_deployable = !matches!(spec.strategy, SplitStrategy::Grouped(_));
    check(keys, reach_ns, spec)?;
    if is_deployable && spec.purge == Purge::None {
        return Err(SplitError::NotPurged);
    }
    if !is_deployable && spec.group_by.is_empty() {
        return Err(SplitError::NoGroupColumn);
    }
    let would_be = cut::would_be(keys, &spec.strategy)?;
    let rules = Rules::of(spec, reach_ns, is_deployable);
    let shares = Shares::of(keys, spec.group_by.len());
    let mut out = PrimarySplit {
        roles: would_be.iter().map(|split| Role::In(*split)).collect(),
        would_be,
        starts: BTreeMap::new(),
        protected: BTreeMap::new(),
        lost: BTreeMap::new(),
        is_deployable,
    };
    // From the most protected to the least: what has gone from validation needs no protection from train.
    for part in [Split::Test, Split::Validation, Split::Train] {
        out.purge(part, keys, rules, &shares)?;
    }
    Ok(out)
}

impl PrimarySplit {
    /// Drops the rows of a split that later ones are protected from.
    fn purge(
        &mut self,
        part: Split,
        keys: &[SplitKey],
        rules: Rules,
        shares: &Shares,
    ) -> Result<(), SplitError> {
        let held = self.rows(|role| matches!(role, Role::In(split) if split > part));
        let lives = |rows: &[usize]| -> Vec<Life> {
            rows.iter().filter_map(|&row| keys.get(row)).map(SplitKey::life).collect()
        };
        let barrier = Barrier::of(rules, lives(&held).into_iter());
        let marks = shares.mark(&held.into_iter());
        let mut guard = Guard::new(rules, &barrier, shares, &marks);
        let mut lost = RuleLosses::default();
        for (row, (key, role)) in keys.iter().zip(&mut self.roles).enumerate() {
            if *role != Role::In(part) {
                continue;
            }
            if let Some(breach) = guard.breach(row, key.life()) {
                *role = Role::Dropped(breach.reason());
                lost.count(breach);
            }
        }
        let kept = self.rows(|role| role == Role::In(part));
        let Some(first) = kept.first().and_then(|&row| keys.get(row)) else {
            let rows = self.would_be.iter().filter(|split| **split == part).count();
            return Err(SplitError::Empty { split: part, rows, lost });
        };
        self.starts.insert(part, first.ts_cutoff);
        self.lost.insert(part, lost);
        if part != Split::Train {
            let own = Barrier::of(rules, lives(&kept).into_iter());
            self.protected.insert(part, own.guarded().parts().to_vec());
        }
        Ok(())
    }

    fn rows(&self, is_wanted: impl Fn(Role) -> bool) -> Vec<usize> {
        let wanted = |(row, role): (usize, &Role)| is_wanted(*role).then_some(row);
        self.roles.iter().enumerate().filter_map(wanted).collect()
    }

    /// `splits.json`: what the verifier holds the rows against.
    ///
    /// `reach_ns` is as given to [`split`]; `reach_cut` names the features that `reach_max` cut off, with their own
    /// reach in nanoseconds.
    #[must_use]
    pub fn document(
        &self,
        spec: &SplitSpec,
        reach_ns: i64,
        reach_cut: BTreeMap<String, Int>,
        folds: Option<FoldsDocument>,
    ) -> SplitsDocument {
        let rules = Rules::of(spec, reach_ns, self.is_deployable);
        let strategy = if self.is_deployable { "chronological" } else { "grouped" };
        let instants = |part: &Interval| [Instant(part.start), Instant(part.end)];
        SplitsDocument {
            strategy: strategy.to_owned(),
            purge: spec.purge.word().to_owned(),
            embargo_ns: spec.embargo_ns,
            reach_ns: Int(u64::try_from(rules.reach_ns()).unwrap_or(0)),
            reach_cut,
            starts: self
                .starts
                .iter()
                .map(|(split, start)| (split.word().to_owned(), Instant(*start)))
                .collect(),
            protected: self
                .protected
                .iter()
                .map(|(split, parts)| {
                    (split.word().to_owned(), parts.iter().map(instants).collect())
                })
                .collect(),
            folds,
        }
    }
}

/// What must hold of rows before anything is decided about them.
fn check(keys: &[SplitKey], reach_ns: i64, spec: &SplitSpec) -> Result<(), SplitError> {
    if reach_ns < 0 {
        return Err(SplitError::Reach { found: reach_ns });
    }
    let mut before = None;
    for (row, key) in keys.iter().enumerate() {
        let place = (key.ts_cutoff, key.seq, key.row_id);
        if before.is_some_and(|before| before >= place) {
            return Err(SplitError::Order { row });
        }
        before = Some(place);
        if key.label_end < key.ts_cutoff {
            return Err(SplitError::LabelEnd { row, cutoff: key.ts_cutoff, end: key.label_end });
        }
        let (expected, found) = (spec.group_by.len(), key.groups.len());
        if expected != found {
            return Err(SplitError::Groups { row, expected, found });
        }
    }
    Ok(())
}
