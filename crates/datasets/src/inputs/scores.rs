//! Scores of the tables that went in, from `quality_events`.

use super::InputError;
use contract::arrow_array::{Array as _, RecordBatch};
use contract::{Batch, QualityEvents, QualityKind};
use std::collections::{BTreeMap, BTreeSet};

/// The score of a table, as `quality` gave it; of several the lowest.
#[derive(Debug, Clone, PartialEq)]
pub struct TableScore {
    /// 0 to 100.
    pub score: f64,
    /// Lower bound.
    pub score_low: f64,
    /// Share of the checks that could be evaluated.
    pub coverage: f64,
    /// Rows that were judged.
    pub rows: u64,
    /// Rules.
    pub rules: BTreeSet<contract::Hash>,
}

/// Takes the events of kind `score` of whole tables.
pub(super) fn take(
    scores: &mut BTreeMap<String, TableScore>,
    batch: &RecordBatch,
) -> Result<(), InputError> {
    let events = Batch::<QualityEvents>::parse(batch)?;
    let (score, low) = (events.col(&QualityEvents::SCORE), events.col(&QualityEvents::SCORE_LOW));
    let coverage = events.col(&QualityEvents::COVERAGE);
    for row in 0..events.len() {
        let is_score = events.cell(&QualityEvents::KIND, row)? == QualityKind::Score;
        let whole = events.cell(&QualityEvents::CHECK_ID, row)?.is_none()
            && events.cell(&QualityEvents::DIMENSION, row)?.is_none();
        if !is_score || !whole || score.is_null(row) {
            continue;
        }
        let new = TableScore {
            score: score.value(row),
            score_low: if low.is_null(row) { 0.0 } else { low.value(row) },
            coverage: if coverage.is_null(row) { 0.0 } else { coverage.value(row) },
            rows: events.cell(&QualityEvents::ROWS, row)?,
            rules: BTreeSet::from([events.cell(&QualityEvents::RULES_HASH, row)?]),
        };
        let table = events.cell(&QualityEvents::TABLE_NAME, row)?;
        let Some(held) = scores.get_mut(table) else {
            scores.insert(table.to_owned(), new);
            continue;
        };
        held.score = held.score.min(new.score);
        held.score_low = held.score_low.min(new.score_low);
        held.coverage = held.coverage.min(new.coverage);
        held.rows = held.rows.saturating_add(new.rows);
        held.rules.extend(new.rules);
    }
    Ok(())
}
