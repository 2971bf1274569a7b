//! Why an input could not be imported.

use contract::{BuildError, Diagnostic, Fault};
use std::io;

/// Why an input could not be imported, or not to its end. Rows handed out before stay good.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The path says nothing that the format understands.
    #[error("{input}: expected a path that ends in {expected}")]
    Path {
        /// The input.
        input: String,
        /// The form of path.
        expected: &'static str,
    },
    /// The spec has no such source.
    #[error("{input}: expected a source of the spec, found `{found}`{near}")]
    UnknownSource {
        /// The input.
        input: String,
        /// The source named by the path.
        found: String,
        /// The nearest names.
        near: String,
    },
    /// The spec numbers no such instrument.
    #[error("{input}: expected an instrument of the spec, found `{found}`")]
    UnknownInstrument {
        /// The input.
        input: String,
        /// The instrument named by the path or record.
        found: String,
    },
    /// Stamps are local and the spec has no clock rule for them.
    #[error("{input}: expected a clock rule for source `{name}`, since its stamps have no zone")]
    MissingClock {
        /// The input.
        input: String,
        /// The source.
        name: String,
    },
    /// There is no receive stamp and the spec states no delay.
    #[error("{input}: expected a delay for source `{name}`, since its rows have no receive stamp")]
    MissingDelay {
        /// The input.
        input: String,
        /// The source.
        name: String,
    },
    /// Nothing at all.
    #[error("{input}: expected data, found an empty input")]
    Empty {
        /// The input.
        input: String,
    },
    /// More bytes than the spec allows.
    #[error("{input}: expected at most {limit} bytes {what}, found more")]
    TooLarge {
        /// The input.
        input: String,
        /// `stored` or `inflated`.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The input ends before its end.
    #[error("{input}: expected more data, found the end: {detail}")]
    Truncated {
        /// The input.
        input: String,
        /// What the decoder says.
        detail: String,
    },
    /// The input is not what its format says.
    #[error("{input}: expected {expected}: {detail}")]
    Corrupt {
        /// The input.
        input: String,
        /// The format.
        expected: &'static str,
        /// What the decoder says.
        detail: String,
    },
    /// A part of the format that is not imported.
    #[error("{input}: expected {expected}, found {found}")]
    Unsupported {
        /// The input.
        input: String,
        /// What is imported.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Reading failed.
    #[error("{input}: {source}")]
    Io {
        /// The input.
        input: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Rows did not make up a batch.
    #[error("{input}: {source}")]
    Build {
        /// The input.
        input: String,
        /// The cause.
        #[source]
        source: BuildError,
    },
}

impl FeedError {
    /// Classes an error of reading or inflating.
    pub(crate) fn reading(input: &str, expected: &'static str, error: io::Error) -> Self {
        let input = input.to_owned();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { input, detail: error.to_string() },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                Self::Corrupt { input, expected, detail: error.to_string() }
            }
            _ => Self::Io { input, source: error },
        }
    }
}

impl Diagnostic for FeedError {
    fn code(&self) -> &'static str {
        match self {
            Self::Path { .. } => "feeds/unrecognised-path",
            Self::UnknownSource { .. } => "feeds/unknown-source",
            Self::UnknownInstrument { .. } => "feeds/unknown-instrument",
            Self::MissingClock { .. } => "feeds/missing-clock",
            Self::MissingDelay { .. } => "feeds/missing-delay",
            Self::Empty { .. } => "feeds/empty-input",
            Self::TooLarge { .. } => "feeds/too-large",
            Self::Truncated { .. } => "feeds/truncated-input",
            Self::Corrupt { .. } => "feeds/corrupt-input",
            Self::Unsupported { .. } => "feeds/unsupported-schema",
            Self::Io { .. } => "feeds/io",
            Self::Build { source, .. } => source.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Empty { .. } | Self::Truncated { .. } => Fault::Incomplete,
            Self::Io { .. } => Fault::Environment { retry: false },
            Self::Build { source, .. } => source.fault(),
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::MissingClock { name, .. } => Some(format!(
                "add `clock = [{{ zone = \"..\" }}]` under `[source.\"{name}\"]`; a naive stamp is never UTC by default"
            )),
            Self::MissingDelay { name, .. } => Some(format!(
                "add `delay = \"..\"` under `[source.\"{name}\"]`: how long after an event we could have used it"
            )),
            Self::UnknownInstrument { found, .. } => Some(format!(
                "add `\"{found}\" = <number>` under `[instrument]`, or `instruments = \"derived\"`"
            )),
            _ => None,
        }
    }
}
