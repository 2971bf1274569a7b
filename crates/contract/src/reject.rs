//! Rows that could not be used, with the reason.

use crate::rule::Breach;
use crate::unit::Hash;
use crate::words::{PayloadFormat, Severity};
use std::fmt;

/// Where a batch came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The stage that looks at it.
    pub stage: String,
    /// File or batch.
    pub input: String,
    /// Position of the batch's first row in the input.
    pub first_row: u64,
}

impl Origin {
    /// The start of an input.
    #[must_use]
    pub fn new(stage: impl Into<String>, input: impl Into<String>) -> Self {
        Self { stage: stage.into(), input: input.into(), first_row: 0 }
    }

    /// The same input from a later row on.
    #[must_use]
    pub fn at(&self, first_row: u64) -> Self {
        Self { first_row, ..self.clone() }
    }
}

/// A row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reject {
    /// The stage that refused it.
    pub stage: String,
    /// The table it was meant for.
    pub table: String,
    /// `<crate>/<kebab-case>`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// File or batch.
    pub input: String,
    /// Row in the input, from 0; a line of text counts from 1.
    pub position: u64,
    /// Durable order, if the row had one.
    pub seq: Option<u64>,
    /// Source, if known.
    pub source_id: Option<u16>,
    /// Availability in nanoseconds, if known.
    pub ts_avail_ns: Option<i64>,
    /// The column.
    pub column: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found.
    pub observed: Option<String>,
    /// The check of a rule set that it broke, with its version and the hash of the rules.
    pub check: Option<(String, u16, Hash)>,
    /// How many further rules the row breaks.
    pub more: u16,
    /// The row itself, at most 64 KiB.
    pub payload: Option<Vec<u8>>,
    /// How to read the payload.
    pub payload_format: Option<PayloadFormat>,
}

impl Reject {
    /// Most bytes of a payload.
    pub const MAX_PAYLOAD: usize = 64 * 1024;

    /// A reject of the row or line at a position.
    ///
    /// `code` is `<crate>/<kebab-case>`.
    #[must_use]
    pub fn new(
        origin: &Origin,
        table: impl Into<String>,
        position: u64,
        code: impl Into<String>,
    ) -> Self {
        Self {
            stage: origin.stage.clone(),
            table: table.into(),
            code: code.into(),
            severity: Severity::Error,
            input: origin.input.clone(),
            position: origin.first_row.saturating_add(position),
            seq: None,
            source_id: None,
            ts_avail_ns: None,
            column: None,
            expected: None,
            observed: None,
            check: None,
            more: 0,
            payload: None,
            payload_format: None,
        }
    }

    pub(crate) fn from_breach(origin: &Origin, table: &str, breach: Breach) -> Self {
        let position = u64::try_from(breach.row).unwrap_or(u64::MAX);
        let mut reject = Self::new(origin, table, position, format!("contract/{}", breach.code));
        reject.column = Some(breach.column);
        reject.expected = Some(breach.expected);
        reject.observed = Some(breach.observed);
        reject.more = breach.more;
        reject
    }

    /// The same reject about a column, with what was expected and found; both are cut to 256 bytes.
    #[must_use]
    pub fn about(
        mut self,
        column: impl Into<String>,
        expected: impl AsRef<[u8]>,
        observed: impl AsRef<[u8]>,
    ) -> Self {
        self.column = Some(column.into());
        self.expected = Some(crate::text::excerpt(expected.as_ref()));
        self.observed = Some(crate::text::excerpt(observed.as_ref()));
        self
    }

    /// The same reject by a check of a rule set.
    #[must_use]
    pub fn by_check(mut self, id: impl Into<String>, version: u16, rules: Hash) -> Self {
        self.check = Some((id.into(), version, rules));
        self
    }

    /// The same reject with the original bytes, cut to 64 KiB.
    #[must_use]
    pub fn with_raw(mut self, bytes: &[u8]) -> Self {
        self.payload = Some(bytes.get(..Self::MAX_PAYLOAD).unwrap_or(bytes).to_vec());
        self.payload_format = Some(PayloadFormat::Raw);
        self
    }

    /// The same reject with the row as an Arrow IPC stream, if it is at most 64 KiB.
    #[must_use]
    pub fn with_ipc(mut self, bytes: Vec<u8>) -> Self {
        if bytes.len() <= Self::MAX_PAYLOAD {
            self.payload = Some(bytes);
            self.payload_format = Some(PayloadFormat::ArrowIpc);
        }
        self
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}: {}", self.input, self.position, self.table)?;
        if let Some(column) = &self.column {
            write!(f, ".{column}")?;
        }
        if let (Some(expected), Some(observed)) = (&self.expected, &self.observed) {
            write!(f, ": expected {expected}, found `{observed}`")?;
        }
        write!(f, " ({})", self.code)
    }
}

#[cfg(feature = "digest")]
mod table {
    use super::Reject;
    use crate::builder::BuildError;
    use crate::unit::{EventId, Hash, SourceId, UtcNanos};
    use crate::{Draft, Rejects, TableBuilder};

    impl Reject {
        /// The id of the reject: UUIDv8 from the SHA-256 of stage, input, position and code, so that a rerun
        /// repeats it.
        #[must_use]
        pub fn id(&self) -> EventId {
            let position = self.position.to_string();
            let name =
                [self.stage.as_str(), self.input.as_str(), position.as_str(), self.code.as_str()];
            EventId::v8(&Hash::of(name.join("\0").as_bytes()))
        }
    }

    /// The rejects as rows of the table `rejects`.
    ///
    /// # Errors
    /// [`BuildError`] when their texts exceed what one batch holds.
    pub fn rejects_table<'a>(
        rejects: impl IntoIterator<Item = &'a Reject>,
    ) -> Result<Draft<Rejects>, BuildError> {
        let mut rows = TableBuilder::<Rejects>::new(UtcNanos::from_nanos(0));
        for reject in rejects {
            rows.set(&Rejects::REJECT_ID, reject.id())
                .set(&Rejects::STAGE, reject.stage.as_str())
                .set(&Rejects::TABLE_NAME, reject.table.as_str())
                .set(&Rejects::CODE, reject.code.as_str())
                .set(&Rejects::SEVERITY, reject.severity)
                .set(&Rejects::INPUT, reject.input.as_str())
                .set(&Rejects::POSITION, reject.position)
                .set(&Rejects::SEQ, reject.seq)
                .set(&Rejects::SOURCE_ID, reject.source_id.map(SourceId::new))
                .set(&Rejects::TS_AVAIL, reject.ts_avail_ns.map(UtcNanos::from_nanos))
                .set(&Rejects::COLUMN, reject.column.as_deref())
                .set(&Rejects::EXPECTED, reject.expected.as_deref())
                .set(&Rejects::OBSERVED, reject.observed.as_deref())
                .set(&Rejects::CHECK_ID, reject.check.as_ref().map(|c| c.0.as_str()))
                .set(&Rejects::CHECK_VERSION, reject.check.as_ref().map(|c| c.1))
                .set(&Rejects::RULES_HASH, reject.check.as_ref().map(|c| c.2))
                .set(&Rejects::MORE, Some(reject.more))
                .set(&Rejects::PAYLOAD, reject.payload.as_deref())
                .set(&Rejects::PAYLOAD_FORMAT, reject.payload_format);
            rows.end_row()?;
        }
        rows.finish()
    }
}
#[cfg(feature = "digest")]
pub use table::rejects_table;
