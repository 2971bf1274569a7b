//! How statements are answered.

use contract::{AllowLocal, Gate, ReadContext, UtcNanos};
use std::path::PathBuf;
use std::sync::Arc;

/// How statements are answered. Fields are public so that a caller writes
/// `Options { threads: 4, ..Options::new(context) }`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who reads, and why.
    pub context: ReadContext,
    /// Who may read. Default: a process that works on its own data.
    pub gate: Arc<dyn Gate>,
    /// Bytes that all statements of the session together may hold. Sorts and aggregates beyond it go to `spill_folder`;
    /// without one, or where an operator cannot, as a join on equal columns and `ORDER BY .. LIMIT`, the statement ends
    /// with [`QueryError::Memory`](crate::QueryError::Memory). Default 2 GiB.
    pub memory_bytes: usize,
    /// Where intermediate results go that do not fit. Default: nowhere.
    pub spill_folder: Option<PathBuf>,
    /// Most bytes in `spill_folder`. Default 16 GiB.
    pub spill_bytes: u64,
    /// Parts that a statement is worked on at once. Rows and their order do not depend on it where the statement orders
    /// them. Default 1.
    pub threads: usize,
    /// Rows of a batch. Default 8,192.
    pub batch_rows: usize,
    /// Whether the SHA-256 of every archive and dataset file is compared with its record before it is read. Default
    /// false: sizes, footers and pages are checked, and a changed value inside a page can pass.
    pub verify: bool,
    /// What `now()`, `current_date` and `current_time` say. Default: nothing, and a statement that asks is refused with
    /// [`QueryError::NotRepeatable`](crate::QueryError::NotRepeatable), because the answer would change by itself.
    pub now: Option<UtcNanos>,
}

impl Options {
    /// The defaults for a reader.
    #[must_use]
    pub fn new(context: ReadContext) -> Self {
        Self {
            context,
            gate: Arc::new(AllowLocal { reason: "a process reads its own data".to_owned() }),
            memory_bytes: 2 << 30,
            spill_folder: None,
            spill_bytes: 16 << 30,
            threads: 1,
            batch_rows: 8_192,
            verify: false,
            now: None,
        }
    }
}
