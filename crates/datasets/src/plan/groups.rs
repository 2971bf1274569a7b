//! The keys that the splitter sees: times, and groups as 16 bytes.

use super::{PlanError, PlanRow};
use crate::inputs::Inputs;
use crate::spec::{GroupColumn, Spec};
use crate::split::SplitKey;
use contract::{Decisions, EventId, Hash, Table as _};

pub(super) fn keys(
    inputs: &Inputs,
    spec: &Spec,
    rows: &[PlanRow],
) -> Result<Vec<SplitKey>, PlanError> {
    rows.iter()
        .map(|row| {
            let groups = &spec.split.group_by;
            let groups: Result<_, _> =
                groups.iter().map(|column| group(inputs, row, *column)).collect();
            Ok(SplitKey {
                row_id: EventId::from_bytes(inputs.decisions[row.decision].id),
                ts_cutoff: row.cutoff,
                seq: row.seq,
                label_end: row.end,
                label_first_avail: row.first_avail,
                groups: groups?,
            })
        })
        .collect()
}

/// An id as it is, else the first 16 bytes of the SHA-256 of the text or of the big-endian number.
fn group(
    inputs: &Inputs,
    row: &PlanRow,
    column: GroupColumn,
) -> Result<Option<[u8; 16]>, PlanError> {
    let decision = &inputs.decisions[row.decision];
    let (rows, at) = (&inputs.decision_batches[decision.at.batch()], decision.at.row());
    let failed = |word| PlanError::Word { column: column.word(), word };
    let of = |bytes: &[u8]| {
        let mut id = [0; 16];
        id.copy_from_slice(&Hash::of(bytes).as_bytes()[..16]);
        id
    };
    Ok(match column {
        // The parent stands in the group of its children.
        GroupColumn::ParentDecisionId => {
            let parent = rows.cell(&Decisions::PARENT_DECISION_ID, at).map_err(failed)?;
            Some(parent.map_or(decision.id, |id| *id.as_bytes()))
        }
        GroupColumn::GroupId => {
            rows.cell(&Decisions::GROUP_ID, at).map_err(failed)?.map(|id| *id.as_bytes())
        }
        GroupColumn::OrderId => {
            let order = rows.cell(&Decisions::ORDER_ID, at).map_err(failed)?;
            order.map(|text| of(text.as_bytes()))
        }
        GroupColumn::InstrumentId => row.instrument.map(|id| of(&id.to_be_bytes())),
        GroupColumn::StrategyId => {
            let strategy = rows.cell(&Decisions::STRATEGY_ID, at).map_err(failed)?;
            Some(of(strategy.as_bytes()))
        }
    })
}

const _: () = assert!(Decisions::SPEC.version == 1, "look at the groups again");
