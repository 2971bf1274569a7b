//! A real recording through the log: appended, archived, dropped from the segments, and the same rows back.

use crate::feeds::data;
use crate::support::run;

#[test]
fn a_binance_recording_comes_back_as_it_was_from_segments_and_from_the_archive() {
    let Some(data) = data() else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let markets = ["spot/btcusdt", "cm/btcusd_perp"];
    let mut files = Vec::new();
    for market in markets {
        let file = data.join(format!("hftbacktest-binance-l2/{market}_20240808.gz"));
        let out = market.replace('/', "-");
        std::fs::create_dir(dir.join(&out)).unwrap();
        let file = file.to_str().unwrap();
        let done = run(dir, &["feeds", "convert", "--from", "binance", file, "--tables", &out]);
        assert_eq!(done.code, 0, "{}", done.err);
        for entry in std::fs::read_dir(dir.join(&out)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".parquet").unwrap_or_default().to_owned();
            if ["trades", "quotes", "book_deltas", "statuses"].contains(&name.as_str()) {
                files.push((name.clone(), format!("{out}/{name}.parquet")));
            }
        }
    }
    files.sort();
    assert!(files.len() >= 4, "{files:?}");
    let mut append = vec!["capture", "append", "log", "--segment-bytes", "4194304"];
    append.extend(files.iter().map(|(_, path)| path.as_str()));
    let done = run(dir, &append);
    assert_eq!(done.code, 0, "{}", done.err);
    let cells = |text: &str, skip: usize| -> Vec<String> {
        text.lines().skip(1).map(|l| l.splitn(skip + 1, ',').last().unwrap().to_owned()).collect()
    };
    let check = |when: &str| {
        for (table, _) in &files {
            let paths = files.iter().filter(|(t, _)| t == table).map(|(_, path)| path.as_str());
            let mut sent = Vec::new();
            for path in paths {
                sent.extend(cells(run(dir, &["cat", path, "-f", "csv"]).text(), 0));
            }
            let found = run(dir, &["capture", "read", "log", "--table", table, "-f", "csv"]);
            assert_eq!(found.code, 0, "{when} {table}: {}", found.err);
            let read = cells(found.text(), 1);
            assert_eq!(read.len(), sent.len(), "{when} {table}");
            // A file that follows another in the log is not available before it: `ts_avail` alone may have moved.
            let names: Vec<&str> = found.text().lines().next().unwrap().split(',').collect();
            let avail = names.iter().position(|n| *n == "ts_avail").unwrap() - 1;
            let without = |line: &str| {
                let mut cells: Vec<&str> = line.split(',').collect();
                cells.remove(avail);
                cells.join(",")
            };
            for (sent, read) in sent.iter().zip(&read) {
                assert_eq!(without(sent), without(read), "{when} {table}");
            }
        }
    };
    check("from segments");
    let drop = ["--all", "--drop", "--min-retention", "0s"];
    let done = run(dir, &[&["capture", "archive", "log"], &drop[..]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(std::fs::read_dir(dir.join("log/segments")).unwrap().count() <= 3);
    check("from the archive");
    let whole = run(dir, &["capture", "verify", "log"]);
    assert_eq!(whole.code, 0, "{}", whole.err);
}
