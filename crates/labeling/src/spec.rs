//! A rule set as text: how outcomes are measured, and what labels are made of them.

pub(crate) mod canonical;
mod error;
mod grades;
mod keys;
mod measures;
mod targets;
mod tree;

pub use error::{LabelSpecError, LabelSpecErrors, Place};

use crate::prove::{self, Warning};
use crate::settings::{Resolved, Target, TargetKind};
use canonical::Form;
use contract::{Hash, UtcNanos};
use keys::{Faults, Keys};
use std::collections::BTreeMap;
use std::sync::Arc;
use targets::Kind;
use tree::{Table, Value};

/// A rule set, read, resolved for every strategy that it names, and proven.
///
/// # Keys
/// - `id`, `version` (from 1): a name that never means two things. `effective_from` (RFC 3339; default 1970) and
///   `effective_to` (default: the next version): which decisions it grades, by cut-off.
/// - `measures`: `max_life` is required. Defaults: `anchor = "fills"`, `path = "executable"`, `horizon = "decision"`,
///   `horizon_default = "15m"`, `entry_wait = "horizon"`, `entry_delay = "0s"`, `max_exit_delay = "5m"`,
///   `overnight = "hold"` (`flat_margin = "0s"` with `"flat"`), `offsets` 0, 100 ms, 1 s, 5 s, 10 s, 30 s, 1 min, 5 min,
///   30 min, `benchmark = "do_nothing"`, `clock_bound = "0s"`, `clock_tolerance = "1ms"`, `allowed_lateness = "5s"`,
///   `keep = "1d"`, `exclude_flags = ["MAYBE_BAD_BOOK", "QUARANTINED", "VENDOR_SUSPECT"]`, `lots = "fifo"`, `sources` all.
/// - `sigma`: `from = "references"` (default), or `from = "path"` with `window = "30m"`, `step = "10s"`,
///   `min_steps` (60, or the fewest pairs that the window has), `floor_bps = 0`.
/// - `triple_barrier.NAME`, `fixed_horizon.NAME`, `meta.NAME`, `fill.NAME`, `grade`, `grades.NAME`: targets; further
///   grades are shadow sets, graded beside the first one. All take `covers = { decisions, basis }`.
/// - `strategy.NAME`: replaces keys of the same path. A named rule is replaced whole, `off = true` removes it or a
///   target. `path`, `allowed_lateness`, `keep`, `clock_tolerance`, `exclude_flags`, `sources` are the same for all strategies.
///
/// # Hashes
/// SHA-256 of canonical JSON of what was read, defaults spelled out, decimals without trailing zeros, so that layout,
/// comments, the order of keys and a default that is named change none of them. `measures_hash` covers measures and
/// sigma; `rules_hash` of a target its cover, kind and parameters, not its name, so that a shadow grade keeps its hash
/// when it becomes the grade; `rules_hash` of a resolved set the measures and all targets with their names;
/// [`hash`](Self::hash) all of it: id, version, validity, the set as such and for every strategy.
///
/// ```
/// use labeling::LabelSpec;
/// let spec = LabelSpec::parse(LabelSpec::default_text())?;
/// assert_eq!((spec.id(), spec.version()), ("intraday", 1));
/// let names: Vec<_> = spec.resolve("any").targets.iter().map(|t| t.name.to_string()).collect();
/// assert_eq!(names, ["filled", "grade", "r15m", "tb2", "worth_it"]);
/// # Ok::<(), labeling::LabelSpecErrors>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSpec {
    id: Arc<str>,
    version: u32,
    effective_from: UtcNanos,
    effective_to: Option<UtcNanos>,
    base: Arc<Resolved>,
    strategies: BTreeMap<String, Arc<Resolved>>,
    hash: Hash,
    warnings: Vec<Warning>,
}

impl LabelSpec {
    /// Reads a rule set, resolves it for all strategies, and proves its grades.
    ///
    /// # Errors
    /// [`LabelSpecErrors`] with every fault that was found and its place.
    pub fn parse(text: &str) -> Result<Self, LabelSpecErrors> {
        let mut faults = Vec::new();
        let spec = read(text, &mut faults);
        match (LabelSpecErrors::of(faults), spec) {
            (None, Some(spec)) => Ok(spec),
            (Some(errors), _) => Err(errors),
            (None, None) => Err(LabelSpecErrors::of(vec![LabelSpecError::Syntax {
                message: "expected a rule set".to_owned(),
                place: Place { line: 1, column: 1 },
            }])
            .unwrap_or_else(LabelSpecErrors::none)),
        }
    }

    /// A rule set that was built in Rust: it holds for every strategy, from 1970 on, and its hashes are those that it names.
    #[must_use]
    pub fn of(resolved: impl Into<Arc<Resolved>>) -> Self {
        let base = resolved.into();
        let mut spec = Self {
            id: Arc::clone(&base.id),
            version: base.version,
            effective_from: UtcNanos::from_nanos(0),
            effective_to: None,
            base,
            strategies: BTreeMap::new(),
            hash: Hash::from_bytes([0; 32]),
            warnings: Vec::new(),
        };
        spec.hash = body(&spec).hash();
        spec
    }

    /// A commented rule set to start from.
    #[must_use]
    pub const fn default_text() -> &'static str {
        include_str!("spec/default.toml")
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// From which cut-off on it grades decisions.
    #[must_use]
    pub const fn effective_from(&self) -> UtcNanos {
        self.effective_from
    }

    /// Before which cut-off it grades decisions, if it says so.
    #[must_use]
    pub const fn effective_to(&self) -> Option<UtcNanos> {
        self.effective_to
    }

    /// Hash of the whole set: id, version, validity, and what holds for every strategy.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// What the proof found odd: unreachable classes, idle rules, rules that contradict each other.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The set as it holds for a strategy.
    #[must_use]
    pub fn resolve(&self, strategy: &str) -> Arc<Resolved> {
        Arc::clone(self.strategies.get(strategy).unwrap_or(&self.base))
    }

    /// The set as it holds for strategies that it does not name.
    #[must_use]
    pub fn base(&self) -> &Arc<Resolved> {
        &self.base
    }

    /// Strategies that it names, with the set as it holds for them, by name.
    pub fn strategies(&self) -> impl Iterator<Item = (&str, &Arc<Resolved>)> {
        self.strategies.iter().map(|(name, resolved)| (name.as_str(), resolved))
    }

    /// The whole set as canonical JSON: what [`hash`](Self::hash) is the hash of.
    #[must_use]
    pub fn body(&self) -> String {
        body(self).json().to_string()
    }
}

impl Resolved {
    /// The resolved set as canonical JSON: what `rules_hash` is the hash of.
    #[must_use]
    pub fn body(&self) -> String {
        canonical::resolved(&self.measures, &self.targets).json().to_string()
    }
}

fn body(spec: &LabelSpec) -> Form {
    let form = |resolved: &Resolved| canonical::resolved(&resolved.measures, &resolved.targets);
    let strategies = spec.strategies.iter().map(|(name, set)| (name.clone(), form(set)));
    let mut pairs = vec![
        ("id", Form::Text(spec.id.to_string())),
        ("version", Form::Int(i64::from(spec.version))),
        ("effective_from", Form::Text(spec.effective_from.to_string())),
        ("base", form(&spec.base)),
        ("strategies", Form::map(strategies)),
    ];
    pairs.extend(spec.effective_to.map(|to| ("effective_to", Form::Text(to.to_string()))));
    Form::map(pairs)
}

fn read(text: &str, faults: &mut Faults) -> Option<LabelSpec> {
    let root = match tree::parse(text) {
        Ok(root) => root,
        Err(errors) => {
            faults.extend(errors);
            return None;
        }
    };
    let mut keys = Keys::of(&root, "", faults)?;
    let id = keys.text("id", faults);
    if !keys.has("id") {
        faults.push(keys.missing("id", "a name"));
    }
    if let Some(id) = id
        && id.is_empty()
        && let Some(node) = keys.get("id")
    {
        faults.push(keys::wrong("id", "a name", node));
    }
    let version = keys.whole("version", 1..=i64::from(u32::MAX), faults);
    if !keys.has("version") {
        faults.push(keys.missing("version", "a whole number from 1"));
    }
    let effective_from = instant(&mut keys, "effective_from", faults);
    let effective_to = instant(&mut keys, "effective_to", faults);
    let effective_from = effective_from.unwrap_or(UtcNanos::from_nanos(0));
    if let Some(to) = effective_to
        && to <= effective_from
        && let Some(node) = keys.get("effective_to")
    {
        faults.push(keys::wrong("effective_to", "an instant after `effective_from`", node));
    }
    let strategies = strategies(&mut keys, faults);
    let name: Arc<str> = id.unwrap_or_default().into();
    let version = version.and_then(|v| u32::try_from(v).ok()).unwrap_or(1);
    let mut warnings = Vec::new();

    let base = resolve(&mut keys, &name, version, faults, &mut warnings);
    keys.end(faults);
    let mut resolved = BTreeMap::new();
    for (strategy, over) in strategies {
        let merged = tree::overlay(root.table()?, over, faults);
        let mut keys = Keys::root(&merged);
        let set = resolve(&mut keys, &name, version, faults, &mut warnings);
        resolved.extend(set.map(|set| (strategy.to_owned(), Arc::new(set))));
    }
    warnings.sort();
    warnings.dedup();
    let hash = Hash::from_bytes([0; 32]);
    let base = Arc::new(base?);
    let mut spec = LabelSpec {
        id: name,
        version,
        effective_from,
        effective_to,
        base,
        strategies: resolved,
        hash,
        warnings,
    };
    spec.hash = body(&spec).hash();
    Some(spec)
}

fn instant(keys: &mut Keys<'_>, key: &'static str, faults: &mut Faults) -> Option<UtcNanos> {
    let node = keys.get(key)?;
    let instant = match &node.value {
        Value::Text(text) | Value::Time(text) => UtcNanos::parse(text).ok(),
        _ => None,
    };
    if instant.is_none() {
        let expected = "an RFC 3339 time such as `2026-01-01T00:00:00Z`";
        faults.push(keys::wrong(key, expected, node));
    }
    instant
}

/// The overrides of each strategy, without keys that no strategy may change.
fn strategies<'a>(keys: &mut Keys<'a>, faults: &mut Faults) -> Vec<(&'a str, &'a Table)> {
    let Some(mut named) = keys.table("strategy", faults) else { return Vec::new() };
    let mut found = Vec::new();
    for (strategy, entry) in named.all() {
        let path = format!("strategy.{strategy}");
        let Some(mut over) = Keys::of(&entry.node, path, faults) else { continue };
        let allowed = targets::TABLES.map(|(table, _)| table);
        for key in ["measures", "sigma", "grade"].into_iter().chain(allowed) {
            over.get(key);
        }
        if let Some(measures) = over.get("measures").and_then(tree::Node::table) {
            for key in measures::GLOBAL {
                faults.extend(measures.get(key).map(|entry| LabelSpecError::Global {
                    key: format!("measures.{key}"),
                    strategy: strategy.to_owned(),
                    place: entry.place,
                }));
            }
        }
        over.end(faults);
        found.extend(entry.node.table().map(|table| (strategy, table)));
    }
    found
}

/// Measures and targets of a tree in which the overrides of a strategy have been applied.
fn resolve(
    keys: &mut Keys<'_>,
    id: &Arc<str>,
    version: u32,
    faults: &mut Faults,
    warnings: &mut Vec<Warning>,
) -> Option<Resolved> {
    let before = faults.len();
    let measures = measures::read(keys, faults);
    let mut targets: Vec<Target> = Vec::new();
    let mut add = |name: &str, kind: Kind, mut keys: Keys<'_>, faults: &mut Faults| {
        let covers = targets::covers(&mut keys, kind, measures.anchor, faults);
        let read = match kind {
            Kind::TripleBarrier => targets::triple_barrier(&mut keys, faults),
            Kind::FixedHorizon => Some(targets::fixed_horizon(&mut keys, faults)),
            Kind::Meta => Some(targets::meta(&mut keys, faults)),
            Kind::Fill => Some(targets::fill(&mut keys, faults)),
            Kind::Grade => grade(name, &mut keys, faults, warnings),
        };
        let place = keys.place();
        keys.end(faults);
        if targets.iter().any(|target| &*target.name == name) {
            faults.push(LabelSpecError::Value {
                key: name.to_owned(),
                expected: "targets of different names".to_owned(),
                found: name.to_owned(),
                place,
            });
        }
        targets.extend(read.map(|kind| {
            let rules_hash = canonical::target(&covers, &kind).hash();
            Target { name: name.into(), covers, kind, rules_hash }
        }));
    };
    for (table, kind) in targets::TABLES {
        let Some(mut named) = keys.table(table, faults) else { continue };
        for (name, entry) in named.all() {
            let path = named.path(name);
            if let Some(keys) = Keys::of(&entry.node, path, faults) {
                add(name, kind, keys, faults);
            }
        }
    }
    if let Some(keys) = keys.table("grade", faults) {
        add("grade", Kind::Grade, keys, faults);
    }
    if faults.len() > before {
        return None;
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    let measures_hash = canonical::measures(&measures).hash();
    let rules_hash = canonical::resolved(&measures, &targets).hash();
    Some(Resolved { id: Arc::clone(id), version, measures, measures_hash, targets, rules_hash })
}

/// A grade, proven.
fn grade(
    name: &str,
    keys: &mut Keys<'_>,
    faults: &mut Faults,
    warnings: &mut Vec<Warning>,
) -> Option<TargetKind> {
    let grade = grades::read(keys, faults)?;
    match prove::prove(&grade) {
        Ok(proof) => warnings.extend(proof.warnings.into_iter().map(|w| w.of(name))),
        Err(source) => {
            let key = name.to_owned();
            faults.push(LabelSpecError::Proof { key, source, place: keys.place() });
            return None;
        }
    }
    Some(TargetKind::Grade(grade))
}
