//! One instrument's book: when it can be trusted, and what each message does to it.

use super::sides::{Half, LevelBook, Misfit, OrderBook};
use super::top::Top;
use contract::{BookSide, DeltaAction, Flags};
use std::collections::VecDeque;

/// A row of `book_deltas`, without its envelope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delta {
    pub(super) action: DeltaAction,
    pub(super) side: BookSide,
    /// 0 where the row has none.
    pub(super) px: i64,
    pub(super) size: f64,
    pub(super) order_id: Option<u64>,
    pub(super) ids: Ids,
    pub(super) flags: Flags,
    pub(super) stamps: Stamps,
}

/// When the source says that a message happened and was sent, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamps {
    pub(super) event: Option<i64>,
    pub(super) sent: Option<i64>,
}

/// The chain of a message; all `None` in feeds without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ids {
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    /// Last id of the message before; futures only.
    pub(super) prev: Option<u64>,
}

/// Why a book lost its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Updates are missing between two messages.
    BrokenChain,
    /// A message was cut short.
    CutMessage,
    /// A cancel or change of an order that is not there, or of more than is there.
    UnknownOrder,
    /// An order that is there already, or without a side.
    BadOrder,
}

impl Loss {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::BrokenChain => "broken_chain",
            Self::CutMessage => "cut_message",
            Self::UnknownOrder => "unknown_order",
            Self::BadOrder => "bad_order",
        }
    }
}

impl From<Misfit> for Loss {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Unknown | Misfit::TooMuch => Self::UnknownOrder,
            Misfit::Duplicate | Misfit::NoSide => Self::BadOrder,
        }
    }
}

/// A gap, as `feed_marks` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) loss: Loss,
    /// First update id lost, and the one after the last lost.
    pub(super) seqs: Option<(u64, u64)>,
}

/// What a row meant for the outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    /// Nothing to tell yet.
    Quiet,
    /// A message closed and the book can be trusted.
    Updated {
        update_id: Option<u64>,
        /// Whether one of the levels shown may have changed.
        touched: bool,
        /// Stamps of the last message applied, where that is one kept before and not the one that closed now.
        kept: Option<Stamps>,
    },
    /// The book can no longer be trusted.
    Lost(Gap),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No book yet, or not any more.
    Waiting,
    /// A snapshot up to this id; the first message used must span it.
    Loaded(u64),
    /// Every update up to this id, where the feed has ids.
    InOrder(Option<u64>),
}

/// What is done with the rows of the message at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Apply,
    Keep,
    Stage,
    Skip,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    ids: Ids,
    mode: Mode,
    touched: bool,
}

/// A message kept until a snapshot comes.
#[derive(Debug)]
struct Kept {
    ids: Ids,
    rows: usize,
    stamps: Stamps,
}

/// Counts of what happened to messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BookCounts {
    /// Messages applied, snapshots not counted.
    pub applied: u64,
    /// Messages that a snapshot already covers, or that came twice.
    pub dropped: u64,
    /// Messages that came while there was no book and were not used later.
    pub unused: u64,
    /// Snapshots that a book was started from.
    pub snapshots_used: u64,
    /// Snapshots older than the book at hand, or too old for the messages kept.
    pub snapshots_unused: u64,
    /// Gaps.
    pub gaps: u64,
    /// Messages after which the best bid stood above the best ask.
    pub crossed: u64,
}

type Row = (Half, i64, f64);

/// A book and its state.
#[derive(Debug)]
pub(super) struct Book {
    state: State,
    levels: LevelBook,
    orders: OrderBook,
    is_by_order: bool,
    open: Option<Open>,
    staged: Vec<Row>,
    kept: VecDeque<Kept>,
    kept_rows: VecDeque<Row>,
    max_kept_rows: usize,
    pub(super) counts: BookCounts,
    pub(super) shown: Option<Top>,
}

impl Book {
    pub(super) fn new(max_kept_rows: usize) -> Self {
        Self {
            state: State::Waiting,
            levels: LevelBook::default(),
            orders: OrderBook::default(),
            is_by_order: false,
            open: None,
            staged: Vec::new(),
            kept: VecDeque::new(),
            kept_rows: VecDeque::new(),
            max_kept_rows,
            counts: BookCounts::default(),
            shown: None,
        }
    }

    pub(super) fn top(&self) -> Top {
        if self.is_by_order { self.orders.top() } else { self.levels.top() }
    }

    pub(super) fn is_crossed(&self) -> bool {
        if self.is_by_order { self.orders.is_crossed() } else { self.levels.is_crossed() }
    }

    /// Takes one row; at most one outcome comes of it.
    pub(super) fn row(&mut self, delta: &Delta) -> Outcome {
        let mut lost = None;
        let open = match self.open.take() {
            Some(open) if open.ids == delta.ids => open,
            Some(cut) => {
                lost = self.cut(cut);
                self.begin(delta, &mut lost)
            }
            None => self.begin(delta, &mut lost),
        };
        let mut open = open;
        match self.take(delta, &mut open) {
            Ok(()) => {}
            Err(misfit) => {
                open.mode = Mode::Skip;
                lost = lost.or(self.lose(misfit.into(), None));
            }
        }
        let closed = if delta.flags.has(Flags::LAST) {
            self.close(open)
        } else {
            self.open = Some(open);
            Outcome::Quiet
        };
        lost.map_or(closed, Outcome::Lost)
    }

    /// Whether the rows of a message are being applied to levels, and the next one only has to be of it.
    pub(super) fn applies_levels(&self, ids: Ids) -> bool {
        !self.is_by_order
            && self.open.is_some_and(|open| open.mode == Mode::Apply && open.ids == ids)
    }

    /// Sets a level amid a message for which [`Book::applies_levels`] holds.
    pub(super) fn set_level(&mut self, side: Half, px: i64, size: f64) {
        let touched = self.levels.set(side, px, size);
        if let Some(open) = &mut self.open {
            open.touched |= touched;
        }
    }

    /// A message without its last row: what it would have said is unknown.
    fn cut(&mut self, open: Open) -> Option<Gap> {
        match open.mode {
            Mode::Apply => self.lose(Loss::CutMessage, None),
            // A message kept whole is a message; half of one breaks the chain when it is used.
            Mode::Keep => {
                self.forget_last_kept();
                None
            }
            Mode::Stage => {
                self.staged.clear();
                self.counts.snapshots_unused += 1;
                None
            }
            Mode::Skip => None,
        }
    }

    /// Gives up the book; a gap is told once, until there is a book again.
    fn lose(&mut self, loss: Loss, seqs: Option<(u64, u64)>) -> Option<Gap> {
        let had_book = self.state != State::Waiting;
        self.state = State::Waiting;
        self.levels.clear();
        self.orders.clear();
        if !had_book {
            return None;
        }
        self.counts.gaps += 1;
        Some(Gap { loss, seqs })
    }

    /// Decides what is done with a message from its first row.
    fn begin(&mut self, delta: &Delta, lost: &mut Option<Gap>) -> Open {
        let ids = delta.ids;
        let is_snapshot = delta.action == DeltaAction::Clear && ids.last.is_some();
        let mode = if is_snapshot {
            self.staged.clear();
            Mode::Stage
        } else if let Some(last) = ids.last {
            match self.state {
                State::Waiting => Mode::Keep,
                State::Loaded(id) => self.place(spans(id, ids, last), id, ids, lost),
                State::InOrder(Some(id)) => self.place(follows(id, ids, last), id, ids, lost),
                // The feed had no ids so far: there is nothing to check the first one against.
                State::InOrder(None) => Mode::Apply,
            }
        } else if self.state == State::Waiting {
            Mode::Skip
        } else {
            Mode::Apply
        };
        if mode == Mode::Keep {
            self.kept.push_back(Kept { ids, rows: 0, stamps: delta.stamps });
        }
        Open { ids, mode, touched: false }
    }

    fn place(&mut self, place: Place, id: u64, ids: Ids, lost: &mut Option<Gap>) -> Mode {
        match place {
            Place::Next => Mode::Apply,
            Place::Known => {
                self.counts.dropped += 1;
                Mode::Skip
            }
            Place::Beyond => {
                let seqs = ids.first.map(|first| (id.saturating_add(1), first));
                let gap = self.lose(Loss::BrokenChain, seqs);
                *lost = lost.or(gap);
                // The message may be the one that the next snapshot needs.
                Mode::Keep
            }
        }
    }

    fn take(&mut self, delta: &Delta, open: &mut Open) -> Result<(), Misfit> {
        if delta.action == DeltaAction::Clear && open.mode != Mode::Stage {
            // A feed without ids says with it that its book starts anew; so does one that waits for that.
            if delta.ids.last.is_none() {
                self.levels.clear();
                self.orders.clear();
                self.state = State::InOrder(None);
                self.counts.snapshots_used += u64::from(delta.flags.has(Flags::SNAPSHOT));
                open.mode = Mode::Apply;
                open.touched = true;
            }
            return Ok(());
        }
        match open.mode {
            Mode::Skip => {}
            Mode::Apply => open.touched |= self.apply(delta)?,
            Mode::Stage => self.staged.extend(level(delta)),
            Mode::Keep => {
                if let (Some(row), Some(kept)) = (level(delta), self.kept.back_mut()) {
                    self.kept_rows.push_back(row);
                    kept.rows += 1;
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, delta: &Delta) -> Result<bool, Misfit> {
        let side = Half::of(delta.side);
        let Some(id) = delta.order_id else {
            return match delta.action {
                DeltaAction::Modify => {
                    let side = side.ok_or(Misfit::NoSide)?;
                    Ok(self.levels.set(side, delta.px, delta.size))
                }
                DeltaAction::Add | DeltaAction::Cancel => Err(Misfit::Unknown),
                _ => Ok(false),
            };
        };
        match delta.action {
            DeltaAction::Add if delta.flags.has(Flags::TOB) => {
                // The feed shows the best of each side alone: an order replaces the side.
                // Such rows share one order id, so each side has its own here.
                let side = side.ok_or(Misfit::NoSide)?;
                self.is_by_order = true;
                self.orders.clear_side(side);
                let id = if side == Half::Bid { u64::MAX } else { u64::MAX - 1 };
                self.orders.add(id, Some(side), delta.px, delta.size).map(|_| true)
            }
            DeltaAction::Add => {
                self.is_by_order = true;
                self.orders.add(id, side, delta.px, delta.size)
            }
            DeltaAction::Modify => self.orders.modify(id, side, delta.px, delta.size),
            DeltaAction::Cancel => self.orders.cancel(id, delta.size),
            // A fill or trade is followed by the cancel or change that it means for the book.
            _ => Ok(false),
        }
    }

    fn close(&mut self, open: Open) -> Outcome {
        match open.mode {
            Mode::Skip => {
                self.counts.unused += u64::from(self.state == State::Waiting);
                Outcome::Quiet
            }
            Mode::Keep => {
                self.trim();
                Outcome::Quiet
            }
            Mode::Stage => self.load(open.ids.last),
            Mode::Apply => {
                self.counts.applied += 1;
                self.state = State::InOrder(open.ids.last);
                let update_id = open.ids.last;
                Outcome::Updated { update_id, touched: open.touched, kept: None }
            }
        }
    }

    /// Starts the book from the staged snapshot, then uses the messages kept.
    fn load(&mut self, id: Option<u64>) -> Outcome {
        let Some(id) = id else { return Outcome::Quiet };
        let is_behind = match self.state {
            State::Waiting | State::InOrder(None) => false,
            State::Loaded(have) | State::InOrder(Some(have)) => id <= have,
        };
        if is_behind {
            self.counts.snapshots_unused += 1;
            self.staged.clear();
            return Outcome::Quiet;
        }
        let Some(plan) = self.plan(id) else {
            self.counts.snapshots_unused += 1;
            self.staged.clear();
            return Outcome::Quiet;
        };
        self.counts.snapshots_used += 1;
        self.is_by_order = false;
        self.levels.clear();
        for (side, px, size) in self.staged.drain(..) {
            self.levels.set(side, px, size);
        }
        let mut stamps = None;
        let mut state = State::Loaded(id);
        for (kept, is_used) in self.kept.drain(..).zip(plan) {
            let rows = self.kept_rows.drain(..kept.rows.min(self.kept_rows.len()));
            if !is_used {
                self.counts.dropped += 1;
                continue;
            }
            for (side, px, size) in rows {
                self.levels.set(side, px, size);
            }
            self.counts.applied += 1;
            state = State::InOrder(kept.ids.last);
            stamps = Some(kept.stamps);
        }
        self.state = state;
        let update_id = match state {
            State::InOrder(last) => last,
            _ => Some(id),
        };
        Outcome::Updated { update_id, touched: true, kept: stamps }
    }

    /// Which of the messages kept to use behind a snapshot, or `None` when the snapshot is too old for them.
    ///
    /// The first message that the snapshot does not cover must span it, and the others must follow.
    fn plan(&self, id: u64) -> Option<Vec<bool>> {
        let mut state = State::Loaded(id);
        let mut plan = Vec::with_capacity(self.kept.len());
        for kept in &self.kept {
            let last = kept.ids.last.unwrap_or(0);
            let place = match state {
                State::InOrder(Some(id)) => follows(id, kept.ids, last),
                _ => spans(id, kept.ids, last),
            };
            match place {
                Place::Known => plan.push(false),
                Place::Next => {
                    state = State::InOrder(Some(last));
                    plan.push(true);
                }
                Place::Beyond => return None,
            }
        }
        Some(plan)
    }

    /// Keeps the newest messages within the limit.
    fn trim(&mut self) {
        while self.kept_rows.len() > self.max_kept_rows && self.kept.len() > 1 {
            let rows = self.kept.pop_front().map_or(0, |k| k.rows);
            self.kept_rows.drain(..rows.min(self.kept_rows.len()));
            self.counts.unused += 1;
        }
    }

    fn forget_last_kept(&mut self) {
        if let Some(kept) = self.kept.pop_back() {
            let rows = self.kept_rows.len().saturating_sub(kept.rows);
            self.kept_rows.truncate(rows);
            self.counts.unused += 1;
        }
    }

    /// Messages that still wait when the input ends.
    pub(super) fn counts(&self) -> BookCounts {
        let mut counts = self.counts;
        counts.unused += self.kept.len() as u64;
        counts
    }
}

/// The level that a row sets, if it sets one.
fn level(delta: &Delta) -> Option<Row> {
    let side = Half::of(delta.side)?;
    (delta.action == DeltaAction::Modify).then_some((side, delta.px, delta.size))
}

/// Where a message stands against what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is covered already.
    Known,
    /// It continues what is known.
    Next,
    /// Something is missing before it.
    Beyond,
}

/// The first message after a snapshot: futures need `U <= id <= u`, spot `U <= id + 1 <= u`.
fn spans(id: u64, ids: Ids, last: u64) -> Place {
    let wanted = if ids.prev.is_some() { id } else { id.saturating_add(1) };
    if last < wanted {
        Place::Known
    } else if ids.first.is_none_or(|first| first <= wanted) {
        Place::Next
    } else {
        Place::Beyond
    }
}

/// A later message: futures need `pu` = last `u`, spot `U` = last `u` + 1.
fn follows(id: u64, ids: Ids, last: u64) -> Place {
    let is_next = match (ids.prev, ids.first) {
        (Some(prev), _) => prev == id,
        (None, Some(first)) => first == id.saturating_add(1),
        (None, None) => last > id,
    };
    if is_next {
        Place::Next
    } else if last <= id {
        Place::Known
    } else {
        Place::Beyond
    }
}
