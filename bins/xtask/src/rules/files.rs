//! Which files are looked at: those that are committed, or would be.

use crate::shell::{ChoreError, command, read};
use std::fs;
use std::path::Path;

/// Paths below the top, with `/`. Git knows them; without git, or in an unpacked archive, everything but what is built.
pub(crate) fn list(root: &Path) -> Result<Vec<String>, ChoreError> {
    let mut git = command(root, "git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    if let Ok(listed) = read(git) {
        return Ok(listed.split('\0').filter(|p| !p.is_empty()).map(str::to_owned).collect());
    }
    let mut out = Vec::new();
    walk(root, "", &mut out)?;
    out.sort();
    Ok(out)
}

fn walk(root: &Path, below: &str, out: &mut Vec<String>) -> Result<(), ChoreError> {
    let folder = root.join(below);
    for entry in fs::read_dir(&folder).map_err(|e| ChoreError::file(&folder, e))? {
        let entry = entry.map_err(|e| ChoreError::file(&folder, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let kind = entry.file_type().map_err(|e| ChoreError::file(&folder, e))?;
        if kind.is_dir() && name != "target" && name != ".git" {
            walk(root, &path, out)?;
        } else if kind.is_file() {
            out.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::scratch;

    #[test]
    fn without_git_everything_but_what_is_built_is_listed() {
        let root = scratch("files");
        for path in ["a.rs", "crates/b/src/lib.rs", "target/debug/c.rs", ".git/config", ".ci/run"] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut out = Vec::new();
        walk(&root, "", &mut out).unwrap();
        out.sort();
        assert_eq!(out, [".ci/run", "a.rs", "crates/b/src/lib.rs"]);
        fs::remove_dir_all(root).unwrap();
    }
}
