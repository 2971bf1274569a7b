//! Equity ticks by hand: deci-cents, one side a line, marks, and days on which something changes.

use crate::support::{Imported, import, text, zip};
use contract::arrow_array::Array as _;
use contract::{Aggressor, Flags, Quotes, TradeAction, Trades, UtcNanos};
use feeds::Spec;
use std::fmt::Write as _;

fn quotes(text: &str) -> Imported {
    let bytes = zip(&[("20131007_spy_Quote_Tick.csv", text.as_bytes())]);
    import(Spec::LEAN, &[("equity/usa/tick/spy/20131007_quote.zip", &bytes)])
}

fn trades(date: &str, text: &str) -> Imported {
    let bytes = zip(&[(&format!("{date}_aapl_Trade_Tick.csv"), text.as_bytes())]);
    import(Spec::LEAN, &[(&format!("equity/usa/tick/aapl/{date}_trade.zip"), &bytes)])
}

fn t(text: &str) -> UtcNanos {
    UtcNanos::parse(text).unwrap()
}

/// Bid, ask, bid size, ask size, and the stamp in milliseconds of New York's day; prices in 1e-9.
type Row = (Option<i64>, Option<i64>, Option<f64>, Option<f64>, i64);

#[track_caller]
fn check_quotes(text: &str, expected: &[Row]) -> Imported {
    let imported = quotes(text);
    assert!(imported.error.is_none(), "{:?}", imported.error);
    let midnight = t("2013-10-07T04:00:00Z").nanos();
    let mut rows = Vec::new();
    for batch in imported.quotes() {
        for row in 0..batch.len() {
            rows.push((
                batch.cell(&Quotes::BID_PX, row).unwrap().map(contract::Price::nanos),
                batch.cell(&Quotes::ASK_PX, row).unwrap().map(contract::Price::nanos),
                batch.cell(&Quotes::BID_SIZE, row).unwrap(),
                batch.cell(&Quotes::ASK_SIZE, row).unwrap(),
                (batch.ts_event().value(row) - midnight) / 1_000_000,
            ));
        }
    }
    assert_eq!(rows, expected, "{text}");
    let report = &imported.report;
    let kept = u64::try_from(rows.len() + imported.rejects.len()).unwrap();
    assert_eq!(report.lines, kept + report.merged_lines, "every line is counted once");
    imported
}

#[test]
fn a_bid_line_and_the_ask_line_of_its_stamp_are_one_quote() {
    let imported = check_quotes(
        "14400031,1680300,2,0,0,P,0,0\n14400031,0,0,1680600,4,P,0,0\n",
        &[(Some(168_030_000_000), Some(168_060_000_000), Some(2.0), Some(4.0), 14_400_031)],
    );
    assert_eq!(imported.report.merged_lines, 1);
    let quotes = &imported.quotes()[0];
    assert_eq!(quotes.cell(&Quotes::BID_VENUE, 0).unwrap(), Some("P"));
    assert_eq!(quotes.cell(&Quotes::FLAGS, 0).unwrap(), Flags::BACKFILL.with(Flags::LAST).bits());
}

#[test]
fn a_lone_side_keeps_the_other_sides_last_value_and_null_before_the_first() {
    check_quotes(
        "1000,0,0,1680600,4,P,0,0\n\
         2000,1680300,2,0,0,Q,0,0\n\
         3000,1680400,3,0,0,Z,0,0\n\
         3001,0,0,1680500,5,Z,0,0\n",
        &[
            (None, Some(168_060_000_000), None, Some(4.0), 1000),
            (Some(168_030_000_000), Some(168_060_000_000), Some(2.0), Some(4.0), 2000),
            (Some(168_040_000_000), Some(168_060_000_000), Some(3.0), Some(4.0), 3000),
            (Some(168_040_000_000), Some(168_050_000_000), Some(3.0), Some(5.0), 3001),
        ],
    );
}

#[test]
fn an_ask_before_the_bid_of_its_stamp_is_no_pair() {
    check_quotes(
        "1000,0,0,1680600,4,P,0,0\n1000,1680300,2,0,0,P,0,0\n",
        &[
            (None, Some(168_060_000_000), None, Some(4.0), 1000),
            (Some(168_030_000_000), Some(168_060_000_000), Some(2.0), Some(4.0), 1000),
        ],
    );
}

#[test]
fn two_bids_of_a_stamp_are_two_rows_and_the_second_is_paired() {
    check_quotes(
        "1000,1680100,1,0,0,P,0,0\n1000,1680200,2,0,0,P,0,0\n1000,0,0,1680600,4,P,0,0\n",
        &[
            (Some(168_010_000_000), None, Some(1.0), None, 1000),
            (Some(168_020_000_000), Some(168_060_000_000), Some(2.0), Some(4.0), 1000),
        ],
    );
}

#[test]
fn a_last_lone_bid_is_not_lost_and_a_bad_line_does_not_part_a_pair() {
    let imported = check_quotes(
        "1000,1680100,1,0,0,P,0,0\n1000,what,0,0,0,P,0,0\n1000,0,0,1680600,4,P,0,0\n2000,1680200,2,0,0,P,0,0\n",
        &[
            (Some(168_010_000_000), Some(168_060_000_000), Some(1.0), Some(4.0), 1000),
            (Some(168_020_000_000), Some(168_060_000_000), Some(2.0), Some(4.0), 2000),
        ],
    );
    assert_eq!(imported.codes(), ["contract/malformed-value"]);
    assert_eq!(imported.rejects[0].position, 2);
}

#[test]
fn pairs_hold_across_the_edge_of_an_output() {
    let text = text(0..50, |text, i| {
        write!(text, "{i},1680100,1,0,0,P,0,0\n{i},0,0,{},4,P,0,0", 1_680_200 + i)
    });
    let bytes = zip(&[("20131007_spy_Quote_Tick.csv", text.as_bytes())]);
    let files: [(&str, &[u8]); 1] = [("equity/usa/tick/spy/20131007_quote.zip", &bytes)];
    let whole = import(Spec::LEAN, &files);
    let parts = import(&format!("{}\n[limits]\nbatch_rows = 3\n", Spec::LEAN), &files);
    let asks = |imported: &Imported| -> Vec<Option<contract::Price>> {
        let of = |q: &contract::Draft<Quotes>| -> Vec<Option<contract::Price>> {
            (0..q.len()).map(|row| q.cell(&Quotes::ASK_PX, row).unwrap()).collect()
        };
        imported.quotes().iter().flat_map(of).collect()
    };
    assert_eq!((asks(&whole).len(), asks(&parts)), (50, asks(&whole)));
}

#[test]
fn a_line_without_a_side_is_a_reject() {
    let imported = quotes("1000,0,0,0,0,P,0,0\n");
    assert_eq!((imported.codes(), imported.len()), (vec!["feeds/no-side"], 0));
}

#[test]
fn suspicious_is_the_vendors_word_and_only_marks_a_row() {
    let imported = trades(
        "20131007",
        "14400000,4869000,100,P,0,0\n14400000,9999900,1,P,0,1\n14400001,4869000,5,P,0,2\n",
    );
    let trades = &imported.trades()[0];
    let marked = |row| {
        Flags::from_bits(trades.cell(&Trades::FLAGS, row).unwrap()).has(Flags::VENDOR_SUSPECT)
    };
    assert_eq!((marked(0), marked(1)), (false, true));
    assert_eq!(imported.codes(), ["contract/malformed-value"]);
    assert_eq!(imported.rejects[0].column.as_deref(), Some("flags"));
    assert_eq!(imported.report.flags.get("VENDOR_SUSPECT"), Some(&1));
    let pair = quotes("1,1680300,2,0,0,P,0,0\n1,0,0,1680600,4,P,0,1\n");
    assert!(
        Flags::from_bits(pair.quotes()[0].cell(&Quotes::FLAGS, 0).unwrap())
            .has(Flags::VENDOR_SUSPECT)
    );
}

#[test]
fn a_trade_keeps_its_condition_bits_and_does_not_guess_an_aggressor() {
    let imported =
        trades("20131007", "34200000,4869050,100,T,80000001,0\n34200000.5,4869000,7,,,0\n");
    let trades = &imported.trades()[0];
    assert_eq!(trades.col(&Trades::PX).values(), &[486_905_000_000, 486_900_000_000]);
    assert_eq!(trades.cell(&Trades::SALE_COND, 0).unwrap(), Some(0x8000_0001));
    assert_eq!(trades.cell(&Trades::SALE_COND, 1).unwrap(), None);
    assert_eq!(trades.cell(&Trades::VENUE, 0).unwrap(), Some("T"));
    assert_eq!(trades.cell(&Trades::VENUE, 1).unwrap(), None);
    assert_eq!(trades.cell(&Trades::AGGRESSOR, 0).unwrap(), Aggressor::Unknown);
    assert_eq!(trades.cell(&Trades::ACTION, 0).unwrap(), TradeAction::Trade);
    assert_eq!(trades.cell(&Trades::TS_EVENT, 1).unwrap(), Some(t("2013-10-07T13:30:00.0005Z")));
    assert_eq!(trades.col(&Trades::TRADE_ID).null_count(), 2);
}

#[test]
fn sizes_and_conditions_that_cannot_be_are_rejects() {
    let imported = trades(
        "20131007",
        "1,4869050,0,T,0,0\n2,4869050,-4,T,0,0\n3,4869050,1,T,xyz,0\n4,4869050,1,T,0\n5,0.00000001,1,T,0,0\n",
    );
    let found: Vec<(&str, Option<&str>)> =
        imported.rejects.iter().map(|r| (r.code.as_str(), r.column.as_deref())).collect();
    let expected = [
        ("contract/out-of-range", Some("size")),
        ("contract/negative-size", Some("size")),
        ("contract/malformed-value", Some("sale_cond")),
        ("feeds/field-count", None),
        ("contract/precision", Some("px")),
    ];
    assert_eq!((found.as_slice(), imported.len()), (&expected[..], 0));
}

#[test]
fn prices_around_a_split_are_as_traded() {
    // AAPL split 7:1 before the open of 2014-06-09: 645.57 on Friday, 92.70 on Monday.
    let price = |date: &str, text: &str| trades(date, text).trades()[0].col(&Trades::PX).value(0);
    assert_eq!(price("20140606", "57600000,6455700,100,T,0,0\n"), 645_570_000_000);
    assert_eq!(price("20140609", "34200000,927000,100,T,0,0\n"), 92_700_000_000);
}

#[test]
fn the_open_of_new_york_moves_in_utc_with_daylight_saving() {
    // Clocks went forward on 2014-03-09 and back on 2014-11-02.
    for (date, open) in [
        ("20140307", "2014-03-07T14:30:00Z"),
        ("20140310", "2014-03-10T13:30:00Z"),
        ("20141031", "2014-10-31T13:30:00Z"),
        ("20141103", "2014-11-03T14:30:00Z"),
    ] {
        let imported = trades(date, "34200000,1000000,100,T,0,0\n");
        assert_eq!(
            imported.trades()[0].cell(&Trades::TS_EVENT, 0).unwrap(),
            Some(t(open)),
            "{date}"
        );
    }
    // Within the day itself: 02:30 is skipped in spring, 01:30 is repeated in autumn.
    let spring = trades("20140309", "9000000,1000000,100,T,0,0\n10800000,1000000,100,T,0,0\n");
    assert_eq!((spring.codes(), spring.len()), (vec!["feeds/nonexistent-local-time"], 1));
    assert_eq!(spring.rejects[0].observed.as_deref(), Some("9000000,1000000,100,T,0,0"));
    let autumn = trades("20141102", "5400000,1000000,100,T,0,0\n");
    let trade = &autumn.trades()[0];
    assert_eq!(trade.cell(&Trades::TS_EVENT, 0).unwrap(), Some(t("2014-11-02T05:30:00Z")));
    assert!(Flags::from_bits(trade.cell(&Trades::FLAGS, 0).unwrap()).has(Flags::CLOCK_SUSPECT));
}
