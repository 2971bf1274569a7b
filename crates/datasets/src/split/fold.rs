//! Folds inside train: cross-validation that never touches validation or test.

use super::barrier::{Barrier, Breach, Guard, Life, Rules};
use super::blocks::Blocks;
use super::shares::{Marks, Shares};
use super::{RuleLosses, SplitError, SplitKey, check};
use crate::canonical::{Instant, Number};
use crate::interval::Interval;
use crate::spec::{FoldsSpec, Purge, SplitSpec};
use crate::splits::FoldsDocument;
use crate::weigh::{LabelLives, Weigh};

/// What a train row is in a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoldRole {
    /// A learner.
    Fit,
    /// Held out.
    Held,
    /// It would leak, or it shares a group with a held-out row.
    Purged,
    /// It follows a held-out row too closely.
    Embargoed,
    /// Of a group that the fold does not use.
    Outside,
}

impl FoldRole {
    /// As the columns `fold_<k>` of `_folds/groups.parquet` write it: 0 fit, 1 held, 2 purged, 3 embargoed, 4 outside.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Fit => 0,
            Self::Held => 1,
            Self::Purged => 2,
            Self::Embargoed => 3,
            Self::Outside => 4,
        }
    }
}

/// Folds of the train rows: which groups each holds out and learns from, and the role of each row in each.
#[derive(Debug, Clone)]
pub struct Folds {
    strategy: &'static str,
    is_deployable: bool,
    rules: Rules,
    lives: Vec<Life>,
    shares: Shares,
    blocks: Blocks,
    spans: Vec<Interval>,
    /// What each group keeps away.
    barriers: Vec<Barrier>,
    counts: Vec<[u64; 4]>,
    lost: Vec<RuleLosses>,
}

/// Cuts train rows into groups and folds, by the rules of the primary split.
///
/// Learners may stand on both sides of what is held out, but for walk-forward, where each fold learns from its past and
/// from labels that were final by its first held-out cut-off (rule 5).
///
/// Blocks of `purged_kfold` and `cpcv` have equal counts, and a boundary moves to the next distinct cut-off. Walk-forward
/// holds out its first window one `train` after the first row (one `test` when all the past is learned from); the last
/// window may end behind the last row, and one without rows to hold out or to learn from is no fold. Sessions are UTC days.
/// Rows without a value of a column to fold by are learners in every fold.
///
/// - **Shape:** the keys of the rows that train keeps, in the order of (`ts_cutoff`, `seq`, `row_id`).
/// - **Units:** nanoseconds; `reach_ns` as for [`split`](crate::split()).
/// - **Cost:** O(folds x n) after O(n log n); a purged row costs no more than a kept one.
/// - **Source:** López de Prado, Advances in Financial Machine Learning (2018), 7.4 and 12.4.
///
/// ```
/// use datasets::{FoldRole, FoldsSpec, Instant, Int, Purge, SplitKey, SplitSpec, SplitStrategy, folds};
/// let row = |n: u8| SplitKey {
///     row_id: contract::EventId::from_bytes([n; 16]),
///     ts_cutoff: 10 * i64::from(n),
///     seq: u64::from(n),
///     label_end: 10 * i64::from(n) + 10,
///     label_first_avail: 10 * i64::from(n) + 10,
///     groups: vec![],
/// };
/// let spec = SplitSpec {
///     strategy: SplitStrategy::Boundaries([Instant(100), Instant(200)]),
///     embargo_ns: Int(10),
///     purge: Purge::Labels,
///     group_by: vec![],
///     reach_max_ns: None,
/// };
/// let keys: Vec<_> = (0..8).map(row).collect();
/// let folds = folds(&keys, 0, &spec, &FoldsSpec::PurgedKfold { k: 4 })?;
/// // Rows at 20 and 30 are held out: the label of 10 ends at 20, that of 30 at 40, and 50 is the embargo's last instant.
/// use FoldRole::{Embargoed, Fit, Held, Purged};
/// let second = folds.members(1).unwrap_or_default();
/// assert_eq!(second, [Fit, Purged, Held, Held, Purged, Embargoed, Fit, Fit]);
/// # Ok::<(), datasets::SplitError>(())
/// ```
///
/// # Errors
/// [`SplitError`] for keys as [`split`](crate::split()) refuses them, parameters outside their range, more than 5,000
/// folds, and a fold that is left without learners.
pub fn folds(
    keys: &[SplitKey],
    reach_ns: i64,
    split: &SplitSpec,
    spec: &FoldsSpec,
) -> Result<Folds, SplitError> {
    check(keys, reach_ns, split)?;
    let rows = keys.len();
    if rows == 0 {
        return Err(SplitError::NoFold { rows });
    }
    let (strategy, is_forward) = match spec {
        FoldsSpec::WalkForward { .. } => ("walk_forward", true),
        FoldsSpec::PurgedKfold { .. } => ("purged_kfold", false),
        FoldsSpec::Cpcv { .. } => ("cpcv", false),
        FoldsSpec::SessionOut => ("session_out", false),
        FoldsSpec::Grouped { .. } => ("grouped", false),
    };
    let rules = Rules::of(split, reach_ns, is_forward);
    let shares = Shares::of(keys, split.group_by.len());
    let blocks = Blocks::of(keys, spec, &split.group_by, &shares)?;
    if blocks.held.is_empty() || blocks.fit.iter().any(Vec::is_empty) {
        return Err(SplitError::NoFold { rows });
    }
    let lives: Vec<Life> = keys.iter().map(SplitKey::life).collect();
    let members = by_group(&blocks.group, &lives);
    let mut out = Folds {
        strategy,
        is_deployable: is_forward && split.purge != Purge::None,
        rules,
        spans: members.iter().filter_map(|group| span(group)).collect(),
        barriers: members.into_iter().map(|group| Barrier::of(rules, group.into_iter())).collect(),
        lives,
        shares,
        blocks,
        counts: vec![],
        lost: vec![],
    };
    for fold in 0..out.len() {
        let (counts, lost) = out.count(fold);
        if counts[0] == 0 {
            let rows = usize::try_from(lost.purged() + lost.embargo).unwrap_or(usize::MAX);
            return Err(SplitError::EmptyFold { fold, folds: out.len(), rows, lost });
        }
        out.counts.push(counts);
        out.lost.push(lost);
    }
    Ok(out)
}

/// Rows by group, in order.
fn by_group(group: &[u16], lives: &[Life]) -> Vec<Vec<Life>> {
    let groups = group.iter().max().map_or(0, |last| usize::from(*last) + 1);
    let mut members = vec![vec![]; groups];
    for (group, life) in group.iter().zip(lives) {
        if let Some(members) = members.get_mut(usize::from(*group)) {
            members.push(*life);
        }
    }
    members
}

fn span(group: &[Life]) -> Option<Interval> {
    Some(Interval { start: group.first()?.cutoff, end: group.last()?.cutoff })
}

/// What a fold does with a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Learn,
    Hold,
    Nothing,
}

impl Folds {
    /// Number of folds; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.held.len()
    }

    /// Never: there is at least one fold.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.held.is_empty()
    }

    /// `walk_forward`, `purged_kfold`, `cpcv`, `session_out` or `grouped`.
    #[must_use]
    pub const fn strategy(&self) -> &'static str {
        self.strategy
    }

    /// Whether each fold learns from its past only, and from what was known: its score is a forecast.
    #[must_use]
    pub const fn is_deployable(&self) -> bool {
        self.is_deployable
    }

    /// Group of each train row, in their order: what `_folds/groups.parquet` stores.
    #[must_use]
    pub fn groups(&self) -> &[u16] {
        &self.blocks.group
    }

    /// First and last cut-off of each group, in nanoseconds. Groups of a column overlap in time.
    #[must_use]
    pub fn spans(&self) -> &[Interval] {
        &self.spans
    }

    /// Groups that each fold holds out, in order.
    #[must_use]
    pub fn held(&self) -> &[Vec<u16>] {
        &self.blocks.held
    }

    /// Groups that each fold may learn from, before purge and embargo, in order.
    #[must_use]
    pub fn fit(&self) -> &[Vec<u16>] {
        &self.blocks.fit
    }

    /// Rows of each fold: fit, held, purged, embargoed. The rest is outside.
    #[must_use]
    pub fn counts(&self) -> &[[u64; 4]] {
        &self.counts
    }

    /// Rows that each fold lost, by rule.
    #[must_use]
    pub fn lost(&self) -> &[RuleLosses] {
        &self.lost
    }

    /// Role of each train row in a fold, in their order; none when there is no such fold.
    ///
    /// - **Cost:** one walk over the rows.
    #[must_use]
    pub fn members(&self, fold: usize) -> Option<Vec<FoldRole>> {
        (fold < self.len()).then(|| {
            let mut roles = Vec::with_capacity(self.lives.len());
            self.walk(fold, |role, _| roles.push(role));
            roles
        })
    }

    /// Paths: each holds every group out exactly once, so that predictions of its folds make one series over all of train.
    ///
    /// - **Shape:** by path and group, the fold that holds the group out. C(N, k) k / N paths of `cpcv`, one of
    ///   `purged_kfold` and `session_out`; none where some group is never held out, as in walk-forward.
    ///
    /// Path `p` takes of each group the `p`-th fold that holds it out.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<usize>> {
        let mut holders = vec![vec![]; self.spans.len()];
        for (fold, held) in self.held().iter().enumerate() {
            for group in held {
                if let Some(holders) = holders.get_mut(usize::from(*group)) {
                    holders.push(fold);
                }
            }
        }
        let paths = holders.iter().map(Vec::len).min().unwrap_or(0);
        let path = |path| holders.iter().filter_map(|group| group.get(path).copied()).collect();
        (0..paths).map(path).collect()
    }

    /// Effective number of learners of each fold: the sum of their uniqueness among themselves, in the order of the rows.
    ///
    /// - **Cost:** one call of the kernel a fold.
    ///
    /// # Errors
    /// [`SplitError::Length`] when there is not one life a train row, [`SplitError::Weights`] when the kernel refuses.
    pub fn effective_sizes(
        &self,
        weigh: &dyn Weigh,
        lives: LabelLives<'_>,
    ) -> Result<Vec<f64>, SplitError> {
        lives.check(self.lives.len())?;
        let size = |fold: usize| {
            let mut learners = vec![];
            let mut row = 0;
            self.walk(fold, |role, _| {
                if role == FoldRole::Fit {
                    learners.push(row);
                }
                row += 1;
            });
            Ok(lives.weigh(weigh, &learners)?.iter().sum())
        };
        (0..self.len()).map(size).collect()
    }

    /// The folds' part of `splits.json`; `effective_sizes` are those of the folds, or none.
    #[must_use]
    pub fn document(&self, effective_sizes: &[f64]) -> FoldsDocument {
        let numbers =
            |of: &[Vec<u16>]| of.iter().map(|of| of.iter().map(|&n| n.into()).collect()).collect();
        FoldsDocument {
            strategy: self.strategy.to_owned(),
            deployable: self.is_deployable,
            groups: self.spans.len() as u64,
            spans: self.spans.iter().map(|s| [Instant(s.start), Instant(s.end)]).collect(),
            held: numbers(self.held()),
            fit: numbers(self.fit()),
            counts: self.counts.clone(),
            n_eff: effective_sizes.iter().map(|size| Number(*size)).collect(),
        }
    }

    fn count(&self, fold: usize) -> ([u64; 4], RuleLosses) {
        let (mut counts, mut lost) = ([0; 4], RuleLosses::default());
        self.walk(fold, |role, breach| {
            if let Some(count) = counts.get_mut(usize::from(role.code())) {
                *count += 1;
            }
            if let Some(breach) = breach {
                lost.count(breach);
            }
        });
        (counts, lost)
    }

    /// Hands out the role of each row, in order, with the rule that a lost one breaks.
    fn walk(&self, fold: usize, mut each: impl FnMut(FoldRole, Option<Breach>)) {
        let uses = self.uses(fold);
        let held = self.held().get(fold).map(Vec::as_slice).unwrap_or_default();
        let of_held = held.iter().filter_map(|group| self.barriers.get(usize::from(*group)));
        let barrier = Barrier::joined(of_held);
        let marks = self.marks(&uses);
        let mut guard = Guard::new(self.rules, &barrier, &self.shares, &marks);
        for (row, (group, life)) in self.groups().iter().zip(&self.lives).enumerate() {
            let (role, breach) = match uses.get(usize::from(*group)) {
                Some(Use::Hold) => (FoldRole::Held, None),
                Some(Use::Learn) => match guard.breach(row, *life) {
                    None => (FoldRole::Fit, None),
                    Some(Breach::Embargo) => (FoldRole::Embargoed, Some(Breach::Embargo)),
                    Some(breach) => (FoldRole::Purged, Some(breach)),
                },
                Some(Use::Nothing) | None => (FoldRole::Outside, None),
            };
            each(role, breach);
        }
    }

    /// By group.
    fn uses(&self, fold: usize) -> Vec<Use> {
        let mut uses = vec![Use::Nothing; self.spans.len()];
        for (groups, what) in [(self.fit(), Use::Learn), (self.held(), Use::Hold)] {
            for group in groups.get(fold).into_iter().flatten() {
                if let Some(slot) = uses.get_mut(usize::from(*group)) {
                    *slot = what;
                }
            }
        }
        uses
    }

    fn marks(&self, uses: &[Use]) -> Marks {
        let is_held = |group: &u16| uses.get(usize::from(*group)) == Some(&Use::Hold);
        let held = self.groups().iter().enumerate();
        self.shares.mark(&held.filter(|(_, group)| is_held(group)).map(|(row, _)| row))
    }
}
