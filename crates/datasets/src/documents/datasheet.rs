//! `datasheet.md`: the seven sections of Gebru et al. (2021), "Datasheets for Datasets", CACM 64(12).

use super::markdown::{Page, UNKNOWN, duration, one_line, reason, said, share};
use crate::certificate::Certificate;
use crate::manifest::Manifest;
use crate::role::{Reason, Split};
use crate::spec::Spec;
use crate::splits::SplitsDocument;

/// The datasheet of a version: the questions of Gebru et al. that a desk's data can answer.
///
/// - **Shape:** Markdown; seven sections, always in the same order: motivation, composition, collection, preprocessing,
///   uses, distribution, maintenance.
/// - **Null rule:** a question that neither the facts nor `[card]` answer is answered "unknown".
/// - **Point in time:** a function of its arguments; `manifest.documents` is not read.
/// - **Source:** Gebru et al. (2021), Datasheets for Datasets, Communications of the ACM 64(12).
#[must_use]
pub fn datasheet(
    manifest: &Manifest,
    spec: &Spec,
    splits: &SplitsDocument,
    certificate: &Certificate,
) -> String {
    let mut page = Page::starting_with(&format!("# Datasheet of {}", one_line(&manifest.name)));
    motivation(&mut page, manifest, spec);
    composition(&mut page, manifest);
    collection(&mut page, manifest, spec);
    preprocessing(&mut page, manifest, spec, splits);
    uses(&mut page, manifest, certificate);
    distribution(&mut page, manifest, spec);
    maintenance(&mut page, spec);
    page.finish()
}

fn ask(page: &mut Page, question: &str, answer: &str) {
    page.paragraph(&format!("**{question}** {answer}"));
}

fn motivation(page: &mut Page, manifest: &Manifest, spec: &Spec) {
    page.heading(2, "Motivation");
    ask(page, "For what purpose was it created?", &said(spec.card.purpose.as_ref()));
    ask(
        page,
        "For which task?",
        &format!("Training and judging models of kind `{}`.", manifest.kind),
    );
    ask(page, "Who created it?", &said(spec.card.creator.as_ref()));
    ask(page, "Who funded it?", UNKNOWN);
}

fn composition(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Composition");
    ask(page, "What does a row represent?", row_meaning(manifest));
    let rows: Vec<String> = Split::ALL
        .into_iter()
        .filter_map(|split| {
            let facts = manifest.splits.get(split.word())?;
            let [first, last] = facts.ts_cutoff;
            Some(format!("{split}: {} rows, cut off from {first} to {last}", facts.rows))
        })
        .collect();
    ask(page, "How many rows are there?", "By split:");
    page.list(&rows);
    let dropped: u64 = manifest.dropped.values().sum();
    ask(
        page,
        "Is it a sample of a larger set?",
        &format!(
            "{} decisions were selected; {dropped} ({}) are in no split, each with one reason in \
             `_lineage/dropped.parquet`.",
            manifest.selected,
            share(dropped, manifest.selected)
        ),
    );
    ask(
        page,
        "What does a row hold?",
        &format!(
            "Keys, {} features, labels, weights and meta columns; `schema.json` lists them with types, roles and units.",
            manifest.features.len()
        ),
    );
    let targets: Vec<String> = manifest
        .targets
        .iter()
        .map(|target| {
            let unit = target.unit.as_deref().unwrap_or("none");
            format!(
                "`label__{}`: {} of the label as a {} target, unit {unit}",
                target.name, target.from, target.task
            )
        })
        .collect();
    ask(page, "Is there a label?", "Yes:");
    page.list(&targets);
    let nulls: u64 = manifest.features.iter().flat_map(|feature| feature.nulls.values()).sum();
    let rows: u64 = manifest.splits.values().map(|split| split.rows).sum();
    let cells = rows.saturating_mul(u64::try_from(manifest.features.len()).unwrap_or(u64::MAX));
    ask(
        page,
        "Is anything missing from rows?",
        &format!(
            "{nulls} of {cells} feature cells ({}) are null; `meta__null_reasons` says why, one byte a feature.",
            share(nulls, cells)
        ),
    );
    ask(
        page,
        "Are there relations between rows?",
        "Yes: labels overlap in time, so rows share outcomes. The splits are purged and the weights allow for it.",
    );
    ask(page, "Are there recommended splits?", "Yes, the folders of `data/`. Do not cut others.");
    let quality = manifest.quality.as_ref().map_or_else(
        || UNKNOWN.to_owned(),
        |q| format!("The inputs scored {} of 100, at least {}.", q.score, q.score_low),
    );
    ask(page, "Are there errors or noise?", &quality);
    ask(
        page,
        "Is it self-contained?",
        "Yes: no file refers to anything outside the directory, but ids of instruments and strategies name rows of \
         reference tables.",
    );
    let tags = if manifest.tags.is_empty() { "none".to_owned() } else { manifest.tags.join(", ") };
    ask(
        page,
        "Is it confidential, and does it concern persons?",
        &format!(
            "Access tags of its columns: {tags}. Columns tagged personal or free text are refused by the build. {} \
             rows of persons were erased later.",
            manifest.erased
        ),
    );
}

fn row_meaning(manifest: &Manifest) -> &'static str {
    use crate::kind::ModelKind;
    match manifest.kind {
        ModelKind::Signal => "A decision of a strategy, holding and skipping included.",
        ModelKind::Risk | ModelKind::Sizing => "A decision of a strategy.",
        ModelKind::Execution => "A decision that was sent to a venue.",
        ModelKind::Meta => "A decision with a side.",
        ModelKind::Regime => "A decision, or a point of a grid of times.",
    }
}

fn collection(page: &mut Page, manifest: &Manifest, spec: &Spec) {
    page.heading(2, "Collection process");
    ask(
        page,
        "How was the data acquired?",
        "Recorded by a capture log while the desk traded; each row carries the time at which it was available.",
    );
    let inputs: Vec<Vec<String>> = manifest
        .inputs
        .iter()
        .map(|input| {
            let seq = |seq: Option<crate::canonical::Int>| {
                seq.map_or_else(|| UNKNOWN.to_owned(), |seq| seq.0.to_string())
            };
            vec![
                format!("`{}`", input.table),
                input.log_id.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
                input.rows.to_string(),
                seq(input.seq_min),
                seq(input.seq_max),
                format!("`{}`", input.logical_hash),
            ]
        })
        .collect();
    page.table(&["table", "log", "rows", "first seq", "last seq", "digest of the rows"], &inputs);
    let bound = |instant: Option<crate::canonical::Instant>, open: &str| {
        instant.map_or_else(|| open.to_owned(), |instant| instant.to_string())
    };
    ask(
        page,
        "Over what time was it collected?",
        &format!(
            "Decisions from {} to {}, read up to `seq` {} of the log ({}).",
            bound(spec.rows.from, "the first"),
            bound(spec.rows.to, "the last"),
            manifest.as_of.seq.0,
            manifest.as_of.ts
        ),
    );
    let complete = manifest.completeness.as_deref().map_or_else(|| UNKNOWN.to_owned(), one_line);
    ask(page, "Is the capture complete?", &complete);
    ask(page, "Who was involved, and how were they paid?", UNKNOWN);
    ask(page, "Was there an ethical review, and consent?", UNKNOWN);
}

fn preprocessing(page: &mut Page, manifest: &Manifest, spec: &Spec, splits: &SplitsDocument) {
    page.heading(2, "Preprocessing, cleaning, labelling");
    ask(
        page,
        "What was done?",
        &format!(
            "Features were computed from rows available before the decision; labels by rules, with hindsight. Rows were \
             split by strategy `{}`, purged (`{}`) and kept apart by an embargo ({}).",
            splits.strategy,
            splits.purge,
            duration(splits.embargo_ns)
        ),
    );
    let reasons: Vec<String> = manifest
        .dropped
        .iter()
        .map(|(word, count)| {
            format!("{count} decisions: {}", Reason::parse(word).map_or(UNKNOWN, reason))
        })
        .collect();
    ask(page, "What was removed?", "By the first reason that applies:");
    page.list(&reasons);
    let factors: Vec<&str> = spec.weights.factors.iter().map(|factor| factor.word()).collect();
    let weights = if factors.is_empty() {
        "None; every row weighs 1.".to_owned()
    } else {
        factors.join(" x ")
    };
    ask(page, "How are rows weighted?", &weights);
    ask(
        page,
        "Were values imputed or scaled?",
        &format!(
            "Not in the files, which hold raw values. {} fitted transforms, from train rows alone, are in \
             `manifest.json` for exports.",
            manifest.transforms.len()
        ),
    );
    ask(
        page,
        "Is the raw data kept?",
        "Yes, in the capture log; `_lineage/rows.parquet` leads from each row to it.",
    );
    ask(
        page,
        "Is the software available?",
        &format!("Written by {} with {}.", manifest.code.datasets, manifest.code.parquet),
    );
}

fn uses(page: &mut Page, manifest: &Manifest, certificate: &Certificate) {
    page.heading(2, "Uses");
    ask(page, "Has it been used already?", UNKNOWN);
    ask(
        page,
        "What could it be used for?",
        &format!("Models of kind `{}`, judged by {}.", manifest.kind, manifest.kind.metrics()),
    );
    ask(
        page,
        "What should it not be used for?",
        "Choosing anything by its test split; training on label, weight or meta columns; markets, venues or times that \
         it does not cover.",
    );
    ask(
        page,
        "What may limit it?",
        if manifest.deployable {
            "It shows one stretch of time; what held there may not hold later."
        } else {
            "Its splits overlap in time: scores are diagnostic, not forecasts."
        },
    );
    let checks: Vec<String> = certificate
        .checks
        .iter()
        .map(|check| match check.outcome.detail() {
            "" => format!("`{}`: {}", check.check, check.outcome.word()),
            detail => format!("`{}`: {}, {}", check.check, check.outcome.word(), one_line(detail)),
        })
        .collect();
    ask(page, "Was it checked for leaks?", "By a verifier on the finished files:");
    page.list(&checks);
}

fn distribution(page: &mut Page, manifest: &Manifest, spec: &Spec) {
    page.heading(2, "Distribution");
    ask(page, "To whom is it given?", &said(spec.card.access.as_ref()));
    ask(page, "Does this copy show all of it?", &format!("`{}`.", manifest.access));
    ask(
        page,
        "How?",
        "As a directory of Parquet files and documents, named by the hash of its manifest.",
    );
    ask(page, "Under which licence?", &said(spec.card.licence.as_ref()));
    ask(page, "Do third parties or regulators restrict it?", UNKNOWN);
}

fn maintenance(page: &mut Page, spec: &Spec) {
    page.heading(2, "Maintenance");
    ask(page, "Who maintains it, and how are they reached?", &said(spec.card.contact.as_ref()));
    ask(
        page,
        "Will it be updated?",
        "A version never changes. Later data and corrections make a new version.",
    );
    ask(
        page,
        "Is there an erratum?",
        "A version with bad data is withdrawn by a record in the store's log.",
    );
    ask(page, "How long is it kept?", &said(spec.card.retention.as_ref()));
    ask(
        page,
        "Can others extend it?",
        "By a spec and the same log; the spec of this version is `spec.json`.",
    );
}
