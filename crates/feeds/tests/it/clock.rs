//! Clocks against the transitions that Python's zoneinfo knows: `fixtures/clock`.

use contract::UtcNanos;
use feeds::{Clock, ClockRule, Local, LocalDate, Zone};
use std::collections::BTreeMap;

const TRANSITIONS: &str = include_str!("../../../../fixtures/clock/transitions.csv");
const SECOND: i64 = 1_000_000_000;

/// By zone: from when, in Unix seconds, which offset holds.
fn transitions() -> BTreeMap<&'static str, Vec<(i64, i64)>> {
    let mut zones: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for line in TRANSITIONS.lines() {
        let (zone, rest) = line.split_once(',').unwrap();
        let (at, offset) = rest.split_once(',').unwrap();
        zones.entry(zone).or_default().push((at.parse().unwrap(), offset.parse().unwrap()));
    }
    zones
}

fn clock(zone: &str) -> Clock {
    Clock::new(vec![ClockRule { until: None, zone: Zone::parse(zone).unwrap(), shift_ns: 0 }])
}

/// What a wall time is, by the transitions alone; the wall time in seconds as if of UTC.
fn expected(spans: &[(i64, i64)], wall: i64) -> Local {
    let until = spans.iter().skip(1).map(|(at, _)| *at).chain([i64::MAX]);
    let shown = spans.iter().zip(until).filter_map(|((from, offset), until)| {
        let at = wall - offset;
        (*from <= at && at < until).then_some(at)
    });
    let found: Vec<i64> = shown.collect();
    let instant = |at: i64| UtcNanos::from_nanos(at * SECOND);
    match found.as_slice() {
        [] => Local::Gap,
        [one] => Local::At(instant(*one)),
        [earlier, ..] => Local::Earlier(instant(*earlier)),
    }
}

/// The instants that a clock finds for wall times, in seconds as if of UTC.
fn at(clock: &mut Clock, wall: i64) -> Local {
    let day = wall.div_euclid(86_400);
    let date = UtcNanos::from_nanos(day * 86_400 * SECOND).date();
    clock.utc(LocalDate::parse(date.as_bytes()).unwrap(), wall.rem_euclid(86_400) * SECOND)
}

/// 1990-01-03 and 2037-12-30, which leaves room for every zone's offset within the limits of a clock.
const FROM: i64 = 631_324_800;
const TO: i64 = 2_145_744_000;

#[test]
fn every_hour_of_1990_to_2037_is_the_instant_that_zoneinfo_says() {
    for (zone, spans) in transitions() {
        let mut clock = clock(zone);
        let mut date = LocalDate::new(1990, 1, 3).unwrap();
        // Only the spans around a wall time can show it: those before are passed over, for speed.
        let mut first = 0;
        for midnight in (FROM..TO).step_by(86_400) {
            while spans.get(first + 2).is_some_and(|(at, _)| at + 86_400 < midnight) {
                first += 1;
            }
            for hour in 0..24 {
                let found = clock.utc(date, hour * 3_600 * SECOND);
                let wall = midnight + hour * 3_600;
                assert_eq!(found, expected(&spans[first..], wall), "{zone} {date} {hour}");
            }
            date = date.next();
        }
        assert_eq!(date.to_string(), "2037-12-30", "every day was asked for");
    }
}

#[test]
fn every_second_quarter_of_an_hour_around_a_transition_is_right_too() {
    for (zone, spans) in transitions() {
        let mut clock = clock(zone);
        let (mut gaps, mut folds) = (0, 0);
        for (change, offset) in spans.iter().skip(1) {
            for quarter in -16..16 {
                for second in [0, 1, 899] {
                    let wall = change + offset + quarter * 900 + second;
                    let found = at(&mut clock, wall);
                    assert_eq!(found, expected(&spans, wall), "{zone} {wall}");
                    gaps += usize::from(found == Local::Gap);
                    folds += usize::from(matches!(found, Local::Earlier(_)));
                }
            }
        }
        // Four quarters of each skipped and of each repeated hour, three seconds each.
        let forward = spans.windows(2).filter(|pair| pair[0].1 < pair[1].1).count();
        let backward = spans.windows(2).filter(|pair| pair[0].1 > pair[1].1).count();
        assert_eq!((gaps, folds), (forward * 12, backward * 12), "{zone}");
    }
}

#[test]
fn a_changed_transition_would_be_noticed() {
    // Sabotage: New York's last change to summer time, an hour late.
    let mut spans = transitions().remove("America/New_York").unwrap();
    let last_forward = spans.windows(2).rposition(|pair| pair[0].1 < pair[1].1).unwrap() + 1;
    spans[last_forward].0 += 3_600;
    let wall = spans[last_forward].0 + spans[last_forward].1 - 3_600;
    assert_ne!(at(&mut clock("America/New_York"), wall), expected(&spans, wall));
}

#[test]
fn a_fixed_offset_has_neither_gap_nor_fold() {
    for name in ["-05:00", "UTC-05"] {
        let mut clock = clock(name);
        for wall in (FROM..TO).step_by(86_400 * 7 + 3_600) {
            let expected = Local::At(UtcNanos::from_nanos((wall + 5 * 3_600) * SECOND));
            assert_eq!(at(&mut clock, wall), expected, "{name} {wall}");
        }
    }
}

#[test]
fn the_version_of_the_zone_database_is_known() {
    let version = feeds::tzdb_version();
    assert!(version.starts_with("20") && version.len() >= 5, "{version}");
}
