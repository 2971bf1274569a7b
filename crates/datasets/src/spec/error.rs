//! Why a spec was refused.

use contract::{Diagnostic, Fault};

/// One mistake in a spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The text is no TOML.
    #[error("dataset spec: {message}")]
    Toml {
        /// What the parser says, with its place.
        message: String,
    },
    /// A key has a value of the wrong kind or range, or is missing.
    #[error("dataset spec, {place}: expected {expected}, found {found}")]
    Value {
        /// The key.
        place: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A key that nothing reads.
    #[error("dataset spec, {place}: unknown key `{key}`{near}")]
    UnknownKey {
        /// The table, or the top.
        place: String,
        /// The key.
        key: String,
        /// Nearest keys.
        near: String,
    },
    /// A word that is not in the closed set.
    #[error("dataset spec, {place}: unknown {what} `{word}`{near}")]
    UnknownWord {
        /// The key.
        place: String,
        /// What it names.
        what: &'static str,
        /// The word.
        word: String,
        /// Nearest words.
        near: String,
    },
}

impl Diagnostic for SpecError {
    fn code(&self) -> &'static str {
        match self {
            Self::Toml { .. } => "datasets/spec-toml",
            Self::Value { .. } => "datasets/spec-value",
            Self::UnknownKey { .. } => "datasets/spec-unknown-key",
            Self::UnknownWord { .. } => "datasets/spec-unknown-word",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// All mistakes in a spec; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecErrors(pub Vec<SpecError>);

impl std::fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SpecErrors {}

impl Diagnostic for SpecErrors {
    /// The code of the first mistake.
    fn code(&self) -> &'static str {
        self.0.first().map_or("datasets/spec-value", Diagnostic::code)
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// ` (is it ..?)` for the nearest of these names, or nothing.
pub(crate) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = contract::nearest(name, known);
    if near.is_empty() { String::new() } else { format!(" (is it `{}`?)", near.join("`, `")) }
}
