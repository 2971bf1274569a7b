//! How to select: limits, counts and levels.

use super::{Scheme, SelectionError};
use contract::Json;

/// Settings of a selection; each has a default.
///
/// ```
/// use features::selection::Settings;
/// let settings = Settings { keep: 10, ..Settings::default() };
/// assert_eq!((settings.k, settings.keep, settings.fdr), (3, 10, 0.02));
/// ```
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Largest share of null rows, default 0.5.
    pub max_null_share: f64,
    /// Largest share of one value among the rows that are not null, default 0.99.
    pub max_modal_share: f64,
    /// Largest Kolmogorov-Smirnov distance between first and last third, default 0.5.
    pub max_drift: f64,
    /// Rows that a feature, and a pair of features for a correlation, must have, default 200.
    pub min_rows: usize,
    /// Distance `1 - abs(rho)` up to which features are one cluster, default 0.1.
    pub cut: f64,
    /// Neighbours, default 3.
    pub k: usize,
    /// Most circular shifts for a p-value, default 1,999; 0 gives no p-value.
    pub shifts: u32,
    /// Ranking over all rows, default `Mid`. By mutual information it costs an estimate for each feature and each one kept.
    pub scheme: Scheme,
    /// Features that a ranking keeps, default 20.
    pub keep: usize,
    /// Scrambled predictions for each feature and fold, default 5.
    pub repeats: u32,
    /// Bootstrap replicates behind an interval, default 999.
    pub replicates: u32,
    /// Rows of a block; by default the cube root of the rows, at least twice the mean number of labels alive together.
    pub block_rows: Option<usize>,
    /// Level of intervals, default 0.95.
    pub level: f64,
    /// Pairs of halves, default 50.
    pub pairs: u32,
    /// Ranking within each half, default `Fcq`, because it is done `2 x pairs` times.
    pub half_scheme: Scheme,
    /// Share of the halves in which a confirmed feature is kept, default 0.6.
    pub min_frequency: f64,
    /// Largest q-value of a confirmed feature, default 0.02: at q the share of false ones is q on average over runs, and
    /// half of the runs are worse, so 0.05 would not keep it below 5 %.
    pub fdr: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_null_share: 0.5,
            max_modal_share: 0.99,
            max_drift: 0.5,
            min_rows: 200,
            cut: 0.1,
            k: 3,
            shifts: 1_999,
            scheme: Scheme::Mid,
            keep: 20,
            repeats: 5,
            replicates: 999,
            block_rows: None,
            level: 0.95,
            pairs: 50,
            half_scheme: Scheme::Fcq,
            min_frequency: 0.6,
            fdr: 0.02,
        }
    }
}

impl Settings {
    /// Refuses settings outside their range.
    ///
    /// # Errors
    /// [`SelectionError::Setting`] naming the first of them.
    pub fn check(&self) -> Result<(), SelectionError> {
        let shares = [
            ("max_null_share", self.max_null_share),
            ("max_modal_share", self.max_modal_share),
            ("max_drift", self.max_drift),
            ("cut", self.cut),
            ("min_frequency", self.min_frequency),
            ("fdr", self.fdr),
        ];
        for (key, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                let found = share.to_string();
                return Err(SelectionError::Setting { key, expected: "0 to 1", found });
            }
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            let (expected, found) = ("between 0 and 1", self.level.to_string());
            return Err(SelectionError::Setting { key: "level", expected, found });
        }
        let counts = [
            ("min_rows", self.min_rows),
            ("k", self.k),
            ("keep", self.keep),
            ("repeats", self.repeats as usize),
            ("pairs", self.pairs as usize),
            ("block_rows", self.block_rows.unwrap_or(1)),
        ];
        for (key, count) in counts {
            if count == 0 {
                let found = count.to_string();
                return Err(SelectionError::Setting { key, expected: "at least 1", found });
            }
        }
        if self.replicates < 2 {
            let (expected, found) = ("at least 2", self.replicates.to_string());
            return Err(SelectionError::Setting { key: "replicates", expected, found });
        }
        Ok(())
    }

    /// All settings as canonical JSON; ratios are text, the shortest that reads back.
    #[must_use]
    pub fn json(&self) -> Json {
        let ratio = |x: f64| Json::Text(x.to_string());
        let count = |n: usize| Json::from(n as u64);
        Json::object([
            ("max_null_share", ratio(self.max_null_share)),
            ("max_modal_share", ratio(self.max_modal_share)),
            ("max_drift", ratio(self.max_drift)),
            ("min_rows", count(self.min_rows)),
            ("cut", ratio(self.cut)),
            ("k", count(self.k)),
            ("shifts", Json::from(u64::from(self.shifts))),
            ("scheme", Json::Text(self.scheme.word().to_owned())),
            ("keep", count(self.keep)),
            ("repeats", Json::from(u64::from(self.repeats))),
            ("replicates", Json::from(u64::from(self.replicates))),
            ("block_rows", self.block_rows.map_or(Json::Null, count)),
            ("level", ratio(self.level)),
            ("pairs", Json::from(u64::from(self.pairs))),
            ("half_scheme", Json::Text(self.half_scheme.word().to_owned())),
            ("min_frequency", ratio(self.min_frequency)),
            ("fdr", ratio(self.fdr)),
        ])
    }
}
