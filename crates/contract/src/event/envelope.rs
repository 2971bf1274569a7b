//! The columns that every event table starts with.

use super::field::{Field, put, take};
use super::{EventError, Row};
use crate::builder::TableBuilder;
use crate::flags::Flags;
use crate::spec::EventTable;
use crate::types::{Column, ColumnType, kind};
use crate::unit::{InstrumentId, SourceId, UtcNanos};

/// Source, instrument, clocks and flags of an event.
///
/// `I` is [`InstrumentId`] in tables whose rows are all about an instrument, and `Option<InstrumentId>` in the
/// others.
///
/// - **Point in time:** `ts_avail` left out becomes the `now` of
///   [`Draft::from_events`](crate::Draft::from_events), and so does `ts_recv` unless
///   [`Flags::BACKFILL`](crate::Flags::BACKFILL) is set: then it is unknown and stays null. What comes back from a
///   batch carries the stamps as written.
///
/// ```
/// use contract::{Envelope, InstrumentId, SourceId, UtcNanos};
/// let mut envelope = Envelope::new(SourceId::new(1), InstrumentId::new(7));
/// envelope.ts_event = Some(UtcNanos::parse("2024-08-08T23:54:16.302Z")?); // by the venue's clock
/// envelope.ts_recv = Some(UtcNanos::parse("2024-08-08T23:54:15.030314667Z")?); // by ours, which is behind
/// envelope.clock_offset_ns = Some(1_269_539_000);
/// assert_eq!(envelope.ts_avail, None); // `now` once it is written
/// # Ok::<(), contract::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<I = InstrumentId> {
    /// Row of `sources`: dataset and venue, with its clock.
    pub source_id: SourceId,
    /// Row of `instruments`.
    pub instrument_id: I,
    /// When it happened, by the source's clock.
    pub ts_event: Option<UtcNanos>,
    /// When the source sent it, by the source's clock.
    pub ts_venue_send: Option<UtcNanos>,
    /// When our process, or the recorder of an archive, received it.
    pub ts_recv: Option<UtcNanos>,
    /// Earliest moment at which we could have used it.
    pub ts_avail: Option<UtcNanos>,
    /// Source clock minus our clock, in nanoseconds.
    pub clock_offset_ns: Option<i64>,
    /// Bit set.
    pub flags: Flags,
}

/// What an envelope may be about, with the kind of its column.
pub(crate) trait Subject: Field<Self::Kind> {
    type Kind: ColumnType;
}

impl Subject for InstrumentId {
    type Kind = kind::Instrument;
}

impl Subject for Option<InstrumentId> {
    type Kind = kind::Opt<kind::Instrument>;
}

impl<I> Envelope<I> {
    /// An envelope without stamps and flags.
    #[must_use]
    pub const fn new(source_id: SourceId, instrument_id: I) -> Self {
        Self {
            source_id,
            instrument_id,
            ts_event: None,
            ts_venue_send: None,
            ts_recv: None,
            ts_avail: None,
            clock_offset_ns: None,
            flags: Flags::NONE,
        }
    }

    /// The envelope with the time of the event by the source's clock.
    #[must_use]
    pub fn at(mut self, ts_event: UtcNanos) -> Self {
        self.ts_event = Some(ts_event);
        self
    }

    /// The envelope with these flags.
    #[must_use]
    pub fn flagged(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }
}

/// The nine columns stand at the same field ids in every event table, so one set of constants serves them all.
const fn column<T: EventTable, V: ColumnType>(field_id: u16, name: &'static str) -> Column<T, V> {
    Column::new(field_id, name, "")
}

#[expect(
    private_bounds,
    reason = "the two instrument types are all there are; the bound is not for callers to meet"
)]
impl<I: Subject> Envelope<I> {
    pub(crate) fn put<T: EventTable>(&self, row: &mut TableBuilder<T>) {
        put::<_, kind::Source, _>(row, &column(2, "source_id"), &self.source_id);
        put::<_, I::Kind, _>(row, &column(3, "instrument_id"), &self.instrument_id);
        put::<_, kind::Opt<kind::Ts>, _>(row, &column(4, "ts_event"), &self.ts_event);
        put::<_, kind::Opt<kind::Ts>, _>(row, &column(5, "ts_venue_send"), &self.ts_venue_send);
        put_receipt(row, self.ts_recv, self.ts_avail, self.flags);
        put::<_, kind::Opt<kind::I64>, _>(
            row,
            &column(8, "clock_offset_ns"),
            &self.clock_offset_ns,
        );
    }

    pub(crate) fn take<T: EventTable>(row: &Row<'_, T>) -> Result<Self, EventError> {
        Ok(Self {
            source_id: take::<_, kind::Source, _>(row, &column(2, "source_id"))?,
            instrument_id: take::<_, I::Kind, _>(row, &column(3, "instrument_id"))?,
            ts_event: take::<_, kind::Opt<kind::Ts>, _>(row, &column(4, "ts_event"))?,
            ts_venue_send: take::<_, kind::Opt<kind::Ts>, _>(row, &column(5, "ts_venue_send"))?,
            ts_recv: take::<_, kind::Opt<kind::Ts>, _>(row, &column(6, "ts_recv"))?,
            ts_avail: Some(take::<_, kind::Ts, _>(row, &column(7, "ts_avail"))?),
            clock_offset_ns: take::<_, kind::Opt<kind::I64>, _>(
                row,
                &column(8, "clock_offset_ns"),
            )?,
            flags: take::<_, kind::U16, _>(row, &column(9, "flags"))?,
        })
    }
}

/// Sets what we know of receipt; a stamp left unset is filled with the builder's `now`.
pub(crate) fn put_receipt<T: EventTable>(
    row: &mut TableBuilder<T>,
    ts_recv: Option<UtcNanos>,
    ts_avail: Option<UtcNanos>,
    flags: Flags,
) {
    if ts_recv.is_some() || flags.has(Flags::BACKFILL) {
        put::<_, kind::Opt<kind::Ts>, _>(row, &column(6, "ts_recv"), &ts_recv);
    }
    if let Some(ts_avail) = ts_avail {
        put::<_, kind::Ts, _>(row, &column(7, "ts_avail"), &ts_avail);
    }
    put::<_, kind::U16, _>(row, &column(9, "flags"), &flags);
}
