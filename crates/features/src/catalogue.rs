//! All features that can be named, and how a name becomes a feature.

use crate::at::At;
use crate::feature::{Declaration, Feature, Formula, Mirror, NullRule, Scaling};
use crate::measure::{Measure, sealed};
use crate::needs::{Ask, Needs};
use crate::null::Null;
use crate::window::Window;
use contract::Unit;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Windows that a formula takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// `now` alone.
    Now,
    /// A span of rows.
    Span,
    /// A span of at most an hour of whole seconds, over the grid.
    GridSpan,
    /// Whatever is listed.
    Listed,
    /// A span, or the session.
    SpanOrSession,
    /// A number of rows.
    Rows,
    /// Instants of the 1 s grid, at most an hour of them.
    Grid,
    /// Closed bars of one minute, at most a day of them.
    Bars,
    /// A half-life of whole seconds, at most as long as an anchor period allows.
    HalfLife,
}

impl Takes {
    fn takes(self, window: Window) -> bool {
        use crate::window::SECOND;
        let grid_span = |ns: i64| ns % SECOND == 0 && (2 * SECOND..=3_600 * SECOND).contains(&ns);
        match (self, window) {
            (Self::Now, Window::Now) | (Self::SpanOrSession, Window::Session) => true,
            (Self::Span | Self::SpanOrSession, Window::Span(ns)) => ns <= 86_400 * SECOND,
            (Self::GridSpan, Window::Span(ns)) => grid_span(ns),
            (Self::Rows, Window::Rows(n)) => (2..=4_096).contains(&n),
            (Self::Grid, Window::Grid { n, step_ns }) => {
                step_ns == SECOND && (2..=3_600).contains(&n)
            }
            (Self::Bars, Window::Bars { n, step_ns }) => {
                step_ns == 60 * SECOND && (2..=1_440).contains(&n)
            }
            (Self::HalfLife, Window::HalfLife(ns)) => ns <= crate::recursion::MAX_HALF_LIFE,
            _ => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Now => "`now`",
            Self::Span => "a span as `10s`, at most 1d",
            Self::GridSpan => "a span of 2 s to 1 h in whole seconds",
            Self::Listed => "one of those listed",
            Self::SpanOrSession => "a span as `10s`, at most 1d, or `sess`",
            Self::Rows => "a number of rows as `n50`, 2 to 4096",
            Self::Grid => "instants of the 1 s grid as `g300x1s`, 2 to 3600",
            Self::Bars => "closed bars of one minute as `b20x1m`, 2 to 1440",
            Self::HalfLife => "a half-life as `hl60s`, at most 4 h",
        }
    }
}

/// What a formula is built for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Args<'a> {
    pub(crate) window: Window,
    pub(crate) role: &'a str,
    /// Sizes `q1`, `q2`, ... in units of 1e-9.
    pub(crate) sizes: &'a [i64],
}

impl Args<'_> {
    /// The window in nanoseconds.
    pub(crate) fn ns(&self) -> i64 {
        self.window.span_ns()
    }

    /// Entries of a full window of the 1 s grid.
    pub(crate) fn entries(&self) -> u32 {
        match self.window {
            Window::Grid { n, .. } | Window::Bars { n, .. } | Window::Rows(n) => n,
            Window::Span(ns) => u32::try_from(ns / crate::window::SECOND).unwrap_or(u32::MAX),
            _ => 0,
        }
    }
}

type Eval = Box<dyn Fn(&At<'_>) -> Result<f64, Null> + Send + Sync>;
/// What a formula asks for and how its value follows.
pub(crate) type Built = (Needs, Eval);
type Build = Box<dyn Fn(&Args<'_>) -> Option<Built> + Send + Sync>;

/// A closure as the second half of a [`Built`].
#[expect(
    clippy::unnecessary_wraps,
    reason = "the few builders that may refuse end like all others"
)]
pub(crate) fn built(
    needs: Needs,
    eval: impl Fn(&At<'_>) -> Result<f64, Null> + Send + Sync + 'static,
) -> Option<Built> {
    Some((needs, Box::new(eval)))
}

/// A feature but for its window and role.
pub(crate) struct Template {
    /// `<family>__<measure>`, with `{r}` for a role.
    stem: String,
    windows: Vec<Window>,
    takes: Takes,
    about: Declaration,
    build: Build,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("stem", &self.stem).finish_non_exhaustive()
    }
}

impl Template {
    /// A template by `<family>__<measure>` and the windows of the catalogue.
    pub(crate) fn new(
        stem: impl Into<String>,
        windows: &[&str],
        takes: Takes,
        definition: &str,
        formula: &str,
        build: impl Fn(&Args<'_>) -> Option<Built> + Send + Sync + 'static,
    ) -> Self {
        let stem = stem.into();
        let mut about = Declaration::new(stem.clone(), definition);
        formula.clone_into(&mut about.formula);
        about.stops_in_halt = stem.starts_with("book__") || stem.starts_with("liq__");
        let windows = windows.iter().filter_map(|w| w.parse().ok()).collect();
        Self { stem, windows, takes, about, build: Box::new(build) }
    }

    pub(crate) fn unit(mut self, unit: Unit) -> Self {
        self.about.unit = unit;
        self
    }

    pub(crate) fn rule(mut self, rule: NullRule) -> Self {
        self.about.null_rule = rule;
        self
    }

    /// Smallest and largest value.
    pub(crate) fn domain(mut self, low: f64, high: f64) -> Self {
        self.about.domain = (low, high);
        self
    }

    /// Degrees under scaling of prices and of sizes.
    pub(crate) fn scales(mut self, px: i8, size: i8) -> Self {
        self.about.scaling = Scaling { px: Some(px), size: Some(size) };
        self
    }

    pub(crate) fn mirror(mut self, mirror: Mirror) -> Self {
        self.about.mirror = mirror;
        self
    }

    pub(crate) fn oracle(mut self, oracle: &str) -> Self {
        oracle.clone_into(&mut self.about.oracle);
        self
    }

    pub(crate) fn source(mut self, source: &str) -> Self {
        source.clone_into(&mut self.about.source);
        self
    }

    pub(crate) fn category(mut self) -> Self {
        self.about.is_category = true;
        self
    }

    /// Nothing else is asked of a role's features than of one's own: they are null in the role's halt.
    pub(crate) fn stops_in_halt(mut self) -> Self {
        self.about.stops_in_halt = true;
        self
    }

    fn has_role(&self) -> bool {
        self.stem.contains("{r}")
    }

    /// The names of the catalogue for a role.
    fn names(&self, role: &str) -> impl Iterator<Item = String> {
        let stem = self.stem.replace("{r}", role);
        self.windows.iter().map(move |w| format!("{stem}__{w}"))
    }

    fn feature(&self, args: &Args<'_>) -> Option<Formula> {
        let (needs, eval) = (self.build)(args)?;
        let mut declaration = self.about.clone();
        declaration.name = format!("{}__{}", self.stem.replace("{r}", args.role), args.window);
        Some(Formula::new(declaration, needs, eval))
    }
}

/// One entry of the catalogue as it is listed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Listed {
    /// `<family>__<measure>`, with `{r}` for a role.
    pub stem: String,
    /// Windows of the default set.
    pub windows: Vec<String>,
    /// Windows that it takes, in words.
    pub takes: &'static str,
    /// What it says of itself; the name is the stem.
    pub about: Declaration,
}

impl Listed {
    /// Its family, the first part of every name.
    #[must_use]
    pub fn family(&self) -> &str {
        self.stem.split("__").next().unwrap_or(&self.stem)
    }

    /// Whether a text means it: its family, its stem, one of its names, or a pattern of them with `*` and `{a,b}`.
    ///
    /// ```
    /// use features::Catalogue;
    /// let catalogue = Catalogue::builtin();
    /// let found = |text: &str| catalogue.list().filter(|entry| entry.matches(text)).count();
    /// assert_eq!(found("book__spread_bps"), 1);
    /// assert_eq!(found("book__spread_*__now"), 2); // in basis points, and in ticks
    /// assert_eq!(found("weather"), 0);
    /// ```
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if text == self.family() || text == self.stem {
            return true;
        }
        let names = self.windows.iter().map(|window| format!("{}__{window}", self.stem));
        let listed: Vec<String> = names.chain([self.stem.clone()]).collect();
        // `{r}` of a stem is no pattern.
        listed.iter().any(|name| name == text)
            || crate::spec::expand(text, &listed).iter().any(|(name, _)| listed.contains(name))
    }
}

/// All features that can be named: those of this crate, and a user's own.
///
/// ```
/// use features::{Catalogue, Declaration, Formula, Needs, Series, Spec, Window};
/// let mut needs = Needs::new();
/// let n = needs.own().count(Series::Trades, Window::Span(30_000_000_000));
/// let declaration = Declaration::new("x_desk__n_trades__30s", "Number of trades in 30 s.");
/// let mine = Formula::new(declaration, needs, move |at| Ok(at.sum(n)? as f64));
///
/// let catalogue = Catalogue::builtin().with(mine)?;
/// let plan = Spec::parse("features = [\"x_desk__n_trades__30s\", \"flow__n_trades__10s\"]")?.resolve(&catalogue)?;
/// assert_eq!(plan.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Catalogue {
    templates: Vec<Template>,
    own: BTreeMap<String, Arc<dyn Feature>>,
}

/// A user's feature that cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("feature `{name}`: expected {expected}")]
pub struct CatalogueError {
    name: String,
    expected: &'static str,
}

impl contract::Diagnostic for CatalogueError {
    fn code(&self) -> &'static str {
        "features/unusable-feature"
    }

    fn fault(&self) -> contract::Fault {
        contract::Fault::Input
    }
}

impl Catalogue {
    /// The features of this crate.
    #[must_use]
    pub fn builtin() -> Self {
        let templates = crate::families::all();
        Self { templates, own: BTreeMap::new() }
    }

    /// The same with a user's feature.
    ///
    /// # Errors
    /// [`CatalogueError`] when its name is not `x_<family>__<measure>__<window>`, is taken, or it asks for nothing.
    pub fn with(mut self, feature: impl Feature + 'static) -> Result<Self, CatalogueError> {
        let name = feature.declaration().name.clone();
        let refused = |expected| Err(CatalogueError { name: name.clone(), expected });
        let parts: Vec<&str> = name.split("__").collect();
        let [family, measure, window] = parts.as_slice() else {
            return refused("a name of the form x_<family>__<measure>__<window>");
        };
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if !family.starts_with("x_") || !plain(family) || !plain(measure) {
            return refused(
                "a family that begins with `x_`, of lower-case letters, digits and single underscores",
            );
        }
        if window.parse::<Window>().is_err() {
            return refused("a window as `10s` or `now` in its last part");
        }
        if feature.needs().list.is_empty() {
            return refused("a feature that asks for something");
        }
        let measures = |feature: &dyn Feature| -> Vec<Arc<dyn Measure>> {
            let asks = feature.needs().list.iter();
            asks.filter_map(|need| match &need.ask {
                Ask::Sum { measure, .. } if !measure.is_builtin(sealed::Ask) => {
                    Some(Arc::clone(measure))
                }
                _ => None,
            })
            .collect()
        };
        let own = measures(&feature);
        if own.iter().any(|m| !m.name().starts_with("x_")) {
            return refused("measures whose names begin with `x_`");
        }
        if own.iter().any(|m| m.tables().is_empty()) {
            return refused("measures that name the tables they read");
        }
        // Two measures of one name would share their totals.
        let others = self.own.values().flat_map(|f| measures(f.as_ref()));
        let known: Vec<Arc<dyn Measure>> = others.chain(own.iter().cloned()).collect();
        let clash = |m: &Arc<dyn Measure>| {
            known.iter().any(|o| o.name() == m.name() && format!("{o:?}") != format!("{m:?}"))
        };
        if own.iter().any(clash) {
            return refused("different measures under different names");
        }
        if self.own.contains_key(&name) {
            return refused("a name that is not taken");
        }
        self.own.insert(name, Arc::new(feature));
        Ok(self)
    }

    /// Every entry: a template a line with its windows, then a user's features.
    pub fn list(&self) -> impl Iterator<Item = Listed> {
        let builtin = self.templates.iter().map(|t| Listed {
            stem: t.stem.clone(),
            windows: t.windows.iter().map(ToString::to_string).collect(),
            takes: t.takes.text(),
            about: t.about.clone(),
        });
        let own = self.own.values().map(|f| {
            let about = f.declaration().clone();
            let (stem, window) = about.name.rsplit_once("__").unwrap_or((&about.name, ""));
            Listed {
                stem: stem.to_owned(),
                windows: vec![window.to_owned()],
                takes: Takes::Listed.text(),
                about: about.clone(),
            }
        });
        builtin.chain(own)
    }

    /// Names of the default set and of a user's features, roles put in.
    #[must_use]
    pub fn names(&self, roles: &[String]) -> Vec<String> {
        let mut names = Vec::new();
        for template in &self.templates {
            if template.has_role() {
                names.extend(roles.iter().flat_map(|role| template.names(role)));
            } else {
                names.extend(template.names(""));
            }
        }
        names.extend(self.own.keys().cloned());
        names
    }

    /// The feature of this name; what stands in the way otherwise.
    pub(crate) fn find(
        &self,
        name: &str,
        roles: &[String],
        sizes: &[i64],
    ) -> Result<Arc<dyn Feature>, Unresolved> {
        if let Some(own) = self.own.get(name) {
            return Ok(Arc::clone(own));
        }
        let Some((stem, window)) = name.rsplit_once("__") else {
            return Err(Unresolved::Unknown);
        };
        let (stem, role) = self.stem(stem, roles)?;
        // A stem may stand for several formulas that take different windows.
        let templates = || self.templates.iter().filter(|t| t.stem == stem);
        let window = window.parse::<Window>().ok();
        let takes =
            |t: &&Template| window.is_some_and(|w| t.windows.contains(&w) || t.takes.takes(w));
        let Some((template, window)) = templates().find(takes).zip(window) else {
            let texts: Vec<&str> = templates().map(|t| t.takes.text()).collect();
            return Err(Unresolved::Window(texts.join(", or ")));
        };
        let args = Args { window, role: &role, sizes };
        let feature = template.feature(&args).ok_or(Unresolved::Size)?;
        Ok(Arc::new(feature))
    }

    /// The stem of a template that a text stands for, and the role in it.
    fn stem(&self, text: &str, roles: &[String]) -> Result<(&str, String), Unresolved> {
        if let Some(template) = self.templates.iter().find(|t| t.stem == text && !t.has_role()) {
            return Ok((&template.stem, String::new()));
        }
        let of_role = |role: &str| {
            self.templates.iter().find(|t| t.has_role() && t.stem.replace("{r}", role) == text)
        };
        if let Some((template, role)) = roles.iter().find_map(|r| Some((of_role(r)?, r))) {
            return Ok((&template.stem, role.clone()));
        }
        // Perhaps the role was not declared: `cross__beta_mkt` without `roles = ["mkt"]`.
        let undeclared = self.templates.iter().find_map(|t| {
            let (before, after) = t.stem.split_once("{r}")?;
            let role = text.strip_prefix(before)?.strip_suffix(after)?;
            (!role.is_empty() && !role.contains("__")).then(|| role.to_owned())
        });
        Err(undeclared.map_or(Unresolved::Unknown, Unresolved::Role))
    }
}

/// Why a name is no feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// No such stem.
    Unknown,
    /// The window is not offered; which ones are.
    Window(String),
    /// The role is not declared.
    Role(String),
    /// The spec gives no such size.
    Size,
}
