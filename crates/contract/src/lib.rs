//! The tables that move between the stages of Hindsight, as typed views over Arrow record batches.
//!
//! What it is: column names, Arrow types, units, keys and rules of every table; builders, validation, text and
//! schema versions; the small traits and types that all crates share. What it is not: there is no I/O, no clock, no
//! randomness and no async here, and no knowledge of any stage.
//!
//! Three nouns carry the crate. A [`Draft`] is a batch that a producer made; a [`Batch`] is one that a log has
//! numbered; a [`Column`] constant, such as [`Trades::PX`], reaches its array without a name or a cast.
//!
//! ```
//! use contract::{Aggressor, InstrumentId, Price, SourceId, TableBuilder, TradeAction, Trades, UtcNanos};
//!
//! let mut rows = TableBuilder::<Trades>::new(UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?);
//! rows.set(&Trades::SOURCE_ID, SourceId::new(1))
//!     .set(&Trades::INSTRUMENT_ID, InstrumentId::new(7))
//!     .set(&Trades::PX, Price::parse("61700.1")?)
//!     .set(&Trades::SIZE, 0.002)
//!     .set(&Trades::AGGRESSOR, Aggressor::Seller)
//!     .set(&Trades::ACTION, TradeAction::Trade)
//!     .end_row()?;
//! let draft = rows.finish()?;
//! assert_eq!(draft.col(&Trades::PX).values(), &[61_700_100_000_000]);
//! let record_batch = draft.into_record_batch(); // an ordinary Arrow batch, with names, units and ids in its metadata
//! assert_eq!(record_batch.schema().metadata()["hindsight.table"], "trades");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! - `digest`: SHA-256 of schemas, rows and bytes.
//! - `ndjson`: rows from and to lines of JSON.
//! - `testing`: drafts from a line of text.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod access;
mod admit;
mod any;
mod batch;
mod buffer;
mod builder;
mod canonical;
mod causality;
mod conform;
mod decimal;
mod diagnostic;
#[cfg(feature = "digest")]
mod digest;
mod dynamic;
mod event;
mod flags;
mod items;
mod json;
#[cfg(feature = "ndjson")]
mod ndjson;
mod observe;
#[cfg(feature = "digest")]
mod reference;
mod register;
mod reject;
mod rule;
mod rules;
mod schemas;
mod shape;
mod spec;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod types;
mod unit;
mod version;
mod vocabulary;
mod words;

pub use arrow_array;
pub use arrow_schema;

/// Explanations of every error code of this crate, one `##` section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use access::{
    AllowLocal, Denied, Gate, Grant, GrantError, Name, NameError, Outcome, Principal, Purpose,
    ReadContext, Resource, ResourceKind, TableName,
};
pub use admit::{Admitted, Known, admit, admit_any, admit_known};
pub use any::AnyBatch;
pub use batch::{Batch, Draft, Logged, Unlogged};
pub use builder::{BuildError, ColumnSet, TableBuilder};
pub use causality::{CausalityPart, CausalityReport, FeatureCausality, PartResult, Reaction};
pub use decimal::DecimalError;
pub use diagnostic::{Diagnostic, Fault};
#[cfg(feature = "digest")]
pub use digest::RowDigest;
pub use dynamic::{DynamicColumn, DynamicTable, UnknownFeature};
pub use event::{
    BarEvent, BarMore, BookDeltaEvent, BookDeltaMore, ClockEvent, ClockMore, DataQualityEvent,
    DataQualityMore, DecisionCore, DecisionMore, DepthEvent, DepthLevel, DepthMore, Envelope,
    Event, EventError, ExecutionEvent, ExecutionMore, FeedMarkEvent, FeedMarkMore, Fill,
    IntelligenceEvent, IntelligenceMore, Intent, MarketDataEvent, OrderReport, OrderState,
    PortfolioSnapshotEvent, PortfolioSnapshotMore, PositionEvent, PositionMore, PostingEvent,
    PostingMore, QuoteEvent, QuoteMore, Report, Row, StatusEvent, StatusMore, TradeEvent,
    TradeExecutedEvent, TradeMore, TradingDecisionEvent, TrainingDatasetEvent, TrainingDatasetMore,
};
pub use flags::Flags;
pub use items::{Alternative, Balance, CodePair, Entity, Item, RiskCheck, Signal};
pub use json::{Json, Key};
#[cfg(feature = "ndjson")]
pub use ndjson::{Field, MAX_LINE, TextRows, TextTable, csv_header, write_csv_row, write_json_row};
pub use observe::{Histogram, Observe, Sink};
#[cfg(feature = "digest")]
pub use reference::{GeneratedFile, generated_files};
#[cfg(feature = "digest")]
pub use register::current_fingerprint;
pub use register::description;
#[cfg(feature = "digest")]
pub use reject::rejects_table;
pub use reject::{Origin, Reject};
pub use rule::{Breach, Rule};
pub use shape::ShapeError;
pub use spec::{
    Causality, Class, ColumnSpec, Default, EventTable, Kind, Table, TableSpec, Tag, Unit, meta,
};
pub use tables::{
    Adjustments, Bars, BookDeltas, Clocks, DatasetEvents, Decisions, DepthSide, Depths, Executions,
    FeatureParams, FeatureScores, Features, FeeSchedules, FeedMarks, Instruments, Intelligence,
    LabelAudits, LabelTests, LabelWeights, Labels, LedgerBuckets, LedgerGaps, LedgerProducers,
    LedgerRuns, LineageEdges, Markouts, Outcomes, Pending, PortfolioSnapshots, Positions, Postings,
    QualityEvents, Quotes, References, Rejects, Repairs, Roles, RuleSets, SampleEvents,
    ScheduledEvents, Sessions, Sources, Statuses, Symbols, TABLES, Trades, table,
};
pub use text::{excerpt, nearest};
pub use types::{Column, ColumnType, ItemField, Type, UTC, UnknownWord, kind};
pub use unit::{
    Amount, DurationError, EventId, Hash, IdError, InstrumentId, Price, SourceId, SpanId,
    TickError, TimeError, UtcNanos, format_duration_ns, parse_duration_ns,
};
pub use version::{Compatibility, compatibility};
pub use vocabulary::Vocabulary;
pub use words::{
    AdjustmentKind, Aggressor, AnchorKind, AssetClass, BookSide, BookState, CaptureVerdict,
    CertificateVerdict, DatasetEventKind, Decider, DecisionAction, DecisionStatus, DeltaAction,
    ExecType, GapKind, Hop, IntelligenceKind, LabelKind, LabelStatus, LineageEffect, LineageKind,
    Liquidity, MarkKind, OptionRight, OutcomeBasis, PayloadFormat, PostingKind, PriceType,
    ProducerMode, ProducerState, QualityKind, QualityMode, SessionPhase, Severity, Side, SizeUnit,
    SourceKind, TradeAction,
};
