//! What a frame says, apart from the rows themselves: the one thing that changes a ledger.

use crate::format::frame::{FrameHeader, Kind};
use crate::format::manifest::{self, DamageEntry, Entry};
use crate::gap::Gap;
use crate::ledger::Ledger;
use contract::{EventId, GapKind, Json, ProducerMode, UtcNanos, Vocabulary};
use std::ops::Range;

/// What a frame says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Note {
    /// Rows are stored.
    Rows,
    /// An incarnation begins.
    Open { name: String, mode: ProducerMode },
    /// A sign of life.
    Beat,
    /// No more rows.
    Close,
    /// Rows that will never come.
    Skip { count: u64, reason: String },
    /// Rows that were durable and cannot be read.
    Lost(Box<DamageEntry>),
    /// Nothing about a producer: schemas, snapshots, marks, seals.
    Nothing,
}

/// Where a note stands in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) seq: u64,
    pub(crate) producer_id: EventId,
    pub(crate) epoch: u32,
    pub(crate) first_pseq: u64,
    pub(crate) rows: u32,
    pub(crate) ts: UtcNanos,
    pub(crate) avail_floor: i64,
}

impl Place {
    pub(crate) fn of(header: &FrameHeader) -> Self {
        Self {
            seq: header.first_seq,
            producer_id: header.producer_id,
            epoch: header.epoch,
            first_pseq: header.first_pseq,
            rows: header.rows,
            ts: UtcNanos::from_nanos(header.ts_append),
            avail_floor: header.avail_floor,
        }
    }

    fn pseqs(&self, count: u64) -> Range<u64> {
        self.first_pseq..self.first_pseq.saturating_add(count)
    }
}

impl Note {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Rows => Kind::Data,
            Self::Open { .. } => Kind::Open,
            Self::Beat => Kind::Beat,
            Self::Close => Kind::Close,
            Self::Skip { .. } => Kind::Skip,
            Self::Lost(_) => Kind::Lost,
            Self::Nothing => Kind::Mark,
        }
    }

    /// The body of the control frame.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let json = match self {
            Self::Open { name, mode } => {
                Json::object([("mode", Json::from(mode.word())), ("name", name.as_str().into())])
            }
            Self::Skip { count, reason } => Json::object([
                ("count", Json::from(count.to_string())),
                ("reason", reason.as_str().into()),
            ]),
            Self::Lost(damage) => manifest::json(0, &Entry::Damage(*damage.clone())),
            Self::Rows | Self::Beat | Self::Close | Self::Nothing => return Vec::new(),
        };
        json.to_string().into_bytes()
    }

    /// Reads the body of a frame of this kind; `None` when it is malformed behind a good checksum.
    pub(crate) fn decode(kind: Kind, body: &[u8]) -> Option<Self> {
        Some(match kind {
            Kind::Data => Self::Rows,
            Kind::Beat => Self::Beat,
            Kind::Close => Self::Close,
            Kind::Open => {
                let json: serde_json::Value = serde_json::from_slice(body).ok()?;
                let mode = ProducerMode::from_word(json.get("mode")?.as_str()?)?;
                Self::Open { name: json.get("name")?.as_str()?.to_owned(), mode }
            }
            Kind::Skip => {
                let json: serde_json::Value = serde_json::from_slice(body).ok()?;
                let count = json.get("count")?.as_str()?.parse().ok()?;
                Self::Skip { count, reason: json.get("reason")?.as_str()?.to_owned() }
            }
            Kind::Lost => match manifest::from_json(body)? {
                (_, Some(Entry::Damage(damage))) => Self::Lost(Box::new(damage)),
                _ => return None,
            },
            Kind::Schema | Kind::Producers | Kind::Mark | Kind::Seal | Kind::Later(_) => {
                Self::Nothing
            }
        })
    }

    /// Changes the accounts. The same calls at admission, after the disk, and at replay lead to the same state.
    pub(crate) fn apply(&self, ledger: &mut Ledger, at: &Place) {
        let (producer, epoch) = (at.producer_id, at.epoch);
        match self {
            Self::Rows => {
                ledger.store(producer, epoch, at.pseqs(u64::from(at.rows)), at.ts);
            }
            Self::Open { name, mode } => {
                ledger.open_at(producer, epoch, at.first_pseq, name, *mode, at.ts);
            }
            Self::Beat => ledger.beat(producer, epoch, at.first_pseq, at.ts),
            Self::Close => ledger.close(producer, epoch, at.first_pseq, at.ts),
            Self::Skip { .. } | Self::Lost(_) => {
                for gap in self.gaps(at) {
                    match gap.pseqs.clone() {
                        Some(pseqs) if gap.kind == GapKind::Skipped => {
                            ledger.skip(producer, epoch, pseqs, gap);
                        }
                        _ => ledger.lose(gap),
                    }
                }
            }
            Self::Nothing => {}
        }
    }

    /// What is not there, as this note declares it.
    pub(crate) fn gaps(&self, at: &Place) -> Vec<Gap> {
        let declared = |kind| Gap {
            seq: Some(at.seq),
            ts_avail: Some(UtcNanos::from_nanos(at.avail_floor)),
            ..Gap::new(kind, at.ts)
        };
        match self {
            Self::Skip { count, reason } => vec![Gap {
                producer_id: Some(at.producer_id),
                pseqs: Some(at.pseqs(*count)),
                reason: Some(reason.clone()),
                ..declared(GapKind::Skipped)
            }],
            Self::Lost(damage) => damage_gaps(damage, &declared(GapKind::Damaged)),
            _ => Vec::new(),
        }
    }
}

/// One gap a producer, or a single one when no producer is known.
pub(crate) fn damage_gaps(damage: &DamageEntry, declared: &Gap) -> Vec<Gap> {
    let [first_byte, end_byte] = damage.bytes;
    let [first_seq, end_seq] = damage.seqs;
    let table = match damage.tables.as_deref() {
        Some([only]) => Some(only.as_str().into()),
        _ => None,
    };
    let whole = Gap {
        table,
        seqs: Some(first_seq..end_seq),
        segment_no: Some(damage.segment),
        bytes: Some(first_byte..end_byte),
        ..declared.clone()
    };
    if damage.producers.is_empty() {
        return vec![whole];
    }
    let of = |lost: &crate::format::manifest::LostRange| Gap {
        producer_id: Some(lost.producer_id),
        pseqs: Some(lost.first_pseq..lost.end_pseq),
        ..whole.clone()
    };
    damage.producers.iter().map(of).collect()
}
