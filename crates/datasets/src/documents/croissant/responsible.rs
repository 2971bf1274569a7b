//! Claims in the responsible-AI vocabulary of Croissant.

use super::{date, texts};
use crate::documents::markdown::{UNKNOWN, said};
use crate::manifest::Manifest;
use crate::spec::Spec;
use contract::Json;

/// What is known about collection, preparation, use and limits.
pub(super) fn claims(manifest: &Manifest, spec: &Spec) -> Vec<(&'static str, Json)> {
    let purpose = said(spec.card.purpose.as_ref());
    let kept = said(spec.card.retention.as_ref());
    let frame = manifest.splits.values().flat_map(|split| split.ts_cutoff);
    let (first, last) = frame.fold((i64::MAX, i64::MIN), |(first, last), instant| {
        (first.min(instant.0), last.max(instant.0))
    });
    let missing: u64 = manifest.features.iter().flat_map(|feature| feature.nulls.values()).sum();
    let labels: Vec<String> = manifest
        .targets
        .iter()
        .map(|target| {
            format!("{}: {} of a label made by rules, {}", target.name, target.from, target.task)
        })
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let persons = if manifest.tags.is_empty() {
        "No column carries an access tag; personal and free-text columns are refused.".to_owned()
    } else {
        format!(
            "Access tags: {}. Personal and free-text columns are refused.",
            manifest.tags.join(", ")
        )
    };
    let limits = if manifest.deployable {
        "One stretch of time of the venues recorded; what held there may not hold later."
    } else {
        "The splits overlap in time: scores are diagnostic."
    };
    vec![
        (
            "rai:dataCollection",
            Json::from(
                "Recorded by a capture log while the desk traded, each row with the time it was available.",
            ),
        ),
        ("rai:dataCollectionType", texts(&["Observations"])),
        (
            "rai:dataCollectionMissingData",
            Json::from(format!("{missing} feature cells are null, each with a reason.").as_str()),
        ),
        (
            "rai:dataCollectionRawData",
            Json::from("The capture log; lineage leads from each row to it."),
        ),
        ("rai:dataCollectionTimeFrame", texts(&[&date(first), &date(last)])),
        (
            "rai:dataImputationProtocol",
            Json::from("None in the files; parameters for exports are in the manifest."),
        ),
        (
            "rai:dataPreprocessingProtocol",
            texts(&[
                "Features read only rows available before the decision.",
                "Rows that overlap a protected outcome are purged; an embargo follows it.",
            ]),
        ),
        ("rai:dataAnnotationProtocol", texts(&labels)),
        ("rai:dataUseCases", texts(&[&purpose])),
        ("rai:dataLimitations", texts(&[limits])),
        ("rai:dataBiases", texts(&[UNKNOWN])),
        ("rai:dataSocialImpact", Json::from(UNKNOWN)),
        ("rai:personalSensitiveInformation", texts(&[&persons])),
        (
            "rai:dataReleaseMaintenancePlan",
            Json::from(
                format!("A version never changes; corrections make a new one. Kept: {kept}.")
                    .as_str(),
            ),
        ),
    ]
}
