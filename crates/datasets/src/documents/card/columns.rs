//! The features: units, reach and null shares; and what was fitted for them.

use super::facts::present;
use crate::documents::markdown::{Page, duration, share};
use crate::manifest::Manifest;

pub(super) fn features(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Features");
    let splits = present(manifest);
    let null_shares: Vec<String> =
        splits.iter().map(|(split, _)| format!("null in {split}")).collect();
    let mut header = vec!["feature", "unit", "reads back"];
    header.extend(null_shares.iter().map(String::as_str));
    let rows: Vec<Vec<String>> = manifest
        .features
        .iter()
        .map(|feature| {
            let mut row = vec![
                format!("`{}`", feature.name),
                feature.unit.clone().unwrap_or_else(|| "none".to_owned()),
                duration(feature.lookback_ns),
            ];
            row.extend(splits.iter().map(|(split, facts)| {
                let nulls = feature.nulls.get(*split).copied();
                nulls.map_or_else(|| "unknown".to_owned(), |nulls| share(nulls, facts.rows))
            }));
            row
        })
        .collect();
    page.table(&header, &rows);
}

pub(super) fn transforms(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Fitted transforms");
    page.paragraph(
        "Files hold raw values, nulls included. These parameters were fitted on train rows; an export applies them.",
    );
    let rows: Vec<Vec<String>> = manifest
        .transforms
        .iter()
        .map(|fitted| {
            let parameters: Vec<String> =
                fitted.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
            vec![
                format!("`{}`", fitted.feature),
                fitted.kind.clone(),
                parameters.join(", "),
                fitted.rows.to_string(),
                format!("{} to {}", fitted.ts_cutoff[0], fitted.ts_cutoff[1]),
            ]
        })
        .collect();
    page.table(&["feature", "transform", "parameters", "fitted on rows", "from"], &rows);
}
