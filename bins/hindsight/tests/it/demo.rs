//! `hindsight demo`: every line holds, and a lie is noticed on the line that it is about.

use crate::support::{Run, hindsight, listing, run};

#[test]
fn the_demo_holds_and_a_lie_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["demo", "--size", "tiny", "--crash", "--keep", "market-day"]);
    assert_eq!(done.code, 0, "{}{}", done.text(), done.err);
    for expected in
        ["captured: ", "crash: ", "leaks: ", "labels: ", "quality: ", "again: ", "value: "]
    {
        assert!(done.text().contains(expected), "{}", done.text());
    }
    assert!(!done.text().contains("FAILED"), "{}", done.text());
    assert!(listing(&dir.path().join("market-day")).contains(&"hindsight.toml".to_owned()));
    for (lie, line) in [
        ("ledger", "the ledger is the truth"),
        ("labels", "labels forward_executable are the truth"),
    ] {
        // Whoever works in a project of his own keeps his log and his store.
        let (log, store) = (dir.path().join("log"), dir.path().join("store"));
        let mut command = hindsight(dir.path());
        command.env("HINDSIGHT_CAPTURE__DIR", &log).env("HINDSIGHT_DATASETS__STORE", &store);
        command.args(["demo", "--size", "tiny", "--lie", lie]);
        let done: Run = command.output().unwrap().into();
        assert!(!log.exists() && !store.exists());
        assert_eq!(done.code, 3, "{}", done.err);
        let failed: Vec<&str> = done.text().lines().filter(|l| l.starts_with("FAILED")).collect();
        assert!(!failed.is_empty() && failed.iter().any(|l| l.contains(line)), "{}", done.text());
        assert!(done.err.contains("error[cli/demo-failed]"), "{}", done.err);
    }
}
