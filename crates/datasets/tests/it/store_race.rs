//! Two publishers at once, and whoever comes in between.

use crate::small_version::{DAY, NAME, at, facts, files, fill, name, open, put, reader, text};
use contract::{AllowLocal, Diagnostic as _};
use datasets::{GcPolicy, PublishedVersion, Sha256, Store, VersionRef};
use durable::{Access, Fs, FsError, FsFile, FsLock, Lie, LyingFs, Metadata, RealFs, SimFs};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, Mutex};

const STORES: u32 = 100;
const ROUNDS: u32 = 10;

/// Publishes one version from each of two threads, in every round; in odd rounds the same one.
fn race(store: &Store) -> Vec<[PublishedVersion; 2]> {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let start = Barrier::new(2);
        let run = |n: u32| {
            let version = if round % 2 == 1 { 2 * round } else { 2 * round + n };
            let facts = facts(i64::from(round));
            let staging = store.stage(&name(), &format!("b{round}-{n}"), facts.ts).unwrap();
            fill(&staging, &files(version)).unwrap();
            start.wait();
            staging.publish(&text(version), &facts).unwrap()
        };
        let both = std::thread::scope(|scope| {
            let other = scope.spawn(|| run(1));
            [run(0), other.join().unwrap()]
        });
        rounds.push(both);
    }
    rounds
}

/// Holds a store after its rounds against what each publisher was told.
fn check(store: &Store, fs: &dyn Fs) {
    let rounds = race(store);
    let history = store.history(&name()).unwrap();
    let numbers: Vec<u64> = history.iter().map(|record| record.ordinal).collect();
    let expected = u64::from(ROUNDS / 2 * 3); // two versions in even rounds, one in odd ones
    assert_eq!(numbers, (1..=expected).collect::<Vec<_>>());
    for (round, [a, b]) in rounds.iter().enumerate() {
        let is_same = round % 2 == 1;
        assert_eq!(a.ordinal == b.ordinal, is_same, "round {round}");
        assert_eq!(u8::from(a.is_new) + u8::from(b.is_new), if is_same { 1 } else { 2 });
        for done in [a, b] {
            let index = usize::try_from(done.ordinal).unwrap() - 1;
            assert_eq!(history[index].manifest, done.manifest_hash);
        }
    }
    for record in &history {
        let version = VersionRef::ordinal(name(), record.ordinal);
        let version = store.open_version(&reader(), &version).unwrap();
        assert_eq!(store.verify_files(&version).unwrap(), []);
    }
    let folder = store.root().join(NAME);
    let latest = crate::store::read(fs, &folder.join("refs/latest"));
    let last = history.last().unwrap();
    assert_eq!(latest, format!("{expected} {}\n", last.manifest).as_bytes());
    assert_eq!(fs.read_dir(&folder.join("tmp")).unwrap(), Vec::<PathBuf>::new());
}

#[test]
fn two_publishers_lose_no_number_and_share_none_in_a_thousand_rounds() {
    for round in 0..STORES {
        // Real files for some, since they take long: what a race does to names does not depend on when bytes reach the
        // disk.
        if round % 10 == 0 {
            let folder = tempfile::tempdir().unwrap();
            let fs = LyingFs::new(LyingFs::new(RealFs, Lie::FileSync), Lie::FolderSync);
            let gate = Arc::new(AllowLocal { reason: "test".to_owned() });
            check(&Store::open(Arc::new(fs), folder.path(), gate).unwrap(), &RealFs);
        } else {
            let fs = SimFs::new();
            check(&open(fs.clone()), &fs);
        }
    }
}

type Hook = Box<dyn FnOnce() + Send>;

/// Runs something between two calls of a publisher: before the first call that gives a name whose path holds a text.
struct Interposed<F> {
    inner: F,
    before: &'static str,
    hook: Mutex<Option<Hook>>,
}

impl<F> fmt::Debug for Interposed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interposed")
    }
}

impl<F: Fs> Interposed<F> {
    fn new(inner: F, before: &'static str, hook: impl FnOnce() + Send + 'static) -> Self {
        Self { inner, before, hook: Mutex::new(Some(Box::new(hook))) }
    }

    fn reached(&self, path: &Path) {
        if path.to_string_lossy().contains(self.before)
            && let Some(hook) = self.hook.lock().unwrap().take()
        {
            hook();
        }
    }
}

impl<F: Fs> Fs for Interposed<F> {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        self.reached(path);
        self.inner.create_new(path)
    }
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        self.inner.open(path, access)
    }
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.reached(to);
        self.inner.rename(from, to)
    }
    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.reached(to);
        self.inner.rename_noreplace(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.reached(to);
        self.inner.link(from, to)
    }
    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        self.inner.unlink(path)
    }
    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.inner.create_dir_all(path)
    }
    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.inner.remove_dir(path)
    }
    fn set_read_only(&self, path: &Path) -> Result<(), FsError> {
        self.inner.set_read_only(path)
    }
    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        self.inner.sync_dir(path)
    }
    fn read_dir(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.inner.read_dir(path)
    }
    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        self.inner.metadata(path)
    }
    fn lock(&self, path: &Path) -> Result<Box<dyn FsLock>, FsError> {
        self.inner.lock(path)
    }
    fn free_space(&self, path: &Path) -> Result<u64, FsError> {
        self.inner.free_space(path)
    }
}

/// Version 2 is published, and just before its record another publisher completes version 3.
fn overtaken(lie: Option<Lie>) -> (Result<u64, String>, Vec<Sha256>) {
    let fs = SimFs::new();
    put(&open(fs.clone()), "b1", 1, &facts(0)).unwrap();
    let other = fs.clone();
    let hook = move || drop(put(&open(other), "b3", 3, &facts(1)).unwrap());
    let done = match lie {
        None => put(&open(Interposed::new(fs.clone(), "/log/", hook)), "b2", 2, &facts(2)),
        Some(lie) => {
            let liar = LyingFs::new(fs.clone(), lie);
            put(&open(Interposed::new(liar, "/log/", hook)), "b2", 2, &facts(2))
        }
    };
    let history = open(fs).history(&name()).unwrap();
    (
        done.map(|d| d.ordinal).map_err(|e| e.to_string()),
        history.iter().map(|r| r.manifest).collect(),
    )
}

#[test]
fn publisher_whose_number_was_taken_gets_the_next_one() {
    let hash = |n| Sha256::of(text(n).as_bytes());
    assert_eq!(overtaken(None), (Ok(3), vec![hash(1), hash(3), hash(2)]));
    // Where a link replaces, the record of version 3 is lost: the test above would notice.
    assert_eq!(overtaken(Some(Lie::NoReplace)), (Ok(2), vec![hash(1), hash(2)]));
}

#[test]
fn equal_bytes_that_overtook_are_found_and_nothing_is_committed_twice() {
    let fs = SimFs::new();
    let other = fs.clone();
    let hook = move || drop(put(&open(other), "b2", 1, &facts(1)).unwrap());
    let store = open(Interposed::new(fs.clone(), "/log/", hook));
    let done = put(&store, "b1", 1, &facts(2)).unwrap();
    assert_eq!((done.ordinal, done.is_new), (1, false));
    assert_eq!(store.history(&name()).unwrap().len(), 1);
}

/// A collector has planned to remove a folder without a record. Meanwhile a publisher of the same bytes finds it, and
/// the collector removes it just before the record.
#[test]
fn folder_that_was_collected_before_its_record_is_put_back() {
    let fs = SimFs::new();
    let crashed = open(fs.clone());
    let staging = crashed.stage(&name(), "b1", at(0)).unwrap();
    fill(&staging, &files(1)).unwrap();
    fs.fail(durable::Fault::new(durable::Failure::Io).on(durable::Op::Link));
    fs.fail(durable::Fault::new(durable::Failure::Io).on(durable::Op::RenameNoReplace));
    assert_eq!(staging.publish(&text(1), &facts(0)).unwrap_err().code(), "durable/io");
    staging.discard().unwrap();
    let plan = crashed.plan_gc(at(DAY), &GcPolicy::newest(1)).unwrap();
    assert_eq!(plan.items.len(), 1, "{plan:?}");
    let hook = move || assert_eq!(crashed.apply_gc(&plan).unwrap().removed, plan.items);
    let store = open(Interposed::new(fs, "/log/", hook));
    assert_eq!(put(&store, "b2", 1, &facts(DAY)).unwrap().ordinal, 1);
    let version = store.open_version(&reader(), &VersionRef::latest(name())).unwrap();
    assert_eq!(store.verify_files(&version).unwrap(), []);
}

#[test]
fn pin_that_comes_while_a_version_is_marked_stops_the_collector() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    put(&store, "b2", 2, &facts(1)).unwrap();
    let first = VersionRef::ordinal(name(), 1);
    let policy = GcPolicy { min_age_ns: 0, ..GcPolicy::newest(1) };
    let plan = store.plan_gc(at(9), &policy).unwrap();
    let (other, pinned) = (open(fs.clone()), first.clone());
    // Before the mark is created.
    let hook = move || drop(other.pin(&pinned, &facts(2)).unwrap());
    let done = open(Interposed::new(fs.clone(), "/collected", hook)).apply_gc(&plan).unwrap();
    assert_eq!((done.removed.len(), done.kept.len()), (0, 1));
    let version = store.open_version(&reader(), &first).unwrap();
    assert_eq!(store.verify_files(&version).unwrap(), []);
}

#[test]
fn pin_that_comes_too_late_says_so() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    put(&store, "b2", 2, &facts(1)).unwrap();
    let other = open(fs.clone());
    // Between the pin's look at the version and its record.
    let hook = move || {
        let policy = GcPolicy { min_age_ns: 0, ..GcPolicy::newest(1) };
        let plan = other.plan_gc(at(9), &policy).unwrap();
        assert_eq!(other.apply_gc(&plan).unwrap().removed.len(), 1);
    };
    let pinning = open(Interposed::new(fs, "tmp/record", hook));
    let error = pinning.pin(&VersionRef::ordinal(name(), 1), &facts(2)).unwrap_err();
    assert_eq!(error.code(), "datasets/collected");
}
