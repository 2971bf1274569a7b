//! Numbers of a source: what has a count of its own, and when a count starts again.

use crate::context::DAY_NS;
use crate::kinds::{ParamSpec, ParamType, Params};
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use serde::{Deserialize, Serialize};

/// What has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Per {
    Stream,
    Source,
    Channel(Slot),
}

/// When numbers start again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Resets {
    Never,
    One,
    Day(Slot),
}

pub(super) const COLUMN: ParamSpec =
    ParamSpec::new("column", ParamType::Column, Some("venue_seq"), "the numbers");

pub(super) const PER: ParamSpec = ParamSpec::new(
    "per",
    ParamType::Word(&["stream", "source", "channel"]),
    Some("stream"),
    "what has numbers of its own: source and instrument, the source, or source and `channel_id`",
);

pub(super) const RESETS: ParamSpec = ParamSpec::new(
    "resets",
    ParamType::Word(&["never", "one", "day"]),
    Some("never"),
    "when numbers start again: never; at a lower number 0 or 1; or at a lower number on a later UTC day of `ts_event` \
     (`ts_avail` where that is null)",
);

/// What a stream of numbers is known by, and its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbers {
    column: Slot,
    per: Per,
    resets: Resets,
    ts_avail: Slot,
}

/// The columns of [`Numbers`] in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberColumns<'a> {
    rows: Rows<'a>,
    number: Column<'a>,
    channel: Option<Column<'a>>,
    is_per_source: bool,
    starts_at_one: bool,
    days: Option<(Option<Column<'a>>, Column<'a>)>,
}

/// A number of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) key: (u16, u32),
    pub(super) value: i128,
    /// Its day, where numbers may start again with days.
    pub(super) day: Option<i64>,
    /// Whether a lower number of this size starts a count.
    starts: bool,
}

impl Numbers {
    pub(super) fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            column: slots.of(params.text("column")),
            per: match params.text("per") {
                "source" => Per::Source,
                "channel" => Per::Channel(slots.of("channel_id")),
                _ => Per::Stream,
            },
            resets: match params.text("resets") {
                "one" => Resets::One,
                "day" => Resets::Day(slots.of("ts_event")),
                _ => Resets::Never,
            },
            ts_avail: slots.of("ts_avail"),
        }
    }

    pub(super) fn columns<'a>(&self, rows: &Rows<'a>) -> Result<NumberColumns<'a>, NotEvaluated> {
        Ok(NumberColumns {
            rows: *rows,
            number: rows.column(self.column)?,
            channel: match self.per {
                Per::Channel(slot) => Some(rows.column(slot)?),
                _ => None,
            },
            is_per_source: self.per == Per::Source,
            starts_at_one: self.resets == Resets::One,
            days: match self.resets {
                Resets::Day(event) => Some((rows.optional(event), rows.column(self.ts_avail)?)),
                _ => None,
            },
        })
    }
}

impl NumberColumns<'_> {
    /// The number of a row; `None` where it has none, or no channel where channels count.
    pub(super) fn at(&self, row: usize) -> Option<Number> {
        let value = self.number.int(row)?;
        let (source, instrument) = self.rows.stream(row);
        let part = match &self.channel {
            Some(channel) => u32::try_from(channel.int(row)?).ok()?,
            None if self.is_per_source => 0,
            None => instrument,
        };
        let day = self.days.as_ref().and_then(|(event, avail)| {
            let ts = event.as_ref().and_then(|e| e.i64(row)).or_else(|| avail.i64(row))?;
            Some(ts.div_euclid(DAY_NS))
        });
        let starts = self.starts_at_one && (0..=1).contains(&value);
        Some(Number { key: (source, part), value, day, starts })
    }
}

impl Number {
    /// Whether the count starts again here, given the highest number so far and its day.
    pub(super) fn resets(&self, highest: i128, day: Option<i64>) -> bool {
        self.value < highest
            && (self.starts || self.day.zip(day).is_some_and(|(now, was)| now > was))
    }
}
