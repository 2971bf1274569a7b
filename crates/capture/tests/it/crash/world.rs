//! What producers and readers know outside the machine that crashes: what was appended, acknowledged and shown.

use super::plan::{Op, Who};
use crate::rig::{TestClock, clock, id, options, reading};
use capture::{
    Ack, AppendError, ArchivePolicy, Filter, Item, Log, Options, Producer, ProducerSpec, Ticket,
    Visibility,
};
use contract::arrow_array::{Array, RecordBatch, TimestampNanosecondArray};
use contract::testing::{quotes, trades};
use contract::{AnyBatch, ProducerMode};
use durable::Fs;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Most rows of a producer in a run.
pub(crate) const MOST: u64 = 40_000;

/// Rows of a producer by their number: what they say follows from it.
fn rows_of(who: Who, pseqs: &Range<u64>) -> RecordBatch {
    static ALL: OnceLock<BTreeMap<Who, RecordBatch>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let lines = |line: fn(u64) -> String| (0..MOST).map(line).collect::<Vec<_>>().join(", ");
        let feed = lines(|n| format!("{} {} B", 1000 * n, n + 1));
        let lossy = lines(|n| format!("{} {} A", 900 * n + 7, 1_000_000 + n));
        let desk = lines(|n| format!("{} {} {}", 1100 * n + 3, 100 + n, 200 + n));
        BTreeMap::from([
            (Who::Feed, trades(&feed).into_record_batch()),
            (Who::Lossy, trades(&lossy).into_record_batch()),
            (Who::Desk, quotes(&desk).into_record_batch()),
        ])
    });
    let from = usize::try_from(pseqs.start).unwrap();
    all[&who].slice(from, usize::try_from(pseqs.end - pseqs.start).unwrap())
}

fn table(who: Who) -> &'static str {
    if who == Who::Desk { "quotes" } else { "trades" }
}

/// What a producer knows of itself.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    /// Next number.
    pub(crate) next: u64,
    /// Numbers that were handed to the log.
    pub(crate) sent: BTreeSet<u64>,
    /// Numbers that the log said are durable.
    pub(crate) acked: BTreeSet<u64>,
    pub(crate) skipped: BTreeSet<u64>,
    pub(crate) holes: Vec<Range<u64>>,
    pub(crate) last_acked: Option<u64>,
}

/// Everything outside the machine.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) known: BTreeMap<Who, Known>,
    /// Numbers of the log that somebody has seen, and the row behind them.
    pub(crate) seqs: BTreeMap<u64, (Who, u64)>,
    waiting: Vec<(Who, Ticket)>,
    clock: Arc<TestClock>,
    now: i64,
}

/// A row as a reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) who: Who,
    pub(crate) pseq: u64,
    pub(crate) seq: u64,
    pub(crate) avail: i64,
}

/// What is wrong.
pub(crate) type Violation = String;

pub(crate) const PATH: &str = "/log";

impl World {
    pub(crate) fn new() -> Self {
        let clock = clock();
        let known = Who::ALL.map(|w| (w, Known::default())).into_iter().collect();
        Self { known, clock, now: 1_000_000_000_000, ..Self::default() }
    }

    pub(crate) fn open(
        &self,
        fs: &Arc<dyn Fs>,
    ) -> Result<(Log, capture::RecoveryReport), capture::OpenError> {
        let options = Options { append_timeout: Duration::ZERO, ..options() };
        Log::open(Arc::clone(fs), Path::new(PATH), options, self.clock.clone(), 7)
    }

    /// Runs a plan until it ends or the machine stops; what fails is not tried again.
    pub(crate) fn run(&mut self, fs: &Arc<dyn Fs>, plan: &[Op]) {
        let Ok((log, _)) = self.open(fs) else { return };
        let mut log = Some(log);
        let mut hands: BTreeMap<Who, Producer> = BTreeMap::new();
        for op in plan {
            if matches!(op, Op::Cycle) {
                hands.clear();
                let closed = log.take().map(Log::close);
                self.hear();
                let Ok((opened, _)) = self.open(fs) else { return };
                log = Some(opened);
                drop(closed);
            }
            let Some(log) = log.as_ref() else { return };
            let done = self.one(log, &mut hands, op);
            self.hear();
            if let Err(AppendError::Poisoned(_) | AppendError::Closed) = done {
                break;
            }
        }
        drop(hands);
        drop(log);
        self.hear();
    }

    fn one(
        &mut self,
        log: &Log,
        hands: &mut BTreeMap<Who, Producer>,
        op: &Op,
    ) -> Result<(), AppendError> {
        match *op {
            Op::Append(who, n) => {
                let from = self.known[&who].next;
                self.send(log, hands, who, from..from + n)
            }
            Op::Again(who, back, more) => {
                let next = self.known[&who].next;
                let from = next.saturating_sub(back);
                // Rows that were declared never to come are not sent.
                let from = self.known[&who]
                    .skipped
                    .range(..next)
                    .next_back()
                    .map_or(from, |s| from.max(s + 1));
                self.send(log, hands, who, from..next + more)
            }
            Op::Ahead(gap, n) => {
                let known = self.known.get_mut(&Who::Lossy).unwrap();
                let from = known.next + gap;
                let hole = known.next..from;
                self.send(log, hands, Who::Lossy, from..from + n)?;
                self.known.get_mut(&Who::Lossy).unwrap().holes.push(hole);
                Ok(())
            }
            Op::Fill => {
                let Some(hole) = self.known[&Who::Lossy].holes.first().cloned() else {
                    return Ok(());
                };
                self.send(log, hands, Who::Lossy, hole)?;
                self.known.get_mut(&Who::Lossy).unwrap().holes.remove(0);
                Ok(())
            }
            Op::Skip(who, count) => {
                let next = self.known[&who].next;
                let hand = self.hand(log, hands, who)?;
                drop(hand.skip(count, "lost upstream")?);
                let known = self.known.get_mut(&who).unwrap();
                known.skipped.extend(next..next + count);
                known.next = next + count;
                Ok(())
            }
            Op::Beat(who) => self.hand(log, hands, who)?.beat().map(drop),
            Op::Reopen(who) => {
                hands.remove(&who);
                self.hand(log, hands, who).map(drop)
            }
            Op::Close(who) => {
                self.hand(log, hands, who)?;
                hands.remove(&who).map_or(Ok(()), |hand| hand.close().map(drop))
            }
            Op::Step => {
                log.step();
                Ok(())
            }
            Op::Cycle => Ok(()),
            Op::Archive => {
                drop(log.archive_once(&ArchivePolicy::now()));
                Ok(())
            }
            Op::Drop => {
                drop(log.drop_archived(Duration::ZERO));
                Ok(())
            }
            Op::Read => {
                if let Ok(seen) = read(log) {
                    self.seqs.extend(seen.iter().map(|s| (s.seq, (s.who, s.pseq))));
                }
                Ok(())
            }
            Op::Tick(by) => {
                self.now = (self.now + by).max(1_000_000_000_000);
                self.clock.set(self.now);
                Ok(())
            }
        }
    }

    fn spec(&self, who: Who) -> ProducerSpec {
        let n = Who::ALL.iter().position(|w| *w == who).unwrap();
        let mode = if who == Who::Lossy { ProducerMode::Lossy } else { ProducerMode::Strict };
        let last_acked = self.known[&who].last_acked;
        let spec = ProducerSpec::new(id(u8::try_from(n + 1).unwrap()), &format!("{who:?}"));
        ProducerSpec { mode, last_acked, ..spec }
    }

    fn hand<'a>(
        &mut self,
        log: &Log,
        hands: &'a mut BTreeMap<Who, Producer>,
        who: Who,
    ) -> Result<&'a mut Producer, AppendError> {
        if let std::collections::btree_map::Entry::Vacant(e) = hands.entry(who) {
            let hand = log.open_producer(self.spec(who))?;
            assert_eq!(hand.acked_lost(), [], "{who:?}");
            e.insert(hand);
        }
        Ok(hands.get_mut(&who).unwrap())
    }

    pub(crate) fn send(
        &mut self,
        log: &Log,
        hands: &mut BTreeMap<Who, Producer>,
        who: Who,
        pseqs: Range<u64>,
    ) -> Result<(), AppendError> {
        let pseqs = pseqs.start..pseqs.end.min(MOST);
        if pseqs.is_empty() {
            return Ok(());
        }
        let batch = rows_of(who, &pseqs);
        let hand = self.hand(log, hands, who)?;
        let ticket = hand.append_at(pseqs.start, table(who), &batch)?;
        let known = self.known.get_mut(&who).unwrap();
        known.sent.extend(pseqs.clone());
        known.next = known.next.max(pseqs.end);
        self.waiting.push((who, ticket));
        Ok(())
    }

    /// Takes in the acknowledgements that have come.
    pub(crate) fn hear(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (who, ticket) in waiting {
            match ticket.try_result() {
                None => self.waiting.push((who, ticket)),
                Some(Ok(ack)) => self.acked(who, &ack),
                Some(Err(_)) => {}
            }
        }
    }

    fn acked(&mut self, who: Who, ack: &Ack) {
        let known = self.known.get_mut(&who).unwrap();
        known.acked.extend(ack.pseq.clone());
        // What a producer may claim to a new incarnation: everything up to here is safe.
        let mut end = 0;
        while known.acked.contains(&end) || known.skipped.contains(&end) {
            end += 1;
        }
        known.last_acked = end.checked_sub(1);
        if let ([stored], 0) = (&ack.stored[..], ack.duplicates) {
            self.seqs.extend(stored.clone().zip(ack.pseq.clone().map(|p| (who, p))));
        }
    }
}

/// Everything that a reader is shown, checked row by row: nobody appended anything else.
pub(crate) fn read(log: &Log) -> Result<Vec<Seen>, Violation> {
    let reader = log.reader(&reading(), log.start(), Visibility::Durable, Filter::default());
    let mut reader = reader.map_err(|e| e.to_string())?;
    let mut seen = Vec::new();
    loop {
        match reader.next().map_err(|e| e.to_string())? {
            Item::CaughtUp => return Ok(seen),
            Item::Gap(gap) if gap.kind != contract::GapKind::Skipped => {
                return Err(format!("a gap: {gap:?}"));
            }
            Item::Batch(batch) => {
                let n = usize::from(batch.producer_id.as_bytes()[0]);
                let who = *Who::ALL.get(n.wrapping_sub(1)).ok_or("nobody's rows")?;
                let avail = check_rows(who, &batch)?;
                seen.extend(avail.into_iter().zip(0..).map(|(avail, at)| Seen {
                    who,
                    pseq: batch.first_pseq + at,
                    seq: batch.first_seq + at,
                    avail,
                }));
            }
            _ => {}
        }
    }
}

/// That rows are those of their producer and numbers; returns their delivered `ts_avail`.
fn check_rows(who: Who, batch: &capture::LoggedBatch) -> Result<Vec<i64>, Violation> {
    let end = batch.first_pseq + batch.rows.num_rows() as u64;
    if end > MOST || batch.table.as_ref() != table(who) {
        return Err(format!("{who:?} never sent {}..{end} of {}", batch.first_pseq, batch.table));
    }
    let expected = rows_of(who, &(batch.first_pseq..end));
    let spec = contract::table(table(who)).unwrap();
    let found = AnyBatch::parse(spec, &batch.rows).map_err(|e| e.to_string())?;
    for (field, column) in expected.schema_ref().fields().iter().zip(expected.columns()) {
        let theirs = batch.rows.column_by_name(field.name()).ok_or("a column is gone")?;
        if field.name() == "ts_avail" {
            let stamps = |c: &dyn Array| {
                c.as_any().downcast_ref::<TimestampNanosecondArray>().unwrap().values().to_vec()
            };
            if stamps(theirs).iter().zip(stamps(column)).any(|(found, sent)| *found < sent) {
                return Err(format!("{who:?} {}: available before it was", batch.first_pseq));
            }
        } else if theirs.to_data() != column.to_data() {
            return Err(format!("{who:?} {}: other {}", batch.first_pseq, field.name()));
        }
    }
    Ok(found.ts_avail().ok_or("no ts_avail")?.values().to_vec())
}
