//! `hindsight demo`: every line holds, and a lie is noticed on the line that it is about.

use crate::support::{listing, run};

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
        let done = run(dir.path(), &["demo", "--size", "tiny", "--lie", lie]);
        assert_eq!(done.code, 3, "{}", done.err);
        let failed: Vec<&str> = done.text().lines().filter(|l| l.starts_with("FAILED")).collect();
        assert!(!failed.is_empty() && failed.iter().any(|l| l.contains(line)), "{}", done.text());
        assert!(done.err.contains("error[cli/demo-failed]"), "{}", done.err);
    }
}
