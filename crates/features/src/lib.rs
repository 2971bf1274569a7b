//! Point-in-time features: one sweep for live and batch, exact and leak-proof.
//!
//! What it is: an engine that reads market data and decisions and writes exactly one feature row a decision, of what was
//! *available* before it; the catalogue of features; their proof; look-ups as of a moment; and, as a cargo feature, the
//! selection of features. What it is not: it opens no file, knows no clock but the data's, and labels nothing.
//!
//! Three nouns carry the crate. A [`Spec`] names features, and against a [`Catalogue`] becomes a [`Plan`] with a hash. A
//! [`Sweep`] takes batches of contract tables, in the order of a log or sorted by availability, and hands out rows. A
//! [`Feature`] is a pure function of what it asked for: sums of integer [`Measure`]s over windows, and states.
//!
//! ```
//! use contract::testing::{decisions, quotes, trades};
//! use features::{Catalogue, Options, Spec, Sweep};
//!
//! let spec = Spec::parse(r#"features = ["flow__n_trades__1s", "book__spread_bps__now"]"#)?;
//! let plan = spec.resolve(&Catalogue::builtin())?;
//! let mut sweep = Sweep::new(plan, Options::default());
//! sweep.push(&quotes("1000000000 99 101").with_seq(0))?;
//! sweep.push(&trades("1500000000 2.0 B 101, 2500000000 1.0 A 99").with_seq(1))?;
//! let out = sweep.push(&decisions(&[2_500_000_000]).with_seq(3))?; // the sale at that instant is not known yet
//! let rows = out.rows.unwrap();
//! assert_eq!(rows.feature("flow__n_trades__1s").unwrap().value(0), 1.0);
//! assert_eq!(rows.feature("book__spread_bps__now").unwrap().value(0), 200.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! - `selection`: screen, cluster, rank and confirm features.
//! - `testing`: a kit that proves a user's own feature.
#![forbid(unsafe_code)]

mod answer;
mod asof;
mod at;
mod catalogue;
mod certificate;
mod coverage;
mod error;
mod exact;
mod families;
mod feature;
mod inputs;
mod instrument;
mod math;
mod measure;
mod needs;
mod null;
mod output;
mod parity;
mod plan;
mod recursion;
mod reference;
mod report;
mod ring;
mod rows;
mod run;
#[cfg(feature = "selection")]
pub mod selection;
mod spec;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
mod window;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use asof::{AsOfError, Found, History, Instants, JoinSide, Matches, MaxAge, asof};
pub use at::At;
pub use catalogue::{Catalogue, CatalogueError, Listed};
pub use certificate::{CertifyOptions, certify, certify_prepared};
pub use coverage::Coverage;
pub use error::SweepError;
pub use feature::{Declaration, Feature, Formula, Mirror, NullRule, Scaling};
pub use inputs::InputError;
pub use measure::{Measure, MeasureKind};
pub use needs::{
    Asker, BarsOf, DecayedOf, DepthOf, EventsOf, GridOf, InstrumentOf, Needs, NumberOf, QuoteOf,
    RangeOf, SessionOf, SumOf, TradeOf,
};
pub use null::Null;
pub use parity::{FeatureParity, Parity, parity};
pub use plan::Plan;
pub use reference::{Events, InstrumentFacts, Session};
pub use report::Report;
pub use rows::{
    Bar, BarRows, Cell, Depth, DepthRows, GridRows, Later, LaterRows, Level, MarketTable, Quote,
    QuoteRows, Rows, Series, SignSource, Trade, TradeRows,
};
pub use run::{Inputs, Run, run};
pub use spec::{Place, Spec, SpecError};
pub use sweep::{Arrival, CellSource, Input, Options, Output, Sweep, refuse_hindsight};
pub use window::{Window, WindowError};
