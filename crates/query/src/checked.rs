//! Whole numbers that never wrap: `+`, `-`, `*` and `sum` of integers are right or an error.
//!
//! The engine's own operators and `sum` wrap without a word (DataFusion 55: `BinaryExpr` without `fail_on_overflow`,
//! `add_wrapping` in `sum`), and no setting changes it. Prices, quantities and instants are integers here, so that a
//! sum of a busy day comes near the limit.

mod arithmetic;
mod distinct;
mod groups;
mod sum;
mod total;

use datafusion::execution::{FunctionRegistry as _, SessionState, SessionStateBuilder};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

/// Adds the rule for operators.
pub(crate) fn plan_with(builder: SessionStateBuilder) -> SessionStateBuilder {
    builder.with_analyzer_rule(Arc::new(arithmetic::Checked::default()))
}

/// Puts our `sum` in the place of the engine's.
pub(crate) fn register(state: &mut SessionState) {
    // The state of a statement takes every function.
    let _ = state.register_udaf(Arc::new(AggregateUDF::new_from_impl(sum::Sum::default())));
}
