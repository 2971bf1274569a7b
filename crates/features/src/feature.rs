//! A feature: what it says of itself, what it asks for, and how its value follows.

use crate::at::At;
use crate::needs::Needs;
use crate::null::Null;
use contract::Unit;
use std::fmt;

/// What happens to a feature when bid and ask, buyers and sellers are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mirror {
    /// It changes its sign.
    Odd,
    /// It stays.
    Even,
    /// Nothing is said.
    None,
}

/// What multiplying all prices by `c`, or all sizes, does to a value: it is multiplied by `c` to this power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaling {
    /// Power for prices; `None`: nothing is said.
    pub px: Option<i8>,
    /// Power for sizes; `None`: nothing is said.
    pub size: Option<i8>,
}

/// When a feature is null, beyond reasons that come with its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NullRule {
    /// `S`: null until coverage reaches over the window.
    Strict,
    /// `K`: null unless 80 % of the entries, or of the time, are valid.
    Tolerant,
    /// `H`: the state is held up to `max_age`.
    Hold,
    /// A fact of reference tables or of the clock.
    Fact,
}

impl NullRule {
    /// What it says.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Strict => "null until coverage reaches over the window",
            Self::Tolerant => "null unless 80 % of the entries, or of the time, are valid",
            Self::Hold => "the state is held up to its max_age",
            Self::Fact => "null where it does not apply",
        }
    }
}

/// What a feature says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// `<family>__<measure>__<window>`; families of users begin with `x_`.
    pub name: String,
    /// Rises with any change of output bits.
    pub version: u16,
    /// One sentence.
    pub definition: String,
    /// The formula.
    pub formula: String,
    /// Unit of the value.
    pub unit: Unit,
    /// Whether the column is a category, stored as UInt16.
    pub is_category: bool,
    /// When it is null.
    pub null_rule: NullRule,
    /// Smallest and largest value.
    pub domain: (f64, f64),
    /// Degree under scaling of prices and sizes.
    pub scaling: Scaling,
    /// What an exchange of sides does.
    pub mirror: Mirror,
    /// Whether it is null in a halt.
    pub stops_in_halt: bool,
    /// What its values were checked against.
    pub oracle: String,
    /// Where the definition comes from.
    pub source: String,
}

impl Declaration {
    /// A declaration of a strict ratio of unknown range, version 1; fields are public.
    #[must_use]
    pub fn new(name: impl Into<String>, definition: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: 1,
            definition: definition.into(),
            formula: String::new(),
            unit: Unit::Ratio,
            is_category: false,
            null_rule: NullRule::Strict,
            domain: (f64::NEG_INFINITY, f64::INFINITY),
            scaling: Scaling { px: None, size: None },
            mirror: Mirror::None,
            stops_in_halt: false,
            oracle: String::new(),
            source: String::new(),
        }
    }
}

/// A feature: a pure function of what it asked for, evaluated at a decision.
///
/// It is called once a decision, from several threads, in any order; anything remembered between two calls would show in
/// the certificate as a leak.
///
/// ```
/// use features::{At, Declaration, Feature, Needs, Null, QuoteOf};
///
/// /// Half the spread in units of price.
/// #[derive(Debug)]
/// struct HalfSpread {
///     declaration: Declaration,
///     needs: Needs,
///     quote: QuoteOf,
/// }
///
/// impl HalfSpread {
///     fn new() -> Self {
///         let mut needs = Needs::new();
///         let quote = needs.own().quote();
///         Self { declaration: Declaration::new("x_desk__half_spread__now", "Half the quoted spread."), needs, quote }
///     }
/// }
///
/// impl Feature for HalfSpread {
///     fn declaration(&self) -> &Declaration {
///         &self.declaration
///     }
///     fn needs(&self) -> &Needs {
///         &self.needs
///     }
///     fn eval(&self, at: &At<'_>) -> Result<f64, Null> {
///         let quote = at.quote(self.quote)?;
///         let (bid, ask) = quote.bid_px().zip(quote.ask_px()).ok_or(Null::NullInput)?;
///         Ok((ask - bid) as f64 / 2e9)
///     }
/// }
/// # let _ = HalfSpread::new();
/// ```
pub trait Feature: Send + Sync + fmt::Debug {
    /// What it says of itself.
    fn declaration(&self) -> &Declaration;

    /// What it asks for.
    fn needs(&self) -> &Needs;

    /// Its value at a cut-off, from what it asked for.
    ///
    /// # Errors
    /// [`Null`] when there is no value; NaN and infinity become [`Null::NonFinite`].
    fn eval(&self, at: &At<'_>) -> Result<f64, Null>;
}

type Eval = dyn Fn(&At<'_>) -> Result<f64, Null> + Send + Sync;

/// A feature as a closure over its handles: the shortest way to write one.
///
/// ```
/// use features::{Declaration, Formula, Needs, Series, Window};
/// let mut needs = Needs::new();
/// let n = needs.own().count(Series::Trades, Window::Span(30_000_000_000));
/// let declaration = Declaration::new("x_desk__n_trades__30s", "Number of trades in 30 s.");
/// let feature = Formula::new(declaration, needs, move |at| Ok(at.sum(n)? as f64));
/// # let _ = feature;
/// ```
pub struct Formula {
    declaration: Declaration,
    needs: Needs,
    eval: Box<Eval>,
}

impl Formula {
    /// A feature of this declaration, these needs and this function of them.
    pub fn new(
        declaration: Declaration,
        needs: Needs,
        eval: impl Fn(&At<'_>) -> Result<f64, Null> + Send + Sync + 'static,
    ) -> Self {
        Self { declaration, needs, eval: Box::new(eval) }
    }
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Formula").field("name", &self.declaration.name).finish_non_exhaustive()
    }
}

impl Feature for Formula {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn needs(&self) -> &Needs {
        &self.needs
    }

    fn eval(&self, at: &At<'_>) -> Result<f64, Null> {
        (self.eval)(at)
    }
}
