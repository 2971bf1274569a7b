//! Faults of scores, decisions and reports.

use super::plan::{Cell, Plan};
use super::{Episode, Injector};
use crate::fault::FaultKind;
use crate::slice::Slice;
use contract::arrow_array::Array;
use contract::{Decisions, Draft, Executions, Intelligence, Vocabulary as _};

impl Injector {
    pub(super) fn score_faults(&mut self, draft: &Draft<Intelligence>, _: &Slice, plan: &mut Plan) {
        let batch = draft.clone().into_record_batch();
        let sentiment = draft.col(&Intelligence::SENTIMENT);
        let scored = draft.col(&Intelligence::TS_SCORED);
        let seed = self.seed;
        for fault in &mut self.faults {
            let (kind, magnitude, span) = (fault.kind, fault.magnitude, fault.span());
            if !matches!(kind, FaultKind::CorrectedLater | FaultKind::Leak) {
                continue;
            }
            let dice = fault.dice(seed, "intelligence");
            for row in 0..plan.rows() {
                let is_trap = draft.cell(&Intelligence::SERIES, row) == Ok(Some("leak_trap"));
                match kind {
                    FaultKind::CorrectedLater
                        if sentiment.is_valid(row) && dice.hits() && plan.touch(row) =>
                    {
                        let was = sentiment.value(row);
                        plan.edit(
                            kind,
                            row,
                            Intelligence::SENTIMENT.name(),
                            &Cell::F64(was),
                            Cell::F64(-was),
                            magnitude,
                        );
                        let edits = vec![
                            (Intelligence::REVISION.name(), Cell::U64(1)),
                            (
                                Intelligence::TS_RECV.name(),
                                Cell::I64(draft.ts_recv().value(row) + span),
                            ),
                            (Intelligence::TS_SCORED.name(), Cell::I64(scored.value(row) + span)),
                            (Intelligence::TS_AVAIL.name(), Cell::I64(plan.avail(row) + span)),
                        ];
                        plan.insert(
                            kind,
                            (plan.clean_row(row), batch.slice(row, 1)),
                            edits,
                            plan.place(row),
                            magnitude,
                        );
                    }
                    FaultKind::Leak if is_trap && dice.hits() && plan.touch(row) => {
                        let claimed = draft.ts_event().value(row) + 1_000;
                        let avail = plan.avail(row);
                        plan.edit(
                            kind,
                            row,
                            Intelligence::TS_AVAIL.name(),
                            &Cell::I64(avail),
                            Cell::I64(claimed),
                            magnitude,
                        );
                        let (recv, at) = (draft.ts_recv().value(row), scored.value(row));
                        plan.also(
                            row,
                            Intelligence::TS_RECV.name(),
                            &Cell::I64(recv),
                            Cell::I64(claimed),
                        );
                        plan.also(
                            row,
                            Intelligence::TS_SCORED.name(),
                            &Cell::I64(at),
                            Cell::I64(claimed),
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    pub(super) fn decision_faults(
        &mut self,
        draft: &Draft<Decisions>,
        clean: &Slice,
        plan: &mut Plan,
    ) {
        let batch = draft.clone().into_record_batch();
        self.memory.decisions.push((plan.first(), batch));
        let now = clean.to().nanos();
        let mut longest = 0;
        for fault in self.faults.iter_mut().filter(|f| f.kind == FaultKind::ProducerRestart) {
            let (kind, span, magnitude) = (fault.kind, fault.span(), fault.magnitude);
            longest = longest.max(span);
            if !fault.starts(now) {
                continue;
            }
            plan.fault_id += 1;
            let mut sent = 0;
            for (first, old) in &self.memory.decisions {
                let Ok(rows) = Draft::<Decisions>::parse(old) else { continue };
                for row in 0..rows.len() {
                    if rows.ts_avail().value(row) < now - span {
                        continue;
                    }
                    sent += 1;
                    let again = now + sent * 50_000;
                    let edits = vec![
                        (Decisions::TS_RECV.name(), Cell::I64(again)),
                        (Decisions::TS_AVAIL.name(), Cell::I64(again + 5_000)),
                    ];
                    let place = (rows.source_id().value(row), rows.instrument_id().value(row));
                    plan.insert_in(
                        kind,
                        (first + row as u64, old.slice(row, 1)),
                        edits,
                        place,
                        magnitude,
                    );
                }
            }
        }
        self.memory.decisions.retain(|(_, old)| {
            let newest = crate::slice::available(old).and_then(|t| t.values().last().copied());
            newest.is_some_and(|ts| ts >= now - longest)
        });
    }

    pub(super) fn execution_faults(
        &mut self,
        draft: &Draft<Executions>,
        _: &Slice,
        plan: &mut Plan,
    ) {
        let trade = contract::ExecType::Trade.word();
        let is_trade =
            |row: usize| draft.cell(&Executions::EXEC_TYPE, row).is_ok_and(|e| e.word() == trade);
        let fee = draft.col(&Executions::FEE);
        let seed = self.seed;
        let mut before: Vec<Option<String>> = Vec::with_capacity(plan.rows());
        let mut last = self.memory.last_exec.take();
        for row in 0..plan.rows() {
            before.push(last.clone());
            if is_trade(row) {
                last = Some(draft.col(&Executions::EXEC_ID).value(row).to_owned());
            }
        }
        self.memory.last_exec = last;
        for fault in &mut self.faults {
            let (kind, magnitude, span) = (fault.kind, fault.magnitude, fault.span());
            if kind == FaultKind::ZombieProducer {
                for row in 0..plan.rows() {
                    let ts = plan.avail(row);
                    if fault.running.is_none_or(|e| ts >= e.until) && fault.starts(ts) {
                        plan.fault_id += 1;
                        let id = plan.fault_id;
                        fault.running = Some(Episode {
                            id,
                            source: 0,
                            instrument: 0,
                            until: ts + span,
                            left: 0,
                        });
                    }
                    if fault.running.is_some_and(|e| ts < e.until) && plan.touch(row) {
                        plan.copy(kind, row, 2_000_000, magnitude);
                    }
                }
                continue;
            }
            let is_mine = matches!(
                kind,
                FaultKind::MissingFee
                    | FaultKind::OrphanFill
                    | FaultKind::RepeatedFillId
                    | FaultKind::WrongCurrency
            );
            if !is_mine {
                continue;
            }
            let mut ids = fault.rng.clone();
            let dice = fault.dice(seed, "executions");
            for row in (0..plan.rows()).filter(|r| is_trade(*r)) {
                if !dice.hits() || !plan.is_free(row) {
                    continue;
                }
                let (name, was, is) = match kind {
                    FaultKind::MissingFee if fee.is_valid(row) => {
                        (Executions::FEE.name(), Cell::Dec(fee.value(row)), Cell::Null)
                    }
                    FaultKind::OrphanFill => {
                        let column = draft.col(&Executions::DECISION_ID);
                        let Ok(was) = <[u8; 16]>::try_from(column.value(row)) else { continue };
                        let mut is = was;
                        is[6..16].copy_from_slice(&ids.bytes10());
                        is[6] = is[6] & 0x0f | 0x70;
                        is[8] = is[8] & 0x3f | 0x80;
                        (Executions::DECISION_ID.name(), Cell::Id(was), Cell::Id(is))
                    }
                    FaultKind::RepeatedFillId => {
                        let Some(id) = before[row].clone() else { continue };
                        let was = draft.col(&Executions::EXEC_ID).value(row).to_owned();
                        (Executions::EXEC_ID.name(), Cell::Text(was), Cell::Text(id))
                    }
                    FaultKind::WrongCurrency => {
                        let Ok(Some(was)) = draft.cell(&Executions::CCY, row) else { continue };
                        (
                            Executions::CCY.name(),
                            Cell::Word(was.to_owned()),
                            Cell::Word("JPY".to_owned()),
                        )
                    }
                    _ => continue,
                };
                plan.touch(row);
                plan.edit(kind, row, name, &was, is, magnitude);
            }
            fault.rng = ids;
        }
    }
}
