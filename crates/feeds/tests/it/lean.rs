//! Lean's files, line by line: what each becomes, and how each bad one is refused.

use crate::support::{Imported, import, text, zip};
use contract::arrow_array::Array as _;
use contract::{Bars, Diagnostic, Fault, Flags, PriceType, Quotes, UtcNanos};
use feeds::{FeedError, Spec};
use std::fmt::Write as _;

const TICKS: &str = "forex/fxcm/tick/eurusd/20140501_quote.zip";
const TICK_MEMBER: &str = "20140501_eurusd_tick_quote.csv";

fn ticks(text: &[u8]) -> Imported {
    import(Spec::LEAN, &[(TICKS, &zip(&[(TICK_MEMBER, text)]))])
}

/// Imports one file of one member.
fn one(path: &str, member: &str, text: &str) -> Imported {
    import(Spec::LEAN, &[(path, &zip(&[(member, text.as_bytes())]))])
}

fn t(text: &str) -> UtcNanos {
    UtcNanos::parse(text).unwrap()
}

#[test]
fn a_tick_is_a_quote_that_its_source_delays() {
    let imported = ticks(b"1787,1.38727,1.38729\r\n1813,1.3873,1.38729\n");
    assert!(imported.error.is_none() && imported.rejects.is_empty());
    let quotes = &imported.quotes()[0];
    assert_eq!(quotes.col(&Quotes::BID_PX).values(), &[1_387_270_000, 1_387_300_000]); // crossed: kept
    assert_eq!(quotes.col(&Quotes::ASK_PX).values(), &[1_387_290_000, 1_387_290_000]);
    assert_eq!(quotes.cell(&Quotes::TS_EVENT, 0).unwrap(), Some(t("2014-05-01T05:00:01.787Z")));
    assert_eq!(quotes.cell(&Quotes::TS_AVAIL, 0).unwrap(), t("2014-05-01T05:00:02.787Z"));
    assert_eq!(quotes.ts_recv().null_count(), 2);
    assert_eq!(quotes.col(&Quotes::CLOCK_OFFSET_NS).values(), &[0, 0]);
    assert_eq!(quotes.cell(&Quotes::FLAGS, 1).unwrap(), Flags::BACKFILL.with(Flags::LAST).bits());
    assert_eq!(imported.report.lines, 2);
    assert_eq!(imported.report.rows, [("quotes".to_owned(), 2)].into());
    let (rule, used) = imported.report.clock_rules.first_key_value().unwrap();
    assert_eq!((rule.as_str(), *used), ("forex/fxcm: -05:00", 2));
    assert_eq!(imported.report.tzdb, feeds::tzdb_version());
}

#[test]
fn a_bad_line_is_one_reject_that_names_file_line_column_expected_and_found() {
    let input = format!("{TICKS}!{TICK_MEMBER}");
    for (line, code, column, expected, found) in [
        ("2000,1.3", "feeds/field-count", None, "3 or 5 fields, found 2 in this line", "2000,1.3"),
        ("20", "feeds/field-count", None, "3 or 5 fields, found 1 in this line", "20"),
        (
            "1,2,3,4,5,6",
            "feeds/field-count",
            None,
            "3 or 5 fields, found 6 in this line",
            "1,2,3,4,5,6",
        ),
        ("2000,1.3x,1.4", "contract/malformed-value", Some("bid_px"), "a decimal price", "1.3x"),
        ("2000,,1.4", "contract/malformed-value", Some("bid_px"), "a decimal price", ""),
        ("2000,1.3,NaN", "contract/malformed-value", Some("ask_px"), "a decimal price", "NaN"),
        (
            "2000,1.3,1.38729000001",
            "contract/precision",
            Some("ask_px"),
            "at most 9 decimals",
            "1.38729000001",
        ),
        (
            "2000,9223372037,1.4",
            "contract/overflow",
            Some("bid_px"),
            "a price below 9,223,372,036",
            "9223372037",
        ),
        (
            "86400000,1.3,1.4",
            "contract/malformed-value",
            Some("ts_event"),
            "milliseconds since midnight, below 86,400,000",
            "86400000",
        ),
        (
            "-1,1.3,1.4",
            "contract/malformed-value",
            Some("ts_event"),
            "milliseconds since midnight, below 86,400,000",
            "-1",
        ),
        (
            "2000,1.3,-5,1.4,0",
            "contract/negative-size",
            Some("bid_size"),
            "a size of at least 0",
            "-5",
        ),
        ("2000,1.3,1,1.4,1e999", "contract/not-finite", Some("ask_size"), "a finite size", "1e999"),
    ] {
        let text = format!("1000,1.1,1.2\n{line}\n3000,1.1,1.2\n");
        let imported = ticks(text.as_bytes());
        assert!(imported.error.is_none(), "{line}");
        assert_eq!((imported.len(), imported.rejects.len()), (2, 1), "{line}");
        let reject = &imported.rejects[0];
        assert_eq!((reject.code.as_str(), reject.position), (code, 2), "{line}");
        assert_eq!((reject.stage.as_str(), reject.table.as_str()), ("feeds", "quotes"));
        assert_eq!(reject.input, input);
        assert_eq!(reject.column.as_deref(), column, "{line}");
        assert_eq!(reject.expected.as_deref(), Some(expected), "{line}");
        let whole = if found.is_empty() { line } else { found };
        assert_eq!(reject.observed.as_deref(), Some(whole), "{line}");
        assert_eq!(reject.payload.as_deref(), Some(line.as_bytes()), "{line}");
        assert_eq!(imported.report.lines, 3);
        assert_eq!(imported.report.rejects, [(code.to_owned(), 1)].into());
    }
}

#[test]
fn text_that_is_not_utf8_is_a_reject() {
    let imported = ticks(b"1000,1.1,1.2\n2000,1.\xff,1.2\n\xfe\xff\x00\n");
    assert_eq!(imported.codes(), ["contract/malformed-value", "feeds/field-count"]);
    assert_eq!(imported.rejects[0].payload.as_deref(), Some(&b"2000,1.\xff,1.2"[..]));
    assert_eq!(imported.len(), 1);
}

#[test]
fn half_a_last_line_is_a_reject_and_a_whole_one_needs_no_end() {
    assert_eq!(ticks(b"1000,1.1,1.2\n2000,1.1").codes(), ["feeds/field-count"]);
    assert_eq!(ticks(b"1000,1.1,1.2\n2000,1.1,1.2").len(), 2);
}

#[test]
fn a_line_of_two_megabytes_is_one_reject_and_the_next_line_is_read() {
    let mut text = vec![b'1'; 2 << 20];
    text.extend_from_slice(b"\n1000,1.1,1.2\n");
    let imported = ticks(&text);
    assert_eq!((imported.codes(), imported.len()), (vec!["contract/line-too-long"], 1));
    let kept = imported.rejects[0].payload.as_ref().map_or(0, Vec::len);
    assert_eq!(kept, contract::Reject::MAX_PAYLOAD);
}

#[test]
fn a_line_ends_of_either_kind_and_empty_lines_do_not_count() {
    let imported = ticks(b"\r\n1000,1.1,1.2\r\n\n2000,1.1,1.2\n\n");
    assert_eq!((imported.len(), imported.report.lines, imported.rejects.len()), (2, 2, 0));
}

#[track_caller]
fn refused(imported: &Imported, code: &str, text: &str) {
    let error = imported.error.as_ref().unwrap();
    assert_eq!((error.code(), error.fault()), (code, error.fault()));
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn what_is_no_zip_is_a_typed_error() {
    let import_bytes = |bytes: &[u8]| import(Spec::LEAN, &[(TICKS, bytes)]);
    let empty = import_bytes(b"");
    refused(&empty, "feeds/empty-input", TICKS);
    assert_eq!(empty.error.map(|e| e.fault()), Some(Fault::Incomplete));
    refused(&import_bytes(b"1000,1.1,1.2\n"), "feeds/corrupt-input", "expected a zip");
    let whole = zip(&[(TICK_MEMBER, &b"1000,1.1,1.2\n".repeat(1000)[..])]);
    for cut in [1, whole.len() / 2, whole.len() - 1] {
        let imported = import_bytes(&whole[..cut]);
        assert!(imported.error.is_some(), "cut at {cut}");
    }
}

#[test]
fn an_empty_member_has_no_rows_and_a_zip_without_members_is_incomplete() {
    let imported = ticks(b"");
    assert_eq!((imported.len(), imported.report.lines), (0, 0));
    assert!(imported.error.is_none());
    let imported = import(Spec::LEAN, &[(TICKS, &zip(&[]))]);
    refused(&imported, "feeds/empty-input", TICKS);
}

#[test]
fn a_path_that_says_nothing_is_an_error() {
    let bytes = zip(&[(TICK_MEMBER, b"1000,1.1,1.2\n")]);
    for path in ["20140501_quote.zip", "forex/fxcm/tick/eurusd/quote.zip", "notes.txt"] {
        refused(&import(Spec::LEAN, &[(path, &bytes)]), "feeds/unrecognised-path", path);
    }
    let imported = import(Spec::LEAN, &[("forex/fxcn/tick/eurusd/20140501_quote.zip", &bytes)]);
    refused(&imported, "feeds/unknown-source", "found `forex/fxcn` (is it `forex/fxcm`");
}

#[test]
fn a_naive_stamp_without_a_rule_is_an_error_and_not_utc() {
    let bytes = zip(&[(TICK_MEMBER, b"1000,1.1,1.2\n")]);
    let spec = |more: &str| format!("format = \"lean\"\n{more}\n[source.\"forex/fxcm\"]\nid = 1\n");
    let derived = spec("instruments = \"derived\"");
    let clock = "clock = [{ zone = \"-05:00\" }]\n";
    let without_clock = import(&format!("{derived}delay = \"1s\"\n"), &[(TICKS, &bytes)]);
    refused(&without_clock, "feeds/missing-clock", "its stamps have no zone");
    let help = without_clock.error.and_then(|e| e.help()).unwrap();
    assert!(help.contains("[source.\"forex/fxcm\"]"), "{help}");
    let without_delay = import(&format!("{derived}{clock}"), &[(TICKS, &bytes)]);
    refused(&without_delay, "feeds/missing-delay", "no receive stamp");
    let unlisted = import(&format!("{}{clock}delay = \"1s\"\n", spec("")), &[(TICKS, &bytes)]);
    refused(&unlisted, "feeds/unknown-instrument", "found `forex/fxcm/eurusd`");
}

#[test]
fn a_zip_that_inflates_beyond_the_limit_is_refused_with_the_rows_before_it_kept() {
    let text = b"1000,1.1,1.2\n".repeat(100_000);
    let bytes = zip(&[(TICK_MEMBER, &text)]);
    assert!(bytes.len() < 10_000, "a bomb: {} bytes", bytes.len());
    let spec =
        format!("{}\n[limits]\nmax_inflated_bytes = 130_000\nbatch_rows = 1000\n", Spec::LEAN);
    let imported = import(&spec, &[(TICKS, &bytes)]);
    refused(&imported, "feeds/too-large", "at most 130000 bytes inflated");
    assert_eq!(imported.len(), 10_000, "130,000 bytes of 13 a line");
    let spec = format!("{}\n[limits]\nmax_file_bytes = 100\n", Spec::LEAN);
    refused(&import(&spec, &[(TICKS, &bytes)]), "feeds/too-large", "at most 100 bytes stored");
}

#[test]
fn a_bomb_of_one_endless_line_and_one_in_a_misdated_member_stop_at_the_limit() {
    let spec = format!("{}\n[limits]\nmax_inflated_bytes = 5_000_000\n", Spec::LEAN);
    let line = vec![b'1'; 20 << 20];
    let endless = zip(&[(TICK_MEMBER, &line)]);
    refused(&import(&spec, &[(TICKS, &endless)]), "feeds/too-large", "inflated");
    let misdated = zip(&[("20140502_eurusd_tick_quote.csv", &line)]);
    refused(&import(&spec, &[(TICKS, &misdated)]), "feeds/too-large", "inflated");
}

#[test]
fn outputs_hold_at_most_the_rows_of_the_spec_and_together_all_of_them() {
    let text = text(0..1000, |text, ms| write!(text, "{ms},1.1,1.2"));
    let bytes = zip(&[(TICK_MEMBER, text.as_bytes())]);
    let whole = import(Spec::LEAN, &[(TICKS, &bytes)]);
    let spec = format!("{}\n[limits]\nbatch_rows = 7\n", Spec::LEAN);
    let parts = import(&spec, &[(TICKS, &bytes)]);
    assert!(parts.rows.iter().all(|batch| batch.len() <= 7));
    assert_eq!(parts.len(), 1000);
    assert!(parts.rows.len() >= 143, "{} outputs", parts.rows.len());
    let stamps = |imported: &Imported| -> Vec<i64> {
        imported.quotes().iter().flat_map(|q| q.ts_event().values().to_vec()).collect()
    };
    assert_eq!(stamps(&parts), stamps(&whole));
    assert_eq!(parts.report, whole.report);
}

#[test]
fn a_quote_bar_is_a_bid_row_and_an_ask_row_that_close_together() {
    let imported = one(
        "forex/oanda/minute/eurusd/20140501_quote.zip",
        "20140501_eurusd_minute_quote.csv",
        "60000,1.1,1.4,1.0,1.2,0,1.3,1.5,1.2,1.4,2.5\n",
    );
    let bars = &imported.bars()[0];
    assert_eq!((bars.len(), imported.report.lines), (2, 1));
    let kinds = [0, 1].map(|row| bars.cell(&Bars::PRICE_TYPE, row).unwrap());
    assert_eq!(kinds, [PriceType::Bid, PriceType::Ask]);
    assert_eq!(bars.col(&Bars::OPEN).values(), &[1_100_000_000, 1_300_000_000]);
    assert_eq!(bars.col(&Bars::HIGH).values(), &[1_400_000_000, 1_500_000_000]);
    assert_eq!(bars.col(&Bars::LOW).values(), &[1_000_000_000, 1_200_000_000]);
    assert_eq!(bars.col(&Bars::CLOSE).values(), &[1_200_000_000, 1_400_000_000]);
    assert_eq!(bars.cell(&Bars::CLOSE_SIZE, 0).unwrap(), None, "0 of FX is unknown");
    assert_eq!(bars.cell(&Bars::CLOSE_SIZE, 1).unwrap(), Some(2.5));
    assert_eq!(bars.cell(&Bars::TS_OPEN, 0).unwrap(), t("2014-05-01T00:01:00Z"));
    assert_eq!(bars.cell(&Bars::TS_CLOSE, 1).unwrap(), t("2014-05-01T00:02:00Z"));
    assert_eq!(bars.cell(&Bars::TS_AVAIL, 1).unwrap(), t("2014-05-01T00:02:01Z"));
    assert_eq!(bars.cell(&Bars::STEP_NS, 0).unwrap(), 60_000_000_000);
    assert_eq!(bars.cell(&Bars::FLAGS, 0).unwrap(), Flags::BACKFILL.bits());
    assert_eq!(bars.cell(&Bars::FLAGS, 1).unwrap(), Flags::BACKFILL.with(Flags::LAST).bits());
    assert!(bars.cell(&Bars::IS_FINAL, 0).unwrap());
}

#[test]
fn a_bar_whose_low_is_above_its_open_is_a_reject() {
    let imported = one(
        "index/usa/minute/spx/20210104_trade.zip",
        "20210104_spx_minute_trade.csv",
        "0,10,12,11,11,5\n60000,10,9,8,9,5\n120000,10,12,9,11,0\n",
    );
    assert_eq!(imported.codes(), ["contract/ohlc-order", "contract/ohlc-order"]);
    let columns: Vec<_> = imported.rejects.iter().map(|r| r.column.as_deref()).collect();
    assert_eq!(columns, [Some("low"), Some("high")]);
    assert_eq!(imported.len(), 1);
}

#[test]
fn volume_0_is_unknown_for_an_index_and_none_for_a_coin() {
    let index = one(
        "index/ose/minute/n225/20210114_trade.zip",
        "20210114_n225_minute_trade.csv",
        "32400000,1,1,1,1,0\n",
    );
    assert_eq!(index.bars()[0].cell(&Bars::VOLUME, 0).unwrap(), None);
    let coin =
        one("crypto/coinbase/daily/btcusd_trade.zip", "btcusd.csv", "20180101 00:00,1,1,1,1,0\n");
    assert_eq!(coin.bars()[0].cell(&Bars::VOLUME, 0).unwrap(), Some(0.0));
    let residue = one(
        "crypto/coinbase/daily/btcusd_trade.zip",
        "btcusd.csv",
        "20180101 00:00,1,1,1,1,31.115892870000003\n",
    );
    assert_eq!(residue.bars()[0].cell(&Bars::VOLUME, 0).unwrap(), Some(31.115_892_870_000_003));
}

#[test]
fn hours_that_daylight_saving_skips_are_rejects_and_repeated_ones_are_suspect() {
    // Chicago: 2021-03-14 02:00 does not exist; 2021-11-07 01:00 happens twice, first at UTC-5.
    let imported = one(
        "index/usa/hour/spx.zip",
        "spx.csv",
        "20210314 01:00,1,1,1,1,5\n20210314 02:00,1,1,1,1,5\n20210314 03:00,1,1,1,1,5\n\
         20211107 00:00,1,1,1,1,5\n20211107 01:00,1,1,1,1,5\n20211107 02:00,1,1,1,1,5\n",
    );
    assert_eq!(imported.codes(), ["feeds/nonexistent-local-time"]);
    assert_eq!(imported.rejects[0].position, 2);
    let bars = &imported.bars()[0];
    let opens: Vec<UtcNanos> =
        (0..bars.len()).map(|row| bars.cell(&Bars::TS_OPEN, row).unwrap()).collect();
    let expected = [
        "2021-03-14T07:00:00Z",
        "2021-03-14T08:00:00Z",
        "2021-11-07T05:00:00Z",
        "2021-11-07T06:00:00Z",
        "2021-11-07T08:00:00Z",
    ];
    assert_eq!(opens, expected.map(t));
    let suspects: Vec<bool> = (0..bars.len())
        .map(|row| {
            Flags::from_bits(bars.cell(&Bars::FLAGS, row).unwrap()).has(Flags::CLOCK_SUSPECT)
        })
        .collect();
    assert_eq!(suspects, [false, false, false, true, false]);
    assert_eq!(imported.report.flags.get("CLOCK_SUSPECT"), Some(&1));
}

#[test]
fn a_second_bar_of_a_start_is_a_reject_and_so_is_the_second_pass_through_a_repeated_hour() {
    let imported = one(
        "index/usa/hour/spx.zip",
        "spx.csv",
        "20211107 00:00,1,1,1,1,5\n20211107 01:00,1,1,1,1,5\n20211107 01:00,2,2,2,2,5\n20211107 02:00,1,1,1,1,5\n",
    );
    assert_eq!((imported.codes(), imported.len()), (vec!["contract/duplicate-key"], 3));
    assert_eq!(imported.rejects[0].position, 3);
    // A bar that is a little late is kept; one of another week is not.
    let imported = one(
        "index/usa/hour/spx.zip",
        "spx.csv",
        "20210607 10:00,1,1,1,1,5\n20210607 09:00,1,1,1,1,5\n20210601 09:00,1,1,1,1,5\n",
    );
    assert_eq!((imported.codes(), imported.len()), (vec!["feeds/out-of-order"], 2));
}

#[test]
fn a_stamp_outside_the_years_of_the_spec_is_of_another_unit() {
    let imported =
        one("forex/oanda/hour/eurusd.zip", "eurusd.csv", "19700101 00:00,1,1,1,1,0,1,1,1,1,0\n");
    assert_eq!(imported.codes(), ["feeds/unit-suspect"]);
    let spec = format!("{}\n[limits]\nearliest = \"1960-01-01T00:00:00Z\"\n", Spec::LEAN);
    let bytes = zip(&[("eurusd.csv", b"19700101 00:00,1,1,1,1,0,1,1,1,1,0\n")]);
    assert_eq!(import(&spec, &[("forex/oanda/hour/eurusd.zip", &bytes)]).len(), 2);
}

#[test]
fn days_end_at_the_next_local_midnight_also_where_the_day_is_short_or_long() {
    let imported = one(
        "index/usa/daily/spx.zip",
        "spx.csv",
        "20210313 00:00,1,1,1,1,5\n20210314 00:00,1,1,1,1,5\n20211107 00:00,1,1,1,1,5\n",
    );
    let bars = &imported.bars()[0];
    let hours: Vec<i64> = (0..3)
        .map(|row| {
            let (open, close) =
                (bars.col(&Bars::TS_OPEN).value(row), bars.col(&Bars::TS_CLOSE).value(row));
            (close - open) / 3_600_000_000_000
        })
        .collect();
    assert_eq!(hours, [24, 23, 25]);
    assert_eq!(bars.cell(&Bars::TS_CLOSE, 1).unwrap(), t("2021-03-15T05:00:00Z"));
}

#[test]
fn a_member_of_another_date_is_one_reject_with_the_number_of_its_lines() {
    let path = "index/india/minute/nifty50/20190101_trade.zip";
    let bytes = zip(&[
        ("20190102_nifty_minute_trade.csv", b"0,1,1,1,1,0\n60000,1,1,1,1,0\n\n"),
        ("20190101_nifty_minute_trade.csv", b"0,1,1,1,1,0\n"),
    ]);
    let imported = import(Spec::LEAN, &[(path, &bytes)]);
    assert_eq!((imported.len(), imported.report.lines, imported.report.refused_lines), (1, 1, 2));
    let reject = &imported.rejects[0];
    assert_eq!(reject.code, "feeds/member-date-mismatch");
    assert_eq!(reject.expected.as_deref(), Some("a member of 2019-01-01, the date of the path"));
    assert_eq!(reject.observed.as_deref(), Some("20190102_nifty_minute_trade.csv with 2 lines"));
}

#[test]
fn an_offset_moves_availability_and_is_kept_beside_the_event() {
    let spec = "format = \"lean\"\ninstruments = \"derived\"\n[source.\"forex/fxcm\"]\nid = 9\n\
                clock = [{ zone = \"UTC\" }]\ndelay = \"250ms\"\noffset = \"-1500ms\"\n";
    let bytes = zip(&[(TICK_MEMBER, b"1000,1.1,1.2\n")]);
    let imported = import(spec, &[(TICKS, &bytes)]);
    let quotes = &imported.quotes()[0];
    // The source's clock is 1.5 s behind ours, so the event was at 2.5 s of our clock.
    assert_eq!(quotes.cell(&Quotes::TS_EVENT, 0).unwrap(), Some(t("2014-05-01T00:00:01Z")));
    assert_eq!(quotes.cell(&Quotes::TS_AVAIL, 0).unwrap(), t("2014-05-01T00:00:02.75Z"));
    assert_eq!(quotes.col(&Quotes::CLOCK_OFFSET_NS).values(), &[-1_500_000_000]);
    assert_eq!(quotes.source_id().values(), &[9]);
}

#[test]
fn an_error_names_its_input_whatever_it_is() {
    let error = FeedError::Empty { input: "x.zip".to_owned() };
    assert_eq!(error.to_string(), "x.zip: expected data, found an empty input");
}
