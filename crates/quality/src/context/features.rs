//! Feature rows by decision.

use crate::rows::{Column, lane};
use arrow_array::Array;
use contract::{Draft, Features};
use std::collections::BTreeMap;

/// Feature rows, found by decision; of several revisions the last one.
#[derive(Debug, Clone, Default)]
pub(crate) struct FeatureBook {
    batches: Vec<Draft<Features>>,
    /// Revision, batch and row of each decision.
    places: BTreeMap<[u8; 16], (u16, usize, usize)>,
}

impl FeatureBook {
    pub(crate) fn add(&mut self, rows: &Draft<Features>) {
        let ids = rows.col(&Features::DECISION_ID);
        for row in 0..rows.len() {
            let Ok(id) = <[u8; 16]>::try_from(ids.value(row)) else { continue };
            let revision = rows.col(&Features::REVISION).value(row);
            let place = self.places.entry(id).or_insert((revision, self.batches.len(), row));
            if revision >= place.0 {
                *place = (revision, self.batches.len(), row);
            }
        }
        self.batches.push(rows.clone());
    }

    /// Batch and row of a decision.
    pub(crate) fn place(&self, decision: &[u8; 16]) -> Option<(usize, usize)> {
        self.places.get(decision).map(|(_, batch, row)| (*batch, *row))
    }

    /// Decisions that have a row, in order.
    pub(crate) fn decisions(&self) -> impl Iterator<Item = &[u8; 16]> {
        self.places.keys()
    }

    /// The feature columns of a batch that checks can read, with their names.
    pub(crate) fn columns(&self, batch: usize) -> impl Iterator<Item = (&str, Column<'_>)> {
        let dynamic = self.batches.get(batch).into_iter().flat_map(|b| b.as_any().dynamic());
        dynamic.filter_map(|(field, array)| {
            let lane = lane(array)?;
            Some((field.name().as_str(), Column { lane, nulls: array.nulls(), array }))
        })
    }

    pub(crate) fn batches(&self) -> usize {
        self.batches.len()
    }
}
