//! The order of a log for tables that no log has numbered.

use crate::error::LabelError;
use arrow_array::{Array, ArrayRef, RecordBatch, UInt64Array, new_null_array};
use arrow_schema::{FieldRef, Schema};
use contract::{
    AnyBatch, Decisions, Executions, FeedMarks, Postings, Quotes, Statuses, Table, TableSpec,
    Trades, meta,
};
use std::sync::Arc;

/// In which order tables come at one instant where nothing says it: a trade before the quote that it leaves behind, a
/// decision after what it saw, and before what became of it.
const ORDER: [&str; 7] = [
    Statuses::SPEC.name,
    Trades::SPEC.name,
    Quotes::SPEC.name,
    FeedMarks::SPEC.name,
    Decisions::SPEC.name,
    Executions::SPEC.name,
    Postings::SPEC.name,
];

/// A table on its way into the order.
struct Line {
    rank: usize,
    /// Receipt of every row; a row behind an earlier one came with it.
    arrival: Vec<i64>,
    at: usize,
}

impl Line {
    fn head(&self, file: usize) -> Option<(i64, usize, usize)> {
        self.arrival.get(self.at).map(|ts| (*ts, self.rank, file))
    }
}

/// Gives rows the `seq` that a log would have given them: in the order of receipt (`ts_recv`, else `ts_avail`), at one
/// instant by table; rows of one batch, and batches of one table, keep their order.
///
/// - **Shape:** the batches of event tables in their order with a column `seq` in front; reference tables as they are.
/// - **Cost:** linear in rows.
///
/// ```
/// use contract::testing::{decisions, quotes};
/// let tables = vec![decisions(&[100]).into_record_batch(), quotes("90 99 101, 105 98 99").into_record_batch()];
/// let numbered = labeling::number(&tables)?;
/// let quotes = contract::Batch::<contract::Quotes>::parse(&numbered[1])?;
/// assert_eq!(quotes.seq().values(), &[0, 2]); // the decision came in between
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LabelError::Shape`] for a batch that is not what its metadata says, [`LabelError::Table`] for one that says nothing.
pub fn number(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, LabelError> {
    let mut specs: Vec<&'static TableSpec> = Vec::with_capacity(batches.len());
    for batch in batches {
        let schema = batch.schema_ref();
        let name = schema.metadata().get(meta::TABLE).map_or("", String::as_str);
        specs.push(contract::table(name).ok_or_else(|| LabelError::Table {
            expected: "the contract".to_owned(),
            found: contract::excerpt(name.as_bytes()),
        })?);
    }
    let mut parsed = Vec::with_capacity(batches.len());
    let mut lines: Vec<Line> = Vec::new();
    for (batch, spec) in batches.iter().zip(&specs) {
        let any = AnyBatch::parse(spec, batch)?;
        let mut arrival = Vec::new();
        if spec.is_event() {
            let (recv, avail) = (any.ts_recv(), any.ts_avail());
            // Batches of one table come one after another.
            let before = lines.iter().zip(&specs).filter(|(_, other)| other.name == spec.name);
            let mut latest = before
                .filter_map(|(line, _)| line.arrival.last().copied())
                .max()
                .unwrap_or(i64::MIN);
            for row in 0..any.len() {
                let known = recv.filter(|recv| recv.is_valid(row)).map(|recv| recv.value(row));
                let ts = known.or_else(|| avail.map(|avail| avail.value(row))).unwrap_or(0);
                latest = latest.max(ts);
                arrival.push(latest);
            }
        }
        let rank = ORDER.iter().position(|name| *name == spec.name).unwrap_or(ORDER.len());
        lines.push(Line { rank, arrival, at: 0 });
        parsed.push(any);
    }
    let mut seqs: Vec<Vec<u64>> = vec![Vec::new(); lines.len()];
    let mut next = 0_u64;
    loop {
        let heads = lines.iter().enumerate().filter_map(|(file, line)| line.head(file));
        let (mut first, mut second) = (None, None);
        for head in heads {
            if first.is_none_or(|first| head < first) {
                (first, second) = (Some(head), first);
            } else if second.is_none_or(|second| head < second) {
                second = Some(head);
            }
        }
        let Some((_, _, file)) = first else { break };
        let (Some(line), Some(out)) = (lines.get_mut(file), seqs.get_mut(file)) else { break };
        while line.head(file).is_some_and(|head| second.is_none_or(|second| head < second)) {
            out.push(next);
            next += 1;
            line.at += 1;
        }
    }
    let rows = parsed.into_iter().zip(specs).zip(seqs);
    rows.map(|((any, spec), seqs)| with_seq(any, spec, seqs)).collect()
}

fn with_seq(
    any: AnyBatch,
    spec: &'static TableSpec,
    seqs: Vec<u64>,
) -> Result<RecordBatch, LabelError> {
    let batch = any.into_record_batch();
    let numbered = spec.schema(true);
    let first = numbered.fields().first().cloned();
    let (true, Some(first)) = (spec.is_event(), first) else { return Ok(batch) };
    let schema = batch.schema();
    let has_seq = schema.fields().first().is_some_and(|field| field.name() == first.name());
    let mut fields = vec![first];
    fields.extend(schema.fields().iter().skip(usize::from(has_seq)).cloned());
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from(seqs))];
    arrays.extend(batch.columns().iter().skip(usize::from(has_seq)).cloned());
    // Counts rows of a log that is not here.
    let high = Decisions::MD_SEQ_HIGH.name();
    let is_decisions = spec.name == Decisions::SPEC.name;
    if let (true, Some(at)) =
        (is_decisions, fields.iter().position(|f: &FieldRef| f.name() == high))
        && let Some(column) = arrays.get_mut(at)
    {
        *column = new_null_array(column.data_type(), column.len());
    }
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    RecordBatch::try_new(Arc::new(schema), arrays)
        .map_err(|error| LabelError::Output(error.to_string()))
}
