//! Decisions, statuses, marks and gaps as they come in.

use super::{StatusRow, Sweep, Waiting};
use crate::coverage::SourceGap;
use crate::error::SweepError;
use crate::instrument::GapMark;
use crate::ring::Key;
use crate::rows::MarketTable;
use contract::arrow_array::Array;
use contract::{
    Batch, Decisions, FeedMarks, LedgerGaps, MarkKind, Origin, Reject, Statuses, UnknownWord,
    UtcNanos,
};
use std::sync::Arc;

fn nanos(t: Option<UtcNanos>) -> Option<i64> {
    t.map(UtcNanos::nanos)
}

impl Sweep {
    pub(super) fn take_decisions(
        &mut self,
        log: u8,
        batch: &Batch<Decisions>,
    ) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "decisions", source };
        let accepted = self.accept(log, batch, None)?;
        let (events, receipts) = (batch.ts_event(), batch.ts_recv());
        let (avail, seqs) = (batch.ts_avail().values(), batch.seq().values());
        let instruments = batch.instrument_id();
        let mut strategy: Arc<str> = Arc::from("");
        for row in accepted.rows {
            self.report.decisions += 1;
            let (Some(ts), Some(seq)) = (avail.get(row), seqs.get(row)) else { continue };
            let stamps = [
                (!events.is_null(row)).then(|| events.value(row)),
                (!receipts.is_null(row)).then(|| receipts.value(row)),
            ];
            let cutoff = stamps.into_iter().flatten().min().unwrap_or(*ts).max(i64::MIN / 2);
            if let Some(clock) = self.decision_clocks.get_mut(&log) {
                *clock = (*clock).max(*ts);
            }
            // Its own availability is where the clock stood when it came, in any batch.
            let now = *ts;
            let oldest = self.forgotten.saturating_add(self.plan.lookback_ns());
            if now.saturating_sub(cutoff) > self.options.keep_ns || cutoff < oldest {
                self.decision_rejects += 1;
                self.report.rejected += 1;
                let expected =
                    format!("a cut-off at most {} ns before it came", self.options.keep_ns);
                let origin = Origin::new("features", "decisions").at(accepted.first_row);
                let mut reject =
                    Reject::new(&origin, "decisions", row as u64, "features/late-decision").about(
                        "ts_event",
                        expected,
                        format!("{} ns", now.saturating_sub(cutoff)),
                    );
                (reject.seq, reject.ts_avail_ns) = (Some(*seq), Some(*ts));
                self.rejects.push(reject);
                continue;
            }
            let name = batch.cell(&Decisions::STRATEGY_ID, row).map_err(word)?;
            if *strategy != *name {
                strategy = Arc::from(name);
            }
            let waiting = Waiting {
                cutoff,
                seq: *seq,
                log,
                decision_id: *batch.cell(&Decisions::DECISION_ID, row).map_err(word)?.as_bytes(),
                strategy_id: Arc::clone(&strategy),
                instrument_id: (!instruments.is_null(row)).then(|| instruments.value(row)),
                md_seq_high: batch.cell(&Decisions::MD_SEQ_HIGH, row).map_err(word)?,
            };
            self.waiting.insert((cutoff, *seq, self.report.decisions), waiting);
        }
        Ok(())
    }

    pub(super) fn take_statuses(
        &mut self,
        log: u8,
        batch: &Batch<Statuses>,
    ) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "statuses", source };
        let accepted = self.accept(log, batch, None)?;
        let (avail, seqs) = (batch.ts_avail().values(), batch.seq().values());
        let (events, instruments) = (batch.ts_event(), batch.instrument_id().values());
        let sources = batch.source_id().values();
        for row in accepted.rows {
            let (Some(ts), Some(seq), Some(id), Some(source)) =
                (avail.get(row), seqs.get(row), instruments.get(row), sources.get(row))
            else {
                continue;
            };
            let no = |flag: Option<bool>| flag == Some(false);
            let is_halted = no(batch.cell(&Statuses::IS_TRADING, row).map_err(word)?)
                || no(batch.cell(&Statuses::IS_QUOTING, row).map_err(word)?);
            self.statuses.entry(*id).or_default().push(StatusRow {
                source: *source,
                ts_event: if events.is_null(row) { *ts } else { events.value(row) },
                revision: batch.cell(&Statuses::REVISION, row).map_err(word)?,
                ts_avail: *ts,
                seq: *seq,
                log,
                is_halted,
            });
        }
        Ok(())
    }

    pub(super) fn take_marks(
        &mut self,
        log: u8,
        batch: &Batch<FeedMarks>,
    ) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "feed_marks", source };
        let accepted = self.accept(log, batch, None)?;
        let (avail, seqs) = (batch.ts_avail().values(), batch.seq().values());
        let (sources, instruments) = (batch.source_id().values(), batch.instrument_id());
        for row in accepted.rows {
            let (Some(ts), Some(seq), Some(source)) =
                (avail.get(row), seqs.get(row), sources.get(row))
            else {
                continue;
            };
            let about = batch.cell(&FeedMarks::ABOUT, row).map_err(word)?;
            let instrument_id = (!instruments.is_null(row)).then(|| instruments.value(row));
            // A mark about a table that is no tick table concerns no feature.
            let tables: Vec<Option<MarketTable>> = match about {
                None => vec![None],
                Some(name) => {
                    MarketTable::ALL.into_iter().filter(|t| t.name() == name).map(Some).collect()
                }
            };
            match batch.cell(&FeedMarks::KIND, row).map_err(word)? {
                MarkKind::Start if instrument_id.is_none() => {
                    for table in tables {
                        for table in table.map_or(MarketTable::ALL.to_vec(), |t| vec![t]) {
                            self.coverage.start(table, *source, *ts);
                        }
                    }
                }
                MarkKind::Gap => {
                    let from = nanos(batch.cell(&FeedMarks::TS_FROM, row).map_err(word)?);
                    let to = nanos(batch.cell(&FeedMarks::TS_TO, row).map_err(word)?);
                    // A gap of unknown bounds is taken to lie where it was told.
                    let from = from.unwrap_or(*ts);
                    let to = to.unwrap_or(*ts).max(from.saturating_add(1));
                    let key = Key { ts: *ts, log, seq: *seq };
                    for about in tables {
                        let mark = GapMark { key, since: i64::MIN, from, to, about };
                        self.gaps.push(SourceGap { source_id: Some(*source), instrument_id, mark });
                    }
                }
                _ => {}
            }
        }
        self.renew_gaps();
        Ok(())
    }

    pub(super) fn take_ledger_gaps(&mut self, batch: &Batch<LedgerGaps>) -> Result<(), SweepError> {
        let word = |source: UnknownWord| SweepError::Word { table: "ledger_gaps", source };
        for row in 0..batch.len() {
            let known = nanos(batch.cell(&LedgerGaps::TS_AVAIL, row).map_err(word)?);
            let declared = batch.cell(&LedgerGaps::TS_DECLARED, row).map_err(word)?.nanos();
            let known = known.unwrap_or(declared);
            let name = batch.cell(&LedgerGaps::TABLE_NAME, row).map_err(word)?;
            let about =
                name.and_then(|name| MarketTable::ALL.into_iter().find(|t| t.name() == name));
            // A loss of another table concerns no feature.
            if name.is_some() && about.is_none() {
                continue;
            }
            let seq = batch.cell(&LedgerGaps::SEQ, row).map_err(word)?.unwrap_or(0);
            let key = Key { ts: known, log: 0, seq };
            let to = known.saturating_add(1);
            let mark = GapMark { key, since: i64::MIN, from: known, to, about };
            self.gaps.push(SourceGap { source_id: None, instrument_id: None, mark });
        }
        self.renew_gaps();
        Ok(())
    }

    fn renew_gaps(&mut self) {
        for id in self.instruments.keys() {
            self.gaps_of.insert(*id, self.coverage.gaps_of(*id, &self.gaps));
        }
    }
}
