//! Makes the sample logs of a format version, once: `cargo run -p capture --example make_golden -- FOLDER`.
//!
//! Each case is a log as some end left it, with `expected.json` beside it. What is expected comes from what was appended
//! and what was then done to the bytes, never from a reader. A folder that exists is not touched.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a maker of fixtures stops where anything is off"
)]
#![expect(clippy::panic, reason = "a maker of fixtures stops where anything is off")]
#![expect(clippy::print_stdout, reason = "says what it made")]

mod cases;
mod image;
mod scene;

use std::path::PathBuf;

fn main() {
    let folder =
        PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| panic!("a folder is wanted")));
    assert!(!folder.exists(), "{} exists: samples are made once", folder.display());
    for (name, case) in cases::all() {
        let bytes = case.write(&folder.join(name));
        println!("{name:24} {bytes:>6} bytes");
    }
}
