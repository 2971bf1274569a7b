//! Labels worked out again from what was published, by another way.

use crate::rows::{Row, SHORT, all, f, i, run};
use std::collections::HashMap;

const HORIZON: i64 = 5_000_000_000;

#[test]
fn labels_follow_from_published_quotes_and_the_decision_alone() {
    let slices = run(SHORT, 41);
    let decisions: HashMap<String, Row> =
        all(&slices, "decisions").into_iter().map(|d| (d["decision_id"].clone(), d)).collect();
    let mut quotes: HashMap<String, Vec<(i64, Row)>> = HashMap::new();
    for q in all(&slices, "quotes").into_iter().filter(|q| q["source_id"] == "1") {
        quotes.entry(q["instrument_id"].clone()).or_default().push((i(&q, "ts_recv"), q));
    }
    let mut checked: HashMap<String, usize> = HashMap::new();
    let labels = all(&slices, "truth_labels");
    for label in labels.iter().filter(|l| l.contains_key("class") && l["target"] != "grade_forward")
    {
        let d = &decisions[&label["decision_id"]];
        let ts = i(d, "ts_event");
        let path = &quotes[&d["instrument_id"]];
        let inside = &path[path.partition_point(|(t, _)| *t <= ts)
            ..path.partition_point(|(t, _)| *t <= ts + HORIZON)];
        let ends = || {
            inside.last().map_or_else(
                || (i(d, "bid_px"), i(d, "ask_px")),
                |(_, q)| (i(q, "bid_px"), i(q, "ask_px")),
            )
        };
        let side = label.get("side").map(|s| if s == "buy" { 1 } else { -1 });
        let expected = match label["target"].as_str() {
            "direction_mid" => (ends().0 + ends().1 - i(d, "bid_px") - i(d, "ask_px")).signum(),
            "forward_executable" if side == Some(1) => (ends().0 - i(d, "ask_px")).signum(),
            "forward_executable" => (i(d, "bid_px") - ends().1).signum(),
            _ => {
                let (profit, stop) = (i(d, "take_profit_px"), i(d, "stop_loss_px"));
                inside
                    .iter()
                    .find_map(|(_, q)| {
                        let px = i(q, if side == Some(1) { "bid_px" } else { "ask_px" });
                        let s = side.unwrap();
                        if s * px >= s * profit {
                            Some(1)
                        } else if s * px <= s * stop {
                            Some(-1)
                        } else {
                            None
                        }
                    })
                    .unwrap_or(0)
            }
        };
        assert_eq!(i(label, "class"), expected, "{label:?}\n{d:?}");
        *checked.entry(label["target"].clone()).or_default() += 1;
    }
    assert!(
        checked["direction_mid"] > 500
            && checked["forward_executable"] > 300
            && checked["barrier"] > 50,
        "{checked:?}"
    );
}

#[test]
fn what_cannot_be_known_has_a_reason_and_no_class() {
    let slices = run(SHORT, 42);
    let labels = all(&slices, "truth_labels");
    for label in &labels {
        assert_eq!(label.contains_key("class"), !label.contains_key("reason"), "{label:?}");
    }
    let reasons: std::collections::BTreeSet<&str> =
        labels.iter().filter_map(|l| l.get("reason")).map(String::as_str).collect();
    assert_eq!(reasons, std::collections::BTreeSet::from(["halt", "session_end"]));
}

#[test]
fn class_probabilities_are_probabilities_and_as_often_right_as_they_say() {
    let slices = run(SHORT, 43);
    let signals: Vec<Row> = all(&slices, "truth_signal")
        .into_iter()
        .filter(|s| s.contains_key("moved_ticks"))
        .collect();
    assert!(signals.len() > 800, "{}", signals.len());
    let mut sums = [0.0; 3];
    let mut counts = [0.0; 3];
    for s in &signals {
        let p = [f(s, "p_down"), f(s, "p_unchanged"), f(s, "p_up")];
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        for k in 0..3 {
            sums[k] += p[k];
        }
        counts[usize::try_from(i(s, "moved_ticks").signum() + 1).unwrap()] += 1.0;
    }
    // Windows overlap: about 9 decisions share one window of an instrument, so the standard error is that of n / 9.
    let n = signals.len() as f64;
    for k in 0..3 {
        let p = sums[k] / n;
        assert!(
            (p - counts[k] / n).abs() < 4.0 * (p * (1.0 - p) / (n / 9.0)).sqrt(),
            "{sums:?} against {counts:?}"
        );
    }
}

#[test]
fn a_grade_is_the_net_return_in_standard_deviations_cut_four_times() {
    let slices = run(SHORT, 44);
    let sigma: HashMap<String, f64> = all(&slices, "references")
        .iter()
        .map(|r| (r["decision_id"].clone(), f(r, "sigma_bps")))
        .collect();
    let mut classes = std::collections::BTreeSet::new();
    for label in all(&slices, "truth_labels")
        .iter()
        .filter(|l| l["target"] == "grade_forward" && l.contains_key("class"))
    {
        let (entry, exit) = (f(label, "entry_px"), f(label, "exit_px"));
        let sign = if label["side"] == "buy" { 1.0 } else { -1.0 };
        // 0.3 basis points at both ends, five seconds.
        let net = sign * (exit - entry) / entry * 1e4 - 0.6;
        let scaled = net / (sigma[&label["decision_id"]] * 5.0_f64.sqrt());
        assert!((scaled - f(label, "value")).abs() < 1e-9, "{label:?}");
        let class = match scaled {
            x if x >= 1.5 => 2,
            x if x >= 0.5 => 1,
            x if x >= -0.5 => 0,
            x if x >= -1.5 => -1,
            _ => -2,
        };
        assert_eq!(i(label, "class"), class);
        classes.insert(class);
    }
    assert_eq!(classes, (-2..=2).collect());
}
