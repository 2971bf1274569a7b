//! Which rows a label was made of.

use crate::error::LabelError;
use crate::inputs::Inputs;
use crate::labeler::Labeler;
use crate::rule_book::RuleBook;
use crate::run::feed;
use contract::{Batch, EventId, EventTable, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A row that a result was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRow {
    /// Its table.
    pub table: &'static str,
    /// Its durable order.
    pub seq: u64,
    /// Since when it could be used, in nanoseconds.
    pub ts_avail: i64,
}

/// The rows of the path between entry and end, all of which were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathSpan {
    /// `seq` of the first.
    pub first_seq: u64,
    /// `seq` of the last.
    pub last_seq: u64,
    /// Number of rows.
    pub rows: u64,
}

/// One row of `outcomes`, `labels` or `markouts` with what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// `outcomes`, `labels` or `markouts`.
    pub table: &'static str,
    /// Window, target, or offset.
    pub name: String,
    /// Revision.
    pub revision: u16,
    /// Rows that decided it, by `seq`: the decision, its fills and corrections, and the prices that were taken.
    pub rows: Vec<InputRow>,
    /// The path that was walked, of an outcome.
    pub path: Option<PathSpan>,
}

/// What was said of one decision, with the rows behind it.
///
/// - **Shape:** one entry a row that came out, in the order in which they came; empty for a decision that is not known, or
///   of which nothing can be said yet.
/// - **Cost:** that of a run, and a search through the inputs.
///
/// ```
/// use contract::testing::{decisions, quotes};
/// use labeling::{Inputs, LabelSpec, explain};
/// let spec = LabelSpec::parse(
///     "id = \"x\"\nversion = 1\nmeasures = { anchor = \"decision\", horizon = \"10ns\", max_life = \"1h\", offsets = [], allowed_lateness = \"5ns\" }",
/// )?;
/// let made = decisions(&[100]);
/// let id = made.cell(&contract::Decisions::DECISION_ID, 0)?;
/// let inputs = Inputs {
///     quotes: vec![quotes("90 99 101").with_seq(0), quotes("105 103 104, 120 80 81").with_seq(2)],
///     decisions: vec![made.with_seq(1)],
///     ..Inputs::default()
/// };
/// let said = explain(spec, &inputs, id)?;
/// let outcome = said.first().ok_or("no outcome")?;
/// let rows: Vec<(&str, u64)> = outcome.rows.iter().map(|row| (row.table, row.seq)).collect();
/// assert_eq!(rows, [("quotes", 0), ("decisions", 1), ("quotes", 2)]); // entry, decision, exit
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`run`](crate::run()).
pub fn explain(
    rules: impl Into<RuleBook>,
    inputs: &Inputs,
    decision_id: EventId,
) -> Result<Vec<Explained>, LabelError> {
    let mut labeler = Labeler::shared(Arc::new(rules.into()));
    let mut said: Vec<Said> = Vec::new();
    let id = *decision_id.as_bytes();
    feed(&mut labeler, inputs, None, |labeler| {
        let (outcomes, labels, markouts) = labeler.take_rows();
        labeler.take_rejects();
        said.extend(outcomes.iter().filter(|r| r.id == id).map(|r| Said {
            table: contract::Outcomes::SPEC.name,
            name: r.window.to_string(),
            revision: r.stamp.revision,
            reads: r.reads().clone(),
        }));
        said.extend(labels.iter().filter(|r| r.id == id).map(|r| Said {
            table: contract::Labels::SPEC.name,
            name: r.target.to_string(),
            revision: r.stamp.revision,
            reads: r.reads().clone(),
        }));
        said.extend(markouts.iter().filter(|r| r.id == id).map(|r| Said {
            table: contract::Markouts::SPEC.name,
            name: contract::format_duration_ns(r.draft.offset_ns),
            revision: r.stamp.revision,
            reads: r.draft.reads.clone(),
        }));
    })?;
    let known = places(inputs, &said);
    let explained = said.into_iter().map(|s| Explained {
        rows: s.reads.seqs().iter().filter_map(|seq| known.get(seq).cloned()).collect(),
        path: s.reads.path().map(|(first_seq, last_seq, rows)| PathSpan {
            first_seq,
            last_seq,
            rows,
        }),
        table: s.table,
        name: s.name,
        revision: s.revision,
    });
    Ok(explained.collect())
}

struct Said {
    table: &'static str,
    name: String,
    revision: u16,
    reads: crate::evaluate::Reads,
}

/// Where the rows stand that were read.
fn places(inputs: &Inputs, said: &[Said]) -> BTreeMap<u64, InputRow> {
    let mut wanted: Vec<u64> = said.iter().flat_map(|s| s.reads.seqs()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut out = BTreeMap::new();
    find(&inputs.decisions, &wanted, &mut out);
    find(&inputs.executions, &wanted, &mut out);
    find(&inputs.quotes, &wanted, &mut out);
    find(&inputs.trades, &wanted, &mut out);
    find(&inputs.statuses, &wanted, &mut out);
    out
}

fn find<T: EventTable>(batches: &[Batch<T>], wanted: &[u64], out: &mut BTreeMap<u64, InputRow>) {
    for batch in batches {
        for (seq, ts_avail) in batch.seq().values().iter().zip(batch.ts_avail().values()) {
            if wanted.binary_search(seq).is_ok() {
                let row = InputRow { table: T::SPEC.name, seq: *seq, ts_avail: *ts_avail };
                out.insert(*seq, row);
            }
        }
    }
}
