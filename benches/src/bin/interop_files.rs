//! Writes one file of each format for every table of the contract, or checks what other programs wrote back.
//!
//! `interop-files DIR` writes; `interop-files --verify DIR ..` reads and compares. Both take `--seed N` and `--rows N`
//! first; the defaults are those of `fixtures/interop/check.py`.

use benches::{InteropError, verify, write_files};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: interop-files [--seed N] [--rows N] (DIR | --verify DIR ..)";

struct Request {
    seed: u64,
    rows: usize,
    verify: bool,
    folders: Vec<PathBuf>,
}

fn parse(args: impl Iterator<Item = String>) -> Option<Request> {
    let mut request = Request { seed: 20_260_302, rows: 120, verify: false, folders: Vec::new() };
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seed" => request.seed = args.next()?.parse().ok()?,
            "--rows" => request.rows = args.next()?.parse().ok()?,
            "--verify" => request.verify = true,
            flag if flag.starts_with('-') => return None,
            folder => request.folders.push(folder.into()),
        }
    }
    let fits =
        if request.verify { !request.folders.is_empty() } else { request.folders.len() == 1 };
    fits.then_some(request)
}

fn run(request: &Request) -> Result<ExitCode, InteropError> {
    let mut out = io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for folder in &request.folders {
        if !request.verify {
            let tables = write_files(folder, request.seed, request.rows)?;
            writeln!(out, "{}: {tables} tables of {} rows", folder.display(), request.rows)?;
            continue;
        }
        let checks = verify(folder, request.seed, request.rows)?;
        let mut same = 0;
        for check in &checks {
            match &check.difference {
                Some(difference) => writeln!(out, "FAIL {}: {difference}", check.path.display())?,
                None => same += 1,
            }
        }
        writeln!(
            out,
            "{}: {same} of {} files hold the rows written",
            folder.display(),
            checks.len()
        )?;
        if same < checks.len() {
            code = ExitCode::from(3);
        }
    }
    Ok(code)
}

fn main() -> ExitCode {
    let Some(request) = parse(std::env::args().skip(1)) else {
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    run(&request).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "interop-files: {error}");
        ExitCode::from(1)
    })
}
