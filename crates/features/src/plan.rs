//! What a feature set comes down to: features in order, shared answers, tables to read, a hash.

use crate::error::SweepError;
use crate::feature::Feature;
use crate::instrument::Keep;
use crate::needs::{Ask, Who};
use crate::rows::{MarketTable, Series};
use crate::window::{ROWS_SPAN, SECOND, Window};
use arrow_schema::SchemaRef;
use contract::{Batch, Features, Hash, Json, Unlogged};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows whose flags have one of these bits are skipped and counted: QUARANTINED and VENDOR_SUSPECT.
pub(crate) const DEFAULT_FILTER: u16 =
    contract::Flags::QUARANTINED.with(contract::Flags::VENDOR_SUSPECT).bits();
/// How long a state holds.
pub(crate) const DEFAULT_MAX_AGE: i64 = 60 * crate::window::SECOND;

/// A feature set, resolved.
#[derive(Debug)]
pub struct Plan {
    pub(crate) features: Vec<Planned>,
    pub(crate) answers: Vec<Planning>,
    /// Number of instants at which rows are counted.
    pub(crate) edges: usize,
    pub(crate) roles: Vec<String>,
    pub(crate) keep: Keep,
    pub(crate) row_filter: u16,
    pub(crate) max_age_ns: i64,
    pub(crate) lookback_ns: i64,
    pub(crate) tables: BTreeSet<MarketTable>,
    pub(crate) reference_tables: BTreeSet<&'static str>,
    /// Lookback by subject (own, then roles) and tick table; `None`: not read.
    pub(crate) reads: Vec<[Option<i64>; 3]>,
    pub(crate) schema: SchemaRef,
    hash: Hash,
    canonical: String,
}

/// A feature and where its answers stand.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) feature: Arc<dyn Feature>,
    /// For each need, the answer.
    pub(crate) answers: Vec<usize>,
    /// For each need that is a state, how old it may be.
    pub(crate) max_age_ns: i64,
    pub(crate) lookback_ns: i64,
    pub(crate) stops_in_halt: bool,
    pub(crate) is_category: bool,
}

/// A question that one or more features ask.
#[derive(Debug)]
pub(crate) struct Planning {
    /// 0 own, then roles.
    pub(crate) subject: usize,
    pub(crate) ask: Ask,
    /// Place among the measures of its series, for sums.
    pub(crate) measure: usize,
    /// Place among the recursions, for decayed sums.
    pub(crate) recursion: usize,
    /// The window, if it has one.
    pub(crate) window: Option<Window>,
    /// How far back coverage must reach, unless a session or recursion says.
    pub(crate) back_ns: i64,
    /// Tick tables that must cover the window.
    pub(crate) covering: [bool; 3],
    /// Whether a gap anywhere in the window counts.
    pub(crate) is_window: bool,
    /// Whether coverage must reach over the window.
    pub(crate) warms_up: bool,
    /// Places of the cut-off and of the start of the window among the edges of the plan.
    pub(crate) cut: usize,
    pub(crate) begin: usize,
}

/// An instant at which rows of a series are counted.
type Edge = (usize, Option<Series>, Option<Start>);

/// What the start of a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Start {
    Back(i64),
    Session,
    /// The end of a bar, some bars back.
    Bars(i64),
}

/// What a plan is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) features: Vec<Arc<dyn Feature>>,
    pub(crate) max_age_ns: i64,
    /// Overrides by feature.
    pub(crate) max_ages: BTreeMap<String, i64>,
    pub(crate) row_filter: u16,
    /// Sizes of sweeps, in units of 1e-9.
    pub(crate) sizes: Vec<i64>,
}

impl Plan {
    pub(crate) fn of(parts: Parts) -> Self {
        let mut keep = Keep { max_age_ns: parts.max_age_ns, ..Keep::default() };
        for wanted in &mut keep.wanted {
            wanted.max_age_ns = parts.max_age_ns;
        }
        let roles: BTreeSet<String> = parts
            .features
            .iter()
            .flat_map(|f| f.needs().roles().into_iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let mut plan = Self {
            features: Vec::new(),
            answers: Vec::new(),
            edges: 0,
            roles: roles.into_iter().collect(),
            keep,
            row_filter: parts.row_filter,
            max_age_ns: parts.max_age_ns,
            lookback_ns: 0,
            tables: BTreeSet::new(),
            reference_tables: BTreeSet::new(),
            reads: Vec::new(),
            schema: Arc::new(arrow_schema::Schema::empty()),
            hash: Hash::from_bytes([0; 32]),
            canonical: String::new(),
        };
        plan.reads = vec![[None; 3]; plan.roles.len() + 1];
        let mut known: BTreeMap<(usize, String), usize> = BTreeMap::new();
        let mut edges: BTreeMap<Edge, usize> = BTreeMap::new();
        for feature in parts.features {
            let max_age_ns = parts
                .max_ages
                .get(&feature.declaration().name)
                .copied()
                .unwrap_or(parts.max_age_ns);
            let needs = feature.needs();
            let answers = needs.list.iter().map(|need| {
                let subject = match &need.who {
                    Who::Own => 0,
                    Who::Role(role) => plan.roles.binary_search(role).map_or(0, |at| at + 1),
                };
                let answer = known.entry((subject, need.ask.identity())).or_insert_with(|| {
                    let planning = plan_one(&mut plan.keep, &mut edges, subject, &need.ask);
                    plan.answers.push(planning);
                    plan.answers.len() - 1
                });
                for table in need.ask.tables() {
                    if let Some(read) =
                        plan.reads.get_mut(subject).and_then(|r| r.get_mut(table.at()))
                    {
                        let back = need.ask.lookback_ns(parts.max_age_ns);
                        *read = Some(read.unwrap_or(0).max(back));
                    }
                }
                *answer
            });
            let answers = answers.collect();
            let lookback_ns = needs.lookback_ns(parts.max_age_ns);
            plan.lookback_ns = plan.lookback_ns.max(lookback_ns);
            plan.tables.extend(needs.tables());
            plan.reference_tables.extend(needs.reference_tables());
            let stops_in_halt = feature.declaration().stops_in_halt;
            let is_category = feature.declaration().is_category;
            plan.features.push(Planned {
                feature,
                answers,
                max_age_ns,
                lookback_ns,
                stops_in_halt,
                is_category,
            });
        }
        plan.edges = edges.len();
        plan.canonical = plan.canonical_json(&parts.max_ages, &parts.sizes).to_string();
        plan.hash = Hash::of(plan.canonical.as_bytes());
        plan.schema = crate::output::schema(&plan.features, &plan.hash);
        plan
    }

    /// The set in full as canonical JSON, versions of the features included: what the hash is taken over.
    fn canonical_json(&self, max_ages: &BTreeMap<String, i64>, sizes: &[i64]) -> Json {
        let features = self.features.iter().map(|planned| {
            let declaration = planned.feature.declaration();
            let mut pairs = vec![
                ("name", Json::from(declaration.name.as_str())),
                ("version", Json::from(i64::from(declaration.version))),
            ];
            if let Some(max_age) = max_ages.get(&declaration.name) {
                pairs.push(("max_age_ns", Json::from(*max_age)));
            }
            Json::object(pairs)
        });
        Json::object([
            ("features", Json::Array(features.collect())),
            ("max_age_ns", Json::from(self.max_age_ns)),
            ("row_filter", Json::from(i64::from(self.row_filter))),
            ("sizes", Json::Array(sizes.iter().map(|s| Json::from(s.to_string())).collect())),
        ])
    }

    /// The hash of the feature set: SHA-256 of its canonical JSON.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The canonical JSON behind the hash.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// No rows, in the shape that every batch of rows of this set has.
    ///
    /// # Errors
    /// [`SweepError::Output`] when the contract refuses the shape, which would be a bug.
    pub fn no_rows(&self) -> Result<Batch<Features, Unlogged>, SweepError> {
        crate::output::batch(self, &[])
    }

    /// The features, in the order of their columns.
    pub fn features(&self) -> impl Iterator<Item = &dyn Feature> {
        self.features.iter().map(|p| p.feature.as_ref())
    }

    /// Number of features.
    #[must_use]
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// How far before a cut-off a row may lie and still count, in nanoseconds.
    #[must_use]
    pub fn lookback_ns(&self) -> i64 {
        self.lookback_ns
    }

    /// The lookback of one feature by its place, in nanoseconds.
    #[must_use]
    pub fn lookback_of(&self, feature: usize) -> Option<i64> {
        self.features.get(feature).map(|p| p.lookback_ns)
    }

    /// How long a state holds, in nanoseconds.
    #[must_use]
    pub fn max_age_ns(&self) -> i64 {
        self.max_age_ns
    }

    /// Tick tables that are read.
    pub fn tables(&self) -> impl Iterator<Item = MarketTable> {
        self.tables.iter().copied()
    }

    /// Reference tables that are read.
    pub fn reference_tables(&self) -> impl Iterator<Item = &'static str> {
        self.reference_tables.iter().copied()
    }

    /// Roles whose instruments are asked about.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str)
    }
}

/// The place of an answer, and what the rings must keep for it.
fn plan_one(
    keep: &mut Keep,
    edges: &mut BTreeMap<Edge, usize>,
    subject: usize,
    ask: &Ask,
) -> Planning {
    let window = match ask {
        Ask::Sum { window, .. } | Ask::Count { window, .. } | Ask::Extreme { window, .. } => {
            Some(*window)
        }
        Ask::OpenQuote => Some(Window::Session),
        _ => None,
    };
    let counts_rows = matches!(window, Some(Window::Rows(_)));
    let back_ns = if counts_rows { ROWS_SPAN } else { ask.window_ns() };
    let start = match (ask, window) {
        (_, Some(Window::Session)) => Start::Session,
        (Ask::MidBefore { .. }, _) => Start::Back(ROWS_SPAN),
        (Ask::Change, _) => Start::Back(keep.max_age_ns),
        (Ask::Grid { n, .. }, _) => Start::Back(i64::from(*n).saturating_mul(SECOND)),
        (Ask::Bars { n }, _) => Start::Bars(i64::from(*n)),
        _ => Start::Back(back_ns),
    };
    let mut edge = |start: Option<Start>| {
        let next = edges.len();
        *edges.entry((subject, ask.series(), start)).or_insert(next)
    };
    let is_state = window.is_none() && ask.window_ns() == 0;
    let mut planning = Planning {
        subject,
        ask: ask.clone(),
        measure: 0,
        recursion: 0,
        window,
        back_ns,
        covering: MarketTable::ALL.map(|table| ask.covering().contains(&table)),
        is_window: !is_state && !matches!(ask, Ask::Quote { .. }),
        warms_up: !is_state && !counts_rows,
        cut: edge(None),
        // What is asked of the cut-off itself starts there.
        begin: if start == Start::Back(0) { edge(None) } else { edge(Some(start)) },
    };
    let Some(series) = ask.series() else { return planning };
    // A series is made of others.
    for made_of in [series].iter().chain(match series {
        Series::Grid | Series::Later => &[Series::Quotes, Series::Trades][..],
        Series::Bars | Series::Trades => &[Series::Trades][..],
        _ => &[],
    }) {
        if let Some(on) = keep.is_on.get_mut(made_of.at()) {
            *on = true;
        }
    }
    let Some(wanted) = keep.wanted.get_mut(series.at()) else { return planning };
    match ask {
        Ask::Sum { measure, .. } => planning.measure = wanted.place(measure),
        Ask::MidBefore { .. } => {
            planning.measure = wanted.place(&crate::families::quotes::mid_moves());
        }
        Ask::Change => planning.measure = wanted.place(&crate::families::quotes::changes()),
        Ask::Extreme { .. } => wanted.extremes = true,
        Ask::Decayed { half_life, .. } => {
            if series == Series::Grid {
                planning.measure = wanted.place(&crate::families::returns::n_valid());
            }
            let half_lives = match series {
                Series::Trades => &mut keep.trade_half_lives,
                _ => &mut keep.grid_half_lives,
            };
            let known = half_lives.iter().position(|h| h == half_life);
            planning.recursion = known.unwrap_or_else(|| {
                half_lives.push(*half_life);
                half_lives.len() - 1
            });
        }
        _ => {}
    }
    planning
}
