//! Runs as OpenLineage events, for catalogues of lineage: one JSON line an event, written by own types.

mod event;
mod facet;

use crate::canonical::{Instant, Sha256, to_canonical};
use crate::certificate::Certificate;
use crate::layout::column;
use crate::manifest::{InputTable, Manifest};
use arrow_schema::Schema;
use contract::EventId;
use event::{Dataset, EventType, Job, Run, RunEvent};
use facet::{
    Assertions, CertificateFacet, ColumnLineage, ColumnMetrics, DatasetVersion, ErrorMessage,
    Facet, Metrics, OutputStatistics, Parent, RowLineage, SchemaFacet, Storage,
};
use std::collections::BTreeMap;

/// The run of a build or of a verification, and what its events say.
///
/// - **Shape:** every event is one line of canonical JSON without a line end, for `runs/<run id>.ndjson`.
/// - **Point in time:** run ids and times are arguments; nothing is read from a clock.
/// - **Source:** OpenLineage 2-0-2 with the facets schema 1-2-0, version 1-0-1, columnLineage 1-2-0, dataQualityMetrics
///   1-0-1 (of a dataset) and 1-0-3 (of an input), dataQualityAssertions 1-1-0, outputStatistics 1-0-2, storage 1-0-1,
///   parent 1-2-0, errorMessage 1-0-1, and our own `hindsight_rowLineage` and `hindsight_certificate`.
///
/// ```
/// use contract::EventId;
/// use datasets::{Instant, RunEvents};
/// let run = EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")?;
/// let line = RunEvents::new("hindsight", "grades", run).start(Instant(0), &[])?;
/// let event: serde_json::Value = serde_json::from_str(&line)?;
/// assert_eq!(event["eventType"], "START");
/// assert_eq!(event["job"]["name"], "grades.build");
/// assert_eq!(event["run"]["runId"], "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEvents {
    namespace: String,
    dataset: String,
    run: EventId,
    parent: Option<ParentRun>,
}

/// The run that started this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentRun {
    /// Namespace of its job.
    pub namespace: String,
    /// Its job.
    pub job: String,
    /// Its id.
    pub run: EventId,
}

/// A version as a run leaves it.
#[derive(Debug, Clone, Copy)]
pub struct RunOutput<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// SHA-256 of `manifest.json`: the version's name.
    pub manifest_hash: Sha256,
    /// Schema of the data files.
    pub schema: &'a Schema,
    /// What the verifier found.
    pub certificate: &'a Certificate,
}

impl RunEvents {
    /// Events of the run that builds this dataset; `namespace` names the store.
    pub fn new(namespace: impl Into<String>, dataset: impl Into<String>, run: EventId) -> Self {
        Self { namespace: namespace.into(), dataset: dataset.into(), run, parent: None }
    }

    /// The same, started by another run.
    #[must_use]
    pub fn with_parent(self, parent: ParentRun) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// START: before the build, with the tables that it will read.
    ///
    /// # Errors
    /// What the writer says: none in practice, there is no float in an event.
    pub fn start(&self, at: Instant, inputs: &[InputTable]) -> Result<String, serde_json::Error> {
        let inputs = inputs.iter().map(|input| self.input(input)).collect();
        let outputs = vec![Dataset::named(&self.namespace, &self.dataset)];
        self.line(EventType::Start, at, "build", self.run_facets(), inputs, outputs)
    }

    /// COMPLETE: after the commit, with the version, its columns' sources, statistics and certificate.
    ///
    /// # Errors
    /// What the writer says: none in practice, there is no float in an event.
    pub fn complete(
        &self,
        at: Instant,
        output: RunOutput<'_>,
    ) -> Result<String, serde_json::Error> {
        let inputs = output.manifest.inputs.iter().map(|input| self.input(input)).collect();
        let mut version = self.version(output);
        version.facets.insert("columnLineage", Facet::ColumnLineage(self.columns(output)).sealed());
        let row_lineage = RowLineage::of(output.manifest);
        version.facets.insert("hindsight_rowLineage", Facet::RowLineage(row_lineage).sealed());
        let certificate = CertificateFacet::of(output);
        version.facets.insert("hindsight_certificate", Facet::Certificate(certificate).sealed());
        let metrics = dataset_metrics(output.manifest);
        version.facets.insert("dataQualityMetrics", Facet::DatasetMetrics(metrics).sealed());
        let statistics = OutputStatistics::of(output.manifest);
        version
            .output_facets
            .insert("outputStatistics", Facet::OutputStatistics(statistics).sealed());
        self.line(EventType::Complete, at, "build", self.run_facets(), inputs, vec![version])
    }

    /// ABORT: the build ended without a version, and why.
    ///
    /// # Errors
    /// What the writer says: none in practice, there is no float in an event.
    pub fn abort(&self, at: Instant, reason: &str) -> Result<String, serde_json::Error> {
        let mut facets = self.run_facets();
        let message = ErrorMessage { message: reason.to_owned(), programming_language: "Rust" };
        facets.insert("errorMessage", Facet::ErrorMessage(message).sealed());
        let outputs = vec![Dataset::named(&self.namespace, &self.dataset)];
        self.line(EventType::Abort, at, "build", facets, Vec::new(), outputs)
    }

    /// START and COMPLETE of the run that verified the version: the version is its input, and each check of the
    /// certificate an assertion about it. Where the build verified its own files, the build is its parent.
    ///
    /// # Errors
    /// What the writer says: none in practice, there is no float in an event.
    pub fn verified(
        &self,
        started: Instant,
        finished: Instant,
        output: RunOutput<'_>,
    ) -> Result<[String; 2], serde_json::Error> {
        let mut version = self.version(output);
        let start = vec![Dataset::named(&self.namespace, &self.dataset)];
        let first =
            self.line(EventType::Start, started, "verify", self.run_facets(), start, Vec::new())?;
        let assertions = Assertions::of(output.certificate);
        version
            .input_facets
            .insert("dataQualityAssertions", Facet::Assertions(assertions).sealed());
        let metrics = dataset_metrics(output.manifest);
        version.input_facets.insert("dataQualityMetrics", Facet::InputMetrics(metrics).sealed());
        let inputs = vec![version];
        let last = self.line(
            EventType::Complete,
            finished,
            "verify",
            self.run_facets(),
            inputs,
            Vec::new(),
        )?;
        Ok([first, last])
    }

    /// The job of a build, by which a verification names its parent.
    #[must_use]
    pub fn as_parent(&self) -> ParentRun {
        let job = format!("{}.build", self.dataset);
        ParentRun { namespace: self.namespace.clone(), job, run: self.run }
    }

    fn line(
        &self,
        event_type: EventType,
        at: Instant,
        verb: &str,
        facets: event::Facets,
        inputs: Vec<Dataset>,
        outputs: Vec<Dataset>,
    ) -> Result<String, serde_json::Error> {
        let run = Run { run_id: self.run.to_string(), facets };
        let job =
            Job { namespace: self.namespace.clone(), name: format!("{}.{verb}", self.dataset) };
        to_canonical(&RunEvent::new(event_type, at, run, job, inputs, outputs))
    }

    fn run_facets(&self) -> event::Facets {
        let facet = |parent: &ParentRun| ("parent", Facet::Parent(Parent::of(parent)).sealed());
        self.parent.iter().map(facet).collect()
    }

    /// Where a table of the inputs lives: its log, or the store where none is known.
    fn place(&self, input: &InputTable) -> String {
        let log = |id: &String| format!("hindsight://log/{id}");
        input.log_id.as_ref().map_or_else(|| self.namespace.clone(), log)
    }

    fn input(&self, input: &InputTable) -> Dataset {
        let mut dataset = Dataset::named(&self.place(input), &input.table);
        let version = DatasetVersion { dataset_version: input.logical_hash.to_string() };
        dataset.facets.insert("version", Facet::DatasetVersion(version).sealed());
        let metrics = Metrics { row_count: input.rows, ..Metrics::default() };
        dataset.input_facets.insert("dataQualityMetrics", Facet::InputMetrics(metrics).sealed());
        dataset
    }

    /// The version as a dataset, with what does not depend on the run.
    fn version(&self, output: RunOutput<'_>) -> Dataset {
        let mut dataset = Dataset::named(&self.namespace, &self.dataset);
        let version = DatasetVersion { dataset_version: output.manifest_hash.to_string() };
        let storage = Storage { storage_layer: "file", file_format: "parquet" };
        dataset.facets.insert("schema", Facet::Schema(SchemaFacet::of(output.schema)).sealed());
        dataset.facets.insert("version", Facet::DatasetVersion(version).sealed());
        dataset.facets.insert("storage", Facet::Storage(storage).sealed());
        dataset
    }

    /// Features from the features, labels from the labels, keys from the decisions; where a table is not among the
    /// inputs, its columns have no entry.
    fn columns(&self, output: RunOutput<'_>) -> ColumnLineage {
        let manifest = output.manifest;
        let mut lineage = ColumnLineage::default();
        let mut add = |column: &str, table: &str, field: &str| {
            if let Some(input) = manifest.inputs.iter().find(|input| input.table == table) {
                lineage.identity(column, &self.place(input), table, field);
            }
        };
        for (key, field) in [
            (column::ROW_ID, "decision_id"),
            (column::TS_CUTOFF, "ts_cutoff"),
            (column::SEQ, "seq"),
            (column::INSTRUMENT_ID, "instrument_id"),
            (column::STRATEGY_ID, "strategy_id"),
        ] {
            add(key, "decisions", field);
        }
        for feature in &manifest.features {
            add(&feature.name, "features", &feature.name);
        }
        for target in &manifest.targets {
            add(&format!("{}{}", column::LABEL, target.name), "labels", &target.from);
        }
        lineage
    }
}

/// Rows, bytes, files and nulls of a version.
fn dataset_metrics(manifest: &Manifest) -> Metrics {
    let nulls = manifest.features.iter().map(|feature| {
        let metrics = ColumnMetrics { null_count: feature.nulls.values().sum() };
        (feature.name.clone(), metrics)
    });
    let statistics = OutputStatistics::of(manifest);
    Metrics {
        row_count: statistics.row_count,
        bytes: Some(statistics.size),
        file_count: Some(statistics.file_count),
        column_metrics: nulls.collect::<BTreeMap<_, _>>(),
    }
}
