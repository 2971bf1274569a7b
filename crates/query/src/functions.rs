//! Table functions.

mod argument;
mod as_of;
mod asof_join;
mod dataset;

use crate::names::Shelves;
use datafusion::execution::SessionState;
use std::sync::Arc;

/// Puts every table function into the state of a statement.
pub(crate) fn register(state: &mut SessionState, shelves: &Arc<Shelves>) {
    state.register_udtf("as_of", Arc::new(as_of::AsOfFunction(Arc::downgrade(shelves))));
    state.register_udtf("dataset", Arc::new(dataset::DatasetFunction::new(shelves)));
    state.register_udtf("asof_join", Arc::new(asof_join::AsOfJoinFunction));
}
