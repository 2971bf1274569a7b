//! All steps in their order: screen, cluster, rank, confirm, check stability.

use super::importance::{Importance, Plan, with_plans};
use super::information::information_over;
use super::sample::check_length;
use super::scores::{Score, Scores, ranks};
use super::stability::{choices, selection_frequency, stability_index};
use super::{
    Fold, Learner, Matrix, Relevance, Sample, Screened, SelectionError, Settings, StabilityIndex,
    check_folds, clusters, mrmr, q_values, relevance, screen,
};
use contract::{Draft, FeatureScores, Hash, Json};
use std::num::NonZeroUsize;

/// What a selection found.
#[derive(Debug)]
pub struct Selection {
    /// All scores of all features: one row a feature, method and period.
    pub scores: Draft<FeatureScores>,
    /// The confirmed columns, ascending.
    pub confirmed: Vec<usize>,
    /// How alike the features kept from the halves are; `None` where that is undefined.
    pub stability: Option<StabilityIndex>,
    /// Hash of settings, learner, folds and names of the features.
    pub spec_hash: Hash,
}

/// Screens, clusters, ranks and confirms features, and checks whether they would be chosen again.
///
/// A feature is confirmed when scrambling it (with the features of its cluster's other members out of the model) worsens
/// the prediction out of sample, with a q-value of at most `fdr` and an interval above 0, and when it is kept from at
/// least `min_frequency` of the halves. Each cluster is represented by its feature with the highest mutual information,
/// then the lowest null share, then the first. Inside a fold that choice is made anew from the training rows, so a
/// confirmation has seen no test row.
///
/// - **Shape:** rows of `feature_scores`, feature after feature:
///   `screen` for each feature, with the drift as score, or null and the reason if dropped; of the others
///   `mutual_information` (at least 0, with p, q over all of them, and rank) and `mutual_information_raw`; then of the
///   representatives the ranking (`mrmr_mid`, `mrmr_miq` or `mrmr_fcq`; null when not kept), `permutation` over all test
///   rows and `permutation_fold` over each, `stability` (selection frequency), and `confirmed` (1 or 0, with the reason
///   `q_value`, `interval` or `unstable`).
/// - **Point in time:** folds are refused if a training label overlaps a test label. The first steps read all rows: their
///   rows in the table describe the sample and do not confirm anything.
/// - **Cost:** the sum of the steps; shifts, and `keep x features` estimates of a ranking by mutual information, dominate.
///   The result has the same bits for any number of threads.
///
/// # Errors
/// Those of the steps; [`SelectionError::NoFeatures`] when the screen keeps none, [`SelectionError::KTooLarge`] when `k` is
/// not below the rows of a feature that it keeps.
pub fn select<L: Learner>(
    matrix: &Matrix<'_>,
    sample: &Sample,
    folds: &[Fold],
    learner: &L,
    settings: &Settings,
    seed: u64,
    threads: NonZeroUsize,
) -> Result<Selection, SelectionError> {
    settings.check()?;
    check_length("target", matrix.rows(), sample.rows())?;
    check_folds(sample, folds)?;
    let screened = screen(matrix, settings)?;
    let kept: Vec<usize> =
        (0..screened.len()).filter(|&at| screened[at].reason.is_none()).collect();
    if kept.is_empty() {
        return Err(SelectionError::NoFeatures { what: "column that the screen keeps" });
    }
    let cluster = clusters(matrix, &kept, settings.min_rows, settings.cut, threads)?;
    let groups = members(&kept, &cluster);
    let found = relevance(matrix, sample, &kept, settings, seed, threads)?;
    let mut strength = vec![None; screened.len()];
    for (&at, relevance) in kept.iter().zip(&found) {
        strength[at] = Some(relevance.information.raw);
    }
    let heads: Vec<usize> =
        groups.iter().map(|group| representative(group, &strength, &screened)).collect();

    let all: Vec<usize> = (0..sample.rows()).collect();
    let (scheme, keep, k) = (settings.scheme, settings.keep, settings.k);
    let ranking = mrmr(matrix, sample, &heads, &all, scheme, keep, k, threads)?;
    let plans = plans(matrix, sample, folds, &groups, &screened, k, threads);
    let important = with_plans(matrix, sample, folds, &plans, learner, settings, seed, threads)?;
    let chosen = choices(sample, heads.len(), settings.pairs, seed, threads, |rows| {
        let one = NonZeroUsize::MIN;
        let picks =
            mrmr(matrix, sample, &heads, rows, settings.half_scheme, keep, settings.k, one)?;
        let place = |column: usize| heads.iter().position(|&head| head == column);
        Ok(picks.iter().filter_map(|pick| place(pick.column)).collect())
    })?;

    let spec_hash = spec_hash(matrix, folds, &learner.name(), settings);
    let run = Run {
        matrix,
        sample,
        folds,
        settings,
        screened: &screened,
        cluster: &cluster,
        kept: &kept,
        heads: &heads,
    };
    let scores = Scores::new(sample, spec_hash, seed);
    let frequency = selection_frequency(&chosen);
    let (scores, confirmed) = run.write(scores, &found, &ranking, &important, &frequency)?;
    let stability = stability_index(&chosen, settings.level);
    Ok(Selection { scores, confirmed, stability, spec_hash })
}

/// The columns of each cluster.
fn members(kept: &[usize], cluster: &[u32]) -> Vec<Vec<usize>> {
    let number = cluster.iter().max().map_or(0, |&last| last as usize + 1);
    let mut out = vec![Vec::new(); number];
    for (&at, &id) in kept.iter().zip(cluster) {
        out[id as usize].push(at);
    }
    out
}

/// The column of the highest information, then the lowest null share, then the first.
fn representative(group: &[usize], strength: &[Option<f64>], screened: &[Screened]) -> usize {
    let key = |at: usize| (strength[at].unwrap_or(f64::NEG_INFINITY), -screened[at].null_share);
    let better = |a: usize, b: usize| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).is_gt()
    };
    let first = group.first().copied().unwrap_or(0);
    group.iter().skip(1).fold(first, |best, &at| if better(at, best) { at } else { best })
}

/// The columns of each fold's model: one a cluster, chosen from training rows.
fn plans(
    matrix: &Matrix<'_>,
    sample: &Sample,
    folds: &[Fold],
    groups: &[Vec<usize>],
    screened: &[Screened],
    k: usize,
    threads: NonZeroUsize,
) -> Vec<Plan> {
    super::threads::map(threads, folds.len(), |fold| {
        // Only a cluster of several has a choice to make.
        let open: Vec<usize> = groups.iter().filter(|g| g.len() > 1).flatten().copied().collect();
        let found = information_over(matrix, sample, &open, &folds[fold].train, k);
        let mut strength = vec![None; screened.len()];
        for (&at, information) in open.iter().zip(found) {
            strength[at] = information.map(|i| i.raw);
        }
        let columns = groups.iter().map(|g| representative(g, &strength, screened)).collect();
        Plan { columns, groups: (0..groups.len()).map(|at| vec![at]).collect() }
    })
}

fn spec_hash(matrix: &Matrix<'_>, folds: &[Fold], learner: &str, settings: &Settings) -> Hash {
    let names = matrix.columns().iter().map(|c| Json::Text(c.name().to_owned())).collect();
    let rows = |rows: &[usize]| Json::Array(rows.iter().map(|&r| Json::from(r as u64)).collect());
    let fold = |f: &Fold| Json::object([("train", rows(&f.train)), ("test", rows(&f.test))]);
    let spec = Json::object([
        ("selection", Json::from(1_u64)),
        ("settings", settings.json()),
        ("learner", Json::Text(learner.to_owned())),
        ("features", Json::Array(names)),
        ("folds", Json::Array(folds.iter().map(fold).collect())),
    ]);
    Hash::of(spec.to_string().as_bytes())
}

/// What the rows of the table are written from.
struct Run<'a> {
    matrix: &'a Matrix<'a>,
    sample: &'a Sample,
    folds: &'a [Fold],
    settings: &'a Settings,
    screened: &'a [Screened],
    cluster: &'a [u32],
    kept: &'a [usize],
    heads: &'a [usize],
}

impl Run<'_> {
    fn write(
        &self,
        mut scores: Scores,
        found: &[Relevance],
        ranking: &[super::Pick],
        important: &[Importance],
        frequency: &[f64],
    ) -> Result<(Draft<FeatureScores>, Vec<usize>), SelectionError> {
        let p_values: Vec<Option<f64>> = found.iter().map(|r| r.p_value).collect();
        let q = q_values(&p_values);
        let strongest = ranks(&found.iter().map(|r| r.information.raw).collect::<Vec<_>>());
        let mut confirmed = Vec::new();
        let heads = Heads::new(important, frequency);
        for (column, looked) in self
            .matrix
            .columns()
            .iter()
            .zip(self.screened)
            .enumerate()
            .map(|(at, (c, s))| ((at, c.name()), s))
        {
            let (at, name) = column;
            self.screen(&mut scores, name, looked)?;
            let Some(place) = self.kept.iter().position(|&kept| kept == at) else { continue };
            let id = self.cluster[place];
            let relevance = &found[place];
            let told = Score {
                p_value: relevance.p_value,
                q_value: q[place],
                n_eff: Some(relevance.n_eff),
                rank: Some(strongest[place]),
                cluster_id: Some(id),
                ..Score::default()
            };
            let Relevance { information, .. } = relevance;
            let clipped = Score { value: Some(information.nats), ..told.clone() };
            scores.push(name, "mutual_information", &clipped)?;
            let raw = Score { value: Some(information.raw), ..told };
            scores.push(name, "mutual_information_raw", &raw)?;
            let Some(head) = self.heads.iter().position(|&head| head == at) else { continue };
            let ranked = ranking.iter().zip(1..).find(|(pick, _)| pick.column == at);
            let ranked = Score {
                value: ranked.map(|(pick, _)| pick.score),
                rank: ranked.map(|(_, rank)| rank),
                cluster_id: Some(id),
                ..Score::default()
            };
            scores.push(name, self.settings.scheme.word(), &ranked)?;
            self.importance(
                &mut scores,
                name,
                id,
                &important[head],
                heads.q[head],
                heads.rank[head],
            )?;
            let often = Score {
                value: Some(frequency[head]),
                rank: Some(heads.often[head]),
                cluster_id: Some(id),
                ..Score::default()
            };
            scores.push(name, "stability", &often)?;
            let reason = self.doubt(&important[head], heads.q[head], frequency[head]);
            if reason.is_none() {
                confirmed.push(at);
            }
            let verdict = Score {
                value: Some(f64::from(u8::from(reason.is_none()))),
                cluster_id: Some(id),
                reason,
                ..Score::default()
            };
            scores.push(name, "confirmed", &verdict)?;
        }
        Ok((scores.finish()?, confirmed))
    }

    fn screen(
        &self,
        scores: &mut Scores,
        name: &str,
        looked: &Screened,
    ) -> Result<(), SelectionError> {
        let reason = looked.reason.map(super::DropReason::word);
        let drift = looked.drift.filter(|_| reason.is_none());
        let rows = (1.0 - looked.null_share) * self.sample.rows() as f64;
        let row = Score {
            value: drift.map(|d| d.statistic),
            p_value: drift.map(|d| d.p_value),
            n_eff: Some(rows),
            reason,
            ..Score::default()
        };
        scores.push(name, "screen", &row)
    }

    fn importance(
        &self,
        scores: &mut Scores,
        name: &str,
        cluster: u32,
        found: &Importance,
        q_value: Option<f64>,
        rank: u32,
    ) -> Result<(), SelectionError> {
        let whole = Score {
            value: Some(found.score),
            ci: Some((found.ci_low, found.ci_high)),
            p_value: found.p_value,
            q_value,
            n_eff: Some(found.n_eff),
            rank: Some(rank),
            cluster_id: Some(cluster),
            reason: None,
        };
        scores.push(name, "permutation", &whole)?;
        for (fold, &(score, n_eff)) in self.folds.iter().zip(&found.folds) {
            let from = fold.test.iter().map(|&row| self.sample.ts_from()[row]).min();
            let to = fold.test.iter().map(|&row| self.sample.ts_to()[row]).max();
            let row = Score {
                value: Some(score),
                n_eff: Some(n_eff),
                cluster_id: Some(cluster),
                ..Score::default()
            };
            let period = (from.unwrap_or(0), to.unwrap_or(0));
            scores.push_over(period, name, "permutation_fold", &row)?;
        }
        Ok(())
    }

    /// Why a representative is not confirmed.
    fn doubt(&self, found: &Importance, q: Option<f64>, frequency: f64) -> Option<&'static str> {
        if q.is_none_or(|q| q > self.settings.fdr) {
            Some("q_value")
        } else if found.ci_low <= 0.0 {
            Some("interval")
        } else if frequency < self.settings.min_frequency {
            Some("unstable")
        } else {
            None
        }
    }
}

/// q-values and ranks of the representatives.
struct Heads {
    q: Vec<Option<f64>>,
    rank: Vec<u32>,
    often: Vec<u32>,
}

impl Heads {
    fn new(important: &[Importance], frequency: &[f64]) -> Self {
        let p_values: Vec<Option<f64>> = important.iter().map(|i| i.p_value).collect();
        let scores: Vec<f64> = important.iter().map(|i| i.score).collect();
        Self { q: q_values(&p_values), rank: ranks(&scores), often: ranks(frequency) }
    }
}
