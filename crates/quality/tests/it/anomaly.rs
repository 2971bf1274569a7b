//! Tests of `anomaly` from outside.

use proptest::prelude::*;
use quality::{
    AnomalyError, CentredRule, FenceRule, IqrFence, Judgement, RobustZ, RobustZRule, RoundTripRule,
    Sample, SlotHistory, SlotRule, SpikeGate, SpikeRule, Window, hampel, median_and_mad, quantile,
    robust_z, round_trip, slot_of_day, slot_of_week, spike_centred,
};
use serde_json::Value;
use std::fmt::Write as _;

const VECTORS: &str = include_str!("../../../../fixtures/quality/anomaly/vectors.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| usize::try_from(v.as_u64().unwrap()).unwrap())
        .collect()
}

fn rejected(found: &[Judgement]) -> Vec<usize> {
    (0..found.len()).filter(|row| found[*row].is_rejected()).collect()
}

#[track_caller]
fn near(found: f64, expected: f64, what: &str) {
    let allowed = 1e-12 * expected.abs();
    assert!((found - expected).abs() <= allowed, "{what}: found {found}, expected {expected}");
}

/// The values times eight: whole, so the integer form must agree in every bit that a float can show.
fn eighths(values: &[f64]) -> Vec<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
    let whole = |v: &f64| (v * 8.0) as i64;
    values.iter().map(whole).collect()
}

#[test]
fn rolling_median_mad_and_z_are_those_of_scipy() {
    let vectors = vectors();
    let calm = numbers(&vectors["calm"]);
    for w in [20, 50] {
        let expected = vectors["rolling"][w.to_string()].as_array().unwrap();
        let rule = RobustZRule { window: w, min_n: 20, limit: 3.5 };
        let mut detector = RobustZ::<f64>::new(rule).unwrap();
        let (mut floats, mut whole) = (Window::new(w).unwrap(), Window::new(w).unwrap());
        for ((value, scaled), expected) in calm.iter().zip(eighths(&calm)).zip(expected) {
            let z = detector.z(*value);
            assert_eq!(z.is_none(), expected.is_null());
            if let Some(row) = expected.as_array() {
                let (spread, exact): (quality::Spread, quality::Spread) =
                    (floats.spread().unwrap(), whole.spread().unwrap());
                assert_eq!(
                    (Some(spread.median), Some(spread.mad)),
                    (row[0].as_f64(), row[1].as_f64())
                );
                assert_eq!((exact.median / 8.0, exact.mad / 8.0), (spread.median, spread.mad));
                if let Some(expected) = row[2].as_f64() {
                    near(z.unwrap(), expected, "z");
                    assert_eq!(detector.push(*value, 0.0).is_rejected(), expected.abs() > 3.5);
                } else {
                    detector.push(*value, 0.0);
                }
            } else {
                assert_eq!(detector.push(*value, 0.0), Judgement::NotJudged);
            }
            floats.push(*value);
            whole.push(scaled);
        }
    }
}

#[test]
fn quantiles_and_fences_are_those_of_numpy() {
    let vectors = vectors();
    let calm = numbers(&vectors["calm"]);
    for (n, pairs) in vectors["quantiles"].as_object().unwrap() {
        let mut sorted = calm[..n.parse().unwrap()].to_vec();
        sorted.sort_by(f64::total_cmp);
        for pair in pairs.as_array().unwrap() {
            let (p, expected) = (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
            near(quantile(&sorted, p).unwrap(), expected, &format!("{p} of {n}"));
        }
    }
    let mut fence = IqrFence::<f64>::new(FenceRule::default()).unwrap();
    let mut outside = 0;
    for (value, expected) in calm.iter().zip(vectors["fence"].as_array().unwrap()) {
        let expected = expected.as_array().map(|q| {
            let (q1, q3) = (q[0].as_f64().unwrap(), q[1].as_f64().unwrap());
            *value < q1 - 1.5 * (q3 - q1) || *value > q3 + 1.5 * (q3 - q1)
        });
        let found = fence.push(*value);
        assert_eq!((found != Judgement::NotJudged).then_some(found.is_rejected()), expected);
        outside += usize::from(found.is_rejected());
    }
    assert!(outside > 0, "the series must have outliers to tell anything");
}

#[test]
fn centred_outliers_are_those_of_pandas() {
    let vectors = vectors();
    let jumpy = numbers(&vectors["jumpy"]);
    let level: Vec<f64> = (0..400).map(|n| jumpy[n] - if n >= 200 { 100.0 } else { 0.0 }).collect();
    for (series, expected) in [(&jumpy, "centred"), (&level, "centred_level")] {
        let expected = rows(&vectors[expected]["rows"]);
        assert_eq!(rejected(&spike_centred(series, CentredRule::default()).unwrap()), expected);
        let whole = spike_centred(&eighths(series), CentredRule::default()).unwrap();
        assert_eq!(rejected(&whole), expected);
    }
    let expected = rows(&vectors["hampel"]["rows"]);
    assert_eq!(expected.len(), 7);
    assert_eq!(rejected(&hampel(&jumpy, 5, 6.0, 0.0).unwrap()), expected);
    assert_eq!(rejected(&hampel(&eighths(&jumpy), 5, 6.0, 0).unwrap()), expected);
}

#[test]
fn seasonal_z_is_that_of_earlier_weeks() {
    let vectors = vectors();
    let mut history =
        SlotHistory::<f64>::new(SlotRule { limit: 1.0, ..SlotRule::default() }).unwrap();
    let mut judged = 0;
    let weeks = numbers(&vectors["weeks"]);
    for ((week, value), expected) in (0..).zip(&weeks).zip(vectors["seasonal"].as_array().unwrap())
    {
        match (history.push((7, week), *value, 0.0), expected.as_f64()) {
            (Judgement::NotJudged, None) => assert!(week < 8),
            (Judgement::Accepted, Some(z)) => assert!(z.abs() <= 1.0, "week {week}"),
            (Judgement::Rejected { z }, Some(expected)) => {
                near(z, expected, "z");
                judged += 1;
            }
            (found, expected) => panic!("week {week}: found {found:?}, expected {expected:?}"),
        }
    }
    assert!(judged > 5);
}

#[test]
fn a_slot_speaks_about_later_sessions_only_and_late_rows_change_nothing() {
    let mut history = SlotHistory::<i64>::new(SlotRule::default()).unwrap();
    for week in 0..8 {
        for value in [5, 900, 7] {
            assert_eq!(history.push((3, week), value, 0), Judgement::NotJudged);
        }
        history.advance((4, week));
        let late = history.push((3, week), 1_000_000, 0);
        assert_eq!(late.is_rejected(), week == 7);
    }
    let past = history.past(3).unwrap();
    assert_eq!(past.sorted(), [7; 8]); // lower median of 5, 900, 7
    assert!(history.past(4).is_none());
    let text = serde_json::to_string(&history).unwrap();
    assert_eq!(serde_json::from_str::<SlotHistory<i64>>(&text).unwrap(), history);
}

#[test]
fn slots_follow_the_utc_calendar() {
    // 2024-08-08 23:54:15 UTC is a Thursday: 3 x 288 + 286 slots since Monday.
    let ts = 1_723_161_255_030_314_667;
    assert_eq!(slot_of_week(ts).0, 3 * 288 + 286);
    assert_eq!(slot_of_day(ts), (286, 19_943));
    assert_eq!(slot_of_day(-1), (287, -1));
    for ts in [i64::MIN, i64::MAX] {
        assert!(slot_of_week(ts).0 < 2_016 && slot_of_day(ts).0 < 288);
    }
}

#[test]
fn a_round_trip_is_flagged_between_the_jump_and_the_return() {
    let mut px: Vec<i64> = (0..60).map(|n| 1_000_000 + n % 3).collect();
    px[30..32].fill(1_004_000); // two rows away, then back
    px[40..44].fill(1_004_000); // four rows: longer than a trip of three
    for px in &mut px[50..] {
        *px += 5_000; // a jump that stays
    }
    let found = round_trip(&px, 1, RoundTripRule::default()).unwrap();
    assert_eq!(rejected(&found), [30, 31]);
    assert_eq!(found[19], Judgement::NotJudged);
    assert_eq!(found[20], Judgement::Accepted);
    let longer = RoundTripRule { rows: 4, ..RoundTripRule::default() };
    assert_eq!(rejected(&round_trip(&px, 1, longer).unwrap()), [30, 31, 40, 41, 42, 43]);
}

fn flat_gate(values: impl IntoIterator<Item = i64>, rule: SpikeRule) -> Vec<Judgement> {
    let mut gate = SpikeGate::<i64>::new(rule).unwrap();
    values.into_iter().map(|px| gate.push(px, 10)).collect()
}

#[test]
fn a_spike_is_rejected_and_the_next_price_accepted() {
    let calm = (0..30).map(|n| 1_000_000 + 10 * (n % 3));
    let px = calm.chain([1_003_000, 1_000_010, 997_000, 1_000_000]);
    let found = flat_gate(px, SpikeRule::default());
    assert_eq!(rejected(&found), [30, 32]);
    // The median is 1000010, the last price 1000020, and 2 bps of the median are 200.002.
    let Judgement::Rejected { z } = found[30] else { panic!("row 30 is a spike") };
    near(z, 2_980.0 / 200.002, "z");
}

#[test]
fn a_jump_that_stays_is_accepted_after_five_rows_and_judged_at_once() {
    let calm = (0..30).map(|n| 1_000_000 + 10 * (n % 3));
    let higher = (0..10).map(|n| 1_010_000 + 10 * (n % 3));
    let px = calm.chain(higher).chain([1_020_000, 1_010_000]);
    assert_eq!(rejected(&flat_gate(px, SpikeRule::default())), [30, 31, 32, 33, 34, 40]);
}

#[test]
fn rejections_on_both_sides_do_not_add_up() {
    let calm = (0..30).map(|_| 1_000_000);
    let wild = (0..12).map(|n| if n % 2 == 0 { 1_010_000 } else { 990_000 });
    let found = flat_gate(calm.chain(wild).chain([1_000_000]), SpikeRule::default());
    assert_eq!(rejected(&found), (30..42).collect::<Vec<_>>());
}

#[test]
fn a_slow_move_is_no_spike_however_far_the_median_is() {
    // The median stays behind, but each step is small: 11 rows of 60 from a flat start.
    let px = (0..60).map(|_| 1_000_000).chain((1..12).map(|n| 1_000_000 + 600 * n));
    assert!(rejected(&flat_gate(px, SpikeRule::default())).is_empty());
}

#[test]
fn without_floors_a_flat_past_allows_one_tick() {
    let rule = SpikeRule { floor_ticks: 0.0, floor_bps: 0.0, ..SpikeRule::default() };
    let px = (0..20).map(|_| 500).chain([510, 490, 511]);
    let found = flat_gate(px, rule);
    assert_eq!(rejected(&found), [22]);
    assert_eq!(found[22], Judgement::Rejected { z: f64::INFINITY });
    let mut scores = RobustZ::<i64>::new(RobustZRule::default()).unwrap();
    let found: Vec<_> =
        (0..20).map(|_| 500).chain([510, 511, 500]).map(|x| scores.push(x, 10)).collect();
    assert_eq!(rejected(&found), [21]);
}

#[test]
fn a_new_session_starts_empty_with_the_old_mad_as_floor() {
    let rule = SpikeRule { floor_ticks: 0.0, floor_bps: 0.0, ..SpikeRule::default() };
    let mut gate = SpikeGate::<i64>::new(rule).unwrap();
    for n in 0..50 {
        gate.push(10_000 + n % 5 * 100, 1); // median 10200, MAD 100
    }
    assert_eq!(gate.scale(1), Some(100.0));
    gate.open_session();
    assert_eq!(gate.scale(1), None);
    for _ in 0..20 {
        assert_eq!(gate.push(12_000, 1), Judgement::NotJudged);
    }
    assert_eq!(gate.scale(1), Some(100.0)); // its own MAD is zero
    assert_eq!(gate.push(12_500, 1), Judgement::Accepted);
    assert_eq!(gate.push(13_001, 1), Judgement::Rejected { z: 5.01 });
}

#[test]
fn parameters_outside_their_range_are_refused_by_name() {
    #[track_caller]
    fn check<V: std::fmt::Debug>(found: Result<V, AnomalyError>, expected: &str) {
        assert_eq!(found.unwrap_err().to_string(), expected);
    }
    check(Window::<i64>::new(0), "window: expected 1 to 65536 values, found `0`");
    let spike = SpikeRule::default();
    check(
        SpikeGate::<i64>::new(SpikeRule { reseed: 0, ..spike }),
        "reseed: expected 1 to the window, found `0`",
    );
    check(
        SpikeGate::<i64>::new(SpikeRule { k: f64::NAN, ..spike }),
        "k: expected a positive number, found `NaN`",
    );
    check(
        SpikeGate::<i64>::new(SpikeRule { floor_bps: -1.0, ..spike }),
        "floor_bps: expected zero or a positive number, found `-1`",
    );
    check(
        RobustZ::<f64>::new(RobustZRule { min_n: 51, ..RobustZRule::default() }),
        "min_n: expected 1 to the window, found `51`",
    );
    check(
        spike_centred(&[1.0], CentredRule { window: 3, k: 1.0 }),
        "window: expected an even number above 0, found `3`",
    );
    check(hampel(&[1.0], 0, 3.5, 0.0), "k: expected 1 or more neighbours a side, found `0`");
}

#[test]
fn saved_parameters_come_back_with_their_bits() {
    fn check<V>(saved: &V)
    where
        V: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let text = serde_json::to_string(saved).unwrap();
        assert_eq!(serde_json::from_str::<V>(&text).unwrap(), *saved);
    }
    // Of decimals with 17 digits, some do not read back as the same number.
    for k in (1..500).map(|n| f64::from(n) / 7.0) {
        let spike = SpikeRule { k, floor_ticks: k, floor_bps: k, ..SpikeRule::default() };
        check(&SpikeGate::<f64>::new(spike).unwrap());
        check(&RobustZ::<f64>::new(RobustZRule { limit: k, ..RobustZRule::default() }).unwrap());
        check(&IqrFence::<f64>::new(FenceRule { k, ..FenceRule::default() }).unwrap());
        let slots = SlotRule { limit: k, ..SlotRule::default() };
        check(&SlotHistory::<f64>::new(slots).unwrap());
    }
}

#[test]
fn a_damaged_state_is_refused() {
    let damaged = [
        (r#"{"length":1,"bits":[1,2]}"#, "more values than the window holds"),
        (r#"{"length":2,"bits":[9221120237041090560]}"#, "a value that no window accepts"),
        (r#"{"length":0,"bits":[]}"#, "window: expected 1 to 65536 values"),
    ];
    for (text, expected) in damaged {
        let error = serde_json::from_str::<Window<f64>>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn extreme_inputs_have_defined_answers() {
    let max = f64::MAX;
    assert_eq!(median_and_mad::<f64>(&[]), None);
    assert_eq!(median_and_mad(&[f64::NAN, f64::INFINITY]), None);
    let one = median_and_mad(&[-0.0]).unwrap();
    assert_eq!((one.n, one.median.to_bits(), one.mad), (1, 0, 0.0));
    let wide = median_and_mad(&[max, max]).unwrap();
    assert_eq!((wide.median, wide.mad), (max, 0.0));
    let apart = median_and_mad(&[-1e308, -1e308, 1e308, 1e308]).unwrap();
    assert_eq!((apart.median, apart.mad), (0.0, 1e308));
    let tiny = 5e-324;
    assert_eq!(median_and_mad(&[tiny, 3.0 * tiny]).map(|s| s.median), Some(2.0 * tiny));
    let ends = median_and_mad(&[i64::MIN, i64::MAX]).unwrap();
    assert_eq!((ends.median, ends.mad), (-0.5, 9_223_372_036_854_775_807.5));
    assert_eq!(quantile(&[-max, max], 0.5), Some(0.0));
    assert_eq!(quantile(&[1.0], 1.1), None);
    assert_eq!(quantile::<f64>(&[], 0.5), None);
    assert_eq!(robust_z(1.0, 0.0, f64::INFINITY).to_bits(), 0);
    assert!(robust_z(-1.0, 0.0, 0.0).is_infinite() && robust_z(-1.0, 0.0, 0.0) < 0.0);
    let nothing = spike_centred(&[f64::NAN; 3], CentredRule::default()).unwrap();
    assert_eq!(nothing, [Judgement::NotJudged; 3]);
    assert_eq!(
        spike_centred(&[7.0; 60], CentredRule::default()).unwrap(),
        [Judgement::Accepted; 60]
    );
    // Both ends of the range by turns: distances overflow, and an infinite one is far, not nothing.
    let mut gate = SpikeGate::<f64>::new(SpikeRule::default()).unwrap();
    for n in 0..60 {
        if let Judgement::Rejected { z } = gate.push(if n % 2 == 0 { max } else { -max }, 0.0) {
            assert!(z.is_infinite());
        }
    }
    let mut flat = SpikeGate::<f64>::new(SpikeRule::default()).unwrap();
    (0..30).for_each(|_| assert!(!flat.push(1e308, 0.0).is_rejected()));
    assert!(flat.push(1.0, 0.0).is_rejected());
    assert_eq!(flat.push(f64::NAN, 0.0), Judgement::NotJudged);
    assert_eq!(flat.push(1e308, 0.0), Judgement::Accepted);
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.next() % n.unsigned_abs()).unwrap()
    }
}

#[derive(Debug, Default)]
struct Counts {
    planted: u32,
    caught: u32,
    false_alarms: u32,
    clean: u32,
}

/// Plants spikes of `low` to `high` tenths of the gate's unit into a walk of ticks, one row in `every`.
fn plant(seed: u64, step: i64, every: i64, (low, high): (i64, i64), out: &mut Counts) {
    let tick = 10_000_000; // 0.01, and prices around 1000.00
    let mut dice = Dice(seed);
    let mut gate = SpikeGate::<i64>::new(SpikeRule::default()).unwrap();
    let mut level = 100_000;
    for _ in 0..20_000 {
        // Most rows repeat the price; the others move by the sum of two dice.
        if dice.below(10) >= 6 {
            level += dice.below(2 * step + 1) + dice.below(2 * step + 1) - 2 * step;
        }
        let px = level * tick;
        let unit = gate.scale(tick);
        let Some(unit) = unit.filter(|_| dice.below(every) == 0) else {
            out.clean += 1;
            out.false_alarms += u32::from(gate.push(px, tick).is_rejected());
            continue;
        };
        #[expect(clippy::cast_possible_truncation, reason = "far below the largest integer")]
        let jump = (unit * (low + dice.below(high - low)) as f64 / 10.0) as i64;
        let side = if dice.below(2) == 0 { 1 } else { -1 };
        out.planted += 1;
        out.caught +=
            u32::from(gate.push(px + side * (jump / tick + 1) * tick, tick).is_rejected());
    }
}

#[test]
fn planted_spikes_are_found() {
    // Steps in ticks: the MAD below, around and above the floor of 2 bps (20 ticks).
    let mut table = String::from("MAD      one row in  precision  recall\n");
    for (range, recall, precision) in [((100, 500), 0.99, 0.95), ((50, 100), 0.80, 0.80)] {
        for every in [1_000, 100, 20] {
            let mut found = Counts::default();
            for seed in 0..20 {
                for step in [1_i64, 4, 10, 40] {
                    plant(seed * 100 + step.unsigned_abs(), step, every, range, &mut found);
                }
            }
            let share = |part: u32, of: u32| f64::from(part) / f64::from(of);
            let found_precision = share(found.caught, found.caught + found.false_alarms);
            let found_recall = share(found.caught, found.planted);
            writeln!(
                table,
                "{:>2}-{:<4}  {every:>11}  {found_precision:>9.4}  {found_recall:>6.4}  {found:?}",
                range.0 / 10,
                range.1 / 10
            )
            .unwrap();
            assert!(found_recall >= recall && found_precision >= precision, "{table}");
        }
    }
    println!("{table}");
}

fn brute(values: &[f64]) -> Option<(f64, f64)> {
    let middle = |values: &[f64]| {
        let mut v = values.to_vec();
        v.sort_by(f64::total_cmp);
        Some((v.get(v.len().checked_sub(1)? / 2)? + v[v.len() / 2]) / 2.0)
    };
    let median = middle(values)?;
    let distances: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
    Some((median, middle(&distances)?))
}

fn judge_all<T: Sample>(values: &[T], tick: T) -> Vec<Judgement> {
    let mut gate = SpikeGate::<T>::new(small()).unwrap();
    values.iter().map(|px| gate.push(*px, tick)).collect()
}

/// A gate that judges early, so that short series reach all of it.
fn small() -> SpikeRule {
    SpikeRule { window: 9, min_n: 4, reseed: 3, floor_bps: 0.0, ..SpikeRule::default() }
}

/// Short series with ties, jumps and runs.
fn series() -> impl Strategy<Value = Vec<i64>> {
    let value = prop_oneof![4 => -5..5_i64, 1 => -200..200_i64, 1 => Just(1_000_i64)];
    prop::collection::vec(value, 0..80)
}

proptest! {
    #[test]
    fn a_window_is_a_sort_of_its_last_values(values in series(), w in 1..12_usize) {
        let (mut whole, mut float) = (Window::<i64>::new(w).unwrap(), Window::<f64>::new(w).unwrap());
        for end in 1..=values.len() {
            whole.push(values[end - 1]);
            float.push(values[end - 1] as f64);
            let last: Vec<f64> =
                values[end.saturating_sub(w)..end].iter().map(|v| *v as f64).collect();
            let (a, b) = (whole.spread().unwrap(), float.spread().unwrap());
            prop_assert_eq!(Some((a.median, a.mad)), brute(&last));
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn order_of_the_values_does_not_matter(values in series(), by in 0..80_usize) {
        let mut turned = values.clone();
        turned.rotate_left(by % values.len().max(1));
        turned.reverse();
        prop_assert_eq!(median_and_mad(&values), median_and_mad(&turned));
    }

    #[test]
    fn shifting_and_scaling_prices_moves_no_verdict(values in series(), by in -1_000..1_000_i64, k in 1..9_i64) {
        let moved: Vec<i64> = values.iter().map(|v| v * k + by).collect();
        let (before, after) = (judge_all(&values, 1), judge_all(&moved, k));
        prop_assert_eq!(rejected(&before), rejected(&after));
        let mirrored: Vec<i64> = values.iter().map(|v| -v).collect();
        prop_assert_eq!(judge_all(&mirrored, 1), before);
    }

    #[test]
    fn later_prices_change_no_verdict(values in series(), later in series()) {
        let before = judge_all(&values, 1);
        let all: Vec<i64> = values.iter().chain(&later).copied().collect();
        prop_assert_eq!(&judge_all(&all, 1)[..values.len()], &before[..]);
    }

    #[test]
    fn a_restored_gate_goes_on_as_if_never_stopped(values in series(), cut in 0..80_usize) {
        let cut = cut.min(values.len());
        let mut gate = SpikeGate::<i64>::new(small()).unwrap();
        let floats: Vec<f64> = values.iter().map(|v| *v as f64 / 3.0).collect();
        let mut float_gate = SpikeGate::<f64>::new(small()).unwrap();
        for (at, px) in values.iter().enumerate() {
            if at == cut {
                gate.open_session();
                float_gate.open_session();
                let text = serde_json::to_string(&(&gate, &float_gate)).unwrap();
                let (a, b): (SpikeGate<i64>, SpikeGate<f64>) = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&a, &gate);
                prop_assert_eq!(&b, &float_gate);
                (gate, float_gate) = (a, b);
            }
            let text = serde_json::to_string(&gate).unwrap();
            let mut twin: SpikeGate<i64> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(twin.push(*px, 1), gate.push(*px, 1));
            prop_assert_eq!(&twin, &gate);
            let text = serde_json::to_string(&float_gate).unwrap();
            let mut twin: SpikeGate<f64> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(twin.push(floats[at], 0.25), float_gate.push(floats[at], 0.25));
            prop_assert_eq!(twin, float_gate.clone());
        }
    }

    #[test]
    fn any_bits_are_judged_without_panic(bits in prop::collection::vec(any::<u64>(), 0..60)) {
        let floats: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
        let whole: Vec<i64> = bits.iter().map(|b| b.cast_signed()).collect();
        prop_assert_eq!(judge_all(&floats, 0.0).len(), bits.len());
        prop_assert_eq!(judge_all(&whole, i64::MAX).len(), bits.len());
        let centred = CentredRule { window: 6, k: 3.0 };
        for (row, found) in spike_centred(&floats, centred).unwrap().iter().enumerate() {
            prop_assert!(floats[row].is_finite() || *found == Judgement::NotJudged);
        }
        let trips = RoundTripRule { window: 6, min_n: 2, ..RoundTripRule::default() };
        prop_assert_eq!(round_trip(&whole, 0, trips).unwrap().len(), bits.len());
        prop_assert_eq!(hampel(&floats, 2, 3.5, 0.0).unwrap().len(), bits.len());
        let mut fence = IqrFence::<f64>::new(FenceRule { window: 5, min_n: 2, k: 1.5 }).unwrap();
        for value in floats {
            if let Judgement::Rejected { z } = fence.push(value) {
                prop_assert!(!z.is_nan());
            }
        }
    }
}
