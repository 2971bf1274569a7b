//! A published file is whole or absent, whatever happens and whenever.

use durable::{
    Access, Failure, Fault, Fs, FsErrorKind, Lie, LyingFs, Mode, Op, Publish, PublishError, RealFs,
    SimFs, read_exact_at,
};
use std::io::Write;
use std::path::Path;

const NAME: &str = "out/day/trades.parquet";
const OLD: &[u8] = b"the version before";

fn new_bytes() -> Vec<u8> {
    (0..140_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

fn contents(fs: &dyn Fs) -> Option<Vec<u8>> {
    let file = fs.open(Path::new(NAME), Access::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    Some(bytes)
}

fn publish(fs: &dyn Fs, mode: Mode) -> Result<(), PublishError> {
    let bytes = new_bytes();
    let mut file = Publish::begin(fs, Path::new(NAME), mode)?;
    for part in bytes.chunks(70_001) {
        file.write_all(part).map_err(|e| durable::FsError::new(Op::Write, Path::new(NAME), e))?;
    }
    file.commit().map(|_| ())
}

/// A disk on which the old version stands durably, or nothing does.
fn disk(old: Option<&[u8]>) -> SimFs {
    let fs = SimFs::new();
    if let Some(bytes) = old {
        let mut file = Publish::begin(&fs, Path::new(NAME), Mode::New).unwrap();
        file.write_all(bytes).unwrap();
        file.commit().unwrap();
    }
    fs
}

/// Loses power at every call of a publication, with several outcomes each, and says what went wrong first.
fn torture(
    old: Option<&[u8]>,
    mode: Mode,
    through: impl Fn(SimFs) -> Box<dyn Fs>,
) -> Result<(), String> {
    let clean = disk(old);
    let first = clean.calls();
    publish(through(clean.clone()).as_ref(), mode).map_err(|e| e.to_string())?;
    let last = clean.calls();
    for call in first..=last {
        let fs = disk(old);
        fs.stop_at(call);
        let committed = publish(through(fs.clone()).as_ref(), mode).is_ok();
        for seed in 0..16 {
            let after = fs.crash(seed);
            let found = contents(&after);
            let is_new = found.as_deref() == Some(&new_bytes()[..]);
            let is_old = found.as_deref() == old;
            if !(is_new || is_old) {
                let len = found.map(|f| f.len());
                return Err(format!(
                    "call {call}, seed {seed}: neither old nor new, length {len:?}"
                ));
            }
            if committed && !is_new {
                return Err(format!("call {call}, seed {seed}: committed and lost"));
            }
            // The next attempt works without anyone cleaning up.
            if seed < 2 {
                publish(&after, Mode::Replace)
                    .map_err(|e| format!("call {call}, seed {seed}: again: {e}"))?;
            }
        }
    }
    Ok(())
}

#[test]
fn power_loss_at_every_call_leaves_the_old_file_or_the_whole_new_one() {
    let honest = |fs: SimFs| Box::new(fs) as Box<dyn Fs>;
    assert_eq!(torture(None, Mode::New, honest), Ok(()));
    assert_eq!(torture(Some(OLD), Mode::Replace, honest), Ok(()));
}

#[test]
fn the_torture_notices_a_file_sync_that_does_nothing() {
    let liar = |fs: SimFs| Box::new(LyingFs::new(fs, Lie::FileSync)) as Box<dyn Fs>;
    let found = torture(None, Mode::New, liar).unwrap_err();
    assert!(
        found.contains("neither old nor new") || found.contains("committed and lost"),
        "{found}"
    );
}

#[test]
fn the_torture_notices_a_folder_sync_that_does_nothing() {
    let liar = |fs: SimFs| Box::new(LyingFs::new(fs, Lie::FolderSync)) as Box<dyn Fs>;
    let found = torture(Some(OLD), Mode::Replace, liar).unwrap_err();
    assert!(found.contains("committed and lost"), "{found}");
}

#[test]
fn a_name_that_is_taken_meanwhile_is_not_overwritten() {
    let racing = |fs: &dyn Fs, sim: &SimFs| {
        let mut file = Publish::begin(fs, Path::new(NAME), Mode::New).unwrap();
        file.write_all(b"late").unwrap();
        sim.create_new(Path::new(NAME)).unwrap().write_at(OLD, 0).unwrap();
        file.commit().is_ok()
    };
    let sim = SimFs::new();
    assert!(!racing(&sim, &sim));
    assert_eq!(contents(&sim).as_deref(), Some(OLD));
    // The same race on a file system that replaces after all: the check above would notice.
    let sim = SimFs::new();
    assert!(racing(&LyingFs::new(sim.clone(), Lie::NoReplace), &sim));
    assert_eq!(contents(&sim).as_deref(), Some(&b"late"[..]));
}

#[test]
fn an_error_at_any_call_is_typed_and_leaves_no_new_file() {
    for failure in [Failure::Io, Failure::NoSpace] {
        let count = {
            let fs = disk(None);
            publish(&fs, Mode::New).unwrap();
            fs.calls()
        };
        for call in 0..count {
            let fs = disk(None);
            fs.fail(Fault::new(failure).after(call));
            match publish(&fs, Mode::New) {
                // A failed lookup of nothing, or a failed removal, may leave the work itself done.
                Ok(()) => assert_eq!(contents(&fs), Some(new_bytes()), "call {call}"),
                Err(error) => {
                    let PublishError::Fs(error) = error else { panic!("call {call}: {error}") };
                    let expected =
                        if failure == Failure::Io { FsErrorKind::Io } else { FsErrorKind::NoSpace };
                    assert_eq!(error.kind, expected, "call {call}: {error}");
                    let is_after_rename = error.op == Op::SyncDir;
                    assert_eq!(contents(&fs).is_some(), is_after_rename, "call {call}: {error}");
                }
            }
        }
    }
}

#[test]
fn short_writes_are_completed() {
    let fs = SimFs::new();
    fs.fail(Fault::new(Failure::Short(1)).on(Op::Write).times(50));
    publish(&fs, Mode::New).unwrap();
    assert_eq!(contents(&fs), Some(new_bytes()));
}

#[test]
fn a_refused_verification_publishes_nothing() {
    let fs = SimFs::new();
    let mut file = Publish::begin(&fs, Path::new(NAME), Mode::New).unwrap();
    file.write_all(b"wrong").unwrap();
    let verdict = file.commit_with(|_| {
        let (expected, found) = ("3 rows".to_owned(), "2 rows".to_owned());
        Err(PublishError::Verify { path: NAME.into(), expected, found })
    });
    assert_eq!(
        verdict.unwrap_err().to_string(),
        format!("`{NAME}`: expected 3 rows, found 2 rows when the file was read back")
    );
    assert_eq!(fs.read_dir(Path::new("out/day")).unwrap(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_dropped_file_leaves_nothing_and_a_stale_one_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.arrow");
    let mut file = Publish::begin(&RealFs, &path, Mode::New).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert_eq!(RealFs.read_dir(folder.path()).unwrap(), Vec::<std::path::PathBuf>::new());
    let stale = durable::temporary_name(&path).unwrap();
    std::fs::write(&stale, vec![7; 100_000]).unwrap();
    let mut file = Publish::begin(&RealFs, &path, Mode::New).unwrap();
    file.write_all(b"whole").unwrap();
    assert_eq!(file.commit().unwrap().bytes, 5);
    assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    assert_eq!(RealFs.read_dir(folder.path()).unwrap(), [path]);
}

#[test]
fn a_taken_name_a_folder_and_no_name_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    std::fs::write(&path, OLD).unwrap();
    let refused = |path: &Path, mode| Publish::begin(&RealFs, path, mode).unwrap_err().code();
    assert_eq!(refused(&path, Mode::New), "durable/already-exists");
    assert_eq!(refused(folder.path(), Mode::Replace), "durable/wrong-kind");
    assert_eq!(refused(Path::new("/"), Mode::New), "durable/no-file-name");
    assert_eq!(std::fs::read(&path).unwrap(), OLD);
}
