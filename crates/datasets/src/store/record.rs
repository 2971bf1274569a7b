//! Commit records: one line of history each, chained by hash.

use crate::canonical::{Instant, Sha256, to_canonical};
use contract::{CertificateVerdict, DatasetEventKind, EventId, Purpose, UtcNanos, Vocabulary as _};
use serde::{Deserialize, Serialize};

/// Who changes a store, when, why and with what: all that the library cannot and must not find out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFacts {
    /// When.
    pub ts: UtcNanos,
    /// Opaque token of who.
    pub actor: EventId,
    /// For what.
    pub purpose: Purpose,
    /// In words.
    pub note: Option<String>,
    /// Commit of the code.
    pub git_commit: Option<String>,
    /// Its compiler.
    pub rustc: Option<String>,
    /// The version that this one continues.
    pub parent: Option<u64>,
}

impl CommitFacts {
    /// Facts without a note, code or parent.
    #[must_use]
    pub fn new(ts: UtcNanos, actor: EventId, purpose: Purpose) -> Self {
        Self { ts, actor, purpose, note: None, git_commit: None, rustc: None, parent: None }
    }
}

/// A commit record: `log/<ordinal>.json`. A version exists if and only if its record does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitRecord {
    /// Format of this document.
    pub format: u32,
    /// Its number: from 1, without gaps. That of a publication is the number of the version.
    pub ordinal: u64,
    /// What happened.
    #[serde(with = "word")]
    pub kind: DatasetEventKind,
    /// The version that it happened to; its own number for a publication.
    pub version: u64,
    /// SHA-256 of that version's manifest.
    pub manifest: Sha256,
    /// Verdict of that version's certificate.
    #[serde(with = "word")]
    pub certificate: CertificateVerdict,
    /// The version that it continues.
    pub parent: Option<u64>,
    /// The reference that points to the version from now on.
    pub reference: Option<String>,
    /// When.
    pub ts: Instant,
    /// Opaque token of who did it.
    #[serde(with = "token")]
    pub actor: EventId,
    /// For what.
    pub purpose: String,
    /// In words; the reason of a withdrawal.
    pub note: Option<String>,
    /// Commit of the code.
    pub git_commit: Option<String>,
    /// Its compiler.
    pub rustc: Option<String>,
    /// SHA-256 of the record before; `None` for the first.
    pub previous: Option<Sha256>,
    /// SHA-256 of this text with `null` in this place, so that damage to the last record is found too.
    pub seal: Option<Sha256>,
}

impl CommitRecord {
    /// The text of the record, sealed.
    pub(super) fn sealed(mut self) -> Result<(Self, String), serde_json::Error> {
        self.seal = None;
        self.seal = Some(Sha256::of(to_canonical(&self)?.as_bytes()));
        let text = to_canonical(&self)?;
        Ok((self, text))
    }

    /// The word of its kind.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.kind.word()
    }
}

/// Closed sets of the contract, by their words.
mod word {
    use contract::Vocabulary;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<V: Vocabulary, S: Serializer>(
        value: &V,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value.word())
    }

    pub(super) fn deserialize<'de, V: Vocabulary, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<V, D::Error> {
        let text = String::deserialize(deserializer)?;
        V::from_word(&text)
            .ok_or_else(|| de::Error::custom(format!("expected one of {:?}", V::WORDS)))
    }
}

/// A token as hyphenated text.
mod token {
    use contract::EventId;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        value: &EventId,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<EventId, D::Error> {
        let text = String::deserialize(deserializer)?;
        EventId::parse(&text).map_err(de::Error::custom)
    }
}
