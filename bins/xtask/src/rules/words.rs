//! Text that is true on one machine only.

use super::{Finding, Rule};

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    // Cargo writes the host of the registry into its lock files.
    if path.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for (place, what) in places() {
            if line.match_indices(&place).any(|(at, _)| starts_there(line, at)) {
                let what = what.to_owned();
                out.push(Finding {
                    rule: Rule::Machine,
                    path: path.to_owned(),
                    line: number,
                    what,
                });
            }
        }
    }
    out
}

/// `examples/work/` is no absolute path, and `a.crates.io` is another host.
fn starts_there(line: &str, at: usize) -> bool {
    !line.get(..at).unwrap_or("").ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c))
}

/// Spelled in parts, so that this file does not break its own rule.
fn places() -> Vec<(String, &'static str)> {
    let path = "a path of one machine";
    let host = "the host of a registry";
    [
        (["/wo", "rk/"], path),
        (["/ro", "ot/"], path),
        (["/tm", "p/"], path),
        (["/ho", "me/"], path),
        (["/Us", "ers/"], path),
        (["crates", ".io"], host),
        (["pypi", ".org"], host),
        (["npmjs", ".com"], host),
        (["deb.debian", ".org"], host),
    ]
    .map(|(parts, what)| (parts.concat(), what))
    .into()
}

#[cfg(test)]
mod tests {
    use super::super::planted;

    #[test]
    fn a_path_of_one_machine_and_a_registry_are_found_in_any_text() {
        let path = (2, "a path of one machine".to_owned());
        for folder in ["wo,rk", "ro,ot", "tm,p", "ho,me", "Us,ers"] {
            let folder = folder.replace(',', "");
            let text = format!("one\nsee \"/{folder}/main\"\n");
            assert_eq!(planted("docs/x.md", &text), std::slice::from_ref(&path), "{text}");
        }
        let text = format!("index = \"sparse+https://{}/\"\n", ["crates", ".io"].concat());
        assert_eq!(
            planted(".cargo/config.toml", &text),
            [(1, "the host of a registry".to_owned())]
        );
    }

    #[test]
    fn a_relative_path_and_a_lock_file_are_not() {
        let text = format!("see examples{0} and target{0}\n", ["/tm", "p/"].concat());
        assert_eq!(planted("docs/x.md", &text), []);
        let text = format!("source = \"{}\"\n", ["crates", ".io"].concat());
        assert_eq!(planted("Cargo.lock", &text), []);
    }
}
