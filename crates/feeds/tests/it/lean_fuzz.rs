//! Broken copies: cut, flipped, invented. Never a panic, and every line stays counted.

use crate::support::{Imported, data, import, text, zip, zips};
use feeds::Spec;
use proptest::prelude::*;
use std::fmt::Write as _;

/// Small outputs and a limit, so that memory is bounded whatever a broken length says.
fn spec() -> String {
    format!("{}\n[limits]\nbatch_rows = 100\nmax_inflated_bytes = 4_000_000\n", Spec::LEAN)
}

/// The law of counts, which holds to the point where an error ends the file.
fn lines_are_rows_or_rejects(imported: &Imported, rows_a_line: u64) {
    let report = &imported.report;
    let whole_members =
        imported.codes().iter().filter(|c| **c == "feeds/member-date-mismatch").count();
    let rejects = u64::try_from(imported.rejects.len() - whole_members).unwrap();
    let rows = u64::try_from(imported.len()).unwrap();
    assert_eq!(report.lines, rows / rows_a_line + report.merged_lines + rejects);
    assert!(imported.rows.iter().all(|batch| batch.len() <= 100), "outputs are bounded");
    let counted: u64 = report.rejects.values().sum();
    assert_eq!(counted, u64::try_from(imported.rejects.len()).unwrap());
}

const PATHS: [(&str, &str, u64); 5] = [
    ("forex/fxcm/tick/eurusd/20140501_quote.zip", "20140501_eurusd_tick_quote.csv", 1),
    ("equity/usa/tick/spy/20140501_quote.zip", "20140501_spy_Quote_Tick.csv", 1),
    ("equity/usa/tick/spy/20140501_trade.zip", "20140501_spy_Trade_Tick.csv", 1),
    ("index/usa/minute/spx/20140501_trade.zip", "20140501_spx_minute_trade.csv", 1),
    ("crypto/coinbase/daily/btcusd_trade.zip", "btcusd.csv", 1),
];

/// Lines like those of a file, and lines like those of none.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let number = "[0-9]{1,9}(\\.[0-9]{0,12})?";
    prop_oneof![
        6 => proptest::collection::vec(number, 1..9).prop_map(|fields| fields.join(",").into_bytes()),
        2 => "[0-9]{8} [0-9]{2}:00,1,2,1,1,5".prop_map(String::into_bytes),
        1 => "[0-9]{1,8},(0|16803000),[0-9],(0|16804000),[0-9],[A-Z],[0-9A-F]{0,8},[01]".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..60),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn lines_of_any_text_become_rows_or_rejects(
        which in 0..PATHS.len(),
        lines in proptest::collection::vec(line(), 0..250),
    ) {
        let (path, member, rows_a_line) = PATHS[which];
        let bytes = zip(&[(member, &lines.join(&b'\n'))]);
        let imported = import(&spec(), &[(path, &bytes)]);
        prop_assert!(imported.error.is_none(), "{:?}", imported.error);
        lines_are_rows_or_rejects(&imported, rows_a_line);
        let text = lines.join(&b'\n');
        let strip = |line: &[u8]| line.iter().all(|b| *b == b'\r');
        let filled = text.split(|b| *b == b'\n').filter(|l| !strip(l)).count();
        prop_assert_eq!(imported.report.lines, u64::try_from(filled).unwrap());
    }

    #[test]
    fn a_zip_with_a_flipped_or_cut_byte_is_an_error_or_still_counts(
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let text = text(0..300, |text, i| write!(text, "{},1.{i:05},1.4", i * 997));
        let mut bytes = zip(&[(PATHS[0].1, text.as_bytes())]);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        lines_are_rows_or_rejects(&import(&spec(), &[(PATHS[0].0, &bytes)]), 1);
    }

    #[test]
    fn bytes_that_were_never_a_zip_are_a_typed_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let imported = import(&spec(), &[(PATHS[0].0, &bytes)]);
        prop_assert!(imported.error.is_some());
        prop_assert_eq!(imported.len(), 0);
    }
}

/// A sequence that is the same in every run.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}

#[test]
fn broken_copies_of_the_real_zips_never_panic() {
    let Some(root) = data() else { return };
    let mut files = zips(&root, "lean-multi-asset-bars");
    files.extend(zips(&root, "lean-fx-two-venues/forex/oanda/minute/nzdusd"));
    let mut number = numbers(7);
    let (mut errors, mut copies) = (0, 0);
    for (path, bytes) in files.iter().filter(|(_, bytes)| bytes.len() < 60_000) {
        let is_quote = path.contains("_quote") || path.contains("forex") || path.contains("cfd");
        for round in 0..6 {
            let mut broken = bytes.clone();
            match round % 3 {
                0 => broken.truncate(number(bytes.len())),
                1 => broken[number(bytes.len())] ^= 1 << number(8),
                _ => {
                    let (from, len) = (number(bytes.len()), number(64));
                    broken.drain(from..(from + len).min(bytes.len()));
                }
            }
            let imported = import(&spec(), &[(path, &broken)]);
            lines_are_rows_or_rejects(&imported, if is_quote { 2 } else { 1 });
            errors += usize::from(imported.error.is_some());
            copies += 1;
        }
    }
    assert!(copies > 300 && errors * 2 > copies, "{errors} errors of {copies} copies");
}
