//! How many packages a crate pulls in: a reviewed count.

use crate::members::Member;
use crate::shell::{ChoreError, cargo, found, read, say};
use std::collections::BTreeSet;
use std::path::Path;

/// Crate, features, most packages.
///
/// A limit is the count at its last review plus a tenth, and not above the starting figure of the design: 35 for
/// `contract`, 42 with `digest`, 65 for `feeds`, 95 with `dbn`, 50 for a stage, 160 for `hindsight`. One is above it:
/// `feeds`, because rows from text (feature `ndjson`, five packages) moved into `contract` after that figure was set. To
/// raise a limit, say in the commit what the new packages are for.
const BUDGET: [(&str, &str, usize); 16] = [
    ("analytics", "", 165),
    ("capture", "", 75),
    ("contract", "", 33),
    ("contract", "digest", 41),
    ("contract", "digest,ndjson", 46),
    ("datasets", "", 70),
    ("durable", "", 11),
    ("features", "", 52),
    ("features", "selection", 75),
    ("feeds", "", 70),
    ("feeds", "dbn", 95),
    ("labeling", "", 65),
    ("quality", "", 80),
    ("query", "", 235),
    ("simulator", "", 50),
    ("hindsight", "", 142),
];

/// A line of the budget, counted.
struct Line {
    name: String,
    count: usize,
    most: usize,
}

fn measured(root: &Path, members: &[&Member]) -> Result<Vec<Line>, ChoreError> {
    let chosen = BUDGET.iter().filter(|(package, ..)| members.iter().any(|m| m.name == *package));
    chosen
        .map(|&(package, features, most)| {
            let mut command = cargo(root);
            command.args(["tree", "--locked", "-e", "normal", "--prefix", "none"]);
            command.args([
                "--target",
                "x86_64-unknown-linux-gnu",
                "--format",
                "{p}",
                "-p",
                package,
            ]);
            if !features.is_empty() {
                command.args(["--features", features]);
            }
            let plus = if features.is_empty() { "" } else { "+" };
            let name = format!("{package}{plus}{features}");
            Ok(Line { name, count: count(&read(command)?), most })
        })
        .collect()
}

/// Unique packages, the crate itself among them.
fn count(tree: &str) -> usize {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    tree.lines().filter_map(package).collect::<BTreeSet<_>>().len()
}

/// Prints every count beside its limit.
pub(crate) fn print(root: &Path) -> Result<(), ChoreError> {
    let all: Vec<&Member> = crate::members::MEMBERS.iter().collect();
    for line in measured(root, &all)? {
        say(&format!("{:<24} {:>4} of {:>4}", line.name, line.count, line.most));
    }
    Ok(())
}

pub(crate) fn check(root: &Path, members: &[&Member]) -> Result<(), ChoreError> {
    let mut wrong = unlisted(members);
    wrong.extend(measured(root, members)?.iter().filter_map(over));
    found(&wrong)
}

/// Libraries without a limit.
fn unlisted(members: &[&Member]) -> Vec<String> {
    let has_line = |name: &str| BUDGET.iter().any(|(package, ..)| *package == name);
    let without = members.iter().filter(|m| m.is_library() && !has_line(m.name));
    without.map(|m| format!("{}: expected a line in bins/xtask/src/budget.rs", m.name)).collect()
}

fn over(line: &Line) -> Option<String> {
    let Line { name, count, most } = line;
    (count > most).then(|| format!("{name}: expected at most {most} packages, found {count}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::MEMBERS;

    #[test]
    fn a_package_counts_once_whatever_stands_behind_its_version() {
        let tree = "arrow-array v59.3.2\narrow-array v59.3.2 (*)\ncontract v0.1.0 (folder)\n\nr-efi v5.3.0\nr-efi v6.0.0\n";
        assert_eq!(count(tree), 4); // arrow-array, contract, and two versions of r-efi
    }

    #[test]
    fn one_package_too_many_is_named() {
        let line = |count| Line { name: "contract+digest".to_owned(), count, most: 42 };
        assert_eq!(over(&line(42)), None);
        let said = over(&line(43)).unwrap();
        assert_eq!(said, "contract+digest: expected at most 42 packages, found 43");
    }

    #[test]
    fn a_library_without_a_limit_is_named() {
        let new = Member {
            name: "weather",
            folder: "crates/weather",
            knows: &[],
            tests_add: &[],
            built: crate::members::Built::Always,
        };
        assert_eq!(unlisted(&[&new]), ["weather: expected a line in bins/xtask/src/budget.rs"]);
        assert_eq!(unlisted(&MEMBERS.iter().collect::<Vec<_>>()), Vec::<String>::new());
    }
}
