//! Rows of the table `feature_scores`.

use super::{Sample, SelectionError};
use contract::{BuildError, Draft, FeatureScores, Hash, TableBuilder, UtcNanos};

/// One row before it has a feature.
#[derive(Debug, Clone, Default)]
pub(super) struct Score {
    pub(super) value: Option<f64>,
    pub(super) ci: Option<(f64, f64)>,
    pub(super) p_value: Option<f64>,
    pub(super) q_value: Option<f64>,
    pub(super) n_eff: Option<f64>,
    pub(super) rank: Option<u32>,
    pub(super) cluster_id: Option<u32>,
    pub(super) reason: Option<&'static str>,
}

/// The table as it grows.
pub(super) struct Scores {
    rows: TableBuilder<FeatureScores>,
    period: (i64, i64),
    spec_hash: Hash,
    seed: u64,
}

impl Scores {
    pub(super) fn new(sample: &Sample, spec_hash: Hash, seed: u64) -> Self {
        let period = sample.period();
        let rows = TableBuilder::new(UtcNanos::from_nanos(period.1));
        Self { rows, period, spec_hash, seed }
    }

    /// A row about all rows of the sample.
    pub(super) fn push(
        &mut self,
        feature: &str,
        method: &str,
        score: &Score,
    ) -> Result<(), SelectionError> {
        self.push_over(self.period, feature, method, score)
    }

    /// A row about a period.
    pub(super) fn push_over(
        &mut self,
        (from, to): (i64, i64),
        feature: &str,
        method: &str,
        score: &Score,
    ) -> Result<(), SelectionError> {
        self.rows
            .set(&FeatureScores::FEATURE, feature)
            .set(&FeatureScores::METHOD, method)
            .set(&FeatureScores::TS_FROM, UtcNanos::from_nanos(from))
            .set(&FeatureScores::TS_TO, UtcNanos::from_nanos(to))
            .set(&FeatureScores::SCORE, score.value)
            .set(&FeatureScores::CI_LOW, score.ci.map(|(low, _)| low))
            .set(&FeatureScores::CI_HIGH, score.ci.map(|(_, high)| high))
            .set(&FeatureScores::P_VALUE, score.p_value)
            .set(&FeatureScores::Q_VALUE, score.q_value)
            .set(&FeatureScores::N_EFF, score.n_eff)
            .set(&FeatureScores::RANK, score.rank)
            .set(&FeatureScores::CLUSTER_ID, score.cluster_id)
            .set(&FeatureScores::REASON, score.reason)
            .set(&FeatureScores::SPEC_HASH, self.spec_hash)
            .set(&FeatureScores::SEED, self.seed)
            .end_row()
            .map_err(SelectionError::Table)
    }

    pub(super) fn finish(mut self) -> Result<Draft<FeatureScores>, SelectionError> {
        self.rows.finish().map_err(|error: BuildError| SelectionError::Table(error))
    }
}

/// Ranks from 1 for the largest score; ties go to the first.
pub(super) fn ranks(scores: &[f64]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let mut out = vec![0; scores.len()];
    for (rank, at) in (1..).zip(order) {
        out[at] = rank;
    }
    out
}
