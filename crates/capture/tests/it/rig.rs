//! Logs in a simulated file system, moved step by step.

use capture::{
    Clock, Cursor, Drive, Filter, Item, Log, LoggedBatch, Options, RecoveryReport, Visibility,
};
use contract::testing::trades;
use contract::{
    Amount, DecisionAction, Decisions, Draft, EventId, ExecType, Executions, InstrumentId, Price,
    Principal, Purpose, ReadContext, Side, SourceId, TableBuilder, Trades, UtcNanos,
};
use durable::{Access, Fs, SimFs};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that the test moves.
#[derive(Debug, Default)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn set(&self, ns: i64) {
        self.0.store(ns, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UtcNanos {
        UtcNanos::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) fn clock() -> Arc<TestClock> {
    let clock = TestClock::default();
    clock.set(1_000_000_000_000);
    Arc::new(clock)
}

pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 1 << 20,
        drive: Drive::Steps,
        ballast: false,
        spares: 1,
        ..Options::default()
    }
}

pub(crate) fn open(fs: &SimFs) -> (Log, RecoveryReport) {
    open_with(fs, options())
}

pub(crate) fn open_with(fs: &SimFs, options: Options) -> (Log, RecoveryReport) {
    Log::open(Arc::new(fs.clone()), Path::new("/log"), options, clock(), 7).unwrap()
}

pub(crate) fn id(n: u8) -> EventId {
    EventId::from_bytes([n; 16])
}

pub(crate) fn reading() -> ReadContext {
    ReadContext {
        principal: Principal::parse("test").unwrap(),
        purpose: Purpose::parse("test").unwrap(),
    }
}

/// `rows` trades received from `from` on, a nanosecond apart.
pub(crate) fn tape(from: i64, rows: i64) -> Draft<Trades> {
    let lines: Vec<String> = (from..from + rows).map(|t| format!("{t} 1.5 B")).collect();
    trades(&lines.join(", "))
}

/// Everything that can be read now, without the controls.
pub(crate) fn read_all(log: &Log) -> Vec<Item> {
    read_from(log, log.start())
}

pub(crate) fn read_from(log: &Log, cursor: Cursor) -> Vec<Item> {
    let mut reader =
        log.reader(&reading(), cursor, Visibility::Durable, Filter::default()).unwrap();
    let mut items = Vec::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => return items,
            Item::Control(_) => {}
            item => items.push(item),
        }
    }
}

pub(crate) fn batches(items: &[Item]) -> Vec<&LoggedBatch> {
    items.iter().filter_map(|i| if let Item::Batch(b) = i { Some(b) } else { None }).collect()
}

/// `(producer's number, delivered ts_avail)` of each row.
pub(crate) fn rows(items: &[Item]) -> Vec<(u64, i64)> {
    batches(items)
        .iter()
        .flat_map(|b| {
            let batch = contract::Batch::<Trades>::parse(&b.rows).unwrap();
            let avail = batch.ts_avail().values().to_vec();
            (b.first_pseq..).zip(avail).collect::<Vec<_>>()
        })
        .collect()
}

/// A buy decision about instrument 1 that had seen market data up to a number.
pub(crate) fn decision(at: i64, decision_id: EventId, md_seq_high: u64) -> Draft<Decisions> {
    let t = UtcNanos::from_nanos(at);
    let mut rows = TableBuilder::<Decisions>::new(t);
    rows.set(&Decisions::DECISION_ID, decision_id)
        .set(&Decisions::SOURCE_ID, SourceId::new(1))
        .set(&Decisions::STRATEGY_ID, "momentum")
        .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Decisions::TS_EVENT, t)
        .set(&Decisions::ACTION, DecisionAction::Enter)
        .set(&Decisions::SIDE, Side::Buy)
        .set(&Decisions::QTY, Amount::from_units(1))
        .set(&Decisions::MD_SEQ_HIGH, md_seq_high)
        .end_row()
        .unwrap();
    rows.finish().unwrap()
}

/// A fill of the order of a decision.
pub(crate) fn fill(at: i64, decision_id: EventId) -> Draft<Executions> {
    let t = UtcNanos::from_nanos(at);
    let mut rows = TableBuilder::<Executions>::new(t);
    rows.set(&Executions::SOURCE_ID, SourceId::new(2))
        .set(&Executions::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Executions::EXEC_ID, format!("x{at}").as_str())
        .set(&Executions::EXEC_TYPE, ExecType::Trade)
        .set(&Executions::SIDE, Side::Buy)
        .set(&Executions::LAST_QTY, Amount::from_units(1))
        .set(&Executions::LAST_PX, Price::parse("101.25").unwrap())
        .set(&Executions::DECISION_ID, decision_id)
        .end_row()
        .unwrap();
    rows.finish().unwrap()
}

/// All bytes of a file.
pub(crate) fn bytes(fs: &dyn Fs, path: &Path) -> Vec<u8> {
    let file = fs.open(path, Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    durable::read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    bytes
}

/// Where frames stand in a segment: by their magic, as the format page gives it.
pub(crate) fn frames(bytes: &[u8]) -> Vec<u64> {
    (8192..bytes.len())
        .step_by(64)
        .filter(|at| bytes[*at..].starts_with(b"HSF1"))
        .map(|at| at as u64)
        .collect()
}
