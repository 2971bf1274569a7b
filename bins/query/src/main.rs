//! The `hindsight-query` binary: everything is in the library beside it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    hindsight::start::<hindsight_query::Args>(std::env::args_os()).into()
}
