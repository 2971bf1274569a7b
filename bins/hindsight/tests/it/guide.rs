//! Console blocks of a guide are what the program says.

use crate::support::hindsight;
use std::path::Path;

const LABELS: &str = include_str!("../../../../docs/guide/write-a-label-rule.md");
const CHECKS: &str = include_str!("../../../../docs/guide/add-a-quality-check.md");
const OWN_DATA: &str = include_str!("../../../../docs/guide/bring-your-own-data.md");
const FIRST: &str = include_str!("../../../../docs/guide/your-first-dataset.md");
const CELLS: &str = include_str!("../../../../docs/guide/find-where-a-cell-came-from.md");
const README: &str = include_str!("../../../../README.md");

/// The blocks of one language, in order.
fn blocks(guide: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("\n```{language}\n");
    guide.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Whether a line is that of the guide, where `[..]` stands for any text.
fn is_like(expected: &str, found: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| found.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        let place = if is_last && part.is_empty() { Some(rest.len()) } else { rest.find(part) };
        let Some(place) = place else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.is_empty()
}

/// Whether lines are those of the guide, where `...` or `[..]` alone stands for any lines.
fn are_like(expected: &[&str], found: &[&str]) -> bool {
    match expected {
        [] => found.is_empty(),
        ["..." | "[..]", rest @ ..] => (0..=found.len()).any(|at| are_like(rest, &found[at..])),
        [first, rest @ ..] => {
            found.first().is_some_and(|line| is_like(first, line)) && are_like(rest, &found[1..])
        }
    }
}

/// A line without how wide its columns are and how long something took, which no two runs have in common.
fn plain(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_time = |at: usize| {
        let next = words.get(at + 1).map(|word| word.trim_end_matches([',', ';', ')']));
        // The table of a run has seconds behind what was done.
        let is_of_run = at.checked_sub(1).is_some_and(|before| words[before] == "done");
        let is_number = words[at].contains('.') && words[at].parse::<f64>().is_ok();
        is_number && (is_of_run || next.is_some_and(|next| ["s", "ms"].contains(&next)))
    };
    let of = |at| if is_time(at) { "T" } else { words[at] };
    (0..words.len()).map(of).collect::<Vec<_>>().join(" ")
}

/// Runs one command and gives its lines, and its exit code where it is not 0.
fn lines(dir: &Path, command: &str) -> String {
    let (command, to) = command.split_once(" > ").map_or((command, None), |(c, to)| (c, Some(to)));
    // Words in double quotes are one.
    let parts = command.split('"').enumerate();
    let words: Vec<&str> = parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect::<Vec<_>>(),
            _ => vec![part],
        })
        .collect();
    assert_eq!(words[0], "hindsight", "{command}");
    let done = hindsight(dir).args(&words[1..]).output().unwrap();
    let mut text = String::from_utf8(done.stdout).unwrap();
    if let Some(to) = to {
        std::fs::write(dir.join(to), std::mem::take(&mut text)).unwrap();
    }
    text.push_str(&String::from_utf8(done.stderr).unwrap());
    match done.status.code() {
        Some(0) => text,
        code => format!("{text}? {}\n", code.unwrap_or(-1)),
    }
}

/// Commands of the README that are not run here: the demo, which has a test, and one over files that are not in the repository.
const ELSEWHERE: [&str; 2] = ["hindsight demo", "hindsight feeds convert forex/"];

/// Writes the files that a guide shows, each named by its first line.
fn files(dir: &Path, guide: &'static str, language: &str) {
    for block in blocks(guide, language) {
        let (name, text) = block.split_once('\n').unwrap();
        let name = name.strip_prefix("# ").unwrap().split(':').next().unwrap();
        // The name is a comment in TOML, and nothing in a table.
        let text = if language == "toml" { block } else { text };
        std::fs::write(dir.join(name), format!("{text}\n")).unwrap();
    }
}

/// Runs every session of a guide and compares what it says; how many there were.
fn sessions(dir: &Path, guide: &'static str) -> usize {
    sessions_of(dir, &blocks(guide, "console"))
}

fn sessions_of(dir: &Path, blocks: &[&str]) -> usize {
    let mut ran = 0;
    for block in blocks {
        for session in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, expected) = session.split_once('\n').unwrap_or((session, ""));
            // What is shown of a file is the file.
            if let Some(name) = command.strip_prefix("cat ") {
                std::fs::write(dir.join(name), format!("{}\n", expected.trim_end())).unwrap();
                continue;
            }
            if ELSEWHERE.iter().any(|start| command.starts_with(start)) {
                continue;
            }
            let expected: Vec<String> = expected.lines().map(plain).collect();
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            let found = lines(dir, command);
            let found: Vec<String> = found.lines().map(plain).collect();
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            let said = found.join("\n");
            assert!(are_like(&expected, &found), "{command}\n{said}");
            ran += 1;
        }
    }
    ran
}

#[test]
fn every_console_block_of_the_guide_to_label_rules_is_real() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path(), LABELS, "toml");
    let second = std::fs::read_to_string(dir.path().join("labels.toml")).unwrap();
    let second = second.replace("version = 1", "version = 2").replace("-0.5, 0.5,", "-0.3, 0.3,");
    std::fs::write(dir.path().join("labels-2.toml"), second).unwrap();
    assert_eq!(sessions(dir.path(), LABELS), 6);
}

#[test]
fn every_console_block_of_the_guide_to_quality_checks_is_real() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path(), CHECKS, "toml");
    files(dir.path(), CHECKS, "csv");
    assert_eq!(sessions(dir.path(), CHECKS), 6);
}

#[test]
fn every_console_block_about_data_of_your_own_is_real() {
    let dir = tempfile::tempdir().unwrap();
    market(dir.path());
    files(dir.path(), OWN_DATA, "toml");
    assert_eq!(sessions(dir.path(), OWN_DATA), 2);
    assert_eq!(sessions(dir.path(), CELLS), 2);
}

/// The market that stands for files of one's own.
fn market(dir: &Path) {
    let args = ["simulator", "run", "--preset", "small", "--seed", "7", "-o", "market"];
    assert!(hindsight(dir).args(args).output().unwrap().status.success());
}

#[test]
fn every_console_block_of_the_readme_is_real() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(sessions(dir.path(), README), 12);
}

/// The words of a line of a shell, braces written out.
fn expanded(line: &str) -> String {
    let word = |word: &str| -> Vec<String> {
        let Some((before, rest)) = word.split_once('{') else { return vec![word.to_owned()] };
        let (inside, after) = rest.split_once('}').unwrap();
        inside.split(',').map(|one| format!("{before}{one}{after}")).collect()
    };
    line.split(' ').flat_map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_console_block_of_the_guide_to_a_first_dataset_is_real() {
    let dir = tempfile::tempdir().unwrap();
    for line in blocks(FIRST, "sh").iter().flat_map(|block| block.lines()) {
        lines(dir.path(), &expanded(line));
    }
    let specs = blocks(FIRST, "toml");
    let [spec, gate] = specs.as_slice() else { panic!("{specs:?}") };
    let spec_file = dir.path().join("entries.toml");
    std::fs::write(&spec_file, spec).unwrap();
    let shown = blocks(FIRST, "console");
    let [look, refused, built, verified, more, trace, keep] = shown.as_slice() else {
        panic!("{shown:?}")
    };
    assert_eq!(sessions_of(dir.path(), &[look, refused]), 2);
    let whole = format!("{spec}\n{gate}\n");
    let half = format!("{whole}[rows]\nto = \"2026-03-29T01:18:00Z\"\n");
    std::fs::write(&spec_file, &whole).unwrap();
    assert_eq!(sessions_of(dir.path(), &[built, verified]), 4);
    // A store of its own, with the half session in it.
    let other = tempfile::tempdir().unwrap();
    for name in ["market", "features.parquet", "causality.json", "labels"] {
        std::os::unix::fs::symlink(dir.path().join(name), other.path().join(name)).unwrap();
    }
    let build = built.lines().next().unwrap().strip_prefix("$ ").unwrap();
    std::fs::write(other.path().join("entries.toml"), &half).unwrap();
    assert!(lines(other.path(), build).contains("entries@1 published"));
    std::fs::write(other.path().join("entries.toml"), &whole).unwrap();
    assert_eq!(sessions_of(other.path(), &[more]), 2);
    // The first store again.
    assert_eq!(sessions_of(dir.path(), &[trace]), 3);
    let (end_of_pin, _) = keep.match_indices('\n').nth(1).unwrap();
    let (pin, rest) = keep.split_at(end_of_pin);
    assert_eq!(sessions_of(dir.path(), &[pin]), 1);
    std::fs::write(&spec_file, &half).unwrap();
    assert!(lines(dir.path(), build).contains("entries@3 published"));
    assert_eq!(sessions_of(dir.path(), &[rest]), 4);
}

/// The checks of a report of the demo, without what was found.
fn checks(text: &str) -> Vec<String> {
    let verdicts = ["ok ", "FAILED ", "undecided ", "not planted "];
    let lines = text.lines().filter(|line| verdicts.iter().any(|v| line.starts_with(v)));
    let check = |line: &str| {
        let line = verdicts.iter().find_map(|v| line.strip_prefix(v)).unwrap_or(line).trim_start();
        let digits = |c: char| if c.is_ascii_digit() { '#' } else { c };
        let words = line.split("  ").next().unwrap_or_default();
        words.chars().map(digits).collect::<String>().replace("##", "#").replace("##", "#")
    };
    lines.map(check).collect()
}

#[test]
fn the_readme_shows_checks_that_the_demo_has() {
    let dir = tempfile::tempdir().unwrap();
    let done = hindsight(dir.path()).args(["demo", "--size", "tiny", "--crash"]).output().unwrap();
    let has = checks(&String::from_utf8(done.stdout).unwrap());
    let block = blocks(README, "console")[0];
    let shown = checks(block);
    assert!(shown.len() >= 10, "{shown:?}");
    for check in shown {
        assert!(has.contains(&check), "{check}\n{has:#?}");
    }
}
