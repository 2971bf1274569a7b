//! `hindsight capture ledger`.

use super::completeness;
use crate::cli::LedgerArgs;
use crate::error::{CliError, Failure};
use crate::output::{Document, Format, Grid, OutputPlan, TableOutput, print};
use arrow_array::RecordBatch;
use capture::{Completeness, Gap, ProducerAccount};
use contract::{CaptureVerdict, Vocabulary as _};
use std::fmt::Write as _;
use std::ops::Range;

/// Prints the ledger of a log that another process may be writing; the gate comes after the report.
pub(in crate::commands) fn ledger(args: &LedgerArgs) -> Result<(), Failure> {
    let seqs = args.from_seq.unwrap_or(0)..args.to_seq.unwrap_or(u64::MAX);
    let found = completeness(&args.log, seqs)?;
    let is_data = |format: &Format| !matches!(format, Format::Table | Format::Json);
    match args.format {
        Some(format) if is_data(&format) => {
            let rows = if args.gaps { found.gaps_table() } else { found.producers_table() };
            table(format, &rows?)?;
        }
        Some(Format::Json) => print(&format!("{}\n", document(&found)))?,
        _ if args.gaps => print(&gaps(&found.gaps))?,
        _ => print(&report(&found))?,
    }
    if args.require_complete && found.verdict != CaptureVerdict::Complete {
        let (verdict, gaps) = (found.verdict.word(), found.gaps.len());
        return Err(CliError::NotComplete {
            path: args.log.display().to_string(),
            found: format!("{verdict}, {gaps} gaps"),
        }
        .into());
    }
    Ok(())
}

fn table(format: Format, rows: &RecordBatch) -> Result<(), Failure> {
    let mut plan = OutputPlan::data("capture ledger", Some(format), None, false, &[])?;
    plan.all = true;
    let mut output = TableOutput::open(&plan, &rows.schema())?;
    output.write_raw(rows)?;
    output.finish().map(|_| ())
}

fn report(found: &Completeness) -> String {
    let mut text = format!(
        "log {}: {}\nseq {} to {} (exclusive), {} producers, {} gaps\n",
        found.log_id,
        match found.verdict {
            CaptureVerdict::Complete => "complete, 100 % captured",
            other => other.word(),
        },
        found.seqs.start,
        found.seqs.end.max(found.seqs.start),
        found.producers.len(),
        found.gaps.len()
    );
    if !found.producers.is_empty() {
        let mut grid = Grid::new([
            "producer",
            "mode",
            "state",
            "verdict",
            "epoch",
            "durable",
            "skipped",
            "missing",
            "lost",
            "duplicate",
            "rejected",
        ]);
        let mut producers: Vec<&ProducerAccount> = found.producers.iter().collect();
        producers.sort_by(|a, b| (&a.name, a.producer_id).cmp(&(&b.name, b.producer_id)));
        for p in producers {
            grid.row([
                contract::excerpt(p.name.as_bytes()),
                p.mode.word().to_owned(),
                p.state.word().to_owned(),
                p.verdict.word().to_owned(),
                p.epoch.to_string(),
                p.rows_durable.to_string(),
                p.rows_skipped.to_string(),
                p.rows_missing.to_string(),
                p.rows_lost.to_string(),
                p.rows_duplicate.to_string(),
                p.rows_rejected.to_string(),
            ]);
        }
        let _ = write!(text, "\n{}", grid.to_text());
    }
    if !found.rows.is_empty() {
        let mut grid = Grid::new(["table", "rows"]);
        for (table, rows) in &found.rows {
            grid.row([table.clone(), rows.to_string()]);
        }
        let _ = write!(text, "\n{}", grid.to_text());
    }
    text
}

fn gaps(gaps: &[Gap]) -> String {
    let mut grid = Grid::new([
        "kind",
        "producer_id",
        "table",
        "row",
        "seq",
        "segment",
        "declared",
        "repaired",
        "reason",
    ]);
    for gap in gaps {
        let range = |range: Option<&Range<u64>>| {
            range.map(|r| format!("{}..{}", r.start, r.end)).unwrap_or_default()
        };
        let text = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        grid.row([
            gap.kind.word().to_owned(),
            gap.producer_id.map(|id| id.to_string()).unwrap_or_default(),
            gap.table.as_deref().unwrap_or_default().to_owned(),
            range(gap.pseqs.as_ref()),
            range(gap.seqs.as_ref()),
            text(gap.segment_no),
            text(gap.seq),
            if gap.is_repaired { "yes" } else { "" }.to_owned(),
            gap.reason.as_ref().map(|r| contract::excerpt(r.as_bytes())).unwrap_or_default(),
        ]);
    }
    let mut text = grid.to_text();
    let _ = writeln!(text, "{} gaps", gaps.len());
    text
}

fn document(found: &Completeness) -> Document {
    let rows: Vec<Document> = found
        .rows
        .iter()
        .map(|(table, rows)| Document::object().with("table", table.as_str()).with("rows", *rows))
        .collect();
    let producers: Vec<Document> = found.producers.iter().map(account).collect();
    let gaps: Vec<Document> = found.gaps.iter().map(gap).collect();
    Document::new("hindsight.ledger.v1")
        .with("log_id", found.log_id.to_string())
        .with("verdict", found.verdict.word())
        .with("first_seq", found.seqs.start.to_string())
        .with("end_seq", found.seqs.end.max(found.seqs.start).to_string())
        .with("rows", rows)
        .with("producers", producers)
        .with("gaps", gaps)
}

fn account(p: &ProducerAccount) -> Document {
    Document::object()
        .with("producer", p.name.as_str())
        .with("producer_id", p.producer_id.to_string())
        .with("mode", p.mode.word())
        .with("state", p.state.word())
        .with("verdict", p.verdict.word())
        .with("epoch", u64::from(p.epoch))
        .with("first_pseq", p.first_pseq.to_string())
        .with("next_pseq", p.next_pseq.to_string())
        .with("promised_pseq", p.promised_pseq.map(|n| n.to_string()))
        .with("rows_durable", p.rows_durable)
        .with("rows_skipped", p.rows_skipped)
        .with("rows_missing", p.rows_missing)
        .with("rows_lost", p.rows_lost)
        .with("rows_late", p.rows_late)
        .with("rows_duplicate", p.rows_duplicate)
        .with("rows_rejected", p.rows_rejected)
        .with("ts_first", p.ts_first.map(|ts| ts.to_string()))
        .with("ts_last", p.ts_last.map(|ts| ts.to_string()))
        .with("ts_beat", p.ts_beat.map(|ts| ts.to_string()))
}

fn gap(gap: &Gap) -> Document {
    let start = |range: Option<&Range<u64>>| range.map(|r| r.start.to_string());
    let end = |range: Option<&Range<u64>>| range.map(|r| r.end.to_string());
    Document::object()
        .with("kind", gap.kind.word())
        .with("producer_id", gap.producer_id.map(|id| id.to_string()))
        .with("table", gap.table.as_deref())
        .with("first_pseq", start(gap.pseqs.as_ref()))
        .with("end_pseq", end(gap.pseqs.as_ref()))
        .with("first_seq", start(gap.seqs.as_ref()))
        .with("end_seq", end(gap.seqs.as_ref()))
        .with("segment_no", gap.segment_no.map(|n| n.to_string()))
        .with("byte_first", start(gap.bytes.as_ref()))
        .with("byte_end", end(gap.bytes.as_ref()))
        .with("declared_seq", gap.seq.map(|n| n.to_string()))
        .with("reason", gap.reason.clone())
        .with("repaired", gap.is_repaired)
}
