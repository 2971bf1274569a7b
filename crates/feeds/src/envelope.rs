//! Columns of the envelope, filled a message at a time.

use contract::arrow_array::builder::{Int64Builder, TimestampNanosecondBuilder, UInt32Builder};
use contract::arrow_array::{Int64Array, TimestampNanosecondArray, UInt16Array, UInt32Array};
use contract::{
    Bars, BookDeltas, ColumnSet, Depths, Envelope, EventTable, FeedMarks, Flags, Quotes, Statuses,
    Trades, UTC, UtcNanos,
};

/// The nine columns without `seq`, growing.
#[derive(Debug, Default)]
pub(crate) struct EnvelopeColumns {
    sources: Vec<u16>,
    instruments: UInt32Builder,
    ts_event: TimestampNanosecondBuilder,
    ts_venue_send: TimestampNanosecondBuilder,
    ts_recv: TimestampNanosecondBuilder,
    ts_avail: Vec<i64>,
    clock_offset_ns: Int64Builder,
    flags: Vec<u16>,
}

fn append<T: contract::arrow_array::ArrowPrimitiveType>(
    column: &mut contract::arrow_array::builder::PrimitiveBuilder<T>,
    value: Option<T::Native>,
    n: usize,
) {
    match value {
        Some(value) => column.append_value_n(value, n),
        None => column.append_nulls(n),
    }
}

impl EnvelopeColumns {
    pub(crate) fn len(&self) -> usize {
        self.flags.len()
    }

    /// Adds `n` rows with one envelope; an absent `ts_avail` becomes `ts_recv`.
    pub(crate) fn push_n(&mut self, envelope: &Envelope, n: usize) {
        let nanos = |t: Option<UtcNanos>| t.map(UtcNanos::nanos);
        let rows = self.len() + n;
        self.sources.resize(rows, envelope.source_id.get());
        self.instruments.append_value_n(envelope.instrument_id.get(), n);
        append(&mut self.ts_event, nanos(envelope.ts_event), n);
        append(&mut self.ts_venue_send, nanos(envelope.ts_venue_send), n);
        append(&mut self.ts_recv, nanos(envelope.ts_recv), n);
        let avail = envelope.ts_avail.or(envelope.ts_recv).map_or(0, UtcNanos::nanos);
        self.ts_avail.resize(rows, avail);
        append(&mut self.clock_offset_ns, envelope.clock_offset_ns, n);
        self.flags.resize(rows, envelope.flags.bits());
    }

    /// Adds one row.
    pub(crate) fn push(&mut self, envelope: &Envelope) {
        self.push_n(envelope, 1);
    }

    /// Sets LAST on the last row.
    pub(crate) fn close_message(&mut self) {
        if let Some(flags) = self.flags.last_mut() {
            *flags |= Flags::LAST.bits();
        }
    }

    /// Moves the columns into a set; nothing is left behind.
    pub(crate) fn finish<T: Enveloped>(&mut self) -> ColumnSet<T> {
        let stamps = |column: &mut TimestampNanosecondBuilder| column.finish().with_timezone(UTC);
        let arrays = EnvelopeArrays {
            sources: std::mem::take(&mut self.sources).into(),
            instruments: self.instruments.finish(),
            ts_event: stamps(&mut self.ts_event),
            ts_venue_send: stamps(&mut self.ts_venue_send),
            ts_recv: stamps(&mut self.ts_recv),
            ts_avail: TimestampNanosecondArray::from(std::mem::take(&mut self.ts_avail))
                .with_timezone(UTC),
            clock_offset_ns: self.clock_offset_ns.finish(),
            flags: std::mem::take(&mut self.flags).into(),
        };
        T::set(arrays)
    }
}

pub(crate) struct EnvelopeArrays {
    sources: UInt16Array,
    instruments: UInt32Array,
    ts_event: TimestampNanosecondArray,
    ts_venue_send: TimestampNanosecondArray,
    ts_recv: TimestampNanosecondArray,
    ts_avail: TimestampNanosecondArray,
    clock_offset_ns: Int64Array,
    flags: UInt16Array,
}

/// A table that takes the envelope as whole columns.
pub(crate) trait Enveloped: EventTable + Sized {
    fn set(arrays: EnvelopeArrays) -> ColumnSet<Self>;
}

// The constants of each table are of its own type, so the one assignment is repeated by name.
macro_rules! enveloped {
    ($($table:ident)*) => {$(
        impl Enveloped for $table {
            fn set(arrays: EnvelopeArrays) -> ColumnSet<Self> {
                ColumnSet::new(UtcNanos::from_nanos(0))
                    .with(&$table::SOURCE_ID, arrays.sources)
                    .with(&$table::INSTRUMENT_ID, arrays.instruments)
                    .with(&$table::TS_EVENT, arrays.ts_event)
                    .with(&$table::TS_VENUE_SEND, arrays.ts_venue_send)
                    .with(&$table::TS_RECV, arrays.ts_recv)
                    .with(&$table::TS_AVAIL, arrays.ts_avail)
                    .with(&$table::CLOCK_OFFSET_NS, arrays.clock_offset_ns)
                    .with(&$table::FLAGS, arrays.flags)
            }
        }
    )*};
}
enveloped! { Trades Quotes Depths BookDeltas Bars Statuses FeedMarks }
