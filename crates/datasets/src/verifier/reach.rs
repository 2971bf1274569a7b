//! How far the features of a version look back.

use crate::layout::meta;
use arrow_schema::{Field, Schema};

/// The greatest lookback among the features.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Nanoseconds, capped where the spec caps it.
    pub(super) ns: u64,
    /// Features whose lookback the cap cuts.
    pub(super) cut: Vec<String>,
}

impl Reach {
    pub(super) fn of(schema: &Schema, cap: Option<u64>) -> Self {
        let mut reach = Self { ns: 0, cut: Vec::new() };
        for field in schema.fields().iter().filter(|field| role(field) == Some("feature")) {
            let declared = lookback(field).unwrap_or(0);
            if let Some(cap) = cap.filter(|cap| *cap < declared) {
                reach.cut.push(field.name().clone());
                reach.ns = reach.ns.max(cap);
            } else {
                reach.ns = reach.ns.max(declared);
            }
        }
        reach
    }
}

/// The role of a column.
pub(super) fn role(field: &Field) -> Option<&str> {
    field.metadata().get(meta::ROLE).map(String::as_str)
}

/// The declared lookback of a column, in nanoseconds.
pub(super) fn lookback(field: &Field) -> Option<u64> {
    field.metadata().get(meta::LOOKBACK_NS)?.parse().ok()
}
