//! A member takes its lints and the versions of its dependencies from the workspace.

use super::{Finding, Rule};

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    // The top declares them; fixtures stand outside the workspace.
    if path == "Cargo.toml" || path.starts_with("fixtures/") || path.starts_with("benches/peers/") {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut add = |line: usize, what: String| {
        out.push(Finding { rule: Rule::Manifest, path: path.to_owned(), line, what });
    };
    let mut section = "";
    let mut takes_lints = false;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.starts_with('[') && line.ends_with(']') {
            section = line;
        } else if section == "[lints]" && line == "workspace = true" {
            takes_lints = true;
        } else if section.ends_with("dependencies]")
            && let Some((name, value)) = line.split_once('=')
            && !line.starts_with('#')
            && !(name.trim().ends_with(".workspace") || value.contains("workspace = true"))
        {
            let name = name.trim();
            add(number, format!("`{name}`: versions stand in the manifest at the top"));
        }
    }
    if !takes_lints {
        add(0, "expected `[lints]` with `workspace = true`".to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::planted;

    const SOUND: &str = "[package]\nname = \"x\"\n[lints]\nworkspace = true\n[dependencies]\ncontract.workspace = true\n\
                         # why\nserde = { workspace = true, features = [\"std\"] }\n";

    #[test]
    fn a_member_that_takes_all_from_the_workspace_is_sound() {
        assert_eq!(planted("crates/feeds/Cargo.toml", SOUND), []);
    }

    #[test]
    fn a_version_of_its_own_is_found() {
        let text =
            format!("{SOUND}zip = \"9.8\"\n[dev-dependencies]\ncsv = {{ version = \"1\" }}\n");
        let said =
            |line, name| (line, format!("`{name}`: versions stand in the manifest at the top"));
        assert_eq!(planted("crates/feeds/Cargo.toml", &text), [said(9, "zip"), said(11, "csv")]);
    }

    #[test]
    fn a_member_without_the_lints_is_found() {
        let text = SOUND.replace("[lints]\nworkspace = true\n", "");
        let expected = [(0, "expected `[lints]` with `workspace = true`".to_owned())];
        assert_eq!(planted("crates/feeds/Cargo.toml", &text), expected);
        assert_eq!(planted("fixtures/outside/Cargo.toml", &text), []);
    }
}
