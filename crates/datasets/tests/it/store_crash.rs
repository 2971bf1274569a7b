//! Power cuts, failing calls, full and lying disks while a version is published.

use crate::small_version::{NAME, ROOT, at, facts, files, fill, name, open, put, reader, text};
use contract::{Diagnostic as _, Fault};
use datasets::{Sha256, Store, StoreError, VersionRef};
use durable::{Failure, Fs, Lie, LyingFs, Op, SimFs};
use std::path::Path;
use std::sync::{Arc, Mutex};

const CRASHES: u64 = 8;

/// A machine with nothing, or with version 1.
fn machine(old: bool) -> SimFs {
    let fs = SimFs::new();
    if old {
        put(&open(fs.clone()), "old", 1, &facts(0)).unwrap();
    }
    fs
}

/// Hashes of all versions, each of which is opened and read whole.
fn whole(store: &Store) -> Result<Vec<Sha256>, String> {
    let history = match store.history(&name()) {
        Err(StoreError::UnknownDataset { .. }) => return Ok(Vec::new()),
        other => other.map_err(|error| error.to_string())?,
    };
    let mut hashes = Vec::new();
    for record in history {
        let at = VersionRef::ordinal(name(), record.ordinal);
        let version = store.open_version(&reader(), &at).map_err(|error| error.to_string())?;
        let findings = store.verify_files(&version).map_err(|error| error.to_string())?;
        if let Some(finding) = findings.first() {
            return Err(format!("version {}: {finding}", record.ordinal));
        }
        hashes.push(record.manifest);
    }
    Ok(hashes)
}

fn expected(old: bool) -> Vec<Sha256> {
    let hash = |n| Sha256::of(text(n).as_bytes());
    if old { vec![hash(1), hash(2)] } else { vec![hash(2)] }
}

/// After whatever happened: the old version or the new one, whole; a second run ends with the new one, and nothing that
/// it reported is lost by the next power cut.
fn converges(fs: &SimFs, old: bool, is_published: bool) -> Result<(), String> {
    let both = expected(old);
    let found = whole(&open(fs.clone()))?;
    if found != both && (is_published || found != both[..both.len() - 1]) {
        return Err(format!("found {found:?}, published: {is_published}"));
    }
    let again = put(&open(fs.clone()), "again", 2, &facts(2)).map_err(|e| e.to_string())?;
    let number = u64::from(old) + 1;
    if (again.ordinal, again.is_new) != (number, found != both) {
        return Err(format!("a second run gave {again:?}"));
    }
    let latest = fs.crash(0);
    let found = whole(&open(latest.clone()))?;
    let line = format!("{number} {}\n", both[both.len() - 1]);
    let latest = crate::store::read(&latest, &Path::new(ROOT).join(NAME).join("refs/latest"));
    if found == both && latest == line.as_bytes() {
        Ok(())
    } else {
        Err(format!("after a second run and a crash: {found:?}"))
    }
}

/// Numbers, from the start of a run, of the calls that change something: a cut before a call that only looks leaves what
/// a cut before the next change leaves. The last is behind all calls.
fn cuts(old: bool) -> Vec<u64> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let fs = machine(old);
    let store = open(fs.clone());
    let (start, all) = (fs.calls(), Arc::clone(&seen));
    fs.fail(durable::Fault::new(Failure::Io).when(move |call| {
        let looks = [Op::Open, Op::Read, Op::Len, Op::ReadDir, Op::Metadata];
        if !looks.contains(&call.op) {
            all.lock().unwrap().push(call.number - start);
        }
        false
    }));
    put(&store, "new", 2, &facts(1)).unwrap();
    let mut cuts = seen.lock().unwrap().clone();
    cuts.push(fs.calls() - start);
    cuts
}

/// Cuts the power before each change, crashes in many ways, and counts the runs or says what is wrong.
fn crash_everywhere(old: bool, store_on: impl Fn(&SimFs) -> Store) -> Result<u64, String> {
    let mut runs = 0;
    // The last first: there a lie about what is safe shows at once.
    for cut in cuts(old).into_iter().rev() {
        let fs = machine(old);
        let store = store_on(&fs);
        fs.stop_at(fs.calls() + cut);
        let is_published = put(&store, "new", 2, &facts(1)).is_ok();
        for seed in (0..CRASHES).chain([1_000 + cut]) {
            let context = |error| format!("cut {cut}, seed {seed}: {error}\n{}", fs.trace());
            converges(&fs.crash(seed), old, is_published).map_err(context)?;
            runs += 1;
        }
    }
    Ok(runs)
}

#[test]
fn crash_at_every_call_leaves_the_old_or_the_new_version_whole_and_a_second_run_converges() {
    let runs = [false, true].map(|old| crash_everywhere(old, |fs| open(fs.clone())));
    let all = runs.iter().cloned().sum::<Result<u64, String>>();
    assert!(all.as_ref().is_ok_and(|&n| n > 1_000), "{runs:?}");
}

/// A crash test that passes on a lying disk tests nothing.
#[test]
fn sabotage_of_syncs_or_renames_makes_the_crash_test_fail() {
    for lie in [Lie::FileSync, Lie::FolderSync, Lie::RenameBeforeSync, Lie::Rename] {
        let found = crash_everywhere(true, |fs| open(LyingFs::new(fs.clone(), lie)));
        assert!(found.is_err(), "{lie:?}: nothing noticed");
    }
}

#[test]
fn failed_call_is_typed_leaves_nothing_half_done_and_the_same_build_can_be_published_again() {
    for (failure, retry) in [(Failure::NoSpace, true), (Failure::Io, false)] {
        let mut failed = 0;
        for step in 0.. {
            let fs = machine(true);
            let store = open(fs.clone());
            let staging = store.stage(&name(), "new", at(1)).unwrap();
            fill(&staging, &files(2)).unwrap();
            let first = fs.calls();
            fs.fail(durable::Fault::new(failure).after(step));
            let found = staging.publish(&text(2), &facts(1));
            if fs.calls() - first <= step {
                assert!(failed > 20, "{failed}");
                break;
            }
            let context =
                format!("{failure:?} at call {step} of {}\n{}", fs.calls() - first, fs.trace());
            fs.heal();
            let is_published = found.is_ok();
            if let Err(error) = found {
                failed += 1;
                assert_eq!(error.fault(), Fault::Environment { retry }, "{error}: {context}");
                assert!(error.code().starts_with("durable/"), "{error}: {context}");
                let again = staging.publish(&text(2), &facts(1));
                let again = again.unwrap_or_else(|error| panic!("{error}: {context}"));
                assert_eq!(again.ordinal, 2, "{context}");
            }
            converges(&fs, true, is_published).unwrap_or_else(|error| panic!("{error}: {context}"));
        }
    }
}

#[test]
fn full_disk_is_an_error_to_be_tried_again_and_never_half_a_version() {
    let mut refused = 0;
    for blocks in 0.. {
        let fs = machine(true);
        let used = {
            fs.set_capacity(Some(1 << 24));
            (1 << 24) - fs.free_space(Path::new("/")).unwrap()
        };
        fs.set_capacity(Some(used + blocks * 4096));
        let done = put(&open(fs.clone()), "new", 2, &facts(1));
        let found = whole(&open(fs.clone())).unwrap();
        let both = expected(true);
        match done {
            Ok(done) => {
                assert_eq!((done.ordinal, found), (2, both));
                break;
            }
            Err(error) => {
                assert_eq!(error.code(), "durable/no-space", "{blocks} blocks");
                assert_eq!(error.fault(), Fault::Environment { retry: true }, "{blocks} blocks");
                assert_eq!(found, both[..1], "{blocks} blocks");
                refused += 1;
            }
        }
        fs.set_capacity(None);
        converges(&fs, true, false).unwrap();
    }
    assert!(refused >= files(2).len(), "{refused}");
}

#[test]
fn short_writes_and_reads_give_the_same_version() {
    let fs = machine(true);
    fs.shorten(3);
    put(&open(fs.clone()), "new", 2, &facts(1)).unwrap();
    assert_eq!(whole(&open(fs)).unwrap(), expected(true));
}

/// Two publishers whose last sync of the log failed: the second has built on a record that may be lost.
#[test]
fn record_never_survives_without_the_one_before() {
    let fs = SimFs::new();
    for n in [1, 2] {
        let store = open(fs.clone());
        let before = durable::Fault::new(Failure::Io).on(Op::SyncDir).at("/log").after(1);
        fs.fail(before);
        let error = put(&store, &format!("b{n}"), n, &facts(i64::from(n))).unwrap_err();
        assert_eq!(error.code(), "durable/io");
        fs.heal();
    }
    let mut lengths = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let found = whole(&open(fs.crash(seed))).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        lengths.insert(found.len());
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [1, 2]);
}
