//! `hindsight labeling explain`.

use super::inputs::Files;
use super::rules::book;
use super::{count, stopped};
use crate::cli::LabelingExplainArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::output::{Document, Grid, print};
use crate::rejects::RejectSink;
use contract::{Batch, Decisions, EventId, EventTable, TextRows, UtcNanos};
use labeling::{Explained, InputRow, Inputs, explain as explained};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns by which a person knows a row again.
const TELLING: [&str; 14] = [
    "instrument_id",
    "action",
    "side",
    "qty",
    "exec_id",
    "exec_type",
    "last_qty",
    "last_px",
    "bid_px",
    "ask_px",
    "px",
    "size",
    "is_trading",
    "is_quoting",
];

/// A row that was read, with what stands in it.
struct Cells {
    ts_recv: Option<i64>,
    text: String,
}

/// Prints the rows that each result of a decision was made of.
pub(in crate::commands) fn explain(
    args: &LabelingExplainArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("labeling explain", &args.report)?;
    let id = EventId::parse(&args.decision).map_err(|_| CliError::BadValue {
        flag: "--decision",
        expected: "a UUID as 01913448-5b80-7000-8000-000000000001",
        found: contract::excerpt(args.decision.as_bytes()),
    })?;
    let book = book(&args.rules, context)?;
    let files = Files::open(&args.inputs, &book, context)?;
    let (place, allowance) = (args.rejects.rejects.as_deref(), context.allowance()?);
    let mut rejects = RejectSink::new(place, None, allowance, false, &files.identities)?;
    let mut progress = context.progress("labeling");
    let read = files.read(&mut rejects, &mut progress, context)?;
    rejects.finish(read.rows)?;
    progress.end();
    if !is_there(&read.inputs, id)? {
        return Err(CliError::UnknownDecision { found: id.to_string() }.into());
    }
    let said = explained(book, &read.inputs, id).map_err(stopped)?;
    context.stop.check()?;
    let cells = cells(&read.inputs, &said);
    for note in &read.notes {
        context.console.note(&format!("labeling explain: {note}"));
    }
    if json {
        let results: Vec<Document> = said.iter().map(|said| document(said, &cells)).collect();
        let document = Document::new("hindsight.label_rows.v1")
            .with("decision_id", id.to_string())
            .with("results", results);
        return print(&format!("{document}\n"));
    }
    print(&table(id, &said, &cells))
}

fn is_there(inputs: &Inputs, id: EventId) -> Result<bool, Failure> {
    for batch in &inputs.decisions {
        for row in 0..batch.len() {
            let found = batch.cell(&Decisions::DECISION_ID, row);
            if found.map_err(|error| Failure::from(ErrorReport::new(&error)))? == id {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What stands in the rows that were read, by `seq`.
fn cells(inputs: &Inputs, said: &[Explained]) -> BTreeMap<u64, Cells> {
    let mut wanted: Vec<u64> =
        said.iter().flat_map(|said| said.rows.iter().map(|row| row.seq)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = BTreeMap::new();
    look(&inputs.decisions, &wanted, &mut found);
    look(&inputs.executions, &wanted, &mut found);
    look(&inputs.quotes, &wanted, &mut found);
    look(&inputs.trades, &wanted, &mut found);
    look(&inputs.statuses, &wanted, &mut found);
    found
}

fn look<T: EventTable>(batches: &[Batch<T>], wanted: &[u64], found: &mut BTreeMap<u64, Cells>) {
    for batch in batches {
        let rows = TextRows::of(batch.as_any());
        for (row, seq) in batch.seq().values().iter().enumerate() {
            if wanted.binary_search(seq).is_err() {
                continue;
            }
            let mut words: Vec<String> = Vec::new();
            // The function reports nothing.
            let _ = rows.each(row, &mut |name, cell| {
                if let Some(cell) = cell.filter(|_| TELLING.contains(&name)) {
                    words.push(format!("{name} {cell}"));
                }
                Ok(())
            });
            let recv = batch.ts_recv().iter().nth(row).flatten();
            found.insert(*seq, Cells { ts_recv: recv, text: words.join(", ") });
        }
    }
}

/// What a row is to a result.
fn role(row: &InputRow) -> &'static str {
    match row.table {
        "decisions" => "the decision",
        "executions" => "a fill or correction",
        "quotes" | "trades" => "a price that was taken",
        "statuses" => "a halt",
        _ => "read",
    }
}

fn time(ns: i64) -> String {
    UtcNanos::from_nanos(ns).to_string()
}

fn table(id: EventId, said: &[Explained], cells: &BTreeMap<u64, Cells>) -> String {
    let mut text = format!("decision {id}: {} results\n", said.len());
    if said.is_empty() {
        text.push_str(
            "nothing is said of it: it waits, was rejected, or no target and measure applies to it\n",
        );
    }
    for said in said {
        let _ = writeln!(text, "\n{} {}, revision {}", said.table, said.name, said.revision);
        let mut grid = Grid::new(["seq", "table", "role", "ts_recv", "ts_avail", "row"]);
        for row in &said.rows {
            let known = cells.get(&row.seq);
            grid.row([
                row.seq.to_string(),
                row.table.to_owned(),
                role(row).to_owned(),
                known.and_then(|cells| cells.ts_recv).map_or_else(|| "-".to_owned(), time),
                time(row.ts_avail),
                known.map_or_else(String::new, |cells| cells.text.clone()),
            ]);
        }
        text.push_str(&grid.to_text());
        if let Some(path) = said.path {
            let _ = writeln!(
                text,
                "path walked: {} rows, seq {} to {}",
                path.rows, path.first_seq, path.last_seq
            );
        }
    }
    text
}

fn document(said: &Explained, cells: &BTreeMap<u64, Cells>) -> Document {
    let rows: Vec<Document> = said
        .rows
        .iter()
        .map(|row| {
            let known = cells.get(&row.seq);
            Document::object()
                .with("seq", row.seq.to_string())
                .with("table", row.table)
                .with("role", role(row))
                .with("ts_recv", known.and_then(|cells| cells.ts_recv).map(time))
                .with("ts_avail", time(row.ts_avail))
                .with("row", known.map(|cells| cells.text.clone()))
        })
        .collect();
    let path = said.path.map(|path| {
        Document::object()
            .with("first_seq", path.first_seq.to_string())
            .with("last_seq", path.last_seq.to_string())
            .with("rows", path.rows)
    });
    Document::object()
        .with("table", said.table)
        .with("name", said.name.as_str())
        .with("revision", u64::from(said.revision))
        .with("rows_read", count(said.rows.len()))
        .with("rows", rows)
        .with("path", path)
}
