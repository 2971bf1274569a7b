//! `hindsight quality explain`.

use super::facts::{contexts, facts};
use super::neighbours::{Key, Neighbour, Neighbours, Placed};
use super::rules::of_streams;
use super::streams::{Go, Pass, Stream};
use super::{count, mode, stopped};
use crate::cli::QualityExplainArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use arrow_array::RecordBatch;
use contract::{TextRows, Vocabulary as _};
use quality::{Answer, Explained, Explainer, Says, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns of the neighbours, at most.
const COLUMNS: usize = 8;

/// Where a row was found.
struct Found {
    input: String,
    /// Place in the input.
    row: u64,
    key: Key,
}

/// A row with everything that is said about it.
struct Story {
    table: &'static str,
    has_seq: bool,
    found: Found,
    row: Explained,
    before: Vec<Neighbour>,
    after: Vec<Neighbour>,
}

/// Prints what every check says about one row.
///
/// - **Cost:** files are read twice, once to find the row and once to judge it among the others; a pipe is held.
pub(in crate::commands) fn explain(
    args: &QualityExplainArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality explain", &args.report)?;
    let contexts = contexts(&args.checks, &args.inputs)?;
    let mut stream = Stream::open_one(&args.inputs, context)?;
    let rules = of_streams(&args.checks, std::slice::from_ref(&stream), context)?;
    let rules = rules.into_iter().next().ok_or(CliError::NothingToDo)?;
    let options = context.read_options(args.inputs.read.trust_eof);
    let (facts, _) = facts(&contexts, &options, context)?;
    let found = find(&mut stream, args.seq, context)?;
    let mut explainer = Explainer::new(&rules, mode(context), facts, args.seq);
    let mut neighbours = Neighbours::new(args.seq, found.key, args.neighbours);
    let mut progress = context.progress("quality");
    let mut first = 0;
    stream.pass(Pass::Last, context, &mut |piece| {
        let judged = progress.time(|| explainer.observe(&piece.rows));
        let flags = judged.map_err(|error| stopped(&error).in_input(piece.input))?;
        neighbours.see(&piece.rows, first, &flags);
        first += count(piece.rows.num_rows());
        progress.stats.rows_in = first;
        progress.tick();
        Ok(Go::On)
    })?;
    progress.end();
    let (table, has_seq) = (stream.spec().name, stream.has_seq());
    let row = explainer.finish().ok_or_else(|| CliError::UnknownRow {
        input: stream.names(),
        found: args.seq,
        range: "others by now: the input changed while it was read".to_owned(),
    })?;
    let (before, after) = neighbours.into_parts();
    let story = Story { table, has_seq, found, row, before, after };
    for note in &stream.notes {
        context.console.note(&format!("quality explain: {note}"));
    }
    print(&if json { format!("{}\n", document(&story)) } else { text(&story) })
}

/// Finds the row.
fn find(stream: &mut Stream, id: u64, context: &Context) -> Result<Found, Failure> {
    let mut found = None;
    let (mut first, mut range) = (0, None::<(u64, u64)>);
    stream.pass(Pass::First, context, &mut |piece| {
        let placed = Placed::of(&piece.rows, first);
        if let Some(row) = placed.row(id).filter(|_| found.is_none()) {
            let (input, key) = (piece.input.to_owned(), placed.key(row));
            found = Some(Found { input, row: piece.first_row + count(row), key });
        }
        if let Some(last) = piece.rows.num_rows().checked_sub(1) {
            let low = range.map_or_else(|| placed.id(0), |(low, _)| low);
            range = Some((low, placed.id(last)));
        }
        first += count(piece.rows.num_rows());
        // A pipe has to be held whole.
        Ok(if found.is_some() && !piece.is_live { Go::Stop } else { Go::On })
    })?;
    found.ok_or_else(|| {
        let range = match range {
            Some((low, high)) => format!("{low} to {high}"),
            None => "none: the table is empty".to_owned(),
        };
        CliError::UnknownRow { input: stream.names(), found: id, range }.into()
    })
}

/// The cells of a row that have a value, by column.
fn cells(row: &RecordBatch) -> BTreeMap<String, String> {
    let mut cells = BTreeMap::new();
    // The function reports nothing.
    let _ = TextRows::of_record_batch(row).each(0, &mut |name, cell| {
        if let Some(cell) = cell {
            cells.insert(name.to_owned(), cell.to_owned());
        }
        Ok(())
    });
    cells
}

/// A cell as it is read: columns that the table does not have are named too.
fn value(row: &RecordBatch, cells: &BTreeMap<String, String>, column: &str) -> String {
    match cells.get(column) {
        Some(cell) => cell.clone(),
        None if row.column_by_name(column).is_some() => "null".to_owned(),
        None => "no such column".to_owned(),
    }
}

/// The flag words of the row, as `quality_flags` holds them.
fn flags(answers: &[Answer]) -> Vec<u64> {
    let mut words = vec![0_u64; answers.len().div_ceil(64).max(1)];
    for (at, answer) in answers.iter().enumerate() {
        if let Some(word) = words.get_mut(at / 64).filter(|_| answer.says == Says::Broken) {
            *word |= 1 << (at % 64);
        }
    }
    words
}

fn broken(answers: &[Answer]) -> Vec<&str> {
    let broken = answers.iter().filter(|answer| answer.says == Says::Broken);
    broken.map(|answer| answer.check.id()).collect()
}

/// What a check says, with the reason where there is one.
fn said(says: &Says) -> String {
    match says {
        Says::NotApplicable => "not applicable".to_owned(),
        Says::NotEvaluated(reason) => format!("not evaluated ({reason})"),
        Says::Whole(verdict @ Verdict::Insufficient { .. }) => {
            format!("whole table: {verdict}")
        }
        Says::Whole(verdict) => format!("whole table: {}", verdict.word().replace('_', " ")),
        other => other.word().to_owned(),
    }
}

/// Columns that are worth a look in the neighbours: what broken checks read, else what any check reads that spoke.
fn telling(answers: &[Answer]) -> Vec<String> {
    let reads = |says: &[Says]| {
        let mut columns: Vec<String> = Vec::new();
        for answer in answers.iter().filter(|answer| says.contains(&answer.says)) {
            for column in &answer.reads {
                if !columns.contains(column) {
                    columns.push(column.clone());
                }
            }
        }
        columns
    };
    let mut columns = reads(&[Says::Broken]);
    if columns.is_empty() {
        columns = reads(&[Says::Kept]);
    }
    columns.retain(|column| column != "ts_avail" && column != "seq");
    columns.truncate(COLUMNS);
    columns
}

fn text(story: &Story) -> String {
    let Story { table, has_seq, found, row, .. } = story;
    let rules = row.report.rules();
    let (word, answers) = (if *has_seq { "seq" } else { "row" }, &row.answers);
    let mut text = format!("{table} {word} {}: {}, row {}", row.id, found.input, found.row);
    if let Some(source) = found.key.0 {
        let _ = write!(text, ", source {source}");
    }
    if let Some(instrument) = found.key.1 {
        let _ = write!(text, ", instrument {instrument}");
    }
    let words: Vec<String> = flags(answers).iter().map(ToString::to_string).collect();
    let _ = writeln!(
        text,
        "\nrules {} version {} ({}), mode {}\nscore {}, flags {}\n",
        rules.name(),
        rules.version(),
        rules.hash(),
        row.report.mode().word(),
        row.score,
        words.join(" ")
    );
    let values = cells(&row.row);
    let mut grid = Grid::new(["check", "says", "a violation is", "severity", "action", "reads"]);
    for answer in answers {
        let reads = answer.reads.iter();
        let reads: Vec<String> =
            reads.map(|c| format!("{c} {}", value(&row.row, &values, c))).collect();
        grid.row([
            answer.check.id().to_owned(),
            said(&answer.says),
            answer.check.kind().doc.to_owned(),
            answer.check.severity().word().to_owned(),
            answer.check.action().word().to_owned(),
            reads.join(", "),
        ]);
    }
    text.push_str(&grid.to_text());
    for repair in &row.repairs {
        let _ = writeln!(text, "repaired: {} became null by {}", repair.column, repair.rule);
    }
    around(&mut text, story);
    text
}

/// The rows before and after, with the row between them.
fn around(text: &mut String, story: &Story) {
    let answers = &story.row.answers;
    if story.before.is_empty() && story.after.is_empty() {
        text.push_str("\nno other row in its stream\n");
        return;
    }
    text.push_str("\nrows of its stream\n");
    let columns = telling(answers);
    let word = if story.has_seq { "seq" } else { "row" };
    let header = ["", word, "ts_avail"].into_iter().chain(columns.iter().map(String::as_str));
    let mut grid = Grid::new(header.chain(["breaks"]));
    let mut add = |mark: &str, id: u64, row: &RecordBatch, breaks: String| {
        let values = cells(row);
        let mut line = vec![mark.to_owned(), id.to_string(), value(row, &values, "ts_avail")];
        line.extend(columns.iter().map(|column| value(row, &values, column)));
        line.push(breaks);
        grid.row(line);
    };
    for neighbour in &story.before {
        add("", neighbour.id, &neighbour.row, names(answers, neighbour));
    }
    add(">", story.row.id, &story.row.row, broken(answers).join(" "));
    for neighbour in &story.after {
        add("", neighbour.id, &neighbour.row, names(answers, neighbour));
    }
    text.push_str(&grid.to_text());
}

fn names(answers: &[Answer], neighbour: &Neighbour) -> String {
    let broken = neighbour.broken.iter().filter_map(|at| answers.get(*at));
    broken.map(|answer| answer.check.id()).collect::<Vec<_>>().join(" ")
}

fn document(story: &Story) -> Document {
    let row = &story.row;
    let rules = row.report.rules();
    let values = cells(&row.row);
    let checks: Vec<Document> = row
        .answers
        .iter()
        .map(|answer| {
            let reads: Vec<Document> = answer
                .reads
                .iter()
                .map(|column| {
                    let value = values.get(column).cloned();
                    Document::object().with("column", column.as_str()).with("value", value)
                })
                .collect();
            let reason = match &answer.says {
                Says::NotEvaluated(reason) => Some(reason.to_string()),
                Says::Whole(verdict) => Some(verdict.to_string()),
                _ => None,
            };
            Document::object()
                .with("check", answer.check.id())
                .with("kind", answer.check.kind().name)
                .with("says", answer.says.word())
                .with("reason", reason)
                .with("severity", answer.check.severity().word())
                .with("action", answer.check.action().word())
                .with("reads", reads)
        })
        .collect();
    let near =
        |rows: &[Neighbour]| -> Vec<Document> { rows.iter().map(|n| neighbour(row, n)).collect() };
    let words: Vec<String> = flags(&row.answers).iter().map(ToString::to_string).collect();
    Document::new("hindsight.quality_row.v1")
        .with("table", story.table)
        .with("seq", row.id.to_string())
        .with("input", story.found.input.as_str())
        .with("row", story.found.row)
        .with("source", story.found.key.0.map(u64::from))
        .with("instrument", story.found.key.1.map(u64::from))
        .with("mode", row.report.mode().word())
        .with("rules_hash", rules.hash().to_string())
        .with("score", u64::from(row.score))
        .with("flags", words)
        .with("broken", broken(&row.answers))
        .with("checks", checks)
        .with("cells", record(&row.row))
        .with("before", near(&story.before))
        .with("after", near(&story.after))
}

fn neighbour(row: &Explained, neighbour: &Neighbour) -> Document {
    let broken = neighbour.broken.iter().filter_map(|at| row.answers.get(*at));
    let broken: Vec<&str> = broken.map(|answer| answer.check.id()).collect();
    Document::object()
        .with("seq", neighbour.id.to_string())
        .with("broken", broken)
        .with("cells", record(&neighbour.row))
}

/// A row, cell by cell.
fn record(row: &RecordBatch) -> Vec<Document> {
    let cells = cells(row).into_iter();
    cells
        .map(|(column, value)| Document::object().with("column", column).with("value", value))
        .collect()
}
