//! The inputs of a run: opened, told apart, and checked against the feature set before any work.

use super::feed::Feed;
use super::stopped;
use crate::cli::InputArgs;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::{RawSource, ReadOptions, Source, parse_inputs};
use contract::{
    Causality, Decisions, Depths, FeedMarks, Instruments, LedgerGaps, Quotes, Roles,
    ScheduledEvents, Sessions, Statuses, Table, TableSpec, Trades, meta,
};
use features::{Plan, SweepError, refuse_hindsight};

/// Tables that are read whole before the first event.
const WHOLE: [&str; 5] = [
    Instruments::SPEC.name,
    Roles::SPEC.name,
    Sessions::SPEC.name,
    ScheduledEvents::SPEC.name,
    LedgerGaps::SPEC.name,
];

/// In which order tables come at one instant where no `seq` says it: a trade before the quote that it leaves behind.
const ORDER: [&str; 6] = [
    Statuses::SPEC.name,
    Trades::SPEC.name,
    Quotes::SPEC.name,
    Depths::SPEC.name,
    FeedMarks::SPEC.name,
    Decisions::SPEC.name,
];

/// Place of a table among events of one instant.
pub(super) fn rank(table: &TableSpec) -> usize {
    ORDER.iter().position(|name| *name == table.name).unwrap_or(ORDER.len())
}

/// The inputs of a run.
pub(super) struct Inputs {
    /// Tables to be read whole, each with its input.
    pub(super) whole: Vec<Feed>,
    /// Event tables.
    pub(super) events: Vec<Feed>,
    /// Device and inode of every regular file.
    pub(super) identities: Vec<(u64, u64)>,
    /// Rows of all, where every format tells it.
    pub(super) rows_total: Option<u64>,
}

impl Inputs {
    /// Opens every input and checks that the set can work with them.
    pub(super) fn open(
        inputs: &InputArgs,
        plan: &Plan,
        context: &Context,
    ) -> Result<Self, Failure> {
        let options: ReadOptions = context.read_options(inputs.read.trust_eof);
        let mut sources: Vec<Source> = Vec::new();
        for input in parse_inputs(&inputs.files)? {
            let raw = RawSource::open(&input, &options)?;
            refuse_future(&raw, input.table)?;
            sources.push(Source::from_raw(raw, &input)?);
        }
        plan.check_inputs(sources.iter().map(|source| source.spec().name)).map_err(|errors| {
            Failure::Errors(errors.iter().map(|error| ErrorReport::new(error)).collect())
        })?;
        let rows_total = sources.iter().map(Source::rows_total).sum();
        let identities = sources.iter().filter_map(Source::identity).collect();
        let (mut whole, mut events) = (Vec::new(), Vec::new());
        for source in sources {
            let is_whole = WHOLE.contains(&source.spec().name);
            let feed = Feed::new(source);
            if is_whole { whole.push(feed) } else { events.push(feed) }
        }
        same_columns(&events)?;
        Ok(Self { whole, events, identities, rows_total })
    }
}

/// Refuses what knows the future, by its own word or by that of its table, before its rows are looked at.
fn refuse_future(raw: &RawSource, named: Option<&'static TableSpec>) -> Result<(), Failure> {
    let table = raw.schema().metadata().get(meta::TABLE).map_or("", String::as_str);
    let table = named.map_or(table, |spec| spec.name);
    refuse_hindsight(table, raw.schema()).map_err(|error| stopped(error).in_input(raw.name()))?;
    match contract::table(table).map(|spec| spec.causality) {
        Some(Causality::Hindsight) => {
            let error = SweepError::Hindsight { table: table.to_owned(), column: None };
            Err(stopped(error).in_input(raw.name()))
        }
        _ => Ok(()),
    }
}

/// Files of one table are merged row by row, which needs the same columns.
fn same_columns(events: &[Feed]) -> Result<(), CliError> {
    for (at, feed) in events.iter().enumerate() {
        let before = events.iter().take(at).find(|other| {
            other.spec().name == feed.spec().name && other.has_seq() == feed.has_seq()
        });
        if let Some(before) = before
            && before.schema().fields() != feed.schema().fields()
        {
            return Err(CliError::mixed_columns(feed.name(), before.schema(), feed.schema()));
        }
    }
    Ok(())
}

/// Whether rows of this table are answered.
pub(super) fn is_decisions(table: &TableSpec) -> bool {
    table.name == Decisions::SPEC.name
}
