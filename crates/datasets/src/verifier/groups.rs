//! `groups`: no group stands on both sides.

use super::Subject;
use super::intervals::PAIRS;
use super::rows::{Id, Rows};
use super::sweep::Part;
use super::tally::{Tally, size};
use crate::certificate::{CheckResult, Outcome};
use crate::layout::lineage;
use crate::spec::{FoldsSpec, GroupColumn, Spec};

/// Groups of the rows by each column, as numbers.
#[derive(Debug, Default)]
pub(super) struct RowGroups {
    columns: Vec<(String, Vec<Option<u32>>)>,
    missing: Vec<String>,
}

impl RowGroups {
    /// Numbers the values of the columns that the spec groups by. A decision without a parent is the parent of its own
    /// group, whether or not the lineage says so; any other null shares with nobody.
    pub(super) fn new(rows: &Rows, spec: &Spec) -> Self {
        let mut all = Self::default();
        for by in &spec.split.group_by {
            let name = format!("{}{}", lineage::GROUP, by.word());
            match rows.groups.get(&name) {
                Some(values) => all.columns.push((name, numbered(rows, values, *by))),
                None => all.missing.push(name),
            }
        }
        if let Some(FoldsSpec::Grouped { by }) = &spec.folds
            && !spec.split.group_by.contains(by)
        {
            let name = format!("{}{}", lineage::GROUP, by.word());
            if let Some(values) = rows.groups.get(&name) {
                // It separates folds only; splits may share it.
                all.columns.push((format!("fold {name}"), numbered(rows, values, *by)));
            }
        }
        all
    }

    /// Whether the row at each place is a learner that shares a group of any column with a protected row.
    pub(super) fn straddlers(&self, parts: &[Part], places: &[usize]) -> Vec<bool> {
        let mut all = vec![false; places.len()];
        for (_, groups) in &self.columns {
            for (flag, is_shared) in all.iter_mut().zip(straddlers(groups, parts, places)) {
                *flag |= is_shared;
            }
        }
        all
    }
}

fn straddlers(groups: &[Option<u32>], parts: &[Part], places: &[usize]) -> Vec<bool> {
    let group = |at: &usize| groups[*at].and_then(|group| usize::try_from(group).ok());
    let mut is_protected = Vec::new();
    for (at, _) in places.iter().zip(parts).filter(|(_, part)| **part == Part::Protected) {
        if let Some(group) = group(at) {
            if is_protected.len() <= group {
                is_protected.resize(group + 1, false);
            }
            is_protected[group] = true;
        }
    }
    let shares = |(at, part): (&usize, &Part)| {
        *part == Part::Learner
            && group(at).is_some_and(|group| is_protected.get(group).copied().unwrap_or(false))
    };
    places.iter().zip(parts).map(shares).collect()
}

fn numbered(rows: &Rows, values: &[Option<Id>], by: GroupColumn) -> Vec<Option<u32>> {
    let value = |of: Option<usize>, id: Id| {
        let value = of.and_then(|of| values.get(of).copied().flatten());
        value.or((by == GroupColumn::ParentDecisionId).then_some(id))
    };
    let of_rows: Vec<Option<Id>> =
        rows.data.iter().zip(&rows.lineage_of).map(|(row, of)| value(*of, row.id)).collect();
    let mut known: Vec<Id> = of_rows.iter().flatten().copied().collect();
    known.sort_unstable();
    known.dedup();
    let number = |id: &Id| known.binary_search(id).ok().and_then(|at| u32::try_from(at).ok());
    of_rows.iter().map(|value| value.as_ref().and_then(number)).collect()
}

pub(super) fn check(subject: &Subject<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "groups",
        "no learner shares a value of a grouping column with a protected row, in every pair of splits and in every fold",
    );
    let rows = &subject.rows;
    for name in &subject.groups.missing {
        tally.fault(&format!("the lineage has no column `{name}`"), 1);
    }
    let dropped = rows.dropped.iter().filter(|row| row.reason == "group_straddle").count();
    tally.count("group_straddle", size(dropped));
    let all: Vec<usize> = (0..rows.data.len()).collect();
    for (name, groups) in &subject.groups.columns {
        tally.count("columns", 1);
        tally.count("rows_grouped", size(groups.iter().flatten().count()));
        if !name.starts_with("fold ") {
            for (learns, held) in PAIRS {
                let part = |at: &usize| match rows.data[*at].split {
                    split if split == learns => Part::Learner,
                    split if split == held => Part::Protected,
                    _ => Part::Neither,
                };
                let parts: Vec<Part> = all.iter().map(part).collect();
                let place = format!("{learns} against {held}, {name}");
                judge(&mut tally, &place, rows, groups, &all, &parts);
            }
        }
        if let (Some(document), Some(train)) = (&subject.splits.folds, &subject.train) {
            // Where no roles are written, learners are those that share nothing: their number is held against the
            // document by `intervals`.
            for k in 0..document.held.len().min(rows.fold_roles.len()) {
                let parts = train.parts(rows, document, k);
                let place = format!("fold {k}, {}", name.trim_start_matches("fold "));
                judge(&mut tally, &place, rows, groups, &train.rows, &parts);
            }
        }
    }
    tally.finish(Outcome::Pass)
}

fn judge(
    tally: &mut Tally,
    place: &str,
    rows: &Rows,
    groups: &[Option<u32>],
    places: &[usize],
    parts: &[Part],
) {
    tally.count("learners", size(parts.iter().filter(|part| **part == Part::Learner).count()));
    for (at, is_shared) in places.iter().zip(straddlers(groups, parts, places)) {
        if is_shared {
            tally.row(&format!("{place}: group on both sides"), &rows.data[*at].id);
        }
    }
}
