//! The leak certificate: what was checked on the finished files, and what came of it.

use crate::canonical::{Int, Sha256, to_canonical};
use contract::CertificateVerdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// It holds, on every row.
    Pass,
    /// It holds, and something should be looked at.
    Warn(String),
    /// It does not hold.
    Fail(String),
    /// The spec gave it up, by this key.
    Waived(String),
    /// It could not be checked.
    NotEvaluated(String),
}

impl Outcome {
    /// The word that a person reads.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn(_) => "warn",
            Self::Fail(_) => "fail",
            Self::Waived(_) => "waived",
            Self::NotEvaluated(_) => "not evaluated",
        }
    }

    /// What is behind the word.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Pass => "",
            Self::Warn(text) | Self::Fail(text) | Self::Waived(text) | Self::NotEvaluated(text) => {
                text
            }
        }
    }
}

/// One check of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    /// Its name: `availability sequence intervals groups identity maturity fitted columns causality labels too_good`.
    pub check: String,
    /// What it says, in one sentence.
    pub statement: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Rows, pairs, columns or parameters that were looked at, by what they are.
    pub compared: BTreeMap<String, Int>,
    /// Those that break it.
    pub violations: u64,
    /// The smallest margin, in nanoseconds, where there is one.
    pub margin_ns: Option<i64>,
    /// Ids of the first rows that break it, or of the row with the smallest margin: at most 8.
    pub rows: Vec<String>,
}

/// What the verifier found on the finished files of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Format of this document.
    pub format: u32,
    /// SHA-256 of the spec that it was held against.
    pub spec_hash: Sha256,
    /// Seed of the perturbations behind `causality`, where they were made.
    pub causality_seed: Option<Int>,
    /// Every check, in a fixed order.
    pub checks: Vec<CheckResult>,
}

impl Certificate {
    /// The check of this name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&CheckResult> {
        self.checks.iter().find(|check| check.check == name)
    }

    /// Names of checks that stand in the way of publication: failed ones, and those not evaluated unless allowed.
    pub fn refusals<'a>(
        &'a self,
        allow_not_evaluated: &'a [String],
    ) -> impl Iterator<Item = &'a CheckResult> {
        self.checks.iter().filter(move |check| match &check.outcome {
            Outcome::Fail(_) => true,
            Outcome::NotEvaluated(_) => !allow_not_evaluated.contains(&check.check),
            Outcome::Pass | Outcome::Warn(_) | Outcome::Waived(_) => false,
        })
    }

    /// Failed, waived in part, or passed.
    #[must_use]
    pub fn verdict(&self) -> CertificateVerdict {
        let has = |outcome: fn(&Outcome) -> bool| self.checks.iter().any(|c| outcome(&c.outcome));
        if has(|o| matches!(o, Outcome::Fail(_))) {
            CertificateVerdict::Failed
        } else if has(|o| matches!(o, Outcome::Waived(_) | Outcome::NotEvaluated(_))) {
            CertificateVerdict::Waived
        } else {
            CertificateVerdict::Passed
        }
    }

    /// `certificate.json`.
    ///
    /// # Errors
    /// None in practice: there is no float in it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        to_canonical(self)
    }
}
