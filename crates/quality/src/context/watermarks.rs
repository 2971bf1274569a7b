//! How far sources said that they are complete.

use arrow_array::{Array, UInt64Array};
use contract::{Draft, FeedMarks, MarkKind, UnknownWord};
use std::collections::BTreeMap;

/// Watermarks by source and `seq` of the mark.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watermarks {
    marks: BTreeMap<u16, BTreeMap<u64, i64>>,
}

impl Watermarks {
    /// Takes in marks about all tables of a source; marks without `seq` stand before no row and are passed over.
    pub(crate) fn add(
        &mut self,
        rows: &Draft<FeedMarks>,
        seqs: Option<&UInt64Array>,
    ) -> Result<(), UnknownWord> {
        let (stamps, about) = (rows.col(&FeedMarks::TS_MARK), rows.col(&FeedMarks::ABOUT));
        for (row, seq) in seqs.into_iter().flat_map(UInt64Array::values).enumerate() {
            let kind = rows.cell(&FeedMarks::KIND, row)?;
            if kind == MarkKind::Watermark && stamps.is_valid(row) && about.is_null(row) {
                let source = rows.source_id().value(row);
                self.marks.entry(source).or_default().insert(*seq, stamps.value(row));
            }
        }
        Ok(())
    }

    /// The last watermark before a row with this number.
    pub(crate) fn at(&self, source: u16, seq: u64) -> Option<i64> {
        self.marks.get(&source)?.range(..seq).next_back().map(|(_, ts)| *ts)
    }
}
