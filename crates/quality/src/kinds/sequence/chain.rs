//! Messages of a book that do not follow each other.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec};
use crate::marks::Marks;
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, DeltaAction, Flags, Json, Severity, Vocabulary};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A message of level-2 changes with something missing before it.
///
/// Rows with equal ids up to the one flagged LAST are one message; its first row is applicable and bears the violation. A
/// message follows when `prev_final_update_id` is the final id of the one before (futures), or, where that column is null,
/// when `first_update_id` is one more than it (spot). A snapshot (flag SNAPSHOT) or reset (action `R`) starts anew: the next
/// message has to span the snapshot's id or to follow the message before it. Messages that say nothing new (their final id is
/// not above the last one) are not applicable, and counted as `known`: a repetition breaks no chain. Memory: three numbers
/// a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Chain {
    slots: ChainSlots,
    #[serde(with = "crate::pairs")]
    books: BTreeMap<(u16, u32), Book>,
    known: u64,
    lost: u64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct ChainSlots {
    first: Slot,
    last: Slot,
    prev: Slot,
    action: Slot,
    flags: Slot,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Book {
    /// Final id of the last message.
    last: Option<u64>,
    /// Whether a snapshot came since.
    snapshot: Snapshot,
    /// First and final id of the message whose last row has not come.
    open: Option<(Option<u64>, u64)>,
}

/// What a book starts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Snapshot {
    #[default]
    No,
    WithoutId,
    Of(u64),
}

/// Ids of a message.
#[derive(Debug, Clone, Copy)]
struct Ids {
    first: Option<u64>,
    last: u64,
    prev: Option<u64>,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// There is nothing to follow yet.
    First,
    Next,
    Known,
    /// So many ids are missing, where that can be said.
    Beyond(Option<u64>),
}

impl Chain {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "chain",
        doc: "a message of book changes whose update ids do not follow those before",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[],
        needs: &[],
        build: |_, slots| AnyJudge::Chain(Self::new(slots)),
    };

    fn new(slots: &mut Slots) -> Self {
        let slots = ChainSlots {
            first: slots.of("first_update_id"),
            last: slots.of("final_update_id"),
            prev: slots.of("prev_final_update_id"),
            action: slots.of("action"),
            flags: slots.of("flags"),
        };
        Self { slots, books: BTreeMap::new(), known: 0, lost: 0 }
    }
}

impl Book {
    fn place(&self, ids: Ids) -> Place {
        match self.snapshot {
            Snapshot::No => {}
            Snapshot::WithoutId => return Place::First,
            Snapshot::Of(id) => {
                // Binance, "How to manage a local order book correctly": U <= id <= u for futures, one more for spot.
                let wanted = if ids.prev.is_some() { id } else { id.saturating_add(1) };
                if ids.last < wanted {
                    return Place::Known;
                }
                if ids.prev == Some(id) || ids.first.is_none_or(|first| first <= wanted) {
                    return Place::Next;
                }
            }
        }
        let Some(last) = self.last else {
            let is_first = self.snapshot == Snapshot::No;
            return if is_first { Place::First } else { Place::Beyond(None) };
        };
        let (is_next, missing) = match (ids.prev, ids.first) {
            (Some(prev), _) => (prev == last, prev.checked_sub(last)),
            (None, Some(first)) => {
                let next = last.saturating_add(1);
                (first == next, first.checked_sub(next))
            }
            (None, None) => (ids.last > last, None),
        };
        if is_next {
            Place::Next
        } else if ids.last <= last {
            Place::Known
        } else {
            Place::Beyond(missing)
        }
    }
}

fn id(column: &Column<'_>, row: usize) -> Option<u64> {
    column.int(row).and_then(|v| u64::try_from(v).ok())
}

impl Judge for Chain {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let slots = self.slots;
        let (first, last) = (rows.column(slots.first)?, rows.column(slots.last)?);
        let prev = rows.column(slots.prev)?;
        let (action, flags) = (rows.column(slots.action)?, rows.column(slots.flags)?);
        let clear = DeltaAction::Clear.word().bytes().next().map(i128::from);
        let has = |row: usize, flag: Flags| {
            flags.int(row).is_some_and(|bits| bits & i128::from(flag.bits()) != 0)
        };
        for row in 0..rows.len() {
            let book = self.books.entry(rows.stream(row)).or_default();
            let number = id(&last, row);
            if has(row, Flags::SNAPSHOT) || action.int(row) == clear {
                book.snapshot = number.map_or(Snapshot::WithoutId, Snapshot::Of);
                book.open = None;
                continue;
            }
            let Some(number) = number else { continue };
            let ids = Ids { first: id(&first, row), last: number, prev: id(&prev, row) };
            let closes = has(row, Flags::LAST);
            if book.open == Some((ids.first, number)) {
                if closes {
                    book.open = None;
                }
                continue;
            }
            match book.place(ids) {
                Place::Known => {
                    self.known += 1;
                    continue;
                }
                Place::First => {}
                Place::Next => marks.pass(row),
                Place::Beyond(missing) => {
                    self.lost = self.lost.saturating_add(missing.unwrap_or(0));
                    marks.fail(row);
                }
            }
            *book = Book {
                last: Some(number),
                snapshot: Snapshot::No,
                open: Some((ids.first, number)).filter(|_| !closes),
            };
        }
        Ok(())
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        end.effect = Some(("missing_updates", self.lost as f64));
        if self.known > 0 {
            end.detail = Some(Json::object([("known", Json::from(self.known))]));
        }
    }
}
