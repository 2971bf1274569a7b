//! Exceptions: `rule path reason`, one a line.

use super::{Finding, Rule};
use crate::shell::ChoreError;

/// One exception.
#[derive(Debug, PartialEq)]
pub(crate) struct Exception {
    line: usize,
    rule: Rule,
    path: String,
}

pub(crate) fn parse(name: &str, text: &str) -> Result<Vec<Exception>, ChoreError> {
    let mut out = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.splitn(3, ' ');
        let rule = words.next().and_then(|word| Rule::ALL.into_iter().find(|r| r.word() == word));
        let (Some(rule), Some(path), Some(reason)) = (rule, words.next(), words.next()) else {
            return Err(ChoreError::Found(format!("{name}:{number}: expected `rule path reason`")));
        };
        // A word is no reason.
        if reason.split_whitespace().count() < 3 {
            return Err(ChoreError::Found(format!("{name}:{number}: expected a reason in words")));
        }
        out.push(Exception { line: number, rule, path: path.to_owned() });
    }
    Ok(out)
}

/// What is left of the findings, and each exception that nothing needs although its file was looked at.
pub(crate) fn subtract(
    findings: &[Finding],
    list: &[Exception],
    is_chosen: impl Fn(&str) -> bool,
) -> Vec<String> {
    let covers = |e: &Exception, f: &Finding| e.rule == f.rule && e.path == f.path;
    let idle = list.iter().filter(|e| is_chosen(&e.path) && !findings.iter().any(|f| covers(e, f)));
    let mut out: Vec<String> = idle
        .map(|e| {
            format!("{}:{}: nothing needs the exception for {}", super::ALLOWED, e.line, e.path)
        })
        .collect();
    let left = findings.iter().filter(|f| !list.iter().any(|e| covers(e, f)));
    out.extend(left.map(ToString::to_string));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(path: &str) -> Finding {
        Finding { rule: Rule::Column, path: path.to_owned(), line: 7, what: "planted".to_owned() }
    }

    #[test]
    fn an_exception_covers_one_rule_in_one_file() {
        let list = parse("list", "# why\ncolumn a.rs rows of an unknown table\n").unwrap();
        let left = subtract(&[finding("a.rs"), finding("b.rs")], &list, |_| true);
        assert_eq!(left, ["b.rs:7: column: planted"]);
    }

    #[test]
    fn an_exception_that_nothing_needs_is_named_where_its_file_was_looked_at() {
        let list = parse("list", "column a.rs rows of an unknown table\n").unwrap();
        let expected = ["bins/xtask/allowed.txt:1: nothing needs the exception for a.rs"];
        assert_eq!(subtract(&[], &list, |_| true), expected);
        assert_eq!(subtract(&[], &list, |_| false), Vec::<String>::new());
    }

    #[test]
    fn an_exception_without_a_known_rule_or_a_reason_is_refused() {
        for (line, expected) in [
            ("weather a.rs because it rains", "list:1: expected `rule path reason`"),
            ("column a.rs", "list:1: expected `rule path reason`"),
            ("column a.rs legacy", "list:1: expected a reason in words"),
        ] {
            assert_eq!(parse("list", line).unwrap_err().to_string(), expected);
        }
    }
}
