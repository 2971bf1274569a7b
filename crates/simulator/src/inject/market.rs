//! Faults of trades, quotes, deltas and bars.

use super::plan::{Cell, Plan};
use super::{Episode, Injector};
use crate::fault::FaultKind;
use crate::rng::whole;
use crate::slice::Slice;
use contract::arrow_array::Array;
use contract::{Bars, BookDeltas, Draft, Quotes, Trades};
use std::collections::BTreeMap;

impl Injector {
    pub(super) fn trade_faults(&mut self, draft: &Draft<Trades>, clean: &Slice, plan: &mut Plan) {
        let px = draft.col(&Trades::PX);
        let size = draft.col(&Trades::SIZE);
        let action = draft.col(&Trades::ACTION);
        let mut next_of: BTreeMap<(u16, u32), usize> = BTreeMap::new();
        let mut next = vec![None; plan.rows()];
        for row in (0..plan.rows()).rev() {
            next[row] = next_of.insert(plan.place(row), row);
        }
        for row in 0..plan.rows() {
            let grid = self.memory.grid.entry(plan.place(row).1).or_default();
            *grid = gcd(*grid, px.value(row));
        }
        let seed = self.seed;
        for fault in &mut self.faults {
            let (kind, magnitude) = (fault.kind, fault.magnitude);
            let is_mine = matches!(
                kind,
                FaultKind::OutOfOrder
                    | FaultKind::Spike
                    | FaultKind::ZeroSize
                    | FaultKind::NegativeSize
            );
            if !is_mine {
                continue;
            }
            let dice = fault.dice(seed, "trades");
            for row in (0..plan.rows()).filter(|row| action.value(*row) == b'T') {
                if !dice.hits() {
                    continue;
                }
                match kind {
                    FaultKind::OutOfOrder => {
                        let Some(other) = next[row].filter(|o| plan.avail(*o) > plan.avail(row))
                        else {
                            continue;
                        };
                        if !plan.is_free(other) || !plan.touch(row) {
                            continue;
                        }
                        plan.touch(other);
                        plan.swap(kind, row, other);
                    }
                    FaultKind::Spike if plan.touch(row) => {
                        let grid =
                            self.memory.grid.get(&plan.place(row).1).copied().unwrap_or(1).max(1);
                        let jump = whole(px.value(row) as f64 * magnitude) / grid * grid;
                        let spiked = Cell::I64(px.value(row) + jump);
                        plan.edit(
                            kind,
                            row,
                            Trades::PX.name(),
                            &Cell::I64(px.value(row)),
                            spiked,
                            magnitude,
                        );
                    }
                    FaultKind::ZeroSize | FaultKind::NegativeSize if plan.touch(row) => {
                        let was = size.value(row);
                        let is = if kind == FaultKind::ZeroSize { 0.0 } else { -was };
                        plan.edit(
                            kind,
                            row,
                            Trades::SIZE.name(),
                            &Cell::F64(was),
                            Cell::F64(is),
                            magnitude,
                        );
                    }
                    _ => {}
                }
            }
        }
        self.stray_prints(draft, clean, plan);
        let batch = draft.clone().into_record_batch();
        for (row, _) in next.iter().enumerate().filter(|(_, later)| later.is_none()) {
            if action.value(row) == b'T' {
                self.memory
                    .last_trade
                    .insert(plan.place(row), (plan.clean_row(row), batch.slice(row, 1)));
            }
        }
    }

    /// Prints in a halt or after the close: the last trade again, at a time when there can be none.
    fn stray_prints(&mut self, draft: &Draft<Trades>, clean: &Slice, plan: &mut Plan) {
        let Ok(statuses) = clean.draft::<contract::Statuses>() else { return };
        let seed = self.seed;
        let batch = draft.clone().into_record_batch();
        for fault in &mut self.faults {
            let word = match fault.kind {
                FaultKind::HaltPrint => "halt",
                FaultKind::OffSession => "close",
                _ => continue,
            };
            let (kind, span, magnitude) = (fault.kind, fault.span(), fault.magnitude);
            let rate = fault.rate.min(1.0);
            let dice = fault.dice(seed, "statuses");
            dice.rate = rate;
            for row in 0..statuses.len() {
                if statuses.cell(&contract::Statuses::ACTION, row) != Ok(word) || !dice.hits() {
                    continue;
                }
                let place = (statuses.source_id().value(row), statuses.instrument_id().value(row));
                let here = (0..plan.rows()).rev().find(|r| {
                    plan.place(*r) == place && plan.avail(*r) <= statuses.ts_avail().value(row)
                });
                let template = here
                    .map(|r| (plan.clean_row(r), batch.slice(r, 1)))
                    .or_else(|| self.memory.last_trade.get(&place).cloned());
                let Some(template) = template else { continue };
                let edits = vec![
                    (Trades::TS_EVENT.name(), Cell::I64(statuses.ts_event().value(row) + span)),
                    (
                        Trades::TS_VENUE_SEND.name(),
                        Cell::I64(statuses.ts_event().value(row) + span),
                    ),
                    (Trades::TS_RECV.name(), Cell::I64(statuses.ts_recv().value(row) + span)),
                    (Trades::TS_AVAIL.name(), Cell::I64(statuses.ts_avail().value(row) + span)),
                    (Trades::ACTION.name(), Cell::Code(b'T')),
                    (Trades::TRADE_ID.name(), Cell::Text(format!("stray-{}", plan.fault_id + 1))),
                    (Trades::REF_TRADE_ID.name(), Cell::Null),
                    (Trades::VENUE_SEQ.name(), Cell::Null),
                ];
                plan.insert(kind, template, edits, place, magnitude);
            }
        }
    }

    pub(super) fn quote_faults(&mut self, draft: &Draft<Quotes>, _: &Slice, plan: &mut Plan) {
        let (bid, ask) = (draft.col(&Quotes::BID_PX), draft.col(&Quotes::ASK_PX));
        let seed = self.seed;
        let mut fault_id = plan.fault_id;
        for fault in &mut self.faults {
            let (kind, magnitude, span) = (fault.kind, fault.magnitude, fault.span());
            if kind == FaultKind::Stale {
                for row in 0..plan.rows() {
                    let (ts, place) = (plan.avail(row), plan.place(row));
                    if fault.running.is_none_or(|e| ts >= e.until) && fault.starts(ts) {
                        fault_id += 1;
                        let (source, instrument) = place;
                        fault.running = Some(Episode {
                            id: fault_id,
                            source,
                            instrument,
                            until: ts + span,
                            left: 0,
                        });
                        // The row that starts it is the quote that goes stale.
                        continue;
                    }
                    let Some(e) =
                        fault.running.filter(|e| ts < e.until && (e.source, e.instrument) == place)
                    else {
                        continue;
                    };
                    if plan.touch(row) {
                        plan.drop_in(kind, row, e.id, magnitude);
                    }
                }
                continue;
            }
            if !matches!(kind, FaultKind::Crossed | FaultKind::Locked | FaultKind::OneSided) {
                continue;
            }
            let dice = fault.dice(seed, "quotes");
            for row in (0..plan.rows()).filter(|r| bid.is_valid(*r) && ask.is_valid(*r)) {
                if !dice.hits() || !plan.touch(row) {
                    continue;
                }
                let (b, a) = (bid.value(row), ask.value(row));
                let mut edit = |name, was, is| plan.edit(kind, row, name, &was, is, magnitude);
                match kind {
                    FaultKind::Crossed => {
                        let over = whole(libm::round(magnitude.max(1.0))) * (a - b);
                        edit(Quotes::BID_PX.name(), Cell::I64(b), Cell::I64(a + over));
                    }
                    FaultKind::Locked => edit(Quotes::BID_PX.name(), Cell::I64(b), Cell::I64(a)),
                    _ => {
                        let (size, count) =
                            (draft.col(&Quotes::ASK_SIZE), draft.col(&Quotes::ASK_CT));
                        edit(Quotes::ASK_PX.name(), Cell::I64(a), Cell::Null);
                        let size = if size.is_valid(row) {
                            Cell::F64(size.value(row))
                        } else {
                            Cell::Null
                        };
                        plan.also(row, Quotes::ASK_SIZE.name(), &size, Cell::Null);
                        let count = if count.is_valid(row) {
                            Cell::U64(u64::from(count.value(row)))
                        } else {
                            Cell::Null
                        };
                        plan.also(row, Quotes::ASK_CT.name(), &count, Cell::Null);
                    }
                }
            }
        }
        plan.fault_id = plan.fault_id.max(fault_id);
    }

    pub(super) fn delta_faults(&mut self, _: &Draft<BookDeltas>, _: &Slice, plan: &mut Plan) {
        let mut fault_id = plan.fault_id;
        for fault in self.faults.iter_mut().filter(|f| f.kind == FaultKind::SequenceGap) {
            for row in 0..plan.rows() {
                let (ts, place) = (plan.avail(row), plan.place(row));
                if fault.running.is_none_or(|e| e.left == 0) && fault.starts(ts) {
                    fault_id += 1;
                    let left = u64::try_from(whole(fault.magnitude)).unwrap_or(1).max(1);
                    let (source, instrument) = place;
                    fault.running =
                        Some(Episode { id: fault_id, source, instrument, until: i64::MAX, left });
                }
                let Some(e) = fault
                    .running
                    .as_mut()
                    .filter(|e| e.left > 0 && (e.source, e.instrument) == place)
                else {
                    continue;
                };
                if plan.touch(row) {
                    e.left -= 1;
                    plan.drop_in(fault.kind, row, e.id, fault.magnitude);
                }
            }
        }
        plan.fault_id = plan.fault_id.max(fault_id);
    }

    pub(super) fn bar_faults(&mut self, draft: &Draft<Bars>, _: &Slice, plan: &mut Plan) {
        let seed = self.seed;
        for fault in self.faults.iter_mut().filter(|f| f.kind == FaultKind::WrongScale) {
            let factor = whole(libm::round(fault.magnitude)).max(2);
            let dice = fault.dice(seed, "bars");
            for row in 0..plan.rows() {
                if !dice.hits() || !plan.touch(row) {
                    continue;
                }
                let columns = [
                    (Bars::OPEN.name(), draft.col(&Bars::OPEN).value(row)),
                    (Bars::HIGH.name(), draft.col(&Bars::HIGH).value(row)),
                    (Bars::LOW.name(), draft.col(&Bars::LOW).value(row)),
                    (Bars::CLOSE.name(), draft.col(&Bars::CLOSE).value(row)),
                ];
                for (n, (name, px)) in columns.into_iter().enumerate() {
                    let scaled = Cell::I64(px.saturating_mul(factor));
                    if n == 0 {
                        plan.edit(
                            FaultKind::WrongScale,
                            row,
                            name,
                            &Cell::I64(px),
                            scaled,
                            factor as f64,
                        );
                    } else {
                        plan.also(row, name, &Cell::I64(px), scaled);
                    }
                }
            }
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
