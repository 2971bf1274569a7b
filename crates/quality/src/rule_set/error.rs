//! Why a rule set was refused.

use contract::{Diagnostic, Fault};

/// Why a rule set was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The text is no TOML.
    #[error("rules: {message}")]
    Toml {
        /// What the parser says, with its place.
        message: String,
    },
    /// A key has a value of the wrong kind or range, or is missing.
    #[error("rules, {place}: expected {expected}, found {found}")]
    Value {
        /// Check and key.
        place: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A key that nothing reads.
    #[error("rules, {place}: unknown key `{key}`{near}")]
    UnknownKey {
        /// The check, or the top.
        place: String,
        /// The key.
        key: String,
        /// Nearest keys.
        near: String,
    },
    /// A kind of check that does not exist.
    #[error("rules, {place}: unknown kind `{kind}`{near}")]
    UnknownKind {
        /// The check.
        place: String,
        /// What it says.
        kind: String,
        /// Nearest kinds.
        near: String,
    },
    /// A table that the contract does not have, or a column that the table does not have.
    #[error("rules, {place}: no {what} `{name}`{near}")]
    Unknown {
        /// Where.
        place: String,
        /// Table or column.
        what: &'static str,
        /// What it says.
        name: String,
        /// Nearest names.
        near: String,
    },
    /// Two checks have one id.
    #[error("rules: two rules are called `{id}`")]
    SameId {
        /// The id.
        id: String,
    },
    /// No check, or more than flags can tell apart.
    #[error("rules: expected 1 to {} checks, found {found}", super::RuleSet::MAX_CHECKS)]
    Checks {
        /// Number of checks.
        found: usize,
    },
}

impl RuleError {
    pub(super) fn no_built_in(table: &str) -> Self {
        let known = super::RuleSet::built_in_tables();
        Self::Unknown {
            place: "built-in rules".to_owned(),
            what: "table",
            name: table.to_owned(),
            near: near(table, known),
        }
    }
}

/// ` (is it ..?)` for the nearest of these names, or nothing.
pub(super) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = contract::nearest(name, known);
    if near.is_empty() { String::new() } else { format!(" (is it `{}`?)", near.join("`, `")) }
}

impl Diagnostic for RuleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Toml { .. } => "quality/rules-toml",
            Self::Value { .. } => "quality/rules-value",
            Self::UnknownKey { .. } => "quality/rules-unknown-key",
            Self::UnknownKind { .. } => "quality/rules-unknown-kind",
            Self::Unknown { .. } => "quality/rules-unknown-name",
            Self::SameId { .. } => "quality/rules-same-id",
            Self::Checks { .. } => "quality/rules-checks",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
