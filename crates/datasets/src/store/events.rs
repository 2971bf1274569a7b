//! Commit records as rows of `dataset_events`.

use super::error::StoreError;
use super::place;
use super::record::CommitRecord;
use crate::canonical::Sha256;
use crate::manifest::Manifest;
use contract::{
    DatasetEvents, Draft, EventId, Hash, Name, TrainingDatasetEvent, TrainingDatasetMore, UtcNanos,
};
use std::collections::BTreeMap;

/// Rows of `dataset_events`: one a record, in order.
///
/// - **Shape:** `event_id` derives from the name and the number of the record, so that a repetition is recognised.
///   `uri` is `<name>/versions/<folder>`, below the root of the store. Rows added and removed are unknown here, hence
///   null.
/// - **Point in time:** `ts_avail` is the time of the record.
///
/// # Errors
/// [`StoreError::Damaged`] when the manifest of a record is not among `manifests`, as those of
/// [`Store::manifests`](super::Store::manifests) are; [`StoreError::Rows`].
pub fn dataset_events(
    name: &Name,
    records: &[CommitRecord],
    manifests: &BTreeMap<Sha256, Manifest>,
) -> Result<Draft<DatasetEvents>, StoreError> {
    let mut events = Vec::with_capacity(records.len());
    for record in records {
        let uri = format!("{name}/versions/{}", place::short(record.manifest));
        let manifest = manifests.get(&record.manifest).ok_or_else(|| StoreError::Damaged {
            path: format!("{uri}/manifest.json"),
            expected: "the manifest of every record".to_owned(),
            found: "none".to_owned(),
        })?;
        let of = |ordinal: u64| records.iter().find(|r| r.ordinal == ordinal).map(|r| r.manifest.0);
        events.push(TrainingDatasetEvent {
            event_id: event_id(name, record.ordinal),
            actor_ref: record.actor,
            ts_avail: UtcNanos::from_nanos(record.ts.0),
            dataset: name.to_string(),
            kind: record.kind,
            certificate: record.certificate,
            ordinal: record.version,
            as_of_seq: manifest.as_of.seq.0,
            manifest_hash: record.manifest.0,
            content_hash: manifest.content_hash.0,
            spec_hash: manifest.spec_hash.0,
            uri,
            more: more(record, manifest, record.parent.and_then(of)),
        });
    }
    let now = records.last().map_or(0, |record| record.ts.0);
    Ok(Draft::from_events(&events, UtcNanos::from_nanos(now))?)
}

/// The id of a record: the same wherever and whenever it is announced.
fn event_id(name: &Name, ordinal: u64) -> EventId {
    EventId::v8(&Hash::of(format!("{name}@{ordinal}").as_bytes()))
}

fn more(
    record: &CommitRecord,
    manifest: &Manifest,
    parent_hash: Option<Hash>,
) -> TrainingDatasetMore {
    let split = |name: &str| manifest.splits.get(name);
    let rows = |name: &str| split(name).map(|facts| facts.rows);
    let n_eff = |name: &str| split(name).and_then(|facts| facts.n_eff).map(|n| n.0);
    let quality = manifest.quality.as_ref();
    let mut more = TrainingDatasetMore::default();
    more.parent_hash = parent_hash;
    more.model_kind = Some(manifest.kind.word().to_owned());
    more.purpose = Some(record.purpose.clone());
    more.rows_train = rows("train");
    more.rows_validation = rows("validation");
    more.rows_test = rows("test");
    more.n_features = u32::try_from(manifest.features.len()).ok();
    more.n_eff_train = n_eff("train");
    more.n_eff_validation = n_eff("validation");
    more.n_eff_test = n_eff("test");
    more.score = quality.map(|quality| quality.score.0);
    more.score_low = quality.map(|quality| quality.score_low.0);
    more.coverage = quality.map(|quality| quality.coverage.0);
    more
}
