//! A test asserts: no value that is dropped, no `is_ok()` alone, no test without a comparison.

use super::code::{Code, behind};
use super::{Finding, Rule, is_rust};
use std::collections::{BTreeMap, BTreeSet};

/// Looks at the statements of tests.
pub(crate) fn check(path: &str, code: &Code) -> Vec<Finding> {
    let mut out = Vec::new();
    for (start, statement) in statements(&code.text) {
        let Some(what) = fault(&statement) else { continue };
        let line = code.line_of(start);
        if code.is_test(line) {
            out.push(Finding {
                rule: Rule::Asserts,
                path: path.to_owned(),
                line,
                what: what.to_owned(),
            });
        }
    }
    out
}

/// How an item starts.
const ITEMS: [&str; 9] = ["#", "pub", "fn ", "impl", "mod ", "use ", "struct ", "enum ", "const "];

/// Every statement that ends in a semicolon, without white space, and the byte at which it starts.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let edges = text.match_indices([';', '{', '}']).map(|(at, _)| at + 1);
    for start in std::iter::once(0).chain(edges) {
        let rest = text.get(start..).unwrap_or("");
        // An item is no statement, and reading each to its end would read the file once an item.
        if ITEMS.iter().any(|word| rest.trim_start().starts_with(word)) {
            continue;
        }
        let mut depth = 0_usize;
        for (at, c) in rest.char_indices() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ';' if depth == 0 => {
                    let statement = &rest[..at];
                    let begin = start + statement.len() - statement.trim_start().len();
                    out.push((begin, statement.split_whitespace().collect::<Vec<_>>().join(" ")));
                    break;
                }
                _ => {}
            }
        }
    }
    out
}

fn fault(statement: &str) -> Option<&'static str> {
    let ends_in = |text: &str, tails: &[&str]| tails.iter().any(|tail| text.ends_with(tail));
    if statement.starts_with("matches!(") && behind(statement, 8) == statement.len() {
        return Some("a value that is dropped: assert it");
    }
    if let Some(inner) = statement.strip_prefix("assert!(").and_then(|s| s.strip_suffix(')')) {
        let lone = first_argument(inner).ends_with(".is_ok()");
        return lone.then_some("a lone is_ok(): compare with what is expected");
    }
    let tails = [".is_ok()", ".is_err()", ".is_some()", ".is_none()"];
    let is_bare = !statement.contains('=') && !statement.starts_with("return ");
    (is_bare && ends_in(statement, &tails)).then_some("a value that is dropped: assert it")
}

fn first_argument(arguments: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in arguments.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return arguments[..at].trim(),
            _ => {}
        }
    }
    arguments.trim()
}

/// A function, by what its body says.
struct Function {
    path: String,
    line: usize,
    name: String,
    is_test: bool,
    /// Whether its own body compares or fails.
    asserts: bool,
    /// Every name in its body that is followed by a bracket.
    calls: BTreeSet<String>,
}

/// Tests in which nothing is compared, neither in them nor in a function of the same crate that they call.
pub(crate) fn silent_tests(texts: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut crates: BTreeMap<String, Vec<Function>> = BTreeMap::new();
    for (path, text) in texts.iter().filter(|(path, _)| is_rust(path)) {
        let folder: Vec<&str> = path.split('/').take(2).collect();
        crates.entry(folder.join("/")).or_default().extend(functions(path, text));
    }
    crates.values().flat_map(|functions| silent(functions)).collect()
}

fn silent(functions: &[Function]) -> Vec<Finding> {
    let mut good: BTreeSet<&str> =
        functions.iter().filter(|f| f.asserts).map(|f| f.name.as_str()).collect();
    loop {
        let known = good.len();
        let calls = |f: &&Function| f.calls.iter().any(|call| good.contains(call.as_str()));
        let more: Vec<&str> = functions.iter().filter(calls).map(|f| f.name.as_str()).collect();
        good.extend(more);
        if good.len() == known {
            break;
        }
    }
    let is_silent = |f: &&Function| {
        f.is_test && !f.asserts && !f.calls.iter().any(|call| good.contains(call.as_str()))
    };
    let finding = |f: &Function| Finding {
        rule: Rule::Asserts,
        path: f.path.clone(),
        line: f.line,
        what: format!("`{}` compares nothing", f.name),
    };
    functions.iter().filter(is_silent).map(finding).collect()
}

fn functions(path: &str, text: &str) -> Vec<Function> {
    let code = Code::new(path, text);
    let mut out = Vec::new();
    for (at, _) in code.text.match_indices("fn ") {
        let before = code.text.get(..at).unwrap_or("");
        let rest = code.text.get(at + 3..).unwrap_or("");
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = body_start(rest) else { continue };
        if name.is_empty() || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let open = at + 3 + open;
        let body = code.text.get(open..behind(&code.text, open)).unwrap_or("");
        // Attributes stand between the end of the item before and this one.
        let head = before.rfind([';', '}', '{']).and_then(|i| before.get(i..)).unwrap_or(before);
        let words = called(body);
        out.push(Function {
            path: path.to_owned(),
            line: code.line_of(at),
            is_test: head.contains("#[test]"),
            asserts: words.iter().any(|w| is_assertion(w)),
            calls: words,
            name,
        });
    }
    out
}

/// Where the body of a function begins, or its declaration ends; `[u8; 32]` among its arguments does neither.
fn body_start(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' | ';' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// Names that are followed by `(`, `!` or `::<`.
fn called(body: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut word = String::new();
    for c in body.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            if "(!:".contains(c) && !word.is_empty() {
                out.insert(word.clone());
            }
            word.clear();
        }
    }
    out
}

fn is_assertion(word: &str) -> bool {
    ["assert", "debug_assert", "prop_assert", "panic", "unreachable"]
        .iter()
        .any(|start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::*;

    const DROPPED: &str = "a value that is dropped: assert it";
    const LONE: &str = "a lone is_ok(): compare with what is expected";

    #[track_caller]
    fn check_body(body: &str, expected: &[(usize, &str)]) {
        let text = format!("#[test]\nfn t() {{\n{body}\n}}\n");
        let expected: Vec<(usize, String)> =
            expected.iter().map(|(line, what)| (*line, (*what).to_owned())).collect();
        assert_eq!(planted("crates/feeds/tests/it/x.rs", &text), expected, "{body}");
        assert_eq!(planted("crates/feeds/src/x.rs", &text), [], "outside tests: {body}");
        let unit = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(planted("crates/feeds/src/x.rs", &unit).len(), expected.len(), "{body}");
    }

    #[test]
    fn a_value_that_is_dropped_is_found_over_any_number_of_lines() {
        check_body("matches!(f(), Err(E::Gone { .. }));", &[(3, DROPPED)]);
        check_body("let x = f();\nmatches!(\n    x,\n    Ok(_)\n);", &[(4, DROPPED)]);
        check_body("f()\n    .g()\n    .is_err();", &[(3, DROPPED)]);
        check_body("for x in y { matches!(x, Some(_)); }", &[(3, DROPPED)]);
    }

    #[test]
    fn a_lone_is_ok_is_found_with_and_without_a_message() {
        check_body("assert!(f(1, 2).is_ok());", &[(3, LONE)]);
        check_body("assert!(\n    f(1, 2).is_ok(),\n    \"{x}\"\n);", &[(3, LONE)]);
    }

    #[test]
    fn a_value_that_is_used_is_sound() {
        check_body("assert!(matches!(f(), Err(E::Gone { .. })));", &[]);
        check_body("let ok = f().is_ok();\nassert_eq!(ok, g(), \"{x}\");", &[]);
        check_body("assert_eq!(f().is_ok(), true);", &[]);
        check_body("assert!(f().is_err());\ng(|x| matches!(x, Ok(_)));", &[]);
    }

    #[track_caller]
    fn check_silent(files: &[(&str, &str)], expected: &[&str]) {
        let texts = files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
        let found: Vec<String> = silent_tests(&texts).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_test_that_compares_nothing_is_found() {
        let text = "#[test]\nfn it_runs() {\n    f().unwrap();\n    // assert_eq!(f(), 1);\n}\n";
        let expected = ["crates/feeds/tests/it/x.rs:2: asserts: `it_runs` compares nothing"];
        check_silent(&[("crates/feeds/tests/it/x.rs", text)], &expected);
    }

    #[test]
    fn a_comparison_may_stand_in_a_function_of_the_crate() {
        let test = "#[test]\nfn t(a: [u8; 32]) {\n    outer(1);\n}\n";
        let support = "pub fn outer(x: u8) { inner(x) }\nfn inner(x: u8) { assert_eq!(x, 1); }\n";
        let path = "crates/feeds/tests/it/x.rs";
        check_silent(&[(path, test), ("crates/feeds/tests/it/support.rs", support)], &[]);
        let silent = ["crates/feeds/tests/it/x.rs:2: asserts: `t` compares nothing"];
        check_silent(&[(path, test), ("crates/durable/tests/it/support.rs", support)], &silent);
    }
}
