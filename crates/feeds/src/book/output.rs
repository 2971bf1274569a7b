//! Rows that books make: depths, best quotes and marks of gaps.

use super::state::{Gap, Loss};
use super::top::{LEVELS, Shown, Top};
use crate::envelope::EnvelopeColumns;
use contract::arrow_array::builder::{
    Float64Builder, Int64Builder, StringDictionaryBuilder, UInt32Builder, UInt64Builder,
};
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{TimestampNanosecondArray, UInt8Array};
use contract::{
    BookState, BuildError, ColumnSet, DepthSide, Depths, Draft, Envelope, FeedMarks, MarkKind,
    Quotes, UTC,
};

/// What books made of a batch of deltas.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BookRows {
    /// Ten levels a side, a row whenever one of them changed, and one at each gap.
    pub depths: Draft<Depths>,
    /// Best bid and ask, a row whenever they changed; empty unless asked for.
    pub quotes: Draft<Quotes>,
    /// One row a gap.
    pub marks: Draft<FeedMarks>,
}

#[derive(Debug, Default)]
struct DepthColumns {
    envelope: EnvelopeColumns,
    tops: Vec<Top>,
    update_id: UInt64Builder,
    venue_seq: UInt64Builder,
    book_state: Vec<u8>,
}

#[derive(Debug, Default)]
struct QuoteColumns {
    envelope: EnvelopeColumns,
    bid_px: Int64Builder,
    ask_px: Int64Builder,
    bid_size: Float64Builder,
    ask_size: Float64Builder,
    bid_ct: UInt32Builder,
    ask_ct: UInt32Builder,
    update_id: UInt64Builder,
    venue_seq: UInt64Builder,
}

#[derive(Debug, Default)]
struct MarkColumns {
    envelope: EnvelopeColumns,
    ts_from: Vec<i64>,
    ts_to: Vec<i64>,
    seq_from: UInt64Builder,
    seq_to: UInt64Builder,
    reasons: Vec<Loss>,
}

/// Growing rows of the three tables.
#[derive(Debug, Default)]
pub(super) struct Rows {
    depths: DepthColumns,
    quotes: QuoteColumns,
    marks: MarkColumns,
}

/// Numbers of the message that a row stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) update_id: Option<u64>,
    pub(super) venue_seq: Option<u64>,
}

impl Rows {
    pub(super) fn depth(
        &mut self,
        envelope: &Envelope,
        top: &Top,
        numbers: Numbers,
        state: BookState,
    ) {
        let rows = &mut self.depths;
        rows.envelope.push(envelope);
        rows.tops.push(*top);
        rows.update_id.append_option(numbers.update_id);
        rows.venue_seq.append_option(numbers.venue_seq);
        rows.book_state.push(match state {
            BookState::Ordered => b'O',
            BookState::Crossed => b'X',
            BookState::Gap => b'G',
        });
    }

    pub(super) fn quote(&mut self, envelope: &Envelope, top: &Top, numbers: Numbers) {
        let rows = &mut self.quotes;
        let (bid, ask) = top.best();
        rows.envelope.push(envelope);
        rows.bid_px.append_option(bid.map(|b| b.px));
        rows.ask_px.append_option(ask.map(|a| a.px));
        rows.bid_size.append_option(bid.map(|b| b.size));
        rows.ask_size.append_option(ask.map(|a| a.size));
        rows.bid_ct.append_option(bid.and_then(|b| b.ct));
        rows.ask_ct.append_option(ask.and_then(|a| a.ct));
        rows.update_id.append_option(numbers.update_id);
        rows.venue_seq.append_option(numbers.venue_seq);
    }

    pub(super) fn gap(&mut self, envelope: &Envelope, gap: Gap, ts_from: i64, ts_to: i64) {
        let rows = &mut self.marks;
        rows.envelope.push(envelope);
        rows.ts_from.push(ts_from);
        rows.ts_to.push(ts_to);
        rows.seq_from.append_option(gap.seqs.map(|(from, _)| from));
        rows.seq_to.append_option(gap.seqs.map(|(_, to)| to));
        rows.reasons.push(gap.loss);
    }

    pub(super) fn finish(mut self) -> Result<BookRows, BuildError> {
        Ok(BookRows {
            depths: finish_depths(&mut self.depths)?,
            quotes: finish_quotes(&mut self.quotes)?,
            marks: finish_marks(&mut self.marks)?,
        })
    }
}

fn finish_depths(rows: &mut DepthColumns) -> Result<Draft<Depths>, BuildError> {
    let mut set = rows.envelope.finish::<Depths>();
    let tops = std::mem::take(&mut rows.tops);
    set = finish_side(set, &tops, |top| &top.bids, &DepthSide::BIDS);
    set = finish_side(set, &tops, |top| &top.asks, &DepthSide::ASKS);
    set.with(&Depths::UPDATE_ID, rows.update_id.finish())
        .with(&Depths::VENUE_SEQ, rows.venue_seq.finish())
        .with(&Depths::BOOK_STATE, UInt8Array::from(std::mem::take(&mut rows.book_state)))
        .finish()
}

/// Turns rows of levels into columns: one pass a column.
fn finish_side(
    mut set: ColumnSet<Depths>,
    tops: &[Top],
    side: impl Fn(&Top) -> &[Shown; LEVELS],
    names: &DepthSide,
) -> ColumnSet<Depths> {
    for (at, (px, size, ct)) in names.columns().enumerate() {
        let level = |top| side(top).get(at).copied().unwrap_or_default();
        let levels = || tops.iter().map(level);
        // Nulls are looked for once, so that a deep book takes the short way.
        if levels().all(|l| l.is_set) {
            set = set
                .with(px, levels().map(|l| l.px).collect::<Vec<_>>().into())
                .with(size, levels().map(|l| l.size).collect::<Vec<_>>().into());
        } else {
            set = set
                .with(px, levels().map(|l| l.is_set.then_some(l.px)).collect())
                .with(size, levels().map(|l| l.is_set.then_some(l.size)).collect());
        }
        // Level feeds count no orders; a column left out is null.
        if levels().any(|l| l.ct.is_some()) {
            set = set.with(ct, levels().map(|l| l.ct.filter(|_| l.is_set)).collect());
        }
    }
    set
}

fn finish_quotes(rows: &mut QuoteColumns) -> Result<Draft<Quotes>, BuildError> {
    rows.envelope
        .finish::<Quotes>()
        .with(&Quotes::BID_PX, rows.bid_px.finish())
        .with(&Quotes::ASK_PX, rows.ask_px.finish())
        .with(&Quotes::BID_SIZE, rows.bid_size.finish())
        .with(&Quotes::ASK_SIZE, rows.ask_size.finish())
        .with(&Quotes::BID_CT, rows.bid_ct.finish())
        .with(&Quotes::ASK_CT, rows.ask_ct.finish())
        .with(&Quotes::UPDATE_ID, rows.update_id.finish())
        .with(&Quotes::VENUE_SEQ, rows.venue_seq.finish())
        .finish()
}

fn finish_marks(rows: &mut MarkColumns) -> Result<Draft<FeedMarks>, BuildError> {
    let stamps = |nanos: &mut Vec<i64>| {
        TimestampNanosecondArray::from(std::mem::take(nanos)).with_timezone(UTC)
    };
    let n = rows.reasons.len();
    let words = |word: &dyn Fn(usize) -> &'static str| {
        let mut column = StringDictionaryBuilder::<Int32Type>::new();
        (0..n).for_each(|row| column.append_value(word(row)));
        column.finish()
    };
    let gap = words(&|_| contract::Vocabulary::word(MarkKind::Gap));
    let about = words(&|_| "book_deltas");
    let reason = words(&|row| rows.reasons.get(row).map_or("", |loss| loss.word()));
    rows.envelope
        .finish::<FeedMarks>()
        .with(&FeedMarks::KIND, gap)
        .with(&FeedMarks::ABOUT, about)
        .with(&FeedMarks::TS_FROM, stamps(&mut rows.ts_from))
        .with(&FeedMarks::TS_TO, stamps(&mut rows.ts_to))
        .with(&FeedMarks::VENUE_SEQ_FROM, rows.seq_from.finish())
        .with(&FeedMarks::VENUE_SEQ_TO, rows.seq_to.finish())
        .with(&FeedMarks::REASON, reason)
        .finish()
}
