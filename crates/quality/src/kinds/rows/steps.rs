//! The step of each row of a batch: its instrument's tick or lot.

use super::given::{Picked, When};
use crate::context::{Context, Instrument, Lookup};
use crate::rows::Rows;
use crate::verdict::NotEvaluated;

/// Steps by row, 0 where there is none; kept from batch to batch for their memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps<T>(Vec<T>);

impl<T: Copy + Default> Steps<T> {
    pub(super) fn read(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        when: When,
        picked: &Picked<'_>,
        step: impl Fn(&Instrument) -> Option<T>,
    ) -> Result<&Self, NotEvaluated> {
        if !context.has("instruments") {
            return Err(NotEvaluated::MissingContext("the table `instruments`".to_owned()));
        }
        let times = when.read(rows)?;
        let instruments = rows.instruments().unwrap_or(&[]);
        let mut book = Lookup::new(&context.instruments);
        self.0.clear();
        self.0.extend((0..rows.len()).map(|row| {
            let id = instruments.get(row).copied().filter(|_| picked.has(row));
            let (ts, ts_avail) = times.at(row);
            id.and_then(|id| step(book.at(id, ts, ts_avail)?)).unwrap_or_default()
        }));
        Ok(self)
    }

    pub(super) fn of(&self, row: usize) -> T {
        self.0.get(row).copied().unwrap_or_default()
    }
}
