//! Random small logs: engine against audit, and what must hold of any log.
//!
//! Every test draws its logs from a list of seeds. `HINDSIGHT_FUZZ=20000` sets how many each test draws (some hundred
//! unless set), `HINDSIGHT_FUZZ_FROM=7000` the first seed. A log that fails is cut down to the lines and words that it
//! needs to fail, and printed in the language of `scenario.rs`.

#![expect(
    clippy::disallowed_methods,
    clippy::format_push_string,
    clippy::items_after_statements,
    clippy::match_same_arms,
    clippy::too_many_lines,
    reason = "a long test program that takes its length from the environment"
)]

mod changed;
mod rules;
mod run;
mod write;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use write::{Shape, Text, write};

const ANY: Shape = Shape { has_late: false, is_ordered: false, is_symmetric: false };
const LATE: Shape = Shape { has_late: true, ..ANY };
const ORDERED: Shape = Shape { is_ordered: true, ..ANY };
const SYMMETRIC: Shape = Shape { is_ordered: true, is_symmetric: true, ..ANY };

/// Most different failures that are cut down and printed.
const MOST_SHOWN: usize = 10;

/// Most shorter cases that are tried for a failure.
const MOST_TRIED: u32 = 600;

thread_local! {
    /// Whether panics of this thread are expected, and not worth a line.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

fn quietly<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                hook(info);
            }
        }));
    });
    IS_QUIET.set(true);
    let out = run();
    IS_QUIET.set(false);
    out
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

/// What is wrong with a case, by kind; a panic is wrong too.
fn faults(case: &Text, check: fn(&Text) -> Vec<String>) -> Vec<String> {
    quietly(|| catch_unwind(AssertUnwindSafe(|| check(case)))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        vec![format!("panic: {}", text.unwrap_or_default())]
    })
}

/// The kind of a fault: what stands before the first colon.
fn kind(fault: &str) -> &str {
    fault.split(':').next().unwrap_or(fault)
}

/// Drops lines and words as long as a fault of the kind is left.
fn cut(mut case: Text, is_wrong: &dyn Fn(&Text) -> bool) -> Text {
    let tried = Cell::new(0);
    let is_wrong = |case: &Text| {
        tried.set(tried.get() + 1);
        tried.get() < MOST_TRIED && is_wrong(case)
    };
    let mut is_less = true;
    while is_less {
        is_less = false;
        let mut many = case.log.len() / 2;
        while many > 0 {
            for from in (0..case.log.len()).step_by(many).rev() {
                let to = (from + many).min(case.log.len());
                let mut less = case.clone();
                less.log[from..to].fill(String::new());
                if less != case && is_wrong(&less) {
                    (case, is_less) = (less, true);
                }
            }
            many /= 2;
        }
        let words: Vec<String> = case.rules.split(' ').map(str::to_owned).collect();
        for word in words {
            let left: Vec<&str> = case.rules.split(' ').filter(|w| *w != word).collect();
            let less = Text { rules: left.join(" "), log: case.log.clone() };
            if is_wrong(&less) {
                (case, is_less) = (less, true);
            }
        }
        for at in 0..case.log.len() {
            let keyed: Vec<String> =
                case.log[at].split(' ').filter(|w| w.contains('=')).map(str::to_owned).collect();
            for word in keyed {
                let mut less = case.clone();
                let left: Vec<&str> = case.log[at].split(' ').filter(|w| *w != word).collect();
                less.log[at] = left.join(" ");
                if is_wrong(&less) {
                    (case, is_less) = (less, true);
                }
            }
        }
    }
    while case.log.last().is_some_and(String::is_empty) {
        case.log.pop();
    }
    case
}

fn check_all(shape: Shape, count: u64, check: fn(&Text) -> Vec<String>) {
    let from = number("HINDSIGHT_FUZZ_FROM", 0);
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for seed in from..from + number("HINDSIGHT_FUZZ", count) {
        for fault in faults(&write(seed, shape), check) {
            found.entry(kind(&fault).to_owned()).or_insert((seed, 0)).1 += 1;
        }
    }
    let mut shown = String::new();
    for (name, (seed, times)) in found.iter().take(MOST_SHOWN) {
        let of_kind = |case: &Text| -> Option<String> {
            faults(case, check).into_iter().find(|fault| kind(fault) == name)
        };
        // A case that no longer parses is another panic.
        let message = of_kind(&write(*seed, shape));
        let is_panic = name == "panic";
        let is_wrong =
            |case: &Text| of_kind(case).is_some_and(|fault| !is_panic || Some(fault) == message);
        let case = cut(write(*seed, shape), &is_wrong);
        let fault = of_kind(&case).unwrap_or_default();
        shown += &format!(
            "\n--- {times} times, first with seed {seed}\n{fault}\n{}\n{}\n",
            case.rules,
            case.log()
        );
    }
    let rest: Vec<&String> = found.keys().skip(MOST_SHOWN).collect();
    assert!(found.is_empty(), "{} kinds of faults{shown}\nand {rest:?}", found.len());
}

#[test]
#[ignore = "still finds corner cases: HINDSIGHT_FUZZ=60 cargo test -p labeling --test it -- fuzz --ignored"]
fn engine_and_audit_agree_on_every_log() {
    check_all(ANY, 200, run::disagreements);
}

#[test]
#[ignore = "still finds corner cases: HINDSIGHT_FUZZ=60 cargo test -p labeling --test it -- fuzz --ignored"]
fn engine_and_audit_agree_on_every_log_with_late_rows() {
    check_all(LATE, 100, run::disagreements);
}

#[test]
#[ignore = "still finds corner cases: HINDSIGHT_FUZZ=60 cargo test -p labeling --test it -- fuzz --ignored"]
fn every_way_to_run_gives_the_same_bytes() {
    check_all(LATE, 60, changed::ways);
}

#[test]
#[ignore = "still finds corner cases: HINDSIGHT_FUZZ=60 cargo test -p labeling --test it -- fuzz --ignored"]
fn appended_rows_change_nothing_that_was_said() {
    check_all(LATE, 60, changed::appended);
}

#[test]
#[ignore = "still finds corner cases: HINDSIGHT_FUZZ=60 cargo test -p labeling --test it -- fuzz --ignored"]
fn last_revision_is_that_of_a_log_in_time() {
    check_all(ORDERED, 100, changed::delayed);
}

#[test]
#[ignore = "still finds corner cases: HINDSIGHT_FUZZ=60 cargo test -p labeling --test it -- fuzz --ignored"]
fn mirrored_shifted_and_scaled_logs_give_mirrored_shifted_and_scaled_labels() {
    check_all(SYMMETRIC, 100, changed::turned);
}
