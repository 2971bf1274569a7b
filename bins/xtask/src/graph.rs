//! Dependencies point one way, and one Arrow is in the graph.

use crate::shell::{ChoreError, cargo, read};
use std::fs;
use std::path::Path;

/// Our own crates that each library may use.
const ALLOWED: [(&str, &[&str]); 4] =
    [("contract", &[]), ("durable", &[]), ("feeds", &["contract"]), ("simulator", &["contract"])];

/// Engines that only `analytics` and `query` may pull in, and runtimes that no library may.
const BANNED: [&str; 6] = ["datafusion", "polars", "tokio", "reqwest", "hyper", "openssl"];

pub(crate) fn check(root: &Path) -> Result<(), ChoreError> {
    let mut wrong = Vec::new();
    for (package, allowed) in ALLOWED {
        let mut command = cargo(root);
        command.args([
            "tree",
            "--locked",
            "--all-features",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]);
        command.args(["-p", package]);
        wrong.extend(misplaced(package, allowed, &read(command)?));
    }
    let lock = root.join("Cargo.lock");
    let lock_text = fs::read_to_string(&lock).map_err(|e| ChoreError::file(&lock, e))?;
    let arrows = lock_text.matches("name = \"arrow-array\"").count();
    if arrows != 1 {
        wrong.push(format!("Cargo.lock: expected one arrow-array, found {arrows}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(ChoreError::Found(wrong.join("\n"))) }
}

fn misplaced(package: &str, allowed: &[&str], tree: &str) -> Vec<String> {
    let ours = ALLOWED.map(|(name, _)| name);
    let mut wrong: Vec<String> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != package)
        .filter(|name| {
            (ours.contains(name) && !allowed.contains(name))
                || BANNED.iter().any(|b| name.starts_with(b))
        })
        .map(|name| format!("{package}: expected no dependency on `{name}`"))
        .collect();
    wrong.sort();
    wrong.dedup();
    wrong
}

#[cfg(test)]
mod tests {
    use super::misplaced;

    #[test]
    fn a_stage_that_knows_another_or_an_engine_is_named() {
        let tree = "feeds v0.1.0\ncontract v0.1.0\nsimulator v0.1.0\nsimulator v0.1.0 (*)\npolars-core v0.55.2\nserde v1.0.0\n";
        assert_eq!(
            misplaced("feeds", &["contract"], tree),
            [
                "feeds: expected no dependency on `polars-core`",
                "feeds: expected no dependency on `simulator`"
            ]
        );
    }
}
