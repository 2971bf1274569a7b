//! A feature set as text: names, roles and parameters in TOML.

use crate::catalogue::{Catalogue, Unresolved};
use crate::feature::Feature;
use crate::plan::{DEFAULT_FILTER, DEFAULT_MAX_AGE, Parts, Plan};
use contract::{Amount, Diagnostic, Fault, Flags, nearest, parse_duration_ns};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use toml::Spanned;

/// A feature set as it is written.
///
/// ```
/// use features::{Catalogue, Spec};
/// let spec = Spec::parse(
///     r#"
///     features = ["book__ofi_qty__{1s,10s,1m}", "book__spread_bps__now", "price__log_ret__*", "cross__beta_mkt__g300x1s"]
///     roles = ["mkt"]
///     max_age = "30s"                       # how long a state holds; default 60s
///     row_filter = ["QUARANTINED"]          # rows with these flags are skipped; default also VENDOR_SUSPECT
///
///     [max_ages]                            # stricter for single features of a state
///     "book__spread_bps__now" = "10s"
///     "#,
/// )?;
/// let plan = spec.resolve(&Catalogue::builtin())?;
/// assert_eq!(plan.features().next().map(|f| f.declaration().name.as_str()), Some("book__ofi_qty__1s"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    features: Vec<Spanned<String>>,
    #[serde(default)]
    roles: Vec<Spanned<String>>,
    max_age: Option<Spanned<String>>,
    row_filter: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    max_ages: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    sizes: Vec<Spanned<String>>,
    #[serde(skip)]
    text: String,
}

/// Line and column in a spec, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// Why a feature set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The text is no TOML of this form.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// No feature has this name, and none matches this pattern.
    #[error("no feature `{name}`")]
    UnknownFeature {
        /// The name.
        name: String,
        /// Where.
        place: Place,
        /// The nearest names.
        near: Vec<String>,
    },
    /// The feature does not take this window.
    #[error("feature `{name}`: expected {expected}")]
    Window {
        /// The name.
        name: String,
        /// What it takes.
        expected: String,
        /// Where.
        place: Place,
        /// Features like it that take the window.
        near: Vec<String>,
    },
    /// A role that the spec does not declare.
    #[error("feature `{name}`: expected a role of the list `roles`, found `{role}`")]
    UnknownRole {
        /// The name.
        name: String,
        /// The role.
        role: String,
        /// Where.
        place: Place,
    },
    /// A sweep of a size that the spec does not give.
    #[error("feature `{name}`: expected its size in the list `sizes`, found {found} of them")]
    MissingSize {
        /// The name.
        name: String,
        /// How many sizes there are.
        found: usize,
        /// Where.
        place: Place,
    },
    /// A feature named twice.
    #[error("feature `{name}`: expected it once, found it again")]
    Duplicate {
        /// The name.
        name: String,
        /// Where.
        place: Place,
    },
    /// No feature at all.
    #[error("features: expected at least one, found none")]
    Empty,
    /// A value of the wrong form.
    #[error("{key}: expected {expected}, found `{found}`")]
    Value {
        /// The key.
        key: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
}

impl SpecError {
    /// Where in the text.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Syntax { place, .. } => *place,
            Self::UnknownFeature { place, .. }
            | Self::Window { place, .. }
            | Self::UnknownRole { place, .. }
            | Self::MissingSize { place, .. }
            | Self::Duplicate { place, .. }
            | Self::Value { place, .. } => Some(*place),
            Self::Empty => None,
        }
    }
}

impl Diagnostic for SpecError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "features/malformed-spec",
            Self::UnknownFeature { .. } => "features/unknown-feature",
            Self::Window { .. } => "features/impossible-window",
            Self::UnknownRole { .. } => "features/unknown-role",
            Self::MissingSize { .. } => "features/missing-size",
            Self::Duplicate { .. } => "features/duplicate-feature",
            Self::Empty => "features/empty-spec",
            Self::Value { .. } => "features/malformed-value",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFeature { near, .. } | Self::Window { near, .. } if !near.is_empty() => {
                Some(format!("use `{}`", near.join("`, or `")))
            }
            Self::UnknownRole { role, .. } => Some(format!("add `roles = [\"{role}\"]`")),
            Self::MissingSize { .. } => Some(
                "add `sizes = [\"0.1\", \"1\", \"10\"]`, in units of the instrument".to_owned(),
            ),
            _ => None,
        }
    }
}

impl Spec {
    /// Reads a feature set.
    ///
    /// # Errors
    /// [`SpecError::Syntax`] for text that is no TOML of this form, unknown keys included.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let parsed: Result<Self, toml::de::Error> = toml::from_str(text);
        let mut spec = parsed.map_err(|error| SpecError::Syntax {
            message: error.message().to_owned(),
            place: error.span().map(|span| place(text, span.start)),
        })?;
        text.clone_into(&mut spec.text);
        Ok(spec)
    }

    /// The default set: every feature of the catalogue with its listed windows, but sweeps of sizes that nobody gave.
    #[must_use]
    pub fn default_set(roles: &[&str]) -> Self {
        let quoted = |texts: &[&str]| {
            texts.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(", ")
        };
        let text = format!("features = [\"*\"]\nroles = [{}]\n", quoted(roles));
        Self {
            features: vec![Spanned::new(0..0, "*".to_owned())],
            roles: roles.iter().map(|r| Spanned::new(0..0, (*r).to_owned())).collect(),
            max_age: None,
            row_filter: None,
            max_ages: BTreeMap::new(),
            sizes: Vec::new(),
            text,
        }
    }

    fn place(&self, spanned: &Spanned<String>) -> Place {
        place(&self.text, spanned.span().start)
    }

    /// The feature set against a catalogue: names found, patterns expanded, shared work planned.
    ///
    /// # Errors
    /// [`SpecError`] for a name that is no feature, with the nearest ones, and for what a feature cannot do.
    pub fn resolve(&self, catalogue: &Catalogue) -> Result<Plan, SpecError> {
        let roles = self.roles()?;
        let sizes = self.sizes()?;
        let listed = catalogue.names(&roles);
        let mut features: Vec<Arc<dyn Feature>> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for pattern in &self.features {
            let place = self.place(pattern);
            for (name, is_named) in expand(pattern.get_ref(), &listed) {
                if seen.contains(&name) {
                    // A pattern may cover what was named before; a name may not come twice.
                    if is_named {
                        return Err(SpecError::Duplicate { name, place });
                    }
                    continue;
                }
                match catalogue.find(&name, &roles, &sizes) {
                    Ok(feature) => {
                        seen.insert(name);
                        features.push(feature);
                    }
                    Err(Unresolved::Size) if !is_named => {}
                    Err(why) => return Err(refused(why, name, place, &listed, sizes.len())),
                }
            }
        }
        if features.is_empty() {
            return Err(SpecError::Empty);
        }
        let max_age_ns = match &self.max_age {
            None => DEFAULT_MAX_AGE,
            Some(text) => self.duration("max_age", text)?,
        };
        let mut max_ages = BTreeMap::new();
        for (name, text) in &self.max_ages {
            let place = self.place(text);
            if !seen.contains(name) {
                let near = nearest(name, seen.iter().map(String::as_str));
                let near = near.into_iter().map(str::to_owned).collect();
                return Err(SpecError::UnknownFeature { name: name.clone(), place, near });
            }
            let ns = self.duration("max_ages", text)?;
            if ns > max_age_ns {
                return Err(SpecError::Value {
                    key: "max_ages",
                    expected: "at most `max_age`, which bounds every state",
                    found: text.get_ref().clone(),
                    place,
                });
            }
            let of_state =
                |f: &Arc<dyn Feature>| f.declaration().name == *name && f.needs().has_state();
            if !features.iter().any(of_state) {
                return Err(SpecError::Value {
                    key: "max_ages",
                    expected: "a feature of a quote, book or trade in force",
                    found: name.clone(),
                    place,
                });
            }
            max_ages.insert(name.clone(), ns);
        }
        Ok(Plan::of(Parts {
            features,
            max_age_ns,
            max_ages,
            row_filter: self.row_filter()?,
            sizes,
        }))
    }

    fn roles(&self) -> Result<Vec<String>, SpecError> {
        let mut roles: Vec<String> = Vec::new();
        for role in &self.roles {
            let text = role.get_ref();
            let plain = !text.is_empty()
                && !text.contains("__")
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !plain || roles.contains(text) {
                return Err(SpecError::Value {
                    key: "roles",
                    expected: "different words of lower-case letters and digits",
                    found: contract::excerpt(text.as_bytes()),
                    place: self.place(role),
                });
            }
            roles.push(text.clone());
        }
        Ok(roles)
    }

    fn sizes(&self) -> Result<Vec<i64>, SpecError> {
        let size = |text: &Spanned<String>| {
            let nanos = Amount::parse(text.get_ref()).ok().map(Amount::nanos);
            let nanos = nanos.and_then(|n| i64::try_from(n).ok()).filter(|n| *n > 0);
            nanos.ok_or_else(|| SpecError::Value {
                key: "sizes",
                expected: "a decimal above 0",
                found: contract::excerpt(text.get_ref().as_bytes()),
                place: self.place(text),
            })
        };
        self.sizes.iter().map(size).collect()
    }

    fn duration(&self, key: &'static str, text: &Spanned<String>) -> Result<i64, SpecError> {
        let ns = parse_duration_ns(text.get_ref()).ok();
        ns.filter(|ns| (1..=86_400_000_000_000).contains(ns)).ok_or_else(|| SpecError::Value {
            key,
            expected: "a duration from 1ns to 1d",
            found: contract::excerpt(text.get_ref().as_bytes()),
            place: self.place(text),
        })
    }

    fn row_filter(&self) -> Result<u16, SpecError> {
        let Some(words) = &self.row_filter else { return Ok(DEFAULT_FILTER) };
        let mut bits = 0;
        for word in words {
            let known = FLAGS.iter().find(|(name, _)| name == word.get_ref());
            let Some((_, flag)) = known else {
                return Err(SpecError::Value {
                    key: "row_filter",
                    expected: "names of flags as `QUARANTINED`",
                    found: contract::excerpt(word.get_ref().as_bytes()),
                    place: self.place(word),
                });
            };
            bits |= flag.bits();
        }
        Ok(bits)
    }
}

const FLAGS: [(&str, Flags); 10] = [
    ("BAD_TS_RECV", Flags::BAD_TS_RECV),
    ("MAYBE_BAD_BOOK", Flags::MAYBE_BAD_BOOK),
    ("BACKFILL", Flags::BACKFILL),
    ("LATE", Flags::LATE),
    ("DUP_SUSPECT", Flags::DUP_SUSPECT),
    ("CLOCK_SUSPECT", Flags::CLOCK_SUSPECT),
    ("VENDOR_SUSPECT", Flags::VENDOR_SUSPECT),
    ("INFERRED", Flags::INFERRED),
    ("QUARANTINED", Flags::QUARANTINED),
    ("REPAIRED", Flags::REPAIRED),
];

fn refused(
    why: Unresolved,
    name: String,
    place: Place,
    listed: &[String],
    sizes: usize,
) -> SpecError {
    match why {
        Unresolved::Unknown => {
            let near = near(&name, listed);
            SpecError::UnknownFeature { name, place, near }
        }
        Unresolved::Window(expected) => {
            let window = name.rsplit("__").next().unwrap_or_default();
            let takes = |other: &String| other.rsplit("__").next() == Some(window);
            let near = near(&name, listed).into_iter().filter(takes).collect();
            SpecError::Window { name, expected, place, near }
        }
        Unresolved::Role(role) => SpecError::UnknownRole { name, role, place },
        Unresolved::Size => SpecError::MissingSize { name, found: sizes, place },
    }
}

/// Names that someone may have meant: close in letters, else of the same family with the same window.
fn near(name: &str, listed: &[String]) -> Vec<String> {
    let close = nearest(name, listed.iter().map(String::as_str));
    if !close.is_empty() {
        return close.into_iter().map(str::to_owned).collect();
    }
    let parts: Vec<&str> = name.split("__").collect();
    let [family, measure, window] = parts.as_slice() else { return Vec::new() };
    let words = |text: &str| text.split('_').map(str::to_owned).collect::<BTreeSet<_>>();
    let asked = words(measure);
    let mut scored: Vec<(usize, bool, &String)> = listed
        .iter()
        .filter_map(|other| {
            let parts: Vec<&str> = other.split("__").collect();
            let [f, m, w] = parts.as_slice() else { return None };
            let shared = words(m).intersection(&asked).count();
            (f == family && shared > 0).then_some((shared, w == window, other))
        })
        .collect();
    scored.sort_by_key(|(shared, same, name)| (std::cmp::Reverse(*shared), !same, (*name).clone()));
    scored.into_iter().take(3).map(|(.., name)| name.clone()).collect()
}

/// Names that a pattern stands for, each with whether it was spelled out.
///
/// Braces stand for each of their words; `*` for any part of a listed name.
pub(crate) fn expand(pattern: &str, listed: &[String]) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    for text in braces(pattern) {
        if text.contains('*') {
            let found: Vec<_> =
                listed.iter().filter(|name| matches(&text, name)).cloned().collect();
            if found.is_empty() {
                out.push((text, true));
            }
            out.extend(found.into_iter().map(|name| (name, false)));
        } else {
            out.push((text, true));
        }
    }
    out
}

/// `a{b,c}d` as `abd`, `acd`; an open brace without end stands for itself.
fn braces(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let Some((inside, after)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
    let tails = braces(after);
    let words = inside.split(',').map(str::trim);
    words.flat_map(|word| tails.iter().map(move |tail| format!("{before}{word}{tail}"))).collect()
}

/// Whether a text is of a form in which `*` stands for anything.
fn matches(form: &str, text: &str) -> bool {
    let Some((head, rest)) = form.split_once('*') else { return form == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    if rest.is_empty() {
        return true;
    }
    text.char_indices().any(|(at, _)| text.get(at..).is_some_and(|tail| matches(rest, tail)))
}

fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Place { line, column }
}
