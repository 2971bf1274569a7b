//! Configuration: the higher layer wins, and every value says where it comes from.

use crate::support::{hindsight, run};
use hindsight::{KEYS, Key, KeyClass, KeyKind};
use std::path::Path;

/// Two values of a key that differ from each other and from its default, as text.
fn values(key: &Key) -> [String; 2] {
    match key.kind {
        KeyKind::Count { min, .. } => [(min + 1).to_string(), (min + 2).to_string()],
        KeyKind::Word(words) => {
            let others: Vec<&&str> = words.iter().filter(|word| **word != key.default).collect();
            // A set of two words has one other value: the default itself is the second.
            [(*others[0]).to_owned(), others.get(1).map_or(key.default, |word| **word).to_owned()]
        }
        KeyKind::Allowance => ["7".to_owned(), "0.5%".to_owned()],
        KeyKind::Duration => ["7ms".to_owned(), "2s".to_owned()],
        KeyKind::Percent => ["7%".to_owned(), "0.5%".to_owned()],
        KeyKind::Path | KeyKind::Paths => ["/a/first".to_owned(), "/a/second".to_owned()],
    }
}

fn toml(key: &Key, value: &str) -> String {
    let (table, name) = key.name.split_once('.').unwrap();
    let is_number = matches!(key.kind, KeyKind::Count { .. });
    let value = if is_number { value.to_owned() } else { format!("\"{value}\"") };
    format!("[{table}]\n{name} = {value}\n")
}

/// The value and origin that `config show --origin` prints for a key, with some layers set.
fn shown(dir: &Path, key: &Key, layers: &[(&str, &str)]) -> (String, String) {
    let _ = std::fs::remove_file(dir.join("hindsight.toml"));
    let _ = std::fs::remove_dir_all(dir.join("xdg"));
    let mut command = hindsight(dir);
    command.env("XDG_CONFIG_HOME", dir.join("xdg"));
    command.args(["config", "show", "--origin", "-f", "json"]);
    for (layer, value) in layers {
        match *layer {
            "flag" => {
                command.args(["--set", &format!("{}={value}", key.name)]);
            }
            "env" => {
                command.env(key.variable(), value);
            }
            "project" => std::fs::write(dir.join("hindsight.toml"), toml(key, value)).unwrap(),
            "user" => {
                std::fs::create_dir_all(dir.join("xdg/hindsight")).unwrap();
                std::fs::write(dir.join("xdg/hindsight/config.toml"), toml(key, value)).unwrap();
            }
            _ => {}
        }
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let start =
        text.find(&format!("{{\"key\":\"{}\"", key.name)).unwrap_or_else(|| panic!("{text}{err}"));
    let field = |name: &str| {
        let rest = &text[start..];
        let at = rest.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
        rest[at..].split('"').next().unwrap().to_owned()
    };
    assert_eq!(output.status.code(), Some(0), "{err}");
    (field("value"), field("origin"))
}

#[test]
fn for_every_key_and_every_pair_of_layers_the_higher_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    for key in KEYS {
        let layers: &[&str] = match key.class {
            KeyClass::Runtime => &["flag", "env", "project", "user"],
            KeyClass::Result => &["flag", "project"],
        };
        let [first, second] = values(key);
        for (at, high) in layers.iter().enumerate() {
            let origin_of = |layer: &str| match layer {
                "flag" => "flag --set".to_owned(),
                "env" => format!("env {}", key.variable()),
                "project" => "hindsight.toml:2:".to_owned(),
                _ => "config.toml:2:".to_owned(),
            };
            let (value, origin) = shown(dir.path(), key, &[(high, &first)]);
            assert_eq!(value, first, "{} in {high}", key.name);
            assert!(origin.contains(&origin_of(high)), "{}: {origin}", key.name);
            for low in &layers[at + 1..] {
                let (value, origin) = shown(dir.path(), key, &[(high, &first), (low, &second)]);
                assert_eq!(value, first, "{}: {high} over {low}", key.name);
                assert!(origin.contains(&origin_of(high)), "{}: {origin}", key.name);
            }
        }
        let (value, origin) = shown(dir.path(), key, &[]);
        assert_eq!((value.as_str(), origin.as_str()), (key.default, "default"), "{}", key.name);
    }
}

#[test]
fn a_result_key_outside_the_project_is_refused_for_every_command() {
    let dir = tempfile::tempdir().unwrap();
    for key in KEYS.iter().filter(|key| key.class == KeyClass::Result) {
        let [value, _] = values(key);
        let output =
            hindsight(dir.path()).env(key.variable(), &value).args(["cat", "-"]).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains("error[config/result-key-outside-project]"), "{err}");

        std::fs::create_dir_all(dir.path().join(".config/hindsight")).unwrap();
        let user = dir.path().join(".config/hindsight/config.toml");
        std::fs::write(&user, toml(key, &value)).unwrap();
        let done = run(dir.path(), &["config", "check"]);
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(
            done.err.contains("config.toml:2:1\n") && done.err.contains("a result key"),
            "{}",
            done.err
        );
        std::fs::remove_file(user).unwrap();
    }
}

#[test]
fn check_reports_every_mistake_with_its_place_and_the_near_name() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[run]\nbatch_row = 5\nbatch_rows = \"many\"\n\n[ui]\ncolour = \"never\"\n\n[other]\nx = 1\n";
    std::fs::write(dir.path().join("hindsight.toml"), text).unwrap();
    let output = hindsight(dir.path())
        .env("HINDSIGHT_RUN__BATCH_ROW", "1")
        .args(["config", "check"])
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for part in [
        "error[config/unknown-key]: no key `run.batch_row` (is it `run.batch_rows`?)",
        "hindsight.toml:2:1\n2 | batch_row = 5\n  | ^^^^^^^^^ no such key",
        "error[config/bad-value]: run.batch_rows: expected a whole number from 1 to 1048576, found `\"many\"`",
        "hindsight.toml:3:14\n3 | batch_rows = \"many\"\n  |              ^^^^^^",
        "error[config/unknown-key]: no key `ui.colour` (is it `ui.color`?)",
        "error[config/unknown-key]: no key `other.x`",
        "error[config/unknown-variable]: the environment variable HINDSIGHT_RUN__BATCH_ROW stands for no key (is it `HINDSIGHT_RUN__BATCH_ROWS`?)",
    ] {
        assert!(err.contains(part), "{part}\nin\n{err}");
    }
    let other = run(dir.path(), &["cat", "-"]);
    assert_eq!(other.code, 2, "no command works under a mistake: {}", other.err);
}

#[test]
fn a_file_that_is_no_toml_points_at_the_place() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("hindsight.toml"), "[run]\nbatch_rows = \n").unwrap();
    let done = run(dir.path(), &["config", "check"]);
    assert_eq!(done.code, 2);
    assert!(
        done.err.contains("error[config/syntax]") && done.err.contains("hindsight.toml:2:"),
        "{}",
        done.err
    );
}

#[test]
fn init_writes_every_key_at_its_default_and_the_text_parses_uncommented() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &["init"]).code, 0);
    assert_eq!(run(dir.path(), &["init"]).code, 2, "an existing file stays");
    let path = dir.path().join("hindsight.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let as_written = run(dir.path(), &["config", "show", "--origin"]);
    assert!(!as_written.text().contains("hindsight.toml"), "{}", as_written.text());
    // A line of a key is `# name = value`; other comments are prose.
    let mut keys = 0;
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')) => {
                keys += 1;
                rest
            }
            _ => line,
        })
        .collect();
    assert_eq!(keys, KEYS.len());
    std::fs::write(&path, uncommented.join("\n")).unwrap();
    let done = run(dir.path(), &["config", "check"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let shown = run(dir.path(), &["config", "show"]);
    let before: Vec<String> = as_written.text().lines().skip(1).map(two_cells).collect();
    let after: Vec<String> = shown.text().lines().skip(1).map(two_cells).collect();
    for (was, is) in before.iter().zip(&after) {
        // An empty path stands for none and prints as nothing either way.
        assert_eq!(was, is);
    }
}

/// Key and value of a line of `config show`.
fn two_cells(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let value = words.get(1).filter(|word| !matches!(**word, "runtime" | "result"));
    format!("{} {}", words[0], value.unwrap_or(&""))
}

#[test]
fn the_hash_of_results_ignores_runtime_keys_and_where_a_value_stands() {
    let dir = tempfile::tempdir().unwrap();
    let hash = |args: &[&str]| {
        let all: Vec<&str> = ["config", "show", "-f", "json"].iter().chain(args).copied().collect();
        let done = run(dir.path(), &all);
        done.text()
            .split("\"result_hash\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let plain = hash(&[]);
    assert_eq!(hash(&["--set", "run.batch_rows=9"]), plain);
    let flagged = hash(&["--set", "rejects.max=9"]);
    assert_ne!(flagged, plain);
    std::fs::write(dir.path().join("hindsight.toml"), "[rejects]\nmax = \"9\"\n").unwrap();
    assert_eq!(hash(&[]), flagged);
}

#[test]
fn a_log_filter_that_cannot_be_understood_is_refused_and_a_good_one_heeded() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = hindsight(dir.path());
    let output =
        command.env("HINDSIGHT_LOG", "feeds=loudly").args(["config", "check"]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("error[config/bad-value]: HINDSIGHT_LOG: expected a log filter"), "{err}");
    let mut command = hindsight(dir.path());
    let output = command.env("HINDSIGHT_LOG", "debug").args(["config", "check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}
