//! The tables `measures` and `sigma`.

use super::error::LabelSpecError;
use super::keys::{Faults, Keys, duration, wrong};
use super::tree::{Node, Value};
use crate::settings::{Anchor, Benchmark, Measures, Overnight, PathKind, Sigma};
use contract::Flags;

const MS: i64 = 1_000_000;
const S: i64 = 1_000 * MS;
const MIN: i64 = 60 * S;

/// Keys of `measures` that are the same for all strategies.
pub(super) const GLOBAL: [&str; 6] =
    ["path", "allowed_lateness", "keep", "clock_tolerance", "exclude_flags", "sources"];

/// Offsets of markouts where a rule set gives none.
const OFFSETS_NS: [i64; 9] = [0, 100 * MS, S, 5 * S, 10 * S, 30 * S, MIN, 5 * MIN, 30 * MIN];

/// Most offsets.
const MOST_OFFSETS: i64 = 1_000;

/// Flags of the column `flags` with their names.
pub(super) const FLAGS: [(&str, Flags); 10] = [
    ("BAD_TS_RECV", Flags::BAD_TS_RECV),
    ("MAYBE_BAD_BOOK", Flags::MAYBE_BAD_BOOK),
    ("BACKFILL", Flags::BACKFILL),
    ("LATE", Flags::LATE),
    ("DUP_SUSPECT", Flags::DUP_SUSPECT),
    ("CLOCK_SUSPECT", Flags::CLOCK_SUSPECT),
    ("VENDOR_SUSPECT", Flags::VENDOR_SUSPECT),
    ("INFERRED", Flags::INFERRED),
    ("QUARANTINED", Flags::QUARANTINED),
    ("REPAIRED", Flags::REPAIRED),
];

/// Reads both tables; `max_life` is the only key without a default.
pub(super) fn read(root: &mut Keys<'_>, faults: &mut Faults) -> Measures {
    let sigma = match root.table("sigma", faults) {
        Some(keys) => sigma(keys, faults),
        None => Sigma::References,
    };
    let Some(mut keys) = root.table("measures", faults) else {
        if !root.has("measures") {
            faults.push(root.missing("measures.max_life", "a duration, such as `1d`"));
        }
        return measures(
            &mut Keys::root(&std::collections::BTreeMap::new()),
            sigma,
            &mut Vec::new(),
        );
    };
    if !keys.has("max_life") {
        faults.push(keys.missing("max_life", "a duration, such as `1d`"));
    }
    let measures = measures(&mut keys, sigma, faults);
    keys.end(faults);
    measures
}

fn measures(keys: &mut Keys<'_>, sigma: Sigma, faults: &mut Faults) -> Measures {
    let max_life_ns = keys.duration("max_life", 1, 24 * 60 * MIN, faults);
    let horizon_ns = or_word(keys, "horizon", "decision", 1, faults);
    if let Some(ns) = horizon_ns
        && ns > max_life_ns
    {
        let node = keys.get("horizon");
        faults.extend(node.map(|n| wrong(&keys.path("horizon"), "at most `max_life`", n)));
    }
    let anchors = [("fills", Anchor::Fills), ("decision", Anchor::Decision)];
    let paths =
        [("executable", PathKind::Executable), ("mid", PathKind::Mid), ("trade", PathKind::Trade)];
    let benchmarks = [
        ("none", Benchmark::None),
        ("do_nothing", Benchmark::DoNothing),
        ("references", Benchmark::References),
    ];
    lots(keys, faults);
    Measures {
        anchor: keys.word("anchor", &anchors, faults).unwrap_or(Anchor::Fills),
        path: keys.word("path", &paths, faults).unwrap_or(PathKind::Executable),
        horizon_ns,
        horizon_default_ns: keys.duration("horizon_default", 1, 15 * MIN, faults),
        max_life_ns,
        entry_wait_ns: or_word(keys, "entry_wait", "horizon", 0, faults),
        entry_delay_ns: keys.duration("entry_delay", 0, 0, faults),
        max_exit_delay_ns: keys.duration("max_exit_delay", 0, 5 * MIN, faults),
        overnight: overnight(keys, faults),
        offsets_ns: offsets(keys, faults),
        sigma,
        benchmark: keys.word("benchmark", &benchmarks, faults).unwrap_or(Benchmark::DoNothing),
        clock_bound_ns: keys.duration("clock_bound", 0, 0, faults),
        clock_tolerance_ns: keys.duration("clock_tolerance", 0, MS, faults),
        allowed_lateness_ns: keys.duration("allowed_lateness", 0, 5 * S, faults),
        keep_ns: keys.duration("keep", 0, 24 * 60 * MIN, faults),
        exclude_flags: exclude_flags(keys, faults),
        sources: sources(keys, faults),
    }
}

/// A duration, or the word that stands for none.
fn or_word(
    keys: &mut Keys<'_>,
    key: &'static str,
    word: &str,
    least: i64,
    faults: &mut Faults,
) -> Option<i64> {
    let path = keys.path(key);
    let node = keys.get(key)?;
    if node.value == Value::Text(word.to_owned()) {
        return None;
    }
    let mut own = Vec::new();
    let ns = duration(&path, node, least, &mut own);
    if ns.is_none() {
        faults.push(wrong(&path, &format!("`{word}`, or a duration such as `15m`"), node));
    }
    ns
}

fn lots(keys: &mut Keys<'_>, faults: &mut Faults) {
    let path = keys.path("lots");
    let Some(node) = keys.get("lots") else { return };
    match &node.value {
        Value::Text(text) if text == "fifo" => {}
        Value::Text(text) if text == "lifo" || text == "linked" => {
            faults.push(LabelSpecError::Unsupported {
                key: path,
                expected: "`fifo`",
                found: text.clone(),
                place: node.place,
            });
        }
        _ => faults.push(wrong(&path, "`fifo`", node)),
    }
}

fn overnight(keys: &mut Keys<'_>, faults: &mut Faults) -> Overnight {
    let is_flat = keys.word("overnight", &[("hold", false), ("flat", true)], faults);
    let margin_ns = keys.duration("flat_margin", 0, 0, faults);
    if is_flat == Some(true) {
        return Overnight::Flat { margin_ns };
    }
    let path = keys.path("flat_margin");
    if let Some(node) = keys.get("flat_margin") {
        faults.push(wrong(&path, "no margin without `overnight = \"flat\"`", node));
    }
    Overnight::Hold
}

/// A list of offsets, or `{ from, to, step }` with both ends.
fn offsets(keys: &mut Keys<'_>, faults: &mut Faults) -> Vec<i64> {
    let path = keys.path("offsets");
    let Some(node) = keys.get("offsets") else { return OFFSETS_NS.to_vec() };
    let offsets = match &node.value {
        Value::List(items) => list(&path, items, faults),
        Value::Table(_) => range(&path, node, faults),
        _ => {
            faults.push(wrong(&path, "a list, or `{ from, to, step }`", node));
            return Vec::new();
        }
    };
    if i64::try_from(offsets.len()).map_or(true, |n| n > MOST_OFFSETS) {
        faults.push(wrong(&path, "at most 1000 offsets", node));
    }
    offsets
}

fn list(path: &str, items: &[Node], faults: &mut Faults) -> Vec<i64> {
    let mut offsets: Vec<i64> = Vec::new();
    for item in items {
        let Some(ns) = duration(path, item, i64::MIN, faults) else { continue };
        if offsets.contains(&ns) {
            faults.push(wrong(path, "every offset once", item));
        }
        offsets.push(ns);
    }
    offsets.sort_unstable();
    offsets
}

fn range(path: &str, node: &Node, faults: &mut Faults) -> Vec<i64> {
    let Some(mut keys) = Keys::of(node, path, faults) else { return Vec::new() };
    let before = faults.len();
    for key in ["from", "to", "step"] {
        if !keys.has(key) {
            faults.push(keys.missing(key, "a duration, such as `1s`"));
        }
    }
    let from = keys.duration("from", i64::MIN, 0, faults);
    let to = keys.duration("to", i64::MIN, 0, faults);
    let step = keys.duration("step", 1, 1, faults);
    keys.end(faults);
    if faults.len() > before {
        return Vec::new();
    }
    if to < from || (to - from) / step >= MOST_OFFSETS || (to - from) % step != 0 {
        let expected = "`to` whole steps after `from`, and at most 1000 offsets";
        faults.push(wrong(path, expected, node));
        return Vec::new();
    }
    (0..=(to - from) / step).map(|nth| from + nth * step).collect()
}

fn exclude_flags(keys: &mut Keys<'_>, faults: &mut Faults) -> u16 {
    let default = Flags::MAYBE_BAD_BOOK.with(Flags::QUARANTINED).with(Flags::VENDOR_SUSPECT);
    let flags = keys.words("exclude_flags", &FLAGS, faults);
    flags.map_or(default.bits(), |flags| flags.iter().fold(0, |all, flag| all | flag.bits()))
}

/// Numbers of sources, rising.
fn sources(keys: &mut Keys<'_>, faults: &mut Faults) -> Vec<u16> {
    let path = keys.path("sources");
    let Some(node) = keys.get("sources") else { return Vec::new() };
    let expected = "a list of source numbers, each once";
    let Value::List(items) = &node.value else {
        faults.push(wrong(&path, expected, node));
        return Vec::new();
    };
    let mut sources: Vec<u16> = Vec::new();
    for item in items {
        let number = match item.value {
            Value::Int(ref text) => text.parse::<u16>().ok(),
            _ => None,
        };
        match number.filter(|n| !sources.contains(n)) {
            Some(n) => sources.push(n),
            None => faults.push(wrong(&path, expected, item)),
        }
    }
    sources.sort_unstable();
    sources
}

fn sigma(mut keys: Keys<'_>, faults: &mut Faults) -> Sigma {
    let is_path = keys.word("from", &[("references", false), ("path", true)], faults);
    if is_path.is_none() && !keys.has("from") {
        faults.push(keys.missing("from", "`references` or `path`"));
    }
    if is_path != Some(true) {
        if is_path == Some(false) {
            keys.end(faults);
        }
        return Sigma::References;
    }
    let window_ns = keys.duration("window", 1, 30 * MIN, faults);
    let step_ns = keys.duration("step", 1, 10 * S, faults);
    // A window of w steps has at least w - 1 pairs of neighbours wherever it starts.
    let most = window_ns / step_ns - 1;
    if most < 1 {
        let node = keys.get("step").or_else(|| keys.get("window"));
        let expected = "at least two steps in `window`";
        faults.extend(node.map(|n| wrong(&keys.path("step"), expected, n)));
    }
    let min_steps = keys.whole("min_steps", 1..=most.max(1), faults);
    let floor = keys.number_if("floor_bps", "0 or more", |n| n.nearest() >= 0.0, faults);
    keys.end(faults);
    Sigma::Path {
        window_ns,
        step_ns,
        min_steps: min_steps
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or_else(|| usize::try_from(most.clamp(1, 60)).unwrap_or(1)),
        floor_bps: floor.map_or(0.0, crate::number::Decimal::nearest),
    }
}
