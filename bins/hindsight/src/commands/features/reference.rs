//! The page of the generated reference that lists every feature.

use features::{Catalogue, Listed, Null};
use std::fmt::Write as _;

/// Every measure of the catalogue by family, and the reasons for nulls.
pub(crate) fn reference() -> String {
    let mut text = String::from(
        "Names are `<family>__<measure>__<window>`; `{r}` stands for a role, such as `mkt`. Listed are the windows of the \
         default set; `hindsight features show NAME` tells which others a measure takes, and everything else that it \
         declares. `t` is the cut-off of the decision: nothing that was available at `t` or later enters a value.\n",
    );
    let catalogue = Catalogue::builtin();
    let all: Vec<Listed> = catalogue.list().collect();
    let mut families: Vec<&str> = Vec::new();
    for entry in &all {
        if !families.contains(&entry.family()) {
            families.push(entry.family());
        }
    }
    for family in families {
        let _ = write!(
            text,
            "\n## {family}\n\n| measure | windows | unit | meaning | formula | nulls | version |\n|---|---|---|---|---|---|---|\n"
        );
        for entry in all.iter().filter(|entry| entry.family() == family) {
            let about = &entry.about;
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                entry.stem,
                entry.windows.join(" "),
                about.unit.word(),
                cell(&about.definition),
                cell(&about.formula),
                about.null_rule.text(),
                about.version
            );
        }
    }
    text.push_str("\n## Reasons for a null\n\nThe bytes of `null_reasons`; 0 means a value.\n\n| code | reason |\n|---|---|\n");
    for null in Null::ALL {
        let _ = writeln!(text, "| {} | `{}` |", null.code(), null.word());
    }
    text
}

/// Text that stands in a cell of a table as it is.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
