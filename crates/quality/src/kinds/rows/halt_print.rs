//! Trades while trading was stopped.

use super::given::{Only, When, only_is, only_where};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Trades whose last known status says that trading is stopped within its session.
///
/// The close of a session is no halt: prints after it are the business of `off_session`. A cancel or a correction is no
/// trade. A row whose instrument has no status that says so or not is not applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HaltPrint {
    only: Only,
    when: When,
}

impl HaltPrint {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "halt_print",
        doc: "a trade during a halt",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Quarantine,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[only_where(Some("action")), only_is(Some("T"))],
        needs: &["statuses"],
        build: |params, slots| AnyJudge::HaltPrint(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { only: Only::of(params, slots, "action"), when: When::of(slots) }
    }
}

impl Judge for HaltPrint {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !context.has("statuses") {
            return Err(NotEvaluated::MissingContext("the table `statuses`".to_owned()));
        }
        let (picked, times) = (self.only.read(rows)?, self.when.read(rows)?);
        for row in (0..rows.len()).filter(|row| picked.has(*row)) {
            let (ts, ts_avail) = times.at(row);
            if let Some(is_halted) = context.halts.is_paused(rows.stream(row), ts, ts_avail) {
                marks.judge(row, is_halted);
            }
        }
        Ok(())
    }
}
