//! Point-in-time features: one sweep for live and batch, exact and leak-proof.
#![forbid(unsafe_code)]

mod answer;
mod asof;
mod at;
mod catalogue;
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
mod plan;
mod recursion;
mod reference;
mod report;
mod ring;
mod rows;
#[cfg(feature = "selection")]
pub mod selection;
mod spec;
mod sweep;
mod window;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use asof::{AsOfError, Found, History, Instants, JoinSide, Matches, MaxAge, asof};
pub use at::At;
pub use catalogue::{Catalogue, CatalogueError, Listed};
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
pub use plan::Plan;
pub use reference::{Events, InstrumentFacts, Session};
pub use report::Report;
pub use rows::{
    Bar, BarRows, Cell, Depth, DepthRows, GridRows, Later, LaterRows, Level, MarketTable, Quote,
    QuoteRows, Rows, Series, SignSource, Trade, TradeRows,
};
pub use spec::{Place, Spec, SpecError};
pub use sweep::{Arrival, CellSource, Input, Options, Output, Sweep, refuse_hindsight};
pub use window::{Window, WindowError};
