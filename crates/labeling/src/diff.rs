//! What changes from one rule set to another.

use crate::settings::Resolved;
use crate::spec::LabelSpec;
use crate::spec::canonical::{self, Form};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A key that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the resolved set, `targets.grade.base.cuts`.
    pub path: String,
    /// Canonical value before; `None` where there was none.
    pub before: Option<String>,
    /// Canonical value after; `None` where there is none.
    pub after: Option<String>,
    /// Whether it reaches strategies that neither set names.
    pub reaches_others: bool,
    /// Strategies, named by one of the sets, that it reaches.
    pub strategies: Vec<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        write!(f, "{}: {} -> {}", self.path, shown(&self.before), shown(&self.after))
    }
}

/// What changes from one rule set to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecDiff {
    /// Keys that change, by path.
    pub changes: Vec<Change>,
    /// Whether measures change for any strategy, so that the path is needed again; else labels can be made of stored
    /// outcomes.
    pub needs_path: bool,
}

/// What changes from one rule set to another, with every default spelled out.
///
/// ```
/// use labeling::{LabelSpec, diff};
/// let text = LabelSpec::default_text();
/// let old = LabelSpec::parse(text)?;
/// let new = LabelSpec::parse(&text.replace("levels = 1 }", "levels = 2 }"))?;
/// let diff = diff(&old, &new);
/// assert!(!diff.needs_path);
/// assert_eq!(diff.changes[0].to_string(), "targets.grade.demote.deep_drawdown.levels: 1 -> 2");
/// # Ok::<(), labeling::LabelSpecErrors>(())
/// ```
#[must_use]
pub fn diff(old: &LabelSpec, new: &LabelSpec) -> SpecDiff {
    let names: BTreeSet<&str> =
        old.strategies().chain(new.strategies()).map(|(name, _)| name).collect();
    let mut found: BTreeMap<Changed, (bool, Vec<String>)> = BTreeMap::new();
    for (path, before, after) in changes(&header(old), &header(new)) {
        let all = names.iter().map(|name| (*name).to_owned()).collect();
        found.insert((path, before, after), (true, all));
    }
    for change in changes(&flat(old.base()), &flat(new.base())) {
        found.entry(change).or_default().0 = true;
    }
    for name in names {
        let (before, after) = (old.resolve(name), new.resolve(name));
        for change in changes(&flat(&before), &flat(&after)) {
            found.entry(change).or_default().1.push(name.to_owned());
        }
    }
    let needs_path = found.keys().any(|(path, ..)| path.starts_with("measures."));
    let change = |((path, before, after), (reaches_others, strategies))| Change {
        path,
        before,
        after,
        reaches_others,
        strategies,
    };
    SpecDiff { changes: found.into_iter().map(change).collect(), needs_path }
}

type Flat = BTreeMap<String, String>;

/// A path, and its value before and after.
type Changed = (String, Option<String>, Option<String>);

fn header(spec: &LabelSpec) -> Flat {
    let mut flat = Flat::new();
    flat.insert("id".to_owned(), spec.id().to_owned());
    flat.insert("version".to_owned(), spec.version().to_string());
    flat.insert("effective_from".to_owned(), spec.effective_from().to_string());
    if let Some(to) = spec.effective_to() {
        flat.insert("effective_to".to_owned(), to.to_string());
    }
    flat
}

fn flat(set: &Resolved) -> Flat {
    let mut flat = Flat::new();
    flatten(&canonical::resolved(&set.measures, &set.targets), String::new(), &mut flat);
    flat
}

fn flatten(form: &Form, path: String, out: &mut Flat) {
    match form {
        Form::Map(pairs) => {
            for (key, value) in pairs {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(value, format!("{path}{dot}{key}"), out);
            }
        }
        Form::Text(text) => {
            out.insert(path, text.clone());
        }
        other => {
            out.insert(path, other.json().to_string());
        }
    }
}

fn changes(old: &Flat, new: &Flat) -> Vec<Changed> {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = |path: &String| (path.clone(), old.get(path).cloned(), new.get(path).cloned());
    paths.into_iter().map(changed).filter(|(_, a, b)| a != b).collect()
}
