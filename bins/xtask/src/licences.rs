//! Every package in the graph is under a licence that `.deny.toml` allows.

use crate::shell::{ChoreError, cargo, found, read, read_file};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) fn check(root: &Path) -> Result<(), ChoreError> {
    let allowed = allowed(&read_file(&root.join(".deny.toml"))?);
    if allowed.is_empty() {
        return Err(ChoreError::Found(
            ".deny.toml: expected `allow = [..]` under [licenses]".into(),
        ));
    }
    let mut command = cargo(root);
    command.args(["tree", "--locked", "--workspace", "--all-features", "--prefix", "none"]);
    command.args(["-e", "normal,build,dev", "--target", "x86_64-unknown-linux-gnu"]);
    command.args(["--format", "{p}|{l}"]);
    found(&refused(&read(command)?, &allowed))
}

/// The words of the list `allow` in the section `[licenses]`.
fn allowed(deny: &str) -> BTreeSet<String> {
    let section = deny.split("[licenses]").nth(1).unwrap_or("");
    let list = section.split("allow = [").nth(1).and_then(|rest| rest.split(']').next());
    list.unwrap_or("").split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Packages of a tree, one `name version ..|licence` a line, whose licence no allowed one satisfies.
fn refused(tree: &str, allowed: &BTreeSet<String>) -> Vec<String> {
    let lines: BTreeSet<&str> = tree.lines().map(|l| l.trim_end_matches(" (*)")).collect();
    let mut out = Vec::new();
    for line in lines {
        let Some((package, licence)) = line.split_once('|') else { continue };
        if !satisfied(licence, allowed) {
            let words: Vec<&str> = package.split_whitespace().take(2).collect();
            let found = if licence.is_empty() { "none" } else { licence };
            out.push(format!(
                "{}: licence `{found}` is not allowed by .deny.toml",
                words.join(" ")
            ));
        }
    }
    out
}

/// Whether the allowed licences satisfy an SPDX expression; `/` is the old way to write `OR`.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut is_one = all(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        is_one |= all(words, allowed);
    }
    is_one
}

fn all(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut is_each = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        is_each &= one(words, allowed);
    }
    is_each
}

fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let is_inner = any(words, allowed);
            let [")", rest @ ..] = *words else { return false };
            *words = rest;
            is_inner
        }
        // An exception only adds permissions to the licence before it.
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => {
            *words = rest;
            allowed.contains(*licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> BTreeSet<String> {
        allowed(
            "[graph]\nallow = [\"GPL-3.0-only\"]\n[licenses]\nallow = [\"MIT\", \"Unicode-3.0\"]\n[bans]\n",
        )
    }

    #[test]
    fn only_the_list_of_licences_is_read() {
        assert_eq!(list().into_iter().collect::<Vec<_>>(), ["MIT", "Unicode-3.0"]);
    }

    #[test]
    fn an_expression_holds_as_spdx_says() {
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("MIT/GPL-3.0-only", true),
            ("MIT AND GPL-3.0-only", false),
            ("(GPL-3.0-only OR MIT) AND Unicode-3.0", true),
            ("GPL-3.0-only OR MIT AND Unicode-3.0", true), // AND binds more tightly
            ("MIT WITH LLVM-exception", true),
            ("(MIT", false),
            ("MIT MIT", false),
            ("", false),
        ] {
            assert_eq!(satisfied(expression, &list()), expected, "{expression}");
        }
    }

    #[test]
    fn a_package_without_an_allowed_licence_is_named_once() {
        let tree = "good v1.0.0|MIT\nbad v2.0.0|GPL-3.0-only\nbad v2.0.0|GPL-3.0-only (*)\nmute v3.0.0 (folder)|\n";
        let expected = [
            "bad v2.0.0: licence `GPL-3.0-only` is not allowed by .deny.toml",
            "mute v3.0.0: licence `none` is not allowed by .deny.toml",
        ];
        assert_eq!(refused(tree, &list()), expected);
    }
}
