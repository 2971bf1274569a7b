//! Generated files: written by one verb, compared by the gate.

use crate::shell::{ChoreError, cargo, pass};
use std::path::Path;

#[cfg(feature = "generators")]
pub(crate) use compare::{Files, check, write};

/// Every generated file of the repository. A crate that generates files plugs in here.
#[cfg(feature = "generators")]
pub(crate) fn registry() -> Files {
    let mut files = Files::new();
    files.extend(contract::generated_files());
    files.extend(hindsight::generated_files());
    files
}

/// Runs the program that links the generators, so that this one never waits for them.
pub(crate) fn delegate(root: &Path, verb: &str) -> Result<(), ChoreError> {
    let mut command = cargo(root);
    command.args(["run", "--quiet", "--locked", "-p", "xtask", "--features", "generators"]);
    command.args(["--bin", "xtask-generate", "--", verb]);
    pass(command)
}

#[cfg(any(feature = "generators", test))]
mod compare {
    use crate::shell::{ChoreError, found};
    use std::collections::BTreeMap;
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;

    /// Path below the top, with `/`, and text.
    pub(crate) type Files = BTreeMap<String, String>;

    /// Folders in which every file is generated.
    const OWNED: [&str; 3] = ["docs/contract", "docs/reference", "crates/contract/register"];

    /// Writes what differs, removes what is surplus, and says what it did.
    pub(crate) fn write(root: &Path, files: &Files) -> Result<Vec<String>, ChoreError> {
        let mut done = Vec::new();
        for (name, text) in files {
            let path = root.join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|e| ChoreError::file(folder, e))?;
            }
            if fs::read_to_string(&path).ok().as_deref() != Some(text) {
                fs::write(&path, text).map_err(|e| ChoreError::file(&path, e))?;
                done.push(format!("wrote {name}"));
            }
        }
        for name in surplus(root, files)? {
            let path = root.join(&name);
            fs::remove_file(&path).map_err(|e| ChoreError::file(&path, e))?;
            done.push(format!("removed {name}"));
        }
        Ok(done)
    }

    /// Names every stale, missing and surplus file.
    pub(crate) fn check(root: &Path, files: &Files) -> Result<(), ChoreError> {
        let mut wrong = Vec::new();
        for (name, text) in files {
            match fs::read_to_string(root.join(name)) {
                Ok(there) if there == *text => {}
                Ok(_) => wrong.push(format!("{name}: stale")),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    wrong.push(format!("{name}: missing"));
                }
                Err(error) => wrong.push(format!("{name}: {error}")),
            }
        }
        for name in surplus(root, files)? {
            wrong.push(format!("{name}: surplus, nothing generates it"));
        }
        if !wrong.is_empty() {
            wrong.push("run `cargo xtask generate`".to_owned());
        }
        found(&wrong)
    }

    /// Files in an owned folder that nothing generates. A register entry of an earlier version of a table stays.
    fn surplus(root: &Path, files: &Files) -> Result<Vec<String>, ChoreError> {
        let mut out = Vec::new();
        for owned in OWNED {
            let folder = root.join(owned);
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(ChoreError::file(&folder, error)),
            };
            for entry in entries {
                let entry = entry.map_err(|e| ChoreError::file(&folder, e))?;
                let name = format!("{owned}/{}", entry.file_name().to_string_lossy());
                if !files.contains_key(&name) && !is_earlier_version(&name, files) {
                    out.push(name);
                }
            }
        }
        out.sort();
        Ok(out)
    }

    /// `trades.v1.txt` is history once `trades.v2.txt` is generated.
    fn is_earlier_version(name: &str, files: &Files) -> bool {
        let parts = |name: &str| {
            let stem = name.strip_prefix("crates/contract/register/")?.strip_suffix(".txt")?;
            let (table, version) = stem.rsplit_once(".v")?;
            Some((table.to_owned(), version.parse::<u32>().ok()?))
        };
        let Some((table, version)) = parts(name) else { return false };
        files.keys().filter_map(|key| parts(key)).any(|(t, now)| t == table && version < now)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::shell::scratch;

        fn planted() -> Files {
            [
                ("docs/contract/trades.md", "# trades\n"),
                ("docs/contract/quotes.md", "# quotes\n"),
                ("crates/contract/register/trades.v2.txt", "trades 2\n"),
                ("docs/errors.md", "# errors\n"),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
        }

        #[track_caller]
        fn said(root: &Path) -> String {
            check(root, &planted()).err().map(|e| e.to_string()).unwrap_or_default()
        }

        #[test]
        fn stale_missing_and_surplus_files_are_named_and_mended() {
            let root = scratch("generated");
            assert_eq!(write(&root, &planted()).unwrap().len(), 4);
            assert_eq!(said(&root), "");
            fs::write(root.join("docs/contract/trades.md"), "old\n").unwrap();
            fs::remove_file(root.join("docs/contract/quotes.md")).unwrap();
            fs::write(root.join("docs/contract/weather.md"), "none\n").unwrap();
            fs::write(root.join("docs/guide.md"), "by hand, in a folder that is not owned\n")
                .unwrap();
            let expected = "docs/contract/quotes.md: missing\ndocs/contract/trades.md: stale\n\
                            docs/contract/weather.md: surplus, nothing generates it\nrun `cargo xtask generate`";
            assert_eq!(said(&root), expected);
            assert_eq!(
                write(&root, &planted()).unwrap(),
                [
                    "wrote docs/contract/quotes.md",
                    "wrote docs/contract/trades.md",
                    "removed docs/contract/weather.md"
                ]
            );
            assert_eq!(said(&root), "");
            fs::remove_dir_all(root).unwrap();
        }

        #[test]
        fn the_register_keeps_earlier_versions_and_refuses_later_ones() {
            let root = scratch("register");
            write(&root, &planted()).unwrap();
            for version in ["v1", "v3"] {
                let name = format!("crates/contract/register/trades.{version}.txt");
                fs::write(root.join(name), "trades\n").unwrap();
            }
            let expected = "crates/contract/register/trades.v3.txt: surplus, nothing generates it\n\
                            run `cargo xtask generate`";
            assert_eq!(said(&root), expected);
            fs::remove_dir_all(root).unwrap();
        }
    }
}
