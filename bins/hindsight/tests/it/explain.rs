//! Every error code has one explanation, and every explanation a code.

use crate::support::run;
use std::collections::BTreeSet;
use std::path::Path;

/// Every Rust source of a folder below the repository.
fn sources(folder: &str) -> String {
    fn walk(dir: &Path, text: &mut String) {
        let mut entries: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, text);
            } else if path.extension().is_some_and(|e| e == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut text = String::new();
    walk(&root, &mut text);
    text
}

/// Words in quotes that begin with a prefix, as codes do.
fn quoted(text: &str, prefix: &str) -> BTreeSet<String> {
    text.split('"')
        .filter(|part| part.starts_with(prefix))
        .filter(|part| {
            part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/-".contains(&b))
        })
        .map(str::to_owned)
        .collect()
}

fn explained(prefix: &str) -> BTreeSet<String> {
    let all = hindsight::explanations();
    let codes: Vec<&str> = all.iter().map(|e| e.code).filter(|c| c.starts_with(prefix)).collect();
    let set: BTreeSet<String> = codes.iter().map(|c| (*c).to_owned()).collect();
    assert_eq!(codes.len(), set.len(), "each code is explained once");
    set
}

#[test]
fn codes_of_the_command_line_and_headings_match_in_both_directions() {
    let text = sources("bins/hindsight/src");
    for prefix in ["cli/", "config/"] {
        let mut codes = quoted(&text, prefix);
        // Its message is written by the panic hook.
        codes.extend((prefix == "cli/").then(|| "cli/bug".to_owned()));
        codes.remove(prefix);
        assert_eq!(codes, explained(prefix), "{prefix}");
    }
}

#[test]
fn every_code_of_a_crate_has_a_heading_and_every_heading_stands_in_its_source() {
    for name in [
        "capture",
        "contract",
        "durable",
        "features",
        "feeds",
        "labeling",
        "quality",
        "query",
        "simulator",
    ] {
        let text = sources(&format!("crates/{name}/src"));
        let prefix = format!("{name}/");
        let headings = explained(&prefix);
        let codes = quoted(&text, &prefix);
        assert!(!codes.is_empty(), "{name}");
        for code in codes.iter().filter(|code| **code != prefix) {
            assert!(
                headings.contains(code),
                "{code} has no explanation in crates/{name}/src/errors.md"
            );
        }
        for heading in headings {
            let word = heading.strip_prefix(&prefix).unwrap();
            // Codes of rows are put together from the crate and a word.
            let stands =
                text.contains(&format!("\"{word}\"")) || text.contains(&format!("\"{heading}\""));
            assert!(stands, "{heading} is explained and no source of {name} knows it");
        }
    }
}

#[test]
fn an_explanation_says_more_than_the_message_and_names_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["explain", "cli/trailing-data"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        done.text().contains("Before: `cat a.arrows b.arrows | hindsight cat`"),
        "{}",
        done.text()
    );
    assert!(done.text().ends_with(
        "exit code 5: incomplete: an input ended early, or more rejects than allowed\n"
    ));
    let mistyped = run(dir.path(), &["explain", "cli/trailing-dat"]);
    assert_eq!(mistyped.code, 2);
    assert!(
        mistyped.err.contains("found `cli/trailing-dat` (is it `cli/trailing-data`?)"),
        "{}",
        mistyped.err
    );
}

#[test]
fn exit_codes_are_those_of_the_reference() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["explain", "exit-codes"]);
    let codes: Vec<&str> =
        done.text().lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "6", "75", "101", "130", "143"]);
    let list = run(dir.path(), &["explain", "--list"]);
    assert_eq!(list.text().lines().count(), hindsight::explanations().len() + 1);
}
