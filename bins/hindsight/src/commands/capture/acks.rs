//! Acknowledgements, printed in the order of the appends while the next rows are read.

use super::failure;
use crate::error::{CliError, Failure};
use crate::output::{ByteSink, Document};
use capture::{Ack, Ticket};
use contract::EventId;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long acknowledgements may take before the command gives up; sending again is safe.
const PATIENCE: Duration = Duration::from_mins(1);

/// Rows on their way to an acknowledgement.
pub(super) struct Sent {
    pub(super) table: &'static str,
    pub(super) producer: Arc<str>,
    pub(super) id: EventId,
    pub(super) epoch: u32,
    pub(super) told: Told,
}

/// When rows are acknowledged.
pub(super) enum Told {
    /// When the log says so.
    Written(Ticket),
    /// At once, by their numbers, whatever becomes of them.
    Early(Range<u64>),
    /// No more: it was done early. The log's word is waited for all the same.
    Before(Ticket),
}

/// What was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) rows: u64,
    pub(super) duplicates: u64,
}

impl Totals {
    fn add(&mut self, ack: &Ack) {
        self.rows += ack.pseq.end - ack.pseq.start;
        self.duplicates += ack.duplicates;
    }
}

/// Where a line for each acknowledged range goes.
#[derive(Debug, Clone)]
pub(in crate::commands) enum Acks {
    /// To standard output.
    Stdout,
    /// Nowhere: the ledger of the log says the same.
    Nowhere,
}

/// Prints acknowledgements in the order of the appends, while the next rows are read.
pub(super) struct Printer(JoinHandle<Result<Totals, Failure>>);

impl Printer {
    pub(super) fn start(acks: &Acks) -> Result<(Self, SyncSender<Sent>), Failure> {
        let sink = match acks {
            Acks::Stdout => Some(ByteSink::stdout()?),
            Acks::Nowhere => None,
        };
        let (sender, receiver) = sync_channel::<Sent>(256);
        let thread = std::thread::Builder::new().name("acknowledgements".to_owned());
        let handle = thread
            .spawn(move || print_all(&receiver, sink))
            .map_err(|e| CliError::writing(Path::new("standard output"), e))?;
        Ok((Self(handle), sender))
    }

    pub(super) fn join(self) -> Result<Totals, Failure> {
        match self.0.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn print_all(receiver: &Receiver<Sent>, mut sink: Option<ByteSink>) -> Result<Totals, Failure> {
    let mut totals = Totals::default();
    for sent in receiver {
        let line = Document::new("hindsight.ack.v1")
            .with("table", sent.table)
            .with("producer", &*sent.producer)
            .with("producer_id", sent.id.to_string())
            .with("epoch", u64::from(sent.epoch));
        let written = |ticket: Ticket| ticket.wait(PATIENCE).map_err(|error| failure(&error));
        let line = match sent.told {
            Told::Before(ticket) => {
                totals.add(&written(ticket)?);
                continue;
            }
            Told::Early(pseq) => line
                .with("first_pseq", pseq.start.to_string())
                .with("last_pseq", pseq.end.saturating_sub(1).to_string())
                .with("level", "queued"),
            Told::Written(ticket) => {
                let ack = written(ticket)?;
                totals.add(&ack);
                let text = |n: Option<u64>| n.map(|n| n.to_string());
                let stored = ack.stored.first().zip(ack.stored.last());
                line.with("first_pseq", ack.pseq.start.to_string())
                    .with("last_pseq", ack.pseq.end.saturating_sub(1).to_string())
                    .with("first_seq", text(stored.map(|(first, _)| first.start)))
                    .with("last_seq", text(stored.map(|(_, last)| last.end.saturating_sub(1))))
                    .with("duplicates", ack.duplicates)
                    .with("level", ack.level.word())
            }
        };
        let Some(open) = sink.as_mut() else { continue };
        let written = writeln!(open, "{line}").and_then(|()| open.flush());
        if let Err(error) = written {
            match open.failure(error) {
                // Whoever looked has seen enough; the rows still go into the log.
                Failure::ReaderGone => sink = None,
                other => return Err(other),
            }
        }
    }
    Ok(totals)
}
