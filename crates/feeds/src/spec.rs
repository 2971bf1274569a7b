//! What to import, written down: format, sources with their clocks, instruments, limits.

use crate::clock::{Clock, ClockRule, LocalDate, Zone};
use crate::error::FeedError;
use contract::{Diagnostic, Fault, Hash, InstrumentId, SourceId, parse_duration_ns};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Why a spec was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Not TOML, or a key that is unknown or of another type; the text names line and column.
    #[error("spec: {0}")]
    Toml(String),
    /// A value that cannot be used.
    #[error("spec.{key}: expected {expected}, found `{found}`")]
    Value {
        /// The key.
        key: String,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
}

impl Diagnostic for SpecError {
    fn code(&self) -> &'static str {
        match self {
            Self::Toml(_) => "feeds/malformed-spec",
            Self::Value { .. } => "feeds/spec-value",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// A format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// Zips of headerless CSV in Lean's folders.
    Lean,
    /// Lines of receive time and JSON from a Binance recorder.
    Binance,
    /// Databento Binary Encoding.
    Dbn,
}

/// How instruments get their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Numbering {
    /// Listed ones alone.
    Listed,
    /// Those that are not listed get the first 31 bits of the SHA-256 of their name.
    Derived,
}

/// A source: its number, its clock, and the delay from event to availability.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// Row of `sources`.
    pub source_id: SourceId,
    /// The clock; without a rule a naive stamp is an error.
    pub clock: Clock,
    /// From event to availability, where there is no receive stamp.
    pub delay_ns: Option<i64>,
    /// Source clock minus ours.
    pub offset_ns: i64,
}

/// What to import.
///
/// ```
/// use feeds::{Format, Spec};
/// let spec = Spec::parse(r#"
///     format = "lean"
///     instruments = "derived"
///     [source."forex/fxcm"]
///     id = 1
///     clock = [
///         { until = "2009-09-19", zone = "America/New_York", shift = "-5h" },
///         { zone = "-05:00" },
///     ]
///     delay = "250ms"
///     [instrument]
///     "forex/fxcm/eurusd" = 7
/// "#)?;
/// assert_eq!(spec.format(), Format::Lean);
/// assert_eq!(spec.instrument("forex/fxcm/eurusd").map(|i| i.get()), Some(7));
/// assert!(Spec::parse("format = \"lean\"\ndelai = 1").is_err()); // unknown keys are refused
/// # Ok::<(), feeds::SpecError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Spec {
    format: Format,
    sources: BTreeMap<String, SourceSpec>,
    instruments: BTreeMap<String, InstrumentId>,
    numbering: Numbering,
    /// Most rows in one output.
    pub(crate) batch_rows: usize,
    /// Most bytes of one file, as stored and as inflated.
    pub(crate) max_file_bytes: u64,
    pub(crate) max_inflated_bytes: u64,
    /// Version of DBN fragments without metadata.
    #[cfg_attr(not(feature = "dbn"), expect(dead_code, reason = "read by the dbn importer alone"))]
    pub(crate) dbn_version: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpec {
    format: Format,
    #[serde(default)]
    instruments: Option<String>,
    #[serde(default)]
    source: BTreeMap<String, RawSource>,
    #[serde(default)]
    instrument: BTreeMap<String, u32>,
    #[serde(default)]
    limits: RawLimits,
    #[serde(default)]
    dbn_version: Option<u8>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    batch_rows: Option<usize>,
    max_file_bytes: Option<u64>,
    max_inflated_bytes: Option<u64>,
    earliest: Option<String>,
    latest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    id: u16,
    #[serde(default)]
    clock: Vec<RawRule>,
    delay: Option<String>,
    offset: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    until: Option<String>,
    zone: String,
    shift: Option<String>,
}

fn value(key: impl Into<String>, expected: &'static str, found: &str) -> SpecError {
    SpecError::Value { key: key.into(), expected, found: contract::excerpt(found.as_bytes()) }
}

fn duration(key: String, text: Option<&String>) -> Result<Option<i64>, SpecError> {
    match text {
        Some(text) => match parse_duration_ns(text) {
            Ok(ns) => Ok(Some(ns)),
            Err(_) => Err(value(key, "a duration such as `250ms`", text)),
        },
        None => Ok(None),
    }
}

impl Spec {
    /// The spec of the markets that Lean's repository carries, with the zones of its calendar file, FXCM's earlier
    /// clock, and a delay of one second, which is an assumption: state your own where it matters.
    pub const LEAN: &'static str = include_str!("lean/default.toml");

    /// The spec of Binance recorders whose files stand in folders `usdm`, `spot` and `cm`.
    pub const BINANCE: &'static str = include_str!("binance/default.toml");

    /// The spec of DBN files, with a delay of one second for bars, which is an assumption.
    pub const DBN: &'static str = include_str!("dbn/default.toml");

    /// Parses a spec.
    ///
    /// # Errors
    /// [`SpecError`] naming the key, what was expected and what was found.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let raw: RawSpec = toml::from_str(text).map_err(|e| SpecError::Toml(e.to_string()))?;
        let numbering = match raw.instruments.as_deref() {
            None | Some("listed") => Numbering::Listed,
            Some("derived") => Numbering::Derived,
            Some(other) => return Err(value("instruments", "`listed` or `derived`", other)),
        };
        let limit = |key: &str, text: &Option<String>, default: i64| match text {
            None => Ok(contract::UtcNanos::from_nanos(default)),
            Some(text) => contract::UtcNanos::parse(text).map_err(|_| {
                value(format!("limits.{key}"), "an RFC 3339 time with an offset", text)
            }),
        };
        let earliest = limit("earliest", &raw.limits.earliest, 631_152_000_000_000_000)?;
        let latest = limit("latest", &raw.limits.latest, 4_102_444_800_000_000_000)?;
        let mut sources = BTreeMap::new();
        for (name, source) in &raw.source {
            let key = |part: &str| format!("source.{name}.{part}");
            let delay_ns = duration(key("delay"), source.delay.as_ref())?;
            if let (Some(ns), Some(text)) = (delay_ns, &source.delay)
                && ns < 0
            {
                return Err(value(key("delay"), "a delay of at least 0", text));
            }
            let spec = SourceSpec {
                source_id: SourceId::new(source.id),
                clock: clock(name, &source.clock)?.with_limits(earliest, latest),
                delay_ns,
                offset_ns: duration(key("offset"), source.offset.as_ref())?.unwrap_or(0),
            };
            sources.insert(name.clone(), spec);
        }
        let instruments =
            raw.instrument.into_iter().map(|(name, id)| (name, InstrumentId::new(id))).collect();
        let batch_rows = raw.limits.batch_rows.unwrap_or(65_536);
        if batch_rows == 0 {
            return Err(value("limits.batch_rows", "a number above 0", "0"));
        }
        Ok(Self {
            format: raw.format,
            sources,
            instruments,
            numbering,
            batch_rows,
            max_file_bytes: raw.limits.max_file_bytes.unwrap_or(1 << 28),
            max_inflated_bytes: raw.limits.max_inflated_bytes.unwrap_or(1 << 32),
            dbn_version: raw.dbn_version,
        })
    }

    /// The same spec with outputs of at most this many rows (at least 1).
    #[must_use]
    pub fn with_batch_rows(self, rows: usize) -> Self {
        Self { batch_rows: rows.max(1), ..self }
    }

    /// The format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The source with this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&SourceSpec> {
        self.sources.get(name)
    }

    /// The source of an input: the only one, or the one whose name ends in a folder of the path.
    ///
    /// # Errors
    /// [`FeedError::UnknownSource`].
    pub(crate) fn source_for(&self, input: &str) -> Result<(String, SourceSpec), FeedError> {
        let mut names = self.source_names();
        let name = match (names.next(), names.next()) {
            (Some(only), None) => Some(only),
            _ => input.rsplit(['/', '\\']).skip(1).find_map(|folder| {
                self.source_names().find(|name| name.rsplit('/').next() == Some(folder))
            }),
        };
        let found = name.and_then(|name| Some((name.to_owned(), self.source(name)?.clone())));
        found.ok_or_else(|| {
            let names: Vec<&str> = self.source_names().collect();
            FeedError::UnknownSource {
                input: input.to_owned(),
                found: "no folder named for one".to_owned(),
                near: format!(" (sources: `{}`)", names.join("`, `")),
            }
        })
    }

    /// Names of the sources.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// The number of an instrument, listed or, where the spec says so, derived from its name.
    #[must_use]
    pub fn instrument(&self, name: &str) -> Option<InstrumentId> {
        let listed = self.instruments.get(name).copied();
        match self.numbering {
            Numbering::Listed => listed,
            Numbering::Derived => listed.or_else(|| Some(derived(name))),
        }
    }

    /// The listed instruments.
    pub fn listed(&self) -> impl Iterator<Item = (&str, InstrumentId)> {
        self.instruments.iter().map(|(name, id)| (name.as_str(), *id))
    }
}

fn derived(name: &str) -> InstrumentId {
    let hash = Hash::of(name.as_bytes());
    let head = hash.as_bytes().first_chunk::<4>().copied().unwrap_or_default();
    InstrumentId::new(u32::from_be_bytes(head) >> 1)
}

fn clock(name: &str, rules: &[RawRule]) -> Result<Clock, SpecError> {
    let mut out: Vec<ClockRule> = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let key = |part: &str| format!("source.{name}.clock[{at}].{part}");
        let until = match &rule.until {
            Some(text) => Some(
                LocalDate::parse(text.as_bytes())
                    .ok_or_else(|| value(key("until"), "a date `YYYY-MM-DD`", text))?,
            ),
            None => None,
        };
        let is_last = at + 1 == rules.len();
        if until.is_none() != is_last {
            let found = rule.until.as_deref().unwrap_or("none");
            return Err(value(key("until"), "a date in every rule but the last", found));
        }
        if let (Some(before), Some(until), Some(text)) =
            (out.last().and_then(|r| r.until), until, &rule.until)
            && until <= before
        {
            return Err(value(key("until"), "a later date than in the rule before", text));
        }
        let zone = Zone::parse(&rule.zone).map_err(|_| {
            value(key("zone"), "an IANA time zone, or an offset such as `-05:00`", &rule.zone)
        })?;
        let shift_ns = duration(key("shift"), rule.shift.as_ref())?.unwrap_or(0);
        out.push(ClockRule { until, zone, shift_ns });
    }
    Ok(Clock::new(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = Spec::parse(text).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn the_built_in_specs_parse() {
        for (text, format) in
            [(Spec::LEAN, Format::Lean), (Spec::BINANCE, Format::Binance), (Spec::DBN, Format::Dbn)]
        {
            assert_eq!(Spec::parse(text).map(|s| s.format()), Ok(format));
        }
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named() {
        let source = "format = \"lean\"\n[source.x]\nid = 1\n";
        refused(
            &format!("{source}delay = \"5\""),
            "spec.source.x.delay: expected a duration such as `250ms`, found `5`",
        );
        refused(&format!("{source}delay = \"-5s\""), "expected a delay of at least 0, found `-5s`");
        refused(&format!("{source}clock = [{{ zone = \"Mars/Base\" }}]"), "found `Mars/Base`");
        refused(
            &format!("{source}clock = [{{ zone = \"UTC\" }}, {{ zone = \"UTC\" }}]"),
            "spec.source.x.clock[0].until: expected a date in every rule but the last, found `none`",
        );
        refused(&format!("{source}colour = 1"), "unknown field `colour`");
        refused("format = \"csv\"", "unknown variant `csv`");
        refused("format = \"lean\"\n[limits]\nbatch_rows = 0", "spec.limits.batch_rows");
        refused(
            "format = \"lean\"\ninstruments = \"guessed\"",
            "expected `listed` or `derived`, found `guessed`",
        );
    }

    #[test]
    fn an_instrument_that_is_not_listed_has_a_number_only_where_the_spec_derives_it() {
        let listed = Spec::parse("format = \"lean\"").unwrap();
        assert_eq!(listed.instrument("forex/fxcm/eurusd"), None);
        let derived = Spec::parse("format = \"lean\"\ninstruments = \"derived\"").unwrap();
        // printf 'forex/fxcm/eurusd' | sha256sum
        let first = derived.instrument("forex/fxcm/eurusd");
        assert_eq!(first, derived.instrument("forex/fxcm/eurusd"));
        assert_ne!(first, derived.instrument("forex/fxcm/nzdusd"));
    }
}
