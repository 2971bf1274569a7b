//! Facets of OpenLineage, and our own two.

use super::event::PRODUCER;
use super::{ParentRun, RunOutput};
use crate::canonical::Sha256;
use crate::certificate::{Certificate, Outcome};
use crate::documents::type_text;
use crate::layout::{file, meta};
use crate::manifest::Manifest;
use arrow_schema::Schema;
use contract::Vocabulary as _;
use serde::Serialize;
use std::collections::BTreeMap;

/// A facet without its origin.
#[derive(Debug, Serialize)]
#[serde(untagged)] // written only, never read: each has the form of its own schema
pub(super) enum Facet {
    Schema(SchemaFacet),
    DatasetVersion(DatasetVersion),
    Storage(Storage),
    ColumnLineage(ColumnLineage),
    DatasetMetrics(Metrics),
    InputMetrics(Metrics),
    Assertions(Assertions),
    OutputStatistics(OutputStatistics),
    Parent(Parent),
    ErrorMessage(ErrorMessage),
    RowLineage(RowLineage),
    Certificate(CertificateFacet),
}

/// A facet with who made it and what form it has.
#[derive(Debug, Serialize)]
pub(super) struct SealedFacet {
    #[serde(rename = "_producer")]
    producer: &'static str,
    #[serde(rename = "_schemaURL")]
    schema_url: String,
    #[serde(flatten)]
    facet: Facet,
}

impl Facet {
    pub(super) fn sealed(self) -> SealedFacet {
        let (version, name) = match &self {
            Self::Schema(_) => ("1-2-0", "SchemaDatasetFacet"),
            Self::DatasetVersion(_) => ("1-0-1", "DatasetVersionDatasetFacet"),
            Self::Storage(_) => ("1-0-1", "StorageDatasetFacet"),
            Self::ColumnLineage(_) => ("1-2-0", "ColumnLineageDatasetFacet"),
            Self::DatasetMetrics(_) => ("1-0-1", "DataQualityMetricsDatasetFacet"),
            Self::InputMetrics(_) => ("1-0-3", "DataQualityMetricsInputDatasetFacet"),
            Self::Assertions(_) => ("1-1-0", "DataQualityAssertionsDatasetFacet"),
            Self::OutputStatistics(_) => ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
            Self::Parent(_) => ("1-2-0", "ParentRunFacet"),
            Self::ErrorMessage(_) => ("1-0-1", "ErrorMessageRunFacet"),
            Self::RowLineage(_) => ("", "rowLineage"),
            Self::Certificate(_) => ("", "certificate"),
        };
        let schema_url = if version.is_empty() {
            format!("urn:hindsight:facet:{name}:1")
        } else {
            format!("https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}")
        };
        SealedFacet { producer: PRODUCER, schema_url, facet: self }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct SchemaFacet {
    fields: Vec<SchemaField>,
}

#[derive(Debug, Serialize)]
struct SchemaField {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    description: String,
    ordinal_position: u64,
}

impl SchemaFacet {
    pub(super) fn of(schema: &Schema) -> Self {
        let field = |(ordinal_position, field): (u64, &std::sync::Arc<arrow_schema::Field>)| {
            let role = field.metadata().get(meta::ROLE).map_or("unknown", String::as_str);
            SchemaField {
                name: field.name().clone(),
                data_type: type_text(field.data_type()),
                description: role.to_owned(),
                ordinal_position,
            }
        };
        Self { fields: (1..).zip(schema.fields()).map(field).collect() }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DatasetVersion {
    pub(super) dataset_version: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Storage {
    pub(super) storage_layer: &'static str,
    pub(super) file_format: &'static str,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct ColumnLineage {
    fields: BTreeMap<String, LineageField>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LineageField {
    input_fields: Vec<InputField>,
}

#[derive(Debug, Serialize)]
struct InputField {
    namespace: String,
    name: String,
    field: String,
    transformations: [Transformation; 1],
}

#[derive(Debug, Serialize)]
struct Transformation {
    #[serde(rename = "type")]
    kind: &'static str,
    subtype: &'static str,
    masking: bool,
}

impl ColumnLineage {
    /// A column that is a field of a table as it was.
    pub(super) fn identity(&mut self, column: &str, namespace: &str, table: &str, field: &str) {
        let transformation = Transformation { kind: "DIRECT", subtype: "IDENTITY", masking: false };
        let input = InputField {
            namespace: namespace.to_owned(),
            name: table.to_owned(),
            field: field.to_owned(),
            transformations: [transformation],
        };
        self.fields.insert(column.to_owned(), LineageField { input_fields: vec![input] });
    }
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metrics {
    pub(super) row_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_count: Option<u64>,
    pub(super) column_metrics: BTreeMap<String, ColumnMetrics>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ColumnMetrics {
    pub(super) null_count: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Assertions {
    assertions: Vec<Assertion>,
}

#[derive(Debug, Serialize)]
struct Assertion {
    assertion: String,
    name: String,
    success: bool,
    severity: &'static str,
    description: String,
    actual: String,
}

impl Assertions {
    /// Each check that was made. What was waived or not evaluated succeeded at nothing, so it is no assertion; the facet
    /// `hindsight_certificate` of the build names it.
    pub(super) fn of(certificate: &Certificate) -> Self {
        let assertion = |check: &crate::certificate::CheckResult| {
            let (success, severity) = match &check.outcome {
                Outcome::Pass => (true, "error"),
                Outcome::Warn(_) => (false, "warn"),
                Outcome::Fail(_) => (false, "error"),
                Outcome::Waived(_) | Outcome::NotEvaluated(_) => return None,
            };
            let name = format!("hindsight_{}", check.check);
            let actual = format!("{}, {} violations", check.outcome.word(), check.violations);
            let description = check.statement.clone();
            Some(Assertion {
                assertion: name.clone(),
                name,
                success,
                severity,
                description,
                actual,
            })
        };
        Self { assertions: certificate.checks.iter().filter_map(assertion).collect() }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputStatistics {
    pub(super) row_count: u64,
    pub(super) size: u64,
    pub(super) file_count: u64,
}

impl OutputStatistics {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            row_count: manifest.files.iter().map(|file| file.rows).sum(),
            size: manifest.files.iter().map(|file| file.bytes).sum(),
            file_count: u64::try_from(manifest.files.len()).unwrap_or(u64::MAX),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Parent {
    run: ParentId,
    job: ParentJob,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ParentId {
    run_id: String,
}

#[derive(Debug, Serialize)]
struct ParentJob {
    namespace: String,
    name: String,
}

impl Parent {
    pub(super) fn of(parent: &ParentRun) -> Self {
        Self {
            run: ParentId { run_id: parent.run.to_string() },
            job: ParentJob { namespace: parent.namespace.clone(), name: parent.job.clone() },
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorMessage {
    pub(super) message: String,
    pub(super) programming_language: &'static str,
}

/// Where the lineage of rows is, and up to where the log was read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowLineage {
    rows: &'static str,
    dropped: &'static str,
    as_of_seq: String,
    as_of: String,
    selected_rows: u64,
    dropped_rows: BTreeMap<String, u64>,
}

impl RowLineage {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            rows: file::LINEAGE,
            dropped: file::DROPPED,
            as_of_seq: manifest.as_of.seq.0.to_string(),
            as_of: manifest.as_of.ts.to_string(),
            selected_rows: manifest.selected,
            dropped_rows: manifest.dropped.clone(),
        }
    }
}

/// What the certificate says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CertificateFacet {
    verdict: &'static str,
    certificate_hash: Sha256,
    checks: Vec<CertificateCheck>,
}

#[derive(Debug, Serialize)]
struct CertificateCheck {
    check: String,
    outcome: &'static str,
    detail: String,
    violations: u64,
}

impl CertificateFacet {
    pub(super) fn of(output: RunOutput<'_>) -> Self {
        let check = |check: &crate::certificate::CheckResult| CertificateCheck {
            check: check.check.clone(),
            outcome: check.outcome.word(),
            detail: check.outcome.detail().to_owned(),
            violations: check.violations,
        };
        Self {
            verdict: output.certificate.verdict().word(),
            certificate_hash: output.manifest.certificate_hash,
            checks: output.certificate.checks.iter().map(check).collect(),
        }
    }
}
