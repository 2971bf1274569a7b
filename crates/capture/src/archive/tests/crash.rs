//! Power cuts, failing calls and lying disks.

use super::*;
use durable::{
    Access, Failure, Fault, FsError, FsFile, FsLock, Lie, LyingFs, Metadata, Op, temporary_name,
};
use std::path::PathBuf;
use std::sync::Mutex;

const DIR: &str = "/log/archive";

fn few() -> Vec<LoggedBatch> {
    vec![trades(100, 1, 0, &[0, 15]), decisions(102, 2, 0, &[4])]
}

fn one() -> Vec<LoggedBatch> {
    vec![trades(100, 1, 0, &[0, 3, 1])]
}

/// After a crash: whatever stands under a final name is whole, and a second run ends with the files of an undisturbed
/// one. Returns how many it took over.
fn recover(fs: &SimFs, rows: &[LoggedBatch], expected: &[ArchivedFile], context: &str) -> usize {
    let there = unrecorded(fs, Path::new(DIR), &[]).unwrap();
    for path in &there {
        let file = expected.iter().find(|file| file.path == *path);
        let file = file.unwrap_or_else(|| panic!("{context}: unexpected {path}"));
        verify(fs, Path::new(DIR), file).unwrap_or_else(|error| panic!("{context}: {error}"));
    }
    let again = archive(fs, rows).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(again, expected, "{context}");
    let settled = fs.crash(0); // the manifest record comes now: what it names must survive
    for file in expected {
        check(&settled, Path::new(DIR), file).unwrap_or_else(|e| panic!("{context}, settled: {e}"));
    }
    there.len()
}

/// The calls of an undisturbed run and its files. Of reads in a row only the first counts: they change nothing.
fn calls(rows: &[LoggedBatch]) -> (Vec<(u64, Op)>, Vec<ArchivedFile>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let fs = disk();
    let all = Arc::clone(&seen);
    fs.fail(Fault::new(Failure::Io).when(move |call| {
        all.lock().unwrap().push((call.number, call.op));
        false
    }));
    let files = archive(&fs, rows).unwrap();
    let mut calls = seen.lock().unwrap().clone();
    calls.dedup_by(|later, earlier| (later.1, earlier.1) == (Op::Read, Op::Read));
    (calls, files)
}

#[test]
fn a_crash_at_any_call_leaves_a_whole_file_or_none_and_a_second_run_adopts_it() {
    let (calls, expected) = calls(&one());
    assert!(calls.len() > 15, "{calls:?}");
    let mut adopted = 0;
    for (call, op) in calls {
        for seed in [0, 1, 2 + call] {
            let fs = disk();
            fs.stop_at(call);
            let error = archive(&fs, &one()).unwrap_err();
            assert!(error.fs().is_some(), "call {call}: {error}");
            let context = format!("call {call}, {op}, seed {seed}");
            adopted += recover(&fs.crash(seed), &one(), &expected, &context);
        }
    }
    assert!(adopted > 0);
}

#[test]
fn a_run_that_stopped_between_two_files_goes_on_where_it_stopped() {
    let (calls, expected) = calls(&few());
    let renames = calls.iter().filter(|(_, op)| *op == Op::RenameNoReplace);
    let mut adopted = Vec::new();
    for (call, _) in renames {
        let fs = disk();
        fs.stop_at(call + 1); // renamed, and the folder not synced
        archive(&fs, &few()).unwrap_err();
        adopted.push(recover(&fs.crash(1), &few(), &expected, &format!("call {call}")));
    }
    assert_eq!(adopted, [1, 2, 3]);
}

#[test]
fn a_failed_call_leaves_nothing_half_done_and_the_next_run_succeeds() {
    let (calls, expected) = calls(&one());
    for (call, op) in calls {
        let failure = match op {
            Op::Write | Op::Create | Op::CreateDir => Failure::NoSpace,
            Op::SyncAll | Op::SyncData => Failure::ForgetAndFail,
            _ => Failure::Io,
        };
        let fs = disk();
        fs.fail(Fault::new(failure).when(move |c| c.number == call));
        if let Err(error) = archive(&fs, &one()) {
            assert!(error.fs().is_some(), "call {call}: {error}");
            let code = contract::Diagnostic::code(&error);
            assert!(code.starts_with("durable/"), "{error}");
            let retry = contract::Fault::Environment { retry: failure == Failure::NoSpace };
            assert_eq!(contract::Diagnostic::fault(&error), retry);
        } else {
            assert_eq!(op, Op::Unlink, "call {call}");
        }
        fs.heal();
        recover(&fs, &one(), &expected, &format!("call {call}, {op}, {failure:?}"));
    }
}

/// A crash test that passes on a lying disk tests nothing.
#[test]
fn a_disk_that_lies_about_syncs_loses_what_was_published() {
    for lie in [Lie::FileSync, Lie::FolderSync] {
        let fs = disk();
        let files = archive(&LyingFs::new(fs.clone(), lie), &one()).unwrap();
        check(&fs, Path::new(DIR), &files[0]).unwrap();
        assert!(check(&fs.crash(0), Path::new(DIR), &files[0]).is_err(), "{lie:?}");
    }
}

#[test]
fn short_reads_and_writes_give_the_same_files() {
    let expected = archive(&disk(), &few()).unwrap();
    let fs = disk();
    fs.shorten(7);
    assert_eq!(archive(&fs, &few()).unwrap(), expected);
    assert_eq!(seen(&read_all(&fs, &expected, 0..u64::MAX)), seen(&few()));
}

/// Flips a bit of a temporary file once it is synced.
#[derive(Debug)]
struct Rotting {
    inner: SimFs,
    bit: u64,
}

#[derive(Debug)]
struct RottingFile {
    inner: Box<dyn FsFile>,
    fs: SimFs,
    bit: u64,
}

impl Fs for Rotting {
    fn create_new(&self, path: &Path) -> Result<Box<dyn FsFile>, FsError> {
        let inner = self.inner.create_new(path)?;
        Ok(Box::new(RottingFile { inner, fs: self.inner.clone(), bit: self.bit }))
    }
    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn FsFile>, FsError> {
        self.inner.open(path, access)
    }
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.inner.rename(from, to)
    }
    fn rename_noreplace(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.inner.rename_noreplace(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.inner.link(from, to)
    }
    fn remove_dir(&self, path: &Path) -> Result<(), FsError> {
        self.inner.remove_dir(path)
    }
    fn set_read_only(&self, path: &Path) -> Result<(), FsError> {
        self.inner.set_read_only(path)
    }
    fn unlink(&self, path: &Path) -> Result<(), FsError> {
        self.inner.unlink(path)
    }
    fn create_dir_all(&self, path: &Path) -> Result<Vec<PathBuf>, FsError> {
        self.inner.create_dir_all(path)
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

impl FsFile for RottingFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, FsError> {
        self.inner.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<usize, FsError> {
        self.inner.write_at(bytes, offset)
    }
    fn set_len(&self, len: u64) -> Result<(), FsError> {
        self.inner.set_len(len)
    }
    fn allocate(&self, len: u64) -> Result<(), FsError> {
        self.inner.allocate(len)
    }
    fn sync_data(&self) -> Result<(), FsError> {
        self.inner.sync_data()
    }
    fn sync_all(&self) -> Result<(), FsError> {
        self.inner.sync_all()?;
        let bits = self.inner.len()? * 8;
        let bit = self.bit % bits;
        self.fs.flip_bit(self.inner.path(), bit / 8, u8::try_from(bit % 8).unwrap())
    }
    fn len(&self) -> Result<u64, FsError> {
        self.inner.len()
    }
    fn path(&self) -> &Path {
        self.inner.path()
    }
}

#[test]
fn a_bit_that_flips_between_write_and_look_is_refused_and_nothing_appears() {
    for bit in [3, 1_000, 5_555, 20_001] {
        let fs = Rotting { inner: disk(), bit };
        let error = archive(&fs, &few()).unwrap_err();
        assert_eq!(contract::Diagnostic::code(&error), "capture/archive-mismatch", "{error}");
        assert_eq!(unrecorded(&fs, Path::new(DIR), &[]).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn rows_that_are_not_those_of_the_log_are_refused_whatever_wrote_the_file() {
    // A whole, valid Parquet file with other rows: only the digests can tell.
    let fs = disk();
    let expected = archive(&fs, &few()).unwrap();
    let others: [LoggedBatch; 4] = [
        trades(100, 1, 0, &[1, 15]), // another time
        trades(100, 1, 1, &[0, 15]), // another number of the producer's
        trades(100, 2, 0, &[0, 15]), // another producer
        trades(100, 1, 0, &[0, 16]),
    ];
    for other in others {
        let fs = disk();
        archive(&fs, &[other]).unwrap();
        let error = archive(&fs, &few()).unwrap_err();
        assert_eq!(contract::Diagnostic::code(&error), "capture/archive-conflict");
        let ArchiveError::Conflict { path, .. } = &error else { panic!("{error}") };
        // Nothing of the run was written: the caller moves the file away and runs again.
        let there = unrecorded(&fs, Path::new(DIR), &[]).unwrap();
        assert_eq!(there.len(), 2);
        for path in there {
            fs.unlink(&place(Path::new(DIR), &path)).unwrap();
        }
        assert!(path.starts_with(DIR));
        assert_eq!(archive(&fs, &few()).unwrap(), expected);
    }
}

#[test]
fn a_torn_file_under_the_final_name_is_a_conflict() {
    let fs = disk();
    let files = archive(&fs, &few()).unwrap();
    let path = place(Path::new(DIR), &files[1].path);
    let file = fs.open(&path, Access::ReadWrite).unwrap();
    for len in [0, 5, files[1].bytes - 1] {
        file.set_len(len).unwrap();
        let error = archive(&fs, &few()).unwrap_err();
        assert_eq!(contract::Diagnostic::code(&error), "capture/archive-conflict");
        assert!(error.to_string().contains(&files[1].path), "{error}");
    }
}

#[test]
fn a_disk_that_fails_while_a_file_is_looked_at_is_no_conflict() {
    let fs = disk();
    archive(&fs, &few()).unwrap();
    fs.fail(Fault::new(Failure::Io).on(Op::Read).at("trades/date=2024-08-08"));
    let error = archive(&fs, &few()).unwrap_err();
    assert_eq!(contract::Diagnostic::code(&error), "durable/io");
}

#[test]
fn a_temporary_file_of_a_dead_run_is_taken_over_and_listed_nowhere() {
    let fs = disk();
    let expected = archive(&disk(), &few()).unwrap();
    let path = temporary_name(&place(Path::new(DIR), &expected[0].path)).unwrap();
    fs.create_dir_all(path.parent().unwrap()).unwrap();
    let file = fs.create_new(&path).unwrap();
    durable::write_all_at(file.as_ref(), b"half", 0).unwrap();
    assert_eq!(unrecorded(&fs, Path::new(DIR), &[]).unwrap(), Vec::<String>::new());
    assert_eq!(archive(&fs, &few()).unwrap(), expected);
    assert!(fs.metadata(&path).is_err());
}
