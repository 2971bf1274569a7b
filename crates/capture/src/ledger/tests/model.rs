//! Any sequence of operations, against a model that knows the fate of every single row.

use crate::gap::Gap;
use crate::ledger::{Admission, Ledger, Refusal};
use contract::{CaptureVerdict, EventId, GapKind, ProducerMode, UtcNanos};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

const LOG: EventId = EventId::from_bytes([1; 16]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Durable,
    Skipped,
    Lost,
    /// Since.
    Missing(i64),
}

#[derive(Debug, Clone)]
enum Op {
    Open { is_strict: bool, first: u64 },
    Append { epochs_back: u32, start: u64, n: u64 },
    Beat { epochs_back: u32, ahead: i64 },
    Close { ahead: i64 },
    Skip { start: u64, n: u64, reason: u8 },
    Lose { start: u64, n: u64 },
    Restart,
}

#[derive(Debug, Default)]
struct Naive {
    rows: BTreeMap<u64, Fate>,
    first: u64,
    promised: Option<u64>,
    beat: Option<i64>,
    epoch: u32,
    is_strict: bool,
    is_closed: bool,
    duplicate: u64,
    rejected: u64,
    late: u64,
    /// Each damage, and whether all its rows were back once.
    losses: Vec<(Range<u64>, bool)>,
}

impl Naive {
    fn end(&self) -> u64 {
        self.rows.keys().next_back().map_or(self.first, |k| k + 1)
    }

    fn next(&self) -> u64 {
        let missing = self.rows.iter().find(|(_, f)| matches!(f, Fate::Missing(_)));
        missing.map_or(self.end(), |(k, _)| *k)
    }

    fn reach(&mut self, to: u64, ts: i64) {
        for k in self.end()..to {
            self.rows.insert(k, Fate::Missing(ts));
        }
    }

    fn count(&self, what: impl Fn(&Fate) -> bool) -> u64 {
        self.rows.values().filter(|f| what(f)).count() as u64
    }

    fn may_store(&self, k: u64) -> bool {
        !matches!(self.rows.get(&k), Some(Fate::Durable | Fate::Skipped))
    }

    fn classify(&self, epoch: u32, pseqs: Range<u64>) -> Result<Vec<u64>, Refusal> {
        let current = self.epoch;
        if current == 0 {
            return Err(Refusal::Unknown);
        } else if epoch < current {
            return Err(Refusal::Fenced { current });
        } else if epoch > current {
            return Err(Refusal::Unclaimed { current });
        } else if self.is_closed {
            return Err(Refusal::Closed);
        } else if pseqs.start < self.first {
            return Err(Refusal::SequenceGap { expected: self.next(), found: pseqs.start });
        }
        let is_skipped = |k: &u64| self.rows.get(k) == Some(&Fate::Skipped);
        if let Some(start) = pseqs.clone().find(is_skipped) {
            let end = (start..pseqs.end).find(|k| !is_skipped(k)).unwrap_or(pseqs.end);
            return Err(Refusal::Skipped(start..end));
        }
        let new: Vec<u64> = pseqs.filter(|k| self.may_store(*k)).collect();
        let fresh = new.iter().find(|k| self.rows.get(k) != Some(&Fate::Lost));
        match fresh {
            Some(found) if self.is_strict && *found != self.next() => {
                Err(Refusal::SequenceGap { expected: self.next(), found: *found })
            }
            _ => Ok(new),
        }
    }

    fn store(&mut self, new: &[u64], ts: i64) {
        let arrived = |f: &&Fate| matches!(f, Fate::Durable | Fate::Lost);
        let top = self.rows.iter().rev().find(|(_, f)| arrived(f)).map(|(k, _)| *k);
        for k in new {
            self.reach(*k, ts);
            self.late += u64::from(top.is_some_and(|top| *k < top));
            self.rows.insert(*k, Fate::Durable);
        }
        for (range, is_repaired) in &mut self.losses {
            let is_back = |k: u64| self.rows.get(&k) != Some(&Fate::Lost);
            let touched = new.iter().any(|k| range.contains(k));
            *is_repaired |= touched && range.clone().all(is_back);
        }
    }

    fn verdict(&self, now: i64) -> CaptureVerdict {
        let missing = self.count(|f| matches!(f, Fate::Missing(_)));
        let old = self.count(|f| matches!(f, Fate::Missing(since) if now - since > 5_000_000_000));
        if self.count(|f| *f == Fate::Lost) > 0 {
            CaptureVerdict::Damaged
        } else if old > 0 || (self.is_closed && missing > 0) {
            CaptureVerdict::Incomplete
        } else if !self.is_closed
            && (missing > 0
                || self.promised.is_none_or(|p| p < self.end())
                || self.beat.is_none_or(|beat| now - beat > 60_000_000_000))
        {
            CaptureVerdict::Open
        } else {
            CaptureVerdict::Complete
        }
    }
}

/// What the ledger admits, row by row.
fn admitted(
    ledger: &Ledger,
    id: EventId,
    epoch: u32,
    pseqs: &Range<u64>,
) -> Result<Vec<u64>, Refusal> {
    let admission = ledger.classify(id, epoch, pseqs.clone())?;
    let stored: Vec<u64> = admission.stored(pseqs).into_iter().flatten().collect();
    let n = stored.len() as u64;
    assert_eq!(admission.duplicates(pseqs), pseqs.end - pseqs.start - n);
    let kind = match n {
        0 => Admission::Duplicate,
        n if n == pseqs.end - pseqs.start => Admission::New,
        _ => Admission::Part(admission.stored(pseqs)),
    };
    assert_eq!(admission, kind);
    Ok(stored)
}

fn id(who: u8) -> EventId {
    EventId::from_bytes([who; 16])
}

fn apply(ledger: &mut Ledger, model: &mut [Naive], who: u8, op: &Op, step: u64, ts: i64) {
    let (id, now) = (id(who), UtcNanos::from_nanos(ts));
    let naive = &mut model[usize::from(who)];
    match *op {
        Op::Open { is_strict, first } => {
            let epoch = ledger.next_epoch(id);
            assert_eq!(epoch, naive.epoch + 1);
            let mode = if is_strict { ProducerMode::Strict } else { ProducerMode::Lossy };
            if naive.epoch == 0 {
                naive.first = first;
                ledger.open_at(id, epoch, first, "p", mode, now);
            } else {
                ledger.open(id, epoch, "p", mode, now);
            }
            (naive.epoch, naive.is_strict, naive.is_closed) = (epoch, is_strict, false);
        }
        Op::Append { epochs_back, start, n } => {
            let (epoch, pseqs) = (naive.epoch.saturating_sub(epochs_back), start..start + n);
            let expected = naive.classify(epoch, pseqs.clone());
            assert_eq!(admitted(ledger, id, epoch, &pseqs), expected);
            match expected {
                Ok(new) => {
                    naive.duplicate += n - new.len() as u64;
                    ledger.count_duplicates(id, n - new.len() as u64);
                    naive.store(&new, ts);
                    ledger.store(id, epoch, pseqs, now);
                }
                Err(_) if naive.epoch > 0 => {
                    naive.rejected += n;
                    ledger.count_rejected(id, n);
                }
                Err(_) => {}
            }
        }
        Op::Beat { epochs_back, ahead } if naive.epoch > 0 => {
            let to = naive.end().saturating_add_signed(ahead);
            let epoch = naive.epoch.saturating_sub(epochs_back);
            ledger.beat(id, epoch, to, now);
            if epochs_back == 0 {
                naive.promised = naive.promised.max(Some(to.max(naive.first)));
                naive.beat = naive.beat.max(Some(ts));
                naive.reach(to, ts);
            }
        }
        Op::Close { ahead } if naive.epoch > 0 => {
            let to = naive.end().saturating_add_signed(ahead);
            ledger.close(id, naive.epoch, to, now);
            naive.promised = naive.promised.max(Some(to.max(naive.first)));
            naive.reach(to, ts);
            naive.is_closed = true;
        }
        Op::Skip { start, n, reason } if naive.epoch > 0 => {
            let gap = Gap {
                reason: Some(reason.to_string()),
                seq: Some(step),
                ..Gap::new(GapKind::Skipped, now)
            };
            ledger.skip(id, naive.epoch, start..start + n, gap);
            for k in start.max(naive.first)..start + n {
                if matches!(naive.rows.get(&k), None | Some(Fate::Missing(_))) {
                    naive.reach(k, ts);
                    naive.rows.insert(k, Fate::Skipped);
                }
            }
        }
        Op::Lose { start, n } if naive.epoch > 0 => {
            let gap = Gap {
                producer_id: Some(id),
                pseqs: Some(start..start + n),
                seq: Some(step),
                ..Gap::new(GapKind::Damaged, now)
            };
            ledger.lose(gap);
            naive.losses.push((start..start + n, false));
            for k in start.max(naive.first)..start + n {
                if naive.rows.get(&k) != Some(&Fate::Skipped) {
                    naive.reach(k, ts);
                    naive.rows.insert(k, Fate::Lost);
                }
            }
        }
        Op::Restart => {
            let [producers, runs, gaps] = ledger.snapshot(step, now).unwrap();
            // Several frames hold a large snapshot.
            let (half, rest) = (gaps.num_rows() / 2, gaps.num_rows() - gaps.num_rows() / 2);
            let parts = [producers, runs, gaps.slice(0, half), gaps.slice(half, rest)];
            let restored = Ledger::restore(LOG, &parts).unwrap();
            assert_eq!(restored, *ledger);
            *ledger = restored;
        }
        _ => {}
    }
}

fn compare(ledger: &Ledger, model: &[Naive], now: i64) {
    let accounts = ledger.accounts(7, UtcNanos::from_nanos(now));
    let gaps = ledger.gaps();
    assert_eq!(accounts.len(), model.iter().filter(|n| n.epoch > 0).count());
    for account in accounts {
        let naive = &model[usize::from(account.producer_id.as_bytes()[0])];
        let fates =
            [account.rows_durable, account.rows_skipped, account.rows_missing, account.rows_lost];
        let expected = [
            naive.count(|f| *f == Fate::Durable),
            naive.count(|f| *f == Fate::Skipped),
            naive.count(|f| matches!(f, Fate::Missing(_))),
            naive.count(|f| *f == Fate::Lost),
        ];
        assert_eq!(fates, expected);
        assert_eq!(account.end_pseq - account.first_pseq, fates.iter().sum::<u64>());
        assert_eq!((account.first_pseq, account.end_pseq), (naive.first, naive.end()));
        assert_eq!(account.promised_pseq, naive.promised);
        if let Some(promised) = account.promised_pseq {
            assert_eq!(promised.max(naive.end()) - naive.first, fates.iter().sum::<u64>());
        }
        let durable =
            (naive.first..99).find(|k| naive.rows.get(k) != Some(&Fate::Durable)).unwrap();
        assert_eq!((account.next_pseq, account.epoch), (durable, naive.epoch));
        let counts = [account.rows_late, account.rows_duplicate, account.rows_rejected];
        assert_eq!(counts, [naive.late, naive.duplicate, naive.rejected]);
        assert_eq!(account.verdict, naive.verdict(now));
        assert_eq!(ledger.next_pseq(account.producer_id), naive.next());
        assert_eq!(ledger.end_pseq(account.producer_id), naive.end());
        let missing = ledger.holds(account.producer_id, naive.first..60).into_iter().flatten();
        let expected = (naive.first..60).filter(|k| naive.may_store(*k));
        assert!(missing.eq(expected));
        check_gaps(&gaps, naive, account.producer_id);
    }
}

/// Every row that is not durable lies in a gap of its own kind, and no row lies in one of another kind.
fn check_gaps(gaps: &[Gap], naive: &Naive, id: EventId) {
    let of = |kind: GapKind| {
        let mine = gaps.iter().filter(move |g| g.kind == kind && g.producer_id == Some(id));
        let mut rows: Vec<u64> = mine
            .clone()
            .filter(|g| !g.is_repaired)
            .flat_map(|g| g.pseqs.clone().unwrap())
            .collect();
        rows.sort_unstable();
        rows
    };
    let with = |what: &dyn Fn(&Fate) -> bool| {
        naive.rows.iter().filter(|(_, f)| what(f)).map(|(k, _)| *k).collect::<Vec<_>>()
    };
    assert_eq!(of(GapKind::Skipped), with(&|f| *f == Fate::Skipped));
    assert_eq!(of(GapKind::Missing), with(&|f| matches!(f, Fate::Missing(_))));
    let lost = with(&|f| *f == Fate::Lost);
    let open = of(GapKind::Damaged);
    assert!(lost.iter().all(|k| open.contains(k)));
    let damaged = gaps.iter().filter(|g| g.kind == GapKind::Damaged && g.producer_id == Some(id));
    let found: Vec<_> = damaged.map(|g| (g.pseqs.clone().unwrap(), g.is_repaired)).collect();
    assert_eq!(found, naive.losses);
}

fn op() -> impl Strategy<Value = Op> {
    let (start, n) = (0_u64..40, 1_u64..8);
    prop_oneof![
        2 => (any::<bool>(), 0_u64..4).prop_map(|(is_strict, first)| Op::Open { is_strict, first }),
        10 => (prop_oneof![9 => Just(0_u32), 1 => Just(1)], start.clone(), n.clone())
            .prop_map(|(epochs_back, start, n)| Op::Append { epochs_back, start, n }),
        3 => (prop_oneof![5 => Just(0_u32), 1 => Just(1)], -3_i64..4)
            .prop_map(|(epochs_back, ahead)| Op::Beat { epochs_back, ahead }),
        1 => (-3_i64..4).prop_map(|ahead| Op::Close { ahead }),
        2 => (start.clone(), n.clone(), 0_u8..2).prop_map(|(start, n, reason)| Op::Skip { start, n, reason }),
        2 => (start, n).prop_map(|(start, n)| Op::Lose { start, n }),
        2 => Just(Op::Restart),
    ]
}

proptest! {
    #[test]
    fn the_ledger_agrees_with_a_model_of_single_rows(
        ops in prop::collection::vec((0_u8..3, op(), 0_i64..4_000_000_000), 1..80),
    ) {
        let mut ledger = Ledger::new(LOG);
        let mut model: Vec<Naive> = (0..3).map(|_| Naive::default()).collect();
        let mut now = 0;
        for (step, (who, op, pause)) in (0..).zip(&ops) {
            now += pause;
            apply(&mut ledger, &mut model, *who, op, step, now);
            compare(&ledger, &model, now);
            compare(&ledger, &model, now + 5_000_000_001);
        }
    }
}
