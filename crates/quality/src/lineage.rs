//! What a run did: which rows became which, by which rules.

mod columns;
mod edge;
mod error;
mod verify;

pub use columns::ColumnEdge;
pub use edge::{LineageEdge, LineageNode, lineage_edges};
pub use error::{LineageError, LineageHole};

use contract::{EventId, Hash, Json, LineageEffect, LineageKind};

/// The record of one run: edges between log ranges, tables and reports, and where columns come from.
///
/// - **Conservation:** of operations called `read` and `clean` (or `clean.<step>`) the rows of a parent are the rows of its
///   children, so each row is in one of them. Rows that others make (repairs, features, reports) are counted and not
///   balanced.
/// - **Ranges:** an edge carries the range of the log that was worked off, whether or not each number in it is a row of
///   the table: ranges of runs that follow each other join.
///
/// ```
/// use contract::{EventId, Hash};
/// use quality::Lineage;
///
/// let rules = Hash::of(b"rules");
/// let mut run = Lineage::new(rules);
/// run.read(EventId::from_bytes([7; 16]), (1_000, 1_999), "quotes", 640);
/// run.clean("clean", "quotes", &[("quotes/clean", 630), ("rejects", 10)]);
/// run.derive("repair", "quotes", "repairs", 4);
/// run.report("score", "quotes/clean", "report/quotes");
/// run.column("clean", "quotes/clean.bid_px", &["quotes.bid_px"]);
/// assert_eq!(run.verify(), Ok(()));
/// assert_eq!(run.edges().len(), 5);
/// let lost = Lineage::new(rules).with(|run| {
///     run.read(EventId::from_bytes([7; 16]), (1_000, 1_999), "quotes", 640);
///     run.clean("clean", "quotes", &[("quotes/clean", 630)]);
/// });
/// assert!(lost.verify().unwrap_err().to_string().contains("640"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    rules_hash: Hash,
    edges: Vec<LineageEdge>,
    columns: Vec<ColumnEdge>,
}

impl Lineage {
    /// A run by these rules that has done nothing yet.
    #[must_use]
    pub const fn new(rules_hash: Hash) -> Self {
        Self { rules_hash, edges: Vec::new(), columns: Vec::new() }
    }

    /// The same record after some steps.
    #[must_use]
    pub fn with(mut self, steps: impl FnOnce(&mut Self)) -> Self {
        steps(&mut self);
        self
    }

    /// Rows of a table that were read from `[first, last]` of a log.
    pub fn read(&mut self, log_id: EventId, seqs: (u64, u64), table: &str, rows: u64) {
        let parent = format!("{log_id}:{}-{}", seqs.0, seqs.1);
        let parent = LineageNode::new(LineageKind::LogRange, parent);
        let child = LineageNode::new(LineageKind::Table, table);
        let mut edge = self.edge("read", LineageEffect::Rows, child, parent);
        (edge.log_id, edge.seqs, edge.rows) = (Some(log_id), Some(seqs), Some(rows));
        self.edges.push(edge);
    }

    /// Rows of a table, shared out to others: `clean` or `clean.<step>`.
    ///
    /// Every row of the parent is in one of them. The edges carry the range of the parent's latest edge.
    pub fn clean(&mut self, operation: &str, parent: &str, children: &[(&str, u64)]) {
        for (child, rows) in children {
            self.rows(operation, parent, child, *rows);
        }
    }

    /// Rows that were made of rows of a table, with no claim that all of them were.
    pub fn derive(&mut self, operation: &str, parent: &str, child: &str, rows: u64) {
        self.rows(operation, parent, child, rows);
    }

    /// A report about a table.
    pub fn report(&mut self, operation: &str, table: &str, report: &str) {
        let parent = LineageNode::new(LineageKind::Table, table);
        let child = LineageNode::new(LineageKind::Report, report);
        let mut edge = self.edge(operation, LineageEffect::Aggregate, child, parent);
        edge.rows = self.latest(table).and_then(|e| e.rows);
        self.ranged(table, edge);
    }

    /// Any other edge.
    pub fn push(&mut self, edge: LineageEdge) {
        self.edges.push(edge);
    }

    /// An output column, written `table.column`, and the columns that a step made it of; none for a constant.
    pub fn column(&mut self, step: &str, output: &str, inputs: &[&str]) {
        let inputs = inputs.iter().map(|input| (*input).to_owned()).collect();
        self.columns.push(ColumnEdge { step: step.to_owned(), output: output.to_owned(), inputs });
    }

    /// The edges, in the order of the steps.
    #[must_use]
    pub fn edges(&self) -> &[LineageEdge] {
        &self.edges
    }

    /// What was said of columns, in the order in which it was said.
    #[must_use]
    pub fn columns(&self) -> &[ColumnEdge] {
        &self.columns
    }

    /// Where columns come from, as canonical JSON: outputs in order, of each the steps, of each its inputs in order.
    #[must_use]
    pub fn column_lineage(&self) -> Json {
        columns::to_json(&self.columns)
    }

    /// Looks for holes in the edges and in the columns.
    ///
    /// # Errors
    /// [`LineageError`] with every hole.
    pub fn verify(&self) -> Result<(), LineageError> {
        let mut holes = verify::holes(&self.edges);
        holes.extend(columns::holes(&self.columns, &self.edges));
        LineageError::of(holes)
    }

    /// Looks for holes in edges of any runs: parents that nothing made, ranges that do not join, rows that are gone,
    /// circles.
    ///
    /// - **Cost:** sorts the edges.
    ///
    /// # Errors
    /// [`LineageError`] with every hole.
    pub fn verify_edges(edges: &[LineageEdge]) -> Result<(), LineageError> {
        LineageError::of(verify::holes(edges))
    }

    fn rows(&mut self, operation: &str, parent: &str, child: &str, rows: u64) {
        let child = LineageNode::new(LineageKind::Table, child);
        let from = LineageNode::new(LineageKind::Table, parent);
        let mut edge = self.edge(operation, LineageEffect::Rows, child, from);
        edge.rows = Some(rows);
        self.ranged(parent, edge);
    }

    fn latest(&self, table: &str) -> Option<&LineageEdge> {
        self.edges.iter().rfind(|e| e.child.kind == LineageKind::Table && e.child.id == table)
    }

    fn ranged(&mut self, parent: &str, mut edge: LineageEdge) {
        if let Some(latest) = self.latest(parent) {
            (edge.log_id, edge.seqs) = (latest.log_id, latest.seqs);
        }
        self.edges.push(edge);
    }

    fn edge(
        &self,
        operation: &str,
        effect: LineageEffect,
        child: LineageNode,
        parent: LineageNode,
    ) -> LineageEdge {
        LineageEdge {
            child,
            parent,
            operation: operation.to_owned(),
            effect,
            params_hash: self.rules_hash,
            child_hash: None,
            parent_hash: None,
            log_id: None,
            seqs: None,
            rows: None,
        }
    }
}
