//! The claim file: what is claimed, written down before any result.

use super::arms::Arm;
use super::error::ClaimError;
use super::metric::Metric;
use contract::Hash;
use serde::Deserialize;

/// What is claimed, and how it is tried.
///
/// ```
/// let text = r#"
/// title = "grades of EURUSD decisions"
/// universe = "EURUSD, FXCM ticks, May 2014"
/// horizon = "5m"
/// target = "intraday.grade"
/// metrics = ["balanced_accuracy", "log_loss"]
/// raw_features = ["book__mid*", "book__*size*"]
/// [[model]]
/// name = "logistic"
/// penalty = 10.0
/// "#;
/// let claim = hindsight::ClaimSpec::parse(text)?;
/// assert_eq!((claim.folds, claim.metrics.len(), claim.arms.len()), (5, 2, 7));
/// # Ok::<(), hindsight::ClaimError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimSpec {
    /// The claim in words.
    pub title: String,
    /// Instruments, venues and time in words.
    pub universe: String,
    /// The horizon in words.
    pub horizon: String,
    /// The target; its column is `label__<target>`, and it has classes.
    pub target: String,
    /// Measures; the pass rule is about the first.
    pub metrics: Vec<Metric>,
    /// Models.
    #[serde(rename = "model")]
    pub models: Vec<ClaimModel>,
    /// Arms beside the baseline; all of them by default.
    #[serde(default = "all_arms")]
    pub arms: Vec<Arm>,
    /// Names of features that anyone has who captures prices: last price, sizes, simple returns. `*` stands for any
    /// text.
    #[serde(default)]
    pub raw_features: Vec<String>,
    /// Blocks that are held out, one after another. Default 5.
    #[serde(default = "five")]
    pub folds: usize,
    /// How a class is decided on in `balanced_accuracy` and `macro_f1`, for all arms alike.
    #[serde(default)]
    pub decide: Decide,
    /// Learners below this score are left out of all arms but `no_quality`.
    #[serde(default)]
    pub min_quality: Option<f64>,
    /// Relative gain that the point estimate must exceed, above 0. Default 0.05.
    #[serde(default = "five_percent")]
    pub min_gain: f64,
    /// Draws of the bootstrap. Default 2000.
    #[serde(default = "two_thousand")]
    pub replicates: u32,
    /// Seed of all draws. Default 7.
    #[serde(default = "seven")]
    pub seed: u64,
}

/// A model with its fixed parameters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimModel {
    /// `logistic`: the one there is.
    pub name: ModelName,
    /// Of half the squared coefficients, beside the sum of the losses. Default 1.
    #[serde(default = "one")]
    pub penalty: f64,
}

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelName {
    /// [`Logistic`](super::Logistic).
    Logistic,
}

/// How a class is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decide {
    /// The likeliest class.
    #[default]
    Likeliest,
    /// The class whose probability exceeds its share among the learners by the largest factor.
    Balanced,
}

impl ClaimSpec {
    /// Reads a claim file.
    ///
    /// # Errors
    /// [`ClaimError::Syntax`] and [`ClaimError::Value`].
    pub fn parse(text: &str) -> Result<Self, ClaimError> {
        let claim: Self = toml::from_str(text).map_err(ClaimError::Syntax)?;
        let refuse = |key: &'static str, expected: &'static str, found: String| {
            Err(ClaimError::Value { key, expected, found })
        };
        if claim.metrics.is_empty() {
            return refuse("metrics", "at least one", "none".to_owned());
        }
        if claim.models.is_empty() {
            return refuse("model", "at least one", "none".to_owned());
        }
        if let Some(model) = claim.models.iter().find(|m| !(m.penalty > 0.0 && m.penalty < 1e12)) {
            return refuse("penalty", "a number in (0, 1e12)", model.penalty.to_string());
        }
        if claim.folds == 0 || claim.folds > 100 {
            return refuse("folds", "1 to 100", claim.folds.to_string());
        }
        if claim.replicates < 100 || claim.replicates > 1_000_000 {
            return refuse("replicates", "100 to 1000000", claim.replicates.to_string());
        }
        if !(claim.min_gain > 0.0 && claim.min_gain < 1.0) {
            return refuse("min_gain", "a number in (0, 1)", claim.min_gain.to_string());
        }
        if !claim.arms.contains(&Arm::Ours) {
            return refuse("arms", "`ours` among them", format!("{:?}", claim.arms));
        }
        Ok(claim)
    }

    /// The hash that registers a claim: SHA-256 of the bytes of its file, as `sha256sum` prints it.
    #[must_use]
    pub fn hash(text: &str) -> Hash {
        Hash::of(text.as_bytes())
    }

    /// Whether a feature is one of the raw ones.
    pub(super) fn is_raw(&self, feature: &str) -> bool {
        self.raw_features.iter().any(|pattern| matches(pattern.as_bytes(), feature.as_bytes()))
    }
}

impl ModelName {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
        }
    }
}

/// Whether a text has the form of a pattern whose `*` stands for any text.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text) || text.split_first().is_some_and(|(_, t)| matches(pattern, t))
        }
        (Some((p, rest)), Some((t, text))) => p == t && matches(rest, text),
        _ => false,
    }
}

fn all_arms() -> Vec<Arm> {
    Arm::CLAIMED.to_vec()
}

const fn five() -> usize {
    5
}

const fn five_percent() -> f64 {
    0.05
}

const fn two_thousand() -> u32 {
    2_000
}

const fn seven() -> u64 {
    7
}

const fn one() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title = \"t\"\nuniverse = \"u\"\nhorizon = \"5m\"\ntarget = \"g\"\n";
    const MODEL: &str = "[[model]]\nname = \"logistic\"\n";

    #[track_caller]
    fn check(middle: &str, expected: &str) {
        let found = ClaimSpec::parse(&format!("{HEAD}{middle}\n{MODEL}"));
        let text = found.map_or_else(|error| error.to_string(), |_| "fine".to_owned());
        assert!(text.starts_with(expected), "{middle}: {text}");
    }

    #[test]
    fn keys_that_are_unknown_or_out_of_range_are_refused_by_name() {
        check("metrics = [\"log_loss\"]", "fine");
        check("metrics = []", "metrics: expected at least one");
        check("metrics = [\"log_loss\"]\nfolds = 0", "folds: expected 1 to 100, found 0");
        check("metrics = [\"log_loss\"]\nreplicates = 5", "replicates: expected 100 to 1000000");
        check("metrics = [\"log_loss\"]\nmin_gain = 1.5", "min_gain: expected a number in (0, 1)");
        check("metrics = [\"log_loss\"]\nmin_gain = 0.0", "min_gain: expected a number in (0, 1)");
        check("metrics = [\"log_loss\"]\nmin_gain = nan", "min_gain: expected a number in (0, 1)");
        check("metrics = [\"log_loss\"]\narms = [\"leaky\"]", "arms: expected `ours` among them");
        check("metrics = [\"log_loss\"]\nfoldz = 3", "expected a claim file");
        check("metrics = [\"auc\"]", "expected a claim file");
    }

    #[test]
    fn star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("book__*", "book__mid__x", true),
            ("*__1m", "flow__imb__1m", true),
            ("*__1m", "flow__imb__10m", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXcYb", false),
            ("*", "", true),
            ("mid", "mid", true),
            ("mid", "midi", false),
        ] {
            let found = matches(pattern.as_bytes(), text.as_bytes());
            assert_eq!(found, expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        // printf 'abc' | sha256sum
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(ClaimSpec::hash("abc").to_string(), expected);
    }
}
