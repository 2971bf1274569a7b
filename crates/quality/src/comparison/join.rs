//! Each row of one source beside the latest row of another.

use super::partner::{Uncompared, agree, is_young};
use super::rows::Series;
use super::{ComparisonSettings, Ties};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of the first source that could not be compared, by reason; the first that holds counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// The row itself has one side.
    pub left_one_sided: u64,
    /// The second source has no earlier row.
    pub no_partner: u64,
    /// Its latest row is older than `max_age_ns`.
    pub stale: u64,
    /// Its latest row has one side.
    pub right_one_sided: u64,
    /// The difference is out of range.
    pub out_of_range: u64,
}

impl NotCompared {
    /// Rows that have no partner of an age that counts.
    #[must_use]
    pub fn only_left(&self) -> u64 {
        self.no_partner + self.stale
    }

    /// Counts one row.
    pub fn count(&mut self, reason: Uncompared) {
        *match reason {
            Uncompared::LeftOneSided => &mut self.left_one_sided,
            Uncompared::NoPartner => &mut self.no_partner,
            Uncompared::Stale => &mut self.stale,
            Uncompared::RightOneSided => &mut self.right_one_sided,
            Uncompared::OutOfRange => &mut self.out_of_range,
        } += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.left_one_sided += other.left_one_sided;
        self.no_partner += other.no_partner;
        self.stale += other.stale;
        self.right_one_sided += other.right_one_sided;
        self.out_of_range += other.out_of_range;
    }
}

/// One session of two sources.
#[derive(Debug, Default)]
pub(super) struct SessionJoin {
    pub(super) left_rows: u64,
    pub(super) right_rows: u64,
    /// Rows of the second source that are nobody's partner.
    pub(super) only_right: u64,
    pub(super) not_compared: NotCompared,
    /// First less second, in halves of 1e-9.
    pub(super) differences: Vec<i64>,
    /// Magnitudes in 1e-6 of a basis point of the second source's mid, where that is above 0.
    pub(super) micro_bps: Vec<u64>,
}

/// Sessions by start. Rows of the first source belong to a session by their own time, and so do those of the second.
pub(super) fn join(
    left: &Series,
    right: &Series,
    settings: &ComparisonSettings,
) -> BTreeMap<i64, SessionJoin> {
    let mut sessions: BTreeMap<i64, SessionJoin> = BTreeMap::new();
    let mut is_partner = vec![false; right.ts.len()];
    let mut open = Open::default();
    let mut after = 0_usize;
    for (ts, mid) in left.rows() {
        let session = open.at(ts, settings, &mut sessions);
        session.left_rows += 1;
        let counts = |other: i64| match settings.ties {
            Ties::StrictlyBefore => other < ts,
            Ties::SameInstantCounts => other <= ts,
        };
        while right.ts.get(after).is_some_and(|other| counts(*other)) {
            after += 1;
        }
        let at = after.checked_sub(1);
        let partner = at.and_then(|at| right.row(at));
        let is_young = |(other, _): &(i64, _)| is_young(ts, *other, settings.max_age_ns);
        if mid.is_some()
            && partner.as_ref().is_some_and(is_young)
            && let Some(used) = at.and_then(|at| is_partner.get_mut(at))
        {
            *used = true;
        }
        match agree(ts, mid, partner, settings.max_age_ns) {
            Err(reason) => session.not_compared.count(reason),
            Ok(difference) => {
                session.differences.push(difference);
                let other = partner.and_then(|(_, mid)| mid);
                session.micro_bps.extend(other.and_then(|mid| micro_bps(difference, mid)));
            }
        }
    }
    open.close(&mut sessions);
    for (ts, used) in right.ts.iter().zip(is_partner) {
        let session = open.at(*ts, settings, &mut sessions);
        session.right_rows += 1;
        session.only_right += u64::from(!used);
    }
    open.close(&mut sessions);
    sessions
}

/// The session of the latest row. Rows come in order, so it is looked up once a session and not once a row.
#[derive(Debug, Default)]
struct Open(Option<(i64, i64, SessionJoin)>);

impl Open {
    fn at(
        &mut self,
        ts: i64,
        settings: &ComparisonSettings,
        closed: &mut BTreeMap<i64, SessionJoin>,
    ) -> &mut SessionJoin {
        if self.0.as_ref().is_some_and(|(first, last, _)| ts < *first || ts > *last) {
            self.close(closed);
        }
        let open = self.0.get_or_insert_with(|| {
            let (first, last) = settings.sessions.around(ts);
            (first, last, closed.remove(&first).unwrap_or_default())
        });
        &mut open.2
    }

    fn close(&mut self, closed: &mut BTreeMap<i64, SessionJoin>) {
        closed.extend(self.0.take().map(|(first, _, session)| (first, session)));
    }
}

fn micro_bps(difference: i64, mid: i64) -> Option<u64> {
    const SCALE: u64 = 10_000_000_000;
    let mid = u64::try_from(mid).ok().filter(|mid| *mid > 0)?;
    let difference = difference.unsigned_abs();
    // Differences below a whole unit or two fit in 64 bits, whose division is several times as fast.
    Some(difference.checked_mul(SCALE).map_or_else(
        || {
            let micro = u128::from(difference) * u128::from(SCALE) / u128::from(mid);
            u64::try_from(micro).unwrap_or(u64::MAX)
        },
        |scaled| scaled / mid,
    ))
}
