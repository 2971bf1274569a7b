//! Rows outside every session.

use super::given::{Only, When, only_is, only_where};
use crate::context::{Context, Lookup, SessionAt};
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Trades outside every session of their instrument's calendar.
///
/// A print at the very end, or within `grace` of it, is the closing auction's and in order.
/// Not applicable where the instrument or its calendar is unknown, or the calendar does not list the day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OffSession {
    only: Only,
    when: When,
    grace_ns: i64,
}

impl OffSession {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "off_session",
        doc: "a trade outside every session of the instrument's calendar",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Quarantine,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new(
                "grace",
                ParamType::Duration,
                Some("1s"),
                "how long after the end of a session its last prints, as those of a closing auction, may come",
            ),
            only_where(Some("action")),
            only_is(Some("T")),
        ],
        needs: &["instruments", "sessions"],
        build: |params, slots| AnyJudge::OffSession(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            only: Only::of(params, slots, "action"),
            when: When::of(slots),
            grace_ns: params.int("grace"),
        }
    }
}

impl Judge for OffSession {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        for table in Self::SPEC.needs {
            if !context.has(table) {
                return Err(NotEvaluated::MissingContext(format!("the table `{table}`")));
            }
        }
        let (picked, times) = (self.only.read(rows)?, self.when.read(rows)?);
        let instruments = rows.instruments().unwrap_or(&[]);
        let mut book = Lookup::new(&context.instruments);
        // Neighbours mostly share their calendar and session.
        let mut last = None;
        for (row, id) in instruments.iter().enumerate().filter(|(row, _)| picked.has(*row)) {
            let (ts, ts_avail) = times.at(row);
            let Some(calendar) = book.at(*id, ts, ts_avail).and_then(|i| i.calendar.as_deref())
            else {
                continue;
            };
            if let Some((known, start, end)) = last
                && known == calendar
                && (start..end).contains(&ts)
            {
                marks.pass(row);
                continue;
            }
            match context.calendars.at(calendar, ts) {
                SessionAt::Unknown => {}
                SessionAt::In(session) => {
                    last = Some((calendar, session.start, session.end));
                    marks.pass(row);
                }
                SessionAt::Outside => {
                    let before = context.calendars.at(calendar, ts.saturating_sub(self.grace_ns));
                    marks.judge(row, !matches!(before, SessionAt::In(_)));
                }
            }
        }
        Ok(())
    }
}
