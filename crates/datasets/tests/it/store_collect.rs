//! What a collection keeps and removes.

use crate::small_version::{
    DAY, NAME, ROOT, TEST, at, facts, files, fill, name, open, put, reader, text,
};
use contract::{Diagnostic as _, Fault, Name};
use datasets::{CommitFacts, GcItem, GcPlan, GcPolicy, GcReason, Sha256, Store, VersionRef};
use durable::{Failure, Fs, Op, SimFs};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn version(n: u64) -> VersionRef {
    VersionRef::ordinal(name(), n)
}

/// The folder of version `n`, from the root of the store.
fn folder(n: u32) -> PathBuf {
    let hash = Sha256::of(text(n).as_bytes()).to_string();
    Path::new(NAME).join("versions").join(&hash[..16])
}

/// Bytes of the files of version `n`, without the manifest.
fn bytes(n: u32) -> u64 {
    files(n).values().map(|bytes| bytes.len() as u64).sum()
}

/// A store with this many versions, one a day.
fn versions(fs: &SimFs, n: u32) -> Store {
    let store = open(fs.clone());
    for n in 1..=n {
        put(&store, &format!("b{n}"), n, &facts(i64::from(n - 1) * DAY)).unwrap();
    }
    store
}

fn reasons(plan: &GcPlan) -> Vec<(PathBuf, GcReason)> {
    plan.items.iter().map(|item| (item.path.clone(), item.reason.clone())).collect()
}

fn unused(n: u32) -> (PathBuf, GcReason) {
    (folder(n), GcReason::Unused { version: u64::from(n) })
}

fn sorted(mut items: Vec<(PathBuf, GcReason)>) -> Vec<(PathBuf, GcReason)> {
    items.sort_by(|a, b| a.0.cmp(&b.0));
    items
}

#[test]
fn versions_that_are_pinned_referred_to_held_newest_or_young_stay() {
    let fs = SimFs::new();
    let store = versions(&fs, 8);
    store.pin(&version(1), &facts(7 * DAY)).unwrap();
    store.move_ref(&Name::parse("champion").unwrap(), &version(2), &facts(7 * DAY)).unwrap();
    store.withdraw(&version(8), "bad", &facts(7 * DAY)).unwrap();
    let held = BTreeSet::from([Sha256::of(text(3).as_bytes())]);
    let policy = GcPolicy { held, ..GcPolicy::newest(2) };
    assert_eq!(policy.min_age_ns, DAY);
    // 8 was withdrawn, so the newest two are 7 and 6; 4, 5 and 8 remain.
    let plan = store.plan_gc(at(30 * DAY), &policy).unwrap();
    assert_eq!(sorted(reasons(&plan)), sorted(vec![unused(4), unused(5), unused(8)]));
    assert_eq!(plan.bytes(), bytes(4) + bytes(5) + bytes(8));
    // Version 8 is of day 7: a day later it may go, a nanosecond earlier not.
    let plan = store.plan_gc(at(8 * DAY - 1), &policy).unwrap();
    assert_eq!(sorted(reasons(&plan)), sorted(vec![unused(4), unused(5)]));
    let plan = store.plan_gc(at(8 * DAY), &policy).unwrap();
    assert_eq!(plan.items.len(), 3);
    // A reference that moves on lets go.
    store.move_ref(&Name::parse("champion").unwrap(), &version(6), &facts(7 * DAY)).unwrap();
    let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(0)).unwrap();
    let expected = vec![unused(2), unused(3), unused(4), unused(5), unused(8)];
    assert_eq!(sorted(reasons(&plan)), sorted(expected)); // 1 is pinned, 6 the champion, 7 the latest
}

#[test]
fn collected_version_leaves_its_manifest_and_record_and_frees_what_was_planned() {
    let fs = SimFs::new().with_capacity(1 << 22);
    let store = versions(&fs, 3);
    let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
    let done = store.apply_gc(&plan).unwrap();
    assert_eq!((done.removed, done.kept), (plan.items.clone(), Vec::<GcItem>::new()));
    assert_eq!(done.file_bytes, bytes(1) + bytes(2));
    let blocks = 2 * files(1).len() as u64; // each file is smaller than a block
    assert_eq!(done.space_after - done.space_before, blocks * 4096);
    let left = fs.read_dir(&Path::new(ROOT).join(folder(1))).unwrap();
    let names: Vec<_> = left.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["collected", "manifest.json"]);

    let error = store.open_version(&reader(), &version(1)).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("datasets/collected", Fault::Input));
    let hash = Sha256::of(text(1).as_bytes());
    assert_eq!(
        error.to_string(),
        format!("entries@1: its files were collected; record 1 and manifest {hash} remain")
    );
    assert_eq!(store.history(&name()).unwrap().len(), 3);
    assert_eq!(store.manifests(&name()).unwrap().len(), 3);
    assert_eq!(store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap().items, []);
    let error = store.pin(&version(1), &facts(31 * DAY)).unwrap_err();
    assert_eq!(error.code(), "datasets/collected");
}

#[test]
fn collected_version_that_is_published_again_is_whole_under_its_old_number() {
    let fs = SimFs::new();
    let store = versions(&fs, 2);
    store.apply_gc(&store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap()).unwrap();
    let again = put(&store, "again", 1, &facts(31 * DAY)).unwrap();
    assert_eq!((again.ordinal, again.is_new), (1, false));
    let settled = open(fs.crash(0));
    let version = settled.open_version(&reader(), &version(1)).unwrap();
    assert_eq!(settled.verify_files(&version).unwrap(), []);
}

#[test]
fn file_that_another_version_shares_frees_nothing_and_stays_whole() {
    let fs = SimFs::new();
    let store = versions(&fs, 1);
    let parent = store.open_version(&reader(), &version(1)).unwrap();
    let staging = store.stage(&name(), "b2", at(DAY)).unwrap();
    let mut rest = files(2);
    let test = rest.remove(TEST).unwrap();
    fill(&staging, &rest).unwrap();
    staging.reuse(&parent, TEST, Sha256::of(&test)).unwrap();
    staging.publish(&text(2), &CommitFacts { parent: Some(1), ..facts(DAY) }).unwrap();
    let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!(reasons(&plan), [unused(1)]);
    assert_eq!(plan.bytes(), bytes(1) - test.len() as u64);
    store.apply_gc(&plan).unwrap();
    let child = store.open_version(&reader(), &version(2)).unwrap();
    assert_eq!(store.verify_files(&child).unwrap(), []);
    // When both go, it is counted once, with the last of them.
    put(&store, "b3", 3, &facts(2 * DAY)).unwrap();
    let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!((reasons(&plan), plan.bytes()), (vec![unused(2)], bytes(2)));
}

/// Stages version `n`, renames it and fails to commit.
fn orphan(fs: &SimFs, build: &str, n: u32, ns: i64) -> datasets::Staging {
    let staging = open(fs.clone()).stage(&name(), build, at(ns)).unwrap();
    fill(&staging, &files(n)).unwrap();
    fs.fail(durable::Fault::new(Failure::Io).on(Op::Link));
    fs.fail(durable::Fault::new(Failure::Io).on(Op::RenameNoReplace));
    assert_eq!(staging.publish(&text(n), &facts(ns)).unwrap_err().code(), "durable/io");
    staging
}

#[test]
fn builds_and_orphans_go_after_a_day_and_not_before() {
    let fs = SimFs::new();
    let store = versions(&fs, 1);
    let half = store.stage(&name(), "half", at(0)).unwrap();
    fill(&half, &files(5)).unwrap();
    drop(orphan(&fs, "cut", 6, 0));
    let early = store.plan_gc(at(DAY - 1), &GcPolicy::newest(1)).unwrap();
    assert_eq!((early.items, early.undated), (Vec::new(), Vec::<PathBuf>::new()));
    let plan = store.plan_gc(at(DAY), &GcPolicy::newest(1)).unwrap();
    let build = |name: &str| (Path::new(NAME).join("tmp").join(name), GcReason::Stale);
    let expected = [(folder(6), GcReason::Orphan), build("cut"), build("half")];
    assert_eq!(reasons(&plan), expected);
    let done = store.apply_gc(&plan).unwrap();
    assert_eq!(done.removed.len(), 3);
    let left = fs.read_dir(&Path::new(ROOT).join(NAME).join("tmp")).unwrap();
    assert_eq!(left, [Path::new(ROOT).join(NAME).join("tmp/collect.lock")]);
    let one = store.open_version(&reader(), &version(1)).unwrap();
    assert_eq!(store.verify_files(&one).unwrap(), []);
    assert_eq!(put(&store, "b6", 6, &facts(DAY)).unwrap().ordinal, 2);
}

#[test]
fn orphan_stays_while_a_younger_build_is_about_to_use_it() {
    let fs = SimFs::new();
    drop(orphan(&fs, "old", 6, 0));
    let young = orphan(&fs, "young", 6, DAY);
    let store = open(fs.clone());
    let plan = store.plan_gc(at(DAY), &GcPolicy::newest(1)).unwrap();
    let old = (Path::new(NAME).join("tmp/old"), GcReason::Stale);
    assert_eq!(reasons(&plan), [old]);
    store.apply_gc(&plan).unwrap();
    assert_eq!(young.publish(&text(6), &facts(DAY)).unwrap().ordinal, 1);
}

#[test]
fn orphan_that_was_committed_after_the_plan_is_kept() {
    let fs = SimFs::new();
    let slow = orphan(&fs, "slow", 6, 0);
    let store = open(fs.clone());
    let plan = store.plan_gc(at(DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!(plan.items[0].reason, GcReason::Orphan);
    slow.publish(&text(6), &facts(DAY)).unwrap();
    let done = store.apply_gc(&plan).unwrap();
    assert_eq!(done.kept, plan.items[..1]);
    let one = store.open_version(&reader(), &version(1)).unwrap();
    assert_eq!(store.verify_files(&one).unwrap(), []);
}

#[test]
fn reference_that_moved_after_the_plan_keeps_its_version() {
    let fs = SimFs::new();
    let store = versions(&fs, 2);
    let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
    store.move_ref(&Name::parse("champion").unwrap(), &version(1), &facts(29 * DAY)).unwrap();
    let done = store.apply_gc(&plan).unwrap();
    assert_eq!((done.removed, done.kept, done.file_bytes), (Vec::new(), plan.items.clone(), 0));
    let one = store.open_version(&reader(), &version(1)).unwrap();
    assert_eq!(store.verify_files(&one).unwrap(), []);
}

#[test]
fn build_of_unknown_age_is_dated_first() {
    let fs = SimFs::new();
    let store = versions(&fs, 1);
    let build = Path::new(ROOT).join(NAME).join("tmp/lost");
    fs.create_dir_all(&build).unwrap();
    let plan = store.plan_gc(at(5 * DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!(
        (plan.items.clone(), plan.undated.clone()),
        (Vec::new(), vec![Path::new(NAME).join("tmp/lost")])
    );
    store.apply_gc(&plan).unwrap();
    assert_eq!(store.plan_gc(at(6 * DAY - 1), &GcPolicy::newest(1)).unwrap().items, []);
    let plan = store.plan_gc(at(6 * DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!(reasons(&plan), [(Path::new(NAME).join("tmp/lost"), GcReason::Stale)]);
}

#[test]
fn disk_that_is_full_to_the_last_block_can_be_freed() {
    let fs = SimFs::new();
    let store = versions(&fs, 2);
    fs.set_capacity(Some(0));
    let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!(store.apply_gc(&plan).unwrap().removed, plan.items);
}

#[test]
fn crash_at_every_call_of_a_collection_leaves_versions_whole_or_collected_and_it_can_go_on() {
    let mut cuts = 0;
    loop {
        let fs = SimFs::new();
        let store = versions(&fs, 3);
        drop(orphan(&fs, "cut", 6, 0));
        let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
        assert_eq!(plan.items.len(), 4);
        fs.stop_at(fs.calls() + cuts);
        let is_done = store.apply_gc(&plan).is_ok();
        for seed in 0..4 {
            let crashed = fs.crash(seed);
            let store = open(crashed.clone());
            let context = format!("cut {cuts}, seed {seed}");
            for n in 1..=3 {
                match store.open_version(&reader(), &version(n)) {
                    Ok(open) => assert_eq!(store.verify_files(&open).unwrap(), [], "{context}"),
                    Err(error) => {
                        assert_eq!(
                            (error.code(), n == 3),
                            ("datasets/collected", false),
                            "{context}"
                        );
                    }
                }
            }
            let plan = store.plan_gc(at(30 * DAY), &GcPolicy::newest(1)).unwrap();
            store.apply_gc(&plan).unwrap();
            let plan = store.plan_gc(at(60 * DAY), &GcPolicy::newest(1)).unwrap();
            store.apply_gc(&plan).unwrap();
            let left = store.plan_gc(at(90 * DAY), &GcPolicy::newest(1)).unwrap();
            assert_eq!(
                (left.items, left.undated),
                (Vec::new(), Vec::<PathBuf>::new()),
                "{context}"
            );
            let error = store.open_version(&reader(), &version(1)).unwrap_err();
            assert_eq!(error.code(), "datasets/collected", "{context}");
        }
        if is_done {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 30, "{cuts}");
}
