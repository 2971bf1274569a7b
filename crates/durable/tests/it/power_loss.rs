//! What the simulated disk keeps and loses, against a naive model.

use durable::{Access, Failure, Fault, Fs, FsErrorKind, Op, SimFs, read_exact_at, write_all_at};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn contents(fs: &dyn Fs, path: &Path) -> Option<Vec<u8>> {
    let file = fs.open(path, Access::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    Some(bytes)
}

#[derive(Debug, Clone)]
enum Step {
    Write(u8, u64, Vec<u8>),
    Sync(u8),
    SyncNames,
    Remove(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_u8, 0..9_000_u64, proptest::collection::vec(1..=255_u8, 1..5_000))
            .prop_map(|(f, at, bytes)| Step::Write(f, at, bytes)),
        2 => (0..3_u8).prop_map(Step::Sync),
        1 => Just(Step::SyncNames),
        1 => (0..3_u8).prop_map(Step::Remove),
    ];
    proptest::collection::vec(step, 1..24)
}

/// What must be there after any power loss: bytes by file that were synced under a synced name, and not touched since.
#[derive(Default)]
struct Model {
    /// The file under a name, its bytes, and the bytes that no later write may change.
    live: BTreeMap<u8, (Vec<u8>, Option<Vec<u8>>)>,
    named: BTreeMap<u8, bool>,
}

proptest! {
    #[test]
    fn what_was_synced_under_a_synced_name_survives(steps in steps(), seed: u64) {
        let fs = SimFs::new();
        let mut model = Model::default();
        for step in &steps {
            let path = |f: &u8| format!("f{f}");
            match step {
                Step::Write(f, at, bytes) => {
                    let name = path(f);
                    let there = fs.open(Path::new(&name), Access::ReadWrite);
                    let file = there.unwrap_or_else(|_| {
                        model.named.insert(*f, false);
                        model.live.insert(*f, (Vec::new(), None));
                        fs.create_new(Path::new(&name)).unwrap()
                    });
                    write_all_at(file.as_ref(), bytes, *at).unwrap();
                    let (live, durable) = model.live.get_mut(f).unwrap();
                    let end = usize::try_from(*at).unwrap() + bytes.len();
                    if live.len() < end {
                        live.resize(end, 0);
                    }
                    live[usize::try_from(*at).unwrap()..end].copy_from_slice(bytes);
                    *durable = None;
                }
                Step::Sync(f) => {
                    if let Ok(file) = fs.open(Path::new(&path(f)), Access::ReadWrite) {
                        file.sync_data().unwrap();
                        let (live, durable) = model.live.get_mut(f).unwrap();
                        *durable = Some(live.clone());
                    }
                }
                Step::SyncNames => {
                    fs.sync_dir(Path::new("")).unwrap();
                    model.named.retain(|f, named| {
                        *named = true;
                        model.live.contains_key(f)
                    });
                }
                Step::Remove(f) => {
                    if fs.unlink(Path::new(&path(f))).is_ok() {
                        model.live.remove(f);
                        model.named.remove(f);
                    }
                }
            }
        }
        // While the machine runs, reads show everything.
        for (f, (live, _)) in &model.live {
            prop_assert_eq!(contents(&fs, Path::new(&format!("f{f}"))), Some(live.clone()));
        }
        let after = fs.crash(seed);
        for (f, (_, durable)) in &model.live {
            if let (Some(true), Some(bytes)) = (model.named.get(f), durable) {
                prop_assert_eq!(contents(&after, Path::new(&format!("f{f}"))), Some(bytes.clone()));
            }
        }
        // A second power loss with nothing in between changes nothing.
        let again = after.crash(seed.wrapping_add(1));
        for f in 0..3_u8 {
            let name = format!("f{f}");
            prop_assert_eq!(contents(&again, Path::new(&name)), contents(&after, Path::new(&name)));
        }
    }
}

#[test]
fn an_unsynced_write_can_be_lost_kept_or_torn_at_a_block() {
    let fs = SimFs::new();
    let file = fs.create_new(Path::new("a")).unwrap();
    file.set_len(8192).unwrap();
    file.sync_all().unwrap();
    fs.sync_dir(Path::new("")).unwrap();
    file.write_at(&[1; 8192], 0).unwrap();
    let (mut lost, mut kept, mut torn) = (0, 0, 0);
    for seed in 0..200 {
        let bytes = contents(&fs.crash(seed), Path::new("a")).unwrap();
        match bytes.iter().map(|b| usize::from(*b)).sum::<usize>() {
            0 => lost += 1,
            8192 => kept += 1,
            n => {
                assert_eq!(n % 512, 0, "seed {seed}");
                torn += 1;
            }
        }
    }
    assert!(lost > 0 && kept > 0 && torn > 0, "{lost} {kept} {torn}");
}

#[test]
fn a_later_write_can_survive_an_earlier_one() {
    let fs = SimFs::new();
    let file = fs.create_new(Path::new("a")).unwrap();
    file.set_len(1024).unwrap();
    file.sync_all().unwrap();
    fs.sync_dir(Path::new("")).unwrap();
    file.write_at(&[1; 512], 0).unwrap();
    file.write_at(&[2; 512], 512).unwrap();
    let reordered = (0..200).any(|seed| {
        let bytes = contents(&fs.crash(seed), Path::new("a")).unwrap();
        bytes[0] == 0 && bytes[512] == 2
    });
    assert!(reordered);
}

#[test]
fn a_failed_sync_forgets_what_reads_still_show() {
    let fs = SimFs::new();
    let file = fs.create_new(Path::new("a")).unwrap();
    fs.sync_dir(Path::new("")).unwrap();
    file.write_at(b"acked?", 0).unwrap();
    fs.fail(Fault::new(Failure::ForgetAndFail).on(Op::SyncData));
    assert_eq!(file.sync_data().unwrap_err().kind, FsErrorKind::Io);
    // The trap: a second sync says that all is well, and reads show the bytes.
    file.sync_data().unwrap();
    assert_eq!(contents(&fs, Path::new("a")).unwrap(), b"acked?");
    assert!((0..50).all(|seed| contents(&fs.crash(seed), Path::new("a")).unwrap().is_empty()));
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let fs = SimFs::new().with_capacity(10 * 4096);
    let file = fs.create_new(Path::new("a")).unwrap();
    file.allocate(9 * 4096).unwrap();
    assert_eq!(fs.free_space(Path::new("")).unwrap(), 4096);
    let error = write_all_at(file.as_ref(), &[1; 4097], 9 * 4096).unwrap_err();
    assert_eq!((error.kind, error.is_transient()), (FsErrorKind::NoSpace, true));
    assert_eq!(file.write_at(&[1; 900], 0).unwrap(), 900);
    fs.set_capacity(Some(20 * 4096));
    assert_eq!(file.write_at(&[1; 4097], 9 * 4096).unwrap(), 4097);
    fs.unlink(Path::new("a")).unwrap();
    drop(file);
    assert_eq!(fs.free_space(Path::new("")).unwrap(), 20 * 4096);
}

#[test]
fn planned_failures_hit_the_calls_they_name_and_no_others() {
    let fs = SimFs::new();
    fs.fail(Fault::new(Failure::Io).on(Op::Write).at("log").after(1).times(2));
    let log = fs.create_new(Path::new("log")).unwrap();
    let other = fs.create_new(Path::new("other")).unwrap();
    let outcome: Vec<bool> = (0..4).map(|_| log.write_at(b"x", 0).is_ok()).collect();
    assert_eq!(outcome, [true, false, false, true]);
    assert_eq!(other.write_at(b"x", 0).unwrap(), 1);
    fs.fail(Fault::new(Failure::Short(3)).on(Op::Write));
    assert_eq!(log.write_at(b"hello", 0).unwrap(), 3);
}

#[test]
fn a_flipped_bit_is_seen_and_stays() {
    let fs = SimFs::new();
    let file = fs.create_new(Path::new("a")).unwrap();
    file.write_at(&[0; 4], 0).unwrap();
    file.sync_all().unwrap();
    fs.sync_dir(Path::new("")).unwrap();
    fs.flip_bit(Path::new("a"), 2, 7).unwrap();
    assert_eq!(contents(&fs, Path::new("a")).unwrap(), [0, 0, 128, 0]);
    assert_eq!(contents(&fs.crash(1), Path::new("a")).unwrap(), [0, 0, 128, 0]);
    assert_eq!(fs.flip_bit(Path::new("a"), 4, 0).unwrap_err().kind, FsErrorKind::UnexpectedEnd);
}
