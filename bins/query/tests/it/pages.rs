//! Help, completions, man page and examples by name.

use crate::support::{listing, run};

#[test]
fn help_completions_and_man_page_come_from_the_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let help = run(dir.path(), &["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for word in [
        "--log",
        "--example",
        "--allow-lost",
        "-q, --query",
        "Without a statement and on a terminal",
    ] {
        assert!(help.text().contains(word), "{word}: {}", help.text());
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(dir.path(), &["--completions", shell]);
        assert!(done.code == 0 && done.text().contains("allow-lost"), "{shell}: {}", done.err);
    }
    let man = run(dir.path(), &["--man", "."]);
    assert_eq!(man.code, 0, "{}", man.err);
    assert_eq!(listing(dir.path()), ["hindsight-query.1"]);
    assert_eq!(run(dir.path(), &["--man", "."]).code, 2, "the page is there");
    assert_eq!(run(dir.path(), &["--man", ".", "--force"]).code, 0);
}

#[test]
fn examples_are_listed_and_printed_with_their_values() {
    let dir = tempfile::tempdir().unwrap();
    let list = run(dir.path(), &["--example"]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert_eq!(list.text().lines().count(), hindsight_query::Example::all().len() + 1);
    let sql = run(dir.path(), &["--example", "fills-without-decision", "strategy=o'b", "--sql"]);
    assert!(sql.text().contains("e.strategy_id = 'o''b'"), "{}", sql.text());
}

#[test]
fn every_code_of_the_program_has_an_explanation_and_its_exit() {
    use contract::Diagnostic as _;
    use hindsight_query::SqlError;
    let text = String::new;
    let all = [
        SqlError::NoStatement { place: text() },
        SqlError::SeveralStatements { place: text(), found: 2 },
        SqlError::DuplicateColumn { name: text(), format: "csv", found: 2 },
        SqlError::NoTextForm { place: text(), expected: "e", found: text() },
        SqlError::LostRows { found: text() },
        SqlError::UnknownExample { found: text(), near: Vec::new() },
        SqlError::Parameter { example: "e", parameter: text(), expected: text(), found: text() },
        SqlError::UnknownCommand { found: text(), near: Vec::new() },
        SqlError::Prompt { reason: text() },
    ];
    let explained = hindsight::explanations();
    let ours = explained.iter().filter(|e| e.code.starts_with("sql/")).count();
    assert_eq!(ours, all.len(), "a section without a code, or a code that this list lacks");
    for error in all {
        let found = explained.iter().find(|e| e.code == error.code());
        let found = found.unwrap_or_else(|| panic!("{} has no explanation", error.code()));
        assert_eq!(found.exit, Some(hindsight::Exit::from(error.fault())), "{}", error.code());
    }
}
