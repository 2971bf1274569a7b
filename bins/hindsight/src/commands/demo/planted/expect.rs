//! What was planted, and which rows should be flagged because of it.

use super::Watch;
use simulator::FaultKind;
use std::collections::{BTreeMap, BTreeSet};

/// Trading pauses where the clean market has no row for so long.
const BREAK_NS: i64 = 60_000_000_000;

/// Which rows should be flagged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// The changed or late row.
    Changed,
    /// The row that came again, or that should not be there.
    Again,
    /// The row behind the hole.
    Behind,
    /// Of two swapped rows the one that came second.
    Second,
    /// The row that came late, where that is more than the lateness which its source is allowed.
    HeldUp,
}

/// A planted change.
pub(super) struct Planted {
    pub(super) fault: String,
    pub(super) id: u64,
    pub(super) clean_row: Option<u64>,
}

/// Where rows of the clean table came: by their place in it.
#[derive(Default)]
pub(super) struct Arrivals {
    first: Vec<Option<u64>>,
    again: BTreeMap<u64, Vec<u64>>,
}

impl Arrivals {
    pub(super) fn of(places: &[Option<u64>]) -> Self {
        let mut arrivals = Self::default();
        for (row, place) in (0_u64..).zip(places) {
            let Some(place) = *place else { continue };
            let at = usize::try_from(place).unwrap_or(usize::MAX);
            if at >= arrivals.first.len() {
                arrivals.first.resize(at.saturating_add(1), None);
            }
            match arrivals.first.get_mut(at) {
                Some(Some(_)) => arrivals.again.entry(place).or_default().push(row),
                Some(none) => *none = Some(row),
                None => {}
            }
        }
        arrivals
    }

    fn first(&self, place: u64) -> Option<u64> {
        usize::try_from(place).ok().and_then(|at| self.first.get(at).copied().flatten())
    }

    fn again(&self, place: u64) -> &[u64] {
        self.again.get(&place).map_or(&[], Vec::as_slice)
    }
}

impl Watch {
    /// Rows that should be flagged because of a fault, and faults that left no row.
    pub(super) fn expected(&self, fault: &str, rows: Expect) -> (BTreeSet<u64>, u64) {
        let planted = || self.planted.iter().filter(|p| p.fault == fault);
        let places = || planted().filter_map(|p| p.clean_row);
        let (mut out, mut unseen) = (BTreeSet::new(), 0);
        if places().next().is_none() {
            return (out, unseen);
        }
        let at = &self.arrivals;
        match rows {
            Expect::Changed | Expect::HeldUp => {
                for place in places() {
                    let is_expected =
                        |row: &u64| rows == Expect::Changed || self.behind_time.contains(row);
                    match at.first(place).filter(is_expected) {
                        Some(row) => _ = out.insert(row),
                        None => unseen += 1,
                    }
                }
            }
            Expect::Again => {
                for place in places() {
                    let again = at.again(place);
                    unseen += u64::from(again.is_empty());
                    out.extend(again);
                }
            }
            Expect::Second => {
                let mut pairs: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
                for p in planted() {
                    pairs.entry(p.id).or_default().extend(p.clean_row);
                }
                for pair in pairs.values() {
                    match pair.iter().filter_map(|place| at.first(*place)).max() {
                        Some(row) => _ = out.insert(row),
                        None => unseen += 1,
                    }
                }
            }
            Expect::Behind => self.behind(planted(), &mut out, &mut unseen),
        }
        (out, unseen)
    }

    /// Adds the first row behind each hole to `out`; holes behind or before which no row came are counted in `unseen`. Of a
    /// silence in which a row came all the same, because another fault had touched it, or that trading ended, nothing is
    /// expected: its parts are shorter than what a silence has to be.
    fn behind<'a>(
        &self,
        planted: impl Iterator<Item = &'a Planted>,
        out: &mut BTreeSet<u64>,
        unseen: &mut u64,
    ) {
        // The silence that a row was lost in, and the last row of each.
        let mut gone: BTreeMap<u64, u64> = BTreeMap::new();
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        let mut is_silence = false;
        for planted in planted {
            let is_gone = |place: &u64| self.arrivals.first(*place).is_none();
            let Some(place) = planted.clean_row.filter(is_gone) else { continue };
            is_silence = planted.fault == FaultKind::Stale.word();
            gone.insert(place, planted.id);
            let end = last.entry(planted.id).or_default();
            *end = place.max(*end);
        }
        if gone.is_empty() {
            return;
        }
        let moves = [FaultKind::Late.word(), FaultKind::OutOfOrder.word()];
        let moved = self.planted.iter().filter(|planted| moves.contains(&planted.fault.as_str()));
        let displaced: BTreeSet<u64> = moved.filter_map(|planted| planted.clean_row).collect();
        // By stream, the hole at hand: whose it is, its last row so far and when that was. And streams that have begun.
        let mut holes: BTreeMap<(i64, i64), (u64, u64, i64)> = BTreeMap::new();
        let mut begun: BTreeSet<(i64, i64)> = BTreeSet::new();
        let mut broken: BTreeSet<u64> = BTreeSet::new();
        for (place, (key, stamp)) in (0_u64..).zip(&self.clean) {
            if let Some(id) = gone.get(&place) {
                holes.insert(*key, (*id, place, *stamp));
                continue;
            }
            // A row that was displaced comes at another time, and closes no hole.
            let row = self.arrivals.first(place).filter(|_| !displaced.contains(&place));
            let Some(row) = row else { continue };
            let has_begun = !begun.insert(*key);
            if let Some((id, before, since)) = holes.remove(key) {
                let goes_on = last.get(&id).is_some_and(|end| *end > before);
                if is_silence && (goes_on || stamp - since > BREAK_NS) {
                    broken.insert(id);
                } else if has_begun && !broken.contains(&id) {
                    out.insert(row);
                } else {
                    *unseen += 1;
                }
            }
        }
        *unseen += holes.len() as u64;
    }

    /// Rows that any fault touched, and the row behind each in its stream: they may break any check. A hole is a hole,
    /// whoever made it, and a row that comes late leaves one until it is there.
    pub(super) fn touched(&self) -> BTreeSet<u64> {
        let faults: BTreeSet<&str> = self.planted.iter().map(|p| p.fault.as_str()).collect();
        let mut rows = BTreeSet::new();
        for fault in faults {
            for expect in [Expect::Changed, Expect::Again, Expect::Behind, Expect::Second] {
                rows.extend(self.expected(fault, expect).0);
            }
        }
        let moved: BTreeSet<u64> = self.planted.iter().filter_map(|p| p.clean_row).collect();
        let mut open: BTreeSet<(i64, i64)> = BTreeSet::new();
        let mut behind: BTreeSet<u64> = BTreeSet::new();
        for (place, (key, _)) in (0_u64..).zip(&self.clean) {
            if moved.contains(&place) {
                open.insert(*key);
            } else if open.remove(key) {
                behind.insert(place);
            }
        }
        let places = (0_u64..).zip(&self.places);
        rows.extend(
            places.filter(|(_, p)| p.is_some_and(|p| behind.contains(&p))).map(|(row, _)| row),
        );
        rows
    }
}
