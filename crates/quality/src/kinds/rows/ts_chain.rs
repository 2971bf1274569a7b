//! Stamps of one order in the wrong order.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Rows in which a later step of signal, decision, sent, acknowledged and filled has the earlier stamp.
///
/// Two stamps of one clock must not fall. A stamp of ours and one of the venue may, by no more than the source's
/// `clock_bound_ns`, after the venue's was put on our clock by `clock_offset_ns` where the row has one; where no bound is
/// known, such a pair says nothing. A row is applicable when some pair of its stamps can be compared. That a row was received
/// before it happened is no matter of this kind: see `clock_suspect`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TsChain {
    /// In the order in which they must not fall, and whether they are of our clock.
    stamps: Vec<(Slot, bool)>,
    are_named: bool,
    offset: Slot,
    bound_ns: Option<i64>,
}

impl TsChain {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "ts_chain",
        doc: "signal, decision, sent, acknowledgement and fill out of order",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Columns,
                None,
                "stamps in order; unsaid: ts_signal, ts_event, ts_sent of decisions; ts_sent, ts_ack, ts_event of executions",
            ),
            ParamSpec::new(
                "ours",
                ParamType::Columns,
                None,
                "those of our clock, the others being of the source's; unsaid: all of decisions, ts_sent and ts_ack of executions (take ts_ack out where the venue stamps it)",
            ),
            ParamSpec::new(
                "bound",
                ParamType::Duration,
                None,
                "bound of a clock where `sources` states none for the row's source",
            ),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::TsChain(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let (chain, ours): (&[&str], &[&str]) = match slots.spec().map(|spec| spec.name) {
            Some("decisions") => {
                (&["ts_signal", "ts_event", "ts_sent"], &["ts_signal", "ts_event", "ts_sent"])
            }
            Some("executions") => (&["ts_sent", "ts_ack", "ts_event"], &["ts_sent", "ts_ack"]),
            _ => (&[], &[]),
        };
        let said = |name: &str, or: &[&str]| -> Vec<String> {
            if params.has(name) {
                params.texts(name).to_vec()
            } else {
                or.iter().map(|c| (*c).to_owned()).collect()
            }
        };
        let (chain, ours) = (said("columns", chain), said("ours", ours));
        let stamps = chain.iter().map(|c| (slots.of(c), ours.contains(c))).collect();
        Self {
            stamps,
            are_named: params.has("columns"),
            offset: slots.of("clock_offset_ns"),
            bound_ns: params.has("bound").then(|| params.int("bound")),
        }
    }
}

impl Judge for TsChain {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let is_absent = |(slot, _): &&(Slot, bool)| rows.optional(*slot).is_none();
        let absent = self.stamps.iter().filter(is_absent).count();
        if let Some((slot, _)) = self.stamps.iter().find(is_absent)
            && (self.are_named || absent + 1 >= self.stamps.len())
        {
            rows.column(*slot)?;
        }
        // Every pair, so that a stamp between two of one clock hides nothing.
        for (at, (earlier, is_ours)) in self.stamps.iter().enumerate() {
            // A nullable stamp may be absent as a whole.
            let Some(first) = rows.optional(*earlier) else { continue };
            for (later, is_later_ours) in self.stamps.iter().skip(at + 1) {
                let Some(second) = rows.optional(*later) else { continue };
                let (Lane::Ts(a), Lane::Ts(b)) = (first.lane, second.lane) else {
                    let found = if matches!(first.lane, Lane::Ts(_)) { second } else { first };
                    return Err(rows.wrong_type(*later, "Timestamp", found.array.data_type()));
                };
                let nulls = [first.nulls, second.nulls];
                let fall = |row: usize| {
                    a.get(row).zip(b.get(row)).map_or(0, |(a, b)| i128::from(*a) - i128::from(*b))
                };
                if is_ours == is_later_ours {
                    marks.sweep(&nulls, |row| (true, fall(row) > 0));
                    continue;
                }
                let offset = rows.optional(self.offset);
                let sources = rows.sources().unwrap_or(&[]);
                let mut known = None;
                marks.sweep(&nulls, |row| {
                    let source = sources.get(row).copied().unwrap_or(0);
                    let bound = match known {
                        Some((of, bound)) if of == source => bound,
                        _ => {
                            let bound = context.clock_bound_ns(source).or(self.bound_ns);
                            known = Some((source, bound));
                            bound
                        }
                    };
                    let Some(bound) = bound else { return (false, false) };
                    let shift = offset.and_then(|column| column.int(row)).unwrap_or(0);
                    // The source's stamp less its offset is on our clock.
                    let fall = if *is_ours { fall(row) + shift } else { fall(row) - shift };
                    (true, fall > i128::from(bound))
                });
            }
        }
        Ok(())
    }
}
