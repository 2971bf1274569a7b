//! Who learns and who is held out in each fold, from the groups and roles that the files hold.

use super::rows::Rows;
use super::sweep::Part;
use crate::role::Split;
use crate::splits::FoldsDocument;

/// The train rows in the order of time and their groups.
#[derive(Debug)]
pub(super) struct TrainGroups {
    /// Places in [`Rows::data`].
    pub(super) rows: Vec<usize>,
    /// Group of each; None: it is in no list.
    pub(super) groups: Vec<Option<u16>>,
}

impl TrainGroups {
    /// Looks up the group of every train row.
    pub(super) fn new(rows: &Rows) -> Self {
        let is_train = |at: &&usize| rows.data[**at].split == Split::Train;
        let train: Vec<usize> = rows.by_time.iter().filter(is_train).copied().collect();
        let listed = rows.fold_groups.as_deref().unwrap_or_default();
        let group = |at: &usize| {
            let id = rows.data[*at].id;
            let found = listed.partition_point(|(known, _)| *known < id);
            listed.get(found).filter(|(known, _)| *known == id).and_then(|(_, group)| *group)
        };
        let groups = train.iter().map(group).collect();
        Self { rows: train, groups }
    }

    /// What each train row is in fold `k`: by the written roles where there are some, else by its group; then the
    /// learners are those that may be, before purge and embargo.
    pub(super) fn parts(&self, rows: &Rows, document: &FoldsDocument, k: usize) -> Vec<Part> {
        let held = members(document.held.get(k));
        let fit = members(document.fit.get(k));
        let is_in = |set: &[bool], group: Option<u16>| {
            group.is_some_and(|g| set.get(usize::from(g)).copied().unwrap_or(false))
        };
        let written = rows.fold_roles.get(k);
        let part = |(at, group): (&usize, &Option<u16>)| {
            if is_in(&held, *group) {
                return Part::Protected;
            }
            let learns = match written {
                Some(roles) => roles[*at] == 0,
                None => is_in(&fit, *group),
            };
            if learns { Part::Learner } else { Part::Neither }
        };
        self.rows.iter().zip(&self.groups).map(part).collect()
    }

    /// Rows whose written role in fold `k` is not what the group lists say.
    pub(super) fn misplaced(&self, rows: &Rows, document: &FoldsDocument, k: usize) -> Vec<usize> {
        let Some(roles) = rows.fold_roles.get(k) else { return Vec::new() };
        let (held, fit) = (members(document.held.get(k)), members(document.fit.get(k)));
        let has = |set: &[bool], g: Option<u16>| {
            g.is_some_and(|g| set.get(usize::from(g)).copied().unwrap_or(false))
        };
        let is_misplaced = |at: usize, group: Option<u16>| match roles[at] {
            0 => !has(&fit, group) || has(&held, group),
            1 => !has(&held, group),
            _ => has(&held, group),
        };
        let pairs = self.rows.iter().zip(&self.groups);
        pairs.filter(|(at, group)| is_misplaced(**at, **group)).map(|(at, _)| *at).collect()
    }
}

/// A flag for each group number.
fn members(groups: Option<&Vec<u64>>) -> Vec<bool> {
    let mut flags = vec![false; 65_536];
    for group in groups.into_iter().flatten() {
        if let Some(flag) = usize::try_from(*group).ok().and_then(|g| flags.get_mut(g)) {
            *flag = true;
        }
    }
    flags
}
