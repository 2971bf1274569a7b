//! What is wrong with a record.

use super::LineageNode;
use contract::{Diagnostic, EventId, Fault, UnknownWord};

/// A place where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineageHole {
    /// Something that is neither a log nor a file was made of nothing.
    #[error("{node} has no parent")]
    NoParent {
        /// It.
        node: LineageNode,
    },
    /// Numbers between two ranges that no edge covers.
    #[error("{child}, `{operation}`: rows {from} to {to} of the log are covered by no edge")]
    Gap {
        /// What the edges lead to.
        child: LineageNode,
        /// Their operation.
        operation: String,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
    },
    /// Numbers that two edges cover.
    #[error("{child}, `{operation}`: rows {from} to {to} of the log are covered twice")]
    Overlap {
        /// What the edges lead to.
        child: LineageNode,
        /// Their operation.
        operation: String,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
    },
    /// A range that ends before it starts.
    #[error(
        "{child}, `{operation}`: expected a first row not above the last, found {from} to {to}"
    )]
    Backwards {
        /// What the edge leads to.
        child: LineageNode,
        /// Its operation.
        operation: String,
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
    },
    /// Rows that went in and did not come out, or the other way round.
    #[error("{parent}, `{operation}`: {rows_in} rows in, {rows_out} rows out and rejected")]
    Rows {
        /// Where they went in.
        parent: LineageNode,
        /// The operation.
        operation: String,
        /// Rows of the parent.
        rows_in: u64,
        /// Rows of its children.
        rows_out: u64,
    },
    /// An operation that must balance has an edge without a number of rows.
    #[error("{child}, `{operation}`: expected a number of rows, found none")]
    NoRows {
        /// What the edge leads to.
        child: LineageNode,
        /// Its operation.
        operation: String,
    },
    /// Something is made of itself.
    #[error("{node} is made of itself")]
    Cycle {
        /// It.
        node: LineageNode,
    },
    /// One edge stands twice in the record, so its rows would count twice.
    #[error("edge {id} to {child} stands twice")]
    Twice {
        /// The edge.
        id: EventId,
        /// What it leads to.
        child: LineageNode,
    },
    /// A column comes from, or goes to, a table that its step does not lead to.
    #[error("column `{output}`, `{step}`: no such step leads from the table of `{input}`")]
    NoStep {
        /// The column.
        output: String,
        /// The step.
        step: String,
        /// Its input; the column itself where it has none.
        input: String,
    },
    /// A column comes from one that nothing made.
    #[error("column `{output}`, `{step}`: nothing makes `{input}`")]
    NoInput {
        /// The column.
        output: String,
        /// The step.
        step: String,
        /// Its input.
        input: String,
    },
}

/// Why a record cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineageError {
    /// The chain has holes; never empty.
    #[error("lineage: {} holes; {}", holes.len(), text(holes))]
    Holes {
        /// All of them.
        holes: Vec<LineageHole>,
    },
    /// The id of an edge is not that of its content.
    #[error("lineage_edges.edge_id, row {row}: expected {expected}, found `{found}`")]
    Id {
        /// The row.
        row: usize,
        /// Id of its content.
        expected: EventId,
        /// Its id.
        found: EventId,
    },
    /// A cell of a closed set holds none of its words.
    #[error("lineage_edges: {0}")]
    Word(#[from] UnknownWord),
}

/// The first holes in words.
fn text(holes: &[LineageHole]) -> String {
    let named: Vec<String> = holes.iter().take(3).map(ToString::to_string).collect();
    named.join("; ")
}

impl LineageError {
    pub(super) fn of(holes: Vec<LineageHole>) -> Result<(), Self> {
        if holes.is_empty() { Ok(()) } else { Err(Self::Holes { holes }) }
    }

    /// The holes, where these are what is wrong.
    #[must_use]
    pub fn holes(&self) -> &[LineageHole] {
        match self {
            Self::Holes { holes } => holes,
            Self::Id { .. } | Self::Word(_) => &[],
        }
    }
}

impl Diagnostic for LineageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Holes { .. } => "quality/lineage-holes",
            Self::Id { .. } => "quality/lineage-id",
            Self::Word(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::Integrity
    }
}
