//! Which rule set holds when.

use crate::settings::{Measures, Resolved};
use crate::spec::LabelSpec;
use contract::{BuildError, Diagnostic, Draft, Fault, Hash, RuleSets, TableBuilder, UtcNanos};
use std::sync::Arc;

/// Rule sets in the order in which they come into force.
///
/// One set is in force at a cut-off: from its `effective_from` on, before its `effective_to`, else before the
/// `effective_from` of the next set of the same id.
///
/// ```
/// use labeling::{LabelSpec, RuleBook};
/// let text = |version: u32, from: &str| format!(
///     "id = \"a\"\nversion = {version}\neffective_from = \"{from}\"\nmeasures = {{ max_life = \"{version}h\" }}"
/// );
/// let first = LabelSpec::parse(&text(1, "2026-01-01T00:00:00Z"))?;
/// let second = LabelSpec::parse(&text(2, "2026-02-01T00:00:00Z"))?;
/// let book = RuleBook::new(vec![second, first])?;
/// let february = contract::UtcNanos::parse("2026-02-01T00:00:00Z")?.nanos();
/// assert_eq!(book.resolve("momentum", february - 1).map(|set| set.version), Some(1));
/// assert_eq!(book.resolve("momentum", february).map(|set| set.version), Some(2));
/// assert_eq!(book.resolve("momentum", 0), None); // before the first set
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RuleBook {
    /// By the start of their validity.
    sets: Vec<Chapter>,
}

#[derive(Debug, Clone, PartialEq)]
struct Chapter {
    from_ns: i64,
    /// The end, not included.
    to_ns: Option<i64>,
    spec: LabelSpec,
}

/// Why rule sets make no book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleBookError {
    /// No set at all.
    #[error("rule sets: expected at least one, found none")]
    Empty,
    /// One id and version that means two things.
    #[error(
        "rule set `{id}` version {version}: expected one meaning, found the hashes {first} and {second}"
    )]
    Conflict {
        /// Its name.
        id: String,
        /// Its version.
        version: u32,
        /// The one hash.
        first: Hash,
        /// The other.
        second: Hash,
    },
    /// Two sets in force at once.
    #[error("rule sets {first} and {second}: expected one in force at a time, found both at {at}")]
    Overlap {
        /// The earlier one, `id version`.
        first: String,
        /// The later one.
        second: String,
        /// The first instant of both.
        at: UtcNanos,
    },
    /// Keys that must be the same in all sets.
    #[error("rule sets {first} and {second}: expected the same `measures.{key}`, found others")]
    Global {
        /// The one, `id version`.
        first: String,
        /// The other.
        second: String,
        /// The key.
        key: &'static str,
    },
    /// A set that is not the one that was pinned.
    #[error("rule set `{id}` version {version}: expected the hash {expected}, found {found}")]
    Pinned {
        /// Its name.
        id: String,
        /// Its version.
        version: u32,
        /// The hash that was pinned.
        expected: Hash,
        /// The hash that it has.
        found: Hash,
    },
}

impl Diagnostic for RuleBookError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "labeling/no-rule-set",
            Self::Conflict { .. } => "labeling/rule-set-conflict",
            Self::Overlap { .. } => "labeling/rule-set-overlap",
            Self::Global { .. } => "labeling/global-key",
            Self::Pinned { .. } => "labeling/pinned-hash",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Pinned { .. } => Fault::Integrity,
            _ => Fault::Input,
        }
    }
}

impl RuleBook {
    /// A book of sets; the same set twice counts once.
    ///
    /// # Errors
    /// [`RuleBookError`] for no set, an id and version with two meanings, two sets in force at once, and keys that must
    /// agree and do not.
    pub fn new(specs: Vec<LabelSpec>) -> Result<Self, RuleBookError> {
        let mut sets: Vec<LabelSpec> = Vec::new();
        for spec in specs {
            let same =
                |other: &&LabelSpec| (other.id(), other.version()) == (spec.id(), spec.version());
            match sets.iter().find(same) {
                Some(other) if other.hash() == spec.hash() => {}
                Some(other) => {
                    return Err(RuleBookError::Conflict {
                        id: spec.id().to_owned(),
                        version: spec.version(),
                        first: other.hash(),
                        second: spec.hash(),
                    });
                }
                None => sets.push(spec),
            }
        }
        let Some(first) = sets.first() else { return Err(RuleBookError::Empty) };
        for spec in &sets {
            if let Some(key) = differs(&first.base().measures, &spec.base().measures) {
                let (first, second) = (name(first), name(spec));
                return Err(RuleBookError::Global { first, second, key });
            }
        }
        sets.sort_by(|a, b| {
            (a.effective_from(), a.id(), a.version()).cmp(&(
                b.effective_from(),
                b.id(),
                b.version(),
            ))
        });
        let ends: Vec<Option<UtcNanos>> = sets
            .iter()
            .enumerate()
            .map(|(at, spec)| {
                let next = sets.iter().skip(at + 1).find(|other| other.id() == spec.id());
                spec.effective_to().or(next.map(LabelSpec::effective_from))
            })
            .collect();
        let sets: Vec<Chapter> = sets
            .into_iter()
            .zip(ends)
            .map(|(spec, end)| Chapter {
                from_ns: spec.effective_from().nanos(),
                to_ns: end.map(UtcNanos::nanos),
                spec,
            })
            .collect();
        // In the order of their starts, an end after the next start is an overlap.
        for (first, second) in sets.iter().zip(sets.iter().skip(1)) {
            if first.from_ns == second.from_ns || first.to_ns.is_none_or(|to| to > second.from_ns) {
                return Err(RuleBookError::Overlap {
                    first: name(&first.spec),
                    second: name(&second.spec),
                    at: UtcNanos::from_nanos(second.from_ns),
                });
            }
        }
        Ok(Self { sets })
    }

    /// A book of one set.
    #[must_use]
    pub fn of(spec: LabelSpec) -> Self {
        let from_ns = spec.effective_from().nanos();
        let to_ns = spec.effective_to().map(UtcNanos::nanos);
        Self { sets: vec![Chapter { from_ns, to_ns, spec }] }
    }

    /// The set in force for a strategy at a cut-off; `None` outside of every set's validity.
    ///
    /// - **Cost:** a binary search and a look-up by name; sets are resolved when they are parsed.
    #[must_use]
    pub fn resolve(&self, strategy: &str, cutoff_ns: i64) -> Option<Arc<Resolved>> {
        self.spec_at(cutoff_ns).map(|spec| spec.resolve(strategy))
    }

    /// The set in force at a cut-off.
    #[must_use]
    pub fn spec_at(&self, cutoff_ns: i64) -> Option<&LabelSpec> {
        let after = self.sets.partition_point(|set| set.from_ns <= cutoff_ns);
        let set = self.sets.get(after.checked_sub(1)?)?;
        set.to_ns.is_none_or(|to| cutoff_ns < to).then_some(&set.spec)
    }

    /// The sets by the start of their validity.
    pub fn specs(&self) -> impl Iterator<Item = &LabelSpec> {
        self.sets.iter().map(|set| &set.spec)
    }

    /// The sets as rows of the table `rule_sets`, known from `ts_avail` on.
    ///
    /// - **Shape:** one row a set; the hash and body are those of the whole set, all strategies included.
    ///
    /// # Errors
    /// [`BuildError`] for a body of more than 2^31 bytes.
    pub fn rule_sets(&self, ts_avail: UtcNanos) -> Result<Draft<RuleSets>, BuildError> {
        let mut rows = TableBuilder::<RuleSets>::new(ts_avail);
        for spec in self.specs() {
            rows.set(&RuleSets::RULE_SET, spec.id())
                .set(&RuleSets::VERSION, spec.version())
                .set(&RuleSets::RULES_HASH, spec.hash())
                .set(&RuleSets::TS_EFFECTIVE, spec.effective_from())
                .set(&RuleSets::TS_AVAIL, ts_avail)
                .set(&RuleSets::BODY, spec.body().as_str())
                .end_row()?;
        }
        rows.finish()
    }
}

impl From<LabelSpec> for RuleBook {
    fn from(spec: LabelSpec) -> Self {
        Self::of(spec)
    }
}

impl LabelSpec {
    /// Checks that this is the set that was pinned.
    ///
    /// # Errors
    /// [`RuleBookError::Pinned`] with both hashes.
    pub fn pin(&self, expected: Hash) -> Result<(), RuleBookError> {
        if self.hash() == expected {
            return Ok(());
        }
        Err(RuleBookError::Pinned {
            id: self.id().to_owned(),
            version: self.version(),
            expected,
            found: self.hash(),
        })
    }
}

fn name(spec: &LabelSpec) -> String {
    format!("`{}` version {}", spec.id(), spec.version())
}

/// A key in which two sets may not differ, and do.
fn differs(a: &Measures, b: &Measures) -> Option<&'static str> {
    let keys = [
        ("path", a.path == b.path),
        ("allowed_lateness", a.allowed_lateness_ns == b.allowed_lateness_ns),
        ("keep", a.keep_ns == b.keep_ns),
        ("clock_tolerance", a.clock_tolerance_ns == b.clock_tolerance_ns),
        ("exclude_flags", a.exclude_flags == b.exclude_flags),
        ("sources", a.sources == b.sources),
    ];
    keys.into_iter().find(|(_, same)| !same).map(|(key, _)| key)
}
