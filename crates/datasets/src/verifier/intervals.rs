//! `intervals`: no learner's outcome or features overlap what is protected.

use super::Subject;
use super::folds::TrainGroups;
use super::reach::Reach;
use super::rows::DataRow;
use super::sweep::{Distances, Gaps, Life, Lives, Part};
use super::tally::{Tally, clamp, size, some};
use crate::certificate::{CheckResult, Outcome};
use crate::role::Split;
use crate::spec::{Purge, SplitStrategy};
use crate::splits::FoldsDocument;

/// The pairs of splits: learners, and whom they must keep away from.
pub(super) const PAIRS: [(Split, Split); 3] = [
    (Split::Train, Split::Validation),
    (Split::Train, Split::Test),
    (Split::Validation, Split::Test),
];

const RULES: [&str; 3] = [
    "outcome meets a protected outcome or its embargo",
    "outcome meets a protected row's features",
    "features meet a protected outcome or its embargo",
];

pub(super) fn check(subject: &Subject<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "intervals",
        "no learner's outcome, up to its latest possible end, overlaps the outcome, the embargo or the features of a \
         protected row, nor do its features overlap a protected outcome, in every pair of splits and in every fold",
    );
    let rows = &subject.rows;
    let split = &subject.spec.split;
    let reach = Reach::of(&subject.schema, split.reach_max_ns.map(|cap| cap.0));
    let distances = Distances {
        embargo_ns: split.embargo_ns.0,
        reach_ns: reach.ns,
        features: split.purge == Purge::LabelsFeatures,
    };
    for reason in ["purged", "embargoed"] {
        let n = rows.dropped.iter().filter(|row| row.reason == reason).count();
        tally.count(reason, size(n));
    }
    ends(subject, &mut tally);
    boundaries(subject, &mut tally);
    if split.purge != Purge::None {
        let life = |at: &usize| Life { t: rows.data[*at].ts, e: rows.data[*at].end };
        let lives = Lives::new(rows.by_time.iter().map(life).collect());
        let row_at = |place: usize| &rows.data[rows.by_time[place]];
        for (learns, held) in PAIRS {
            let part = |at: &usize| match rows.data[*at].split {
                split if split == learns => Part::Learner,
                split if split == held => Part::Protected,
                _ => Part::Neither,
            };
            let parts: Vec<Part> = rows.by_time.iter().map(part).collect();
            let gaps = lives.gaps(&parts, distances);
            let place = format!("{learns} against {held}");
            judge(&mut tally, &place, &parts, &gaps, row_at);
        }
    }
    document(subject, &reach, distances, &mut tally);
    folds(subject, distances, &mut tally);
    let waived = match split.purge {
        Purge::None | Purge::Labels => Some(format!("split.purge: \"{}\"", split.purge.word())),
        Purge::LabelsFeatures if !reach.cut.is_empty() => {
            let names = some(reach.cut.iter().map(String::as_str));
            Some(format!("split.reach_max: {} ns for {names}", reach.ns))
        }
        Purge::LabelsFeatures => None,
    };
    tally.count("features_capped", size(reach.cut.len()));
    tally.finish(waived.map_or(Outcome::Pass, Outcome::Waived))
}

/// Books the learners that are too near, and the smallest distance of the others.
fn judge<'a>(
    tally: &mut Tally,
    place: &str,
    parts: &[Part],
    gaps: &[Gaps],
    row_at: impl Fn(usize) -> &'a DataRow,
) {
    let number = |part| size(parts.iter().filter(|p| **p == part).count());
    let (learners, protected) = (number(Part::Learner), number(Part::Protected));
    tally.count("pairs", learners.saturating_mul(protected));
    tally.count("learners", learners);
    tally.count("protected", protected);
    for (at, gaps) in gaps.iter().enumerate() {
        for gap in gaps.iter().flatten() {
            tally.margin(clamp(*gap), &row_at(at).id);
        }
        let broken = gaps.iter().zip(RULES).find(|(gap, _)| gap.is_some_and(|ns| ns < 1));
        if let Some((_, rule)) = broken {
            tally.row(&format!("{place}: {rule}"), &row_at(at).id);
        }
    }
}

/// Labels end at or after their cut-off, and no earlier than the lineage says that they could.
fn ends(subject: &Subject<'_>, tally: &mut Tally) {
    let rows = &subject.rows;
    for (row, of) in rows.data.iter().zip(&rows.lineage_of) {
        if row.end < row.ts {
            tally.row("label ends before its cut-off", &row.id);
        }
        if let Some(lineage) = of.and_then(|of| rows.lineage.get(of)) {
            tally.count("label_ends", 1);
            if row.end < lineage.latest_end.max(lineage.until) {
                tally.row("label__end is before the latest possible end of the label", &row.id);
            }
        }
    }
}

/// Splits in the order of time do not interleave, and stand where the spec or `splits.json` cut them.
fn boundaries(subject: &Subject<'_>, tally: &mut Tally) {
    let cuts = match &subject.spec.split.strategy {
        SplitStrategy::Grouped(_) => return,
        SplitStrategy::Boundaries(cuts) => cuts.map(|cut| Some(cut.0)),
        SplitStrategy::Fractions(_) => [Split::Validation, Split::Test]
            .map(|split| subject.splits.starts.get(split.word()).map(|start| start.0)),
    };
    let [Some(validation), Some(test)] = cuts else {
        tally.fault("splits.json names no start of validation or test", 1);
        return;
    };
    for row in &subject.rows.data {
        let is_in_place = match row.split {
            Split::Train => row.ts < validation,
            Split::Validation => row.ts >= validation && row.ts < test,
            Split::Test => row.ts >= test,
        };
        if !is_in_place {
            tally.row(&format!("{} row on the wrong side of a boundary", row.split), &row.id);
        }
    }
}

/// `splits.json` says what the spec and the files say.
fn document(subject: &Subject<'_>, reach: &Reach, distances: Distances, tally: &mut Tally) {
    let (splits, spec) = (&subject.splits, &subject.spec.split);
    let strategy = match spec.strategy {
        SplitStrategy::Grouped(_) => "grouped",
        SplitStrategy::Fractions(_) | SplitStrategy::Boundaries(_) => "chronological",
    };
    if splits.strategy != strategy {
        tally.fault("splits.json names another strategy", 1);
    }
    if splits.purge != spec.purge.word() {
        tally.fault("splits.json names another purge", 1);
    }
    if splits.embargo_ns != spec.embargo_ns {
        tally.fault("splits.json names another embargo", 1);
    }
    if spec.purge == Purge::LabelsFeatures && splits.reach_ns.0 != reach.ns {
        tally.fault("splits.json names another reach of the features", 1);
    }
    if spec.purge == Purge::None {
        return;
    }
    let embargo = i128::from(distances.embargo_ns);
    for split in [Split::Validation, Split::Test] {
        let spans = splits.protected.get(split.word()).map_or(&[][..], Vec::as_slice);
        for (_, row) in subject.rows.of(split) {
            // The last span that starts at or before the row is the only one that can hold it.
            let end = clamp(i128::from(row.end) + embargo);
            let place = spans.partition_point(|span| span[0].0 <= row.ts);
            let is_held = place.checked_sub(1).is_some_and(|at| spans[at][1].0 >= end);
            if !is_held {
                tally.row(&format!("splits.json protects not all of {split}"), &row.id);
            }
        }
    }
}

fn folds(subject: &Subject<'_>, distances: Distances, tally: &mut Tally) {
    let (Some(document), Some(train)) = (&subject.splits.folds, &subject.train) else {
        if subject.spec.folds.is_some() {
            tally.fault("splits.json has no folds although the spec asks for some", 1);
        }
        return;
    };
    let rows = &subject.rows;
    let lives = Lives::new(
        train.rows.iter().map(|at| Life { t: rows.data[*at].ts, e: rows.data[*at].end }).collect(),
    );
    if document.held.is_empty()
        || document.fit.len() != document.held.len()
        || document.counts.len() != document.held.len()
        || (!rows.fold_roles.is_empty() && rows.fold_roles.len() != document.held.len())
    {
        tally.fault("lists of folds differ in length, or are empty", 1);
    }
    let sides = Sides { subject, document, train, lives: &lives, distances };
    for k in 0..document.held.len() {
        tally.count("folds", 1);
        sides.judge_fold(k, tally);
    }
}

/// What is needed to look at one fold after another.
struct Sides<'a> {
    subject: &'a Subject<'a>,
    document: &'a FoldsDocument,
    train: &'a TrainGroups,
    lives: &'a Lives,
    distances: Distances,
}

impl Sides<'_> {
    fn row_at(&self, place: usize) -> &DataRow {
        &self.subject.rows.data[self.train.rows[place]]
    }

    fn judge_fold(&self, k: usize, tally: &mut Tally) {
        let (rows, document) = (&self.subject.rows, self.document);
        let parts = self.train.parts(rows, document, k);
        let is_purged = self.subject.spec.split.purge != Purge::None;
        let gaps = if is_purged {
            self.lives.gaps(&parts, self.distances)
        } else {
            vec![[None; 3]; parts.len()]
        };
        for at in self.train.misplaced(rows, document, k) {
            tally.row(&format!("fold {k}: role and group lists differ"), &rows.data[at].id);
        }
        let protected = parts.iter().position(|part| *part == Part::Protected);
        let Some(first_held) = protected.map(|at| self.row_at(at).ts) else {
            tally.fault(&format!("fold {k} holds out nothing"), 1);
            return;
        };
        let is_late = |at: usize| document.deployable && self.row_at(at).ts >= first_held;
        let is_learner = |at: &usize| parts[*at] == Part::Learner;
        let learners = if rows.fold_roles.get(k).is_some() {
            judge(tally, &format!("fold {k}"), &parts, &gaps, |at| self.row_at(at));
            for at in (0..parts.len()).filter(is_learner).filter(|at| is_late(*at)) {
                let fault = format!("fold {k}: learner after the first held-out row");
                tally.row(&fault, &self.row_at(at).id);
            }
            parts.iter().filter(|part| **part == Part::Learner).count()
        } else {
            // No roles are written: the lawful learners follow from the rules, and their number is compared.
            tally.count("folds_derived", 1);
            let straddles = self.subject.groups.straddlers(&parts, &self.train.rows);
            let is_known = |at: usize| {
                let of = rows.lineage_of[self.train.rows[at]].and_then(|of| rows.lineage.get(of));
                !(document.deployable && is_purged)
                    || of.is_none_or(|lineage| lineage.first_avail <= first_held)
            };
            let is_far = |at: usize| gaps[at].iter().flatten().all(|ns| *ns >= 1);
            (0..parts.len())
                .filter(is_learner)
                .filter(|at| is_far(*at) && !is_late(*at) && is_known(*at) && !straddles[*at])
                .count()
        };
        let held = parts.iter().filter(|part| **part == Part::Protected).count();
        let counts = document.counts.get(k).copied().unwrap_or_default();
        for (what, found, said) in
            [("fit", size(learners), counts[0]), ("held", size(held), counts[1])]
        {
            if found != said {
                tally.fault(
                    &format!("fold {k}: {found} rows are {what}, splits.json counts {said}"),
                    1,
                );
            }
        }
    }
}
