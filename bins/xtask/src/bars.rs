//! `cargo xtask bars`: every bar of the project beside its peer, in one table.
//!
//! A list declares the bars in groups, and with each group the programs that measure it: benches of ours, and scripts of
//! benches/peers in Python environments of pinned packages, made in the target folder. Programs of a group run one after
//! the other; ratios are taken from what they print, here and nowhere else. What a group printed is kept in the target
//! folder, so that `--last` makes one table of runs at several times, each row with its own.

mod figures;
mod judge;
mod list;
mod machine;
mod steps;
mod table;

use crate::shell::{ChoreError, say};
use list::{GROUPS, Group};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use steps::Record;

const USAGE: &str = "usage: cargo xtask bars [NAME..] [--without NAME].. [--last] [--list] [--out FILE]\n\
                     NAME is a group, or, where no group is called so, a crate for all of its groups; all unless given; \
                     --last runs nothing and shows what the last runs found";

/// What a call asks for.
#[derive(Debug, Default, PartialEq)]
struct Call {
    names: Vec<String>,
    without: Vec<String>,
    is_last: bool,
    is_list: bool,
    out: Option<PathBuf>,
}

impl Call {
    fn parse(words: &[&str]) -> Result<Self, ChoreError> {
        let usage = || ChoreError::Usage(USAGE.to_owned());
        let mut call = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--last" => call.is_last = true,
                "--list" => call.is_list = true,
                "--out" => call.out = Some(words.next().ok_or_else(usage)?.into()),
                "--without" => call.without.push(words.next().ok_or_else(usage)?.to_owned()),
                flag if flag.starts_with('-') => return Err(usage()),
                name => call.names.push(name.to_owned()),
            }
        }
        for name in call.names.iter().chain(&call.without) {
            if !GROUPS.iter().any(|g| names(name, g)) {
                return Err(ChoreError::Usage(format!("no group of bars `{name}`\n{USAGE}")));
            }
        }
        Ok(call)
    }

    fn wants(&self, group: &Group) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| names(name, group))
    }

    fn leaves_out(&self, group: &Group) -> bool {
        self.without.iter().any(|name| names(name, group))
    }
}

/// Whether a word names a group: by its name, or by its crate, which names all of that crate.
fn names(word: &str, group: &Group) -> bool {
    if GROUPS.iter().any(|g| g.name == word) { group.name == word } else { group.package == word }
}

/// Runs what is asked for and prints the table.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), ChoreError> {
    let call = Call::parse(words)?;
    let groups: Vec<&Group> = GROUPS.iter().filter(|g| call.wants(g)).collect();
    if call.is_list {
        return print(&table::list(&groups));
    }
    let mut runs = Vec::new();
    for group in groups {
        let record = if call.leaves_out(group) {
            let faults = vec!["left out by `--without`".to_owned()];
            Some(Record { faults, ..Record::default() })
        } else if call.is_last {
            Record::last(root, group)
        } else {
            say(&format!("bars: {}", group.name));
            Some(steps::run(root, group)?)
        };
        runs.push((group, record));
    }
    let text = table::table(&machine::facts(root), &runs);
    if let Some(out) = &call.out {
        fs::write(out, &text).map_err(|e| ChoreError::file(out, e))?;
    }
    print(&text)
}

fn print(text: &str) -> Result<(), ChoreError> {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(ChoreError::file(Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_call_are_understood_or_refused() {
        let call =
            Call::parse(&["capture", "feeds", "--without", "capture-peers", "--out", "x.md"])
                .unwrap();
        let chosen: Vec<&str> = GROUPS
            .iter()
            .filter(|g| call.wants(g) && !call.leaves_out(g))
            .map(|g| g.name)
            .collect();
        assert!(chosen.contains(&"capture-append") && !chosen.contains(&"capture-peers"));
        assert_eq!(chosen.iter().filter(|name| name.starts_with("feeds")).count(), 1);
        assert_eq!(call.out, Some("x.md".into()));
        assert!(Call::parse(&["--list", "--last"]).unwrap().is_last);
        assert_eq!(Call::parse(&["--out"]).unwrap_err().to_string(), USAGE);
        assert_eq!(Call::parse(&["--fast"]).unwrap_err().to_string(), USAGE);
        let said = Call::parse(&["moon"]).unwrap_err().to_string();
        assert_eq!(said, format!("no group of bars `moon`\n{USAGE}"));
    }

    #[test]
    fn without_names_every_group_is_asked_for() {
        let call = Call::parse(&[]).unwrap();
        assert!(GROUPS.iter().all(|g| call.wants(g) && !call.leaves_out(g)));
    }
}
