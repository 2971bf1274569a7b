//! The five layers, highest first: flag, environment, project file, user file, default.

use super::error::ConfigError;
use super::file::{Entry, File};
use super::keys::{KEYS, Key, KeyClass, KeyKind, RUN_FEEDS, RUN_SOURCES};
use crate::error::{ErrorReport, did_you_mean};
use contract::Json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Count(i64),
    /// A word.
    Text(String),
    /// A path, relative ones resolved against where they were written.
    Path(PathBuf),
    /// Paths, likewise.
    Paths(Vec<PathBuf>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Text(text) => f.write_str(text),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Paths(paths) => {
                for (at, path) in paths.iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { "," }, path.display())?;
                }
                Ok(())
            }
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag, by its name.
    Flag(String),
    /// An environment variable, by its name.
    Env(String),
    /// A file.
    File {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Built in.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A resolved key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: &'static Key,
    /// Its value.
    pub value: Value,
    /// Where the value comes from.
    pub origin: Origin,
}

/// What the layers are read from.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// Flag, key and text of what stands on the command line; the first for a key wins.
    pub flags: Vec<(String, String, String)>,
    /// Variables of the environment.
    pub env: Vec<(String, String)>,
    /// The project's file.
    pub project: Option<PathBuf>,
    /// The user's file.
    pub user: Option<PathBuf>,
}

/// Variables with our prefix that are no keys: the log filter, and the folder of market data for tests, which a contributor
/// has set in the shell that runs the program as well.
const OTHER_VARIABLES: &[&str] = &["HINDSIGHT_DATA", "HINDSIGHT_LOG"];

/// Every key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    settings: BTreeMap<&'static str, Setting>,
}

impl Default for Config {
    fn default() -> Self {
        Self::resolve(&Layers::default()).0
    }
}

impl Config {
    /// Reads every layer and reports every mistake; a key with a mistake keeps its next lower value.
    #[must_use]
    pub fn resolve(layers: &Layers) -> (Self, Vec<ErrorReport>) {
        let mut errors = Vec::new();
        let mut settings = BTreeMap::new();
        for key in KEYS {
            // A test holds every default against its own kind.
            let value =
                key.parse(key.default).unwrap_or_else(|| Value::Text(key.default.to_owned()));
            settings.insert(key.name, Setting { key, value, origin: Origin::Default });
        }
        let mut config = Self { settings };
        for (path, is_project) in
            [(layers.user.as_deref(), false), (layers.project.as_deref(), true)]
        {
            let Some(path) = path else { continue };
            if let Some(file) = File::read(path, &mut errors) {
                config.add_file(&file, path, is_project, &mut errors);
            }
        }
        config.add_env(&layers.env, &mut errors);
        config.add_flags(&layers.flags, &mut errors);
        (config, errors)
    }

    fn set(&mut self, key: &'static Key, value: Value, origin: Origin) {
        self.settings.insert(key.name, Setting { key, value, origin });
    }

    fn add_file(
        &mut self,
        file: &File,
        path: &Path,
        is_project: bool,
        errors: &mut Vec<ErrorReport>,
    ) {
        let base = path.parent().unwrap_or(Path::new(""));
        for entry in &file.entries {
            let Some(key) = Key::find(&entry.key) else {
                errors.push(file.report(
                    &unknown_key(&entry.key),
                    entry.key_span.clone(),
                    "no such key",
                ));
                continue;
            };
            if key.class == KeyClass::Result && !is_project {
                let layer = "the user's file".to_owned();
                let error = ConfigError::ResultKeyOutsideProject { key: key.name, layer };
                errors.push(file.report(&error, entry.key_span.clone(), "a result key"));
                continue;
            }
            let Some(value) = typed(key, entry) else {
                let error = ConfigError::BadValue {
                    key: key.name,
                    expected: key.expected(),
                    found: contract::excerpt(entry.spelled.as_bytes()),
                };
                errors.push(file.report(&error, entry.value_span.clone(), ""));
                continue;
            };
            let value = match value {
                Value::Path(path) if !path.as_os_str().is_empty() => Value::Path(base.join(path)),
                Value::Paths(paths) => {
                    Value::Paths(paths.into_iter().map(|path| base.join(path)).collect())
                }
                other => other,
            };
            let place = crate::error::Place::of(
                &file.name,
                &file.text,
                entry.value_span.clone(),
                String::new(),
            );
            let origin = Origin::File { file: place.file, line: place.line, column: place.column };
            self.set(key, value, origin);
        }
    }

    fn add_env(&mut self, env: &[(String, String)], errors: &mut Vec<ErrorReport>) {
        let ours = env.iter().filter(|(name, _)| name.starts_with("HINDSIGHT_"));
        let log = env.iter().find(|(name, _)| name == "HINDSIGHT_LOG").map(|(_, text)| text);
        if let Some(text) = log.filter(|text| !crate::logging::is_filter(text)) {
            errors.push(ErrorReport::new(&ConfigError::BadValue {
                key: "HINDSIGHT_LOG",
                expected: "a log filter such as `info` or `feeds=debug`".to_owned(),
                found: contract::excerpt(text.as_bytes()),
            }));
        }
        for (name, text) in ours.filter(|(name, _)| !OTHER_VARIABLES.contains(&name.as_str())) {
            let Some(key) = KEYS.iter().find(|key| key.variable() == *name) else {
                let known: Vec<String> = KEYS.iter().map(|key| key.variable()).collect();
                let names = known.iter().map(String::as_str).chain(OTHER_VARIABLES.iter().copied());
                let near = did_you_mean(name, names);
                let found = contract::excerpt(name.as_bytes());
                errors.push(ErrorReport::new(&ConfigError::UnknownVariable { found, near }));
                continue;
            };
            if key.class == KeyClass::Result {
                let layer = format!("the environment variable {name}");
                let error = ConfigError::ResultKeyOutsideProject { key: key.name, layer };
                errors.push(ErrorReport::new(&error));
                continue;
            }
            match key.parse(text) {
                Some(value) => self.set(key, value, Origin::Env(name.clone())),
                None => errors.push(ErrorReport::new(&bad_value(key, text))),
            }
        }
    }

    fn add_flags(&mut self, flags: &[(String, String, String)], errors: &mut Vec<ErrorReport>) {
        // From the last to the first, so that the first one for a key is set last.
        for (flag, name, text) in flags.iter().rev() {
            let Some(key) = Key::find(name) else {
                errors.push(ErrorReport::new(&unknown_key(name)));
                continue;
            };
            match key.parse(text) {
                Some(value) => self.set(key, value, Origin::Flag(flag.clone())),
                None => errors.push(ErrorReport::new(&bad_value(key, text))),
            }
        }
    }

    /// Every key in order of its name.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values()
    }

    /// The setting of a key.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Setting> {
        self.settings.get(key.name)
    }

    /// The value of a counting key.
    #[must_use]
    pub fn count(&self, key: &Key) -> i64 {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Count(count)) => *count,
            _ => 0,
        }
    }

    /// The value of a word key.
    #[must_use]
    pub(crate) fn word(&self, key: &Key) -> &str {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// The value of a path key, unless it is empty.
    #[must_use]
    pub fn path(&self, key: &Key) -> Option<&Path> {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Path(path)) if !path.as_os_str().is_empty() => Some(path),
            _ => None,
        }
    }

    /// The value of a key of paths.
    #[must_use]
    pub(crate) fn paths(&self, key: &Key) -> &[PathBuf] {
        match self.get(key).map(|setting| &setting.value) {
            Some(Value::Paths(paths)) => paths,
            _ => &[],
        }
    }

    /// SHA-256 of the result keys and their values in canonical JSON: equal for equal results, wherever a value
    /// comes from and whatever the runtime keys are.
    #[must_use]
    pub fn result_hash(&self) -> contract::Hash {
        let pairs = self
            .settings()
            .filter(|setting| setting.key.class == KeyClass::Result)
            .map(|setting| (setting.key.name, Json::from(portable(setting))));
        contract::Hash::of(Json::object(pairs).to_string().as_bytes())
    }
}

/// A value without what is private to a machine: a file counts by its content, an input, which may be large and whose
/// content a run records itself, by its name.
fn portable(setting: &Setting) -> String {
    let is_input = [RUN_SOURCES.name, RUN_FEEDS.name].contains(&setting.key.name);
    let text = |path: &Path| if is_input { name(path) } else { content(path) };
    match &setting.value {
        Value::Path(path) => text(path),
        Value::Paths(paths) => paths.iter().map(|path| text(path)).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn content(path: &Path) -> String {
    match std::fs::read(path) {
        Ok(bytes) => format!("sha256:{}", contract::Hash::of(&bytes)),
        Err(_) => name(path),
    }
}

fn typed(key: &Key, entry: &Entry) -> Option<Value> {
    if key.kind == KeyKind::Paths
        && let Some(items) = &entry.items
    {
        return Some(Value::Paths(items.iter().map(PathBuf::from).collect()));
    }
    if key.kind == KeyKind::Paths && entry.is_quoted {
        // In a file, a comma belongs to the name.
        let text = entry.text.iter().filter(|text| !text.is_empty());
        return Some(Value::Paths(text.map(PathBuf::from).collect()));
    }
    let is_number = matches!(key.kind, KeyKind::Count { .. });
    let text = entry.text.as_deref().filter(|_| entry.is_quoted != is_number)?;
    key.parse(text)
}

fn unknown_key(name: &str) -> ConfigError {
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut near = did_you_mean(name, KEYS.iter().map(|key| key.name));
    if near.is_empty() {
        // The right word in the wrong table.
        let same = KEYS.iter().find(|key| key.name.rsplit('.').next() == Some(last));
        near = same.map_or_else(String::new, |key| format!(" (is it `{}`?)", key.name));
    }
    ConfigError::UnknownKey { found: contract::excerpt(name.as_bytes()), near }
}

fn bad_value(key: &Key, text: &str) -> ConfigError {
    ConfigError::BadValue {
        key: key.name,
        expected: key.expected(),
        found: contract::excerpt(text.as_bytes()),
    }
}

/// The nearest `hindsight.toml` from a directory upward.
#[must_use]
pub(crate) fn find_project_file(from: &Path) -> Option<PathBuf> {
    from.ancestors().map(|dir| dir.join("hindsight.toml")).find(|path| path.is_file())
}
