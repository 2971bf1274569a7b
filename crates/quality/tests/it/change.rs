//! Tests of `change` from outside.

use proptest::prelude::*;
use quality::{Alarm, ChangeError, Cusum, Direction, Ewma, PageHinkley, PageHinkleyOptions};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

const STREAMS: &str = include_str!("../../../../fixtures/quality/change/streams.csv");
const ALARMS: &str = include_str!("../../../../fixtures/quality/change/alarms.json");

fn stream(name: &str) -> Vec<f64> {
    let mut lines = STREAMS.lines();
    let place = lines.next().unwrap().split(',').position(|head| head == name).unwrap();
    let thousandths = lines.map(|line| line.split(',').nth(place).unwrap().parse::<i32>().unwrap());
    thousandths.map(|value| f64::from(value) / 1000.0).collect()
}

fn expected(stream: &str, chart: &str) -> Vec<(u64, Direction)> {
    let all: Value = serde_json::from_str(ALARMS).unwrap();
    serde_json::from_value(all[stream][chart].clone()).unwrap()
}

fn found(values: &[f64], mut push: impl FnMut(f64) -> Option<Alarm>) -> Vec<(u64, Direction)> {
    values.iter().filter_map(|&x| push(x)).map(|alarm| (alarm.index, alarm.direction)).collect()
}

const SDS: [(&str, f64); 3] = [("steps", 1.0), ("ramp", 1.0), ("ar_t3", 6.0)];

#[test]
fn page_hinkley_raises_the_alarms_of_river() {
    for (name, _) in SDS {
        let mut chart = PageHinkley::new(PageHinkleyOptions::default()).unwrap();
        let alarms = found(&stream(name), |x| chart.push(x));
        assert_eq!(alarms, expected(name, "page_hinkley"), "{name}");
        assert!(alarms.len() > 10, "{name} shows something");
    }
}

#[test]
fn ewma_raises_the_alarms_of_the_closed_sum() {
    for (name, sd) in SDS {
        let mut chart = Ewma::new(0.0, sd, 0.2, 3.0).unwrap();
        assert_eq!(found(&stream(name), |x| chart.push(x)), expected(name, "ewma"), "{name}");
    }
}

#[test]
fn cusum_raises_the_alarms_of_the_path_above_its_minimum() {
    for (name, sd) in SDS {
        let mut chart = Cusum::new(0.0, sd, 0.5, 5.0).unwrap();
        assert_eq!(found(&stream(name), |x| chart.push(x)), expected(name, "cusum"), "{name}");
    }
}

#[test]
fn cusum_by_hand() {
    // slack 0.5: 0.5, 1.0, then 0 after a fall, then 2.5, 5.0, 7.5 > 5; the chart starts again at 0
    let values = [1.0, 1.0, -2.0, 3.0, 3.0, 3.0, 3.0, 3.0];
    let mut chart = Cusum::new(0.0, 1.0, 0.5, 5.0).unwrap();
    let alarms: Vec<Alarm> = values.iter().filter_map(|&x| chart.push(x)).collect();
    let alarm = Alarm { index: 5, direction: Direction::Up, statistic: 7.5, limit: 5.0 };
    assert_eq!(alarms, [alarm]);
}

fn cut<C: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug>(
    chart: &C,
    values: &[f64],
    at: usize,
    push: fn(&mut C, f64) -> Option<Alarm>,
) {
    let mut whole = chart.clone();
    let expected: Vec<_> = values.iter().map(|&x| push(&mut whole, x)).collect();
    let mut part = chart.clone();
    let mut alarms: Vec<_> = values[..at].iter().map(|&x| push(&mut part, x)).collect();
    let saved = serde_json::to_string(&part).unwrap();
    let mut restored: C = serde_json::from_str(&saved).unwrap();
    assert_eq!(serde_json::to_string(&restored).unwrap(), saved);
    alarms.extend(values[at..].iter().map(|&x| push(&mut restored, x)));
    assert_eq!(alarms, expected);
    assert_eq!(serde_json::to_string(&restored).unwrap(), serde_json::to_string(&whole).unwrap());
}

proptest! {
    #[test]
    fn a_restored_chart_goes_on_with_the_same_bits(
        values in proptest::collection::vec(prop_oneof![-9.0..9.0, Just(f64::NAN), Just(f64::INFINITY), Just(1e308), Just(-1e308), Just(5e-324)], 1..80),
        share in 0.0..1.0_f64,
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let at = (share * values.len() as f64) as usize;
        cut(&Ewma::new(0.1, 1.5, 0.2, 3.0).unwrap(), &values, at, Ewma::push);
        cut(&Cusum::new(0.1, 1.5, 0.5, 5.0).unwrap(), &values, at, Cusum::push);
        let options = PageHinkleyOptions { minimum: 5, threshold: 4.0, ..Default::default() };
        cut(&PageHinkley::new(options).unwrap(), &values, at, PageHinkley::push);
    }
}

#[test]
fn values_that_are_no_numbers_are_skipped_and_keep_their_place() {
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9.0];
    let mut ewma = Ewma::new(0.0, 1.0, 0.2, 3.0).unwrap();
    let mut cusum = Cusum::new(0.0, 1.0, 0.5, 5.0).unwrap();
    let options = PageHinkleyOptions { minimum: 1, threshold: 0.5, ..Default::default() };
    let mut page_hinkley = PageHinkley::new(options).unwrap();
    assert_eq!(found(&values, |x| ewma.push(x)), [(3, Direction::Up)]);
    assert_eq!(found(&values, |x| cusum.push(x)), [(3, Direction::Up)]);
    // The mean is 9 already, so only `greatest - down` could be large: -1 against 0.005 is not.
    assert_eq!(found(&values, |x| page_hinkley.push(x)), []);
    assert_eq!((ewma.skipped(), cusum.skipped(), page_hinkley.skipped()), (3, 3, 3));
}

#[test]
fn the_largest_floats_raise_one_alarm_and_leave_a_usable_chart() {
    let mut ewma = Ewma::new(-1e308, 1.0, 0.2, 3.0).unwrap();
    let alarm = ewma.push(1.7e308).unwrap(); // 2.7e308 is beyond floats
    assert_eq!((alarm.direction, alarm.statistic), (Direction::Up, f64::INFINITY));
    assert_eq!(ewma.push(-1e308), None);
    let mut cusum = Cusum::new(0.0, 1e-300, 0.5, 5.0).unwrap();
    assert_eq!(cusum.push(-1e308).map(|alarm| alarm.direction), Some(Direction::Down));
    assert_eq!(cusum.push(0.0), None);
    let mut page_hinkley = PageHinkley::new(PageHinkleyOptions::default()).unwrap();
    for x in [-1.7e308, 1.7e308] {
        assert_eq!(page_hinkley.push(x), None);
    }
    assert_eq!(page_hinkley.skipped(), 1); // the second is too far from the mean of the first
}

#[test]
fn a_constant_stream_at_its_level_never_alarms() {
    let mut ewma = Ewma::new(7.0, 1.0, 0.2, 3.0).unwrap();
    let mut cusum = Cusum::new(7.0, 1.0, 0.5, 5.0).unwrap();
    let mut page_hinkley = PageHinkley::new(PageHinkleyOptions::default()).unwrap();
    for _ in 0..20_000 {
        assert_eq!((ewma.push(7.0), cusum.push(7.0)), (None, None));
    }
    // The allowance of 0.005 fades into 0.005 / 0.0001 = 50 at most, which is not above the threshold.
    for _ in 0..20_000 {
        assert_eq!(page_hinkley.push(7.0), None);
    }
}

#[test]
fn parameters_without_meaning_are_refused() {
    let refused = |name: &str, result: Result<(), ChangeError>| {
        let ChangeError::Parameter { name: found, .. } = result.unwrap_err() else {
            panic!("another error")
        };
        assert_eq!(found, name);
    };
    refused("mean", Ewma::new(f64::NAN, 1.0, 0.2, 3.0).map(drop));
    refused("sd", Ewma::new(0.0, 0.0, 0.2, 3.0).map(drop));
    refused("lambda", Ewma::new(0.0, 1.0, 0.0, 3.0).map(drop));
    refused("width", Ewma::new(0.0, 1.0, 1.0, f64::INFINITY).map(drop));
    refused("slack", Cusum::new(0.0, 1.0, -0.1, 5.0).map(drop));
    refused("limit", Cusum::new(0.0, 1.0, 0.5, 0.0).map(drop));
    let with = |alpha, delta, threshold| {
        PageHinkley::new(PageHinkleyOptions { minimum: 30, delta, threshold, alpha }).map(drop)
    };
    refused("alpha", with(1.1, 0.0, 50.0));
    refused("delta", with(1.0, -1.0, 50.0));
    refused("threshold", with(1.0, 0.0, f64::NAN));
}
