//! Planted moments are in the data, within the errors of their estimates.

use crate::rows::{Row, all, f, i, run};
use std::collections::{BTreeMap, BTreeSet};

fn scenario(extra: &str, instrument: &str, minutes: i64) -> String {
    format!(
        r#"
version = 1
name = "moments"
slice = "60s"
[[days]]
date = "2026-03-28"
auction = "599m"
open = "600m"
close_auction = "{end}m"
close = "{after}m"
[[venues]]
name = "XSIM"
[[instruments]]
symbol = "ALPHA"
px = "1000"
tick = "0.01"
lot = "1"
{instrument}
[[instruments]]
symbol = "BETA"
px = "500"
tick = "0.01"
lot = "1"
{instrument}
[desk]
taker_rate = 0
maker_rate = 0
explorer_rate = 0
hedger_rate = 0
{extra}
"#,
        end = 600 + minutes,
        after = 601 + minutes,
    )
}

/// Times and sizes of the jumps of twice the mid, in ticks, of one instrument.
fn moves(quotes: &[Row], instrument: &str) -> Vec<(i64, i64)> {
    let mine =
        quotes.iter().filter(|q| q["instrument_id"] == instrument && q.contains_key("bid_px"));
    let mids: Vec<(i64, i64)> =
        mine.map(|q| (i(q, "ts_event"), (i(q, "bid_px") + i(q, "ask_px")) / 20_000_000)).collect();
    mids.windows(2).filter(|w| w[0].1 != w[1].1).map(|w| (w[1].0, w[1].1 - w[0].1)).collect()
}

/// Sums of moves in windows of this length.
fn returns(moves: &[(i64, i64)], window_s: i64, from: i64, n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n];
    for (ts, step) in moves {
        if let Some(sum) = usize::try_from((ts - from) / (window_s * 1_000_000_000))
            .ok()
            .and_then(|at| out.get_mut(at))
        {
            *sum += *step as f64;
        }
    }
    out
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let cov: f64 = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum();
    let var = |v: &[f64], m: f64| v.iter().map(|x| (x - m) * (x - m)).sum::<f64>();
    cov / (var(a, ma) * var(b, mb)).sqrt()
}

const QUIET: &str = "[flow]\nrate = 0.05\nbranching = 0";

#[test]
fn correlation_of_returns_is_that_of_the_common_factor() {
    let extra = format!(
        "{QUIET}\n[signal]\nstrength = 0\n[common]\nrate = 0.8\nvol_high = 1\n[[leads]]\nleader = \"ALPHA\"\nfollower = \"BETA\"\ndelay = \"500ms\"\nshare = 0"
    );
    let slices = run(&scenario(&extra, "move_rate = 0.4\nbeta = 0.75", 120), 61);
    let quotes = all(&slices, "quotes");
    let (a, b) = (moves(&quotes, "1"), moves(&quotes, "2"));
    let from = a[0].0.min(b[0].0);
    let n = 700;
    let found = correlation(&returns(&a, 10, from, n), &returns(&b, 10, from, n));
    // Both take part with 0.75 x 0.75 x 0.8 = 0.45 moves a second; each moves 0.4 + 0.6 = 1.0 a second: 0.45.
    let expected = 0.45;
    let standard_error = (1.0 - expected * expected) / (n as f64).sqrt();
    assert!(
        (found - expected).abs() < 4.0 * standard_error,
        "{found}, expected {expected} +- {standard_error}"
    );
    // Moves a second, Poisson: 1.0.
    let rate = a.len() as f64 / 7200.0;
    assert!((rate - 1.0).abs() < 4.0 / 7200.0_f64.sqrt(), "{rate}");
}

#[test]
fn the_follower_repeats_its_share_of_the_leader_after_the_delay() {
    let extra = format!(
        "{QUIET}\n[common]\nrate = 0\nvol_high = 1\n[[leads]]\nleader = \"ALPHA\"\nfollower = \"BETA\"\ndelay = \"700ms\"\nshare = 0.6"
    );
    let slices = run(&scenario(&extra, "move_rate = 0.3", 60), 62);
    let quotes = all(&slices, "quotes");
    let (a, b) = (moves(&quotes, "1"), moves(&quotes, "2"));
    let repeated = |lag: i64| {
        a.iter().filter(|(ts, step)| b.iter().any(|m| m == &(ts + lag, *step))).count() as f64
            / a.len() as f64
    };
    let found = repeated(700_000_000);
    let standard_error = (0.6 * 0.4 / a.len() as f64).sqrt();
    assert!((found - 0.6).abs() < 4.0 * standard_error, "{found} of {}", a.len());
    // And at no other delay: a chance coincidence to the nanosecond does not happen.
    assert!(
        [0, 699_000_000, 701_000_000, -700_000_000].map(repeated).iter().all(|share| *share < 1e-9)
    );
}

#[test]
fn messages_excite_each_other_with_the_branching_ratio() {
    let extra = "[flow]\nrate = 4\nbranching = 0.5\ndecay = \"200ms\"\n[common]\nrate = 0\nvol_high = 1\n[[leads]]\nleader = \"ALPHA\"\nfollower = \"BETA\"\ndelay = \"500ms\"\nshare = 0";
    let slices = run(&scenario(extra, "move_rate = 0", 60), 63);
    let deltas = all(&slices, "book_deltas");
    let (mut mean, mut ratio, n) = (0.0, 0.0, 350);
    for instrument in ["1", "2"] {
        let stamps: Vec<(i64, i64)> = deltas
            .iter()
            .filter(|d| {
                d["instrument_id"] == instrument && d["action"] == "M" && i(d, "flags") & 32 == 0
            })
            .map(|d| (i(d, "ts_event"), 1))
            .collect();
        let counts = returns(&stamps, 10, stamps[0].0, n);
        let m = counts.iter().sum::<f64>() / n as f64;
        let v = counts.iter().map(|c| (c - m) * (c - m)).sum::<f64>() / (n as f64 - 1.0);
        mean += m / 2.0;
        ratio += v / m / 2.0;
    }
    // Rate 4 / (1 - 0.5) = 8 a second; variance over mean of counts in windows of T (Hawkes 1971, exponential kernel):
    // 1/(1-n)^2 - (1/(1-n)^2 - 1) (1 - exp(-k T)) / (k T), k = (1 - n) / decay = 2.5 a second, T = 10 s: 4 - 3 / 25.
    let expected = 4.0 - 3.0 / 25.0;
    let standard_error = expected * (2.0 / (2.0 * n as f64)).sqrt();
    assert!(
        (ratio - expected).abs() < 4.0 * standard_error,
        "{ratio}, expected {expected} +- {standard_error}"
    );
    let mean_error = (expected * 80.0 / (2.0 * n as f64)).sqrt();
    assert!((mean - 80.0).abs() < 4.0 * mean_error, "{mean} +- {mean_error}");
}

/// Decisions at a steady pace, so that hidden states and their consequences can be counted.
fn decided(seed: u64, minutes: i64) -> Vec<simulator::Slice> {
    let extra = "[signal]\nstrength = 0.6\nflow_tilt = 0.6\ndwell = \"40s\"\n[common]\nrate = 0.1\nvol_high = 1.5\n[flow]\nrate = 2";
    let text = scenario(extra, "move_rate = 0.4", minutes)
        .replace("explorer_rate = 0\n", "explorer_rate = 1\n");
    run(&text, seed)
}

#[test]
fn hidden_state_tilts_moves_and_market_orders_by_its_strength() {
    let slices = decided(64, 60);
    // The state at decisions; a move that follows within 300 ms was made in the same state, but for 300 ms / 40 s.
    let quotes = all(&slices, "quotes");
    let trades = all(&slices, "trades");
    let ours: BTreeSet<String> = all(&slices, "executions")
        .iter()
        .filter_map(|r| r.get("trade_match_id").cloned())
        .collect();
    let mut up = [0.0_f64; 2];
    let mut buys = [0.0_f64; 2];
    for instrument in ["1", "2"] {
        let signals: Vec<(i64, i64)> = all(&slices, "truth_signal")
            .iter()
            .filter(|s| s["instrument_id"] == instrument)
            .map(|s| (i(s, "ts_event"), i(s, "hidden_state")))
            .collect();
        let state = |ts: i64| {
            let (at, s) = *signals[..signals.partition_point(|(t, _)| *t < ts)].last()?;
            (ts - at < 300_000_000 && s != 0).then_some(s)
        };
        for (ts, step) in moves(&quotes, instrument) {
            if let Some(s) = state(ts) {
                up[usize::from(step.signum() == s)] += 1.0;
            }
        }
        let jumps: BTreeSet<i64> =
            moves(&quotes, instrument).into_iter().map(|(ts, _)| ts).collect();
        // Market orders of the crowd: neither ours nor those that moved the price.
        let crowd = trades.iter().filter(|t| {
            t["instrument_id"] == instrument
                && t["aggressor"] != "N"
                && !jumps.contains(&i(t, "ts_event"))
                && !ours.contains(&t["trade_id"])
        });
        for t in crowd {
            if let Some(s) = state(i(t, "ts_event")) {
                buys[usize::from((t["aggressor"] == "B") == (s == 1))] += 1.0;
            }
        }
    }
    // Own moves go with the state with (1 + 0.6) / 2 = 0.8; common moves (0.1 x 0.5 of 0.45 a second) with 0.5. The
    // follower's repetitions (0.5 x 0.4 a second) go with the leader's state, not with its own.
    let n = up[0] + up[1];
    let share = up[1] / n;
    let (leader, follower) = ((0.4 * 0.8 + 0.05 * 0.5) / 0.45, (0.4 * 0.8 + 0.25 * 0.5) / 0.65);
    let expected = (leader * 0.45 + follower * 0.65) / 1.1;
    assert!(
        (share - expected).abs() < 4.0 * (expected * (1.0 - expected) / n).sqrt() + 0.01,
        "{share} of {n}, expected {expected}"
    );
    // (1 + 0.6) / 2 = 0.8; the tilt by the imbalance of the queues, whose mean is a few hundredths, adds up to 0.02.
    let n = buys[0] + buys[1];
    let share = buys[1] / n;
    assert!((share - 0.8).abs() < 4.0 * (0.16 / n).sqrt() + 0.02, "{share} of {n}");
}

#[test]
fn the_ceiling_is_confirmed_by_counting() {
    let slices = decided(65, 60);
    let ceiling: BTreeMap<String, Row> =
        all(&slices, "truth_ceiling").into_iter().map(|r| (r["metric"].clone(), r)).collect();
    let (low, value, high) = (
        f(&ceiling["accuracy"], "low"),
        f(&ceiling["accuracy"], "value"),
        f(&ceiling["accuracy"], "high"),
    );
    assert!(low < value && value < high && high - low < 0.1, "{low} {value} {high}");
    // A second way: guess by the class probabilities, and count how often the move came.
    let (mut hits, mut n, mut by_state) = (0.0, 0.0, BTreeMap::<i64, (f64, f64, f64)>::new());
    for s in all(&slices, "truth_signal").iter().filter(|s| s.contains_key("moved_ticks")) {
        let p = [f(s, "p_down"), f(s, "p_unchanged"), f(s, "p_up")];
        let guess = (1..3).fold(0, |best, k| if p[k] > p[best] { k } else { best });
        let came = usize::try_from(i(s, "moved_ticks").signum() + 1).unwrap();
        hits += f64::from(u8::from(guess == came));
        n += 1.0;
        let cell = by_state.entry(i(s, "hidden_state")).or_default();
        *cell = (cell.0 + p[2], cell.1 + f64::from(u8::from(came == 2)), cell.2 + 1.0);
    }
    assert_eq!(format!("{:?}", hits / n), ceiling["accuracy_realized"]["value"]);
    assert!((low..=high).contains(&(hits / n)), "{} outside {low} to {high}", hits / n);
    assert!(
        value > f(&ceiling["majority_rate"], "value") + 0.05,
        "a signal of this strength is worth something"
    );
    // In each hidden state ups came as often as the law said; about ten decisions share a window.
    for (state, (p, ups, n)) in by_state {
        let (p, found) = (p / n, ups / n);
        assert!(
            (p - found).abs() < 4.0 * (p * (1.0 - p) / (n / 12.0)).sqrt(),
            "state {state}: {p} against {found} of {n}"
        );
    }
}
