//! The crates of the workspace, and what each may know of the others.

use crate::shell::ChoreError;
use std::fs;
use std::path::Path;

/// Who builds a crate when none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Built {
    /// A bare cargo command, and the gate.
    Always,
    /// The gate: it stands on DataFusion or Polars, which take ten minutes to build.
    Gate,
    /// Nobody. Benches pull in the peers that they compare with.
    ByName,
}

/// A crate of the workspace.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// Folder below the top.
    pub(crate) folder: &'static str,
    /// Our own crates that it may be built from, directly or not.
    pub(crate) knows: &'static [&'static str],
    /// Our own crates that its tests may add.
    pub(crate) tests_add: &'static [&'static str],
    /// Who builds it when no crate is named.
    pub(crate) built: Built,
}

impl Member {
    /// A crate that other programs link.
    pub(crate) fn is_library(&self) -> bool {
        self.folder.starts_with("crates/")
    }
}

/// Every crate. A new one gets a line here, or the `graph` step fails.
pub(crate) const MEMBERS: [Member; 15] = [
    engine("analytics", "crates/analytics", &["contract"], &["simulator"]),
    library("capture", "crates/capture", &["contract", "durable"], &["simulator"]),
    library("contract", "crates/contract", &[], &[]),
    library("datasets", "crates/datasets", &["contract", "durable"], &["simulator"]),
    library("durable", "crates/durable", &[], &[]),
    library("features", "crates/features", &["contract"], &["simulator"]),
    library("feeds", "crates/feeds", &["contract"], &["simulator"]),
    library("labeling", "crates/labeling", &["contract"], &["simulator"]),
    library("quality", "crates/quality", &["contract"], &["simulator"]),
    engine(
        "query",
        "crates/query",
        &["capture", "contract", "datasets", "durable", "features"],
        &["simulator"],
    ),
    library("simulator", "crates/simulator", &["contract"], &[]),
    composer("hindsight", "bins/hindsight", LIBRARIES, Built::Always),
    composer("hindsight-query", "bins/query", PROGRAMS, Built::Gate),
    composer("xtask", "bins/xtask", PROGRAMS, Built::Always),
    composer("benches", "benches", PROGRAMS, Built::ByName),
];

const LIBRARIES: &[&str] = &[
    "capture",
    "contract",
    "datasets",
    "durable",
    "features",
    "feeds",
    "labeling",
    "quality",
    "simulator",
];
const PROGRAMS: &[&str] = &[
    "analytics",
    "capture",
    "contract",
    "datasets",
    "durable",
    "features",
    "feeds",
    "labeling",
    "quality",
    "query",
    "simulator",
    "hindsight",
];

const fn library(
    name: &'static str,
    folder: &'static str,
    knows: &'static [&'static str],
    tests_add: &'static [&'static str],
) -> Member {
    Member { name, folder, knows, tests_add, built: Built::Always }
}

/// A library on an engine, which may know stages: it reads what they wrote.
const fn engine(
    name: &'static str,
    folder: &'static str,
    knows: &'static [&'static str],
    tests_add: &'static [&'static str],
) -> Member {
    Member { name, folder, knows, tests_add, built: Built::Gate }
}

/// Only programs and benches compose stages.
const fn composer(
    name: &'static str,
    folder: &'static str,
    knows: &'static [&'static str],
    built: Built,
) -> Member {
    Member { name, folder, knows, tests_add: &[], built }
}

pub(crate) fn member(name: &str) -> Option<&'static Member> {
    MEMBERS.iter().find(|m| m.name == name)
}

/// Folders with a manifest that have no line in [`MEMBERS`].
pub(crate) fn unknown(root: &Path) -> Result<Vec<String>, ChoreError> {
    let mut out = Vec::new();
    for parent in ["crates", "bins"] {
        let folder = root.join(parent);
        for entry in fs::read_dir(&folder).map_err(|e| ChoreError::file(&folder, e))? {
            let entry = entry.map_err(|e| ChoreError::file(&folder, e))?;
            let name = format!("{parent}/{}", entry.file_name().to_string_lossy());
            let has_manifest = entry.path().join("Cargo.toml").is_file();
            if has_manifest && !MEMBERS.iter().any(|m| m.folder == name) {
                out.push(format!("{name}: expected a line in bins/xtask/src/members.rs"));
            }
        }
    }
    out.sort();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::scratch;

    #[test]
    fn a_crate_that_the_gate_does_not_know_is_named() {
        let root = scratch("members");
        for folder in ["crates/contract", "crates/weather", "bins/board", "crates/empty"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for folder in ["crates/contract", "crates/weather", "bins/board"] {
            fs::write(root.join(folder).join("Cargo.toml"), "[package]\n").unwrap();
        }
        let expected = [
            "bins/board: expected a line in bins/xtask/src/members.rs",
            "crates/weather: expected a line in bins/xtask/src/members.rs",
        ];
        assert_eq!(unknown(&root).unwrap(), expected);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_default_members_of_the_workspace_are_those_of_the_gate() {
        let manifest =
            fs::read_to_string(crate::shell::root().unwrap().join("Cargo.toml")).unwrap();
        let line = manifest.lines().find(|l| l.starts_with("default-members")).unwrap();
        let listed: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let ours: Vec<&str> =
            MEMBERS.iter().filter(|m| m.built == Built::Always).map(|m| m.folder).collect();
        assert_eq!(listed, ours);
    }
}
