//! What must hold after any crash: every acknowledged row once, no row that nobody appended, no number given twice,
//! true verdicts, and a start that needs nobody.

use super::plan::Who;
use super::world::{PATH, Seen, Violation, World, read};
use crate::rig::reading;
use capture::{Log, ProducerAccount, Start};
use contract::CaptureVerdict;
use durable::{Fs, SimFs};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Opens the log of a machine that was switched on again and holds it against what the world knows.
pub(crate) fn check(world: &mut World, fs: &SimFs) -> Result<(), Violation> {
    let disk: Arc<dyn Fs> = Arc::new(fs.clone());
    let (log, report) = world.open(&disk).map_err(|e| format!("open: {e}"))?;
    if report.start == Start::Damaged || !report.lost.is_empty() {
        return Err(format!("damage out of nothing: {report:?}"));
    }
    let seen = read(&log)?;
    rows(world, &seen)?;
    accounts(&log, &seen)?;
    // The power goes again before anything was written: the same picture.
    let (again, _) =
        world.open(&(Arc::new(fs.crash(0)) as Arc<dyn Fs>)).map_err(|e| format!("again: {e}"))?;
    if read(&again)? != seen {
        return Err("a second start shows other rows".to_owned());
    }
    drop(again);
    let whole = capture::verify(&disk, Path::new(PATH)).map_err(|e| e.to_string())?;
    if whole.problems.iter().any(|p| !p.is_declared) {
        return Err(format!("not whole: {:?}", whole.problems));
    }
    send_again(world, &log, &seen)?;
    // The power goes once more: what was acknowledged after the start is there too.
    let third = fs.crash(0);
    let (again, _) =
        world.open(&(Arc::new(third) as Arc<dyn Fs>)).map_err(|e| format!("third: {e}"))?;
    rows(world, &read(&again)?).map_err(|e| format!("crashed after the start: {e}"))?;
    drop(again);
    log.close().map_err(|e| format!("close: {e}"))?;
    let (log, report) = world.open(&disk).map_err(|e| format!("after close: {e}"))?;
    if report.start != Start::Clean {
        return Err(format!("not clean after a close: {report:?}"));
    }
    let all = read(&log)?;
    rows(world, &all)?;
    let sent: usize = world.known.values().map(|k| k.sent.len()).sum();
    if all.len() != sent {
        return Err(format!("{} rows after sending again, {sent} were sent", all.len()));
    }
    accounts(&log, &all)
}

fn rows(world: &World, seen: &[Seen]) -> Result<(), Violation> {
    let mut found: BTreeMap<Who, BTreeSet<u64>> = BTreeMap::new();
    let mut last: BTreeMap<Who, u64> = BTreeMap::new();
    let (mut seq, mut clock) = (None, i64::MIN);
    for row in seen {
        if seq.is_some_and(|seq| seq >= row.seq) {
            return Err(format!("seq {} after {seq:?}", row.seq));
        }
        seq = Some(row.seq);
        if !world.known[&row.who].sent.contains(&row.pseq) {
            return Err(format!("nobody appended {row:?}"));
        }
        if !found.entry(row.who).or_default().insert(row.pseq) {
            return Err(format!("twice: {row:?}"));
        }
        if let Some(known) = world.seqs.get(&row.seq)
            && *known != (row.who, row.pseq)
        {
            return Err(format!("number {} was {known:?} and is {row:?}", row.seq));
        }
        let before = last.insert(row.who, row.pseq);
        if row.who != Who::Lossy && before.is_some_and(|before| before >= row.pseq) {
            return Err(format!("{row:?} after {before:?}"));
        }
        if row.avail < clock {
            return Err(format!("{row:?} is available before {clock}"));
        }
        clock = clock.max(row.avail);
    }
    for (who, known) in &world.known {
        let there = found.remove(who).unwrap_or_default();
        if let Some(lost) = known.acked.difference(&there).next() {
            return Err(format!("{who:?} {lost} was acknowledged and is gone"));
        }
    }
    Ok(())
}

fn accounts(log: &Log, seen: &[Seen]) -> Result<(), Violation> {
    let all = log.completeness(&reading(), 0..u64::MAX).map_err(|e| e.to_string())?;
    if all.verdict == CaptureVerdict::Damaged {
        return Err(format!("a verdict of damage: {:?}", all.gaps));
    }
    if all.rows.values().sum::<u64>() != seen.len() as u64 {
        return Err(format!("counted {:?}, read {}", all.rows, seen.len()));
    }
    for who in Who::ALL {
        let Some(account) = all.producers.iter().find(|p| p.name == format!("{who:?}")) else {
            continue;
        };
        let read = seen.iter().filter(|s| s.who == who).count() as u64;
        if account.rows_durable != read || !adds_up(account) {
            return Err(format!("{read} rows of {who:?} were read, the account says {account:?}"));
        }
    }
    Ok(())
}

fn adds_up(a: &ProducerAccount) -> bool {
    a.promised_pseq.is_none_or(|promised| {
        promised.saturating_sub(a.first_pseq)
            <= a.rows_durable + a.rows_skipped + a.rows_missing + a.rows_lost
    })
}

/// Every producer sends all that it ever sent: what is there is not stored twice, what is gone comes back.
fn send_again(world: &mut World, log: &Log, seen: &[Seen]) -> Result<(), Violation> {
    let mut hands = BTreeMap::new();
    for who in Who::ALL {
        let there: BTreeSet<u64> = seen.iter().filter(|s| s.who == who).map(|s| s.pseq).collect();
        let sent = world.known[&who].sent.clone();
        let gone: BTreeSet<u64> = sent.difference(&there).copied().collect();
        // Runs of what was sent, from a little before the first row that is gone.
        let from = gone.first().map_or(u64::MAX, |first| first.saturating_sub(30));
        let from = from.min(sent.last().map_or(0, |last| last.saturating_sub(30)));
        let wanted: Vec<u64> = sent.range(from..).copied().collect();
        for run in wanted.chunk_by(|a, b| a + 1 == *b) {
            for part in run.chunks(1500) {
                let pseqs = part[0]..part[part.len() - 1] + 1;
                world
                    .send(log, &mut hands, who, pseqs.clone())
                    .map_err(|e| format!("{who:?} {pseqs:?} again: {e}"))?;
                // Before the disk has it nobody is told.
                world.hear();
                log.step();
                world.hear();
            }
        }
    }
    Ok(())
}
