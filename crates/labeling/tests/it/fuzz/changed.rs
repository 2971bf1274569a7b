//! What must not change, or change in a known way, when a log is run or written in another way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_select::concat::concat_batches;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{Array, RecordBatch, TimestampNanosecondArray};
use contract::arrow_schema::DataType;
use contract::{Batch, Table};
use labeling::{Inputs, LabelSpec, Labeler, Options, Resolved, Run, run};

use super::rules;
use super::run::labelled;
use super::write::Text;
use crate::scenario::log;

/// Cells of a row by column.
type Row = BTreeMap<String, String>;

/// Rows by table.
type Said = BTreeMap<&'static str, Vec<Row>>;

fn cell(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "-".to_owned();
    }
    match array.data_type() {
        DataType::Dictionary(..) => {
            let words = array.as_dictionary::<Int32Type>();
            let at = usize::try_from(words.keys().value(row)).unwrap();
            cell(words.values().as_ref(), at)
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len()).map(|at| cell(items.as_ref(), at) + ",").collect()
        }
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Timestamp(..) => {
            let times = array.as_any().downcast_ref::<TimestampNanosecondArray>().unwrap();
            times.value(row).to_string()
        }
        DataType::Decimal128(..) => array
            .as_primitive::<contract::arrow_array::types::Decimal128Type>()
            .value(row)
            .to_string(),
        DataType::FixedSizeBinary(_) => format!("{:?}", array.as_fixed_size_binary().value(row)),
        DataType::Float64 => {
            let x = array.as_primitive::<contract::arrow_array::types::Float64Type>().value(row);
            format!("{x:?}")
        }
        _ => {
            let text = format!("{:?}", array.slice(row, 1));
            text.split_whitespace().skip(1).collect::<String>()
        }
    }
}

fn rows(batch: &RecordBatch, out: &mut Vec<Row>) {
    let schema = batch.schema();
    for row in 0..batch.num_rows() {
        let cells = schema.fields().iter().zip(batch.columns());
        out.push(cells.map(|(f, a)| (f.name().clone(), cell(a.as_ref(), row))).collect());
    }
}

fn said(run: &Run) -> Said {
    let mut out = Said::new();
    macro_rules! take {
        ($($name:ident)*) => {$(
            let of = out.entry(stringify!($name)).or_default();
            if let Some(batch) = &run.$name {
                rows(&batch.clone().into_record_batch(), of);
            }
        )*};
    }
    take!(outcomes labels markouts pending);
    let of = out.entry("rejects").or_default();
    for reject in &run.rejects {
        of.push(Row::from([("reject".to_owned(), format!("{reject:?}"))]));
    }
    out
}

fn sorted(mut said: Said) -> Said {
    for rows in said.values_mut() {
        rows.sort();
    }
    said
}

/// The first differences of two runs.
fn differences(name: &str, a: &Said, b: &Said) -> Vec<String> {
    let mut found = Vec::new();
    for (table, ours) in a {
        let theirs = &b[table];
        if ours.len() != theirs.len() {
            let text = format!("{name} {table} rows: {} and {}", ours.len(), theirs.len());
            found.push(text);
            continue;
        }
        for (x, y) in ours.iter().zip(theirs) {
            for (column, value) in x {
                if y.get(column) != Some(value) {
                    found.push(format!("{name} {table} {column}: {value} and {:?}", y.get(column)));
                }
            }
        }
    }
    found
}

fn seqs(batch: &RecordBatch) -> Option<u64> {
    let column = batch.column_by_name("seq")?;
    let numbers = column.as_primitive::<contract::arrow_array::types::UInt64Type>();
    (!numbers.is_empty() && numbers.is_valid(0)).then(|| numbers.value(0))
}

/// Every row as a batch of its own with its table, in the order of a log, those without a place first.
fn in_order(inputs: &Inputs) -> Vec<(Option<u64>, &'static str, RecordBatch)> {
    let mut out = Vec::new();
    macro_rules! take {
        ($($field:ident)*) => {$(
            for batch in &inputs.$field {
                let batch = batch.clone().into_record_batch();
                out.push((seqs(&batch), stringify!($field), batch));
            }
        )*};
    }
    take!(instruments sessions adjustments fee_schedules references);
    for row in &mut out {
        row.0 = None;
    }
    take!(decisions executions quotes trades statuses postings feed_marks ledger_gaps);
    out.sort_by_key(|(seq, ..)| *seq);
    out
}

/// Batches of neighbours of one table, of so many rows at most.
fn batched(inputs: &Inputs, most: usize) -> Vec<RecordBatch> {
    let mut out: Vec<(&'static str, Vec<RecordBatch>)> = Vec::new();
    for (_, table, batch) in in_order(inputs) {
        match out.last_mut() {
            Some((last, batches)) if *last == table && batches.len() < most => batches.push(batch),
            _ => out.push((table, vec![batch])),
        }
    }
    out.iter().map(|(_, rows)| concat_batches(&rows[0].schema(), rows).unwrap()).collect()
}

/// The same tables in batches of so many rows, whatever lies between them.
fn regrouped(inputs: &Inputs, most: usize) -> Inputs {
    let mut out = Inputs::default();
    fn join<T: Table + Clone>(batches: &[Batch<T>], most: usize) -> Vec<Batch<T>> {
        let chunks = batches.chunks(most.min(batches.len().max(1)));
        let joined = chunks.map(|chunk| {
            let rows: Vec<RecordBatch> =
                chunk.iter().map(|batch| Batch::clone(batch).into_record_batch()).collect();
            Batch::<T>::parse(&concat_batches(&rows[0].schema(), &rows).unwrap()).unwrap()
        });
        joined.collect()
    }
    macro_rules! join {
        ($($field:ident)*) => {$( out.$field = join(&inputs.$field, most); )*};
    }
    join!(decisions executions quotes trades statuses postings feed_marks ledger_gaps);
    join!(instruments sessions adjustments fee_schedules references);
    out
}

/// What a labeler says that is fed batch by batch.
fn live(mut labeler: Labeler, batches: &[RecordBatch]) -> Said {
    let mut out = Said::new();
    for table in ["outcomes", "labels", "markouts", "pending", "rejects"] {
        out.entry(table).or_default();
    }
    for batch in batches {
        let said = labeler.push_record_batch(batch).unwrap();
        macro_rules! take {
            ($($name:ident)*) => {$(
                if let Some(batch) = said.$name {
                    rows(&batch.into_record_batch(), out.get_mut(stringify!($name)).unwrap());
                }
            )*};
        }
        take!(outcomes labels markouts);
        for reject in said.rejects {
            let row = Row::from([("reject".to_owned(), format!("{reject:?}"))]);
            out.get_mut("rejects").unwrap().push(row);
        }
    }
    rows(&labeler.pending().unwrap().into_record_batch(), out.get_mut("pending").unwrap());
    out
}

fn spec(rules: &Arc<Resolved>) -> LabelSpec {
    LabelSpec::of(Arc::clone(rules))
}

/// Shards, batches, and what is forgotten change no bit.
pub(super) fn ways(case: &Text) -> Vec<String> {
    let inputs = log(&case.log());
    let mut found = Vec::new();
    for keep in ["", " keep=0", " keep=30"] {
        let rules = rules::parse(&format!("{}{keep}", case.rules));
        let one = said(&labelled(&inputs, &rules));
        let unordered = sorted(one.clone());
        for shards in [2, 7] {
            let many = said(&run(spec(&rules), &inputs, Options { shards }).unwrap());
            found.extend(differences("shards", &one, &many));
        }
        for most in [2, 7, usize::MAX] {
            let other = said(&labelled(&regrouped(&inputs, most), &rules));
            found.extend(differences("regrouped", &one, &other));
        }
        for most in [1, 2, 7, usize::MAX] {
            let labeler = Labeler::new(spec(&rules));
            let other = sorted(live(labeler, &batched(&inputs, most)));
            found.extend(differences("live", &unordered, &other));
        }
        let labeler = Labeler::new(spec(&rules)).forgetting_after(1);
        let other = sorted(live(labeler, &batched(&inputs, 1)));
        found.extend(differences("forgetting", &unordered, &other));
    }
    found
}

/// The log clock after each line; `None` before the first.
fn clocks(lines: &[String]) -> Vec<Option<i64>> {
    let mut clock = None;
    lines
        .iter()
        .map(|line| {
            let mut words = line.split(' ');
            let kind = words.next().unwrap();
            let is_event = !["", "ref", "fees", "instrument", "session", "adjust"].contains(&kind);
            if is_event {
                clock = clock.max(words.next().unwrap().parse::<i64>().ok());
            }
            clock
        })
        .collect()
}

fn ts(row: &Row, column: &str) -> i64 {
    row[column].parse().unwrap()
}

/// What names a result, whatever its revision.
fn named(table: &str, row: &Row) -> Vec<String> {
    let columns: &[&str] = match table {
        "outcomes" => &["decision_id", "window"],
        "labels" => &["decision_id", "target"],
        _ => &["anchor_kind", "anchor_id", "offset_ns"],
    };
    columns.iter().map(|column| row[*column].clone()).collect()
}

/// Rows said once stay as they are; what is new revises with a cause, and could not be known before.
pub(super) fn appended(case: &Text) -> Vec<String> {
    let rules = rules::parse(&case.rules);
    let whole = said(&labelled(&log(&case.log()), &rules));
    let clocks = clocks(&case.log);
    let mut found = Vec::new();
    for part in [3, 5, 7, 9] {
        let upto = case.log.len() * part / 10;
        let Some(Some(clock)) = upto.checked_sub(1).and_then(|at| clocks.get(at)) else { continue };
        // Reference tables are known from the start.
        let early = said(&labelled(&log(&case.log[..upto].join("\n")), &rules));
        for table in ["outcomes", "labels", "markouts"] {
            let before: BTreeSet<&Row> = early[table].iter().collect();
            let after: BTreeSet<&Row> = whole[table].iter().collect();
            let known: BTreeSet<Vec<String>> = before.iter().map(|row| named(table, row)).collect();
            for lost in before.difference(&after) {
                let name = named(table, lost);
                found.push(format!("{table} changed: after {upto} lines {name:?}: {lost:?}"));
            }
            for new in after.difference(&before) {
                if ts(new, "ts_avail") < *clock {
                    let text = format!(
                        "{table} too late: known at {}, said after {clock}: {:?}",
                        ts(new, "ts_avail"),
                        named(table, new)
                    );
                    found.push(text);
                }
                let is_caused = new["revision"] != "[0,]" && !new["cause"].is_empty();
                if known.contains(&named(table, new)) && !is_caused {
                    let text = format!(
                        "{table} without a cause: {:?} {}",
                        named(table, new),
                        new["revision"]
                    );
                    found.push(text);
                }
            }
        }
    }
    for table in ["outcomes", "labels", "markouts"] {
        for row in &whole[table] {
            for seq in row["cause"].split(',').filter(|seq| !seq.is_empty()) {
                let seq: usize = seq.trim_matches(['[', ']']).parse().unwrap();
                let clock = clocks.get(seq - 1).copied().flatten().unwrap_or(0);
                if ts(row, "ts_avail") < clock {
                    let text =
                        format!("{table} before its cause: {} < {clock}", ts(row, "ts_avail"));
                    found.push(text);
                }
            }
        }
    }
    found
}

/// Last revisions, without what says how they came about.
fn last(said: &Said, but: &[&str]) -> BTreeMap<(&'static str, Vec<String>), Row> {
    let mut out: BTreeMap<(&'static str, Vec<String>), (u64, Row)> = BTreeMap::new();
    for table in ["outcomes", "labels", "markouts"] {
        for row in &said[table] {
            let revision: u64 = row["revision"].trim_matches(['[', ']', ',']).parse().unwrap();
            let mut row = row.clone();
            let key = (table, named(table, &row));
            row.retain(|column, _| !but.contains(&column.as_str()));
            let known = out.entry(key).or_insert((0, row.clone()));
            if revision >= known.0 {
                *known = (revision, row);
            }
        }
    }
    // A row that was withdrawn is as one that never was.
    out.retain(|_, (revision, row)| *revision == 0 || row["status"] != "void");
    out.into_iter().map(|(key, (_, row))| (key, row)).collect()
}

fn unequal(
    name: &str,
    a: &BTreeMap<(&'static str, Vec<String>), Row>,
    b: &BTreeMap<(&'static str, Vec<String>), Row>,
    is_equal: impl Fn(&str, &str, &str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for (key, x) in a {
        let Some(y) = b.get(key) else {
            if x["status"] != "void" {
                found.push(format!("{name} {} is missing: {key:?}", key.0));
            }
            continue;
        };
        for (column, value) in x {
            let other = y.get(column).map_or("", String::as_str);
            if !is_equal(column, value, other) {
                found.push(format!("{name} {} {column}: {value} and {other} of {key:?}", key.0));
            }
        }
    }
    for (key, y) in b {
        if !a.contains_key(key) && y["status"] != "void" {
            found.push(format!("{name} {} is too much: {key:?}", key.0));
        }
    }
    found
}

/// Rows that come late give in the end what they would have given in time.
pub(super) fn delayed(case: &Text) -> Vec<String> {
    let rules = rules::parse(&case.rules);
    let mut lines: Vec<String> = case.log.iter().filter(|line| !line.is_empty()).cloned().collect();
    lines.push("clock 9000".to_owned());
    let on_time = said(&labelled(&log(&lines.join("\n")), &rules));
    let mut late = lines.clone();
    // Every fourth row comes up to 20 rows later, so far behind that no lateness allows it.
    let mut at = late.len();
    while at > 0 {
        at -= 1;
        let words: Vec<&str> = late[at].split(' ').collect();
        let can_wait = ["quote", "trade", "status", "post", "fill"].contains(&words[0]);
        let id = words.get(2).copied().unwrap_or("");
        let is_named = words[0] == "fill"
            && late.iter().any(|line| {
                line.contains(&format!("ref={id} "))
                    || line.contains(&format!(" {id} ")) && *line != late[at]
            });
        let is_withdrawing = late[at].contains(" ref=");
        if can_wait && !is_named && !is_withdrawing && at.is_multiple_of(4) && at + 1 < late.len() {
            let row = late.remove(at);
            let to = (at + 1 + at % 20).min(late.len());
            late.insert(to, row);
        }
    }
    let other = said(&labelled(&log(&late.join("\n")), &rules));
    let but = [
        "revision",
        "cause",
        "ts_avail",
        "inputs_seq_lo",
        "inputs_seq_hi",
        "inputs_hash",
        "decision_seq",
    ];
    let (a, b) = (last(&on_time, &but), last(&other, &but));
    unequal("delayed", &a, &b, |_, x, y| x == y)
}

/// A log with every number of some words changed.
fn rewritten(
    lines: &[String],
    px: &dyn Fn(f64) -> f64,
    time: i64,
    fee: f64,
    is_mirrored: bool,
) -> String {
    let price = |text: &str| {
        if text == "-" { text.to_owned() } else { px(text.parse().unwrap()).to_string() }
    };
    let moved = |text: &str| (text.parse::<i64>().unwrap() + time).to_string();
    let mut out = Vec::new();
    for line in lines {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let kind = words[0].clone();
        let has_time = !["", "ref", "fees", "instrument"].contains(&kind.as_str());
        if has_time {
            words[1] = moved(&words[1]);
        }
        match kind.as_str() {
            "quote" => {
                (words[2], words[3]) = (price(&words[2]), price(&words[3]));
                if is_mirrored {
                    words.swap(2, 3);
                }
            }
            "trade" => words[2] = price(&words[2]),
            "fill" | "correct" if words.get(5).is_some_and(|w| !w.contains('=')) => {
                words[5] = price(&words[5]);
            }
            "gap" => (words[2], words[3]) = (moved(&words[2]), moved(&words[3])),
            "session" => words[2] = moved(&words[2]),
            "post" => words[3] = (words[3].parse::<f64>().unwrap() * fee).to_string(),
            _ => {}
        }
        for word in &mut words {
            if is_mirrored {
                match word.as_str() {
                    "buy" => *word = "sell".to_owned(),
                    "sell" => *word = "buy".to_owned(),
                    _ => {}
                }
            }
            let Some((key, value)) = word.split_once('=') else { continue };
            let turned = |key: &str| match key {
                "bid" => "ask",
                "ask" => "bid",
                "abid" => "aask",
                "aask" => "abid",
                _ => unreachable!(),
            };
            let new = match key {
                "bid" | "ask" | "abid" | "aask" if is_mirrored => {
                    format!("{}={}", turned(key), price(value))
                }
                "tp" | "sl" | "bid" | "ask" | "abid" | "aask" | "last" => {
                    format!("{key}={}", price(value))
                }
                "pos" if is_mirrored => format!("pos={}", -value.parse::<i64>().unwrap()),
                "avail" => format!("avail={}", moved(value)),
                "fee" => format!("fee={:.9}", value.parse::<f64>().unwrap() * fee),
                _ => continue,
            };
            *word = new;
        }
        out.push(words.join(" "));
    }
    out.join("\n")
}

const MONEY: [&str; 13] = [
    "gross_pnl",
    "net_pnl",
    "booked_pnl",
    "fees",
    "carry",
    "is_delay",
    "is_trading",
    "is_spread",
    "is_drift",
    "is_opportunity",
    "is_explicit",
    "is_total",
    "slippage_ticks",
];

/// Money and classes of a mirrored log are mirrored, times of a shifted one shifted, classes of a scaled one the same.
pub(super) fn turned(case: &Text) -> Vec<String> {
    let rules = rules::parse(&case.rules);
    let plain = said(&labelled(&log(&case.log()), &rules));
    let but = ["inputs_hash"];
    let plain = last(&plain, &but);
    let is_money =
        |column: &str| MONEY.contains(&column.trim_end_matches("_lo").trim_end_matches("_hi"));
    let again = |text: &str| last(&said(&labelled(&log(text), &rules)), &but);
    let mut found = Vec::new();

    let mirrored = again(&rewritten(&case.log, &|px| 200.0 - px, 0, 1.0, true));
    let same = [
        "status",
        "basis",
        "class",
        "class_lo",
        "class_hi",
        "null_reasons",
        "outcome_flags",
        "holding_ns",
        "fill_ratio",
    ];
    found.extend(unequal("mirrored", &plain, &mirrored, |column, x, y| {
        let is_time = column.starts_with("ts_") || column.ends_with("_ts");
        // Extremes are shares of the entry notional, which the mirror changes, but not their times.
        !(is_money(column) || same.contains(&column) || is_time) || x == y
    }));

    let shift = 1_200;
    let shifted = again(&rewritten(&case.log, &|px| px, shift, 1.0, false));
    found.extend(unequal("shifted", &plain, &shifted, |column, x, y| {
        let is_time = column.starts_with("ts_") || column.ends_with("_ts");
        match (is_time, x.parse::<i64>(), y.parse::<i64>()) {
            (true, Ok(x), Ok(y)) => x + shift == y,
            _ => x == y,
        }
    }));

    let scaled = again(&rewritten(&case.log, &|px| px * 4.0, 0, 4.0, false));
    let same = ["status", "basis", "class", "class_lo", "class_hi", "outcome_flags"];
    found.extend(unequal("scaled", &plain, &scaled, |column, x, y| {
        if is_money(column) && !column.starts_with("slippage") {
            return match (x.parse::<i128>(), y.parse::<i128>()) {
                (Ok(x), Ok(y)) => (4 * x - y).abs() <= 16,
                _ => x == y,
            };
        }
        !same.contains(&column) && !column.starts_with("ts_") || x == y
    }));
    found
}
