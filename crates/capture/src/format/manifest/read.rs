//! Entries from JSON: a key that is missing or of another type makes the line a bad one.

use super::{ArchivedEntry, ArchivedFile, DamageEntry, Entry, LogEntry, LostRange, SealedEntry};
use crate::format::segment::End;
use contract::{EventId, Hash};
use serde_json::{Map, Value};

/// Number and entry of a line; an unknown type has a number alone. Unknown keys are a later program's.
pub(super) fn line(json: &[u8]) -> Option<(u64, Option<Entry>)> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let fields = Fields(value.as_object()?);
    let entry = match fields.text("type")? {
        "log" => Entry::Log(LogEntry {
            format: fields.small("format").and_then(|format| u16::try_from(format).ok())?,
            log_id: fields.id("log_id")?,
            created_ns: fields.signed("created_ns")?,
            segment_bytes: fields.number("segment_bytes")?,
        }),
        "sealed" => Entry::Sealed(SealedEntry {
            segment: fields.number("segment")?,
            base_frame: fields.number("base_frame")?,
            end_frame: fields.number("end_frame")?,
            first_seq: fields.number("first_seq")?,
            end_seq: fields.number("end_seq")?,
            cut: fields.number("cut")?,
            end: fields
                .small("end")
                .and_then(|code| u8::try_from(code).ok())
                .and_then(End::from_code)?,
            sealed_ns: fields.signed("sealed_ns")?,
            file_hash: fields.hash("file_hash")?,
            seal_hash: fields.hash("seal_hash")?,
        }),
        "archived" => Entry::Archived(ArchivedEntry {
            segments: fields.range("segments")?,
            seqs: fields.range("seqs")?,
            files: fields.list("files", file)?,
        }),
        "dropped" => Entry::Dropped { segment: fields.number("segment")? },
        "damage" => Entry::Damage(DamageEntry {
            segment: fields.number("segment")?,
            bytes: fields.range("bytes")?,
            frames: fields.range("frames")?,
            seqs: fields.range("seqs")?,
            tables: fields.or_null("tables", || {
                fields.list("tables", |table| table.as_str().map(str::to_owned))
            })?,
            producers: fields.list("producers", lost)?,
            quarantine: fields
                .or_null("quarantine", || fields.text("quarantine").map(str::to_owned))?,
        }),
        _ => return Some((fields.number("n")?, None)),
    };
    Some((fields.number("n")?, Some(entry)))
}

fn file(value: &Value) -> Option<ArchivedFile> {
    let fields = Fields(value.as_object()?);
    Some(ArchivedFile {
        table: fields.text("table")?.to_owned(),
        path: fields.text("path")?.to_owned(),
        rows: fields.number("rows")?,
        first_seq: fields.number("first_seq")?,
        end_seq: fields.number("end_seq")?,
        min_ts_avail: fields.signed("min_ts_avail")?,
        max_ts_avail: fields.signed("max_ts_avail")?,
        bytes: fields.number("bytes")?,
        sha256: fields.hash("sha256")?,
        digest: fields.hash("digest")?,
    })
}

fn lost(value: &Value) -> Option<LostRange> {
    let fields = Fields(value.as_object()?);
    Some(LostRange {
        producer_id: fields.id("producer_id")?,
        first_pseq: fields.number("first_pseq")?,
        end_pseq: fields.number("end_pseq")?,
    })
}

#[derive(Clone, Copy)]
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    /// A number that is a number in the text too.
    fn small(self, key: &str) -> Option<u64> {
        self.0.get(key)?.as_u64()
    }

    fn number(self, key: &str) -> Option<u64> {
        number(self.0.get(key)?)
    }

    fn signed(self, key: &str) -> Option<i64> {
        let text = self.text(key)?;
        text.parse().ok().filter(|value: &i64| value.to_string() == text)
    }

    fn range(self, key: &str) -> Option<[u64; 2]> {
        match self.0.get(key)?.as_array()?.as_slice() {
            [first, end] => Some([number(first)?, number(end)?]),
            _ => None,
        }
    }

    fn hash(self, key: &str) -> Option<Hash> {
        Hash::parse(self.text(key)?).ok()
    }

    fn id(self, key: &str) -> Option<EventId> {
        EventId::parse(self.text(key)?).ok()
    }

    fn list<T>(self, key: &str, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        self.0.get(key)?.as_array()?.iter().map(item).collect()
    }

    /// The inner `None` is a null that stands there; a missing key is a bad line.
    #[expect(clippy::option_option, reason = "a null that is there is not a key that is missing")]
    fn or_null<T>(self, key: &str, read: impl Fn() -> Option<T>) -> Option<Option<T>> {
        if self.0.get(key)?.is_null() { Some(None) } else { read().map(Some) }
    }
}

/// Decimal digits without a sign or leading zeros.
fn number(value: &Value) -> Option<u64> {
    let text = value.as_str()?;
    text.parse().ok().filter(|value: &u64| value.to_string() == text)
}
