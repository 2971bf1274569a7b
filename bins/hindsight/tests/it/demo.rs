//! `hindsight demo`: every line holds, and a promise that is broken is noticed on the line that it is about.

use crate::support::{Run, hindsight, listing, run};

#[test]
fn the_demo_holds() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["demo", "--size", "tiny", "--crash", "--keep", "market-day"]);
    assert_eq!(done.code, 0, "{}{}", done.text(), done.err);
    for expected in [
        "captured: ",
        "crash: ",
        "leaks: ",
        "labels: ",
        "quality: ",
        "splits: ",
        "again: ",
        "value: ",
    ] {
        assert!(done.text().contains(expected), "{}", done.text());
    }
    assert!(!done.text().contains("FAILED"), "{}", done.text());
    assert!(listing(&dir.path().join("market-day")).contains(&"hindsight.toml".to_owned()));
}

#[test]
fn a_broken_promise_is_noticed_on_its_line() {
    let dir = tempfile::tempdir().unwrap();
    for (promise, line) in [
        ("availability", "leaks: book__spread_bps__now is what a plain reading of the log gives"),
        ("acknowledgement", "crash: killed by SIGKILL: every acknowledged row is in the log"),
        ("duplicates", "the ledger is the truth"),
        ("purge", "splits: signal: no true label lives into what a later split looks back on"),
        ("labels", "labels: labels forward_executable are the truth"),
    ] {
        // Whoever works in a project of his own keeps his log and his store.
        let (log, store) = (dir.path().join("log"), dir.path().join("store"));
        let mut command = hindsight(dir.path());
        command.env("HINDSIGHT_CAPTURE__DIR", &log).env("HINDSIGHT_DATASETS__STORE", &store);
        command.args(["demo", "--size", "tiny", "--sabotage", promise]);
        let done: Run = command.output().unwrap().into();
        assert!(!log.exists() && !store.exists());
        assert_eq!(done.code, 3, "{promise}: {}{}", done.text(), done.err);
        let failed: Vec<&str> = done.text().lines().filter(|l| l.starts_with("FAILED")).collect();
        assert!(failed.iter().any(|l| l.contains(line)), "{promise}: {}", done.text());
        assert!(done.err.contains("error[cli/demo-failed]"), "{promise}: {}", done.err);
    }
}
