//! The named examples over a simulated market, against counts by hand over the simulator's own files.

use crate::market::{Market, column, numbers, read};
use crate::support::{Run, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of an example over the log.
#[track_caller]
fn example(args: &[&str]) -> Vec<Value> {
    let market = Market::get();
    let log = market.log().display().to_string();
    let all: Vec<&str> =
        ["--log", &log, "-f", "json", "--example"].iter().chain(args).copied().collect();
    let done = run(market.dir(), &all);
    done.json()["rows"].as_array().unwrap().clone()
}

/// The executions of the market, one by one, each id once as in the log.
struct Fill {
    kind: String,
    id: String,
    refers: Option<String>,
    source: String,
    decision: Option<String>,
    venue: String,
    side: String,
    qty: f64,
    px: Option<i64>,
    bid: Option<i64>,
    ask: Option<i64>,
    ts_event: i64,
}

fn executions() -> Vec<Fill> {
    let rows = Market::get().rows("executions").to_vec();
    let text = |name| column(&rows, name);
    let (kinds, ids, refers) = (text("exec_type"), text("exec_id"), text("exec_ref_id"));
    let (sources, decisions) = (text("source_id"), text("decision_id"));
    let (venues, sides, qty, accounts) =
        (text("venue"), text("side"), text("last_qty"), text("account_ref"));
    let number = |name| numbers(&rows, name);
    let (px, bid, ask) = (number("last_px"), number("arrival_bid_px"), number("arrival_ask_px"));
    let times = number("ts_event");
    let mut seen = BTreeSet::new();
    (0..ids.len())
        .filter(|row| {
            // The log refuses a row that it has.
            seen.insert((
                sources[*row].clone(),
                accounts[*row].clone(),
                ids[*row].clone(),
                kinds[*row].clone(),
            ))
        })
        .map(|row| Fill {
            kind: kinds[row].clone().unwrap(),
            id: ids[row].clone().unwrap(),
            refers: refers[row].clone(),
            source: sources[row].clone().unwrap(),
            decision: decisions[row].clone(),
            venue: venues[row].clone().unwrap_or_default(),
            side: sides[row].clone().unwrap(),
            qty: qty[row].as_ref().map_or(0.0, |qty| qty.parse().unwrap()),
            px: px[row],
            bid: bid[row],
            ask: ask[row],
            ts_event: times[row].unwrap(),
        })
        .collect()
}

struct Decision {
    id: String,
    strategy: String,
    action: String,
    status: String,
    signal: Option<i64>,
    decided: Option<i64>,
}

fn decisions() -> Vec<Decision> {
    let rows = Market::get().rows("decisions").to_vec();
    let text = |name| column(&rows, name);
    let (ids, strategies, actions, status) =
        (text("decision_id"), text("strategy_id"), text("action"), text("status"));
    let (signals, decided) = (numbers(&rows, "ts_signal"), numbers(&rows, "ts_event"));
    let mut seen = BTreeSet::new();
    (0..ids.len())
        .filter(|row| seen.insert(ids[*row].clone()))
        .map(|row| Decision {
            id: ids[row].clone().unwrap(),
            strategy: strategies[row].clone().unwrap(),
            action: actions[row].clone().unwrap(),
            status: status[row].clone().unwrap(),
            signal: signals[row],
            decided: decided[row],
        })
        .collect()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

#[test]
fn fills_without_decision_are_those_that_name_none_or_one_that_is_not_there() {
    let known: BTreeSet<String> = decisions().into_iter().map(|d| d.id).collect();
    let fills = executions();
    let expected: BTreeSet<&str> = fills
        .iter()
        .filter(|fill| {
            fill.kind == "trade" && fill.decision.as_ref().is_none_or(|id| !known.contains(id))
        })
        .map(|fill| fill.id.as_str())
        .collect();
    let rows = example(&["fills-without-decision"]);
    assert_eq!(rows.iter().map(|row| text(row, "exec_id")).collect::<BTreeSet<_>>(), expected);
    assert!(example(&["fills-without-decision", "strategy=nobody"]).is_empty());
}

#[test]
fn decisions_without_fill_are_those_to_trade_that_no_trade_names() {
    let fills = executions();
    let filled: BTreeSet<&String> = fills
        .iter()
        .filter(|fill| fill.kind == "trade")
        .filter_map(|fill| fill.decision.as_ref())
        .collect();
    let trades = ["enter", "exit", "increase", "reduce", "reverse", "hedge"];
    let count = |strategy: Option<&str>| {
        let all = decisions();
        let without = all.iter().filter(|d| {
            d.status == "submitted"
                && trades.contains(&d.action.as_str())
                && !filled.contains(&d.id)
        });
        without.filter(|d| strategy.is_none_or(|s| s == d.strategy)).count()
    };
    let rows = example(&["decisions-without-fill"]);
    assert!(count(None) > 10, "the market has some");
    assert_eq!(rows.len(), count(None));
    let of_one = example(&["decisions-without-fill", "strategy=momentum"]);
    assert_eq!(of_one.len(), count(Some("momentum")));
    assert!(of_one.iter().all(|row| text(row, "strategy_id") == "momentum"));
}

#[test]
fn the_latency_chain_counts_the_fills_of_each_strategy_and_its_first_step_is_right() {
    let by_id: BTreeMap<String, Decision> =
        decisions().into_iter().map(|d| (d.id.clone(), d)).collect();
    let mut first: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for fill in executions().iter().filter(|fill| fill.kind == "trade") {
        let Some(decision) = fill.decision.as_ref().and_then(|id| by_id.get(id)) else { continue };
        let step = decision.decided.unwrap() - decision.signal.unwrap();
        first.entry(decision.strategy.clone()).or_default().push(step);
    }
    let rows = example(&["latency-chain-by-strategy"]);
    assert_eq!(rows.len(), 6 * first.len());
    for (strategy, mut steps) in first {
        steps.sort_unstable();
        let of_it: Vec<&Value> =
            rows.iter().filter(|row| text(row, "strategy_id") == strategy).collect();
        assert_eq!(text(of_it[0], "fills"), steps.len().to_string());
        assert_eq!(text(of_it[0], "min_ns"), steps[0].to_string());
        assert_eq!(text(of_it[0], "max_ns"), steps[steps.len() - 1].to_string());
        // Between the two in the middle, where there are two.
        let (low, high) = (steps[(steps.len() - 1) / 2], steps[steps.len() / 2]);
        let middle = of_it[0]["p50_ns"].as_f64().unwrap();
        assert!(
            (middle - (low + high) as f64 / 2.0).abs() <= 1.0,
            "{strategy}: {middle}, {low}, {high}"
        );
    }
}

#[test]
fn slippage_is_measured_against_the_middle_at_arrival_without_busts() {
    let fills = executions();
    let undone: BTreeSet<(&String, &String)> = fills
        .iter()
        .filter(|fill| matches!(fill.kind.as_str(), "trade_cancel" | "trade_correct"))
        .filter_map(|fill| Some((&fill.source, fill.refers.as_ref()?)))
        .collect();
    let hour = 3_600_000_000_000;
    let mut sums: BTreeMap<(String, i64), (u64, f64, f64)> = BTreeMap::new();
    for fill in &fills {
        let counts = matches!(fill.kind.as_str(), "trade" | "trade_correct");
        if !counts || undone.contains(&(&fill.source, &fill.id)) {
            continue;
        }
        let sum = sums.entry((fill.venue.clone(), fill.ts_event / hour)).or_default();
        sum.0 += 1;
        let (Some(px), Some(bid), Some(ask)) = (fill.px, fill.bid, fill.ask) else { continue };
        let middle = i64::midpoint(bid, ask) as f64;
        let sign = if fill.side == "buy" { 1.0 } else { -1.0 };
        sum.1 += sign * (px as f64 - middle) * fill.qty;
        sum.2 += middle * fill.qty;
    }
    let rows = example(&["slippage-by-venue-and-hour"]);
    assert_eq!(rows.len(), sums.len());
    for (row, ((venue, at), (count, paid, value))) in rows.iter().zip(sums) {
        assert_eq!(
            (text(row, "venue"), text(row, "fills")),
            (venue.as_str(), count.to_string().as_str())
        );
        let time = contract::UtcNanos::from_nanos(at * hour).to_string();
        assert_eq!(text(row, "hour"), time);
        let expected = 10_000.0 * paid / value;
        let found = row["slippage_bps"].as_f64().unwrap();
        assert!(
            (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
            "{venue} {time}: {found}, {expected}"
        );
    }
}

#[test]
fn gaps_and_losses_names_every_producer_of_a_log_that_is_complete() {
    let rows = example(&["gaps-and-losses"]);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(
        rows.iter().all(|row| text(row, "verdict") == "complete" && row["gap"].is_null()),
        "{rows:?}"
    );
    let durable: u64 =
        rows.iter().map(|row| text(row, "rows_durable").parse::<u64>().unwrap()).sum();
    let market = Market::get();
    let log = market.log().display().to_string();
    let sql = "SELECT (SELECT count(*) FROM decisions) + (SELECT count(*) FROM executions) + \
               (SELECT count(*) FROM quotes) + (SELECT count(*) FROM trades) AS n";
    let counted = run(market.dir(), &["--log", &log, "-q", sql, "-f", "json"]).json();
    assert_eq!(counted["rows"][0]["n"], durable.to_string());
}

/// Available at, bid, ask.
type Touch = (i64, Option<i64>, Option<i64>);

#[test]
fn the_spread_around_decisions_is_that_of_the_last_quote_before() {
    let market = Market::get();
    // As the log delivers them: a row that comes behind later ones is available when they are.
    let exported = |table: &str| {
        let path = market.dir().join(format!("exported-{table}.parquet"));
        let (log, to) = (market.log().display().to_string(), path.display().to_string());
        let sql = format!("SELECT * FROM {table} ORDER BY seq");
        let done = run(market.dir(), &["--log", &log, "-q", &sql, "-o", &to, "--force"]);
        assert_eq!(done.code, 0, "{}", done.err);
        read(&path)
    };
    let quotes = exported("quotes");
    let instruments: Vec<u32> = column(&quotes, "instrument_id")
        .into_iter()
        .map(|id| id.unwrap().parse().unwrap())
        .collect();
    let (avail, bids, asks) =
        (numbers(&quotes, "ts_avail"), numbers(&quotes, "bid_px"), numbers(&quotes, "ask_px"));
    let mut tape: BTreeMap<u32, Vec<Touch>> = BTreeMap::new();
    for (row, instrument) in instruments.iter().enumerate() {
        tape.entry(*instrument).or_default().push((avail[row].unwrap(), bids[row], asks[row]));
    }
    for quotes in tape.values_mut() {
        quotes.sort_by_key(|quote| quote.0);
    }
    let rows = exported("decisions");
    let (ids, strategies, of) = (
        column(&rows, "decision_id"),
        column(&rows, "strategy_id"),
        column(&rows, "instrument_id"),
    );
    let times = numbers(&rows, "ts_event");
    let mut seen = BTreeSet::new();
    let mut spreads: BTreeMap<String, (u64, u64, Vec<f64>)> = BTreeMap::new();
    for row in (0..ids.len()).filter(|row| seen.insert(ids[*row].clone())) {
        let Some(instrument) = &of[row] else { continue };
        let at = times[row].unwrap();
        let sums = spreads.entry(strategies[row].clone().unwrap()).or_default();
        sums.0 += 1;
        let all = tape.get(&instrument.parse().unwrap()).map_or(&[][..], Vec::as_slice);
        let before = all.partition_point(|quote| quote.0 < at);
        match before
            .checked_sub(1)
            .map(|last| all[last])
            .filter(|quote| at - quote.0 <= 5_000_000_000)
        {
            None => sums.1 += 1,
            Some((_, Some(bid), Some(ask))) => {
                sums.2.push(20_000.0 * (ask - bid) as f64 / (ask + bid) as f64);
            }
            Some(_) => {}
        }
    }
    let rows = example(&["spread-around-decisions"]);
    assert_eq!(rows.len(), spreads.len());
    for (row, (strategy, (count, without, spreads))) in rows.iter().zip(spreads) {
        assert_eq!(
            (text(row, "strategy_id"), text(row, "decisions")),
            (strategy.as_str(), count.to_string().as_str())
        );
        assert_eq!(text(row, "without_quote"), without.to_string(), "{strategy}");
        let mean = spreads.iter().sum::<f64>() / spreads.len() as f64;
        assert!((row["mean_spread_bps"].as_f64().unwrap() - mean).abs() < 1e-6, "{strategy}");
    }
}

#[test]
fn quality_flags_count_the_rows_that_carry_a_mark() {
    let market = Market::get();
    let mut expected: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    for table in ["decisions", "executions", "quotes", "trades"] {
        for flags in column(market.rows(table), "flags").into_iter().flatten() {
            let flags: u64 = flags.parse().unwrap();
            for bit in [4, 8, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768] {
                if flags & bit != 0 {
                    *expected.entry((table, bit)).or_default() += 1;
                }
            }
        }
    }
    let rows = example(&["quality-flags"]);
    assert_eq!(rows.len(), expected.len(), "{rows:?} {expected:?}");
    for (row, ((table, _), count)) in rows.iter().zip(expected) {
        assert_eq!(
            (text(row, "table_name"), text(row, "rows")),
            (table, count.to_string().as_str())
        );
    }
}

#[test]
fn every_example_of_the_log_plans_and_explains_itself() {
    let market = Market::get();
    let log = market.log().display().to_string();
    for example in hindsight_query::Example::all().iter().filter(|e| e.name() != "dataset-diff") {
        let args = ["--log", &log, "--explain", "--example", example.name()];
        let done: Run = run(market.dir(), &args);
        assert_eq!(done.code, 0, "{}: {}", example.name(), done.err);
    }
}
