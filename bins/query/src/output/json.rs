//! An answer as one document.

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use contract::TextRows;
use hindsight::{ByteSink, Document, Failure, OutputPlan};
use query::Note;
use std::io::Write;

/// `hindsight.query.v1`: columns, rows, their count, and what is not among them.
pub(super) struct JsonOutput {
    sink: ByteSink,
    /// What stands before the rows, until one or the end is written: an answer that fails before leaves nothing.
    head: String,
    line: String,
    is_first: bool,
}

impl JsonOutput {
    pub(super) fn open(plan: &OutputPlan, schema: &Schema) -> Result<Self, Failure> {
        let columns: Vec<Document> = schema
            .fields()
            .iter()
            .map(|field| {
                Document::object()
                    .with("name", field.name().as_str())
                    .with("type", field.data_type().to_string())
                    .with("unit", field.metadata().get("hindsight.unit").cloned())
            })
            .collect();
        let head = Document::new("hindsight.query.v1").with("columns", columns).to_string();
        let head = head.strip_suffix('}').unwrap_or(&head);
        let (sink, head) = (ByteSink::open(plan)?, format!("{head},\"rows\":["));
        Ok(Self { sink, head, line: String::new(), is_first: true })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let rows = TextRows::of_record_batch(batch);
        let mut line = std::mem::take(&mut self.line);
        for row in 0..batch.num_rows() {
            line.clear();
            line.push_str(if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" });
            // Writing to a String reports nothing.
            let _ = rows.json(&mut line, row);
            self.put(&line)?;
        }
        self.line = line;
        Ok(())
    }

    pub(super) fn finish(mut self, rows: u64, notes: &[Note]) -> Result<(), Failure> {
        let lost: Vec<Document> = notes
            .iter()
            .filter_map(|note| match note {
                Note::Lost { log, table, seqs } => Some(
                    Document::object()
                        .with("log", log.as_str())
                        .with("table", table.clone())
                        .with("first_seq", seqs.start.to_string())
                        .with("end_seq", seqs.end.to_string()),
                ),
                _ => None,
            })
            .collect();
        let end = Document::object().with("row_count", rows).with("lost", lost).to_string();
        let end = end.strip_prefix('{').unwrap_or(&end);
        self.put(&format!("\n],{end}\n"))?;
        self.sink.publish().map(|_| ())
    }

    fn put(&mut self, text: &str) -> Result<(), Failure> {
        let head = std::mem::take(&mut self.head);
        let written = self.sink.write_all(head.as_bytes());
        let written = written.and_then(|()| self.sink.write_all(text.as_bytes()));
        written.map_err(|e| self.sink.failure(e))
    }
}
