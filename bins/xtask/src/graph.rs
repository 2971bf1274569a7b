//! Dependencies point one way, and one Arrow is in the graph.

use crate::members::{Built, MEMBERS, Member, unknown};
use crate::shell::{ChoreError, cargo, found, read, read_file};
use std::collections::BTreeSet;
use std::path::Path;

/// Engines and their runtimes, which only libraries on an engine may pull in, and clients that no library may.
const BANNED: [&str; 8] =
    ["datafusion", "polars", "tokio", "reqwest", "hyper", "openssl", "native-tls", "object_store"];

/// What only the libraries on an engine may pull in.
const ENGINES: [&str; 4] = ["datafusion", "polars", "tokio", "object_store"];

/// What a library may be built from besides Arrow itself: the facade would bring every sub-crate.
const FACADE: &str = "arrow";

pub(crate) fn check(root: &Path, members: &[&Member]) -> Result<(), ChoreError> {
    let mut wrong = unknown(root)?;
    for member in members {
        let tree = |edges: &[&str]| {
            let mut command = cargo(root);
            command.args(["tree", "--locked", "--all-features", "--prefix", "none"]);
            command.args(["--format", "{p}", "-p", member.name]);
            command.args(edges);
            read(command)
        };
        if member.is_library() {
            wrong.extend(misplaced(member, &tree(&["-e", "normal,build"])?));
        }
        wrong.extend(misplaced_in_tests(member, &tree(&["-e", "dev", "--depth", "1"])?));
    }
    wrong.extend(arrows(&read_file(&root.join("Cargo.lock"))?));
    found(&wrong)
}

fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).collect()
}

fn is_ours(name: &str) -> bool {
    MEMBERS.iter().any(|m| m.name == name)
}

/// Packages that a library must not be built from.
fn misplaced(member: &Member, tree: &str) -> Vec<String> {
    let is_engine = member.built == Built::Gate;
    let is_wrong = |name: &&str| {
        let may = |banned: &str| is_engine && ENGINES.contains(&banned);
        let banned = BANNED.iter().any(|b| name.starts_with(b) && !may(b))
            || (*name == FACADE && !is_engine);
        banned || (is_ours(name) && *name != member.name && !member.knows.contains(name))
    };
    let say = |name| format!("{}: expected no dependency on `{name}`", member.name);
    names(tree).into_iter().filter(is_wrong).map(say).collect()
}

/// Our own crates that the tests of a crate must not add.
fn misplaced_in_tests(member: &Member, tree: &str) -> Vec<String> {
    let may = |name: &str| {
        name == member.name || member.knows.contains(&name) || member.tests_add.contains(&name)
    };
    let say = |name| format!("{}: expected no dependency of tests on `{name}`", member.name);
    names(tree).into_iter().filter(|name| is_ours(name) && !may(name)).map(say).collect()
}

/// DataFusion and ours must meet in one Arrow, or batches cannot pass between them.
fn arrows(lock: &str) -> Option<String> {
    let count = lock.lines().filter(|line| *line == "name = \"arrow-array\"").count();
    (count != 1).then(|| format!("Cargo.lock: expected one arrow-array, found {count}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::member;

    #[test]
    fn a_stage_that_knows_another_or_an_engine_is_named() {
        let tree = "feeds v0.1.0\ncontract v0.1.0\ndurable v0.1.0\ndurable v0.1.0 (*)\narrow v59.3.0\n\
                    arrow-array v59.3.0\npolars-core v0.55.2\nserde v1.0.0\n";
        let expected = [
            "feeds: expected no dependency on `arrow`",
            "feeds: expected no dependency on `durable`",
            "feeds: expected no dependency on `polars-core`",
        ];
        assert_eq!(misplaced(member("feeds").unwrap(), tree), expected);
    }

    #[test]
    fn the_contract_and_durable_know_nothing_of_ours() {
        for name in ["contract", "durable"] {
            let expected = [format!("{name}: expected no dependency on `feeds`")];
            assert_eq!(misplaced(member(name).unwrap(), "feeds v0.1.0\nserde v1.0.0\n"), expected);
        }
    }

    #[test]
    fn tests_may_add_the_simulator_and_no_other_stage() {
        let tree = "feeds v0.1.0\nsimulator v0.1.0\ndurable v0.1.0\nproptest v1.12.0\n";
        let expected = ["feeds: expected no dependency of tests on `durable`"];
        assert_eq!(misplaced_in_tests(member("feeds").unwrap(), tree), expected);
    }

    #[test]
    fn a_second_arrow_is_counted() {
        let one = "[[package]]\nname = \"arrow-array\"\nversion = \"59.3.0\"\n";
        assert_eq!(arrows(one), None);
        let two = arrows(&one.repeat(2)).unwrap();
        assert_eq!(two, "Cargo.lock: expected one arrow-array, found 2");
    }
}
