//! Rules of the house that a machine can see in the source.

mod allowed;
mod asserts;
mod code;
mod files;
mod manifest;
mod place;
mod source;
mod words;

use crate::shell::{ChoreError, found, read_file, say};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// What a rule is called in messages and in the list of exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// The top level holds what the architecture names; integration tests are one program a crate.
    Place,
    /// No column by name, position or cast outside `contract`.
    Column,
    /// No `unsafe`, and every library says so.
    Unsafe,
    /// No clock, environment, entropy or current directory in a library.
    Outside,
    /// No mathematics of the platform where outputs are hashed.
    Platform,
    /// A test asserts.
    Asserts,
    /// No test is ignored, waits, or is content with any panic.
    Patience,
    /// No path of one machine and no host of a registry.
    Machine,
    /// A member takes lints and versions from the workspace.
    Manifest,
}

impl Rule {
    const ALL: [Self; 9] = [
        Self::Place,
        Self::Column,
        Self::Unsafe,
        Self::Outside,
        Self::Platform,
        Self::Asserts,
        Self::Patience,
        Self::Machine,
        Self::Manifest,
    ];

    /// The word for the list of exceptions.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Column => "column",
            Self::Unsafe => "unsafe",
            Self::Outside => "outside",
            Self::Platform => "platform",
            Self::Asserts => "asserts",
            Self::Patience => "patience",
            Self::Machine => "machine",
            Self::Manifest => "manifest",
        }
    }
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Path below the top.
    pub path: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path)?;
        if self.line > 0 {
            write!(out, ":{}", self.line)?;
        }
        write!(out, ": {}: {}", self.rule.word(), self.what)
    }
}

/// More lines than this are worth another look; reported, not refused.
const LONG: usize = 600;

/// The list of exceptions, below the top.
const ALLOWED: &str = "bins/xtask/allowed.txt";

/// Looks at every file that is or would be committed, or only at those below some folders.
pub(crate) fn check(root: &Path, folders: Option<&[&str]>) -> Result<(), ChoreError> {
    let is_chosen =
        |path: &str| folders.is_none_or(|all| all.iter().any(|f| Path::new(path).starts_with(f)));
    let mut texts = BTreeMap::new();
    for path in files::list(root)? {
        // A file that was deleted and not yet committed is listed still.
        let Ok(bytes) = fs::read(root.join(&path)) else { continue };
        if is_chosen(&path) {
            texts.insert(path, String::from_utf8(bytes).unwrap_or_default());
        }
    }
    for (path, text) in &texts {
        let lines = text.lines().count();
        if is_rust(path) && lines > LONG {
            say(&format!("note: {path}: {lines} lines, more than {LONG}: one concept a file?"));
        }
    }
    let list = allowed::parse(ALLOWED, &read_file(&root.join(ALLOWED))?)?;
    let left = allowed::subtract(&findings(&texts), &list, is_chosen);
    found(&left)
}

/// Every finding in the files of a tree.
fn findings(texts: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut out: Vec<Finding> = texts.iter().flat_map(|(path, text)| scan(path, text)).collect();
    out.extend(texts.keys().flat_map(|path| place::check(path)));
    out.extend(asserts::silent_tests(texts));
    out.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    out
}

/// Looks at the text of one file.
///
/// **Cost:** a few passes over the text.
///
/// ```
/// let found = xtask::scan("crates/feeds/src/lib.rs", "//! A map.\nmod lean;\n");
/// assert_eq!(found[0].what, "expected `#![forbid(unsafe_code)]` in the front page of a library");
/// ```
#[must_use]
pub fn scan(path: &str, text: &str) -> Vec<Finding> {
    let mut out = words::check(path, text);
    if path.ends_with("Cargo.toml") {
        out.extend(manifest::check(path, text));
    }
    if is_rust(path) {
        let code = code::Code::new(path, text);
        out.extend(source::check(path, &code));
        out.extend(asserts::check(path, &code));
    }
    out
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e == "rs")
}

/// Findings of planted text, as line and message.
#[cfg(test)]
fn planted(path: &str, text: &str) -> Vec<(usize, String)> {
    scan(path, text).into_iter().map(|f| (f.line, f.what)).collect()
}
