//! How many packages a crate pulls in: a reviewed count.

use crate::shell::{ChoreError, cargo, read, say};
use std::collections::BTreeSet;
use std::path::Path;

/// Crate, features, most packages.
///
/// The measured count plus a tenth, and never above the starting figure of the design without a word on why.
const BUDGET: [(&str, &str, usize); 9] = [
    ("contract", "", 35),
    ("contract", "digest", 42),
    ("contract", "digest,ndjson", 47),
    ("durable", "", 20),
    ("feeds", "", 65),
    ("feeds", "parquet", 78),
    ("feeds", "dbn", 95),
    ("simulator", "", 60),
    ("hindsight", "", 160),
];

fn count(root: &Path, package: &str, features: &str) -> Result<usize, ChoreError> {
    let mut command = cargo(root);
    command.args([
        "tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}", "-p", package,
    ]);
    if !features.is_empty() {
        command.args(["--features", features]);
    }
    let tree = read(command)?;
    let packages: BTreeSet<(&str, &str)> = tree.lines().filter_map(name_and_version).collect();
    Ok(packages.len())
}

fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?))
}

fn measured(root: &Path) -> Result<Vec<(String, usize, usize)>, ChoreError> {
    BUDGET
        .iter()
        .map(|&(package, features, most)| {
            let name = if features.is_empty() {
                package.to_owned()
            } else {
                format!("{package}+{features}")
            };
            Ok((name, count(root, package, features)?, most))
        })
        .collect()
}

pub(crate) fn print(root: &Path) -> Result<(), ChoreError> {
    for (name, found, most) in measured(root)? {
        say(&format!("{name:<28} {found:>4} of {most:>4}"));
    }
    Ok(())
}

pub(crate) fn check(root: &Path) -> Result<(), ChoreError> {
    let over: Vec<String> = measured(root)?
        .into_iter()
        .filter(|(_, found, most)| found > most)
        .map(|(name, found, most)| {
            format!("{name}: expected at most {most} packages, found {found}")
        })
        .collect();
    if over.is_empty() { Ok(()) } else { Err(ChoreError::Found(over.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn a_package_counts_once_whatever_stands_behind_its_version() {
        let lines = [
            "arrow-array v59.3.2",
            "arrow-array v59.3.2 (*)",
            "contract v0.1.0 (/somewhere/contract)",
            "",
        ];
        let packages: std::collections::BTreeSet<_> =
            lines.iter().filter_map(|l| name_and_version(l)).collect();
        assert_eq!(packages.len(), 2);
    }
}
