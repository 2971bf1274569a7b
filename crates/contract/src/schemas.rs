//! The Arrow schema of each table, made once: a batch of one row must not build forty fields.

use crate::spec::TableSpec;
use crate::tables::TABLES;
use arrow_schema::SchemaRef;
use std::sync::{Arc, OnceLock};

/// A draft's schema, and a logged batch's.
type Pair = [OnceLock<SchemaRef>; 2];

static SCHEMAS: [Pair; TABLES.len()] = [const { [OnceLock::new(), OnceLock::new()] }; TABLES.len()];

/// The schema of a table without dynamic columns; `None` for a table that is not of the contract.
pub(crate) fn shared(spec: &'static TableSpec, with_seq: bool) -> Option<SchemaRef> {
    let at = TABLES.iter().position(|t| std::ptr::eq(*t, spec))?;
    let [draft, logged] = SCHEMAS.get(at)?;
    let slot = if with_seq { logged } else { draft };
    Some(Arc::clone(slot.get_or_init(|| Arc::new(spec.schema(with_seq)))))
}
