//! The prompt, on a terminal that `script` makes.

use crate::market::Market;
use crate::support::program;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the editor sends when it begins to read.
const READS: &str = "\u{1b}[?2004h";

/// A shell's line on a terminal; `{program}` in it is the program.
fn on_terminal(dir: &Path, line: &str) -> Command {
    let command = program(dir);
    let line = line.replace("{program}", &command.get_program().to_string_lossy());
    let mut script = Command::new("script");
    script.args(["-qfec", &line, "/dev/null"]).current_dir(dir);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script
}

/// What the terminal showed while keys were typed: `KEYS=>TEXT` waits for a text, `KEYS` alone for the next prompt.
fn session(dir: &Path, args: &str, keys: &[&str]) -> (i32, String) {
    session_with(dir, "", args, keys)
}

/// As [`session`], with settings of the environment.
fn session_with(dir: &Path, settings: &str, args: &str, keys: &[&str]) -> (i32, String) {
    let line = format!("stty cols 200; exec env {settings} {{program}} {args}");
    let mut script = on_terminal(dir, &line);
    script.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, shown) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        use std::io::Read;
        let mut all = Vec::new();
        let mut piece = [0_u8; 4096];
        while let Ok(n @ 1..) = stdout.read(&mut piece) {
            all.extend_from_slice(&piece[..n]);
            let _ = sender.send(String::from_utf8_lossy(&all).into_owned());
        }
        String::from_utf8_lossy(&all).into_owned()
    });
    // Everything that was shown so far, and from where on it is new.
    let mut text = String::new();
    let mut wait = |until: &str, from: usize| {
        while !text.get(from..).is_some_and(|text| text.contains(until)) {
            let Ok(more) = shown.recv_timeout(Duration::from_mins(1)) else {
                panic!("waited for {until:?} after {:?}", text.get(from..));
            };
            text = more;
        }
        text.len()
    };
    let mut at = wait(READS, 0);
    for key in keys {
        let (keys, until) = key.split_once("=>").unwrap_or((key, READS));
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
        if !until.is_empty() {
            at = wait(until, at);
        }
    }
    let code = child.wait().unwrap().code().unwrap_or(-1);
    (code, reader.join().unwrap())
}

#[test]
fn statements_and_commands_are_answered_until_the_person_leaves() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let args = format!("--log {}", market.log().display());
    let keys = [
        "SELECT 40 + 2\r=>",
        " AS answer;\r",
        ".schema trades\r",
        ".format csv\r",
        "SELECT 'x' AS y;\r",
        "SELECT weather;\r",
        ".weather\r",
        "\u{4}=>",
    ];
    let (code, text) = session(dir.path(), &args, &keys);
    assert_eq!(code, 0, "{text}");
    for word in [
        "answer\r\n42\r\n1 row",
        "nano_price",
        "y\r\nx\r\n",
        "error[query/unknown-column]",
        "error[sql/unknown-command]",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let history = dir.path().join(".local/state/hindsight/query-history");
    let history = std::fs::read_to_string(history).unwrap();
    assert!(history.contains(".schema trades") && history.contains("answer"), "{history}");
}

#[test]
fn an_answer_without_rows_has_its_headings_and_a_view_is_said_to_be_made() {
    let dir = tempfile::tempdir().unwrap();
    let keys = [
        "CREATE VIEW v AS SELECT 1 AS x, 'a' AS y;\r",
        "SELECT * FROM v WHERE x > 1;\r",
        "SELECT NULL AS gone, x FROM v;\r",
        "DROP VIEW v;\r",
        "SELECT * FROM v;\r",
        ".quit\r=>",
    ];
    let (code, text) = session(dir.path(), "", &keys);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the view is made and lasts until you leave\r\n"), "{text}");
    assert!(text.contains("x  y\r\n0 rows\r\n"), "{text}");
    assert!(text.contains("x\r\n1\r\n1 row\r\nwithout a value: gone\r\n"), "{text}");
    assert!(text.contains("the view is gone\r\n"), "{text}");
    assert_eq!(text.matches(" rows\r\n").count(), 1, "a view has no rows: {text}");
    assert!(text.contains("error[query/unknown-table]"), "{text}");
}

#[test]
fn flags_of_one_answer_are_refused_where_there_would_be_many() {
    let dir = tempfile::tempdir().unwrap();
    for flag in ["--explain", "--fail-if-empty"] {
        // A prompt would wait for the person.
        let line = format!("timeout --foreground 30 {{program}} --no-config {flag}");
        let done = on_terminal(dir.path(), &line).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        assert_eq!(done.status.code(), Some(2), "{text}");
        assert!(
            text.contains(&format!("error[cli/usage]: {flag}: expected a statement")),
            "{text}"
        );
    }
}

#[test]
fn a_history_is_kept_but_for_lines_that_begin_with_a_space_or_without_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let keys = [" SELECT 41 AS hidden;\r", "SELECT 42 AS kept;\r", ".quit\r=>"];
    session(dir.path(), "", &keys);
    let history = dir.path().join(".local/state/hindsight/query-history");
    let text = std::fs::read_to_string(&history).unwrap();
    assert!(text.contains("kept") && !text.contains("hidden"), "{text}");
    std::fs::remove_file(&history).unwrap();
    let (code, text) = session_with(dir.path(), "XDG_STATE_HOME=/dev/null", "", &keys);
    assert_eq!(code, 0, "{text}");
    assert!(!history.exists());
}

#[test]
fn ctrl_c_stops_a_statement_and_not_the_prompt() {
    let dir = tempfile::tempdir().unwrap();
    let long = "SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 10000000) b WHERE a.value % 7 = b.value % 11;\r=>query: ";
    let keys = [long, "\u{3}", "SELECT 40 + 2 AS answer;\r", ".quit\r=>"];
    let (code, text) = session(dir.path(), "--progress bar", &keys);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("error[cli/stopped]: stopped by SIGINT"), "{text}");
    assert!(text.contains("answer\r\n42\r\n"), "{text}");
}

#[test]
fn the_tabulator_completes_tables_and_columns() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let args = format!("--log {}", market.log().display());
    let keys = ["SELECT max(seq) AS m FROM quot\t=>quotes", ";\r", ".quit\r=>"];
    let (code, text) = session(dir.path(), &args, &keys);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 row"), "{text}");
}

#[test]
fn binary_is_not_written_to_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let line = "{program} --no-config -q 'SELECT 1' -f arrow";
    let done = on_terminal(dir.path(), line).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(2), "{text}");
    assert!(text.contains("error[cli/binary-to-terminal"), "{text}");
}
