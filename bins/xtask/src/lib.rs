//! The project's own chores: one gate, generated files, and proofs that need other programs.
//!
//! ```text
//! cargo xtask check [--only STEP] [-p CRATE] [--list]   the one gate; needs nothing but the Rust toolchain
//! cargo xtask generate                                  writes the generated files
//! cargo xtask budget                                    prints the package count of each crate
//! cargo xtask interop [--require]                       Python readers open what we write, and we what they write
//! cargo xtask outside                                   a program outside the workspace uses `contract` alone
//! ```
#![forbid(unsafe_code)]

mod budget;
mod check;
mod external;
mod generated;
mod graph;
mod rules;
mod shell;

pub use check::Step;
pub use rules::{Finding, scan};
pub use shell::{ChoreError, say};

const USAGE: &str = "usage: cargo xtask check [--only STEP] [-p CRATE] [--list] | generate | budget | \
                     interop [--require] | outside";

/// Runs a verb.
///
/// # Errors
/// [`ChoreError`] when the words are not understood or a chore fails.
pub fn run(args: &[String]) -> Result<(), ChoreError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = shell::root()?;
    match words.as_slice() {
        ["check", rest @ ..] => check::run(&root, rest),
        ["generate"] => generated::write(&root),
        ["budget"] => budget::print(&root),
        ["interop"] => external::interop(&root, false),
        ["interop", "--require"] => external::interop(&root, true),
        ["outside"] => external::outside(&root),
        ["help" | "--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        _ => Err(ChoreError::Usage(USAGE.to_owned())),
    }
}
