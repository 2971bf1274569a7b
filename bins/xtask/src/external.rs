//! Proofs that need programs other than the Rust toolchain, or stand outside the workspace.

use crate::shell::{ChoreError, cargo, command, pass, read, say};
use std::path::{Path, PathBuf};

/// Where cargo builds, so that everything derived stays out of the tree.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Python readers open what we write, and we what they write. Without Python it says so and succeeds, unless required.
pub(crate) fn interop(root: &Path, required: bool) -> Result<(), ChoreError> {
    let skip = |why: &str| {
        let line = format!("interop: SKIPPED: {why}");
        if required {
            return Err(ChoreError::Found(line));
        }
        say(&line);
        Ok(())
    };
    let folder = root.join("fixtures/interop");
    let venv = target(root).join("interop-venv");
    let python = venv.join("bin/python");
    let mut version = command(root, "python3");
    version.arg("--version");
    if read(version).is_err() {
        return skip("python3 was not found");
    }
    if !python.exists() {
        let mut make = command(root, "python3");
        make.args(["-m", "venv"]).arg(&venv);
        if let Err(error) = pass(make) {
            return skip(&format!("no virtual environment could be made ({error})"));
        }
    }
    let mut install = command(root, &python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(folder.join("requirements.txt"));
    if let Err(error) = pass(install) {
        return skip(&format!("the readers could not be installed ({error})"));
    }
    let mut check = command(root, &python);
    check.arg(folder.join("check.py"));
    pass(check)
}

/// A program outside the workspace that uses `contract` alone.
pub(crate) fn outside(root: &Path) -> Result<(), ChoreError> {
    let manifest = root.join("fixtures/outside/Cargo.toml");
    let mut run = cargo(root);
    run.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    run.env("CARGO_TARGET_DIR", target(root).join("outside"));
    pass(run)
}
