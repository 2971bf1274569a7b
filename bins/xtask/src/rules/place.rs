//! Where a file may stand.

use super::{Finding, Rule};
use std::path::Path;

/// What may stand at the top besides dotfiles.
const TOP: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "rust-toolchain.toml",
    "crates",
    "bins",
    "fixtures",
    "benches",
    "docs",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 5] = ["utils", "util", "common", "helpers", "misc"];

pub(crate) fn check(path: &str) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut add = |what: &str| {
        out.push(Finding {
            rule: Rule::Place,
            path: path.to_owned(),
            line: 0,
            what: what.to_owned(),
        });
    };
    let parts: Vec<&str> = path.split('/').collect();
    let first = parts.first().copied().unwrap_or(path);
    if !first.starts_with('.') && !TOP.contains(&first) {
        add("stands at the top, where only the fixed files and folders stand");
    }
    let file = Path::new(path);
    if file.extension().is_none_or(|e| e != "rs") || first == "fixtures" {
        return out;
    }
    let below_tests = match parts.as_slice() {
        ["crates" | "bins", _, "tests", rest @ ..] | ["benches", "tests", rest @ ..] => rest,
        _ => &[],
    };
    if !below_tests.is_empty() && (below_tests.len() < 2 || below_tests.first() != Some(&"it")) {
        add("integration tests stand in tests/it/, one program a crate");
    }
    if parts.last() == Some(&"mod.rs") {
        add("a module is `name.rs` beside its folder `name/`");
    }
    let stem = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    if EMPTY_NAMES.contains(&stem) {
        add("a name that says nothing: call the file by its concept");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_place(path: &str, expected: &[&str]) {
        let found: Vec<String> = check(path).into_iter().map(|f| f.what).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn the_top_is_fixed() {
        let top = "stands at the top, where only the fixed files and folders stand";
        check_place("scripts/run.sh", &[top]);
        check_place("NOTES.md", &[top]);
        check_place(".deny.toml", &[]);
        check_place("README.md", &[]);
        check_place("docs/guide/read-in-python.md", &[]);
    }

    #[test]
    fn integration_tests_are_one_program_a_crate() {
        let one = "integration tests stand in tests/it/, one program a crate";
        check_place("crates/feeds/tests/lean.rs", &[one]);
        check_place("bins/hindsight/tests/other/main.rs", &[one]);
        check_place("benches/tests/ratio.rs", &[one]);
        check_place("crates/feeds/tests/it/lean.rs", &[]);
        check_place("benches/tests/it/main.rs", &[]);
        check_place("fixtures/outside/tests/any.rs", &[]);
    }

    #[test]
    fn a_file_is_named_for_its_concept() {
        check_place(
            "crates/feeds/src/utils.rs",
            &["a name that says nothing: call the file by its concept"],
        );
        check_place(
            "crates/feeds/src/book/mod.rs",
            &["a module is `name.rs` beside its folder `name/`"],
        );
        check_place("crates/feeds/src/book.rs", &[]);
    }
}
