//! Since when tables are known: the one thing that a restart must be told besides rows.

use crate::instrument::GapMark;
use crate::rows::MarketTable;
use std::collections::BTreeMap;

/// Since when each source delivers each table, and which sources deliver an instrument.
///
/// A sweep that starts in the middle of history reads one lookback of rows and is given the coverage of the sweep before
/// it, or what `feed_marks` and first rows say; without it, windows that begin before its first row are `WarmUp`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// By source: its first row in any tick table.
    first_rows: BTreeMap<u16, i64>,
    /// By table and source: start marks, in order.
    starts: BTreeMap<(MarketTable, u16), Vec<i64>>,
    /// By table and instrument: sources with their first row of it.
    instruments: BTreeMap<(MarketTable, u32), Vec<(u16, i64)>>,
}

impl Coverage {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A source says that it delivers a table from an instant in nanoseconds on: a start mark. The latest one counts.
    pub fn start(&mut self, table: MarketTable, source_id: u16, from: i64) {
        let known = self.starts.entry((table, source_id)).or_default();
        let at = known.partition_point(|start| *start <= from);
        known.insert(at, from);
    }

    /// A source has delivered a row of an instrument, the first one at this instant in nanoseconds.
    pub fn instrument(
        &mut self,
        table: MarketTable,
        instrument_id: u32,
        source_id: u16,
        first: i64,
    ) {
        let known = self.first_rows.entry(source_id).or_insert(first);
        *known = first.min(*known);
        let sources = self.instruments.entry((table, instrument_id)).or_default();
        match sources.iter_mut().find(|(known, _)| *known == source_id) {
            Some((_, known)) => *known = first.min(*known),
            None => sources.push((source_id, first)),
        }
    }

    /// From when an instrument is covered in a table, as seen by a cut-off.
    pub(crate) fn covered(&self, table: MarketTable, instrument_id: u32, t: i64) -> Option<i64> {
        let sources = self.instruments.get(&(table, instrument_id))?;
        let seen = sources.iter().filter(|(_, first)| *first < t);
        seen.map(|(source, first)| {
            let starts = self.starts.get(&(table, *source)).map_or(&[][..], Vec::as_slice);
            let start = starts.iter().rev().find(|start| **start < t);
            let row = self.first_rows.get(source).copied().unwrap_or(*first);
            start.copied().unwrap_or(row)
        })
        .max()
    }

    /// Whether some table has delivered the instrument, or will.
    pub(crate) fn knows(&self, instrument_id: u32) -> bool {
        MarketTable::ALL.iter().any(|table| self.instruments.contains_key(&(*table, instrument_id)))
    }

    /// The first row of an instrument in a table.
    pub(crate) fn first(&self, table: MarketTable, instrument_id: u32) -> Option<i64> {
        let sources = self.instruments.get(&(table, instrument_id))?;
        sources.iter().map(|(_, first)| *first).min()
    }

    /// The first row of an instrument from a source, in any table.
    fn first_row(&self, instrument_id: u32, source_id: u16) -> Option<i64> {
        MarketTable::ALL
            .iter()
            .filter_map(|table| self.instruments.get(&(*table, instrument_id)))
            .flatten()
            .filter(|(source, _)| *source == source_id)
            .map(|(_, first)| *first)
            .min()
    }

    /// Gaps that concern an instrument, each known from when its source has delivered the instrument.
    pub(crate) fn gaps_of(&self, instrument_id: u32, gaps: &[SourceGap]) -> Vec<GapMark> {
        let concerns = |gap: &SourceGap| {
            let since = match (gap.instrument_id, gap.source_id) {
                (Some(id), _) => (id == instrument_id).then_some(i64::MIN),
                (None, Some(source)) => self.first_row(instrument_id, source),
                (None, None) => Some(i64::MIN),
            };
            since.map(|since| GapMark { since, ..gap.mark })
        };
        gaps.iter().filter_map(concerns).collect()
    }
}

/// A gap mark with whom it concerns; without source and instrument, everybody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceGap {
    pub(crate) source_id: Option<u16>,
    pub(crate) instrument_id: Option<u32>,
    pub(crate) mark: GapMark,
}
