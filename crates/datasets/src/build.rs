//! From a plan to the staged files of a version, certified and ready to be published.

mod error;
mod facts;
mod files;

pub use error::BuildError;

use crate::assembly::Assembly;
use crate::canonical::{Sha256, to_canonical};
use crate::certificate::{Certificate, CheckResult, Outcome};
use crate::documents::{card, croissant, datasheet, schema_json};
use crate::inputs::Inputs;
use crate::layout::file;
use crate::manifest::{InputTable, Manifest};
use crate::parquet_file::encode;
use crate::plan::BuildPlan;
use crate::store::{Staging, Version};
use crate::verifier::{Evidence, certify};
use contract::Name;
use contract::arrow_schema::SchemaRef;
use std::collections::BTreeMap;

/// What a build takes besides its plan.
#[derive(Debug, Default)]
pub struct BuildOptions<'a> {
    /// Threads that encode files; 0 counts as 1. It changes no byte.
    pub threads: usize,
    /// The capture log that the inputs come from.
    pub log_id: Option<String>,
    /// The log's verdict over the range, for instance `complete`.
    pub completeness: Option<String>,
    /// A version whose files are taken over where their rows are the same.
    pub parent: Option<&'a Version>,
}

/// A version that is staged and certified, and not yet published.
#[derive(Debug)]
pub struct Built {
    /// What it is.
    pub manifest: Manifest,
    /// `manifest.json`.
    pub manifest_text: String,
    /// What the verifier found.
    pub certificate: Certificate,
    /// Columns of the data files.
    pub schema: SchemaRef,
    /// Data files that were taken over from the parent.
    pub reused: u64,
}

impl Built {
    /// Checks of the certificate and of the quality gate that stand in the way of publication.
    #[must_use]
    pub fn refusals(&self, spec: &crate::Spec) -> Vec<CheckResult> {
        let allowed = &spec.gate.allow_not_evaluated;
        let mut refusals: Vec<CheckResult> = self.certificate.refusals(allowed).cloned().collect();
        refusals.extend(facts::quality_refusal(&self.manifest, spec));
        refusals
    }
}

/// Writes all files of a version, reads them back, and certifies what it read.
///
/// - **Determinism:** the bytes depend on the inputs, the spec, the as-of point and the versions of the code; not on
///   how the inputs were cut, on threads, on the machine or on the day.
/// - **Cost:** holds one file's rows for each thread; everything is read again once by the verifier.
///
/// # Errors
/// [`BuildError`]; what was staged can be discarded.
pub fn build(
    name: &Name,
    inputs: &Inputs,
    plan: &BuildPlan,
    staging: &Staging,
    evidence: &Evidence<'_>,
    options: &BuildOptions<'_>,
) -> Result<Built, BuildError> {
    let assembly = Assembly::new(name.as_str(), inputs, plan)?;
    let mut parts = facts::Parts::new(&assembly)?;
    let reused = files::write(&assembly, staging, options, &mut parts)?;
    let spec_text = text(plan.spec())?;
    let splits = facts::splits(plan);
    let quality = facts::quality(inputs);
    let mut documents = Documents { staging, hashes: BTreeMap::new() };
    documents.put(file::SPEC, spec_text.as_bytes())?;
    documents.put(file::SCHEMA, schema_json(&assembly.schema).as_bytes())?;
    documents.put(file::SPLITS, text(&splits)?.as_bytes())?;
    documents.put(file::QUALITY, text(&quality)?.as_bytes())?;
    documents.put(file::LINEAGE, &encode(&assembly.lineage()?)?)?;
    documents.put(file::DROPPED, &encode(&assembly.dropped()?)?)?;
    if let Some(folds) = assembly.folds()? {
        documents.put(file::FOLDS, &encode(&folds)?)?;
    }
    let mut manifest = parts.manifest(&assembly, name.as_str(), options)?;
    manifest.documents.clone_from(&documents.hashes);
    let certificate = certify(&staging.folder(), &manifest, plan.spec(), evidence)?;
    let certificate_text = certificate.to_json()?;
    documents.put(file::CERTIFICATE, certificate_text.as_bytes())?;
    manifest.certificate_hash = Sha256::of(certificate_text.as_bytes());
    let spec = plan.spec();
    let readme = card(&manifest, spec, &splits, &certificate);
    documents.put(file::README, readme.as_bytes())?;
    let sheet = datasheet(&manifest, spec, &splits, &certificate);
    documents.put(file::DATASHEET, sheet.as_bytes())?;
    let croissant = croissant(&manifest, spec, &assembly.schema);
    documents.put(file::CROISSANT, croissant.as_bytes())?;
    manifest.documents = documents.hashes;
    let manifest_text = text(&manifest)?;
    let schema = SchemaRef::clone(&assembly.schema);
    Ok(Built { manifest, manifest_text, certificate, schema, reused })
}

impl BuildPlan {
    /// The tables and rows that the version is made from.
    #[must_use]
    pub fn inputs(&self, inputs: &Inputs) -> Vec<InputTable> {
        facts::input_tables(inputs, self, None)
    }
}

/// Documents that are staged, with their hashes.
struct Documents<'a> {
    staging: &'a Staging,
    hashes: BTreeMap<String, Sha256>,
}

impl Documents<'_> {
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), BuildError> {
        let (_, sha256) = files::put(self.staging, path, bytes)?;
        self.hashes.insert(path.to_owned(), sha256);
        Ok(())
    }
}

fn text<T: serde::Serialize>(document: &T) -> Result<String, BuildError> {
    Ok(to_canonical(document)?)
}

/// A check that a gate made of the scores of the inputs.
pub(crate) fn gate_check(statement: String, outcome: Outcome) -> CheckResult {
    CheckResult {
        check: "quality".to_owned(),
        statement,
        outcome,
        compared: BTreeMap::new(),
        violations: 1,
        margin_ns: None,
        rows: Vec::new(),
    }
}
