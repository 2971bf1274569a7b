//! What the simulated file system does on demand.

use durable::{
    Access, Failure, Fault, Fs, FsErrorKind, Lie, LyingFs, Op, SimFs, read_exact_at, write_all_at,
};
use std::collections::BTreeSet;
use std::path::Path;

fn read(fs: &SimFs, path: &str) -> Vec<u8> {
    let file = fs.open(Path::new(path), Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    bytes
}

/// A machine with an empty file `/a`, name and all on disk.
fn with_file() -> (SimFs, Box<dyn durable::FsFile>) {
    let fs = SimFs::new();
    let file = fs.create_new(Path::new("/a")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    (fs, file)
}

#[test]
fn failed_sync_forgets_what_reads_still_show_and_the_next_one_succeeds() {
    let (fs, file) = with_file();
    write_all_at(file.as_ref(), b"paid", 0).unwrap();
    fs.fail(Fault::new(Failure::ForgetAndFail).on(Op::SyncData));
    assert_eq!(file.sync_data().unwrap_err().kind, FsErrorKind::Io);
    assert_eq!(read(&fs, "/a"), b"paid");
    file.sync_data().unwrap();
    for seed in 0..20 {
        assert_eq!(read(&fs.crash(seed), "/a"), b"", "crash seed {seed}");
    }
}

#[test]
fn full_disk_takes_what_fits_and_takes_more_once_space_is_freed() {
    let (fs, file) = with_file();
    fs.set_capacity(Some(3 * 4096));
    let ballast = fs.create_new(Path::new("/ballast")).unwrap();
    ballast.allocate(2 * 4096).unwrap();
    assert_eq!(fs.free_space(Path::new("/")).unwrap(), 4096);
    assert_eq!(file.write_at(&[7; 5000], 0).unwrap(), 4096);
    assert_eq!(file.write_at(&[7; 904], 4096).unwrap_err().kind, FsErrorKind::NoSpace);
    assert_eq!(file.allocate(4097).unwrap_err().kind, FsErrorKind::NoSpace);
    assert_eq!(file.write_at(&[8; 10], 0).unwrap(), 10);
    fs.unlink(Path::new("/ballast")).unwrap();
    assert_eq!(file.write_at(&[7; 904], 4096).unwrap_err().kind, FsErrorKind::NoSpace); // still open
    drop(ballast);
    assert_eq!(file.write_at(&[7; 904], 4096).unwrap(), 904);
}

#[test]
fn space_that_was_reserved_cannot_run_out() {
    let (fs, file) = with_file();
    fs.set_capacity(Some(2 * 4096));
    file.allocate(2 * 4096).unwrap();
    assert_eq!(
        fs.create_new(Path::new("/b")).unwrap().write_at(b"x", 0).unwrap_err().kind,
        FsErrorKind::NoSpace
    );
    write_all_at(file.as_ref(), &[7; 2 * 4096], 0).unwrap();
}

#[test]
fn crash_tears_a_write_at_sectors_and_every_part_may_be_the_one_that_is_kept() {
    let (fs, file) = with_file();
    file.set_len(8192).unwrap();
    file.sync_all().unwrap();
    write_all_at(file.as_ref(), &[7; 8192], 0).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..400 {
        let bytes = read(&fs.crash(seed), "/a");
        assert_eq!(bytes.len(), 8192);
        for sector in bytes.chunks(512) {
            assert!(
                sector == [0; 512] || sector == [7; 512],
                "crash seed {seed}: torn inside a sector"
            );
        }
        seen.insert((bytes[0], bytes[4095], bytes[8191]));
    }
    assert_eq!(seen.len(), 8);
}

#[test]
fn rename_is_kept_whole_or_not_at_all_across_folders() {
    let (fs, _file) = with_file();
    fs.create_dir_all(Path::new("/d")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    fs.rename(Path::new("/a"), Path::new("/d/b")).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        let crashed = fs.crash(seed);
        let has = |path: &str| crashed.metadata(Path::new(path)).is_ok();
        assert_ne!(has("/a"), has("/d/b"), "crash seed {seed}");
        seen.insert(has("/a"));
    }
    assert_eq!(seen.len(), 2);
    fs.sync_dir(Path::new("/d")).unwrap();
    assert!(fs.crash(0).metadata(Path::new("/a")).is_err());
}

#[test]
fn power_cut_stops_every_later_call_and_the_same_seeds_repeat_a_run() {
    let run = |cut: Option<u64>| {
        let (fs, file) = with_file();
        fs.shorten(4);
        if let Some(cut) = cut {
            fs.stop_at(cut);
        }
        let wrote = write_all_at(file.as_ref(), &[1; 100], 0);
        (wrote.is_ok(), fs.calls(), fs.trace(), read(&fs.crash(9), "/a"))
    };
    assert_eq!(run(None), run(None));
    let cut = run(Some(3));
    assert_eq!((cut.0, cut.1), (false, 4));
    assert_eq!(cut.2, "0 create `/a`\n1 sync folder `/`\n2 write `/a`\n");
    assert_eq!(format!("{:?}", SimFs::new()), "SimFs { seed: 0, step: 0, .. }");
}

#[test]
fn flipped_bit_is_read_and_survives() {
    let (fs, file) = with_file();
    write_all_at(file.as_ref(), b"abc", 0).unwrap();
    file.sync_data().unwrap();
    fs.flip_bit(Path::new("/a"), 1, 0).unwrap();
    assert_eq!(read(&fs, "/a"), b"acc"); // b is 0x62, c is 0x63
    assert_eq!(read(&fs.crash(0), "/a"), b"acc");
    assert_eq!(fs.flip_bit(Path::new("/a"), 3, 0).unwrap_err().kind, FsErrorKind::UnexpectedEnd);
}

#[test]
fn faults_hit_the_chosen_calls_only() {
    let (fs, file) = with_file();
    fs.fail(
        Fault::new(Failure::NoSpace).when(|call| call.op == Op::Write && call.path.ends_with("a")),
    );
    fs.fail(Fault::new(Failure::Short(2)).on(Op::Write));
    assert_eq!(file.write_at(b"abc", 0).unwrap_err().kind, FsErrorKind::NoSpace);
    assert_eq!(file.write_at(b"abc", 0).unwrap(), 2);
    assert_eq!(file.write_at(b"abc", 0).unwrap(), 3);
    fs.fail(Fault::new(Failure::Io));
    let error = file.sync_data().unwrap_err();
    assert_eq!(error.to_string(), "sync data `/a`: Input/output error (os error 5)");
    file.sync_data().unwrap();
}

#[test]
fn rename_that_was_synced_is_not_undone_by_an_older_change_of_its_target() {
    let (fs, file) = with_file();
    write_all_at(file.as_ref(), b"moved", 0).unwrap();
    file.sync_data().unwrap();
    fs.create_dir_all(Path::new("/d")).unwrap();
    fs.create_new(Path::new("/d/b")).unwrap(); // never synced by its own folder
    fs.rename(Path::new("/a"), Path::new("/d/b")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    for seed in 0..20 {
        assert_eq!(read(&fs.crash(seed), "/d/b"), b"moved", "crash seed {seed}");
    }
}

#[test]
fn linked_name_survives_a_crash_once_its_own_folder_is_synced_and_the_bytes_are_shared() {
    let (fs, file) = with_file();
    write_all_at(file.as_ref(), b"paid", 0).unwrap();
    file.sync_all().unwrap();
    fs.create_dir_all(Path::new("/log")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    fs.set_capacity(Some(4096)); // a second name takes no space
    fs.link(Path::new("/a"), Path::new("/log/1")).unwrap();
    assert_eq!(fs.crash(0).metadata(Path::new("/log/1")).unwrap_err().kind, FsErrorKind::NotFound);
    let seen: BTreeSet<bool> =
        (0..40).map(|seed| fs.crash(seed).metadata(Path::new("/log/1")).is_ok()).collect();
    assert_eq!(seen, BTreeSet::from([false, true]));
    fs.sync_dir(Path::new("/log")).unwrap();
    fs.unlink(Path::new("/a")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    for seed in 0..20 {
        let crashed = fs.crash(seed);
        assert_eq!(read(&crashed, "/log/1"), b"paid", "crash seed {seed}");
        assert_eq!(crashed.metadata(Path::new("/a")).unwrap_err().kind, FsErrorKind::NotFound);
    }
}

#[test]
fn removed_folder_comes_back_after_a_crash_unless_the_folder_above_was_synced() {
    let fs = SimFs::new();
    fs.create_dir_all(Path::new("/tmp")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    fs.remove_dir(Path::new("/tmp")).unwrap();
    assert_eq!(fs.crash(0).read_dir(Path::new("/")).unwrap(), [Path::new("/tmp")]);
    fs.sync_dir(Path::new("/")).unwrap();
    assert_eq!(fs.crash(0).read_dir(Path::new("/")).unwrap(), [] as [&Path; 0]);
}

#[test]
fn liar_about_replacing_lets_a_second_link_take_the_name() {
    let fs = SimFs::new();
    for (name, bytes) in [("/a", b"1"), ("/b", b"2")] {
        write_all_at(fs.create_new(Path::new(name)).unwrap().as_ref(), bytes, 0).unwrap();
    }
    let liar = LyingFs::new(fs.clone(), Lie::NoReplace);
    liar.link(Path::new("/a"), Path::new("/1")).unwrap();
    liar.link(Path::new("/b"), Path::new("/1")).unwrap();
    assert_eq!(read(&fs, "/1"), b"2");
}
