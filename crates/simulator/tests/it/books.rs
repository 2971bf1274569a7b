//! One book: quotes, depths, deltas, trades, bars, fills and accounts say the same.

use crate::rows::{Row, SHORT, all, f, i, run};
use simulator::Slice;
use std::collections::{BTreeMap, HashMap};

type Place = (String, String);

fn place(row: &Row) -> Place {
    (row["source_id"].clone(), row["instrument_id"].clone())
}

#[derive(Default)]
struct Rebuilt {
    bids: BTreeMap<i64, f64>,
    asks: BTreeMap<i64, f64>,
}

fn by_update(rows: Vec<Row>) -> HashMap<(Place, String), Vec<Row>> {
    let mut out: HashMap<(Place, String), Vec<Row>> = HashMap::new();
    for row in rows {
        out.entry((place(&row), row["update_id"].clone())).or_default().push(row);
    }
    out
}

#[test]
fn a_book_rebuilt_from_deltas_equals_quotes_and_depths_at_every_event() {
    let slices = run(SHORT, 31);
    let quotes = by_update(all(&slices, "quotes"));
    let depths = by_update(all(&slices, "depths"));
    let mut books: HashMap<Place, Rebuilt> = HashMap::new();
    let (mut seen_quotes, mut seen_depths) = (0, 0);
    let mut last_id: HashMap<Place, i64> = HashMap::new();
    for delta in all(&slices, "book_deltas") {
        let at = place(&delta);
        let book = books.entry(at.clone()).or_default();
        if delta["action"] == "R" {
            *book = Rebuilt::default();
        } else {
            let side = if delta["side"] == "B" { &mut book.bids } else { &mut book.asks };
            if f(&delta, "size") == 0.0 {
                side.remove(&i(&delta, "px"));
            } else {
                side.insert(i(&delta, "px"), f(&delta, "size"));
            }
        }
        if i(&delta, "flags") & 128 == 0 {
            continue;
        }
        // The chain of messages has no hole.
        let (id, prev) = (i(&delta, "final_update_id"), i(&delta, "prev_final_update_id"));
        assert_eq!(*last_id.entry(at.clone()).or_insert(prev), prev);
        last_id.insert(at.clone(), id);
        let best = book.bids.last_key_value().zip(book.asks.first_key_value());
        let key = (at, id.to_string());
        for quote in quotes.get(&key).into_iter().flatten() {
            let found = quote.get("bid_px").map(|_| {
                (
                    (i(quote, "bid_px"), f(quote, "bid_size")),
                    (i(quote, "ask_px"), f(quote, "ask_size")),
                )
            });
            assert_eq!(
                found,
                best.map(|((bp, bs), (ap, a))| ((*bp, *bs), (*ap, *a))),
                "quote at {key:?}"
            );
            seen_quotes += 1;
        }
        for depth in depths.get(&key).into_iter().flatten() {
            let side = |side: &str| -> Vec<(i64, f64)> {
                let level = |k: usize| {
                    Some((
                        depth.get(&format!("{side}_px_{k:02}"))?.parse().ok()?,
                        f(depth, &format!("{side}_size_{k:02}")),
                    ))
                };
                (0..10).filter_map(level).collect()
            };
            assert_eq!(
                side("bid"),
                book.bids.iter().rev().map(|(p, s)| (*p, *s)).collect::<Vec<_>>(),
                "bids at {key:?}"
            );
            assert_eq!(
                side("ask"),
                book.asks.iter().map(|(p, s)| (*p, *s)).collect::<Vec<_>>(),
                "asks at {key:?}"
            );
            seen_depths += 1;
        }
    }
    assert_eq!(seen_quotes, quotes.values().map(Vec::len).sum::<usize>());
    assert_eq!(seen_depths, depths.values().map(Vec::len).sum::<usize>());
    assert!(seen_depths > 1000, "{seen_depths}");
}

#[test]
fn trades_take_away_what_the_book_loses_at_the_best_price() {
    // A buyer's print stands at the ask that was shown before it, a seller's at the bid.
    let slices = run(SHORT, 32);
    let mut shown: HashMap<Place, Option<(i64, i64)>> = HashMap::new();
    let mut events: Vec<(i64, u8, Row)> = Vec::new();
    events.extend(all(&slices, "trades").into_iter().map(|r| (i(&r, "ts_event"), 0, r)));
    events.extend(all(&slices, "quotes").into_iter().map(|r| (i(&r, "ts_event"), 1, r)));
    events.sort_by_key(|(ts, rank, _)| (*ts, *rank));
    let mut checked = 0;
    for (_, rank, row) in events {
        let at = place(&row);
        if rank == 1 {
            shown.insert(at, row.get("bid_px").map(|_| (i(&row, "bid_px"), i(&row, "ask_px"))));
            continue;
        }
        let Some(Some((bid, ask))) = shown.get(&at).copied() else { continue };
        match row["aggressor"].as_str() {
            "B" => assert_eq!(i(&row, "px"), ask),
            "A" => assert_eq!(i(&row, "px"), bid),
            _ => continue,
        }
        checked += 1;
    }
    assert!(checked > 2000, "{checked}");
}

#[test]
fn bars_are_their_trades() {
    let slices = run(SHORT, 33);
    let trades = all(&slices, "trades");
    let bars: Vec<Row> =
        all(&slices, "bars").into_iter().filter(|b| b["price_type"] == "trade").collect();
    assert!(bars.len() > 20, "{}", bars.len());
    let mut in_bars = 0;
    for bar in &bars {
        let (from, to) = (i(bar, "ts_open"), i(bar, "ts_close"));
        let inside: Vec<&Row> = trades
            .iter()
            .filter(|t| {
                place(t) == place(bar)
                    && t["action"] == "T"
                    && (from..to).contains(&i(t, "ts_event"))
            })
            .collect();
        let px: Vec<i64> = inside.iter().map(|t| i(t, "px")).collect();
        assert_eq!(i(bar, "open"), px[0]);
        assert_eq!(i(bar, "close"), *px.last().unwrap());
        assert_eq!(i(bar, "high"), *px.iter().max().unwrap());
        assert_eq!(i(bar, "low"), *px.iter().min().unwrap());
        assert_eq!(i(bar, "n_trades"), i64::try_from(px.len()).unwrap());
        // Sizes are whole lots, so their sum is exact.
        let volume: f64 = inside.iter().map(|t| f(t, "size")).sum();
        assert_eq!(bar["volume"], format!("{volume:?}"));
        in_bars += px.len();
    }
    assert_eq!(
        in_bars,
        trades.iter().filter(|t| t["action"] == "T").count(),
        "every trade is in one bar"
    );
}

#[test]
fn every_own_fill_is_on_the_tape_and_every_amendment_too() {
    let slices = run(SHORT, 34);
    let tape: HashMap<(String, String), Row> = all(&slices, "trades")
        .into_iter()
        .map(|t| ((t["source_id"].clone(), t["trade_id"].clone()), t))
        .collect();
    let mut fills = 0;
    for report in all(&slices, "executions").iter().filter(|r| r["exec_type"] == "trade") {
        let source = (i(report, "source_id") - 10).to_string();
        let print = &tape[&(source, report["trade_match_id"].clone())];
        assert_eq!(print["px"], report["last_px"]);
        assert_eq!(format!("{:.0}", f(print, "size") * 1e9), report["last_qty"]);
        fills += 1;
    }
    assert!(fills > 300, "{fills}");
    let amended =
        |word: &str| all(&slices, "executions").iter().filter(|r| r["exec_type"] == word).count();
    let printed = |letter: &str| tape.values().filter(|t| t["action"] == letter).count();
    assert!(amended("trade_cancel") > 0 && amended("trade_correct") > 0);
    assert_eq!((amended("trade_cancel"), amended("trade_correct")), (printed("X"), printed("C")));
}

#[test]
fn order_quantities_are_conserved_in_every_report() {
    let slices = run(SHORT, 35);
    let mut cum: HashMap<String, i64> = HashMap::new();
    for r in all(&slices, "executions").iter().filter(|r| r.contains_key("order_id")) {
        let (qty, done, left) = (i(r, "order_qty"), i(r, "cum_qty"), i(r, "leaves_qty"));
        match r["exec_type"].as_str() {
            "new" | "replaced" | "trade" => assert_eq!(qty, done + left, "{r:?}"),
            "canceled" | "expired" | "rejected" => assert_eq!(left, 0, "{r:?}"),
            _ => continue,
        }
        let before = cum.insert(r["order_id"].clone(), done).unwrap_or(0);
        assert!(done >= before && done <= qty, "{r:?}");
        if r["exec_type"] == "trade" {
            assert_eq!(done - before, i(r, "last_qty"), "{r:?}");
        }
    }
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Books {
    qty: i128,
    cash: i128,
    fees: i128,
}

/// Positions and cash worked out from reports and postings alone.
fn from_reports(slices: &[Slice]) -> BTreeMap<(String, String), Books> {
    let multiplier = |instrument: &str| if instrument == "1" { 50 } else { 1 };
    let mut fills: BTreeMap<String, Row> = BTreeMap::new();
    let mut out: BTreeMap<(String, String), Books> = BTreeMap::new();
    let mut book = |r: &Row, sign: i128| {
        let b = out.entry((r["account_ref"].clone(), r["instrument_id"].clone())).or_default();
        let qty = i128::from(i(r, "last_qty")) * if r["side"] == "buy" { 1 } else { -1 } * sign;
        b.qty += qty;
        b.cash -=
            i128::from(i(r, "last_px")) * qty * multiplier(&r["instrument_id"]) / 1_000_000_000;
        b.cash -= i128::from(i(r, "fee")) * sign;
        b.fees += i128::from(i(r, "fee")) * sign;
    };
    let mut reports = all(slices, "executions");
    reports.sort_by_key(|r| i(r, "ts_avail"));
    for r in reports {
        match r["exec_type"].as_str() {
            "trade" => {
                book(&r, 1);
                fills.insert(r["exec_id"].clone(), r);
            }
            "trade_cancel" => book(&fills[&r["exec_ref_id"]], -1),
            "trade_correct" => {
                book(&fills[&r["exec_ref_id"]], -1);
                book(&r, 1);
            }
            _ => {}
        }
    }
    for p in all(slices, "postings").iter().filter(|p| p["kind"] == "funding") {
        let key = (p["account_ref"].clone(), p["instrument_id"].clone());
        out.entry(key).or_default().cash += i128::from(i(p, "amount"));
    }
    out
}

#[test]
fn books_move_only_by_fills_fees_and_postings() {
    // Without the split: it is the one thing that changes a quantity without a report.
    let text = SHORT
        .replace("num = 7", "num = 2")
        .replace("date = \"2026-03-29\"\nnum", "date = \"2026-03-30\"\nnum");
    let slices = run(&text, 36);
    let mut truth: BTreeMap<(String, String), Books> = BTreeMap::new();
    for r in all(&slices, "truth_books") {
        let b = Books {
            qty: i(&r, "qty").into(),
            cash: i(&r, "cash").into(),
            fees: i(&r, "fees").into(),
        };
        truth.insert((r["account_ref"].clone(), r["instrument_id"].clone()), b);
    }
    assert!(truth.len() >= 9);
    assert_eq!(truth, from_reports(&slices));
}

#[test]
fn equity_of_the_last_snapshot_is_cash_and_marked_positions() {
    let slices = run(SHORT, 37);
    let snapshots = all(&slices, "portfolio_snapshots");
    let positions = all(&slices, "positions");
    for s in &snapshots {
        let held: i128 = positions
            .iter()
            .filter(|p| p["snapshot_id"] == s["snapshot_id"])
            .map(|p| i128::from(i(p, "cost_basis")) + i128::from(i(p, "unrealized_pnl")))
            .sum();
        assert_eq!(i128::from(i(s, "equity")), i128::from(i(s, "cash")) + held);
    }
    assert!(positions.len() > 50);
}
