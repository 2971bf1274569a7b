//! Who reads stored data and why, and who may say no.

use crate::diagnostic::{Diagnostic, Fault};
use crate::unit::Hash;
use arrow_array::RecordBatch;
use std::fmt;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected 1 to 64 of a-z, 0-9, `_`, `-` and `.`, starting with a letter or digit, found `{0}`"
)]
pub struct NameError(String);

crate::diagnostic::input_error!(NameError { Self(_) => "contract/malformed-name" });

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks a name.
            ///
            /// # Errors
            /// [`NameError`] unless it is 1 to 64 of a-z, 0-9, `_`, `-` and `.`, starting with a letter or digit.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let first = text.as_bytes().first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                let rest = text.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.')
                });
                if first && rest && text.len() <= 64 {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError(crate::text::excerpt(text.as_bytes())))
                }
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
names! {
    /// Who reads: a service, a job, an opaque token of a person.
    Principal
    /// What the data is read for.
    Purpose
    /// Name of a log, archive or dataset.
    Name
    /// Name of a table.
    TableName
}

/// Who reads and why; every function that opens stored data takes one.
///
/// ```
/// use contract::{Principal, Purpose, ReadContext};
/// let ctx = ReadContext { principal: Principal::parse("trainer")?, purpose: Purpose::parse("research")? };
/// assert_eq!(ctx.purpose.as_str(), "research");
/// assert!(Principal::parse("Jane Doe").is_err()); // names of persons are no principals
/// # Ok::<(), contract::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadContext {
    /// Who.
    pub principal: Principal,
    /// Why.
    pub purpose: Purpose,
}

/// Kind of stored data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResourceKind {
    /// A capture log.
    Log,
    /// Its archive.
    Archive,
    /// A dataset.
    Dataset,
}

/// What is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Kind.
    pub kind: ResourceKind,
    /// Name.
    pub name: Name,
    /// Version of a dataset.
    pub version: Option<Hash>,
    /// Tables wanted; empty means all.
    pub tables: Vec<TableName>,
}

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Rows handed out.
    pub rows: u64,
    /// Bytes handed out.
    pub bytes: u64,
    /// False when the reader stopped early.
    pub is_complete: bool,
}

/// A refused read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{principal} may not read {kind:?} `{name}` for `{purpose}`: {reason}")]
pub struct Denied {
    /// Who asked.
    pub principal: Principal,
    /// For what.
    pub purpose: Purpose,
    /// Kind of data.
    pub kind: ResourceKind,
    /// Its name.
    pub name: Name,
    /// The policy's reason.
    pub reason: String,
}

impl Diagnostic for Denied {
    fn code(&self) -> &'static str {
        "contract/access-denied"
    }

    fn fault(&self) -> Fault {
        Fault::Gate
    }
}

/// Why a grant could not be applied to a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The batch has fewer columns than the grant was made for.
    #[error("grant: expected at least {expected} columns, found {found}")]
    Columns {
        /// Columns needed.
        expected: usize,
        /// Columns there.
        found: usize,
    },
}

crate::diagnostic::input_error!(GrantError { Self::Columns { .. } => "contract/grant-mismatch" });

/// A permission to read, given by a [`Gate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The gate's own number of this grant.
    pub id: u64,
    /// Why it was given.
    pub reason: String,
}

impl Grant {
    /// The part of a batch that may be seen. A grant of the first milestone is always of everything.
    ///
    /// # Errors
    /// [`GrantError`] when the batch is not of the shape that the grant was made for.
    pub fn apply(&self, batch: RecordBatch) -> Result<RecordBatch, GrantError> {
        Ok(batch)
    }
}

/// Decides who may open stored data. An option of opening a log or store, so that a caller cannot choose its own
/// judge.
pub trait Gate: Send + Sync + fmt::Debug {
    /// Grants or denies.
    ///
    /// # Errors
    /// [`Denied`] with the policy's reason.
    fn open(&self, ctx: &ReadContext, what: &Resource) -> Result<Grant, Denied>;

    /// Notes how a granted read ended.
    fn close(&self, grant: Grant, outcome: Outcome);
}

/// The gate of a process that works on its own data: grants all columns and rows, and records why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowLocal {
    /// Why everything is granted.
    pub reason: String,
}

impl Gate for AllowLocal {
    fn open(&self, _ctx: &ReadContext, _what: &Resource) -> Result<Grant, Denied> {
        Ok(Grant { id: 0, reason: self.reason.clone() })
    }

    fn close(&self, _grant: Grant, _outcome: Outcome) {}
}
