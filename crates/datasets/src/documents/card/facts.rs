//! What a version holds, how it was cut, what was left out and what was checked, in words.

use crate::certificate::Certificate;
use crate::documents::markdown::{Page, UNKNOWN, duration, one_line, reason, share};
use crate::manifest::{Manifest, SplitFacts};
use crate::role::{Reason, Split};
use crate::spec::{Spec, SplitStrategy};
use crate::splits::SplitsDocument;
use contract::Vocabulary as _;
use std::collections::{BTreeMap, BTreeSet};

/// Splits that the version has, in the order of their protection.
pub(super) fn present(manifest: &Manifest) -> Vec<(&'static str, &SplitFacts)> {
    let find = |split: Split| manifest.splits.get(split.word()).map(|facts| (split.word(), facts));
    Split::ALL.into_iter().filter_map(find).collect()
}

pub(super) fn counts(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Splits");
    let rows: Vec<Vec<String>> = present(manifest)
        .into_iter()
        .map(|(split, facts)| {
            let files: Vec<_> = manifest.files.iter().filter(|file| file.split == split).collect();
            vec![
                split.to_owned(),
                files.len().to_string(),
                facts.rows.to_string(),
                facts.ts_cutoff[0].to_string(),
                facts.ts_cutoff[1].to_string(),
                facts.label_end.to_string(),
                facts.n_eff.map_or_else(|| UNKNOWN.to_owned(), |n| n.to_string()),
            ]
        })
        .collect();
    let header =
        ["split", "files", "rows", "first cut-off", "last cut-off", "last label end", "N_eff"];
    page.table(&header, &rows);
    page.paragraph(
        "N_eff is the sum of the uniqueness: how many rows count, were they independent. Labels that live at the same \
         time share their outcome, so a score on 1,000 rows with an N_eff of 100 is as uncertain as one on 100 rows.",
    );
    let sums: Vec<String> = present(manifest)
        .into_iter()
        .flat_map(|(split, facts)| {
            let line =
                move |(name, sum): (&String, _)| format!("{split}: sum of `weight__{name}` {sum}");
            facts.weight_sums.iter().map(line)
        })
        .collect();
    if !sums.is_empty() {
        page.list(&sums);
    }
}

pub(super) fn balance(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Class balance");
    let mut has_some = false;
    for target in manifest.targets.iter().filter(|target| !target.classes.is_empty()) {
        has_some = true;
        page.heading(3, &format!("`label__{}`", target.name));
        let classes: BTreeSet<&String> = target.classes.values().flat_map(BTreeMap::keys).collect();
        let splits = present(manifest);
        let mut header = vec!["class"];
        header.extend(splits.iter().map(|(split, _)| *split));
        header.push("factor");
        let rows: Vec<Vec<String>> = classes
            .into_iter()
            .map(|class| {
                let mut row = vec![class.clone()];
                for (split, facts) in &splits {
                    let counts = target.classes.get(*split);
                    let count = counts.and_then(|counts| counts.get(class)).copied().unwrap_or(0);
                    row.push(format!("{count} ({})", share(count, facts.rows)));
                }
                let factor = target.class_factors.get(class);
                row.push(factor.map_or_else(|| UNKNOWN.to_owned(), ToString::to_string));
                row
            })
            .collect();
        page.table(&header, &rows);
    }
    page.paragraph(if has_some {
        "The factor is n / (k n_c) over the train rows: what a learner may multiply the weights of a class by. It is \
         in no row, so that a day more leaves old files as they are."
    } else {
        "No target has classes."
    });
}

pub(super) fn boundaries(page: &mut Page, spec: &Spec, splits: &SplitsDocument) {
    page.heading(2, "Boundaries, purge and embargo");
    let how = match &spec.split.strategy {
        SplitStrategy::Fractions(parts) => format!(
            "cut in order of time into shares {}, {} and {}; a boundary moves to the next distinct cut-off, so that \
             equal times never straddle it",
            parts[0], parts[1], parts[2]
        ),
        SplitStrategy::Boundaries([validation, test]) => {
            format!("cut in order of time at {validation} and {test}")
        }
        SplitStrategy::Grouped(parts) => format!(
            "cut by whole groups into shares {}, {} and {}; the parts overlap in time",
            parts[0], parts[1], parts[2]
        ),
    };
    let starts = splits.starts.iter().map(|(split, start)| format!("{split} starts at {start}"));
    let mut facts = vec![format!("Strategy `{}`: {how}.", splits.strategy)];
    facts.extend(starts);
    facts.push(purge(splits));
    facts.push(format!(
        "Embargo: {}. It runs from the latest end of a protected label, not from the last protected row.",
        duration(splits.embargo_ns)
    ));
    facts.push(format!("Reach of the features into the past: {}.", duration(splits.reach_ns)));
    for (feature, lookback) in &splits.reach_cut {
        facts.push(format!(
            "`{feature}` reads {} into the past, further than the cap on the reach: its windows are purged only up to \
             the cap.",
            duration(*lookback)
        ));
    }
    let groups: Vec<String> =
        spec.split.group_by.iter().map(|column| format!("`{}`", column.word())).collect();
    facts.push(if groups.is_empty() {
        "Rows are kept together by no group.".to_owned()
    } else {
        format!("No value of {} stands on both sides of a boundary.", groups.join(", "))
    });
    page.list(&facts);
}

fn purge(splits: &SplitsDocument) -> String {
    let rule = match splits.purge.as_str() {
        "labels_features" => {
            "a row learns only if its outcome overlaps no protected outcome, if no feature of a protected row looks at \
             its outcome, and if none of its features looks at a protected outcome"
        }
        "labels" => {
            "a row learns only if its outcome overlaps no protected outcome. Overlaps of outcomes with features were \
             not purged: the spec gave them up by `split.purge`"
        }
        _ => "nothing was purged in time: the spec gave it up by `split.purge`",
    };
    format!(
        "Purge `{}`: {rule}. Test rows are protected from validation and train, validation rows from train.",
        splits.purge
    )
}

pub(super) fn dropped(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "What was dropped, and why");
    let rows: Vec<Vec<String>> = manifest
        .dropped
        .iter()
        .map(|(word, count)| {
            let why = Reason::parse(word).map_or(UNKNOWN, reason);
            vec![word.clone(), count.to_string(), share(*count, manifest.selected), why.to_owned()]
        })
        .collect();
    page.table(&["reason", "decisions", "of selected", "in words"], &rows);
    let kept: u64 = manifest.splits.values().map(|split| split.rows).sum();
    let lost: u64 = manifest.dropped.values().sum();
    page.paragraph(&format!(
        "{} decisions were selected: {kept} are in a split, {lost} are not. `_lineage/dropped.parquet` names each of \
         them. {} rows of persons were erased later.",
        manifest.selected, manifest.erased
    ));
}

pub(super) fn certificate(page: &mut Page, certificate: &Certificate) {
    page.heading(2, "Leak certificate");
    page.paragraph(&format!(
        "Verdict: **{}**. The checks were made on the finished files by a verifier that shares no code with the \
         splitter. \"Waived\" means that the spec gave a check up, and by which key; \"not evaluated\" that it could \
         not be made.",
        certificate.verdict().word()
    ));
    let rows: Vec<Vec<String>> = certificate
        .checks
        .iter()
        .map(|check| {
            let compared: Vec<String> =
                check.compared.iter().map(|(what, count)| format!("{} {what}", count.0)).collect();
            let outcome = match check.outcome.detail() {
                "" => check.outcome.word().to_owned(),
                detail => format!("{}: {detail}", check.outcome.word()),
            };
            vec![
                format!("`{}`", check.check),
                outcome,
                check.statement.clone(),
                compared.join(", "),
                check.violations.to_string(),
                check.margin_ns.map_or_else(|| "-".to_owned(), |ns| format!("{ns} ns")),
            ]
        })
        .collect();
    let header = ["check", "outcome", "statement", "looked at", "violations", "smallest margin"];
    page.table(&header, &rows);
}

pub(super) fn deployable(page: &mut Page, manifest: &Manifest, splits: &SplitsDocument) {
    page.heading(2, "Deployable or diagnostic");
    page.paragraph(if manifest.deployable {
        "Deployable: the splits follow each other in time, so a score on validation or test is what a model trained \
         then could have shown."
    } else {
        "Diagnostic: the splits overlap in time, so a score is no forecast of what a model would show live."
    });
    if let Some(folds) = &splits.folds {
        page.paragraph(&format!(
            "Inside train there are {} folds of strategy `{}` over {} groups: {}. Test is outside all of them.",
            folds.held.len(),
            folds.strategy,
            folds.groups,
            if folds.deployable {
                "each learns from its past only"
            } else {
                "diagnostic, learners stand on both sides of what is held out"
            }
        ));
    }
}

pub(super) fn quality(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Quality of the inputs");
    let mut facts = match &manifest.quality {
        Some(quality) => vec![
            format!("Score, 0 to 100, the lowest among the tables: {}", quality.score),
            format!("Its lower bound: {}", quality.score_low),
            format!("Share of the checks that could be evaluated: {}", quality.coverage),
        ],
        None => vec![format!("Score: {UNKNOWN}")],
    };
    let complete = manifest.completeness.as_deref().map_or_else(|| UNKNOWN.to_owned(), one_line);
    facts.push(format!("Completeness of the capture over the range: {complete}"));
    page.list(&facts);
}

/// Rows by day, strategy and instrument.
pub(super) fn rows_by(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Rows by day, strategy and instrument");
    let splits = present(manifest);
    let mut header = vec!["period"];
    header.extend(splits.iter().map(|(split, _)| *split));
    let mut periods: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for file in &manifest.files {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let period = name.rsplit_once('-').map_or(name, |(period, _)| period);
        let counts = periods.entry(period).or_default();
        *counts.entry(file.split.as_str()).or_default() += file.rows;
    }
    let rows: Vec<Vec<String>> = periods
        .into_iter()
        .map(|(period, counts)| {
            let cells = splits.iter().map(|(split, _)| counts.get(split).copied().unwrap_or(0));
            std::iter::once(period.to_owned()).chain(cells.map(|n| n.to_string())).collect()
        })
        .collect();
    page.table(&header, &rows);
    by(page, "strategy", &splits, |facts| &facts.strategies);
    by(page, "instrument", &splits, |facts| &facts.instruments);
}

fn by(
    page: &mut Page,
    what: &'static str,
    splits: &[(&'static str, &SplitFacts)],
    counts: impl Fn(&SplitFacts) -> &BTreeMap<String, u64>,
) {
    let mut header = vec![what];
    header.extend(splits.iter().map(|(split, _)| *split));
    let keys: BTreeSet<&String> =
        splits.iter().flat_map(|(_, facts)| counts(facts).keys()).collect();
    let rows: Vec<Vec<String>> = keys
        .into_iter()
        .map(|key| {
            let cells = splits.iter().map(|(_, facts)| {
                let count = counts(facts).get(key).copied().unwrap_or(0);
                format!("{count} ({})", share(count, facts.rows))
            });
            std::iter::once(key.clone()).chain(cells).collect()
        })
        .collect();
    page.table(&header, &rows);
}
