//! The measures of a difference.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an effect size is: a number without its name and bins is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Population stability index on the reference's deciles; an empty bin counts 0.5.
    PsiRefDeciles,
    /// Greatest difference of the empirical distribution functions.
    Ks,
    /// The same at the edges of `ref256` only: a lower bound, beside its resolution.
    #[serde(rename = "ks_ref256")]
    KsRef256,
    /// Wasserstein-1 in standard deviations of the reference; the statistic is in the column's unit.
    #[serde(rename = "w1_sd")]
    W1Sd,
    /// The same with each value at the mean of its bin's reference values.
    #[serde(rename = "w1_sd_ref256")]
    W1SdRef256,
    /// Jensen-Shannon distance on the reference's deciles.
    JsRefDeciles,
    /// Hellinger distance on the reference's deciles.
    HellingerRefDeciles,
    /// Difference of the shares of nulls; the statistic has a sign.
    NullRate,
    /// Difference of the shares of NaN and infinities; the statistic has a sign.
    NonFiniteRate,
    /// Cramer's V; the statistic is chi-square of homogeneity.
    CramersV,
    /// `G / 2n`, what a category tells of its side, in nats; the statistic is G.
    MutualInformation,
    /// Greatest difference of a category's share.
    LInfinity,
    /// Jensen-Shannon distance on categories.
    JsCategories,
    /// Share of current rows whose category the reference does not have.
    UnseenShare,
    /// Mahalanobis distance of the means; the statistic is Hotelling's T-square.
    Mahalanobis,
    /// Greatest absolute change of a correlation; the statistic has its sign.
    PearsonChange,
}

impl Effect {
    /// Those that can speak for a numeric column.
    pub(super) const NUMERIC: [Self; 7] = [
        Self::PsiRefDeciles,
        Self::Ks,
        Self::KsRef256,
        Self::W1Sd,
        Self::W1SdRef256,
        Self::JsRefDeciles,
        Self::HellingerRefDeciles,
    ];
    /// Those that can speak for a categorical column.
    pub(super) const CATEGORICAL: [Self; 5] = [
        Self::CramersV,
        Self::MutualInformation,
        Self::LInfinity,
        Self::JsCategories,
        Self::UnseenShare,
    ];

    /// Its word in `effect_name` of `quality_events`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PsiRefDeciles => "psi_ref_deciles",
            Self::Ks => "ks",
            Self::KsRef256 => "ks_ref256",
            Self::W1Sd => "w1_sd",
            Self::W1SdRef256 => "w1_sd_ref256",
            Self::JsRefDeciles => "js_ref_deciles",
            Self::HellingerRefDeciles => "hellinger_ref_deciles",
            Self::NullRate => "null_rate",
            Self::NonFiniteRate => "non_finite_rate",
            Self::CramersV => "cramers_v",
            Self::MutualInformation => "mutual_information",
            Self::LInfinity => "l_infinity",
            Self::JsCategories => "js_categories",
            Self::UnseenShare => "unseen_share",
            Self::Mahalanobis => "mahalanobis",
            Self::PearsonChange => "pearson_change",
        }
    }

    /// The bins that it is computed on; the whole sample when absent.
    #[must_use]
    pub const fn binning(self) -> Option<&'static str> {
        match self {
            Self::PsiRefDeciles | Self::JsRefDeciles | Self::HellingerRefDeciles => {
                Some("ref_deciles")
            }
            Self::KsRef256 | Self::W1SdRef256 => Some("ref256"),
            Self::CramersV
            | Self::MutualInformation
            | Self::LInfinity
            | Self::JsCategories
            | Self::UnseenShare => Some("categories"),
            _ => None,
        }
    }

    /// The least effect that matters when nothing else is configured.
    #[must_use]
    pub const fn minimum(self) -> f64 {
        match self {
            Self::Mahalanobis => 0.25,
            Self::NullRate | Self::LInfinity => 0.05,
            Self::NonFiniteRate | Self::UnseenShare => 0.01,
            Self::MutualInformation => 0.005,
            _ => 0.1,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}
