//! The event of a run, as OpenLineage 2-0-2 writes it.

use super::facet::SealedFacet;
use crate::canonical::Instant;
use serde::Serialize;
use std::collections::BTreeMap;

/// The code that writes events.
pub(super) const PRODUCER: &str = concat!("urn:hindsight:datasets:", env!("CARGO_PKG_VERSION"));

/// Facets by name.
pub(super) type Facets = BTreeMap<&'static str, SealedFacet>;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunEvent {
    event_type: EventType,
    event_time: Instant,
    run: Run,
    job: Job,
    inputs: Vec<Dataset>,
    outputs: Vec<Dataset>,
    producer: &'static str,
    #[serde(rename = "schemaURL")]
    schema_url: &'static str,
}

impl RunEvent {
    pub(super) fn new(
        event_type: EventType,
        event_time: Instant,
        run: Run,
        job: Job,
        inputs: Vec<Dataset>,
        outputs: Vec<Dataset>,
    ) -> Self {
        Self {
            event_type,
            event_time,
            run,
            job,
            inputs,
            outputs,
            producer: PRODUCER,
            schema_url: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum EventType {
    Start,
    Complete,
    Abort,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) run_id: String,
    pub(super) facets: Facets,
}

#[derive(Debug, Serialize)]
pub(super) struct Job {
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A dataset, as an input or an output; the facets of the other side are empty and not written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dataset {
    namespace: String,
    name: String,
    pub(super) facets: Facets,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) input_facets: Facets,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) output_facets: Facets,
}

impl Dataset {
    pub(super) fn named(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            facets: Facets::new(),
            input_facets: Facets::new(),
            output_facets: Facets::new(),
        }
    }
}
