//! Books against a BTreeMap a side.
//!
//! The bar is 3 times the naive book's speed over the same deltas in the same run: compare `book/ladders` with
//! `book/btreemap`. Both look for a change of ten levels a side at the end of each message; ours also writes the rows.
//! The book holds about 2,000 levels a side, and changes crowd around the touch, as on the venue.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "a bench ends at its first fault; numbers below a million"
)]

use contract::{
    BookDeltaEvent, BookDeltaMore, BookDeltas, BookSide, DeltaAction, Draft, Envelope, Flags,
    InstrumentId, Price, SourceId, UtcNanos,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use feeds::{BookSpec, Books};
use std::collections::BTreeMap;
use std::hint::black_box;

/// A small generator with a fixed seed (Marsaglia's xorshift).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

const TICK: i64 = 100_000_000;
const MID: i64 = 61_800 * 10;

fn deltas(messages: u64, levels: u64) -> Draft<BookDeltas> {
    let mut random = Seeded(0x9e37_79b9_7f4a_7c15);
    let mut rows = Vec::new();
    let mut push = |action, side, px: Option<i64>, size, flags, ids: [Option<u64>; 2]| {
        let envelope = Envelope::new(SourceId::new(1), InstrumentId::new(7)).flagged(flags);
        let px = px.map(|p| Price::from_nanos(p * TICK));
        let mut more = BookDeltaMore::default();
        [more.first_update_id, more.final_update_id] = ids;
        rows.push(BookDeltaEvent { envelope, action, side, px, size, more });
    };
    push(DeltaAction::Clear, BookSide::None, None, 0.0, Flags::SNAPSHOT, [None, Some(0)]);
    for level in 0..2_000 {
        push(
            DeltaAction::Modify,
            BookSide::Bid,
            Some(MID - 1 - level),
            1.0,
            Flags::SNAPSHOT,
            [None, Some(0)],
        );
        let flags =
            if level == 1_999 { Flags::SNAPSHOT.with(Flags::LAST) } else { Flags::SNAPSHOT };
        push(DeltaAction::Modify, BookSide::Ask, Some(MID + level), 1.0, flags, [None, Some(0)]);
    }
    for message in 1..=messages {
        for level in 0..levels {
            let is_bid = random.below(2) == 0;
            // Half within twelve ticks of the touch, the rest thinning out over 2,000.
            let reach = [12, 100, 500, 2_000]
                [usize::from(random.below(2) == 1) * (1 + random.below(3) as usize)];
            let depth = random.below(reach) as i64;
            let px = if is_bid { MID - 1 - depth } else { MID + depth };
            let size = if random.below(4) == 0 { 0.0 } else { random.below(9_000) as f64 / 1e3 };
            let side = if is_bid { BookSide::Bid } else { BookSide::Ask };
            let flags = if level + 1 == levels { Flags::LAST } else { Flags::NONE };
            push(DeltaAction::Modify, side, Some(px), size, flags, [Some(message), Some(message)]);
        }
    }
    Draft::from_events(&rows, UtcNanos::from_nanos(0)).unwrap()
}

fn ladders(deltas: &Draft<BookDeltas>) -> usize {
    let mut books = Books::new(BookSpec::new());
    books.push(deltas).unwrap().depths.len()
}

type Top = [[Option<(i64, u64)>; 10]; 2];

/// A BTreeMap a side, with the chain of update ids checked and the top compared as ours is.
fn btreemap(deltas: &Draft<BookDeltas>) -> usize {
    let mut sides: [BTreeMap<i64, f64>; 2] = Default::default();
    let (actions, side) =
        (deltas.col(&BookDeltas::ACTION).values(), deltas.col(&BookDeltas::SIDE).values());
    let (px, size) = (deltas.col(&BookDeltas::PX).values(), deltas.col(&BookDeltas::SIZE).values());
    let (flags, ids) = (deltas.flags().values(), deltas.col(&BookDeltas::FINAL_UPDATE_ID).values());
    let (mut shown, mut rows, mut last): (Top, usize, u64) = (Top::default(), 0, 0);
    for row in 0..deltas.len() {
        if actions[row] == b'R' {
            sides = Default::default();
            continue;
        }
        let levels = &mut sides[usize::from(side[row] == b'A')];
        if size[row] > 0.0 {
            levels.insert(px[row], size[row]);
        } else {
            levels.remove(&px[row]);
        }
        if flags[row] & 128 != 0 {
            assert!(ids[row] <= last + 1);
            last = ids[row];
            let mut top = Top::default();
            let [bids, asks] = &mut top;
            for (slot, (px, size)) in bids.iter_mut().zip(sides[0].iter().rev()) {
                *slot = Some((*px, size.to_bits()));
            }
            for (slot, (px, size)) in asks.iter_mut().zip(&sides[1]) {
                *slot = Some((*px, size.to_bits()));
            }
            if top != shown {
                rows += 1;
                shown = top;
            }
        }
    }
    rows
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("book");
    for (name, messages, levels) in [("68_levels", 3_000, 68), ("11_levels", 18_000, 11)] {
        let deltas = deltas(messages, levels);
        assert_eq!(ladders(&deltas), btreemap(&deltas));
        group.throughput(Throughput::Elements(deltas.len() as u64));
        group.bench_function(format!("ladders/{name}/{}", deltas.len()), |b| {
            b.iter(|| ladders(black_box(&deltas)));
        });
        group.bench_function(format!("btreemap/{name}/{}", deltas.len()), |b| {
            b.iter(|| btreemap(black_box(&deltas)));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
