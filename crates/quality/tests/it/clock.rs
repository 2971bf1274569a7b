//! Clocks: pandas' minima, planted steps and drifts, and a recorder that was 1.27 s behind.

use crate::comparison::lean::data;
use contract::{Diagnostic as _, InstrumentId, Quotes, SourceId, TableBuilder, UtcNanos};
use proptest::prelude::*;
use quality::{ClockFinding, ClockModel, ClockPeriod, ClockSettings, Reading, SourceClocks};
use std::io::Read as _;

const SECOND: i64 = 1_000_000_000;

fn model(settings: ClockSettings) -> ClockModel {
    ClockModel::try_new(settings).unwrap()
}

fn offset(reading: Reading) -> i64 {
    let Reading::Judged { offset_ns, .. } = reading else { panic!("not judged") };
    offset_ns
}

#[test]
fn offsets_are_the_rolling_minima_of_pandas() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/quality/clock/offsets.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut clock = model(ClockSettings::default());
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<i64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let reading = clock.observe(cells[0], cells[1]);
        let Reading::Judged { offset_ns, latency_ns, is_suspect, is_settled } = reading else {
            panic!("not judged")
        };
        assert_eq!(offset_ns, cells[2], "row {rows}");
        assert_eq!(i64::try_from(latency_ns).unwrap(), cells[1] - cells[0] - cells[2]);
        rows += 1;
        assert_eq!((is_suspect, is_settled), (offset_ns < -1_000_000, rows >= 100));
    }
    assert_eq!(rows, 1_000);
}

#[test]
fn a_row_without_both_times_is_not_applicable_and_moves_nothing() {
    let mut clock = model(ClockSettings::default());
    assert_eq!(clock.observe(None, None), Reading::NotApplicable);
    assert_eq!(clock.observe(None, 5), Reading::NotApplicable);
    assert_eq!(clock.observe(5, None), Reading::NotApplicable);
    assert_eq!(clock.observe(i64::MIN, 1), Reading::NotApplicable); // 292 years and more
    assert_eq!((clock.offset_ns(), clock.counts()), (None, (4, 0, 0)));
    // The widest differences that there are: the latency has all of them.
    assert_eq!(offset(clock.observe(0, i64::MAX)), i64::MAX);
    let low = clock.observe(i64::MAX, 0);
    assert_eq!(offset(low), -i64::MAX);
    let Reading::Judged { latency_ns, .. } = clock.observe(0, i64::MAX) else { panic!("judged") };
    assert_eq!(latency_ns, 2 * i64::MAX.unsigned_abs());
}

#[test]
fn the_bound_itself_is_allowed_and_a_nanosecond_more_is_not() {
    let suspect = |delta: i64| {
        let mut clock =
            model(ClockSettings { clock_bound_ns: 100_000, ..ClockSettings::default() });
        let Reading::Judged { is_suspect, .. } = clock.observe(0, delta) else { panic!("judged") };
        is_suspect
    };
    assert_eq!((suspect(-100_000), suspect(-100_001), suspect(0)), (false, true, false));
}

#[test]
fn a_window_with_too_many_minima_is_shortened_and_says_so() {
    // Each row comes a nanosecond later than the one before: every row is a minimum of those after it.
    let mut clock = model(ClockSettings { max_minima: 1_000, ..ClockSettings::default() });
    for n in 0..1_500 {
        clock.observe(0, n);
    }
    assert_eq!(clock.offset_ns(), Some(500));
    let mut clocks =
        SourceClocks::try_new(ClockSettings { max_minima: 10, ..ClockSettings::default() }, [])
            .unwrap();
    for n in 0..12 {
        clocks.observe(3, 0, n);
    }
    assert_eq!(clocks.report().sources[0].shortened, 2);
}

/// Rows of one second each over so many hours, with a way of 0, 1 or 2 ms, by a clock that is off.
fn drive(clocks: &mut SourceClocks, source: u16, hours: i64, off: impl Fn(i64) -> i64) {
    for n in 0..hours * 3_600 {
        let way = n * 7_919 % 3 * 1_000_000;
        let ts = n * SECOND;
        clocks.observe(source, ts, ts + off(n) + way);
    }
}

fn clocks() -> SourceClocks {
    SourceClocks::try_new(ClockSettings::default(), []).unwrap()
}

#[test]
fn a_step_is_told_from_a_drift_and_both_from_a_steady_clock() {
    let mut clocks = clocks();
    drive(&mut clocks, 1, 4, |_| 2_000_000);
    drive(&mut clocks, 2, 4, |n| if n < 7_200 { 2_000_000 } else { 50_000_000 });
    drive(&mut clocks, 3, 4, |n| n * 2_000); // 2 us a second: 2,000 ppb
    drive(&mut clocks, 4, 4, |n| -n * 2_000);
    let report = clocks.report();
    let findings = |at: usize| &report.sources[at].findings;
    assert_eq!(findings(0), &[]);
    let step =
        ClockFinding::Step { at_ns: 7_200 * SECOND, before_ns: 2_000_000, after_ns: 50_000_000 };
    assert_eq!(findings(1), &[step]);
    let [ClockFinding::Drift { from_ns, until_ns, moved_ns, rate_ppb }] = findings(2)[..] else {
        panic!("{:?}", findings(2))
    };
    // 24 periods of ten minutes: 23 steps of 600 s at 2 us a second.
    assert_eq!((from_ns, until_ns), (0, 13_800 * SECOND));
    assert!((rate_ppb - 2_000).abs() <= 1, "{rate_ppb}");
    assert!((moved_ns - 27_600_000).abs() <= 14_000, "{moved_ns}");
    let [ClockFinding::Behind { first_ts_recv, .. }, ClockFinding::Drift { rate_ppb, .. }] =
        findings(3)[..]
    else {
        panic!("{:?}", findings(3))
    };
    // Bound 1 ms at 2 us a second: the offset is beyond it at a row soon after 500 s.
    assert!((500 * SECOND..520 * SECOND).contains(&first_ts_recv), "{first_ts_recv}");
    assert!((rate_ppb + 2_000).abs() <= 1, "{rate_ppb}");
    let text = report.to_string();
    for part in [
        "source 1: nothing on 14400 judged rows",
        "source 2: a clock stepped before 7200000000000: the floor was 2.000000 ms and is 50.000000 ms",
        "source 3: a clock drifted by 27.6",
        "source 4: 13",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn periods_have_the_least_middle_and_greatest_offset_of_their_rows() {
    let settings =
        ClockSettings { window_ns: 1, min_rows: 1, period_ns: 100, ..ClockSettings::default() };
    let mut clock = model(settings);
    for (ts, off) in [(0, 5), (10, -3), (20, 9), (99, 7), (100, 1), (250, 2)] {
        clock.observe(ts - off, ts);
    }
    let period = |start_ns, rows, low, middle, high| ClockPeriod {
        start_ns,
        rows,
        suspects: 0,
        offset_min_ns: low,
        offset_median_ns: middle,
        offset_max_ns: high,
        resolution_ns: 1,
        floor_ns: low,
    };
    assert_eq!(
        clock.periods(),
        [period(0, 4, -3, 5, 9), period(100, 1, 1, 1, 1), period(200, 1, 2, 2, 2)]
    );
    // More different offsets than a period tells apart: the median is a bucket's lower end, and says how wide it is.
    let mut clock = model(ClockSettings { window_ns: 1, min_rows: 1, ..ClockSettings::default() });
    for n in 0..5_000 {
        clock.observe(0, 600 * SECOND + n);
    }
    let [period] = clock.periods()[..] else { panic!("one period") };
    assert_eq!(period.resolution_ns, 8);
    let middle = 600 * SECOND + 2_499;
    assert!((0..8).contains(&(middle - period.offset_median_ns)), "{period:?}");
    assert_eq!(period.offset_max_ns, 600 * SECOND + 4_999);
}

#[test]
fn old_periods_leave_and_are_counted() {
    let settings = ClockSettings { period_ns: 10, max_periods: 4, ..ClockSettings::default() };
    let mut clocks = SourceClocks::try_new(settings, []).unwrap();
    for n in 0..20 {
        clocks.observe(1, n * 10, n * 10);
    }
    let source = &clocks.report().sources[0];
    assert_eq!((source.periods.len() as u64 + source.dropped_periods, source.rows), (20, 20));
    assert_eq!(source.periods.last().unwrap().start_ns, 190);
}

#[test]
fn a_clock_goes_on_from_its_snapshot_with_the_same_bits() {
    let mut whole = clocks();
    drive(&mut whole, 9, 1, |n| n * 2_000 - 3_000_000);
    let text = serde_json::to_string(&whole).unwrap();
    let mut restored: SourceClocks = serde_json::from_str(&text).unwrap();
    assert_eq!(restored, whole);
    for n in 3_600..3_700 {
        let (event, recv) = (n * SECOND, n * SECOND + n % 13 * 1_000 - 5_000_000);
        assert_eq!(restored.observe(9, event, recv), whole.observe(9, event, recv));
    }
    assert_eq!(serde_json::to_string(&restored).unwrap(), serde_json::to_string(&whole).unwrap());
    assert_eq!(restored.report(), whole.report());
}

#[test]
fn a_batch_gives_a_reading_a_row_by_source() {
    let mut table = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(0));
    for (source, event, now) in [(1, Some(100), 90), (2, Some(80), 95), (1, None, 99)] {
        table.set_now(UtcNanos::from_nanos(now));
        table
            .set(&Quotes::SOURCE_ID, SourceId::new(source))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Quotes::TS_EVENT, event.map(UtcNanos::from_nanos));
        table.end_row().unwrap();
    }
    let exact = ClockSettings { clock_bound_ns: 0, ..ClockSettings::default() };
    let mut clocks = SourceClocks::try_new(ClockSettings::default(), [(1, exact)]).unwrap();
    let readings = clocks.observe_batch(&table.finish().unwrap());
    let judged = |offset_ns, is_suspect| Reading::Judged {
        offset_ns,
        latency_ns: 0,
        is_suspect,
        is_settled: false,
    };
    assert_eq!(readings, [judged(-10, true), judged(15, false), Reading::NotApplicable]);
    assert_eq!(clocks.get(1).unwrap().settings().clock_bound_ns, 0);
    assert_eq!(clocks.get(2).unwrap().settings().clock_bound_ns, 1_000_000);
}

#[test]
fn settings_of_nothing_are_refused_by_code() {
    let ok = ClockSettings::default();
    for bad in [
        ClockSettings { window_ns: 0, ..ok },
        ClockSettings { min_rows: 0, ..ok },
        ClockSettings { clock_bound_ns: -1, ..ok },
        ClockSettings { period_ns: 0, ..ok },
        ClockSettings { max_minima: 0, ..ok },
        ClockSettings { max_periods: 0, ..ok },
    ] {
        assert_eq!(ClockModel::try_new(bad).unwrap_err().code(), "quality/clock-setting");
        assert_eq!(
            SourceClocks::try_new(ok, [(1, bad)]).unwrap_err().code(),
            "quality/clock-setting"
        );
    }
}

proptest! {
    #[test]
    fn the_offset_is_the_least_of_the_window_and_no_latency_is_negative(
        rows in proptest::collection::vec((0_i64..40, -20_i64..20), 1..120),
        window_ns in 1_i64..80,
        min_rows in 1_u64..12,
    ) {
        let mut clock = model(ClockSettings { window_ns, min_rows, ..ClockSettings::default() });
        let mut seen: Vec<(i64, i64)> = Vec::new();
        let mut recv = 0;
        for (gap, delta) in rows {
            recv += gap;
            seen.push((recv, delta));
            let from = seen.len().saturating_sub(usize::try_from(min_rows).unwrap());
            let kept = seen.iter().enumerate().filter(|(row, (at, _))| *row >= from || *at > recv - window_ns);
            let least = kept.map(|(_, (_, delta))| *delta).min().unwrap();
            let Reading::Judged { offset_ns, latency_ns, .. } = clock.observe(recv - delta, recv) else {
                panic!("judged")
            };
            prop_assert_eq!(offset_ns, least);
            prop_assert_eq!(i64::try_from(latency_ns).unwrap(), delta - least);
        }
    }
}

#[test]
fn every_row_of_a_recorder_that_is_behind_is_suspect_and_none_is_lost() {
    let Some(data) = data() else { return };
    let folder = data.join("hftbacktest-binance-l2");
    let mut clocks = clocks();
    // Rows with an event time, and the extremes of the set: the README of the data.
    for (source, file, judged) in [
        (1, "usdm/btcusdt_20240808.gz", 93_954),
        (2, "spot/btcusdt_20240808.gz", 13_208),
        (3, "cm/btcusd_perp_20240808.gz", 48_270),
    ] {
        let gz = std::fs::File::open(folder.join(file)).unwrap();
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(gz).read_to_string(&mut text).unwrap();
        let mut rows = 0;
        for line in text.lines() {
            let (recv, json) = line.split_once(' ').unwrap();
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            // A snapshot of the futures markets stands bare, and has its time too.
            let event = json["data"]["E"].as_i64().or(json["E"].as_i64()).map(|ms| ms * 1_000_000);
            let reading = clocks.observe(source, event, recv.parse::<i64>().unwrap());
            rows += 1;
            if let Reading::Judged { offset_ns, is_suspect, .. } = reading {
                assert!(is_suspect);
                // The README's extremes, -1,275.018 and -1,181.297 ms, are rounded to a microsecond.
                let micros = (offset_ns + 500).div_euclid(1_000);
                assert!((-1_275_018..=-1_181_297).contains(&micros), "{offset_ns}");
            }
        }
        let clock = clocks.get(source).unwrap();
        assert_eq!(clock.counts(), (rows, judged, judged));
    }
    let text = clocks.report().to_string();
    assert!(text.contains("source 2: 13208 of 13208 judged rows suspect"), "{text}");
}
