//! Calendars, map files and factor files: what becomes of reference data.

use crate::support::{data, import, zip};
use contract::{
    AdjustmentKind, Adjustments, Amount, Bars, Draft, InstrumentId, SessionPhase, Sessions,
    Symbols, UtcNanos,
};
use feeds::{Lean, LocalDate, MarketHours, SessionCloses, Spec};
use std::path::Path;

fn t(text: &str) -> UtcNanos {
    UtcNanos::parse(text).unwrap()
}

fn day(text: &str) -> LocalDate {
    LocalDate::parse(text.as_bytes()).unwrap()
}

/// Phase, start and end of each row.
fn phases(sessions: &Draft<Sessions>) -> Vec<(SessionPhase, UtcNanos, UtcNanos)> {
    let row = |row| {
        (
            sessions.cell(&Sessions::PHASE, row).unwrap(),
            sessions.cell(&Sessions::TS_START, row).unwrap(),
            sessions.cell(&Sessions::TS_END, row).unwrap(),
        )
    };
    (0..sessions.len()).map(row).collect()
}

/// Chicago's hours for all indices, New York's for one of them.
const HOURS: &str = r#"{"entries": {
    "Index-usa-[*]": {
        "dataTimeZone": "America/Chicago", "exchangeTimeZone": "America/Chicago",
        "monday": [{"start": "08:30:00", "end": "15:15:00", "state": "market"}],
        "tuesday": [{"start": "08:30:00", "end": "15:15:00", "state": "market"}],
        "holidays": ["7/4/2023"], "earlyCloses": {"7/3/2023": "12:00:00"},
        "lateOpens": {"7/10/2023": "10:00:00"}
    },
    "Index-usa-NDX": {
        "dataTimeZone": "America/Chicago", "exchangeTimeZone": "America/New_York",
        "monday": [
            {"start": "04:00:00", "end": "09:30:00", "state": "premarket"},
            {"start": "09:30:00", "end": "16:00:00", "state": "market"},
            {"start": "16:00:00", "end": "1.00:00:00", "state": "postmarket"}
        ],
        "holidays": [], "earlyCloses": {}
    },
    "Index-usa-VIX": {
        "dataTimeZone": "America/Chicago", "exchangeTimeZone": "America/Chicago",
        "monday": [{"start": "08:30:00", "end": "15:00:00", "state": "market"}],
        "holidays": ["7/10/2023"]
    }
}}"#;

#[track_caller]
fn check_day(instrument: &str, date: &str, expected: &[(SessionPhase, &str, &str)]) {
    let hours = MarketHours::parse("hours.json", HOURS.as_bytes()).unwrap();
    let date = day(date);
    let sessions =
        hours.sessions(instrument, date, date.next(), t("2023-01-01T00:00:00Z")).unwrap();
    let expected: Vec<_> =
        expected.iter().map(|(phase, start, end)| (*phase, t(start), t(end))).collect();
    assert_eq!(phases(&sessions), expected, "{instrument} {date}");
}

#[test]
fn holidays_early_closes_and_late_opens_shape_a_day() {
    let regular = SessionPhase::Regular;
    check_day(
        "index/usa/spx",
        "20230626",
        &[(regular, "2023-06-26T13:30:00Z", "2023-06-26T20:15:00Z")],
    );
    check_day(
        "index/usa/spx",
        "20230703",
        &[(regular, "2023-07-03T13:30:00Z", "2023-07-03T17:00:00Z")],
    );
    check_day(
        "index/usa/spx",
        "20230710",
        &[(regular, "2023-07-10T15:00:00Z", "2023-07-10T20:15:00Z")],
    );
    let closed = SessionPhase::Closed;
    check_day(
        "index/usa/spx",
        "20230704",
        &[(closed, "2023-07-04T05:00:00Z", "2023-07-05T05:00:00Z")],
    );
    check_day(
        "index/usa/spx",
        "20230708",
        &[(closed, "2023-07-08T05:00:00Z", "2023-07-09T05:00:00Z")],
    );
}

#[test]
fn an_exact_entry_beats_the_markets_and_takes_its_days_off_only_where_it_states_none() {
    // NDX states no days: New York's hours, and noon of Chicago is one o'clock there.
    check_day(
        "index/usa/ndx",
        "20230703",
        &[
            (SessionPhase::Pre, "2023-07-03T08:00:00Z", "2023-07-03T13:30:00Z"),
            (SessionPhase::Regular, "2023-07-03T13:30:00Z", "2023-07-03T17:00:00Z"),
        ],
    );
    // VIX states days of its own: the market's short Monday is not its.
    let regular = SessionPhase::Regular;
    check_day(
        "index/usa/vix",
        "20230703",
        &[(regular, "2023-07-03T13:30:00Z", "2023-07-03T20:00:00Z")],
    );
    let closed = SessionPhase::Closed;
    check_day(
        "index/usa/vix",
        "20230710",
        &[(closed, "2023-07-10T05:00:00Z", "2023-07-11T05:00:00Z")],
    );
}

#[test]
fn a_day_off_that_cannot_be_read_is_an_error_that_names_the_market() {
    for (from, to, expected) in [
        ("7/4/2023", "4 July", "Index-usa-[*]: expected a date `M/D/YYYY`, found `4 July`"),
        ("12:00:00", "noon", "Index-usa-[*]: expected a time `HH:MM:SS`, found `noon`"),
        ("\"market\"", "\"lunch\"", "found `lunch`"),
        ("America/Chicago", "Mars/Base", "found `Mars/Base`"),
        ("{\"entries\"", "{\"entry\"", "missing field `entries`"),
    ] {
        let text = HOURS.replacen(from, to, 1);
        let text = if from == "\"market\"" { HOURS.replace(from, to) } else { text };
        let error = MarketHours::parse("hours.json", text.as_bytes()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().starts_with("hours.json: "), "{error}");
    }
}

#[test]
fn a_daily_bar_ends_at_the_close_of_its_session() {
    let hours = MarketHours::parse("hours.json", HOURS.as_bytes()).unwrap();
    let (from, to) = (day("20230626"), day("20230711"));
    let sessions = hours.sessions("index/usa/spx", from, to, t("2023-01-01T00:00:00Z")).unwrap();
    let bytes = zip(&[(
        "spx.csv",
        b"20230626 00:00,1,1,1,1,5\n20230703 00:00,1,1,1,1,5\n20230901 00:00,1,1,1,1,5\n",
    )]);
    let mut lean = Lean::new(Spec::parse(Spec::LEAN).unwrap())
        .with_sessions(SessionCloses::from_sessions(&sessions));
    let mut closes = Vec::new();
    lean.push("index/usa/daily/spx.zip", &mut &bytes[..], &mut |out| {
        for batch in out.rows {
            let bars = Draft::<Bars>::try_from_any(batch).unwrap();
            closes.extend((0..bars.len()).map(|row| bars.cell(&Bars::TS_CLOSE, row).unwrap()));
        }
    })
    .unwrap();
    // A day without a session in the table ends at the next local midnight.
    let expected = ["2023-06-26T20:15:00Z", "2023-07-03T17:00:00Z", "2023-09-02T05:00:00Z"];
    assert_eq!(closes, expected.map(t));
}

fn real_hours(root: &Path) -> MarketHours {
    let path = root.join("lean-multi-asset-bars/market-hours/market-hours-database.json");
    MarketHours::parse("market-hours-database.json", &std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn three_decades_of_us_equities_have_their_holidays_and_half_days() {
    let Some(root) = data() else { return };
    let hours = real_hours(&root);
    assert_eq!(hours.len(), 549);
    let (from, to) = (day("19980101"), day("20290101"));
    let sessions = hours.sessions("equity/usa/spy", from, to, t("1998-01-01T00:00:00Z")).unwrap();
    let (mut off, mut half, mut first, mut last) = (0, 0, None, None);
    for row in 0..sessions.len() {
        let date = sessions.cell(&Sessions::LOCAL_DATE, row).unwrap().to_owned();
        let start = sessions.cell(&Sessions::TS_START, row).unwrap().nanos();
        // New York's midnight and open are on the same UTC date; 1970-01-01 was a Thursday.
        let weekday = (start.div_euclid(86_400_000_000_000) + 3).rem_euclid(7);
        match sessions.cell(&Sessions::PHASE, row).unwrap() {
            SessionPhase::Closed if weekday < 5 => {
                off += 1;
                first = first.or(Some(date.clone()));
                last = Some(date);
            }
            SessionPhase::Regular if sessions.cell(&Sessions::IS_HALF_DAY, row).unwrap() => {
                half += 1;
            }
            _ => {}
        }
    }
    // Of 293 holidays two are Saturdays (2011-01-01, 2022-01-01); of 65 early closes one is a Sunday (2017-12-24).
    assert_eq!((off, half), (293 - 2, 65 - 1));
    assert_eq!((first.as_deref(), last.as_deref()), (Some("1998-01-01"), Some("2028-12-25")));
}

#[test]
fn the_real_half_day_ends_where_its_bars_end() {
    let Some(root) = data() else { return };
    let hours = real_hours(&root);
    let date = day("20230703");
    let sessions =
        hours.sessions("index/usa/spx", date, date.next(), t("2023-01-01T00:00:00Z")).unwrap();
    let path = "index/usa/minute/spx/20230703_trade.zip";
    let bytes = std::fs::read(root.join("lean-multi-asset-bars").join(path)).unwrap();
    let imported = import(Spec::LEAN, &[(path, &bytes)]);
    let bars = &imported.bars()[0];
    let last = bars.cell(&Bars::TS_CLOSE, bars.len() - 1).unwrap();
    assert_eq!((bars.len(), sessions.cell(&Sessions::TS_END, 0).unwrap()), (210, last));
}

const MAP: &str = "20040819,goocv,Q\n20140402,goocv,Q\n20501231,GOOG,Q\n";

#[test]
fn a_map_file_says_which_symbol_meant_the_instrument_when() {
    let imported = import(Spec::LEAN, &[("equity/usa/map_files/goog.csv", MAP.as_bytes())]);
    assert!(imported.error.is_none() && imported.rejects.is_empty());
    let symbols = Draft::<Symbols>::try_from_any(imported.rows[0].clone()).unwrap();
    let row = |row| {
        (
            symbols.cell(&Symbols::VENDOR_SYMBOL, row).unwrap().to_owned(),
            symbols.cell(&Symbols::VALID_FROM, row).unwrap(),
            symbols.cell(&Symbols::VALID_TO, row).unwrap(),
        )
    };
    let renamed = t("2014-04-03T04:00:00Z");
    assert_eq!(row(0), ("goocv".to_owned(), t("2004-08-19T04:00:00Z"), Some(renamed)));
    assert_eq!(row(1), ("goog".to_owned(), renamed, None));
    let spec = Spec::parse(Spec::LEAN).unwrap();
    let goog = spec.instrument("equity/usa/goog");
    assert_eq!(symbols.cell(&Symbols::INSTRUMENT_ID, 1).ok(), goog);
    assert_ne!(goog, Some(InstrumentId::new(0)));
    assert_eq!((symbols.len(), imported.report.lines, imported.report.merged_lines), (2, 3, 1));
}

#[test]
fn a_symbol_that_comes_back_is_a_revision() {
    let text = "20100104,a\n20110103,a\n20120103,b\n20501231,a\n";
    let imported = import(Spec::LEAN, &[("equity/usa/map_files/a.csv", text.as_bytes())]);
    assert!(imported.error.is_none(), "{:?}", imported.error);
    let symbols = Draft::<Symbols>::try_from_any(imported.rows[0].clone()).unwrap();
    assert_eq!(symbols.col(&Symbols::REVISION).values(), &[0, 0, 1]);
}

#[test]
fn bad_lines_of_a_map_file_are_rejects() {
    let text =
        "20040819,goocv\n20140402\nyesterday,goocv\n20010101,goocv\n20140402,\n20501231,goog\n";
    let imported = import(Spec::LEAN, &[("equity/usa/map_files/goog.csv", text.as_bytes())]);
    let expected = [
        "feeds/field-count",
        "contract/malformed-value",
        "contract/out-of-range",
        "contract/malformed-value",
    ];
    assert_eq!((imported.codes().as_slice(), imported.len()), (&expected[..], 1));
    assert_eq!(imported.rejects[3].position, 5);
}

/// What an adjustments row says: kind, when, numerator, denominator, amount.
type Adjustment = (AdjustmentKind, UtcNanos, Option<i64>, Option<i64>, Option<Amount>);

#[test]
fn a_factor_file_gives_splits_as_ratios_and_dividends_as_amounts() {
    // By hand: a dividend of 0.50 at a close of 100.00 (1 - 0.5 / 100 = 0.995); before it a 7:1 split at once with a
    // dividend of 3.29 at 645.57 (0.995 * (1 - 3.29 / 645.57) = 0.9899292); before that a 1:10 reverse split.
    let text = "20100104,0.9899292,1.42857,0\n20120601,0.9899292,1.42857,50\n20140606,0.9899292,0.142857,645.57\n\
                20150807,0.995,1,100\n20501231,1,1,0\n";
    let imported = import(Spec::LEAN, &[("equity/usa/factor_files/aapl.csv", text.as_bytes())]);
    assert_eq!((imported.error.is_none(), imported.codes().len()), (true, 0));
    let rows = Draft::<Adjustments>::try_from_any(imported.rows[0].clone()).unwrap();
    let found: Vec<Adjustment> = (0..rows.len())
        .map(|row| {
            (
                rows.cell(&Adjustments::KIND, row).unwrap(),
                rows.cell(&Adjustments::TS_EFFECTIVE, row).unwrap(),
                rows.cell(&Adjustments::NUM, row).unwrap(),
                rows.cell(&Adjustments::DEN, row).unwrap(),
                rows.cell(&Adjustments::AMOUNT, row).unwrap(),
            )
        })
        .collect();
    let (split, dividend) = (AdjustmentKind::Split, AdjustmentKind::CashDividend);
    let amount = |text| Some(Amount::parse(text).unwrap());
    let expected: [Adjustment; 4] = [
        (split, t("2012-06-02T04:00:00Z"), Some(1), Some(10), None),
        (split, t("2014-06-07T04:00:00Z"), Some(7), Some(1), None),
        (dividend, t("2014-06-07T04:00:00Z"), None, None, amount("3.29")),
        (dividend, t("2015-08-08T04:00:00Z"), None, None, amount("0.5")),
    ];
    assert_eq!(found, expected);
    for row in 0..rows.len() {
        let known = rows.cell(&Adjustments::TS_AVAIL, row).unwrap();
        assert_eq!(known, rows.cell(&Adjustments::TS_EFFECTIVE, row).unwrap());
    }
}

#[test]
fn factors_that_no_split_or_dividend_gives_are_rejects() {
    let text = "20100104,1,0.0123456,10\n20110104,1,1,10\n20120104,0.9,1,10\n20130104,0,1,10\n20140104,0.95,1,10\n";
    let imported = import(Spec::LEAN, &[("equity/usa/factor_files/x.csv", text.as_bytes())]);
    let expected = ["feeds/split-ratio", "contract/out-of-range", "contract/out-of-range"];
    assert_eq!((imported.codes().as_slice(), imported.len()), (&expected[..], 1));
}
