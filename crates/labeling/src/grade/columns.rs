//! Classes of whole batches of outcomes, column by column.

use super::Grade;
use crate::measure::Scalar;
use crate::number::Decimal;
use crate::outcome_readings::{OutcomeColumnError, OutcomeColumns};
use contract::arrow_array::Array;
use contract::{Batch, DynamicColumn, Outcomes};

/// Rows that are worked on at once, so that their cells stay in the nearest cache.
const ROWS: usize = 2_048;

impl Grade {
    /// The class of every outcome row: what [`grade`](Self::grade) gives for it.
    ///
    /// - **Shape:** a class a row, in order; `None` where a missing value allows more than one.
    /// - **Cost:** two comparisons a limit and one look-up a row; rows with a missing value are graded one by one.
    ///
    /// # Errors
    /// [`OutcomeColumnError`] for a measure of the rules whose column is missing or of another type.
    pub fn classes<S>(
        &self,
        outcomes: &Batch<Outcomes, S>,
    ) -> Result<Vec<Option<i8>>, OutcomeColumnError> {
        let measures = self.axes.iter().map(super::Axis::measure);
        let columns = OutcomeColumns::new(outcomes, measures)?;
        let mut classes = Vec::with_capacity(outcomes.len());
        let mut at = [0_usize; ROWS];
        let mut is_known = [true; ROWS];
        for from in (0..outcomes.len()).step_by(ROWS) {
            let rows = ROWS.min(outcomes.len() - from);
            at.fill(0);
            is_known.fill(true);
            for axis in &self.axes {
                let cells = axis.cells();
                at.iter_mut().take(rows).for_each(|at| *at *= cells);
                match columns.values(axis.measure()) {
                    Some(DynamicColumn::Number(array)) => {
                        let values = array.values().get(from..from + rows).unwrap_or_default();
                        axis.add_cells(&mut at, values, Decimal::nearest);
                        note_nulls(&mut is_known, array, from, rows);
                    }
                    Some(DynamicColumn::Money(array)) => {
                        let values = array.values().get(from..from + rows).unwrap_or_default();
                        axis.add_cells(&mut at, values, |cut| cut.amount().nanos());
                        note_nulls(&mut is_known, array, from, rows);
                    }
                    Some(DynamicColumn::Whole(array)) => {
                        let cells = at.iter_mut().zip(array.values().iter().skip(from));
                        cells.take(rows).for_each(|(at, v)| *at += axis.locate(Scalar::Whole(*v)));
                        note_nulls(&mut is_known, array, from, rows);
                    }
                    _ => is_known.fill(false),
                }
            }
            let found = at.iter().zip(&is_known).take(rows).enumerate();
            classes.extend(found.map(|(row, (at, known))| {
                if *known {
                    self.table.get(*at).copied()
                } else {
                    self.class_by(|measure| columns.reading(measure, from + row))
                }
            }));
        }
        Ok(classes)
    }
}

fn note_nulls(is_known: &mut [bool], array: &dyn Array, from: usize, rows: usize) {
    if array.null_count() > 0 {
        let rows = is_known.iter_mut().take(rows).enumerate();
        rows.for_each(|(row, known)| *known &= array.is_valid(from + row));
    }
}
