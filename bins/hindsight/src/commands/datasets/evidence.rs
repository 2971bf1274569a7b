//! Reports from outside that a certificate rests on.

use super::error::DatasetsError;
use crate::error::Failure;
use crate::input::file_text;
use contract::{CausalityPart, CausalityReport, FeatureCausality, Hash, PartResult, Reaction};
use serde::Deserialize;
use std::path::Path;

/// `hindsight.causality.v1`, as `features check -f json` prints it.
#[derive(Deserialize)]
struct Document {
    schema: String,
    spec_hash: String,
    seed: String,
    rows: u64,
    rows_perturbed: u64,
    rows_perturbed_next_minute: u64,
    parts: Vec<Part>,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "part")]
    name: String,
    compared: u64,
    violations: u64,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(rename = "feature")]
    name: String,
    compared: u64,
    moved: u64,
    reaction: String,
}

/// The causality report of a file.
pub(super) fn causality(path: &Path) -> Result<CausalityReport, Failure> {
    let (name, text) = file_text(path)?;
    let refuse = |found: String| DatasetsError::Report {
        path: name.clone(),
        expected: "what `hindsight features check -f json` prints",
        found,
    };
    let document: Document =
        serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    if document.schema != "hindsight.causality.v1" {
        return Err(refuse(format!("schema `{}`", document.schema)).into());
    }
    let mut parts = Vec::new();
    for part in document.parts {
        let (compared, violations) = (part.compared, part.violations);
        let part = match part.name.as_str() {
            "order" => CausalityPart::Order,
            "future" => CausalityPart::Future,
            "far_past" => CausalityPart::FarPast,
            "undeclared" => CausalityPart::Undeclared,
            "shuffle" => CausalityPart::Shuffle,
            "parameters" => CausalityPart::Parameters,
            other => return Err(refuse(format!("part `{other}`")).into()),
        };
        parts.push(PartResult { part, compared, violations });
    }
    let mut features = Vec::new();
    for feature in document.features {
        let reaction = match feature.reaction.as_str() {
            "reactive" => Reaction::Reactive,
            "loose" => Reaction::Loose,
            "unreactive" => Reaction::Unreactive,
            other => return Err(refuse(format!("reaction `{other}`")).into()),
        };
        let (compared, moved) = (feature.compared, feature.moved);
        features.push(FeatureCausality { feature: feature.name, compared, moved, reaction });
    }
    let spec_hash = Hash::parse(&document.spec_hash).map_err(|error| refuse(error.to_string()))?;
    let seed = document.seed.parse().map_err(|_| refuse(format!("seed `{}`", document.seed)))?;
    Ok(CausalityReport {
        spec_hash,
        seed,
        rows: document.rows,
        rows_perturbed: document.rows_perturbed,
        rows_perturbed_next_minute: document.rows_perturbed_next_minute,
        parts,
        features,
    })
}
