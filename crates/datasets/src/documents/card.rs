//! `README.md`: the card, which Hugging Face reads and a person should.

mod columns;
mod facts;
mod reading;

use super::markdown::{Page, quoted, said};
use crate::certificate::Certificate;
use crate::manifest::Manifest;
use crate::role::Split;
use crate::spec::Spec;
use crate::splits::SplitsDocument;

/// The card of a version: front matter that Hugging Face reads, then what a reader must know before training on it.
///
/// - **Shape:** Markdown in UTF-8 with LF, starting with YAML between two `---`. `configs` names the data files of each
///   split, so that no reader has to guess them from folders.
/// - **Point in time:** a function of its arguments; `manifest.documents` is not read, since it names the card's hash.
/// - **Null rule:** what nobody said is printed as "unknown", never left out.
/// - **Cost:** linear in columns and files.
/// - **Source:** dataset cards of the Hugging Face Hub, `data_files` of `datasets` 5.2.0.
#[must_use]
pub fn card(
    manifest: &Manifest,
    spec: &Spec,
    splits: &SplitsDocument,
    certificate: &Certificate,
) -> String {
    let mut page = Page::starting_with(&front_matter(manifest, spec));
    page.heading(1, &manifest.name);
    page.paragraph(&format!(
        "A versioned training set for models of kind `{}`: {} rows of {} features and {} in {} splits, made from the \
         log up to `seq` {} ({}). Every file is plain Parquet. The directory is a function of its inputs: it can be \
         rebuilt byte for byte, and `manifest.json` names the hash of each file.",
        manifest.kind,
        manifest.splits.values().map(|split| split.rows).sum::<u64>(),
        manifest.features.len(),
        match manifest.targets.len() {
            1 => "one target".to_owned(),
            count => format!("{count} targets"),
        },
        manifest.splits.len(),
        manifest.as_of.seq.0,
        manifest.as_of.ts,
    ));
    page.heading(2, "Purpose");
    page.paragraph(&said(spec.card.purpose.as_ref()));
    page.list(&[
        format!("Creator: {}", said(spec.card.creator.as_ref())),
        format!("Contact: {}", said(spec.card.contact.as_ref())),
        format!("Licence: {}", said(spec.card.licence.as_ref())),
        format!("Access: {}; this copy: `{}`", said(spec.card.access.as_ref()), manifest.access),
        format!("Kept: {}", said(spec.card.retention.as_ref())),
    ]);
    facts::counts(&mut page, manifest);
    facts::balance(&mut page, manifest);
    facts::boundaries(&mut page, spec, splits);
    facts::dropped(&mut page, manifest);
    facts::certificate(&mut page, certificate);
    facts::deployable(&mut page, manifest, splits);
    reading::recipes(&mut page, manifest);
    reading::traps(&mut page, manifest, splits);
    reading::metrics(&mut page, manifest);
    facts::quality(&mut page, manifest);
    columns::features(&mut page, manifest);
    columns::transforms(&mut page, manifest);
    facts::rows_by(&mut page, manifest);
    page.finish()
}

/// YAML that Hugging Face reads. Strings are quoted as in JSON, which YAML reads alike.
fn front_matter(manifest: &Manifest, spec: &Spec) -> String {
    let mut lines = vec!["---".to_owned(), format!("pretty_name: {}", quoted(&manifest.name))];
    let licence = spec.card.licence.as_deref().unwrap_or("unknown");
    if let Some(id) = hub_licence(licence) {
        lines.push(format!("license: {id}"));
    } else {
        lines.push("license: other".to_owned());
        lines.push(format!("license_name: {}", quoted(licence)));
    }
    let rows: u64 = manifest.splits.values().map(|split| split.rows).sum();
    lines.push(format!("size_categories:\n- {}", size_category(rows)));
    lines.push("tags:".to_owned());
    let own = ["tabular", "timeseries", "finance", "hindsight", manifest.kind.word()];
    lines.extend(own.iter().map(|tag| format!("- {}", quoted(tag))));
    lines.extend(manifest.tags.iter().map(|tag| format!("- {}", quoted(&format!("access:{tag}")))));
    lines.push("configs:\n- config_name: default\n  data_files:".to_owned());
    let named = Split::ALL.map(Split::word).into_iter();
    for split in named.filter(|split| manifest.splits.contains_key(*split)) {
        lines.push(format!("  - split: {split}\n    path: \"data/{split}/*.parquet\""));
    }
    lines.push("---".to_owned());
    lines.join("\n")
}

/// The Hub's own name of a licence, for the few SPDX expressions that it knows and that data come under.
fn hub_licence(spdx: &str) -> Option<&'static str> {
    Some(match spdx {
        "unknown" => "unknown",
        "Apache-2.0" => "apache-2.0",
        "MIT" => "mit",
        "CC0-1.0" => "cc0-1.0",
        "CC-BY-4.0" => "cc-by-4.0",
        "CC-BY-SA-4.0" => "cc-by-sa-4.0",
        "CC-BY-NC-4.0" => "cc-by-nc-4.0",
        "ODC-By-1.0" => "odc-by",
        "ODbL-1.0" => "odbl",
        "PDDL-1.0" => "pddl",
        _ => return None,
    })
}

/// The Hub's bucket of a number of rows.
const fn size_category(rows: u64) -> &'static str {
    match rows {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        1_000_000..10_000_000 => "1M<n<10M",
        10_000_000..100_000_000 => "10M<n<100M",
        100_000_000..1_000_000_000 => "100M<n<1B",
        _ => "n>1B",
    }
}
