//! Pages of `docs/reference/` that come from the program itself.

use crate::exit::Exit;
use crate::metrics::METRICS;
use std::fmt::Write as _;

/// Path below the repository and text of every generated page.
///
/// `cargo xtask generate` writes them, and its check compares them.
///
/// ```
/// let files = hindsight::generated_files();
/// assert!(files.iter().any(|(path, _)| path == "docs/reference/errors.md"));
/// ```
#[must_use]
pub fn generated_files() -> Vec<(String, String)> {
    let page = |name: &str, title: &str, body: &str| {
        (format!("docs/reference/{name}.md"), format!("# {title}\n\n{}\n", body.trim_end()))
    };
    let mut exits = String::from("| code | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        let _ = writeln!(exits, "| {} | {} |", exit.code(), exit.meaning());
    }
    exits
        .push_str("\nWhen several apply, the first of 130, 143, 101, 6, 75, 1, 2, 5, 3, 4 wins.\n");
    let mut metrics = String::from("| metric | meaning |\n|---|---|\n");
    for (name, meaning) in METRICS {
        let _ = writeln!(metrics, "| `{name}` | {meaning} |");
    }
    let mut commands = String::new();
    let mut root = crate::run::command().disable_help_subcommand(true).term_width(100);
    root.build();
    command(&root, "hindsight", &mut commands);
    vec![
        page("commands", "Commands", &commands),
        page("configuration", "Configuration keys", &crate::config::reference()),
        page("errors", "Error codes", &crate::explanations::reference()),
        page("exit-codes", "Exit codes", &exits),
        page("features", "Features", &crate::commands::features_reference()),
        page("metrics", "Metrics", &metrics),
    ]
}

fn command(command: &clap::Command, name: &str, text: &mut String) {
    let help = command.clone().bin_name(name.to_owned()).render_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(text, "## {name}\n\n```text\n{}\n```\n\n", lines.join("\n").trim_end());
    for sub in command.get_subcommands() {
        self::command(sub, &format!("{name} {}", sub.get_name()), text);
    }
}
