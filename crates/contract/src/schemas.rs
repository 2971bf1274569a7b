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
    // By name: a constant may have more than one address.
    let at = TABLES.iter().position(|t| t.name == spec.name)?;
    let [draft, logged] = SCHEMAS.get(at)?;
    let slot = if with_seq { logged } else { draft };
    Some(Arc::clone(slot.get_or_init(|| Arc::new(spec.schema(with_seq)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_a_table_share_one_schema_that_is_the_tables_own() {
        for spec in TABLES.iter().copied() {
            let empty = arrow_array::RecordBatch::new_empty(Arc::new(spec.schema(false)));
            let batch = || crate::AnyBatch::parse(spec, &empty).unwrap().into_record_batch();
            let (first, second) = (batch(), batch());
            assert!(Arc::ptr_eq(first.schema_ref(), second.schema_ref()), "{}", spec.name);
            assert_eq!(*first.schema(), spec.schema(false), "{}", spec.name);
        }
    }
}
