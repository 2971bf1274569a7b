//! The ledger against the truth: what was emitted, what was lost or came twice on the way, and what is in the log.

use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::cli::{AppendArgs, Mode};
use crate::commands::capture as log;
use crate::context::Context;
use crate::error::Failure;
use contract::{CaptureVerdict, Vocabulary as _};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that a producer leaves out.
const MISSING: u64 = 100;

/// Rows by table.
type Counts = BTreeMap<String, i64>;

pub(super) fn check(world: &World, context: &mut Context) -> Result<Vec<Line>, Failure> {
    let place = world.log();
    let held = log::completeness(&place, 0..u64::MAX)?;
    let emitted = emitted(world, context)?;
    let moved = moved(world, context)?;
    let refused = world.refused(context)?;
    let mut wrong = Vec::new();
    let (mut rows, mut lost, mut more, mut rejects) = (0, 0, 0, 0);
    let tables: BTreeSet<&String> = held.rows.keys().chain(emitted.keys()).collect();
    for table in &tables {
        let stored = held.rows.get(*table).copied().unwrap_or(0);
        let stored = i64::try_from(stored).unwrap_or(i64::MAX);
        let of = |counts: &Counts| counts.get(*table).copied().unwrap_or(0);
        let (gone, came) = (of(&moved.0), of(&moved.1));
        let refused =
            refused.get(*table).map_or(0, |rows| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let should = of(&emitted) - gone + came;
        rows += stored;
        lost += gone;
        more += came;
        rejects += refused;
        // A log refuses what came twice, and nothing else.
        if should != stored + refused || refused > came {
            wrong.push(format!(
                "{table}: {should} should have come, {stored} are stored and {refused} rejected"
            ));
        }
    }
    let said = if wrong.is_empty() {
        format!(
            "{rows} rows stored + {rejects} rejected = emitted - {lost} lost on the way + {more} that came twice or were inserted"
        )
    } else {
        wrong.join("; ")
    };
    let mut lines = vec![Line::new(
        Verdict::of(wrong.is_empty() && rows > 0),
        format!("{} tables: the ledger is the truth", tables.len()),
        said,
    )];
    let verdict = held.verdict.word();
    let gaps = held.gaps.len();
    lines.push(Line::new(
        Verdict::of(verdict == "complete" && gaps == 0),
        "every producer is complete",
        format!("{verdict}, {} producers, {gaps} gaps", held.producers.len()),
    ));
    lines.push(gap(world, context)?);
    let report = log::verified(&place)?;
    lines.push(Line::new(
        Verdict::of(report.is_whole()),
        "every stored byte is as it was recorded",
        format!("{} rows in {} frames, {} bytes", report.rows, report.frames, report.bytes),
    ));
    Ok(lines)
}

/// A log of its own, whose one producer begins with its 101st row: what never came is missed, row by row.
fn gap(world: &World, context: &mut Context) -> Result<Line, Failure> {
    let place = world.dir().join("gap");
    let args = AppendArgs {
        producer: Some("late".to_owned()),
        mode: Mode::Lossy,
        first_pseq: Some(MISSING),
        ..AppendArgs::new(place.clone(), vec![world.table("statuses").into()])
    };
    log::appended(&args, &log::Acks::Nowhere, context)?;
    let held = log::completeness(&place, 0..u64::MAX)?;
    let rows: u64 =
        held.gaps.iter().filter_map(|gap| gap.pseqs.clone()).map(|r| r.end - r.start).sum();
    Ok(Line::new(
        Verdict::of(held.verdict != CaptureVerdict::Complete && rows == MISSING),
        format!("a producer whose first {MISSING} rows never came is not complete"),
        format!("{}, {rows} rows missing", held.verdict.word()),
    ))
}

/// Rows that producers emitted, before any loss.
fn emitted(world: &World, context: &Context) -> Result<Counts, Failure> {
    let mut counts = Counts::new();
    for batch in batches(&world.truth("ledger"), context)? {
        let columns = Columns(&batch);
        for (table, rows) in columns.words("table_name")?.into_iter().zip(columns.whole("rows")?) {
            *counts.entry(table).or_default() += rows.unwrap_or(0);
        }
    }
    Ok(counts)
}

/// Rows that never came, and rows that came beside those that were emitted.
fn moved(world: &World, context: &Context) -> Result<(Counts, Counts), Failure> {
    let (mut gone, mut came) = (Counts::new(), Counts::new());
    if !world.truth("faults").is_file() {
        return Ok((gone, came));
    }
    let mut inserts = std::collections::BTreeSet::new();
    for batch in batches(&world.truth("faults"), context)? {
        let columns = Columns(&batch);
        let (tables, operations) = (columns.words("table_name")?, columns.words("operation")?);
        let keys = columns.words("key")?;
        let ids = columns.whole("fault_id")?;
        for (((table, operation), key), id) in tables.into_iter().zip(operations).zip(keys).zip(ids)
        {
            match operation.as_str() {
                "drop" => *gone.entry(table).or_default() += 1,
                "copy" => *came.entry(table).or_default() += 1,
                // One record a cell that differs: the row counts once.
                "insert" if inserts.insert((table.clone(), key, id)) => {
                    *came.entry(table).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    Ok((gone, came))
}
