//! `cargo xtask VERB`: the project's own chores.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    xtask::exit(xtask::run(&args))
}
