//! Rules of the house that a machine can see in the source.

use crate::shell::{ChoreError, command, read, say};
use std::fs;
use std::path::Path;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Path below the top.
    pub path: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

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

/// More lines than this are worth another look; reported, not refused.
const LONG: usize = 600;

pub(crate) fn check(root: &Path) -> Result<(), ChoreError> {
    let mut git = command(root, "git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = read(git)?;
    let mut findings = Vec::new();
    for path in listed.split('\0').filter(|p| !p.is_empty()) {
        let full = root.join(path);
        // A file that was deleted and not yet committed is listed still.
        let Ok(bytes) = fs::read(&full) else { continue };
        findings.extend(place(path));
        if let Ok(text) = String::from_utf8(bytes) {
            let lines = text.lines().count();
            if path.ends_with(".rs") && lines > LONG {
                say(&format!("note: {path}: {lines} lines"));
            }
            findings.extend(scan(path, &text));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.what)).collect();
    Err(ChoreError::Found(lines.join("\n")))
}

/// Where a file stands.
fn place(path: &str) -> Vec<Finding> {
    let first = path.split('/').next().unwrap_or(path);
    let at = |what: &str| Finding { path: path.to_owned(), line: 0, what: what.to_owned() };
    let mut out = Vec::new();
    if !first.starts_with('.') && !TOP.contains(&first) {
        out.push(at("stands at the top, where only the fixed files and folders stand"));
    }
    let words: Vec<&str> = path.split('/').collect();
    if let [_, _, "tests", file] = words.as_slice()
        && Path::new(file).extension().is_some_and(|e| e == "rs")
    {
        out.push(at("integration tests stand in tests/it/, one program a crate"));
    }
    out
}

/// Looks at the text of one file.
///
/// ```
/// let found = xtask::scan("crates/feeds/src/lib.rs", "//! A map.\nmod lean;\n");
/// assert_eq!(found[0].what, "expected `#![forbid(unsafe_code)]` in the front page of a library");
/// ```
#[must_use]
pub fn scan(path: &str, text: &str) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut add = |line: usize, what: &str| {
        out.push(Finding { path: path.to_owned(), line, what: what.to_owned() });
    };
    let is_rust = path.ends_with(".rs");
    let is_rules = path.starts_with("bins/xtask/src/rules");
    if is_rust && path.ends_with("/src/lib.rs") && !text.contains("#![forbid(unsafe_code)]") {
        add(0, "expected `#![forbid(unsafe_code)]` in the front page of a library");
    }
    if path.ends_with("tests/it/main.rs") && !text.contains("#![cfg(test)]") {
        add(0, "expected `#![cfg(test)]`, which lets clippy see helpers as tests");
    }
    let mut in_tests = path.contains("/tests/") || path.ends_with("tests.rs");
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.trim();
        in_tests |= code == "#[cfg(test)]";
        if !is_rules {
            for place in machine_paths() {
                if let Some(at) = line.find(&place)
                    && !line
                        .get(..at)
                        .unwrap_or("")
                        .ends_with(|c: char| c.is_alphanumeric() || "._-".contains(c))
                {
                    add(number, "a path of one machine, or the host of a registry");
                }
            }
        }
        if !is_rust || is_rules {
            continue;
        }
        if code.starts_with("#[ignore") {
            add(number, "an ignored test; long tests are verbs of xtask");
        }
        let is_comment = code.starts_with("//");
        if !is_comment && code.contains("unsafe ") && !code.contains("unsafe_code") {
            add(number, "unsafe code");
        }
        if in_tests && (code.starts_with("matches!(") && code.ends_with(");")) {
            add(number, "a value that is dropped: assert it");
        }
        if in_tests && code.starts_with("assert!(") && code.ends_with(".is_ok());") {
            add(number, "a lone is_ok(): compare with what is expected");
        }
        let typed = ["crates/contract/", "bins/xtask/", "benches/", "crates/durable/"];
        let is_stage = path.starts_with("crates/") && !typed.iter().any(|t| path.starts_with(t));
        if is_stage && !in_tests && path.contains("/src/") && !is_comment {
            for reach in ["downcast_ref", ".column_by_name(", ".schema().index_of("] {
                if code.contains(reach) {
                    add(number, "a column by name, index or cast outside contract");
                }
            }
        }
    }
    out
}

/// Spelled in parts, so that this file does not break its own rule.
fn machine_paths() -> [String; 7] {
    [
        ["/wo", "rk/"].concat(),
        ["/ro", "ot/"].concat(),
        ["/tm", "p/"].concat(),
        ["crates", ".io"].concat(),
        ["pypi", ".org"].concat(),
        ["npmjs", ".com"].concat(),
        ["deb.debian", ".org"].concat(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[(usize, &str)]) {
        let found: Vec<(usize, String)> =
            scan(path, text).into_iter().map(|f| (f.line, f.what)).collect();
        let expected: Vec<(usize, String)> =
            expected.iter().map(|(l, w)| (*l, (*w).to_owned())).collect();
        assert_eq!(found, expected, "{path}: {text}");
    }

    #[test]
    fn a_sound_file_has_no_finding() {
        check("crates/feeds/src/lib.rs", "//! A map.\n#![forbid(unsafe_code)]\nmod lean;\n", &[]);
        check("crates/feeds/src/lean.rs", "/// unsafe words in a comment\nfn f() {}\n", &[]);
        check("docs/guide.md", "see examples/work/one and `target/tmp`\n", &[]);
    }

    #[test]
    fn each_rule_that_is_broken_is_found() {
        let dropped = "a value that is dropped: assert it";
        check("crates/feeds/tests/it/x.rs", "fn t() {\n    matches!(a, B);\n}\n", &[(2, dropped)]);
        let lone = "a lone is_ok(): compare with what is expected";
        check("crates/feeds/src/x.rs", "#[cfg(test)]\nassert!(f().is_ok());\n", &[(2, lone)]);
        check(
            "crates/feeds/src/x.rs",
            "    #[ignore = \"slow\"]\n",
            &[(1, "an ignored test; long tests are verbs of xtask")],
        );
        check("crates/feeds/src/x.rs", "let x = unsafe { y };\n", &[(1, "unsafe code")]);
        let reach = "a column by name, index or cast outside contract";
        check("crates/feeds/src/x.rs", "a.downcast_ref::<B>()\n", &[(1, reach)]);
        check("crates/contract/src/x.rs", "a.downcast_ref::<B>()\n", &[]);
        let main = "expected `#![cfg(test)]`, which lets clippy see helpers as tests";
        check("crates/feeds/tests/it/main.rs", "mod x;\n", &[(0, main)]);
        let machine = "a path of one machine, or the host of a registry";
        check("docs/x.md", &format!("see {}main\n", ["/wo", "rk/"].concat()), &[(1, machine)]);
    }

    #[test]
    fn a_file_in_the_wrong_place_is_found() {
        assert_eq!(place("scripts/x.sh").len(), 1);
        assert_eq!(place("crates/feeds/tests/lean.rs").len(), 1);
        assert_eq!(place("crates/feeds/tests/it/lean.rs"), []);
        assert_eq!(place(".deny.toml"), []);
    }
}
