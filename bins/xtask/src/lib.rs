//! The project's own chores: one gate, generated files, and proofs that need other programs.
//!
//! What it is not: nothing here is used by a crate of the system, and no rule is decided in a script. Three nouns carry
//! it: a [`Step`] of the gate, a [`Finding`] of a source rule, a [`ChoreError`].
//!
//! ```text
//! cargo xtask check [--only STEP].. [-p CRATE].. [--list]   the one gate; needs nothing but the Rust toolchain
//! cargo xtask generate                                      writes the generated files
//! cargo xtask budget                                        prints the package count of each crate
//! cargo xtask interop [--require]                           Python readers open what we write, and we what they write
//! cargo xtask interop datasets [--require]                  readers of other programs open a version and its documents
//! cargo xtask interop query [--require]                     DuckDB and hindsight-query answer the same questions alike
//! cargo xtask miri analytics [--require]                    the bridge's unsafe code under Miri, with a nightly toolchain
//! cargo xtask oracle capture [--require]                    a second reader, in Python, finds what our logs' reader finds
//! cargo xtask torture capture [--minutes N] [--seed N] [--kills N] [--sabotage]
//!                                                           the long forms of the proofs of `capture`
//! cargo xtask bars [NAME..] [--without NAME].. [--last] [--list] [--out FILE]
//!                                                           every bar beside its peer, in one table
//! cargo xtask outside                                       a program outside the workspace uses `contract` alone
//! ```
//!
//! A source rule sees one file at a time:
//!
//! ```
//! let found = xtask::scan("crates/feeds/src/lean.rs", "let px = batch.column_by_name(\"px\");\n");
//! assert_eq!(found[0].to_string(), "crates/feeds/src/lean.rs:1: column: `column_by_name(` outside `contract`");
//! ```
#![forbid(unsafe_code)]

mod bars;
mod budget;
mod check;
mod external;
mod generated;
mod graph;
mod licences;
mod members;
mod python;
mod rules;
mod shell;
mod torture;

pub use check::Step;
pub use rules::{Finding, Rule, scan};
pub use shell::{ChoreError, exit, say};

const USAGE: &str = "usage: cargo xtask check [--only STEP].. [-p CRATE].. [--list] | generate | budget | \
                     interop [datasets|query] [--require] | \
                     miri analytics [--require] | oracle capture [--require] | torture capture [--help] | \
                     bars [NAME..] [--without NAME].. [--last] [--list] [--out FILE] | outside";

/// Runs a verb.
///
/// # Errors
/// [`ChoreError`] when the words are not understood or a chore fails.
pub fn run(args: &[String]) -> Result<(), ChoreError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = shell::root()?;
    match words.as_slice() {
        ["check", rest @ ..] => check::run(&root, rest),
        ["generate"] => generated::delegate(&root, "write"),
        ["budget"] => budget::print(&root),
        ["interop"] => external::interop(&root, false),
        ["interop", "--require"] => external::interop(&root, true),
        ["interop", "datasets"] => external::interop_datasets(&root, false),
        ["interop", "datasets", "--require"] => external::interop_datasets(&root, true),
        ["interop", "query"] => external::interop_query(&root, false),
        ["interop", "query", "--require"] => external::interop_query(&root, true),
        ["miri", "analytics"] => external::miri_analytics(&root, false),
        ["miri", "analytics", "--require"] => external::miri_analytics(&root, true),
        ["oracle", "capture"] => external::oracle_capture(&root, false),
        ["oracle", "capture", "--require"] => external::oracle_capture(&root, true),
        ["torture", "capture", rest @ ..] => torture::capture(&root, rest),
        ["bars", rest @ ..] => bars::run(&root, rest),
        ["outside"] => external::outside(&root),
        ["help" | "--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        _ => Err(ChoreError::Usage(USAGE.to_owned())),
    }
}

/// Writes or compares the generated files, in the program that links the crates which make them.
///
/// # Errors
/// [`ChoreError`] when a file is stale, missing or surplus, or cannot be read or written.
#[cfg(feature = "generators")]
pub fn run_generators(args: &[String]) -> Result<(), ChoreError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = shell::root()?;
    match words.as_slice() {
        ["write"] => {
            for line in generated::write(&root, &generated::registry())? {
                say(&line);
            }
            Ok(())
        }
        ["check"] => generated::check(&root, &generated::registry()),
        _ => Err(ChoreError::Usage("usage: xtask-generate write | check".to_owned())),
    }
}
