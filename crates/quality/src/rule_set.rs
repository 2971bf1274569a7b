//! What is checked in a table, and how the answers become a score: versioned, hashed, written as TOML.

mod defaults;
mod error;
mod read;

pub use error::RuleError;

use crate::dimension::Dimension;
use crate::kinds::{Action, KindSpec, Param, ParamType, Params};
use contract::{Hash, Json, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Checks of one table, weights and gate.
///
/// - **Identity:** [`RuleSet::hash`] covers everything that can change an answer; a comment, a default that is written out
///   or another order of keys does not.
///
/// ```
/// use quality::RuleSet;
///
/// let rules = RuleSet::parse(
///     r#"
///     name = "fx"
///     version = 1
///     table = "quotes"
///
///     [[check]]
///     id = "quotes.crossed"
///     kind = "crossed"
///     max_rates = { 12 = 0.15 }   # this broker is crossed one tick in ten, and means it
///     "#,
/// )?;
/// assert_eq!(rules.checks().len(), 1);
/// assert_eq!(rules.checks()[0].max_rate(12), 0.15);
/// let typo = RuleSet::parse("name = \"x\"\nversion = 1\ntable = \"quotes\"\n[[check]]\nid = \"a\"\nkind = \"crosed\"");
/// assert!(typo.unwrap_err().to_string().contains("crossed"));
/// # Ok::<(), quality::RuleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    name: String,
    version: u16,
    table: String,
    checks: Vec<CheckSpec>,
    repairs: Vec<RepairSpec>,
    weights: Weights,
    gate: Gate,
    hash: Hash,
}

impl RuleSet {
    /// Most checks of one table: a row's flags are up to eight words of 64.
    pub const MAX_CHECKS: usize = 512;

    /// Reads a rule set.
    ///
    /// # Errors
    /// [`RuleError`] with the check, the key, what was expected and what was found.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        read::rule_set(text)
    }

    /// The rules that come with Hindsight for a table, if there are any.
    ///
    /// # Errors
    /// Never for the tables of [`RuleSet::built_in_tables`].
    pub fn built_in(table: &str) -> Result<Self, RuleError> {
        let text = defaults::of(table).ok_or_else(|| RuleError::no_built_in(table))?;
        Self::parse(text)
    }

    /// The text of the rules that come with Hindsight for a table, to start one's own from.
    #[must_use]
    pub fn built_in_text(table: &str) -> Option<&'static str> {
        defaults::of(table)
    }

    /// Tables that have rules of ours.
    pub fn built_in_tables() -> impl Iterator<Item = &'static str> {
        defaults::TABLES.iter().map(|(name, _)| *name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The table that it is for.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The checks, in order: the place of a check is its bit in a row's flags.
    #[must_use]
    pub fn checks(&self) -> &[CheckSpec] {
        &self.checks
    }

    /// The lossless repairs that are declared.
    #[must_use]
    pub fn repairs(&self) -> &[RepairSpec] {
        &self.repairs
    }

    /// Weights of dimensions and severities.
    #[must_use]
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// What a table must reach.
    #[must_use]
    pub const fn gate(&self) -> Gate {
        self.gate
    }

    /// SHA-256 of the canonical JSON.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The rules as canonical JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let checks = self.checks.iter().map(CheckSpec::to_json).collect();
        Json::object([
            ("name", Json::from(self.name.as_str())),
            ("version", Json::from(u64::from(self.version))),
            ("table", Json::from(self.table.as_str())),
            ("checks", Json::Array(checks)),
            ("repairs", Json::Array(self.repairs.iter().map(RepairSpec::to_json).collect())),
            ("weights", self.weights.to_json()),
            ("gate", self.gate.to_json()),
        ])
    }
}

/// One rule: a kind with its parameters.
#[derive(Debug, Clone)]
pub struct CheckSpec {
    id: String,
    version: u16,
    kind: &'static KindSpec,
    severity: Severity,
    dimension: Dimension,
    action: Action,
    max_rate: f64,
    max_rates: BTreeMap<u16, f64>,
    pub(crate) params: Params,
}

impl PartialEq for CheckSpec {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

impl CheckSpec {
    /// Its id, unique in the rule set.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static KindSpec {
        self.kind
    }

    /// How bad a violation is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The dimension in which it counts.
    #[must_use]
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// What a violation does to its row.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The columns that its parameters name, in the order of the kind's parameters.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let kinds = self.kind.params.iter();
        let named = kinds.filter(|p| matches!(p.ty, ParamType::Column | ParamType::Columns));
        named
            .flat_map(|p| match self.params.0.get(p.name) {
                Some(Param::Text(name)) => std::slice::from_ref(name),
                Some(Param::Texts(names)) => names.as_slice(),
                _ => &[],
            })
            .map(String::as_str)
    }

    /// Share of violations that is normal for a source.
    #[must_use]
    pub fn max_rate(&self, source: u16) -> f64 {
        self.max_rates.get(&source).copied().unwrap_or(self.max_rate)
    }

    fn to_json(&self) -> Json {
        let params = self.params.0.iter().map(|(name, value)| (name.as_str(), value.to_json()));
        let rates = self.max_rates.iter().map(|(s, r)| (s.to_string(), Json::from(r.to_string())));
        Json::object([
            ("id", Json::from(self.id.as_str())),
            ("version", Json::from(u64::from(self.version))),
            ("kind", Json::from(self.kind.name)),
            ("severity", Json::from(contract::Vocabulary::word(self.severity))),
            ("dimension", Json::from(self.dimension.word())),
            ("action", Json::from(self.action.word())),
            ("max_rate", Json::from(self.max_rate.to_string())),
            ("max_rates", Json::object(rates)),
            ("params", Json::object(params)),
        ])
    }
}

/// A value that a source writes for "nothing": it becomes null, before any check looks at it.
///
/// Nothing is lost: what stood there is in the table `repairs`, and the row is flagged `REPAIRED`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairSpec {
    /// Its id, unique in the rule set.
    pub id: String,
    /// Nullable columns of numbers in which this source writes 0 for nothing.
    pub zero_is_null: Vec<String>,
    /// The sources that do; none named: all.
    pub sources: BTreeSet<u16>,
}

impl RepairSpec {
    /// Whether it is for rows of a source.
    #[must_use]
    pub fn is_for(&self, source: u16) -> bool {
        self.sources.is_empty() || self.sources.contains(&source)
    }

    fn to_json(&self) -> Json {
        let columns = self.zero_is_null.iter().map(|c| Json::from(c.as_str())).collect();
        let sources = self.sources.iter().map(|s| Json::from(u64::from(*s))).collect();
        Json::object([
            ("id", Json::from(self.id.as_str())),
            ("zero_is_null", Json::Array(columns)),
            ("sources", Json::Array(sources)),
        ])
    }
}

/// How much each dimension and severity counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    dimensions: [f64; 6],
    severities: [f64; 4],
}

impl Default for Weights {
    /// Completeness, validity and consistency .20, timeliness and accuracy .15, uniqueness .10; Info 0, Warn .25, Error and
    /// Critical 1.
    fn default() -> Self {
        Self { dimensions: [0.20, 0.20, 0.20, 0.15, 0.15, 0.10], severities: [0.0, 0.25, 1.0, 1.0] }
    }
}

impl Weights {
    /// Weight of a dimension; those of all sum to 1.
    #[must_use]
    pub fn dimension(&self, dimension: Dimension) -> f64 {
        self.dimensions.get(dimension as usize).copied().unwrap_or(0.0)
    }

    /// Weight of a severity, 0 to 1.
    #[must_use]
    pub fn severity(&self, severity: Severity) -> f64 {
        let at = match severity {
            Severity::Info => 0,
            Severity::Warn => 1,
            Severity::Error => 2,
            Severity::Critical => 3,
        };
        self.severities.get(at).copied().unwrap_or(1.0)
    }

    fn to_json(&self) -> Json {
        let texts = |numbers: &[f64]| {
            Json::Array(numbers.iter().map(|x| Json::from(x.to_string())).collect())
        };
        Json::object([
            ("dimensions", texts(&self.dimensions)),
            ("severities", texts(&self.severities)),
        ])
    }
}

/// What a table must reach to be used; all three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Lowest score, 0 to 100.
    pub score: f64,
    /// Lowest `score_low`, 0 to 100.
    pub score_low: f64,
    /// Lowest coverage, 0 to 1.
    pub coverage: f64,
}

impl Default for Gate {
    fn default() -> Self {
        Self { score: 95.0, score_low: 90.0, coverage: 0.95 }
    }
}

impl Gate {
    fn to_json(self) -> Json {
        Json::object([
            ("score", Json::from(self.score.to_string())),
            ("score_low", Json::from(self.score_low.to_string())),
            ("coverage", Json::from(self.coverage.to_string())),
        ])
    }
}
