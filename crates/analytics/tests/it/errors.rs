//! Every error has a code, and every code an explanation.

use analytics::ERRORS;
use std::collections::BTreeSet;
use std::path::Path;

/// Codes in the sources of the crate.
fn codes() -> BTreeSet<String> {
    fn read(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let codes = text.split('"').filter(|piece| piece.starts_with("analytics/"));
    codes.map(str::to_owned).collect()
}

#[test]
fn every_code_has_one_section_and_every_section_a_code_in_order() {
    let sections: Vec<_> = ERRORS.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let codes = codes();
    assert!(codes.len() > 20, "{codes:?}");
    // A `BTreeSet` is sorted, so this holds the order of the sections too.
    assert_eq!(sections, codes.iter().map(String::as_str).collect::<Vec<_>>());
}
