//! Whether an answer knows the future: a mark of tables that a projection, a join or a sum must not wash off.

use contract::{Causality, meta};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use std::collections::HashMap;

/// Whether a plan reads a table that is marked as hindsight, in a subquery or behind a view as well.
pub(crate) fn reads_hindsight(plan: &LogicalPlan) -> Result<bool> {
    let mut is_marked = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let word = scan.source.schema().metadata().get(meta::CAUSALITY).cloned();
            is_marked |= word.as_deref() == Some(Causality::Hindsight.word());
            if let Some(view) = scan.source.get_logical_plan() {
                is_marked |= reads_hindsight(&view)?;
            }
        }
        Ok(if is_marked { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(is_marked)
}

/// Marks the metadata of a schema.
pub(crate) fn mark(metadata: &mut HashMap<String, String>) {
    metadata.insert(meta::CAUSALITY.to_owned(), Causality::Hindsight.word().to_owned());
}
