//! How a person names a version.

use super::error::StoreError;
use contract::Name;
use std::fmt;

/// A version of a dataset, as a person names it.
///
/// ```
/// use datasets::{VersionAt, VersionRef};
/// assert_eq!(VersionRef::parse("entries@7")?.at, VersionAt::Ordinal(7));
/// assert_eq!(VersionRef::parse("entries@2d711642")?.at, VersionAt::Digits("2d711642".into()));
/// assert_eq!(VersionRef::parse("entries")?, VersionRef::parse("entries@latest")?);
/// assert_eq!(VersionRef::parse("entries@champion")?.to_string(), "entries@champion");
/// # Ok::<(), datasets::StoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRef {
    /// The dataset.
    pub name: Name,
    /// Which version of it.
    pub at: VersionAt,
}

/// Which version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionAt {
    /// The greatest that was published and not withdrawn.
    Latest,
    /// The one with this number.
    Ordinal(u64),
    /// The one whose manifest's SHA-256 starts with these digits: 8 to 64, lower case.
    Digits(String),
    /// The one that this name points to.
    Reference(Name),
}

impl VersionRef {
    /// Reads `NAME` (its latest), `NAME@7`, `NAME@latest`, `NAME@2d711642` (8 to 64 digits of the manifest's hash) or
    /// `NAME@champion` (a reference). At most seven decimal digits are a number, more are digits of a hash.
    ///
    /// # Errors
    /// [`StoreError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let refuse = || StoreError::Syntax { text: contract::excerpt(text.as_bytes()) };
        let (name, at) = text.split_once('@').unwrap_or((text, "latest"));
        let name = Name::parse(name).map_err(|_| refuse())?;
        Ok(Self { name, at: VersionAt::parse(at).ok_or_else(refuse)? })
    }

    /// The latest version of a dataset.
    #[must_use]
    pub const fn latest(name: Name) -> Self {
        Self { name, at: VersionAt::Latest }
    }

    /// The version of this number.
    #[must_use]
    pub const fn ordinal(name: Name, ordinal: u64) -> Self {
        Self { name, at: VersionAt::Ordinal(ordinal) }
    }
}

impl VersionAt {
    fn parse(text: &str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit());
        if text == "latest" {
            Some(Self::Latest)
        } else if is_number && text.len() <= 7 {
            text.parse().ok().map(Self::Ordinal)
        } else if is_hex && (8..=64).contains(&text.len()) {
            Some(Self::Digits(text.to_ascii_lowercase()))
        } else {
            Name::parse(text).ok().map(Self::Reference)
        }
    }

    /// Whether a name means a reference and nothing else.
    pub(super) fn is_reference(name: &Name) -> bool {
        matches!(Self::parse(name.as_str()), Some(Self::Reference(_)))
    }
}

impl fmt::Display for VersionAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Ordinal(ordinal) => ordinal.fmt(f),
            Self::Digits(digits) => f.write_str(digits),
            Self::Reference(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.at)
    }
}
