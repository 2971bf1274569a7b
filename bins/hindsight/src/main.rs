//! The `hindsight` binary: everything is in the library beside it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    hindsight::run(std::env::args_os()).into()
}
