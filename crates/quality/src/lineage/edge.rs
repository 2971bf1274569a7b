//! One edge: a child that was made of a parent.

use super::LineageError;
use contract::{
    BuildError, Draft, EventId, Hash, LineageEdges, LineageEffect, LineageKind, TableBuilder,
    UtcNanos, Vocabulary,
};

/// A log range, table, file, dataset, model or report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineageNode {
    /// What it is.
    pub kind: LineageKind,
    /// Its stable id.
    pub id: String,
}

impl LineageNode {
    /// A node.
    #[must_use]
    pub fn new(kind: LineageKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// Whether it may stand at the start of a chain: a log or a file that came from outside.
    #[must_use]
    pub const fn is_source(&self) -> bool {
        matches!(self.kind, LineageKind::LogRange | LineageKind::File)
    }
}

impl std::fmt::Display for LineageNode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} `{}`", self.kind.word(), self.id)
    }
}

/// A row of `lineage_edges`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageEdge {
    /// What was made.
    pub child: LineageNode,
    /// What it was made of.
    pub parent: LineageNode,
    /// How: `read`, `clean`, `clean.<step>`, or any other word.
    pub operation: String,
    /// What erasure must do.
    pub effect: LineageEffect,
    /// Hash of the rules.
    pub params_hash: Hash,
    /// Content of the child.
    pub child_hash: Option<Hash>,
    /// Content of the parent.
    pub parent_hash: Option<Hash>,
    /// The log of the range.
    pub log_id: Option<EventId>,
    /// First and last number of the log that was worked off.
    pub seqs: Option<(u64, u64)>,
    /// Rows of the parent that went into the child; of a report, rows that it is about.
    pub rows: Option<u64>,
}

impl LineageEdge {
    /// The id of the edge: UUIDv8 from the SHA-256 of its content, so that a rerun repeats it.
    #[must_use]
    pub fn id(&self) -> EventId {
        let hash = |hash: Option<Hash>| hash.map(|h| h.to_string()).unwrap_or_default();
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let parts = [
            self.child.kind.word().to_owned(),
            self.child.id.clone(),
            self.parent.kind.word().to_owned(),
            self.parent.id.clone(),
            self.operation.clone(),
            self.effect.word().to_owned(),
            self.params_hash.to_string(),
            hash(self.child_hash),
            hash(self.parent_hash),
            self.log_id.map(|id| id.to_string()).unwrap_or_default(),
            number(self.seqs.map(|s| s.0)),
            number(self.seqs.map(|s| s.1)),
            number(self.rows),
        ];
        EventId::v8(&Hash::of(parts.join("\0").as_bytes()))
    }

    /// Whether the rows of its parent are the rows of all children of the operation.
    #[must_use]
    pub fn conserves(&self) -> bool {
        matches!(self.operation.as_str(), "read" | "clean") || self.operation.starts_with("clean.")
    }

    /// Edges from a batch of the table.
    ///
    /// # Errors
    /// [`LineageError::Id`] for a row whose id is not that of its content, [`LineageError::Word`] for a word outside a
    /// closed set.
    pub fn read(rows: &Draft<LineageEdges>) -> Result<Vec<Self>, LineageError> {
        (0..rows.len()).map(|row| Self::read_row(rows, row)).collect()
    }

    fn read_row(rows: &Draft<LineageEdges>, row: usize) -> Result<Self, LineageError> {
        let node = |kind, id: &str| LineageNode::new(kind, id);
        let low = rows.cell(&LineageEdges::SEQ_MIN, row)?;
        let edge = Self {
            child: node(
                rows.cell(&LineageEdges::CHILD_KIND, row)?,
                rows.cell(&LineageEdges::CHILD_ID, row)?,
            ),
            parent: node(
                rows.cell(&LineageEdges::PARENT_KIND, row)?,
                rows.cell(&LineageEdges::PARENT_ID, row)?,
            ),
            operation: rows.cell(&LineageEdges::OPERATION, row)?.to_owned(),
            effect: rows.cell(&LineageEdges::EFFECT, row)?,
            params_hash: rows.cell(&LineageEdges::PARAMS_HASH, row)?,
            child_hash: rows.cell(&LineageEdges::CHILD_HASH, row)?,
            parent_hash: rows.cell(&LineageEdges::PARENT_HASH, row)?,
            log_id: rows.cell(&LineageEdges::LOG_ID, row)?,
            seqs: low.zip(rows.cell(&LineageEdges::SEQ_MAX, row)?),
            rows: rows.cell(&LineageEdges::ROWS, row)?,
        };
        let found = rows.cell(&LineageEdges::EDGE_ID, row)?;
        let expected = edge.id();
        if found == expected { Ok(edge) } else { Err(LineageError::Id { row, expected, found }) }
    }
}

/// Edges as rows of `lineage_edges`, in their order.
///
/// # Errors
/// [`BuildError`] when their texts exceed what one batch holds.
pub fn lineage_edges<'a>(
    edges: impl IntoIterator<Item = &'a LineageEdge>,
) -> Result<Draft<LineageEdges>, BuildError> {
    let mut rows = TableBuilder::<LineageEdges>::new(UtcNanos::from_nanos(0));
    for edge in edges {
        rows.set(&LineageEdges::EDGE_ID, edge.id())
            .set(&LineageEdges::CHILD_KIND, edge.child.kind)
            .set(&LineageEdges::PARENT_KIND, edge.parent.kind)
            .set(&LineageEdges::OPERATION, edge.operation.as_str())
            .set(&LineageEdges::EFFECT, edge.effect)
            .set(&LineageEdges::CHILD_ID, edge.child.id.as_str())
            .set(&LineageEdges::PARENT_ID, edge.parent.id.as_str())
            .set(&LineageEdges::PARAMS_HASH, edge.params_hash)
            .set(&LineageEdges::CHILD_HASH, edge.child_hash)
            .set(&LineageEdges::PARENT_HASH, edge.parent_hash)
            .set(&LineageEdges::LOG_ID, edge.log_id)
            .set(&LineageEdges::SEQ_MIN, edge.seqs.map(|s| s.0))
            .set(&LineageEdges::SEQ_MAX, edge.seqs.map(|s| s.1))
            .set(&LineageEdges::ROWS, edge.rows);
        rows.end_row()?;
    }
    rows.finish()
}
