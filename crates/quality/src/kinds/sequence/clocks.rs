//! Clock models of the sources of a table.

use crate::clock::{ClockModel, ClockSettings, Reading};
use crate::kinds::{ParamSpec, ParamType, Params};
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const WINDOW: ParamSpec = ParamSpec::new(
    "window",
    ParamType::Duration,
    Some("10m"),
    "how far back the smallest `ts_recv - ts_event` of a source is looked for",
);

pub(super) const ROWS: ParamSpec =
    ParamSpec::new("rows", ParamType::Count, Some("100"), "rows that the window holds at least");

/// One clock model a source; memory as [`ClockModel`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Clocks {
    event: Slot,
    recv: Slot,
    window_ns: i64,
    min_rows: u64,
    #[serde(with = "crate::pairs")]
    sources: BTreeMap<u16, ClockModel>,
}

/// The columns of [`Clocks`] in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockColumns<'a> {
    event: Column<'a>,
    recv: Column<'a>,
}

impl Clocks {
    pub(super) fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            event: slots.of("ts_event"),
            recv: slots.of("ts_recv"),
            window_ns: params.int("window").max(1),
            min_rows: u64::try_from(params.int("rows")).unwrap_or(1).max(1),
            sources: BTreeMap::new(),
        }
    }

    pub(super) fn columns<'a>(&self, rows: &Rows<'a>) -> Result<ClockColumns<'a>, NotEvaluated> {
        Ok(ClockColumns { event: rows.column(self.event)?, recv: rows.column(self.recv)? })
    }

    /// What the model of a source says about a row with both times.
    pub(super) fn read(&mut self, columns: &ClockColumns<'_>, source: u16, row: usize) -> Reading {
        let (event, recv) = (columns.event.i64(row), columns.recv.i64(row));
        if let Some(model) = self.sources.get_mut(&source) {
            return model.observe(event, recv);
        }
        // Only the running minimum is of use here, so periods are not told apart.
        let settings = ClockSettings {
            window_ns: self.window_ns,
            min_rows: self.min_rows,
            period_ns: i64::MAX,
            max_periods: 1,
            ..ClockSettings::default()
        };
        let Ok(mut model) = ClockModel::try_new(settings) else { return Reading::NotApplicable };
        let reading = model.observe(event, recv);
        self.sources.insert(source, model);
        reading
    }
}
