//! Every table of the contract.

mod depth_side;
mod derived;
mod ledger;
mod market;
mod own;
mod reference;
mod scores;

pub use depth_side::DepthSide;
pub use derived::{
    DatasetEvents, Features, Labels, LineageEdges, Outcomes, QualityEvents, References, Rejects,
    Repairs,
};
pub use ledger::{LedgerBuckets, LedgerGaps, LedgerProducers, LedgerRuns};
pub use market::{Bars, BookDeltas, Clocks, Depths, FeedMarks, Quotes, Statuses, Trades};
pub use own::{Decisions, Executions, Intelligence, PortfolioSnapshots, Positions, Postings};
pub use reference::{
    Adjustments, FeatureParams, FeeSchedules, Instruments, Roles, ScheduledEvents, Sessions,
    Sources, Symbols,
};
pub use scores::{
    FeatureScores, LabelAudits, LabelTests, LabelWeights, Markouts, Pending, RuleSets, SampleEvents,
};

pub(crate) use crate::rules::ENVELOPE_RULES;
use crate::spec::{Table, TableSpec};

/// Every table, in the order of the contract.
pub const TABLES: &[&TableSpec] = &[
    Trades::SPEC,
    Quotes::SPEC,
    Depths::SPEC,
    BookDeltas::SPEC,
    Bars::SPEC,
    Statuses::SPEC,
    FeedMarks::SPEC,
    Clocks::SPEC,
    Decisions::SPEC,
    Executions::SPEC,
    PortfolioSnapshots::SPEC,
    Positions::SPEC,
    Postings::SPEC,
    Intelligence::SPEC,
    Sources::SPEC,
    Instruments::SPEC,
    Symbols::SPEC,
    Adjustments::SPEC,
    Sessions::SPEC,
    ScheduledEvents::SPEC,
    Roles::SPEC,
    FeeSchedules::SPEC,
    FeatureParams::SPEC,
    Features::SPEC,
    Outcomes::SPEC,
    Labels::SPEC,
    References::SPEC,
    QualityEvents::SPEC,
    DatasetEvents::SPEC,
    Rejects::SPEC,
    Repairs::SPEC,
    LineageEdges::SPEC,
    LedgerProducers::SPEC,
    LedgerRuns::SPEC,
    LedgerGaps::SPEC,
    LedgerBuckets::SPEC,
    FeatureScores::SPEC,
    Markouts::SPEC,
    LabelWeights::SPEC,
    LabelTests::SPEC,
    LabelAudits::SPEC,
    RuleSets::SPEC,
    SampleEvents::SPEC,
    Pending::SPEC,
];

/// The table with this name.
///
/// ```
/// assert_eq!(contract::table("trades").map(|t| t.version), Some(1));
/// assert!(contract::table("weather").is_none());
/// ```
#[must_use]
pub fn table(name: &str) -> Option<&'static TableSpec> {
    TABLES.iter().copied().find(|t| t.name == name)
}
