//! What can be wrong with a configuration.

use contract::{Diagnostic, Fault};

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is no TOML.
    #[error("expected TOML, found {reason}")]
    Syntax {
        /// What the parser says.
        reason: String,
    },
    /// The file is no UTF-8 text.
    #[error("{file}: expected UTF-8 text, found other bytes")]
    NotText {
        /// The file.
        file: String,
    },
    /// A key that does not exist.
    #[error("no key `{found}`{near}")]
    UnknownKey {
        /// The key.
        found: String,
        /// Nearest keys, as a clause.
        near: String,
    },
    /// A variable that stands for no key.
    #[error("the environment variable {found} stands for no key{near}")]
    UnknownVariable {
        /// The variable.
        found: String,
        /// Nearest variables, as a clause.
        near: String,
    },
    /// A value of another type or outside its range.
    #[error("{key}: expected {expected}, found `{found}`")]
    BadValue {
        /// The key.
        key: &'static str,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A result key in the environment or the user's file.
    #[error(
        "{key} changes results, so it must stand in the project's file or in a flag; found it in {layer}"
    )]
    ResultKeyOutsideProject {
        /// The key.
        key: &'static str,
        /// Where it was found.
        layer: String,
    },
    /// `--set` without a key or `=`.
    #[error("--set: expected KEY=VALUE, found `{found}`")]
    SetSyntax {
        /// What was found.
        found: String,
    },
}

impl Diagnostic for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "config/syntax",
            Self::NotText { .. } => "config/not-text",
            Self::UnknownKey { .. } => "config/unknown-key",
            Self::UnknownVariable { .. } => "config/unknown-variable",
            Self::BadValue { .. } => "config/bad-value",
            Self::ResultKeyOutsideProject { .. } => "config/result-key-outside-project",
            Self::SetSyntax { .. } => "config/set-syntax",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { .. } | Self::UnknownVariable { .. } => {
                Some("`hindsight config show` prints every key".to_owned())
            }
            Self::ResultKeyOutsideProject { key, .. } => Some(format!(
                "move it to hindsight.toml, or give it for this run: `--set {key}=VALUE`"
            )),
            _ => None,
        }
    }
}
