//! Order books from their changes.

mod ladder;
mod output;
mod sides;
mod state;
mod top;

pub use output::BookRows;
pub use state::BookCounts;

use contract::arrow_array::{Array, Int64Array, PrimitiveArray, types::ArrowPrimitiveType};
use contract::{
    Batch, BookDeltas, BookSide, BookState, BuildError, DeltaAction, Diagnostic, Envelope, Fault,
    Flags, InstrumentId, SourceId, UtcNanos, excerpt,
};
use output::{Numbers, Rows};
use sides::Half;
use state::{Book, Delta, Ids, Outcome, Stamps};
use std::collections::BTreeMap;

/// How books are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookSpec {
    with_quotes: bool,
    max_kept_rows: usize,
}

impl Default for BookSpec {
    fn default() -> Self {
        Self { with_quotes: false, max_kept_rows: 200_000 }
    }
}

impl BookSpec {
    /// Depths and marks alone; at most 200,000 rows a book kept while it waits for a snapshot, about 5 MB.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Also makes `quotes`: a row whenever the best bid or ask changed. Off by default.
    #[must_use]
    pub fn with_quotes(self) -> Self {
        Self { with_quotes: true, ..self }
    }

    /// Keeps at most this many rows a book while it waits for a snapshot; older messages are let go first.
    ///
    /// A limit too small for the wait costs the snapshot: it no longer meets the messages, and the next one is
    /// waited for.
    #[must_use]
    pub fn keep_at_most(self, rows: usize) -> Self {
        Self { max_kept_rows: rows, ..self }
    }
}

/// Why deltas could not be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// A letter that is not in the closed set of its column.
    #[error("book_deltas.{column}, row {row}: expected one of {expected}, found `{found}`")]
    UnknownLetter {
        /// The column.
        column: &'static str,
        /// The row in the batch.
        row: usize,
        /// The closed set.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Rows could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Diagnostic for BookError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownLetter { .. } => "feeds/out-of-vocabulary",
            Self::Build(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::UnknownLetter { .. } => Fault::Input,
            Self::Build(error) => error.fault(),
        }
    }
}

/// Books of every source and instrument in a stream of `book_deltas`.
///
/// A book waits for a snapshot, then follows its feed as long as the chain of update ids holds; feeds of single
/// orders start at a row `R` and hold as long as every order named is known. When that breaks, one mark in
/// `feed_marks` and one row `G` in `depths` say so, and the next snapshot is waited for.
///
/// - **Shape:** a row of `depths` when a message closes (LAST) and one of the ten levels a side differs from the
///   last row; sizes of level feeds are the feed's own, those of order feeds the sums of their orders.
/// - **Point in time:** a row has the stamps of the message that closed it. A snapshot that completes messages kept
///   before makes one row, available when the snapshot is. Time is never read, only order.
/// - **Cost:** a change near the touch moves a few values; a gap costs nothing until the next snapshot.
/// - **Source:** Binance, "How to manage a local order book correctly", spot and futures; Databento, MBO.
///
/// ```
/// use contract::{BookDeltaEvent, BookDeltaMore, BookSide, BookState, Depths, DeltaAction, Draft, Envelope, Flags};
/// use contract::{InstrumentId, Price, SourceId, UtcNanos};
/// use feeds::{BookSpec, Books};
///
/// let now = UtcNanos::parse("2024-08-08T23:54:15Z")?;
/// let row = |action, side, px: Option<&str>, size, flags| -> Result<_, contract::DecimalError> {
///     let envelope = Envelope::new(SourceId::new(1), InstrumentId::new(7)).flagged(flags);
///     let px = px.map(Price::parse).transpose()?;
///     let row = BookDeltaEvent { envelope, action, side, px, size, more: BookDeltaMore::default() };
///     Ok(row.with(|m| m.final_update_id = Some(100)))
/// };
/// let snapshot = [
///     row(DeltaAction::Clear, BookSide::None, None, 0.0, Flags::SNAPSHOT)?,
///     row(DeltaAction::Modify, BookSide::Bid, Some("61700.1"), 3.25, Flags::SNAPSHOT)?,
///     row(DeltaAction::Modify, BookSide::Ask, Some("61700.2"), 0.8, Flags::SNAPSHOT.with(Flags::LAST))?,
/// ];
/// let mut books = Books::new(BookSpec::new());
/// let rows = books.push(&Draft::from_events(&snapshot, now)?)?;
/// assert_eq!(rows.depths.cell(&Depths::BOOK_STATE, 0)?, BookState::Ordered);
/// assert_eq!(rows.depths.cell(&Depths::ASK_PX_00, 0)?, Some(Price::parse("61700.2")?));
/// assert_eq!(rows.marks.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Books {
    spec: BookSpec,
    index: BTreeMap<(u16, u32), usize>,
    tracked: Vec<Tracked>,
}

#[derive(Debug)]
struct Tracked {
    book: Book,
    /// Availability of the last message after which the book could be trusted.
    last_avail: Option<i64>,
}

impl Books {
    /// No book yet.
    #[must_use]
    pub fn new(spec: BookSpec) -> Self {
        Self { spec, index: BTreeMap::new(), tracked: Vec::new() }
    }

    /// Takes the next rows of the stream; a message may be spread over several batches.
    ///
    /// # Errors
    /// [`BookError`] for a letter outside its set, which a checked batch does not have. The books stand then as
    /// after the row before.
    pub fn push<S>(&mut self, deltas: &Batch<BookDeltas, S>) -> Result<BookRows, BookError> {
        let columns = Columns::of(deltas);
        let mut rows = Rows::default();
        let mut at: Option<((u16, u32), usize)> = None;
        let mut row = 0;
        while row < deltas.len() {
            let key = columns.key(row);
            let slot = match at {
                Some((last, slot)) if last == key => slot,
                _ => self.slot(key),
            };
            at = Some((key, slot));
            let delta = columns.delta(row)?;
            if let Some(tracked) = self.tracked.get_mut(slot) {
                match tracked.book.row(&delta) {
                    // Most rows set a level in the middle of a message: they need no further question.
                    Outcome::Quiet => row = run(&mut tracked.book, &columns, key, delta.ids, row),
                    outcome => tell(self.spec, tracked, outcome, &columns, row, &mut rows),
                }
            }
            row += 1;
        }
        Ok(rows.finish()?)
    }

    fn slot(&mut self, key: (u16, u32)) -> usize {
        let next = self.tracked.len();
        let slot = *self.index.entry(key).or_insert(next);
        if slot == next {
            self.tracked
                .push(Tracked { book: Book::new(self.spec.max_kept_rows), last_avail: None });
        }
        slot
    }

    /// What happened to the messages of each book so far, by source and instrument.
    #[must_use]
    pub fn counts(&self) -> Vec<(SourceId, InstrumentId, BookCounts)> {
        let count = |(&(source, instrument), &slot): (&(u16, u32), &usize)| {
            let counts = self.tracked.get(slot)?.book.counts();
            Some((SourceId::new(source), InstrumentId::new(instrument), counts))
        };
        self.index.iter().filter_map(count).collect()
    }
}

/// Applies the rows behind `row` that set levels of its message and do not close it; returns the last of them.
fn run(book: &mut Book, columns: &Columns<'_>, key: (u16, u32), ids: Ids, row: usize) -> usize {
    if !book.applies_levels(ids) || columns.order_id.has_values() {
        return row;
    }
    let mut last = row;
    loop {
        let next = last + 1;
        let side = match columns.side.get(next) {
            Some(b'B') => Half::Bid,
            Some(b'A') => Half::Ask,
            _ => return last,
        };
        let is_plain = columns.action.get(next) == Some(&b'M')
            && columns.flags.get(next).is_some_and(|f| f & Flags::LAST.bits() == 0)
            && columns.key(next) == key
            && columns.ids(next) == ids;
        if !is_plain {
            return last;
        }
        book.set_level(side, cell(columns.px, next), cell(columns.size, next));
        last = next;
    }
}

/// Writes down what a row meant.
fn tell(
    spec: BookSpec,
    tracked: &mut Tracked,
    outcome: Outcome,
    columns: &Columns<'_>,
    row: usize,
    rows: &mut Rows,
) {
    let mut envelope = columns.envelope(row);
    let avail = envelope.ts_avail.map_or(0, UtcNanos::nanos);
    let book = &mut tracked.book;
    match outcome {
        Outcome::Quiet => {}
        Outcome::Lost(gap) => {
            let none = Numbers { update_id: None, venue_seq: None };
            let from = tracked.last_avail.map_or(avail, |last| last.min(avail));
            rows.gap(&envelope, gap, from, avail);
            rows.depth(&envelope, &top::Top::default(), none, BookState::Gap);
            book.shown = None;
        }
        Outcome::Updated { update_id, touched, kept } => {
            tracked.last_avail = Some(avail);
            let is_crossed = book.is_crossed();
            book.counts.crossed += u64::from(is_crossed);
            if !touched && book.shown.is_some() {
                return;
            }
            let top = book.top();
            let before = book.shown.replace(top);
            if before == Some(top) {
                return;
            }
            if let Some(Stamps { event, sent }) = kept {
                envelope.ts_event = event.map(UtcNanos::from_nanos);
                envelope.ts_venue_send = sent.map(UtcNanos::from_nanos);
            }
            let numbers = Numbers { update_id, venue_seq: columns.venue_seq(row) };
            let state = if is_crossed { BookState::Crossed } else { BookState::Ordered };
            rows.depth(&envelope, &top, numbers, state);
            if spec.with_quotes && before.is_none_or(|before| before.best() != top.best()) {
                rows.quote(&envelope, &top, numbers);
            }
        }
    }
}

/// The columns of a batch of deltas, found once.
struct Columns<'a> {
    sources: &'a [u16],
    instruments: &'a [u32],
    action: &'a [u8],
    side: &'a [u8],
    px: &'a [i64],
    size: &'a [f64],
    flags: &'a [u16],
    avail: &'a [i64],
    order_id: Cells<'a, contract::arrow_array::types::UInt64Type>,
    first: Cells<'a, contract::arrow_array::types::UInt64Type>,
    last: Cells<'a, contract::arrow_array::types::UInt64Type>,
    prev: Cells<'a, contract::arrow_array::types::UInt64Type>,
    venue_seq: Cells<'a, contract::arrow_array::types::UInt64Type>,
    event: Cells<'a, contract::arrow_array::types::TimestampNanosecondType>,
    sent: Cells<'a, contract::arrow_array::types::TimestampNanosecondType>,
    recv: Cells<'a, contract::arrow_array::types::TimestampNanosecondType>,
    offset: &'a Int64Array,
}

/// A nullable column.
struct Cells<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    has_nulls: bool,
}

impl<'a, T: ArrowPrimitiveType> Cells<'a, T> {
    fn of(array: &'a PrimitiveArray<T>) -> Self {
        Self { array, has_nulls: array.null_count() > 0 }
    }

    /// Whether any row has a value.
    fn has_values(&self) -> bool {
        self.array.null_count() < self.array.len()
    }

    fn get(&self, row: usize) -> Option<T::Native> {
        if self.has_nulls && self.array.is_null(row) {
            return None;
        }
        self.array.values().get(row).copied()
    }
}

impl<'a> Columns<'a> {
    fn of<S>(deltas: &'a Batch<BookDeltas, S>) -> Self {
        Self {
            sources: deltas.source_id().values(),
            instruments: deltas.instrument_id().values(),
            action: deltas.col(&BookDeltas::ACTION).values(),
            side: deltas.col(&BookDeltas::SIDE).values(),
            px: deltas.col(&BookDeltas::PX).values(),
            size: deltas.col(&BookDeltas::SIZE).values(),
            flags: deltas.flags().values(),
            avail: deltas.ts_avail().values(),
            order_id: Cells::of(deltas.col(&BookDeltas::ORDER_ID)),
            first: Cells::of(deltas.col(&BookDeltas::FIRST_UPDATE_ID)),
            last: Cells::of(deltas.col(&BookDeltas::FINAL_UPDATE_ID)),
            prev: Cells::of(deltas.col(&BookDeltas::PREV_FINAL_UPDATE_ID)),
            venue_seq: Cells::of(deltas.col(&BookDeltas::VENUE_SEQ)),
            event: Cells::of(deltas.ts_event()),
            sent: Cells::of(deltas.col(&BookDeltas::TS_VENUE_SEND)),
            recv: Cells::of(deltas.ts_recv()),
            offset: deltas.col(&BookDeltas::CLOCK_OFFSET_NS),
        }
    }

    fn key(&self, row: usize) -> (u16, u32) {
        (cell(self.sources, row), cell(self.instruments, row))
    }

    fn venue_seq(&self, row: usize) -> Option<u64> {
        self.venue_seq.get(row)
    }

    fn ids(&self, row: usize) -> Ids {
        Ids { first: self.first.get(row), last: self.last.get(row), prev: self.prev.get(row) }
    }

    fn delta(&self, row: usize) -> Result<Delta, BookError> {
        let action = match cell(self.action, row) {
            b'A' => DeltaAction::Add,
            b'M' => DeltaAction::Modify,
            b'C' => DeltaAction::Cancel,
            b'F' => DeltaAction::Fill,
            b'T' => DeltaAction::Trade,
            b'R' => DeltaAction::Clear,
            b'N' => DeltaAction::None,
            found => return Err(unknown_letter::<DeltaAction>("action", row, found)),
        };
        let side = match cell(self.side, row) {
            b'B' => BookSide::Bid,
            b'A' => BookSide::Ask,
            b'N' => BookSide::None,
            found => return Err(unknown_letter::<BookSide>("side", row, found)),
        };
        Ok(Delta {
            action,
            side,
            px: cell(self.px, row),
            size: cell(self.size, row),
            order_id: self.order_id.get(row),
            ids: self.ids(row),
            flags: Flags::from_bits(cell(self.flags, row)),
            stamps: Stamps { event: self.event.get(row), sent: self.sent.get(row) },
        })
    }

    /// The envelope of what a row makes known; it is a message of its own.
    fn envelope(&self, row: usize) -> Envelope {
        let (source, instrument) = self.key(row);
        let mut envelope = Envelope::new(SourceId::new(source), InstrumentId::new(instrument));
        envelope.ts_event = self.event.get(row).map(UtcNanos::from_nanos);
        envelope.ts_venue_send = self.sent.get(row).map(UtcNanos::from_nanos);
        envelope.ts_recv = self.recv.get(row).map(UtcNanos::from_nanos);
        envelope.ts_avail = Some(UtcNanos::from_nanos(cell(self.avail, row)));
        envelope.clock_offset_ns =
            self.offset.is_valid(row).then(|| cell(self.offset.values(), row));
        envelope.flags = Flags::from_bits(cell(self.flags, row)).with(Flags::LAST);
        envelope
    }
}

/// A cell of a required column; every column of a batch has a value a row.
fn cell<V: Copy + Default>(values: &[V], row: usize) -> V {
    values.get(row).copied().unwrap_or_default()
}

#[cold]
fn unknown_letter<E: contract::Vocabulary>(
    column: &'static str,
    row: usize,
    found: u8,
) -> BookError {
    BookError::UnknownLetter { column, row, expected: E::WORDS.join(" "), found: excerpt(&[found]) }
}
