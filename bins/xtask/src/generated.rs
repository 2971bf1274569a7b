//! Generated files: written by one verb, compared by the gate.

use crate::shell::{ChoreError, say};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Folders in which every file is generated.
const OWNED: [&str; 2] = ["docs/contract", "crates/contract/register"];

fn files() -> BTreeMap<String, String> {
    contract::generated_files().into_iter().collect()
}

pub(crate) fn write(root: &Path) -> Result<(), ChoreError> {
    let files = files();
    for (name, text) in &files {
        let path = root.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| ChoreError::file(folder, e))?;
        }
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::write(&path, text).map_err(|e| ChoreError::file(&path, e))?;
            say(&format!("wrote {name}"));
        }
    }
    for name in surplus(root, &files)? {
        let path = root.join(&name);
        fs::remove_file(&path).map_err(|e| ChoreError::file(&path, e))?;
        say(&format!("removed {name}"));
    }
    Ok(())
}

pub(crate) fn check(root: &Path) -> Result<(), ChoreError> {
    let files = files();
    let mut wrong = Vec::new();
    for (name, text) in &files {
        match fs::read_to_string(root.join(name)) {
            Ok(there) if there == *text => {}
            Ok(_) => wrong.push(format!("{name}: stale")),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    wrong.extend(
        surplus(root, &files)?.into_iter().map(|name| format!("{name}: nothing generates it")),
    );
    if wrong.is_empty() {
        return Ok(());
    }
    Err(ChoreError::Found(format!("{}\nrun `cargo xtask generate`", wrong.join("\n"))))
}

/// Files in an owned folder that nothing generates. A register entry of an earlier version of a table stays.
fn surplus(root: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>, ChoreError> {
    let mut out = Vec::new();
    for owned in OWNED {
        let folder = root.join(owned);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ChoreError::file(&folder, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| ChoreError::file(&folder, e))?;
            let name = format!("{owned}/{}", entry.file_name().to_string_lossy());
            if !files.contains_key(&name) && !is_earlier_version(&name) {
                out.push(name);
            }
        }
    }
    out.sort();
    Ok(out)
}

fn is_earlier_version(name: &str) -> bool {
    let stem = name.strip_prefix("crates/contract/register/").and_then(|n| n.strip_suffix(".txt"));
    let Some((table, version)) = stem.and_then(|s| s.rsplit_once(".v")) else { return false };
    let now = contract::table(table).map(|t| t.version);
    version.parse::<u16>().ok().zip(now).is_some_and(|(then, now)| then < now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for one test, under cargo's own temporary folder.
    fn folder(name: &str) -> std::path::PathBuf {
        let path =
            std::env::temp_dir().join(format!("hindsight-xtask-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_stale_a_missing_and_a_surplus_file_are_named() {
        let root = folder("generated");
        write(&root).unwrap();
        assert_eq!(check(&root).err().map(|e| e.to_string()), None);
        fs::write(root.join("docs/contract/trades.md"), "old").unwrap();
        fs::remove_file(root.join("docs/contract/quotes.md")).unwrap();
        fs::write(root.join("docs/contract/weather.md"), "none").unwrap();
        let found = check(&root).unwrap_err().to_string();
        for part in ["trades.md: stale", "quotes.md: ", "weather.md: nothing generates it"] {
            assert!(found.contains(part), "{part} in {found}");
        }
        write(&root).unwrap();
        assert_eq!(check(&root).err().map(|e| e.to_string()), None);
        fs::remove_dir_all(root).unwrap();
    }
}
