//! Books rebuilt from their changes: against a naive book, against the venue's own best quotes, and with losses.

use super::binance::{FILES, pack, read, spec};
use contract::arrow_array::Array;
use contract::kind::{self, Opt};
use contract::{
    BookDeltaEvent, BookDeltaMore, BookDeltas, BookSide, BookState, Column, DeltaAction,
    DepthEvent, DepthLevel, Depths, Draft, Envelope, FeedMarkEvent, FeedMarks, Flags, InstrumentId,
    MarkKind, Price, QuoteEvent, Quotes, SourceId, UtcNanos,
};
use feeds::{BookCounts, BookRows, BookSpec, Books};
use proptest::prelude::*;
use std::collections::BTreeMap;

const BTC: InstrumentId = InstrumentId::new(7);

fn row(action: DeltaAction, side: BookSide, px: i64, size: f64) -> BookDeltaEvent {
    let envelope = Envelope::new(SourceId::new(1), BTC);
    let px =
        (!matches!(action, DeltaAction::Clear | DeltaAction::None)).then(|| Price::from_nanos(px));
    BookDeltaEvent { envelope, action, side, px, size, more: BookDeltaMore::default() }
}

fn set(side: BookSide, px: i64, size: f64) -> BookDeltaEvent {
    row(DeltaAction::Modify, side, px, size)
}

/// One message: its rows share ids and a stamp, and LAST closes them.
fn message(
    at: i64,
    ids: [Option<u64>; 3],
    flags: Flags,
    mut rows: Vec<BookDeltaEvent>,
) -> Vec<BookDeltaEvent> {
    let n = rows.len();
    for (place, row) in rows.iter_mut().enumerate() {
        let stamp = Some(UtcNanos::from_nanos(at));
        row.envelope.ts_event = stamp;
        row.envelope.ts_recv = stamp;
        row.envelope.ts_avail = stamp;
        row.envelope.flags = flags;
        if place + 1 == n {
            row.envelope.flags = flags.with(Flags::LAST);
        }
        let [first, last, prev] = ids;
        row.more.first_update_id = first;
        row.more.final_update_id = last;
        row.more.prev_final_update_id = prev;
    }
    rows
}

/// The stamp of a message by its place in a stream.
fn stamp(at: usize) -> i64 {
    i64::try_from(at).unwrap() + 1
}

fn snapshot(at: i64, id: u64, levels: Vec<BookDeltaEvent>) -> Vec<BookDeltaEvent> {
    let mut rows = vec![row(DeltaAction::Clear, BookSide::None, 0, 0.0)];
    rows.extend(levels);
    message(at, [None, Some(id), None], Flags::SNAPSHOT, rows)
}

/// A futures message: `U`, `u`, `pu`.
fn futures(at: i64, ids: [u64; 3], levels: Vec<BookDeltaEvent>) -> Vec<BookDeltaEvent> {
    message(at, ids.map(Some), Flags::NONE, levels)
}

fn spot(at: i64, ids: [u64; 2], levels: Vec<BookDeltaEvent>) -> Vec<BookDeltaEvent> {
    message(at, [Some(ids[0]), Some(ids[1]), None], Flags::NONE, levels)
}

fn draft(rows: &[BookDeltaEvent]) -> Draft<BookDeltas> {
    Draft::from_events(rows, UtcNanos::from_nanos(0)).unwrap()
}

/// What books make of messages given in one batch.
fn build(
    messages: &[Vec<BookDeltaEvent>],
) -> (Vec<DepthEvent>, Vec<QuoteEvent>, Vec<FeedMarkEvent>, BookCounts) {
    let mut books = Books::new(BookSpec::new().with_quotes());
    let rows = books.push(&draft(&messages.concat())).unwrap();
    let counts = books.counts().first().map(|(_, _, counts)| *counts).unwrap_or_default();
    (
        rows.depths.events().unwrap(),
        rows.quotes.events().unwrap(),
        rows.marks.events().unwrap(),
        counts,
    )
}

/// Update id, state, best bid and ask.
type Seen = (Option<u64>, BookState, Option<i64>, Option<i64>);

/// What each row shows.
fn bests(depths: &[DepthEvent]) -> Vec<Seen> {
    let px = |level: &DepthLevel| level.px.map(Price::nanos);
    depths
        .iter()
        .map(|d| (d.more.update_id, d.book_state, px(&d.bids[0]), px(&d.asks[0])))
        .collect()
}

use BookSide::{Ask, Bid};
use BookState::{Crossed, Gap, Ordered};

#[test]
fn a_snapshot_older_than_messages_received_is_completed_by_them() {
    let (depths, quotes, marks, counts) = build(&[
        futures(1, [5, 9, 4], vec![set(Bid, 100, 1.0)]), // covered by the snapshot
        futures(2, [10, 12, 9], vec![set(Bid, 101, 2.0)]), // spans it
        futures(3, [13, 15, 12], vec![set(Ask, 104, 3.0)]), // follows
        snapshot(4, 11, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]),
        futures(5, [16, 17, 15], vec![set(Bid, 101, 0.0)]),
    ]);
    assert_eq!(marks, []);
    assert_eq!(
        bests(&depths),
        [(Some(15), Ordered, Some(101), Some(104)), (Some(17), Ordered, Some(99), Some(104))]
    );
    // Known when the snapshot was, of the moment of the last message applied.
    assert_eq!(depths[0].envelope.ts_avail, Some(UtcNanos::from_nanos(4)));
    assert_eq!(depths[0].envelope.ts_event, Some(UtcNanos::from_nanos(3)));
    assert_eq!((counts.dropped, counts.applied, counts.snapshots_used, counts.gaps), (1, 3, 1, 0));
    assert_eq!(quotes.len(), 2);
    assert_eq!(quotes[1].bid_size, Some(1.0));
}

#[test]
fn a_spot_snapshot_is_spanned_by_its_id_plus_one() {
    let start = snapshot(1, 10, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]);
    let follow = |ids| vec![start.clone(), spot(2, ids, vec![set(Bid, 100, 1.0)])];
    for (ids, applied, dropped, gaps) in
        [([11, 12], 1, 0, 0), ([8, 11], 1, 0, 0), ([8, 10], 0, 1, 0), ([12, 13], 0, 0, 1)]
    {
        let (.., counts) = build(&follow(ids));
        assert_eq!(
            (counts.applied, counts.dropped, counts.gaps),
            (applied, dropped, gaps),
            "{ids:?}"
        );
    }
}

#[test]
fn a_futures_snapshot_is_spanned_by_its_own_id() {
    let start = snapshot(1, 10, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]);
    let follow = |ids| vec![start.clone(), futures(2, ids, vec![set(Bid, 100, 1.0)])];
    for (ids, applied, dropped, gaps) in [
        ([10, 12, 9], 1, 0, 0),
        ([8, 10, 7], 1, 0, 0),
        ([7, 9, 6], 0, 1, 0),
        ([11, 13, 10], 0, 0, 1),
    ] {
        let (.., counts) = build(&follow(ids));
        assert_eq!(
            (counts.applied, counts.dropped, counts.gaps),
            (applied, dropped, gaps),
            "{ids:?}"
        );
    }
}

#[test]
fn a_broken_chain_is_one_mark_and_one_row_until_the_next_snapshot() {
    let (depths, _, marks, counts) = build(&[
        snapshot(1, 10, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]),
        futures(2, [10, 12, 9], vec![set(Bid, 100, 1.0)]),
        futures(4, [20, 22, 19], vec![set(Bid, 101, 1.0)]), // 13 to 19 are lost
        futures(5, [23, 24, 22], vec![set(Bid, 102, 1.0)]),
        futures(6, [40, 41, 39], vec![set(Bid, 103, 1.0)]), // a further loss while there is no book
        snapshot(7, 15, vec![set(Bid, 99, 1.0)]),           // too old for the messages kept
        snapshot(8, 40, vec![set(Bid, 90, 1.0), set(Ask, 110, 1.0)]),
    ]);
    assert_eq!(
        bests(&depths),
        [
            (Some(10), Ordered, Some(99), Some(105)),
            (Some(12), Ordered, Some(100), Some(105)),
            (None, Gap, None, None),
            (Some(41), Ordered, Some(103), Some(110)),
        ]
    );
    assert_eq!(marks.len(), 1);
    let mark = &marks[0];
    assert_eq!(mark.kind, MarkKind::Gap);
    assert_eq!(mark.envelope.instrument_id, Some(BTC));
    assert_eq!(mark.more.about.as_deref(), Some("book_deltas"));
    assert_eq!(mark.more.reason.as_deref(), Some("broken_chain"));
    assert_eq!((mark.more.venue_seq_from, mark.more.venue_seq_to), (Some(13), Some(20)));
    let at = |ns| Some(UtcNanos::from_nanos(ns));
    assert_eq!((mark.more.ts_from, mark.more.ts_to, mark.envelope.ts_avail), (at(2), at(4), at(4)));
    assert_eq!((counts.gaps, counts.snapshots_unused), (1, 1));
}

#[test]
fn a_message_sent_twice_changes_nothing() {
    let (depths, _, marks, counts) = build(&[
        snapshot(1, 10, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]),
        futures(2, [10, 12, 9], vec![set(Bid, 100, 1.0)]),
        futures(3, [13, 14, 12], vec![set(Bid, 100, 0.0)]),
        futures(4, [10, 12, 9], vec![set(Bid, 100, 1.0)]),
        snapshot(5, 11, vec![set(Bid, 50, 1.0)]), // older than the book
    ]);
    assert_eq!(marks, []);
    assert_eq!(bests(&depths).last(), Some(&(Some(14), Ordered, Some(99), Some(105))));
    assert_eq!((counts.dropped, counts.snapshots_unused), (1, 1));
}

#[test]
fn a_message_cut_short_is_a_gap() {
    let mut cut = futures(2, [10, 12, 9], vec![set(Bid, 100, 1.0), set(Bid, 101, 1.0)]);
    cut.pop();
    let (depths, _, marks, _) = build(&[
        snapshot(1, 10, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]),
        cut,
        futures(3, [13, 14, 12], vec![set(Bid, 102, 1.0)]),
    ]);
    assert_eq!(
        marks.iter().map(|m| m.more.reason.as_deref()).collect::<Vec<_>>(),
        [Some("cut_message")]
    );
    assert_eq!(bests(&depths).last(), Some(&(None, Gap, None, None)));
}

#[test]
fn rows_come_only_when_one_of_ten_levels_changed() {
    let levels = |n: i64| (0..n).map(|k| set(Bid, 100 - k, 1.0)).collect::<Vec<_>>();
    let (depths, quotes, ..) = build(&[
        snapshot(1, 10, levels(12)),
        futures(2, [10, 11, 9], vec![set(Bid, 90, 5.0)]), // the eleventh
        futures(3, [12, 12, 11], vec![set(Bid, 100, 1.0)]), // as it was
        futures(4, [13, 13, 12], vec![set(Bid, 91, 5.0)]), // the tenth
        futures(5, [14, 14, 13], vec![row(DeltaAction::None, BookSide::None, 0, 0.0)]),
        futures(6, [15, 15, 14], vec![set(Bid, 99, 0.0)]), // the eleventh moves up
    ]);
    assert_eq!(
        depths.iter().map(|d| d.more.update_id).collect::<Vec<_>>(),
        [Some(10), Some(13), Some(15)]
    );
    assert_eq!(
        depths[2].bids[9],
        DepthLevel { px: Some(Price::from_nanos(90)), size: Some(5.0), ct: None }
    );
    assert_eq!(quotes.len(), 1); // the best never changed
}

#[test]
fn a_crossed_book_is_shown_as_received_and_a_locked_one_is_in_order() {
    let (depths, _, marks, counts) = build(&[
        snapshot(1, 10, vec![set(Bid, 99, 1.0), set(Ask, 105, 1.0)]),
        futures(2, [10, 11, 9], vec![set(Bid, 106, 1.0)]),
        futures(3, [12, 12, 11], vec![set(Bid, 106, 0.0), set(Bid, 105, 1.0)]),
        futures(4, [13, 13, 12], vec![set(Bid, 105, 0.0), set(Ask, 105, 0.0)]),
    ]);
    assert_eq!(marks, []);
    assert_eq!(
        bests(&depths)
            .into_iter()
            .map(|(_, state, bid, ask)| (state, bid, ask))
            .collect::<Vec<_>>(),
        [
            (Ordered, Some(99), Some(105)),
            (Crossed, Some(106), Some(105)),
            (Ordered, Some(105), Some(105)),
            (Ordered, Some(99), None),
        ]
    );
    assert_eq!(counts.crossed, 1);
}

#[test]
fn too_small_a_room_for_waiting_costs_the_snapshot_and_no_more() {
    let mut books = Books::new(BookSpec::new().keep_at_most(2));
    let messages = [
        futures(1, [10, 11, 9], vec![set(Bid, 100, 1.0), set(Bid, 101, 1.0)]),
        futures(2, [12, 12, 11], vec![set(Bid, 102, 1.0)]),
        futures(3, [13, 13, 12], vec![set(Bid, 103, 1.0)]),
        snapshot(4, 10, vec![set(Ask, 110, 1.0)]), // its message was let go
        snapshot(5, 13, vec![set(Bid, 90, 1.0)]),
    ];
    let rows = books.push(&draft(&messages.concat())).unwrap();
    let depths: Vec<DepthEvent> = rows.depths.events().unwrap();
    assert_eq!(bests(&depths), [(Some(13), Ordered, Some(103), None)]);
    assert_eq!(rows.marks.len(), 0);
}

fn order(action: DeltaAction, id: u64, side: BookSide, px: i64, size: f64) -> BookDeltaEvent {
    row(action, side, px, size).with(|m| m.order_id = Some(id))
}

fn orders(at: i64, rows: Vec<BookDeltaEvent>) -> Vec<BookDeltaEvent> {
    message(at, [None; 3], Flags::NONE, rows)
}

#[test]
fn orders_add_up_to_levels() {
    use DeltaAction::{Add, Cancel, Clear, Fill, Modify, Trade};
    let (depths, _, marks, _) = build(&[
        orders(1, vec![order(Add, 9, Bid, 100, 7.0)]), // before the first `R` there is no book
        orders(2, vec![row(Clear, BookSide::None, 0, 0.0)]),
        orders(
            3,
            vec![
                order(Add, 1, Bid, 100, 2.0),
                order(Add, 2, Bid, 100, 0.1),
                order(Add, 3, Ask, 101, 4.0),
            ],
        ),
        orders(4, vec![order(Modify, 2, Bid, 99, 0.2)]),
        orders(
            5,
            vec![
                order(Trade, 3, Ask, 101, 1.5),
                order(Fill, 3, Ask, 101, 1.5),
                order(Cancel, 3, Ask, 101, 1.5),
            ],
        ),
        orders(6, vec![order(Cancel, 1, Bid, 100, 2.0)]),
    ]);
    assert_eq!(marks, []);
    let level = |px, size, ct| DepthLevel {
        px: Some(Price::from_nanos(px)),
        size: Some(size),
        ct: Some(ct),
    };
    let shown: Vec<_> = depths.iter().map(|d| (d.bids[0], d.bids[1], d.asks[0])).collect();
    let none = DepthLevel::EMPTY;
    assert_eq!(
        shown,
        [
            (none, none, none),
            (level(100, 2.1, 2), none, level(101, 4.0, 1)),
            (level(100, 2.0, 1), level(99, 0.2, 1), level(101, 4.0, 1)),
            (level(100, 2.0, 1), level(99, 0.2, 1), level(101, 2.5, 1)),
            (level(99, 0.2, 1), none, level(101, 2.5, 1)),
        ]
    );
}

#[test]
fn an_order_that_does_not_fit_is_one_gap_until_the_book_starts_anew() {
    use DeltaAction::{Add, Cancel, Clear, Modify};
    let misfits = [
        (order(Cancel, 8, Bid, 100, 1.0), "unknown_order"),
        (order(Modify, 8, Bid, 100, 1.0), "unknown_order"),
        (order(Cancel, 1, Bid, 100, 9.0), "unknown_order"), // more than there is
        (order(Add, 1, Bid, 100, 1.0), "bad_order"),        // there already
        (order(Add, 8, BookSide::None, 100, 1.0), "bad_order"),
    ];
    for (misfit, reason) in misfits {
        let (depths, _, marks, counts) = build(&[
            orders(1, vec![row(Clear, BookSide::None, 0, 0.0), order(Add, 1, Bid, 100, 2.0)]),
            orders(2, vec![misfit.clone(), order(Add, 2, Bid, 101, 1.0)]),
            orders(3, vec![order(Cancel, 77, Bid, 101, 1.0)]),
            orders(4, vec![row(Clear, BookSide::None, 0, 0.0), order(Add, 5, Ask, 103, 1.0)]),
        ]);
        assert_eq!(
            marks.iter().map(|m| m.more.reason.as_deref()).collect::<Vec<_>>(),
            [Some(reason)]
        );
        assert_eq!(
            bests(&depths),
            [
                (None, Ordered, Some(100), None),
                (None, Gap, None, None),
                (None, Ordered, None, Some(103))
            ],
            "{misfit:?}"
        );
        assert_eq!(counts.gaps, 1);
    }
}

#[test]
fn books_of_two_instruments_do_not_touch_each_other() {
    let other = |mut rows: Vec<BookDeltaEvent>| {
        for row in &mut rows {
            row.envelope.instrument_id = InstrumentId::new(8);
        }
        rows
    };
    let (depths, ..) = build(&[
        snapshot(1, 10, vec![set(Bid, 99, 1.0)]),
        other(snapshot(2, 500, vec![set(Bid, 9, 1.0)])),
        futures(3, [10, 11, 9], vec![set(Bid, 100, 1.0)]),
        other(futures(4, [500, 501, 499], vec![set(Bid, 10, 1.0)])),
    ]);
    assert_eq!(
        bests(&depths).into_iter().map(|(_, _, bid, _)| bid).collect::<Vec<_>>(),
        [Some(99), Some(9), Some(100), Some(10)]
    );
}

/// The plainest book that can be written.
#[derive(Default)]
struct Naive {
    sides: [BTreeMap<i64, f64>; 2],
}

impl Naive {
    fn apply(&mut self, side: BookSide, px: i64, size: f64) {
        let levels = &mut self.sides[usize::from(side == Ask)];
        if size > 0.0 {
            levels.insert(px, size)
        } else {
            levels.remove(&px)
        };
    }

    fn top(&self) -> ([DepthLevel; 10], [DepthLevel; 10]) {
        let level = |(px, size): (&i64, &f64)| DepthLevel {
            px: Some(Price::from_nanos(*px)),
            size: Some(*size),
            ct: None,
        };
        let mut out = ([DepthLevel::EMPTY; 10], [DepthLevel::EMPTY; 10]);
        for (slot, entry) in out.0.iter_mut().zip(self.sides[0].iter().rev()) {
            *slot = level(entry);
        }
        for (slot, entry) in out.1.iter_mut().zip(self.sides[1].iter()) {
            *slot = level(entry);
        }
        out
    }
}

/// A change: side, price, size; size 0 removes. Prices of both sides overlap, so books cross.
fn changes() -> impl Strategy<Value = Vec<Vec<(bool, i64, u8)>>> {
    proptest::collection::vec(
        proptest::collection::vec((any::<bool>(), 80_i64..120, 0_u8..4), 1..6),
        1..60,
    )
}

fn levels(changes: &[(bool, i64, u8)]) -> Vec<BookDeltaEvent> {
    changes
        .iter()
        .map(|(is_ask, px, size)| set(if *is_ask { Ask } else { Bid }, *px, f64::from(*size) / 2.0))
        .collect()
}

proptest! {
    #[test]
    fn a_book_shows_what_the_naive_one_shows_whenever_it_changes(stream in changes(), cut in 1_usize..40) {
        let mut messages = vec![snapshot(0, 0, vec![])];
        for (at, change) in stream.iter().enumerate() {
            let u = at as u64 + 1;
            messages.push(spot(stamp(at), [u, u], levels(change)));
        }
        let mut naive = Naive::default();
        let mut expected = vec![(Some(0), naive.top())];
        for (at, change) in stream.iter().enumerate() {
            for (is_ask, px, size) in change {
                naive.apply(if *is_ask { Ask } else { Bid }, *px, f64::from(*size) / 2.0);
            }
            let top = naive.top();
            if expected.last().map(|(_, t)| *t) != Some(top) {
                expected.push((Some(at as u64 + 1), top));
            }
        }
        // Cut anywhere into batches, the rows are the same.
        let all = draft(&messages.concat());
        let mut books = Books::new(BookSpec::new());
        let mut found = Vec::new();
        for from in (0..all.len()).step_by(cut) {
            let rows = books.push(&all.slice(from, cut)).unwrap();
            prop_assert_eq!(rows.marks.len(), 0);
            found.extend(rows.depths.events::<DepthEvent>().unwrap());
        }
        for depth in &found {
            let crossed = depth.bids[0].px.zip(depth.asks[0].px).is_some_and(|(b, a)| b > a);
            prop_assert_eq!(depth.book_state, if crossed { Crossed } else { Ordered });
        }
        let found: Vec<_> = found.into_iter().map(|d| (d.more.update_id, (d.bids, d.asks))).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn orders_sum_to_the_levels_of_a_naive_book(ops in proptest::collection::vec((0_u64..12, any::<bool>(), 95_i64..106, 1_u8..5, 0_u8..4), 1..120)) {
        use DeltaAction::{Add, Cancel, Clear, Modify};
        let mut alive: BTreeMap<u64, (BookSide, i64, u32)> = BTreeMap::new();
        let mut messages = vec![orders(0, vec![row(Clear, BookSide::None, 0, 0.0)])];
        let mut expected = vec![BTreeMap::<(bool, i64), (u32, u32)>::new()];
        for (at, (id, is_ask, px, size, op)) in ops.into_iter().enumerate() {
            let side = if is_ask { Ask } else { Bid };
            let size = u32::from(size);
            let message = match (alive.get(&id).copied(), op) {
                (None, _) => {
                    alive.insert(id, (side, px, size));
                    order(Add, id, side, px, f64::from(size))
                }
                (Some((side, old, have)), 0 | 1) => {
                    let off = size.min(have);
                    if off == have { alive.remove(&id); } else { alive.insert(id, (side, old, have - off)); }
                    order(Cancel, id, side, old, f64::from(off))
                }
                (Some((side, ..)), _) => {
                    alive.insert(id, (side, px, size));
                    order(Modify, id, side, px, f64::from(size))
                }
            };
            messages.push(orders(stamp(at), vec![message]));
            let mut totals = BTreeMap::new();
            for (side, px, size) in alive.values() {
                let total: &mut (u32, u32) = totals.entry((*side == Ask, *px)).or_default();
                total.0 += size;
                total.1 += 1;
            }
            expected.push(totals);
        }
        let (depths, _, marks, _) = build(&messages);
        prop_assert_eq!(marks.len(), 0);
        let mut at = 0;
        for depth in depths {
            let stamp = usize::try_from(depth.envelope.ts_avail.unwrap().nanos()).unwrap();
            prop_assert!(stamp >= at);
            at = stamp;
            let totals = &expected[stamp];
            let bids: Vec<_> = totals.iter().rev().filter(|((is_ask, _), _)| !is_ask).take(10).collect();
            let asks: Vec<_> = totals.iter().filter(|((is_ask, _), _)| *is_ask).take(10).collect();
            for (levels, side) in [(depth.bids, bids), (depth.asks, asks)] {
                let found: Vec<_> = levels.iter().filter_map(|l| Some((l.px?.nanos(), l.size?, l.ct?))).collect();
                let wanted: Vec<_> = side.iter().map(|((_, px), (size, ct))| (*px, f64::from(*size), *ct)).collect();
                prop_assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn a_lost_message_is_one_gap_and_no_wrong_level_outside_it(stream in changes(), lost in any::<prop::sample::Index>(), again in 1_usize..20) {
        let lost = lost.index(stream.len());
        let mut naive = Naive::default();
        let mut tops = vec![naive.top()];
        let mut messages = vec![snapshot(0, 0, vec![])];
        for (at, change) in stream.iter().enumerate() {
            let u = at as u64 + 1;
            for (is_ask, px, size) in change {
                naive.apply(if *is_ask { Ask } else { Bid }, *px, f64::from(*size) / 2.0);
            }
            tops.push(naive.top());
            if at != lost {
                messages.push(spot(stamp(at), [u, u], levels(change)));
            }
            if at == lost + again {
                // A snapshot of the book as it is now.
                let book = naive.sides.iter().zip([Bid, Ask]).flat_map(|(side, name)| {
                    side.iter().map(move |(px, size)| set(name, *px, *size))
                });
                messages.push(snapshot(stamp(at), u, book.collect()));
            }
        }
        let (depths, _, marks, counts) = build(&messages);
        let seen = u64::from(lost + 1 < stream.len());
        prop_assert_eq!((marks.len() as u64, counts.gaps), (seen, seen));
        prop_assert_eq!(depths.iter().filter(|d| d.book_state == Gap).count() as u64, seen);
        for depth in depths.iter().filter(|d| d.book_state != Gap) {
            let top = &tops[usize::try_from(depth.more.update_id.unwrap()).unwrap()];
            prop_assert_eq!((&depth.bids, &depth.asks), (&top.0, &top.1));
        }
    }

    #[test]
    fn any_rows_at_all_never_panic(rows in proptest::collection::vec((0_u8..7, 0_u8..3, any::<i64>(), 0_u8..3, proptest::option::of(0_u64..4), proptest::array::uniform3(proptest::option::of(0_u64..6)), any::<bool>(), any::<bool>()), 0..80)) {
        use DeltaAction::{Add, Cancel, Clear, Fill, Modify, Trade};
        let rows: Vec<_> = rows.into_iter().map(|(action, side, px, size, id, ids, last, tob)| {
            let action = [Add, Modify, Cancel, Fill, Trade, Clear, DeltaAction::None][usize::from(action)];
            let side = [Bid, Ask, BookSide::None][usize::from(side)];
            let mut row = row(action, side, px, f64::from(size)).with(|m| {
                m.order_id = id;
                [m.first_update_id, m.final_update_id, m.prev_final_update_id] = ids;
            });
            let flags = if last { Flags::LAST } else { Flags::NONE };
            row.envelope.flags = if tob { flags.with(Flags::TOB) } else { flags };
            row
        }).collect();
        let mut books = Books::new(BookSpec::new().with_quotes().keep_at_most(8));
        let out = books.push(&draft(&rows)).unwrap();
        let counts = books.counts();
        let gaps: u64 = counts.iter().map(|(_, _, c)| c.gaps).sum();
        prop_assert_eq!(out.marks.len() as u64, gaps);
        let shown = out.depths.col(&Depths::BOOK_STATE);
        prop_assert_eq!(shown.values().iter().filter(|s| matches!(s, b'G')).count() as u64, gaps);
    }
}

/// What the README of the data pack says: dropped, applied, quotes at equal update ids.
const TRUTH: [(u64, u64, usize); 3] = [(4, 6_547, 629), (2, 3_449, 564), (23, 26_824, 1_124)];

struct Rebuilt {
    depths: Vec<Draft<Depths>>,
    marks: Vec<Draft<FeedMarks>>,
    counts: BookCounts,
}

fn rebuild(deltas: &[Draft<BookDeltas>], lose: Option<u64>) -> Rebuilt {
    let mut books = Books::new(BookSpec::new());
    let mut out = Rebuilt { depths: vec![], marks: vec![], counts: BookCounts::default() };
    let mut take = |rows: BookRows| {
        out.depths.push(rows.depths);
        out.marks.push(rows.marks);
    };
    for batch in deltas {
        // Rows of the lost message are one run.
        let ids = batch.col(&BookDeltas::FINAL_UPDATE_ID).values();
        let is_snapshot =
            |at: usize| Flags::from_bits(batch.flags().value(at)).has(Flags::SNAPSHOT);
        let is_lost = |at: &usize| Some(ids[*at]) == lose && !is_snapshot(*at);
        let from = (0..batch.len()).find(is_lost);
        let Some(from) = from else {
            take(books.push(batch).unwrap());
            continue;
        };
        let to = (from..batch.len()).find(|at| !is_lost(at)).unwrap_or(batch.len());
        take(books.push(&batch.slice(0, from)).unwrap());
        take(books.push(&batch.slice(to, batch.len() - to)).unwrap());
    }
    out.counts = books.counts()[0].2;
    out
}

type Best = [Option<(i64, f64)>; 2];

/// Best bid and ask of each row, by update id.
fn best_by_id(depths: &[Draft<Depths>]) -> BTreeMap<u64, Best> {
    let mut out = BTreeMap::new();
    for draft in depths {
        for row in 0..draft.len() {
            if draft.cell(&Depths::BOOK_STATE, row) == Ok(Gap) {
                continue;
            }
            let side = |px: &Column<Depths, Opt<kind::Px>>,
                        size: &Column<Depths, Opt<kind::Size>>| {
                let px = draft.cell(px, row).unwrap().map(Price::nanos);
                px.zip(draft.cell(size, row).unwrap())
            };
            let best = [
                side(&Depths::BID_PX_00, &Depths::BID_SIZE_00),
                side(&Depths::ASK_PX_00, &Depths::ASK_SIZE_00),
            ];
            out.insert(draft.cell(&Depths::UPDATE_ID, row).unwrap().unwrap(), best);
        }
    }
    out
}

/// Quotes whose update id a depth message ends with: (equal, other).
fn agreement(
    deltas: &[Draft<BookDeltas>],
    quotes: &[Draft<Quotes>],
    bests: &BTreeMap<u64, Best>,
) -> (usize, usize) {
    let mut ends = std::collections::BTreeSet::new();
    for batch in deltas {
        let flags = batch.flags().values();
        let ids = batch.col(&BookDeltas::FINAL_UPDATE_ID).values();
        ends.extend(
            ids.iter()
                .zip(flags)
                .filter(|(_, f)| !Flags::from_bits(**f).has(Flags::SNAPSHOT))
                .map(|(id, _)| *id),
        );
    }
    let first = *bests.keys().next().unwrap();
    let (mut equal, mut other) = (0, 0);
    for draft in quotes {
        assert_eq!(draft.col(&Quotes::BID_PX).null_count(), 0);
        for row in 0..draft.len() {
            let id = draft.cell(&Quotes::UPDATE_ID, row).unwrap().unwrap();
            if id < first || !ends.contains(&id) {
                continue;
            }
            let side = |px: &Column<Quotes, Opt<kind::Px>>,
                        size: &Column<Quotes, Opt<kind::Size>>| {
                let px = draft.cell(px, row).unwrap().map(Price::nanos);
                px.zip(draft.cell(size, row).unwrap())
            };
            let quote = [
                side(&Quotes::BID_PX, &Quotes::BID_SIZE),
                side(&Quotes::ASK_PX, &Quotes::ASK_SIZE),
            ];
            let book = bests.range(..=id).next_back().map(|(_, best)| *best);
            if book == Some(quote) { equal += 1 } else { other += 1 }
        }
    }
    (equal, other)
}

#[test]
fn rebuilt_books_equal_the_best_quotes_of_the_venue_at_equal_update_ids() {
    for ((path, symbol), (dropped, applied, equal)) in FILES.into_iter().zip(TRUTH) {
        let Some(bytes) = pack(path) else { return };
        let read = read(spec(symbol), &bytes);
        let rebuilt = rebuild(&read.deltas, None);
        let counts = rebuilt.counts;
        assert_eq!((counts.dropped, counts.applied), (dropped, applied), "{path}");
        assert_eq!((counts.gaps, counts.crossed, counts.snapshots_used), (0, 0, 1), "{path}");
        assert_eq!(rebuilt.marks.iter().map(Draft::len).sum::<usize>(), 0);
        let bests = best_by_id(&rebuilt.depths);
        assert_eq!(agreement(&read.deltas, &read.quotes, &bests), (equal, 0), "{path}");
    }
}

#[test]
fn a_message_lost_from_a_recording_is_one_gap_and_no_wrong_quote_before_it() {
    for (path, symbol) in FILES {
        let Some(bytes) = pack(path) else { return };
        let read = read(spec(symbol), &bytes);
        let whole = best_by_id(&rebuild(&read.deltas, None).depths);
        let lost = *whole.keys().nth(whole.len() / 2).unwrap();
        let rebuilt = rebuild(&read.deltas, Some(lost));
        assert_eq!(rebuilt.counts.gaps, 1, "{path}");
        assert_eq!(rebuilt.marks.iter().map(Draft::len).sum::<usize>(), 1);
        let states: Vec<u8> = rebuilt
            .depths
            .iter()
            .flat_map(|d| d.col(&Depths::BOOK_STATE).values().to_vec())
            .collect();
        assert_eq!(states.last(), Some(&b'G'));
        assert_eq!(states.iter().filter(|s| matches!(s, b'G')).count(), 1);
        let before: BTreeMap<_, _> = whole.range(..lost).map(|(id, best)| (*id, *best)).collect();
        assert_eq!(best_by_id(&rebuilt.depths), before, "{path}");
    }
}
