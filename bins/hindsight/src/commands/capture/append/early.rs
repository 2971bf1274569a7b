//! Acknowledgements before the write: the promise that no capture may break, broken for the demo to see.

use super::{Append, Sent, Told};
use crate::cli::AckLevel;
use crate::context::Context;
use crate::error::{CliError, Failure};
use arrow_array::RecordBatch;
use capture::Producer;
use std::collections::VecDeque;
use std::sync::Arc;

/// The variable under which it may be asked for: the demo's, for its child.
pub(in crate::commands) const LIE: &str = "DEMO_ACKNOWLEDGES_EARLY";
/// Frames that are acknowledged and not there: whenever the process dies, some are lost.
const AHEAD: usize = 16;

/// Rows that were acknowledged and are not appended yet, with their producer and table.
pub(super) type Ahead = VecDeque<(usize, &'static str, RecordBatch)>;

/// Refuses the level to whoever does not break the promise on purpose.
pub(super) fn is_asked_for(level: AckLevel) -> Result<(), Failure> {
    if level == AckLevel::Queued && std::env::var_os(LIE).is_none() {
        let (expected, found) = ("durable or buffered", "queued".to_owned());
        return Err(CliError::BadValue { flag: "--level", expected, found }.into());
    }
    Ok(())
}

impl Append<'_> {
    /// Acknowledges rows now and appends them when so many others have been acknowledged after them.
    pub(super) fn lie(
        &mut self,
        index: usize,
        table: &'static str,
        rows: RecordBatch,
        context: &Context,
    ) -> Result<(), Option<Failure>> {
        let Some(claim) = self.producers.get_mut(index) else { return Ok(()) };
        claim.open(self.log).map_err(Some)?;
        let behind = self.ahead.iter().filter(|(other, ..)| *other == index);
        let first = claim.next + behind.map(|(.., rows)| rows.num_rows() as u64).sum::<u64>();
        let sent = Sent {
            table,
            producer: Arc::clone(&claim.name),
            id: claim.id,
            epoch: claim.handle.as_ref().map_or(0, Producer::epoch),
            told: Told::Early(first..first + rows.num_rows() as u64),
        };
        if self.sent.as_ref().is_none_or(|s| s.send(sent).is_err()) {
            return Err(None);
        }
        self.ahead.push_back((index, table, rows));
        self.catch_up(AHEAD, context)
    }

    /// Appends what was acknowledged before, down to so many frames.
    pub(super) fn catch_up(
        &mut self,
        left: usize,
        context: &Context,
    ) -> Result<(), Option<Failure>> {
        while self.ahead.len() > left {
            let Some((index, table, rows)) = self.ahead.pop_front() else { break };
            self.send(index, table, &rows, context)?;
        }
        Ok(())
    }
}
