//! A log being written, and what its rows must be for readers, kept beside it.

use crate::image::Image;
use capture::{Codec, Drive, FixedClock, Log, Options, Producer, ProducerSpec};
use contract::arrow_array::{ArrayRef, RecordBatch, StringArray};
use contract::arrow_schema::{DataType, Field, Schema};
use contract::testing::trades;
use contract::{
    Amount, DecisionAction, Decisions, EventId, InstrumentId, Side, SourceId, TableBuilder,
    UtcNanos,
};
use durable::SimFs;
use std::path::Path;
use std::sync::Arc;

/// A row as readers must see it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) table: &'static str,
    pub(crate) producer: u8,
    pub(crate) pseq: u64,
    pub(crate) ts_avail: i64,
    /// The size of a trade, the strategy of a decision.
    pub(crate) value: String,
}

/// Which producer appends what.
pub(crate) const FEED: u8 = 1;
pub(crate) const DESK: u8 = 2;

pub(crate) struct Scene {
    pub(crate) fs: SimFs,
    pub(crate) log: Log,
    feed: Producer,
    desk: Producer,
    pub(crate) rows: Vec<Row>,
    next_seq: u64,
    next_pseq: [u64; 2],
    /// The latest receipt so far.
    clock: i64,
}

pub(crate) fn options(codecs: &[(&str, Codec)]) -> Options {
    Options {
        segment_bytes: 1 << 20,
        drive: Drive::Steps,
        ballast: false,
        spares: 1,
        codecs: codecs.iter().map(|(table, codec)| ((*table).to_owned(), *codec)).collect(),
        ..Options::default()
    }
}

pub(crate) fn open(fs: &SimFs, options: Options) -> Log {
    let clock = Arc::new(FixedClock(UtcNanos::from_nanos(1_000_000_000_000)));
    Log::open(Arc::new(fs.clone()), Path::new("/log"), options, clock, 7).unwrap().0
}

impl Scene {
    /// A new log with two open producers: seqs 0 and 1 are the records of that.
    pub(crate) fn new(codecs: &[(&str, Codec)]) -> Self {
        let fs = SimFs::new();
        let log = open(&fs, options(codecs));
        let producer = |n: u8, name| {
            log.open_producer(ProducerSpec::new(EventId::from_bytes([n; 16]), name)).unwrap()
        };
        let (feed, desk) = (producer(FEED, "feed"), producer(DESK, "desk"));
        Self { fs, log, feed, desk, rows: Vec::new(), next_seq: 2, next_pseq: [0; 2], clock: 0 }
    }

    fn expect(&mut self, table: &'static str, producer: u8, received: i64, value: String) {
        let pseq = &mut self.next_pseq[usize::from(producer) - 1];
        let ts_avail = received.max(self.clock);
        self.rows.push(Row { seq: self.next_seq, table, producer, pseq: *pseq, ts_avail, value });
        self.clock = self.clock.max(received);
        *pseq += 1;
        self.next_seq += 1;
    }

    /// Queues trades received at these times; the size of a trade is its time and a half.
    pub(crate) fn trades(&mut self, received: &[i64]) -> &mut Self {
        let (first, batch) = (self.next_seq, self.tape(received));
        assert_eq!(self.feed.append_batch("trades", &batch).unwrap().first_seq(), Some(first));
        self
    }

    /// Queues trades with a column that no program of this version knows.
    pub(crate) fn trades_with_a_note(&mut self, received: &[i64]) -> &mut Self {
        let batch = self.tape(received);
        let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new("x_note", DataType::Utf8, true)));
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.push(Arc::new(StringArray::from_iter(
            (0..batch.num_rows()).map(|n| (n > 0).then_some("late")),
        )));
        let schema = Schema::new_with_metadata(fields, batch.schema().metadata().clone());
        let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        drop(self.feed.append_batch("trades", &batch).unwrap());
        self
    }

    fn tape(&mut self, received: &[i64]) -> RecordBatch {
        let lines: Vec<String> = received.iter().map(|t| format!("{t} {t}.5 B")).collect();
        for t in received {
            self.expect("trades", FEED, *t, format!("{t}.5"));
        }
        trades(&lines.join(", ")).into_record_batch()
    }

    /// Queues one batch of decisions of these strategies, all made at one time.
    pub(crate) fn decisions(&mut self, at: i64, strategies: &[&str]) -> &mut Self {
        let t = UtcNanos::from_nanos(at);
        let mut out = TableBuilder::<Decisions>::new(t);
        let first = self.next_seq;
        for strategy in strategies {
            out.set(&Decisions::DECISION_ID, EventId::v7(self.next_seq, [0; 10]))
                .set(&Decisions::SOURCE_ID, SourceId::new(2))
                .set(&Decisions::STRATEGY_ID, *strategy)
                .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(1))
                .set(&Decisions::TS_EVENT, t)
                .set(&Decisions::ACTION, DecisionAction::Enter)
                .set(&Decisions::SIDE, Side::Buy)
                .set(&Decisions::QTY, Amount::from_units(1))
                .end_row()
                .unwrap();
            self.expect("decisions", DESK, at, (*strategy).to_owned());
        }
        let ticket = self.desk.append(&out.finish().unwrap()).unwrap();
        assert_eq!(ticket.first_seq(), Some(first));
        self
    }

    /// Declares that trades were lost before they reached the log.
    pub(crate) fn skip(&mut self, count: u64) -> &mut Self {
        drop(self.feed.skip(count, "the venue's stream was cut").unwrap());
        self.next_pseq[0] += count;
        self.next_seq += 1;
        self
    }

    pub(crate) fn beat(&mut self) -> &mut Self {
        drop(self.feed.beat().unwrap());
        self.next_seq += 1;
        self
    }

    /// Makes what is queued durable as one group; with nothing queued, the last group provable.
    pub(crate) fn step(&mut self) -> &mut Self {
        self.log.step();
        self
    }

    pub(crate) fn image(&self) -> Image {
        Image::of(&self.fs)
    }

    /// Closes the producers, then the log; returns the rows and the number after the last one.
    pub(crate) fn close(self) -> (SimFs, Vec<Row>, u64) {
        self.feed.close().unwrap();
        self.desk.close().unwrap();
        self.log.close().unwrap();
        (self.fs, self.rows, self.next_seq + 2)
    }

    /// Closes the log and leaves the producers open.
    pub(crate) fn end(self) -> (SimFs, Vec<Row>, u64) {
        drop((self.feed, self.desk));
        self.log.close().unwrap();
        (self.fs, self.rows, self.next_seq)
    }
}
