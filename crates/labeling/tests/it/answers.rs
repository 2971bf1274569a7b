//! Reads expected values, and the cells that they speak of, from tables of any origin.

use contract::arrow_array::Array as _;
use contract::{
    Amount, Batch, DynamicColumn, Labels, Markouts, Outcomes, Table, UtcNanos, Vocabulary as _,
};
use labeling::{Null, OutcomeFlags};

use crate::scenario::id;
use crate::tables::Rows;

/// Checks `subject column value` lines. Subjects: `d1` the outcome of a decision, `d1.name` its label of a target,
/// `d1@10` its markout at an offset, `:f1@10` that of a fill. Values: words, numbers (`2/3*1e4` is worked out from the
/// left), `-` for null, and `null:GAP` for a measure that is null for a reason. `row -` says that there is no row.
#[track_caller]
pub(crate) fn check(name: &str, rows: &Rows, expected: &str) {
    let lines = expected.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    for line in lines.filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [subject, pairs @ ..] = words.as_slice() else { panic!("{name}: `{line}`") };
        for pair in pairs.chunks(2) {
            let [column, value] = pair else { panic!("{name}: `{line}`") };
            let found = cell(rows, subject, column);
            assert!(
                agrees(&found, value),
                "{name}: {subject} {column}: expected {value}, found {found}"
            );
        }
    }
}

fn agrees(found: &str, expected: &str) -> bool {
    if found == expected {
        return true;
    }
    match (found.parse::<f64>(), worked_out(expected)) {
        (Ok(found), Some(expected)) => {
            (found - expected).abs() <= 1e-12 * found.abs().max(expected.abs())
        }
        _ => false,
    }
}

fn worked_out(text: &str) -> Option<f64> {
    let mut value = 1.0;
    let mut is_over = false;
    for part in text.split_inclusive(['*', '/']) {
        let number: f64 = part.trim_end_matches(['*', '/']).parse().ok()?;
        value = if is_over { value / number } else { value * number };
        is_over = part.ends_with('/');
    }
    Some(value)
}

fn cell(rows: &Rows, subject: &str, column: &str) -> String {
    if let Some((decision, target)) = subject.split_once('.') {
        return last(&rows.labels, |batch, row| {
            let is_it = batch.cell(&Labels::DECISION_ID, row) == Ok(id(decision))
                && batch.cell(&Labels::TARGET, row) == Ok(target);
            is_it.then(|| batch.cell(&Labels::REVISION, row).unwrap())
        })
        .map_or("-".to_owned(), |(batch, row)| label(batch, row, column));
    }
    if let Some((anchor, offset)) = subject.split_once('@') {
        let anchor = match anchor.strip_prefix(':') {
            Some(fill) => fill.to_owned(),
            None => id(anchor).to_string(),
        };
        return last(&rows.markouts, |batch, row| {
            let is_it = batch.cell(&Markouts::ANCHOR_ID, row) == Ok(anchor.as_str())
                && batch.cell(&Markouts::OFFSET_NS, row) == Ok(offset.parse().unwrap());
            is_it.then(|| batch.cell(&Markouts::REVISION, row).unwrap())
        })
        .map_or("-".to_owned(), |(batch, row)| markout(batch, row, column));
    }
    last(&rows.outcomes, |batch, row| {
        let is_it = batch.cell(&Outcomes::DECISION_ID, row) == Ok(id(subject));
        is_it.then(|| batch.cell(&Outcomes::REVISION, row).unwrap())
    })
    .map_or("-".to_owned(), |(batch, row)| outcome(batch, row, column))
}

/// The last revision.
fn last<T: Table>(
    batches: &[Batch<T>],
    revision: impl Fn(&Batch<T>, usize) -> Option<u16>,
) -> Option<(&Batch<T>, usize)> {
    let all = batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)));
    all.filter_map(|(batch, row)| Some((revision(batch, row)?, batch, row)))
        .max_by_key(|(revision, _, _)| *revision)
        .map(|(_, batch, row)| (batch, row))
}

fn show<T: ToString>(value: Option<T>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}

fn ts(at: Result<UtcNanos, contract::UnknownWord>) -> String {
    at.unwrap().nanos().to_string()
}

fn flags(bits: u32) -> String {
    let names = [
        ("EXIT_AFTER_HALT", OutcomeFlags::EXIT_AFTER_HALT),
        ("FEE_ESTIMATED", OutcomeFlags::FEE_ESTIMATED),
        ("FEE_UNKNOWN", OutcomeFlags::FEE_UNKNOWN),
        ("FEE_ASSUMED", OutcomeFlags::FEE_ASSUMED),
        ("CLAMPED", OutcomeFlags::CLAMPED),
        ("UNIT_QTY", OutcomeFlags::UNIT_QTY),
    ];
    let set = OutcomeFlags::from_bits(bits);
    let words: Vec<&str> =
        names.into_iter().filter(|(_, flag)| set.has(*flag)).map(|(name, _)| name).collect();
    if words.is_empty() { "NONE".to_owned() } else { words.join("|") }
}

fn outcome(batch: &Batch<Outcomes>, row: usize, column: &str) -> String {
    match column {
        "row" => "there".to_owned(),
        "status" => batch.cell(&Outcomes::STATUS, row).unwrap().word().to_owned(),
        "basis" => batch.cell(&Outcomes::BASIS, row).unwrap().word().to_owned(),
        "window" => batch.cell(&Outcomes::WINDOW, row).unwrap().to_owned(),
        "side" => show(batch.cell(&Outcomes::SIDE, row).unwrap().map(contract::Vocabulary::word)),
        "flags" => flags(batch.cell(&Outcomes::OUTCOME_FLAGS, row).unwrap()),
        "ts_cutoff" => ts(batch.cell(&Outcomes::TS_CUTOFF, row)),
        "ts_end" => ts(batch.cell(&Outcomes::TS_END, row)),
        "ts_until" => ts(batch.cell(&Outcomes::TS_UNTIL, row)),
        "ts_latest_end" => ts(batch.cell(&Outcomes::TS_LATEST_END, row)),
        "ts_avail" => ts(batch.cell(&Outcomes::TS_AVAIL, row)),
        measure => {
            let found = batch.dynamic_column(measure).unwrap_or_else(|| panic!("{measure}"));
            let value = match found {
                DynamicColumn::Number(a) => a.is_valid(row).then(|| a.value(row).to_string()),
                DynamicColumn::Money(a) => {
                    a.is_valid(row).then(|| Amount::from_nanos(a.value(row)).unwrap().to_string())
                }
                DynamicColumn::Instant(a) => a.is_valid(row).then(|| a.value(row).to_string()),
                DynamicColumn::Whole(a) => a.is_valid(row).then(|| a.value(row).to_string()),
                _ => panic!("{measure}"),
            };
            value.unwrap_or_else(|| {
                if measure.ends_with("_lo") || measure.ends_with("_hi") {
                    return "-".to_owned();
                }
                let why = batch.why(row, measure).unwrap().unwrap();
                format!("null:{}", Null::from_code(why.get()).unwrap().word())
            })
        }
    }
}

fn label(batch: &Batch<Labels>, row: usize, column: &str) -> String {
    match column {
        "row" => "there".to_owned(),
        "status" => batch.cell(&Labels::STATUS, row).unwrap().word().to_owned(),
        "kind" => batch.cell(&Labels::KIND, row).unwrap().word().to_owned(),
        "class" => show(batch.cell(&Labels::CLASS, row).unwrap()),
        "class_lo" => show(batch.cell(&Labels::CLASS_LO, row).unwrap()),
        "class_hi" => show(batch.cell(&Labels::CLASS_HI, row).unwrap()),
        "value" => show(batch.cell(&Labels::VALUE, row).unwrap()),
        "flags" => flags(batch.cell(&Labels::LABEL_FLAGS, row).unwrap()),
        "ts_end" => ts(batch.cell(&Labels::TS_END, row)),
        "ts_until" => ts(batch.cell(&Labels::TS_UNTIL, row)),
        "ts_avail" => ts(batch.cell(&Labels::TS_AVAIL, row)),
        _ => panic!("{column}"),
    }
}

fn markout(batch: &Batch<Markouts>, row: usize, column: &str) -> String {
    match column {
        "row" => "there".to_owned(),
        "bid_px" => show(batch.cell(&Markouts::BID_PX, row).unwrap()),
        "ask_px" => show(batch.cell(&Markouts::ASK_PX, row).unwrap()),
        "markout_bps" => show(batch.cell(&Markouts::MARKOUT_BPS, row).unwrap()),
        "eff_spread_bps" => show(batch.cell(&Markouts::EFF_SPREAD_BPS, row).unwrap()),
        "realized_spread_bps" => show(batch.cell(&Markouts::REALIZED_SPREAD_BPS, row).unwrap()),
        "impact_bps" => show(batch.cell(&Markouts::IMPACT_BPS, row).unwrap()),
        "reason" => show(batch.cell(&Markouts::REASON, row).unwrap()),
        "ts_end" => ts(batch.cell(&Markouts::TS_END, row)),
        _ => panic!("{column}"),
    }
}
