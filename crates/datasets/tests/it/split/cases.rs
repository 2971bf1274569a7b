//! Rows and specs in few words.

use contract::EventId;
use datasets::{
    FoldRole, FoldsSpec, Instant, Int, Purge, Reason, Role, Split, SplitKey, SplitSpec,
    SplitStrategy, folds, split,
};

/// An id that starts with the row's number.
pub(crate) fn id(row: usize) -> EventId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(row as u64).to_be_bytes());
    EventId::from_bytes(bytes)
}

/// A value of a group.
pub(crate) const fn value(group: u8) -> [u8; 16] {
    [group; 16]
}

/// Rows from cut-off and label end, known at their end, in no group.
pub(crate) fn rows(lives: &[(i64, i64)]) -> Vec<SplitKey> {
    let key = |(row, &(cutoff, end)): (usize, &(i64, i64))| SplitKey {
        row_id: id(row),
        ts_cutoff: cutoff,
        seq: row as u64,
        label_end: end,
        label_first_avail: end,
        groups: vec![],
    };
    lives.iter().enumerate().map(key).collect()
}

/// Rows with a group each.
pub(crate) fn grouped_rows(lives: &[(i64, i64, Option<u8>)]) -> Vec<SplitKey> {
    let plain: Vec<_> = lives.iter().map(|&(cutoff, end, _)| (cutoff, end)).collect();
    let mut keys = rows(&plain);
    for (key, (_, _, group)) in keys.iter_mut().zip(lives) {
        key.groups = vec![group.map(value)];
    }
    keys
}

/// Cut at two instants, everything purged, no embargo, no groups.
pub(crate) fn at(validation: i64, test: i64) -> SplitSpec {
    SplitSpec {
        strategy: SplitStrategy::Boundaries([Instant(validation), Instant(test)]),
        embargo_ns: Int(0),
        purge: Purge::LabelsFeatures,
        group_by: vec![],
        reach_max_ns: None,
    }
}

/// Roles as letters: split, or `g` shared group, `p` purged, `e` embargoed.
pub(crate) fn letters(roles: &[Role]) -> String {
    let letter = |role: &Role| match role {
        Role::In(Split::Train) => 'T',
        Role::In(Split::Validation) => 'V',
        Role::In(Split::Test) => 'X',
        Role::Dropped(Reason::GroupStraddle) => 'g',
        Role::Dropped(Reason::Purged) => 'p',
        Role::Dropped(Reason::Embargoed) => 'e',
        Role::Dropped(_) => '?',
    };
    roles.iter().map(letter).collect()
}

/// Roles in a fold as letters: fit, held, purged, embargoed, outside.
pub(crate) fn fold_letters(roles: &[FoldRole]) -> String {
    let letter = |role: &FoldRole| match role {
        FoldRole::Fit => 'F',
        FoldRole::Held => 'H',
        FoldRole::Purged => 'P',
        FoldRole::Embargoed => 'E',
        FoldRole::Outside => '-',
    };
    roles.iter().map(letter).collect()
}

#[track_caller]
pub(crate) fn check(keys: &[SplitKey], reach_ns: i64, spec: &SplitSpec, expected: &str) {
    let found = split(keys, reach_ns, spec).map(|found| letters(&found.roles));
    assert_eq!(found.as_deref(), Ok(expected), "reach {reach_ns} over {keys:?}");
}

/// Roles of every row, one text a fold.
#[track_caller]
pub(crate) fn check_folds(
    keys: &[SplitKey],
    reach_ns: i64,
    split: &SplitSpec,
    spec: &FoldsSpec,
    expected: &[&str],
) {
    let found = folds(keys, reach_ns, split, spec).unwrap();
    let members: Vec<_> =
        (0..found.len()).map(|fold| fold_letters(&found.members(fold).unwrap())).collect();
    assert_eq!(members, expected, "{spec:?}");
}

/// Draws from a seed (splitmix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From 0 to `end`, exclusive.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn nanos(&mut self, end: i64) -> i64 {
        i64::try_from(self.below(end.unsigned_abs())).unwrap()
    }

    pub(crate) fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }
}
