//! Publishing, with the power cut before every call and every call failing once.

use durable::{
    Access, Failure, Fault, Fs, FsError, FsErrorKind, Lie, LyingFs, Mode, Publish, PublishError,
    Published, SimFs, publish, read_exact_at,
};
use std::io::Write as _;
use std::path::Path;

const FINAL: &str = "/data/v1/decisions.parquet";
const CRASHES: u64 = 12;

/// More than the writer's buffer, so that writes happen before and at the commit.
fn content(fill: u8) -> Vec<u8> {
    (0..250_u8).map(|i| fill ^ i).collect::<Vec<u8>>().repeat(400)
}

fn read(fs: &SimFs) -> Result<Vec<u8>, FsError> {
    let file = fs.open(Path::new(FINAL), Access::Read)?;
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0)?;
    Ok(bytes)
}

fn put(fs: &dyn Fs, mode: Mode, bytes: &[u8]) -> Result<Published, PublishError> {
    publish(fs, Path::new(FINAL), mode, |file| {
        for part in bytes.chunks(9_000) {
            file.write_all(part)?;
        }
        Ok(())
    })
}

/// A machine on which an older version may stand already.
fn machine(mode: Mode) -> SimFs {
    let fs = SimFs::new();
    if mode == Mode::Replace {
        put(&fs, Mode::New, &content(1)).unwrap();
    }
    fs
}

/// Cuts the power before each call, crashes in many ways, and says what is wrong.
fn crash_everywhere(
    mode: Mode,
    publish: impl Fn(&SimFs) -> Result<Published, PublishError>,
) -> Result<u64, String> {
    let mut cuts = 0;
    loop {
        let fs = machine(mode);
        fs.stop_at(fs.calls() + cuts);
        let is_published = publish(&fs).is_ok();
        for seed in 0..CRASHES {
            let at = || format!("cut before call {cuts}, crash seed {seed}\n{}", fs.trace());
            let crashed = fs.crash(seed);
            let is_old = |bytes: &Vec<u8>| mode == Mode::Replace && *bytes == content(1);
            match read(&crashed) {
                Ok(bytes) if bytes == content(2) => {}
                Ok(bytes) if is_old(&bytes) && !is_published => {}
                Ok(bytes) => return Err(format!("{} wrong bytes: {}", bytes.len(), at())),
                Err(error)
                    if error.kind == FsErrorKind::NotFound
                        && !is_published
                        && mode == Mode::New => {}
                Err(error) => return Err(format!("{error}: {}", at())),
            }
            // Whatever was left behind, the name can be published again.
            let again =
                put(&crashed, Mode::Replace, &content(3)).map_err(|e| format!("{e}: {}", at()))?;
            let names = crashed.read_dir(Path::new("/data/v1")).map_err(|e| e.to_string())?;
            if names != [Path::new(FINAL)] || read(&crashed.crash(0)).ok() != Some(content(3)) {
                return Err(format!("{again:?} and {names:?}: {}", at()));
            }
        }
        if is_published {
            return Ok(cuts);
        }
        cuts += 1;
    }
}

#[test]
fn crash_at_every_call_leaves_nothing_the_old_file_or_the_whole_new_one() {
    for mode in [Mode::New, Mode::Replace] {
        let calls = crash_everywhere(mode, |fs| put(fs, mode, &content(2)));
        assert!(calls.as_ref().is_ok_and(|&n| n > 10), "{mode:?}: {calls:?}");
    }
}

#[test]
fn sabotage_of_syncs_or_renames_makes_the_crash_test_fail() {
    for lie in [Lie::FileSync, Lie::FolderSync, Lie::RenameBeforeSync, Lie::Rename] {
        for mode in [Mode::New, Mode::Replace] {
            let found =
                crash_everywhere(mode, |fs| put(&LyingFs::new(fs.clone(), lie), mode, &content(2)));
            assert!(found.is_err(), "{lie:?}, {mode:?}: nothing noticed");
        }
    }
}

#[test]
fn failure_of_any_call_is_typed_and_leaves_the_name_as_it_was() {
    for mode in [Mode::New, Mode::Replace] {
        for (fault, kind) in
            [(Failure::Io, FsErrorKind::Io), (Failure::NoSpace, FsErrorKind::NoSpace)]
        {
            for step in 0.. {
                let fs = machine(mode);
                fs.fail(Fault::new(fault).after(step));
                let at = format!("{mode:?}, {fault:?} at call {step}");
                let Err(error) = put(&fs, mode, &content(2)) else { break };
                match error {
                    PublishError::Fs(error) => {
                        assert_eq!(error.kind, kind, "{at}");
                        assert_eq!(
                            read(&fs).ok(),
                            (mode == Mode::Replace).then(|| content(1)),
                            "{at}"
                        );
                    }
                    PublishError::Unsettled { source, .. } => {
                        assert_eq!((source.kind, mode), (kind, Mode::Replace), "{at}");
                        assert_eq!(read(&fs).unwrap(), content(2), "{at}");
                    }
                    other => panic!("{at}: {other}"),
                }
                let left = fs.read_dir(Path::new("/data/v1")).unwrap_or_default();
                assert!(left.iter().all(|p| p == Path::new(FINAL)), "{at}: {left:?}");
                // And without the fault the same call succeeds, and holds.
                put(&fs, mode, &content(2)).unwrap();
                assert_eq!(read(&fs.crash(0)).unwrap(), content(2), "{at}");
            }
        }
    }
}

#[test]
fn folder_left_by_a_process_that_died_is_made_durable_by_the_next_one() {
    let fs = machine(Mode::New);
    fs.create_dir_all(Path::new("/data/v1")).unwrap();
    put(&fs, Mode::New, &content(2)).unwrap();
    assert_eq!(read(&fs.crash(0)).unwrap(), content(2));
}

#[test]
fn dropped_file_leaves_nothing() {
    let fs = machine(Mode::New);
    let mut file = Publish::begin(&fs, Path::new(FINAL), Mode::New).unwrap();
    file.write_all(&content(2)).unwrap();
    assert_eq!(file.bytes(), 100_000);
    drop(file);
    assert_eq!(fs.read_dir(Path::new("/data/v1")).unwrap(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn closure_that_fails_publishes_nothing() {
    let fs = machine(Mode::New);
    let found = publish(&fs, Path::new(FINAL), Mode::New, |file| {
        file.write_all(b"half")?;
        Err(PublishError::from(std::io::Error::other("the source ended")))
    });
    assert_eq!(found.unwrap_err().to_string(), "the source ended");
    assert_eq!(fs.read_dir(Path::new("/data/v1")).unwrap(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn file_that_reads_back_otherwise_is_refused() {
    let fs = machine(Mode::New);
    let mut file = Publish::begin(&fs, Path::new(FINAL), Mode::New).unwrap();
    file.write_all(&content(2)).unwrap();
    file.flush().unwrap();
    fs.flip_bit(Path::new("/data/v1/.decisions.parquet.tmp"), 70_000, 3).unwrap();
    let found = file.commit_with(|back| {
        let mut bytes = vec![0; 100_000];
        read_exact_at(back, &mut bytes, 0)?;
        let (path, expected, found) = (FINAL.into(), "the digest".to_owned(), "another".to_owned());
        if bytes == content(2) {
            Ok(())
        } else {
            Err(PublishError::Verify { path, expected, found })
        }
    });
    assert_eq!(found.unwrap_err().code(), "durable/verify");
    assert_eq!(fs.read_dir(Path::new("/data/v1")).unwrap(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn full_disk_is_told_through_the_writer_and_passes_when_space_is_freed() {
    let fs = machine(Mode::New);
    fs.set_capacity(Some(16 * 4096));
    let mut file = Publish::begin(&fs, Path::new(FINAL), Mode::New).unwrap();
    let error = file.write_all(&content(2)).and_then(|()| file.flush()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    let wrapped = std::io::Error::other(error);
    assert_eq!(FsError::inside(&wrapped).map(FsError::code), Some("durable/no-space"));
    drop(file);
    fs.set_capacity(None);
    assert_eq!(put(&fs, Mode::New, &content(2)).unwrap().bytes, 100_000);
}

#[test]
fn name_taken_meanwhile_is_overwritten_only_by_a_file_system_that_lies() {
    let race = |fs: &dyn Fs, sim: &SimFs| {
        let mut file = Publish::begin(fs, Path::new(FINAL), Mode::New).unwrap();
        file.write_all(b"late").unwrap();
        sim.create_new(Path::new(FINAL)).unwrap().write_at(b"theirs", 0).unwrap();
        (file.commit().is_ok(), read(sim).unwrap())
    };
    let sim = SimFs::new();
    assert_eq!(race(&sim, &sim), (false, b"theirs".to_vec()));
    let sim = SimFs::new();
    assert_eq!(race(&LyingFs::new(sim.clone(), Lie::NoReplace), &sim), (true, b"late".to_vec()));
}

#[test]
fn short_writes_are_completed() {
    let fs = SimFs::new();
    fs.shorten(8);
    put(&fs, Mode::New, &content(2)).unwrap();
    assert_eq!(read(&fs.crash(0)).unwrap(), content(2));
}

#[test]
fn stale_temporary_file_is_taken_over_whatever_its_length() {
    let fs = machine(Mode::New);
    fs.create_dir_all(Path::new("/data/v1")).unwrap();
    let stale = durable::temporary_name(Path::new(FINAL)).unwrap();
    assert_eq!(stale, Path::new("/data/v1/.decisions.parquet.tmp"));
    fs.create_new(&stale).unwrap().write_at(&vec![7; 200_000], 0).unwrap();
    assert_eq!(put(&fs, Mode::New, b"whole").unwrap().bytes, 5);
    assert_eq!(read(&fs).unwrap(), b"whole");
}
