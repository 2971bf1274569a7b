//! Whose rows a hole held: the accounts of the frames that can be read, held against the next snapshot.

use crate::format::body::decode_streams;
use crate::format::frame::{FrameHeader, Kind};
use crate::format::manifest::{DamageEntry, LostRange};
use crate::ledger::Ledger;
use crate::note::{Note, Place};
use arrow_buffer::Buffer;
use contract::EventId;

/// Follows a scan, and names the owners of what it could not read.
///
/// A snapshot says what was stored before it, and so does the sum of the frames: the difference is what the holes
/// between two snapshots held. With several of them the last is given all, for the sum is what can be known.
#[derive(Debug)]
pub(crate) struct Witness {
    log_id: EventId,
    /// Accounts by the frames since the last snapshot; none before the first.
    ledger: Option<Ledger>,
    /// The last hole since then that nobody had declared, by its place among the damages.
    hole: Option<usize>,
    /// Whether something is absent that an archive has, so that the next difference says nothing.
    is_blind: bool,
}

impl Witness {
    /// Before the first frame of a log nothing was stored; before another frame only a snapshot knows.
    pub(crate) fn new(log_id: EventId, is_first: bool) -> Self {
        let ledger = is_first.then(|| Ledger::new(log_id));
        Self { log_id, ledger, hole: None, is_blind: false }
    }

    /// A frame with a readable header, whether its body is readable or not.
    pub(crate) fn frame(
        &mut self,
        header: &FrameHeader,
        body: Option<&Buffer>,
        damages: &mut [DamageEntry],
    ) {
        if header.kind == Kind::Producers {
            let snapshot = body
                .and_then(|body| decode_streams(body).ok())
                .and_then(|batches| Ledger::restore(self.log_id, &batches).ok());
            // One that cannot be read takes nothing away: the accounts are followed frame by frame.
            if let Some(after) = snapshot {
                self.snapshot(after, damages);
            }
            return;
        }
        let note = match (header.kind, body) {
            (Kind::Data, _) => Some(Note::Rows),
            (kind, Some(body)) => Note::decode(kind, body),
            (_, None) => None,
        };
        if let (Some(ledger), Some(note)) = (self.ledger.as_mut(), note) {
            note.apply(ledger, &Place::of(header));
        }
    }

    /// Frames that cannot be read, at their place among the damages unless they are declared.
    pub(crate) fn hole(&mut self, damage: &DamageEntry, at: Option<usize>) {
        if at.is_some() {
            self.hole = at;
        }
        if let Some(ledger) = self.ledger.as_mut() {
            for lost in &damage.producers {
                let ts = contract::UtcNanos::from_nanos(0);
                ledger.store(lost.producer_id, 0, lost.first_pseq..lost.end_pseq, ts);
            }
        }
    }

    /// Frames that are absent and that the archive has.
    pub(crate) fn archived(&mut self) {
        self.is_blind = true;
    }

    /// The accounts as they are known to be here.
    pub(crate) fn snapshot(&mut self, after: Ledger, damages: &mut [DamageEntry]) {
        let hole = self.hole.take().and_then(|at| damages.get_mut(at));
        if let (Some(before), Some(damage), false) = (&self.ledger, hole, self.is_blind) {
            damage.producers.extend(after.stored_beyond(before).into_iter().map(
                |(producer_id, rows)| LostRange {
                    producer_id,
                    first_pseq: rows.start,
                    end_pseq: rows.end,
                },
            ));
        }
        self.ledger = Some(after);
        self.is_blind = false;
    }
}
