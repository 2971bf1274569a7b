//! `xtask-generate write|check`: generated files, apart because it needs the crates whose files it makes.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    xtask::exit(xtask::run_generators(&args))
}
