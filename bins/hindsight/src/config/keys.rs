//! Every configuration key, declared once.

use super::layers::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Whether a key changes what is produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyClass {
    /// Changes bytes that are produced: flags and project file alone.
    Result,
    /// Changes how they are produced: also environment and user file.
    Runtime,
}

impl KeyClass {
    /// The word in listings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Runtime => "runtime",
        }
    }
}

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A whole number in a range.
    Count {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// One of a few words.
    Word(&'static [&'static str]),
    /// `auto`, a count or a percentage.
    Allowance,
    /// A path; empty means none.
    Path,
    /// A length of time above 0, as in `100ms`.
    Duration,
    /// A percentage above 0.
    Percent,
    /// Paths, one in quotes or a list of them, on the command line with commas between; empty means none.
    Paths,
}

/// A configuration key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Dotted name.
    pub name: &'static str,
    /// Whether it changes what is produced.
    pub class: KeyClass,
    /// What values it takes.
    pub kind: KeyKind,
    /// Its default, as text.
    pub default: &'static str,
    /// Meaning, in one line.
    pub doc: &'static str,
}

/// Rows a batch when a format leaves the choice to the reader.
pub(crate) const RUN_BATCH_ROWS: Key = Key {
    name: "run.batch_rows",
    class: KeyClass::Runtime,
    kind: KeyKind::Count { min: 1, max: 1_048_576 },
    default: "8192",
    doc: "rows a batch when Parquet is read; never changes an output row",
};
/// Threads.
pub(crate) const RUN_THREADS: Key = Key {
    name: "run.threads",
    class: KeyClass::Runtime,
    kind: KeyKind::Count { min: 0, max: 1_024 },
    default: "0",
    doc: "threads of `simulator run`, 0 for all; never changes a byte",
};
/// Where a run keeps what it makes.
pub(crate) const RUN_DIR: Key = Key {
    name: "run.dir",
    class: KeyClass::Runtime,
    kind: KeyKind::Path,
    default: "",
    doc: "folder of what `run` makes; empty: `run` beside the project's file",
};
/// Tables of a run.
pub(crate) const RUN_SOURCES: Key = Key {
    name: "run.sources",
    class: KeyClass::Result,
    kind: KeyKind::Paths,
    default: "",
    doc: "tables that `run` starts from, Arrow or Parquet that say which table they are; none: the log of capture.dir",
};
/// Venue files of a run.
pub(crate) const RUN_FEEDS: Key = Key {
    name: "run.feeds",
    class: KeyClass::Result,
    kind: KeyKind::Paths,
    default: "",
    doc: "files of venues and vendors that `run` converts first, as `feeds convert` does",
};
/// A scenario by name.
pub(crate) const SIMULATOR_PRESET: Key = Key {
    name: "simulator.preset",
    class: KeyClass::Result,
    kind: KeyKind::Word(&["small", "day", "faultless", "faults", "two_venues", "leak_trap"]),
    default: "small",
    doc: "scenario of `simulator run` by name",
};
/// A scenario of the project's own.
pub(crate) const SIMULATOR_SCENARIO: Key = Key {
    name: "simulator.scenario",
    class: KeyClass::Result,
    kind: KeyKind::Path,
    default: "",
    doc: "file with a scenario of your own, in place of the preset",
};
/// The seed.
pub(crate) const SIMULATOR_SEED: Key = Key {
    name: "simulator.seed",
    class: KeyClass::Result,
    kind: KeyKind::Count { min: 0, max: i64::MAX },
    default: "1",
    doc: "seed of `simulator run`",
};
/// The pace.
pub(crate) const SIMULATOR_SPEED: Key = Key {
    name: "simulator.speed",
    class: KeyClass::Runtime,
    kind: KeyKind::Word(&["1x", "10x", "max"]),
    default: "max",
    doc: "how fast `simulator run` goes",
};
/// The capture log.
pub(crate) const CAPTURE_DIR: Key = Key {
    name: "capture.dir",
    class: KeyClass::Runtime,
    kind: KeyKind::Path,
    default: "",
    doc: "folder of a capture log: what `hindsight-query` shows when no place is named, and what `run` appends its sources to or, without sources, reads",
};
/// How finely inputs are merged.
pub(crate) const CAPTURE_SLICE: Key = Key {
    name: "capture.slice",
    class: KeyClass::Result,
    kind: KeyKind::Duration,
    default: "100ms",
    doc: "slice of time in which `run` appends its sources together, as `capture append --merge`; rows may be seen so much later",
};
/// The allowance of rejects.
pub(crate) const REJECTS_MAX: Key = Key {
    name: "rejects.max",
    class: KeyClass::Result,
    kind: KeyKind::Allowance,
    default: "auto",
    doc: "rejects allowed: N, P%, or auto (any number when they have a place, else none)",
};
/// The import spec.
pub(crate) const FEEDS_SPEC: Key = Key {
    name: "feeds.spec",
    class: KeyClass::Result,
    kind: KeyKind::Path,
    default: "",
    doc: "file with the sources and clocks of `feeds convert`",
};
/// The feature set.
pub(crate) const FEATURES_SPEC: Key = Key {
    name: "features.spec",
    class: KeyClass::Result,
    kind: KeyKind::Path,
    default: "",
    doc: "file with the feature set of `features run`; none means every feature",
};
/// How much of the features is proven.
pub(crate) const FEATURES_CHECK: Key = Key {
    name: "features.check",
    class: KeyClass::Result,
    kind: KeyKind::Percent,
    default: "5%",
    doc: "rows that `run` sweeps again to certify the features, as a share of the rows read",
};
/// The rule sets.
pub(crate) const LABELING_RULES: Key = Key {
    name: "labeling.rules",
    class: KeyClass::Result,
    kind: KeyKind::Paths,
    default: "",
    doc: "file with the rule set of `labeling run`, or a list of files in force one after another; none means the built-in set",
};
/// How many labels are audited.
pub(crate) const LABELING_CHECK: Key = Key {
    name: "labeling.check",
    class: KeyClass::Result,
    kind: KeyKind::Count { min: 1, max: 1_000_000 },
    default: "1000",
    doc: "decisions in the sample by which `run` audits labels; too few of a target cannot show that 98 % are right",
};
/// The rules of tables.
pub(crate) const QUALITY_RULES: Key = Key {
    name: "quality.rules",
    class: KeyClass::Result,
    kind: KeyKind::Paths,
    default: "",
    doc: "file with the rules of a table for `quality`, or a list of such files, one a table; a table without one has the built-in rules",
};
/// Whether checks may look ahead.
pub(crate) const QUALITY_MODE: Key = Key {
    name: "quality.mode",
    class: KeyClass::Result,
    kind: KeyKind::Word(&["live", "final"]),
    default: "live",
    doc: "checks of `quality`: live runs those that look back alone, final all of them, for reports and labels",
};
/// The specs of datasets.
pub(crate) const DATASETS_SPECS: Key = Key {
    name: "datasets.specs",
    class: KeyClass::Result,
    kind: KeyKind::Paths,
    default: "",
    doc: "file with the spec of a dataset that `run` builds, or a list of them; a dataset has the name of its file",
};
/// Where versions are kept.
pub(crate) const DATASETS_STORE: Key = Key {
    name: "datasets.store",
    class: KeyClass::Runtime,
    kind: KeyKind::Path,
    default: "",
    doc: "folder of the dataset store; empty: `datasets` in the working directory",
};
/// Colour.
pub(crate) const UI_COLOR: Key = Key {
    name: "ui.color",
    class: KeyClass::Runtime,
    kind: KeyKind::Word(&["auto", "always", "never"]),
    default: "auto",
    doc: "when messages are coloured",
};
/// Progress.
pub(crate) const UI_PROGRESS: Key = Key {
    name: "ui.progress",
    class: KeyClass::Runtime,
    kind: KeyKind::Word(&["auto", "bar", "counter", "json", "none"]),
    default: "auto",
    doc: "how progress is shown",
};
/// Form of messages.
pub(crate) const LOG_FORMAT: Key = Key {
    name: "log.format",
    class: KeyClass::Runtime,
    kind: KeyKind::Word(&["text", "json"]),
    default: "text",
    doc: "form of messages on standard error",
};
/// Counters.
pub(crate) const METRICS_FILE: Key = Key {
    name: "metrics.file",
    class: KeyClass::Runtime,
    kind: KeyKind::Path,
    default: "",
    doc: "file for counters in Prometheus text when a command ends",
};

/// Every key, by table.
pub const KEYS: &[&Key] = &[
    &RUN_BATCH_ROWS,
    &RUN_THREADS,
    &RUN_DIR,
    &RUN_SOURCES,
    &RUN_FEEDS,
    &CAPTURE_DIR,
    &CAPTURE_SLICE,
    &REJECTS_MAX,
    &FEEDS_SPEC,
    &FEATURES_SPEC,
    &FEATURES_CHECK,
    &LABELING_RULES,
    &LABELING_CHECK,
    &QUALITY_RULES,
    &QUALITY_MODE,
    &DATASETS_STORE,
    &DATASETS_SPECS,
    &SIMULATOR_PRESET,
    &SIMULATOR_SCENARIO,
    &SIMULATOR_SEED,
    &SIMULATOR_SPEED,
    &UI_COLOR,
    &UI_PROGRESS,
    &LOG_FORMAT,
    &METRICS_FILE,
];

impl Key {
    /// The key with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name).copied()
    }

    /// Its environment variable: `run.batch_rows` is `HINDSIGHT_RUN__BATCH_ROWS`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("HINDSIGHT_{}", self.name.replace('.', "__").to_uppercase())
    }

    /// The default as TOML.
    #[must_use]
    pub fn default_toml(&self) -> String {
        match self.kind {
            KeyKind::Count { .. } => self.default.to_owned(),
            _ => format!("\"{}\"", self.default),
        }
    }

    /// What values it takes, as a clause of a message.
    #[must_use]
    pub fn expected(&self) -> String {
        match self.kind {
            KeyKind::Count { min, max } => format!("a whole number from {min} to {max}"),
            KeyKind::Word(words) => format!("one of {}", words.join(", ")),
            KeyKind::Allowance => "`auto`, a count or a percentage in quotes".to_owned(),
            KeyKind::Duration => "a length of time above 0 in quotes, as \"100ms\"".to_owned(),
            KeyKind::Percent => "a percentage above 0% in quotes, as \"5%\"".to_owned(),
            KeyKind::Path => "a path in quotes".to_owned(),
            KeyKind::Paths => "a path in quotes, or a list of them".to_owned(),
        }
    }

    /// The value of a text; `None` when it is not one of the key's.
    #[must_use]
    pub(crate) fn parse(&self, text: &str) -> Option<Value> {
        match self.kind {
            KeyKind::Count { min, max } => {
                let count = text.parse::<i64>().ok()?;
                (min..=max).contains(&count).then_some(Value::Count(count))
            }
            KeyKind::Word(words) => {
                words.iter().find(|word| **word == text).map(|word| Value::Text((*word).to_owned()))
            }
            KeyKind::Allowance => {
                let is_one = text == "auto" || crate::rejects::Allowance::parse(text).is_ok();
                is_one.then(|| Value::Text(text.to_owned()))
            }
            KeyKind::Duration => {
                let ns = contract::parse_duration_ns(text).ok().filter(|ns| *ns > 0);
                ns.map(|_| Value::Text(text.to_owned()))
            }
            KeyKind::Percent => {
                let share = text.strip_suffix('%').and_then(|share| share.parse::<f64>().ok());
                let share = share.filter(|share| *share > 0.0 && share.is_finite());
                share.map(|_| Value::Text(text.to_owned()))
            }
            KeyKind::Path => Some(Value::Path(PathBuf::from(text))),
            KeyKind::Paths => {
                // On the command line a list may also stand as it does in the file.
                if text.starts_with('[') {
                    let parsed: BTreeMap<String, Vec<PathBuf>> =
                        toml::from_str(&format!("paths = {text}")).ok()?;
                    return parsed.into_values().next().map(Value::Paths);
                }
                let paths = text.split(',').filter(|path| !path.is_empty());
                Some(Value::Paths(paths.map(PathBuf::from).collect()))
            }
        }
    }
}
