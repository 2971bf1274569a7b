//! Entries as canonical JSON.

use super::{ArchivedFile, Entry, LostRange};
use contract::{EventId, Hash, Json};

/// The JSON of a line.
pub(super) fn json(n: u64, entry: &Entry) -> Json {
    let (ty, pairs) = match entry {
        Entry::Log(log) => (
            "log",
            vec![
                ("created_ns", signed(log.created_ns)),
                ("format", Json::from(u64::from(log.format))),
                ("log_id", id(log.log_id)),
                ("segment_bytes", number(log.segment_bytes)),
            ],
        ),
        Entry::Sealed(sealed) => (
            "sealed",
            vec![
                ("base_frame", number(sealed.base_frame)),
                ("cut", number(sealed.cut)),
                ("end", Json::from(u64::from(sealed.end.code()))),
                ("end_frame", number(sealed.end_frame)),
                ("end_seq", number(sealed.end_seq)),
                ("file_hash", hash(&sealed.file_hash)),
                ("first_seq", number(sealed.first_seq)),
                ("seal_hash", hash(&sealed.seal_hash)),
                ("sealed_ns", signed(sealed.sealed_ns)),
                ("segment", number(sealed.segment)),
            ],
        ),
        Entry::Archived(run) => (
            "archived",
            vec![
                ("files", Json::Array(run.files.iter().map(file).collect())),
                ("segments", range(run.segments)),
                ("seqs", range(run.seqs)),
            ],
        ),
        Entry::Dropped { segment } => ("dropped", vec![("segment", number(*segment))]),
        Entry::Damage(damage) => (
            "damage",
            vec![
                ("bytes", range(damage.bytes)),
                ("frames", range(damage.frames)),
                ("producers", Json::Array(damage.producers.iter().map(lost).collect())),
                ("quarantine", damage.quarantine.as_deref().map_or(Json::Null, Json::from)),
                ("segment", number(damage.segment)),
                ("seqs", range(damage.seqs)),
                ("tables", damage.tables.clone().map_or(Json::Null, Json::from)),
            ],
        ),
    };
    Json::object([("n", number(n)), ("type", Json::from(ty))].into_iter().chain(pairs))
}

fn file(file: &ArchivedFile) -> Json {
    Json::object([
        ("bytes", number(file.bytes)),
        ("digest", hash(&file.digest)),
        ("end_seq", number(file.end_seq)),
        ("first_seq", number(file.first_seq)),
        ("max_ts_avail", signed(file.max_ts_avail)),
        ("min_ts_avail", signed(file.min_ts_avail)),
        ("path", Json::from(file.path.as_str())),
        ("rows", number(file.rows)),
        ("sha256", hash(&file.sha256)),
        ("table", Json::from(file.table.as_str())),
    ])
}

fn lost(range: &LostRange) -> Json {
    Json::object([
        ("end_pseq", number(range.end_pseq)),
        ("first_pseq", number(range.first_pseq)),
        ("producer_id", id(range.producer_id)),
    ])
}

/// Always text, so that one key has one type whatever its value.
fn number(value: u64) -> Json {
    Json::Text(value.to_string())
}

fn signed(value: i64) -> Json {
    Json::Text(value.to_string())
}

fn range([first, end]: [u64; 2]) -> Json {
    Json::Array(vec![number(first), number(end)])
}

fn hash(hash: &Hash) -> Json {
    Json::Text(hash.to_string())
}

/// 32 digits without hyphens: bytes are hexadecimal.
fn id(id: EventId) -> Json {
    Json::Text(id.to_string().replace('-', ""))
}
