//! The real zips: every count that the README of the data states, and what becomes of every defect that it names.

use crate::support::{Imported, data, import, import_folder, zips};
use contract::arrow_array::Array as _;
use contract::{Bars, Flags, PriceType, Quotes};
use feeds::{MarketHours, Spec};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const FX: &str = "lean-fx-two-venues";
const BARS: &str = "lean-multi-asset-bars";

/// A pip in 1e-9.
const PIP: i64 = 100_000;
const HOUR_NS: i64 = 3_600_000_000_000;

#[derive(Debug, PartialEq, Eq)]
struct Ticks {
    files: u64,
    rows: usize,
    crossed: usize,
    locked: usize,
    /// Rows with the stamp of the row before.
    ties: usize,
    /// Rows equal to the row before.
    repeats: usize,
    /// Rows stamped before the row before.
    back: usize,
}

fn ticks(root: &Path, folder: &str) -> Ticks {
    let imported = import_folder(&root.join(FX), folder);
    assert_eq!((imported.error.is_none(), imported.rejects.len()), (true, 0), "{folder}");
    let mut ticks = Ticks {
        files: imported.report.files,
        rows: imported.len(),
        crossed: 0,
        locked: 0,
        ties: 0,
        repeats: 0,
        back: 0,
    };
    let mut before = None;
    for quotes in imported.quotes() {
        let at = quotes.ts_event().values();
        let bid = quotes.col(&Quotes::BID_PX).values();
        let ask = quotes.col(&Quotes::ASK_PX).values();
        assert_eq!(quotes.col(&Quotes::BID_SIZE).null_count(), quotes.len(), "no size is told");
        assert_eq!(quotes.ts_recv().null_count(), quotes.len(), "there is no receive time");
        for ((&t, &bid), &ask) in at.iter().zip(bid).zip(ask) {
            ticks.crossed += usize::from(bid > ask);
            ticks.locked += usize::from(bid == ask);
            if let Some((t0, b0, a0)) = before {
                ticks.ties += usize::from(t == t0);
                ticks.back += usize::from(t < t0);
                ticks.repeats += usize::from((t, bid, ask) == (t0, b0, a0));
            }
            before = Some((t, bid, ask));
        }
    }
    assert_eq!(imported.report.lines, u64::try_from(ticks.rows).unwrap());
    ticks
}

#[test]
fn ticks_of_two_brokers_are_all_kept_with_their_crossings_and_ties() {
    let Some(root) = data() else { return };
    let fxcm = Ticks {
        files: 13,
        rows: 1_144_807,
        crossed: 116_871,
        locked: 142_462,
        ties: 0,
        repeats: 0,
        back: 0,
    };
    assert_eq!(ticks(&root, "forex/fxcm/tick/eurusd"), fxcm);
    let oanda =
        Ticks { files: 13, rows: 532_903, crossed: 0, locked: 0, ties: 4_494, repeats: 1, back: 0 };
    assert_eq!(ticks(&root, "forex/oanda/tick/eurusd"), oanda);
}

/// Closes of the bid and of the ask by the start of their bar.
fn closes(imported: &Imported) -> BTreeMap<i64, (i64, i64)> {
    let mut bids = BTreeMap::new();
    let mut both = BTreeMap::new();
    for bars in imported.bars() {
        let (open, close) = (bars.col(&Bars::TS_OPEN).values(), bars.col(&Bars::CLOSE).values());
        for (row, (&t, &px)) in open.iter().zip(close).enumerate() {
            match bars.cell(&Bars::PRICE_TYPE, row).unwrap() {
                PriceType::Bid => assert_eq!(bids.insert(t, px), None, "one bid a bar"),
                PriceType::Ask => assert_eq!(both.insert(t, (bids[&t], px)), None, "one ask a bar"),
                other => panic!("a quote bar has bid and ask, found {other:?}"),
            }
        }
    }
    assert_eq!(bids.len(), both.len());
    both
}

/// Bars, crossed and locked closes of quote bars.
fn quote_bars(root: &Path, under: &str) -> (usize, usize, usize) {
    let imported = import_folder(root, under);
    assert_eq!((imported.error.is_none(), imported.rejects.len()), (true, 0), "{under}");
    let closes = closes(&imported);
    assert_eq!(imported.len(), 2 * closes.len(), "{under}: two rows a bar");
    assert_eq!(imported.report.lines, u64::try_from(closes.len()).unwrap(), "{under}");
    let crossed = closes.values().filter(|(bid, ask)| bid > ask).count();
    (closes.len(), crossed, closes.values().filter(|(bid, ask)| bid == ask).count())
}

#[test]
fn minutes_of_two_brokers_are_all_kept_with_their_crossings() {
    let Some(root) = data() else { return };
    for (folder, expected) in [
        ("forex/fxcm/minute/eurusd", (21_592, 436, 1_145)),
        ("forex/oanda/minute/eurusd", (18_184, 0, 0)),
        ("forex/fxcm/minute/nzdusd", (15_874, 78, 135)),
        ("forex/oanda/minute/nzdusd", (15_543, 0, 0)),
    ] {
        assert_eq!(quote_bars(&root.join(FX), folder), expected, "{folder}");
    }
}

#[test]
fn quote_bars_of_all_markets_are_all_kept_and_crossed_ones_too() {
    let Some(root) = data() else { return };
    for (path, bars, crossed) in [
        ("forex/fxcm/daily/eurgbp.zip", None, 142),
        ("forex/fxcm/daily/eurusd.zip", None, 123),
        ("forex/fxcm/daily/gbpusd.zip", None, 32),
        ("forex/fxcm/daily/nzdusd.zip", None, 6),
        ("forex/fxcm/daily", Some(13_739), 142 + 123 + 32 + 6),
        ("forex/oanda/daily", Some(14_952), 0),
        ("forex/fxcm/hour/eurusd.zip", Some(69_928), 2_613),
        ("forex/oanda/hour/eurusd.zip", Some(74_439), 0),
        ("cfd/oanda/daily/xauusd.zip", Some(3_949), 0),
        ("cfd/oanda/hour/xauusd.zip", Some(76_499), 0),
        ("crypto/coinbase/daily/btcusd_quote.zip", Some(1_332), 0),
    ] {
        let (files, mut found) = (zips(&root.join(BARS), path), (0, 0));
        for (file, _) in &files {
            let (bars, crossed, _) = quote_bars(&root.join(BARS), file);
            found = (found.0 + bars, found.1 + crossed);
        }
        assert_eq!((bars.map_or(found.0, |n| n), crossed), found, "{path}");
    }
}

/// Lines by kind of bar: of trades, of quotes.
fn lines(root: &Path, under: &str) -> (u64, u64) {
    let (mut trades, mut quotes) = (0, 0);
    for (path, bytes) in zips(&root.join(BARS), under) {
        let imported = import(Spec::LEAN, &[(&path, &bytes)]);
        assert!(imported.error.is_none(), "{path}: {:?}", imported.error);
        let rows = u64::try_from(imported.len()).unwrap();
        let bars = imported.bars();
        let kind = bars.first().map(|bars| bars.cell(&Bars::PRICE_TYPE, 0).unwrap());
        if kind == Some(PriceType::Trade) {
            assert_eq!(rows, imported.report.lines, "{path}");
            trades += rows;
        } else {
            assert_eq!(rows, 2 * imported.report.lines, "{path}");
            quotes += imported.report.lines;
        }
        let is_doubled = path.contains("/nifty50/");
        assert_eq!(imported.rejects.len(), usize::from(is_doubled), "{path}");
    }
    (trades, quotes)
}

#[test]
fn bars_of_all_other_markets_are_all_kept() {
    let Some(root) = data() else { return };
    for (under, expected) in [
        ("crypto/coinbase/minute", (25_302, 21_567)),
        ("crypto/coinbase/daily", (1_318, 1_332)),
        ("crypto/binance/hour", (120, 0)),
        ("crypto/binance/minute", (1_440, 0)),
        ("crypto/bybit", (1_440, 721)),
    ] {
        assert_eq!(lines(&root, under), expected, "{under}");
    }
    let (trades, quotes) = lines(&root, "cryptofuture/binance");
    assert_eq!(trades + quotes, 5_146);
    let (trades, quotes) = lines(&root, "index");
    // The README counts what the files hold: half of NIFTY's 3,018 lines are of a misdated copy.
    assert_eq!((trades + 1_509, quotes), (6_390, 0));
}

#[test]
fn a_misdated_copy_inside_a_zip_is_refused_whole_and_counted() {
    let Some(root) = data() else { return };
    let imported = import_folder(&root.join(BARS), "index/india/minute/nifty50");
    assert_eq!(imported.len(), 1_509);
    assert_eq!(imported.report.refused_lines, 1_509);
    assert_eq!(imported.len() + 1_509, 3_018);
    let codes: BTreeSet<&str> = imported.codes().into_iter().collect();
    assert_eq!(codes, BTreeSet::from(["feeds/member-date-mismatch"]));
    assert_eq!(imported.rejects.len(), zips(&root.join(BARS), "index/india").len());
    let first = &imported.rejects[0];
    assert_eq!(
        first.input,
        "index/india/minute/nifty50/20190101_trade.zip!20190102_nifty_minute_trade.csv"
    );
    // Booked by the names of members, each minute would stand there twice.
    let mut starts = BTreeSet::new();
    for bars in imported.bars() {
        starts.extend(bars.col(&Bars::TS_OPEN).values().iter().copied());
    }
    assert_eq!(starts.len(), 1_509);
}

#[test]
fn volume_0_of_an_index_is_not_reported() {
    let Some(root) = data() else { return };
    let imported = import_folder(&root.join(BARS), "index/hkfe");
    for bars in imported.bars() {
        assert_eq!(bars.col(&Bars::VOLUME).null_count(), bars.len());
    }
}

#[test]
fn a_bar_is_known_when_it_ends() {
    let Some(root) = data() else { return };
    let imported = import_folder(&root.join(BARS), "crypto/binance/hour/btcusdt_trade.zip");
    let bars = &imported.bars()[0];
    let t = |row| bars.cell(&Bars::TS_OPEN, row).unwrap();
    let at = |text| contract::UtcNanos::parse(text).unwrap();
    assert_eq!((t(0), t(119)), (at("2018-05-01T00:00:00Z"), at("2018-05-05T23:00:00Z")));
    for row in 0..bars.len() {
        let (open, close) =
            (bars.col(&Bars::TS_OPEN).value(row), bars.col(&Bars::TS_CLOSE).value(row));
        assert_eq!((close - open, bars.ts_event().value(row)), (HOUR_NS, close));
        assert_eq!(bars.ts_avail().value(row) - close, 1_000_000_000, "the delay of the spec");
        let flags = Flags::from_bits(bars.cell(&Bars::FLAGS, row).unwrap());
        assert!(flags.has(Flags::BACKFILL) && flags.has(Flags::LAST));
    }
}

#[test]
fn a_half_day_and_a_truncated_day_are_kept_as_they_are() {
    let Some(root) = data() else { return };
    let count = |path: &str| import_folder(&root.join(BARS), path).len();
    assert_eq!(count("index/usa/minute/spx/20230703_trade.zip"), 210);
    for (symbol, bars) in [("btcusd", 1_007), ("ltcusd", 1_008), ("ethusd", 1_009), ("btceur", 949)]
    {
        let folder = format!("crypto/coinbase/minute/{symbol}");
        let trades = import_folder(&root.join(BARS), &format!("{folder}/20180404_trade.zip"));
        assert_eq!((trades.len(), trades.rejects.len()), (bars, 0), "{symbol}");
        let quotes = import_folder(&root.join(BARS), &format!("{folder}/20180404_quote.zip"));
        let last = |imported: &Imported| imported.report.ts_event_ns.unwrap().1;
        let day_end = contract::UtcNanos::parse("2018-04-05T00:00:00Z").unwrap().nanos();
        assert!(last(&trades) < day_end - 7 * HOUR_NS, "{symbol}: trades stop near 16:50");
        assert!(last(&quotes) > day_end - HOUR_NS, "{symbol}: quotes run on");
    }
}

/// Median of differences, times two, so that it stays an integer.
fn median_2(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    let half = values.len() / 2;
    if values.len() % 2 == 1 { 2 * values[half] } else { values[half - 1] + values[half] }
}

/// Twice the mid of each bar's close.
fn mids_2(imported: &Imported) -> BTreeMap<i64, i64> {
    closes(imported).into_iter().map(|(t, (bid, ask))| (t, bid + ask)).collect()
}

/// Differences of twice the mids at common bars, and the bars that only one side has.
fn compare(a: &BTreeMap<i64, i64>, b: &BTreeMap<i64, i64>) -> (Vec<i64>, usize, usize) {
    let differences: Vec<i64> = a.iter().filter_map(|(t, x)| b.get(t).map(|y| x - y)).collect();
    let common = differences.len();
    (differences, a.len() - common, b.len() - common)
}

#[test]
fn minutes_of_two_brokers_agree_under_their_clocks() {
    let Some(root) = data() else { return };
    // Common minutes, only FXCM, only OANDA; extremes and median in hundredths of a pip.
    for (symbol, counts, extremes) in
        [("eurusd", (15_012, 845, 354), (-125, 175)), ("nzdusd", (15_178, 696, 365), (-450, 390))]
    {
        let may = |venue: &str| {
            let folder = format!("forex/{venue}/minute/{symbol}");
            let files = zips(&root.join(FX), &folder);
            let files: Vec<(&str, &[u8])> = files
                .iter()
                .filter(|(path, _)| path.contains("/201405"))
                .map(|(path, bytes)| (path.as_str(), &bytes[..]))
                .collect();
            mids_2(&import(Spec::LEAN, &files))
        };
        let (fxcm, oanda) = (may("fxcm"), may("oanda"));
        let (differences, only_fxcm, only_oanda) = compare(&fxcm, &oanda);
        assert_eq!((differences.len(), only_fxcm, only_oanda), counts, "{symbol}");
        let hundredths = |twice: i64| twice * 100 / (2 * PIP);
        let least = differences.iter().copied().min().map(hundredths);
        let most = differences.iter().copied().max().map(hundredths);
        assert_eq!((least, most), (Some(extremes.0), Some(extremes.1)), "{symbol}");
        let size = |shift_ns: i64| {
            let shifted = fxcm.iter().map(|(t, mid)| (t + shift_ns, *mid)).collect();
            let (differences, ..) = compare(&shifted, &oanda);
            // Four times the difference, in hundredths of a pip.
            median_2(differences.into_iter().map(i64::abs).collect()) * 100 / (4 * PIP)
        };
        assert_eq!(size(0), 10, "{symbol}: 0.10 pip");
        assert!(size(-HOUR_NS) > 300 && size(HOUR_NS) > 300, "{symbol}: an hour off shows");
    }
}

/// Months in which the median difference of hourly mids exceeds 0.4 and 1 pip.
fn hours_that_differ(root: &Path, spec: &str) -> (usize, usize, usize) {
    let hours = |venue: &str| {
        let path = format!("forex/{venue}/hour/eurusd.zip");
        let bytes = std::fs::read(root.join(BARS).join(&path)).unwrap();
        import(spec, &[(&path, &bytes)])
    };
    // By the FXCM file's own months; a month here is of UTC, which moves a few hours of 137 months at their edges.
    let (fxcm, oanda) = (mids_2(&hours("fxcm")), mids_2(&hours("oanda")));
    let mut months: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (t, mid) in &fxcm {
        if let Some(other) = oanda.get(t) {
            let month = contract::UtcNanos::from_nanos(*t).date();
            months.entry(month[..7].to_owned()).or_default().push((mid - other).abs());
        }
    }
    let medians: Vec<i64> = months.into_values().map(median_2).collect();
    let beyond = |limit: i64| medians.iter().filter(|m| **m > 4 * limit).count();
    (medians.len(), beyond(PIP * 4 / 10), beyond(PIP))
}

#[test]
fn hours_of_two_brokers_agree_in_137_months_under_two_rules_and_not_under_one() {
    let Some(root) = data() else { return };
    assert_eq!(hours_that_differ(&root, Spec::LEAN), (137, 0, 0));
    let two = "clock = [{ until = \"2009-09-19\", zone = \"America/New_York\", shift = \"-5h\" }, { zone = \"-05:00\" }]";
    let one = Spec::LEAN.replace(two, "clock = [{ zone = \"-05:00\" }]");
    assert_ne!(one, Spec::LEAN, "the rule is in the built-in spec");
    let (months, _, beyond_a_pip) = hours_that_differ(&root, &one);
    assert_eq!((months, beyond_a_pip), (137, 31));
}

fn market_hours(root: &Path) -> MarketHours {
    let path = "market-hours/market-hours-database.json";
    let bytes = std::fs::read(root.join(BARS).join(path)).unwrap();
    MarketHours::parse(path, &bytes).unwrap()
}

#[test]
fn zones_of_the_built_in_spec_are_those_of_the_calendar_file() {
    let Some(root) = data() else { return };
    let hours = market_hours(&root);
    assert_eq!(hours.len(), 549);
    for (instrument, zone) in [
        ("forex/fxcm/eurusd", "UTC-05"),
        ("forex/oanda/eurusd", "UTC"),
        ("cfd/oanda/xauusd", "UTC"),
        ("crypto/coinbase/btcusd", "UTC"),
        ("index/eurex/sx5e", "Europe/Berlin"),
        ("index/hkfe/hsi", "Asia/Hong_Kong"),
        ("index/india/nifty50", "Asia/Kolkata"),
        ("index/ose/n225", "Asia/Tokyo"),
        ("index/usa/spx", "America/Chicago"),
        ("index/usa/ndx", "America/Chicago"),
        ("equity/usa/spy", "America/New_York"),
    ] {
        assert_eq!(
            hours.data_zone(instrument).map(ToString::to_string),
            Some(zone.into()),
            "{instrument}"
        );
        let market = instrument.rsplit_once('/').unwrap().0;
        let spec = Spec::parse(Spec::LEAN).unwrap();
        let rule = spec.source(market).unwrap().clock.used().last().unwrap().0.clone();
        let same = if zone == "UTC-05" { "-05:00" } else { zone };
        assert_eq!(rule.zone.to_string(), same, "{market}");
    }
}
