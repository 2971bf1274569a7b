//! Python environments in the target folder.

use crate::shell::{ChoreError, command, read, read_file};
use std::fs;
use std::path::{Path, PathBuf};

/// The Python of an environment with what a file of requirements names, made where it is not there yet; or why there is
/// none. `flags` go to `pip install`.
pub(crate) fn environment(
    root: &Path,
    venv: &Path,
    requirements: &Path,
    flags: &[&str],
) -> Result<PathBuf, String> {
    let mut version = command(root, "python3");
    version.arg("--version");
    read(version).map_err(|_| "python3 was not found".to_owned())?;
    let python = venv.join("bin/python");
    let mut works = command(root, &python);
    works.args(["-m", "pip", "--version"]);
    if read(works).is_err() {
        let mut make = command(root, "python3");
        make.args(["-m", "venv", "--clear"]).arg(venv);
        read(make).map_err(|e| format!("no virtual environment could be made: {}", last(&e)))?;
    }
    let text = read_file(requirements).map_err(|e| e.to_string())?;
    let stamp = venv.join("installed.txt");
    if fs::read_to_string(&stamp).ok().as_deref() == Some(&text) {
        return Ok(python);
    }
    let mut install = command(root, &python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(flags).arg("-r").arg(requirements);
    read(install).map_err(|e| format!("the packages could not be installed: {}", last(&e)))?;
    fs::write(&stamp, text).map_err(|e| e.to_string())?;
    Ok(python)
}

/// The last line of a message, which is where Python says what went wrong.
fn last(error: &ChoreError) -> String {
    error.to_string().lines().last().unwrap_or_default().trim().to_owned()
}
