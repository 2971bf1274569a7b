//! The tables `grade` and `grades.NAME`.

use super::error::LabelSpecError;
use super::keys::{Faults, Keys, number, wrong};
use super::tree::Node;
use crate::grade::{Base, Bound, Demote, Errors, GRADES, Grade, GradeRules, Limit, Op};
use crate::measure::{Better, Measure};
use crate::number::Decimal;

/// Reads a grade; `None` when a fault was found that leaves none.
pub(super) fn read(keys: &mut Keys<'_>, faults: &mut Faults) -> Option<Grade> {
    let before = faults.len();
    let base = base(keys, faults);
    let mut demote = Vec::new();
    for (name, mut rule) in named(keys, "demote", faults) {
        let when = when(&mut rule, true, faults);
        let levels = small(&mut rule, "levels", 1..=4, faults);
        if levels.is_none() && !rule.has("levels") {
            faults.push(rule.missing("levels", "a whole number from 1 to 4"));
        }
        let not_below = rule.word("not_below", &classes(), faults);
        let null_as_worst = null_as(&mut rule, faults);
        rule.end(faults);
        if let (Some(when), Some(levels)) = (when, levels) {
            let not_below = not_below.unwrap_or(-2);
            demote.push(Demote { name, when, levels, not_below, null_as_worst });
        }
    }
    let max_demotion = small(keys, "max_demotion", 0..=4, faults);
    let floor = bounds(keys, "floor", false, faults);
    let cap = bounds(keys, "cap", true, faults);
    let errors = [("uniform", Errors::Uniform), ("normal", Errors::Normal)];
    let errors = keys.word("errors", &errors, faults).unwrap_or(Errors::Uniform);
    if faults.len() > before {
        return None;
    }
    match Grade::new(GradeRules { base: base?, demote, max_demotion, floor, cap, errors }) {
        Ok(grade) => Some(grade),
        Err(source) => {
            let (key, place) = (keys.path(""), keys.place());
            let key = key.trim_end_matches('.').to_owned();
            faults.push(LabelSpecError::Proof { key, source, place });
            None
        }
    }
}

fn classes() -> [(&'static str, i8); 5] {
    GRADES.map(|(class, name)| (name, class))
}

fn small(
    keys: &mut Keys<'_>,
    key: &'static str,
    range: std::ops::RangeInclusive<i64>,
    faults: &mut Faults,
) -> Option<i8> {
    keys.whole(key, range, faults).and_then(|n| i8::try_from(n).ok())
}

fn null_as(keys: &mut Keys<'_>, faults: &mut Faults) -> bool {
    keys.word("null_as", &[("worst", true)], faults).unwrap_or(false)
}

fn base(keys: &mut Keys<'_>, faults: &mut Faults) -> Option<Base> {
    let Some(mut base) = keys.table("base", faults) else {
        if !keys.has("base") {
            faults.push(keys.missing("base", "`{ by = \"r_net_sigma\", cuts = [..] }`"));
        }
        return None;
    };
    let by = base.get("by").map(|node| measure(&base.path("by"), node, faults));
    if by.is_none() {
        faults.push(base.missing("by", "a measure, such as `r_net_sigma`"));
    }
    let path = base.path("cuts");
    let cuts = if let Some(node) = base.get("cuts") {
        cuts(&path, node, by.flatten(), faults)
    } else {
        faults.push(base.missing("cuts", "four numbers, from the worst to the best"));
        None
    };
    let null_as_worst = null_as(&mut base, faults);
    base.end(faults);
    Some(Base { by: by??, cuts: cuts?, null_as_worst })
}

fn cuts(path: &str, node: &Node, by: Option<Measure>, faults: &mut Faults) -> Option<[Decimal; 4]> {
    let super::tree::Value::List(items) = &node.value else {
        faults.push(wrong(path, "a list of four numbers", node));
        return None;
    };
    let numbers: Vec<Decimal> =
        items.iter().filter_map(|item| number(path, item, faults)).collect();
    let Ok(cuts) = <[Decimal; 4]>::try_from(numbers) else {
        if items.len() != 4 {
            faults.push(wrong(path, "four numbers", node));
        }
        return None;
    };
    let (expected, falls) = match by?.better() {
        Better::Lower => ("four falling numbers, as lower is better", true),
        _ => ("four rising numbers, as higher is better", false),
    };
    let ordered = cuts.windows(2).all(|pair| {
        let [a, b] = pair else { return true };
        if falls { a.amount() > b.amount() } else { a.amount() < b.amount() }
    });
    if !ordered {
        let shown: Vec<String> = cuts.iter().map(ToString::to_string).collect();
        faults.push(LabelSpecError::Value {
            key: path.to_owned(),
            expected: expected.to_owned(),
            found: shown.join(", "),
            place: node.place,
        });
        return None;
    }
    Some(cuts)
}

fn measure(path: &str, node: &Node, faults: &mut Faults) -> Option<Measure> {
    let found = match &node.value {
        super::tree::Value::Text(text) => usable(text),
        _ => None,
    };
    if found.is_none() {
        let near = match &node.value {
            super::tree::Value::Text(text) => near(text),
            _ => String::new(),
        };
        faults.push(wrong(path, &format!("a measure that has a better side{near}"), node));
    }
    found
}

fn usable(name: &str) -> Option<Measure> {
    Measure::from_name(name).filter(|measure| measure.is_bounded())
}

fn near(name: &str) -> String {
    let usable = Measure::ALL.iter().filter(|measure| measure.is_bounded());
    let near = contract::nearest(name, usable.map(|measure| measure.name()));
    if near.is_empty() { String::new() } else { format!(" (is it `{}`?)", near.join("`, `")) }
}

/// The named rules of a kind.
fn named<'a>(
    keys: &mut Keys<'a>,
    kind: &'static str,
    faults: &mut Faults,
) -> Vec<(String, Keys<'a>)> {
    let Some(mut rules) = keys.table(kind, faults) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, entry) in rules.all() {
        let path = rules.path(name);
        found.extend(Keys::of(&entry.node, path, faults).map(|keys| (name.to_owned(), keys)));
    }
    found
}

fn bounds(
    keys: &mut Keys<'_>,
    kind: &'static str,
    is_worse: bool,
    faults: &mut Faults,
) -> Vec<Bound> {
    let mut bounds = Vec::new();
    for (name, mut rule) in named(keys, kind, faults) {
        let when = when(&mut rule, is_worse, faults);
        let to = rule.word("to", &classes(), faults);
        if to.is_none() && !rule.has("to") {
            faults.push(rule.missing("to", "a class, such as `neutral`"));
        }
        let null_as_worst = null_as(&mut rule, faults);
        rule.end(faults);
        if let (Some(when), Some(to)) = (when, to) {
            bounds.push(Bound { name, when, to, null_as_worst });
        }
    }
    bounds
}

/// Limits, sorted by measure.
fn when(rule: &mut Keys<'_>, is_worse: bool, faults: &mut Faults) -> Option<Vec<Limit>> {
    let Some(mut when) = rule.table("when", faults) else {
        if !rule.has("when") {
            faults.push(rule.missing("when", "`{ MEASURE = { below = 0 } }` or the like"));
        }
        return None;
    };
    let mut limits = Vec::new();
    for (name, entry) in when.all() {
        let path = when.path(name);
        let Some(measure) = usable(name) else {
            let expected = format!("a measure that has a better side{}", near(name));
            let (found, place) = (name.to_owned(), entry.place);
            faults.push(LabelSpecError::Value { key: path, expected, found, place });
            continue;
        };
        let Some(sides) = Keys::of(&entry.node, path, faults) else { continue };
        limits.extend(limit(measure, sides, entry.place, is_worse, faults));
    }
    if limits.is_empty() {
        if rule.get("when").and_then(Node::table).is_some_and(std::collections::BTreeMap::is_empty)
        {
            faults.push(when.missing("MEASURE", "at least one limit"));
        }
        return None;
    }
    limits.sort_by_key(|limit: &Limit| limit.measure);
    Some(limits)
}

/// The one limit of a measure.
fn limit(
    measure: Measure,
    mut keys: Keys<'_>,
    place: super::error::Place,
    is_worse: bool,
    faults: &mut Faults,
) -> Option<Limit> {
    let path = keys.path("");
    let path = path.trim_end_matches('.').to_owned();
    let mut found: Vec<(Op, Option<Decimal>)> = Vec::new();
    for (word, op) in Op::WORDS {
        let cut = keys.number(word, faults);
        if keys.has(word) {
            found.push((op, cut));
        }
    }
    keys.end(faults);
    let [(op, cut)] = found.as_slice() else {
        let words: Vec<&str> = found.iter().map(|(op, _)| op.word()).collect();
        faults.push(LabelSpecError::Value {
            key: path,
            expected: "one of `below`, `at_most`, `above`, `at_least`".to_owned(),
            found: words.join("`, `"),
            place,
        });
        return None;
    };
    if op.is_worse_side(measure) != Some(is_worse) {
        let side = if is_worse { "worse" } else { "better" };
        let words: Vec<&str> = Op::WORDS
            .iter()
            .filter(|(_, op)| op.is_worse_side(measure) == Some(is_worse))
            .map(|(word, _)| *word)
            .collect();
        faults.push(LabelSpecError::WrongSide {
            key: path,
            expected: format!("`{}`, the {side} side of the measure", words.join("` or `")),
            found: op.word().to_owned(),
            place,
        });
        return None;
    }
    Some(Limit { measure, op: *op, cut: (*cut)? })
}
