//! What a vendor's instrument number means on a day.

use contract::{AnyBatch, BuildError, InstrumentId, SourceId, Symbols, TableBuilder, UtcNanos};
use std::collections::BTreeMap;

const DAY_NS: i64 = 86_400_000_000_000;

/// Numbers with their dated instruments.
#[derive(Debug, Default)]
pub(super) struct SymbolMap {
    by_number: BTreeMap<u32, Vec<Span>>,
    /// The answer to the last question.
    last: Option<(u32, Span)>,
    revisions: BTreeMap<u32, u16>,
}

/// An instrument from an instant until another, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from_ns: i64,
    to_ns: i64,
    instrument: InstrumentId,
}

impl SymbolMap {
    /// Adds the mappings of a header: vendor numbers as text, dates half-open. `number` finds our instrument.
    pub(super) fn add(
        &mut self,
        metadata: &dbn::Metadata,
        number: impl Fn(&str) -> Option<InstrumentId>,
        source: SourceId,
    ) -> Result<Option<AnyBatch>, BuildError> {
        let mut rows = TableBuilder::<Symbols>::new(UtcNanos::from_nanos(0));
        for mapping in &metadata.mappings {
            let Some(instrument) = number(&mapping.raw_symbol) else { continue };
            for interval in &mapping.intervals {
                let (Ok(vendor), Some(from_ns), Some(to_ns)) = (
                    interval.symbol.parse::<u32>(),
                    midnight(interval.start_date.to_julian_day()),
                    midnight(interval.end_date.to_julian_day()),
                ) else {
                    continue;
                };
                let span = Span { from_ns, to_ns, instrument };
                let spans = self.by_number.entry(vendor).or_default();
                if from_ns >= to_ns || spans.contains(&span) {
                    continue;
                }
                spans.push(span);
                let revision = self.revisions.entry(vendor).or_default();
                rows.set(&Symbols::TS_AVAIL, UtcNanos::from_nanos(from_ns))
                    .set(&Symbols::REVISION, *revision)
                    .set(&Symbols::VALID_FROM, UtcNanos::from_nanos(from_ns))
                    .set(&Symbols::VALID_TO, UtcNanos::from_nanos(to_ns))
                    .set(&Symbols::SOURCE_ID, source)
                    .set(&Symbols::VENDOR_SYMBOL, interval.symbol.as_str())
                    .set(&Symbols::INSTRUMENT_ID, instrument);
                rows.end_row()?;
                *revision = revision.saturating_add(1);
            }
        }
        if rows.is_empty() { Ok(None) } else { rows.finish().map(|draft| Some(draft.into_any())) }
    }

    /// Adds what a record of a live stream says: from now on.
    pub(super) fn learn(
        &mut self,
        vendor: u32,
        from_ns: i64,
        to_ns: i64,
        instrument: InstrumentId,
    ) {
        self.last = None;
        // The latest word comes first.
        self.by_number.entry(vendor).or_default().insert(0, Span { from_ns, to_ns, instrument });
    }

    /// The instrument of a number at a time.
    pub(super) fn find(&mut self, vendor: u32, at_ns: i64) -> Option<InstrumentId> {
        if let Some((number, span)) = self.last
            && number == vendor
            && (span.from_ns..span.to_ns).contains(&at_ns)
        {
            return Some(span.instrument);
        }
        let spans = self.by_number.get(&vendor)?;
        let span = *spans.iter().find(|s| (s.from_ns..s.to_ns).contains(&at_ns))?;
        self.last = Some((vendor, span));
        Some(span.instrument)
    }
}

/// Midnight UTC of a Julian day.
fn midnight(julian_day: i32) -> Option<i64> {
    const UNIX_EPOCH: i64 = 2_440_588;
    (i64::from(julian_day) - UNIX_EPOCH).checked_mul(DAY_NS)
}
