//! Every line of an `Examples:` block of `--help` does what it shows; of those that need a recording or a long run, the
//! words are understood.

use crate::support::run;
use std::path::Path;

const TAPE: &str = "\
source_id,instrument_id,ts_recv,ts_avail,px,size,aggressor,action
1,7,2024-08-08T23:54:15.030314667Z,2024-08-08T23:54:15.030314667Z,61700.1,0.002,A,T
";

const QUOTES: &str = "\
source_id,instrument_id,ts_recv,ts_avail,bid_px,ask_px
1,7,2024-08-08T23:54:15Z,2024-08-08T23:54:15Z,61700,61700.1
";

const DECISIONS: &str = "\
source_id,instrument_id,ts_event,ts_recv,ts_avail,decision_id,strategy_id,action
3,7,2024-08-08T23:54:16Z,2024-08-08T23:54:16Z,2024-08-08T23:54:16Z,01913448-5b80-7000-8000-000000000001,maker,hold
";

const EXECUTIONS: &str = "\
source_id,instrument_id,ts_event,ts_recv,ts_avail,exec_id,order_id,exec_type,side,last_qty,last_px
3,7,2024-08-08T23:54:16Z,2024-08-08T23:54:16Z,2024-08-08T23:54:16Z,e1,o1,trade,buy,1,61700.1
";

/// The lines of the examples that the help of a command shows.
fn examples(dir: &Path, command: &[&str]) -> Vec<String> {
    let mut args = command.to_vec();
    args.push("--help");
    let help = run(dir, &args);
    let lines = help.text().split("Examples:\n").nth(1).unwrap_or_default().lines();
    lines.map(|line| line.trim().to_owned()).filter(|line| line.starts_with("hindsight ")).collect()
}

#[test]
fn every_documented_example_runs() {
    let dir = tempfile::tempdir().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_hindsight")).parent().unwrap();
    std::fs::write(dir.path().join("tape.csv"), TAPE).unwrap();
    // What the examples read stands there: the same trade as a file of ours and as one that names no table.
    assert_eq!(
        run(
            dir.path(),
            &["feeds", "convert", "--as", "trades", "tape.csv", "-o", "foreign.parquet"]
        )
        .code,
        0
    );
    std::fs::copy(dir.path().join("foreign.parquet"), dir.path().join("trades.parquet")).unwrap();
    std::fs::write(dir.path().join("set.toml"), "features = [\"book__spread_bps__now\"]\n")
        .unwrap();
    for (table, text) in [("quotes", QUOTES), ("decisions", DECISIONS), ("executions", EXECUTIONS)]
    {
        let (csv, parquet) = (format!("{table}.csv"), format!("{table}.parquet"));
        std::fs::write(dir.path().join(&csv), text).unwrap();
        let done = run(dir.path(), &["feeds", "convert", "--as", table, &csv, "-o", &parquet]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
    // A rule set and the one before it, which ends where it begins.
    let start = run(dir.path(), &["labeling", "show", "--text"]);
    let next = start.text().replace("version = 1", "version = 2").replace("0.5, 1.5]", "0.6, 1.6]");
    let next = next.replace("from = \"2026-01", "from = \"2026-02");
    std::fs::write(dir.path().join("labels-1.toml"), start.text()).unwrap();
    std::fs::write(dir.path().join("labels.toml"), next).unwrap();
    let rules = run(dir.path(), &["quality", "show", "--table", "quotes", "--text"]);
    std::fs::write(dir.path().join("quotes.toml"), rules.text()).unwrap();
    std::fs::copy(dir.path().join("quotes.parquet"), dir.path().join("other.parquet")).unwrap();
    let mut ran = 0;
    for command in [
        &["cat"][..],
        &["feeds", "convert"],
        &["simulator", "run"],
        &["features", "run"],
        &["features", "list"],
        &["features", "show"],
        &["labeling", "run"],
        &["labeling", "show"],
        &["labeling", "validate"],
        &["labeling", "diff"],
        &["quality", "run"],
        &["quality", "report"],
        &["quality", "explain"],
        &["quality", "show"],
        &["quality", "validate"],
        &["quality", "profile"],
        &["quality", "compare"],
        &["quality", "drift"],
        &["capture", "append"],
        &["capture", "read"],
        &["capture", "ledger"],
        &["capture", "archive"],
    ] {
        let lines = examples(dir.path(), command);
        assert!(!lines.is_empty(), "{command:?}");
        for line in lines {
            // A day of simulated trading, or a recording that is not in the repository, is no unit test's work.
            if line.contains("simulator run") || line.contains("--from binance") {
                let args: Vec<&str> = line.split(' ').skip(1).chain(["--help"]).collect();
                assert_eq!(run(dir.path(), &args).code, 0, "{line}");
                continue;
            }
            let _ = std::fs::remove_file(dir.path().join("trades.arrow"));
            let force = if line.contains("-o trades.parquet") { " --force" } else { "" };
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let mut shell = std::process::Command::new("sh");
            shell
                .args(["-ec", &format!("{line}{force}")])
                .current_dir(dir.path())
                .env("PATH", path);
            for (name, _) in
                std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("HINDSIGHT_"))
            {
                shell.env_remove(name);
            }
            let done = shell.output().unwrap();
            assert_eq!(
                done.status.code(),
                Some(0),
                "{line}: {}",
                String::from_utf8_lossy(&done.stderr)
            );
            ran += 1;
        }
    }
    assert!(ran >= 46, "{ran}");
}
