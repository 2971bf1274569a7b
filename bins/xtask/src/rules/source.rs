//! What library code must not say.

use super::code::{Code, has_word};
use super::{Finding, Rule};
use crate::members::member;

/// Ways to reach a column without its constant.
const COLUMN: [&str; 12] = [
    "downcast_ref",
    "downcast",
    "column_by_name(",
    ".index_of(",
    ".field_with_name(",
    ".columns()[",
    "as_primitive::<",
    "as_string::<",
    "as_list::<",
    "as_boolean()",
    "as_struct()",
    "as_dictionary::<",
];

/// Facts that a library takes as arguments. Clippy knows the first four as well; it sees them behind an alias, too.
const OUTSIDE: [&str; 16] = [
    "SystemTime::now",
    "Instant::now",
    "env::var",
    "env::var_os",
    "env::vars",
    "env::vars_os",
    "env::args",
    "env::args_os",
    "env::current_dir",
    "env::temp_dir",
    "env::home_dir",
    "RandomState",
    "thread_rng",
    "OsRng",
    "getrandom",
    "available_parallelism",
];

/// Methods of `f64` whose last bits are the platform's.
const PLATFORM: [&str; 24] = [
    ".ln()",
    ".ln_1p()",
    ".log(",
    ".log2()",
    ".log10()",
    ".exp()",
    ".exp2()",
    ".exp_m1()",
    ".powf(",
    ".powi(",
    ".sin()",
    ".cos()",
    ".tan()",
    ".sin_cos()",
    ".asin()",
    ".acos()",
    ".atan()",
    ".atan2(",
    ".sinh()",
    ".cosh()",
    ".tanh()",
    ".cbrt()",
    ".hypot(",
    ".mul_add(",
];

/// Crates whose outputs are hashed, or promised to be the same bytes anywhere.
const SAME_BITS: [&str; 5] = ["features", "labeling", "quality", "datasets", "simulator"];

/// Habits of tests that hide something.
const PATIENCE: [(&str, &str); 3] = [
    ("#[ignore", "an ignored test; long runs are verbs of xtask"),
    ("#[should_panic", "content with any panic: compare the error"),
    ("thread::sleep", "a test that waits"),
];

pub(crate) fn check(path: &str, code: &Code) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut add = |rule: Rule, line: usize, what: String| {
        out.push(Finding { rule, path: path.to_owned(), line, what });
    };
    if path.ends_with("/src/lib.rs") && !code.text.contains("#![forbid(unsafe_code)]") {
        let what = "expected `#![forbid(unsafe_code)]` in the front page of a library";
        add(Rule::Unsafe, 0, what.to_owned());
    }
    let first = code.text.lines().map(str::trim).find(|line| !line.is_empty());
    if path.ends_with("tests/it/main.rs") && first != Some("#![cfg(test)]") {
        let what = "expected `#![cfg(test)]` first, which lets clippy see helpers as tests";
        add(Rule::Asserts, 0, what.to_owned());
    }
    let library = path.strip_prefix("crates/").and_then(|p| p.split_once('/')).map_or("", |p| p.0);
    // Where `contract` is unknown there are no columns, and a cast is one of an error or the like.
    let is_product = path.starts_with("bins/hindsight/")
        || member(library).is_some_and(|m| m.knows.contains(&"contract"));
    for (number, line, is_test) in code.lines() {
        if has_word(line, "unsafe") {
            add(Rule::Unsafe, number, "unsafe code".to_owned());
        }
        if is_test || line.contains("#[ignore") {
            for (habit, what) in PATIENCE {
                if line.contains(habit) {
                    add(Rule::Patience, number, what.to_owned());
                }
            }
        }
        if is_test || !path.contains("/src/") {
            continue;
        }
        if is_product {
            for reach in COLUMN.iter().filter(|reach| has_word(line, reach)) {
                add(Rule::Column, number, format!("`{reach}` outside `contract`"));
            }
        }
        if library.is_empty() {
            continue;
        }
        for fact in OUTSIDE.iter().filter(|fact| has_word(line, fact)) {
            add(Rule::Outside, number, format!("`{fact}` in a library: take it as an argument"));
        }
        if SAME_BITS.contains(&library) {
            for method in PLATFORM.iter().filter(|method| line.contains(*method)) {
                add(Rule::Platform, number, format!("`{method}` differs by platform: use `libm`"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use super::{COLUMN, OUTSIDE, PLATFORM};

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[(usize, &str)]) {
        let expected: Vec<(usize, String)> =
            expected.iter().map(|(line, what)| (*line, (*what).to_owned())).collect();
        assert_eq!(planted(path, text), expected, "{path}: {text}");
    }

    #[test]
    fn a_sound_file_has_no_finding() {
        let map = "//! A map, nothing unsafe.\n#![forbid(unsafe_code)]\n\nmod lean;\n";
        check("crates/feeds/src/lib.rs", map, &[]);
        check(
            "crates/feeds/src/lean.rs",
            "fn f() -> &'static str {\n    \"downcast_ref\"\n}\n",
            &[],
        );
        check("crates/feeds/tests/it/main.rs", "//! Tests.\n#![cfg(test)]\n\nmod lean;\n", &[]);
    }

    #[test]
    fn unsafe_code_is_found_in_every_crate_and_in_tests() {
        let front = "expected `#![forbid(unsafe_code)]` in the front page of a library";
        for path in ["crates/feeds/src/lib.rs", "bins/hindsight/src/lib.rs", "benches/src/lib.rs"] {
            check(path, "//! `#![forbid(unsafe_code)]`\nmod x;\n", &[(0, front)]);
        }
        check("crates/feeds/tests/it/x.rs", "let x = unsafe { y };\n", &[(1, "unsafe code")]);
        check("crates/contract/src/x.rs", "\nunsafe impl Send for X {}\n", &[(2, "unsafe code")]);
    }

    #[test]
    fn a_column_is_reached_by_its_constant_outside_contract() {
        for reach in COLUMN {
            let tail = if reach.ends_with('[') { "0]" } else { "" };
            let text = format!("let px = batch.{}{tail};\n", reach.trim_start_matches('.'));
            let said = format!("`{reach}` outside `contract`");
            for path in ["crates/feeds/src/x.rs", "bins/hindsight/src/x.rs"] {
                check(path, &text, &[(1, &said)]);
            }
            check("crates/contract/src/x.rs", &text, &[]);
            check("crates/feeds/tests/it/x.rs", &text, &[]);
            check("crates/feeds/src/x.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}}}\n"), &[]);
        }
    }

    #[test]
    fn a_library_takes_clock_environment_and_entropy_as_arguments() {
        for fact in OUTSIDE {
            let text = format!("let x = std::{fact}();\n");
            let said = format!("`{fact}` in a library: take it as an argument");
            check("crates/durable/src/x.rs", &text, &[(1, &said)]);
            check("bins/hindsight/src/x.rs", &text, &[]);
        }
    }

    #[test]
    fn mathematics_of_the_platform_is_found_where_bits_are_promised() {
        for method in PLATFORM {
            let end = if method.ends_with('(') { "2.0)" } else { "" };
            let text = format!("let x = y{method}{end};\n");
            let said = format!("`{method}` differs by platform: use `libm`");
            check("crates/simulator/src/x.rs", &text, &[(1, &said)]);
            check("crates/durable/src/x.rs", &text, &[]);
        }
        check("crates/simulator/src/x.rs", "let x = libm::exp(y).sqrt().ln_up();\n", &[]);
    }

    #[test]
    fn a_test_that_is_ignored_waits_or_takes_any_panic_is_found() {
        let path = "crates/feeds/tests/it/x.rs";
        let ignored = "an ignored test; long runs are verbs of xtask";
        check(path, "    #[ignore = \"slow\"]\n", &[(1, ignored)]);
        check(path, "#[should_panic]\n", &[(1, "content with any panic: compare the error")]);
        check(path, "std::thread::sleep(x);\n", &[(1, "a test that waits")]);
        check("bins/hindsight/src/signals.rs", "std::thread::sleep(x);\n", &[]);
    }

    #[test]
    fn the_test_program_starts_as_a_test() {
        let said = "expected `#![cfg(test)]` first, which lets clippy see helpers as tests";
        check("crates/feeds/tests/it/main.rs", "mod x;\n", &[(0, said)]);
        check("crates/feeds/tests/it/main.rs", "mod x;\n// #![cfg(test)]\n", &[(0, said)]);
        check("crates/feeds/tests/it/main.rs", "mod x;\n#![cfg(test)]\n", &[(0, said)]);
    }
}
