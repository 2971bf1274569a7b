//! `maturity`: labels were known at the as-of point, and those of learners at the first held-out cut-off.

use super::Subject;
use super::sweep::Part;
use super::tally::{Tally, clamp, size};
use crate::certificate::{CheckResult, Outcome};
use crate::role::Split;
use crate::spec::{Purge, SplitStrategy};

pub(super) fn check(subject: &Subject<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "maturity",
        "every label could end, and was known, by the as-of point; where splits follow time, the first final revision \
         of every learner's label was known at the first protected cut-off",
    );
    let as_of = subject.manifest.as_of.ts.0;
    let rows = &subject.rows;
    tally.count("rows", size(rows.lineage.len()));
    for row in &rows.lineage {
        let latest = row.latest_end.max(row.avail);
        tally.margin(clamp(i128::from(as_of) - i128::from(latest)), &row.id);
        if row.latest_end > as_of {
            tally.row("the label may still end behind the as-of point", &row.id);
        }
        if row.avail > as_of {
            tally.row("the label was known behind the as-of point", &row.id);
        }
    }
    let spec = &subject.spec.split;
    let is_in_time = !matches!(spec.strategy, SplitStrategy::Grouped(_));
    if is_in_time && spec.purge != Purge::None {
        deployable_splits(subject, &mut tally);
    }
    if spec.purge != Purge::None {
        deployable_folds(subject, &mut tally);
    }
    tally.finish(Outcome::Pass)
}

fn deployable_splits(subject: &Subject<'_>, tally: &mut Tally) {
    let rows = &subject.rows;
    let test = rows.first(Split::Test);
    let validation = rows.first(Split::Validation);
    let held = |split| match split {
        Split::Train => [validation, test].into_iter().flatten().min(),
        Split::Validation => test,
        Split::Test => None,
    };
    let held = Split::ALL.map(|split| (split, held(split)));
    for row in &rows.lineage {
        let first = held.iter().find(|(split, _)| Some(*split) == row.split).and_then(|(_, t)| *t);
        let Some(first) = first else { continue };
        tally.count("learners", 1);
        if row.first_avail > first {
            tally.row("a learner's label was not known at the first protected cut-off", &row.id);
        } else if row.avail > first {
            tally.count("revised_later", 1);
        }
    }
}

fn deployable_folds(subject: &Subject<'_>, tally: &mut Tally) {
    let (Some(document), Some(train)) = (&subject.splits.folds, &subject.train) else { return };
    if !document.deployable {
        return;
    }
    let rows = &subject.rows;
    for k in 0..document.held.len().min(rows.fold_roles.len()) {
        let parts = train.parts(rows, document, k);
        let held = parts.iter().position(|part| *part == Part::Protected);
        let Some(first) = held.map(|at| rows.data[train.rows[at]].ts) else { continue };
        for (at, _) in train.rows.iter().zip(&parts).filter(|(_, part)| **part == Part::Learner) {
            let Some(lineage) = rows.lineage_of[*at].and_then(|of| rows.lineage.get(of)) else {
                continue;
            };
            tally.count("fold_learners", 1);
            if lineage.first_avail > first {
                let fault = format!(
                    "fold {k}: a learner's label was not known at the first held-out cut-off"
                );
                tally.row(&fault, &lineage.id);
            }
        }
    }
}
