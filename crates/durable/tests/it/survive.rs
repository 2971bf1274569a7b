//! What must survive a crash, against a naive model that only keeps a diary.

use durable::{Access, Fs, FsErrorKind, SimFs, read_exact_at, write_all_at};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PATHS: [&str; 4] = ["/a", "/b", "/d/a", "/d/b"];
const LEN: usize = 1600;

#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Write { path: usize, offset: usize, len: usize },
    SetLen { path: usize, len: usize },
    Sync(usize),
    Rename { from: usize, to: usize, may_replace: bool },
    Unlink(usize),
    SyncFolder(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let path = 0..PATHS.len();
    prop_oneof![
        3 => path.clone().prop_map(Step::Create),
        4 => (path.clone(), 0..LEN, 1..LEN).prop_map(|(path, offset, len)| Step::Write { path, offset, len }),
        1 => (path.clone(), 0..LEN).prop_map(|(path, len)| Step::SetLen { path, len }),
        3 => path.clone().prop_map(Step::Sync),
        2 => (path.clone(), path.clone(), any::<bool>())
            .prop_map(|(from, to, may_replace)| Step::Rename { from, to, may_replace }),
        1 => path.clone().prop_map(Step::Unlink),
        3 => path.prop_map(Step::SyncFolder),
    ]
}

/// A file of the model: what it holds, and for each byte the values that a crash may show since the last sync.
#[derive(Debug, Clone, Default)]
struct File {
    now: Vec<u8>,
    may: BTreeMap<usize, BTreeSet<u8>>,
    shortest: usize,
    longest: usize,
}

impl File {
    fn note(&mut self) {
        for (at, byte) in self.now.iter().enumerate() {
            self.may.entry(at).or_default().insert(*byte);
        }
        self.shortest = self.shortest.min(self.now.len());
        self.longest = self.longest.max(self.now.len());
    }

    fn sync(&mut self) {
        self.may.clear();
        (self.shortest, self.longest) = (self.now.len(), self.now.len());
        self.note();
    }

    fn is_possible(&self, found: &[u8]) -> bool {
        let is_synced =
            self.may.values().all(|values| values.len() == 1) && self.shortest == self.longest;
        if is_synced {
            return found == self.now;
        }
        // A byte below a new length that never reached the disk is zero.
        let may = |(at, byte): (usize, &u8)| {
            *byte == 0 || self.may.get(&at).is_some_and(|v| v.contains(byte))
        };
        (self.shortest..=self.longest).contains(&found.len()) && found.iter().enumerate().all(may)
    }
}

#[derive(Debug, Default)]
struct Diary {
    files: Vec<File>,
    names: BTreeMap<usize, usize>,
    /// What each path may stand for after a crash.
    may: BTreeMap<usize, BTreeSet<Option<usize>>>,
}

fn folder(path: usize) -> &'static str {
    if PATHS[path].starts_with("/d") { "/d" } else { "/" }
}

impl Diary {
    fn bind(&mut self, path: usize, file: Option<usize>) {
        match file {
            Some(file) => self.names.insert(path, file),
            None => self.names.remove(&path),
        };
        self.may.entry(path).or_insert_with(|| BTreeSet::from([None])).insert(file);
    }

    /// Every name in the folder is settled; what moved to or from elsewhere is left unsettled, which only weakens the
    /// model.
    fn settle(&mut self, name: &str) {
        for path in (0..PATHS.len()).filter(|&p| folder(p) == name) {
            self.may.insert(path, BTreeSet::from([self.names.get(&path).copied()]));
        }
    }
}

fn run(fs: &SimFs, steps: &[Step]) -> Diary {
    let mut diary = Diary::default();
    fs.create_dir_all(Path::new("/d")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    for (i, step) in steps.iter().enumerate() {
        let fill = u8::try_from(i % 250).unwrap() + 1;
        match *step {
            Step::Create(path) => {
                let created = fs.create_new(Path::new(PATHS[path]));
                assert_eq!(created.is_ok(), !diary.names.contains_key(&path), "{step:?}");
                if created.is_ok() {
                    let file = diary.files.len();
                    diary.files.push(File::default());
                    diary.bind(path, Some(file));
                }
            }
            Step::Write { path, .. } | Step::SetLen { path, .. } | Step::Sync(path) => {
                let opened = fs.open(Path::new(PATHS[path]), Access::ReadWrite);
                assert_eq!(opened.is_ok(), diary.names.contains_key(&path), "{step:?}");
                let Ok(opened) = opened else { continue };
                let file = &mut diary.files[diary.names[&path]];
                match *step {
                    Step::Write { offset, len, .. } => {
                        write_all_at(
                            opened.as_ref(),
                            &vec![fill; len],
                            u64::try_from(offset).unwrap(),
                        )
                        .unwrap();
                        file.now.resize(file.now.len().max(offset + len), 0);
                        file.now[offset..offset + len].fill(fill);
                        file.note();
                    }
                    Step::SetLen { len, .. } => {
                        opened.set_len(u64::try_from(len).unwrap()).unwrap();
                        file.now.resize(len, 0);
                        file.note();
                    }
                    _ => {
                        opened.sync_data().unwrap();
                        file.sync();
                    }
                }
            }
            Step::Rename { from, to, may_replace } => {
                let (a, b) = (Path::new(PATHS[from]), Path::new(PATHS[to]));
                let renamed = if may_replace { fs.rename(a, b) } else { fs.rename_noreplace(a, b) };
                let stands = diary.names.contains_key(&to);
                let file = diary.names.get(&from).copied().filter(|_| may_replace || !stands);
                assert_eq!(renamed.is_ok(), file.is_some(), "{step:?}");
                if let Some(file) = file.filter(|_| from != to) {
                    diary.bind(from, None);
                    diary.bind(to, Some(file));
                }
            }
            Step::Unlink(path) => {
                assert_eq!(
                    fs.unlink(Path::new(PATHS[path])).is_ok(),
                    diary.names.contains_key(&path),
                    "{step:?}"
                );
                if diary.names.contains_key(&path) {
                    diary.bind(path, None);
                }
            }
            Step::SyncFolder(path) => {
                fs.sync_dir(Path::new(folder(path))).unwrap();
                diary.settle(folder(path));
            }
        }
    }
    diary
}

fn read(fs: &SimFs, path: &str) -> Option<Vec<u8>> {
    let file = match fs.open(Path::new(path), Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind == FsErrorKind::NotFound => return None,
        Err(error) => panic!("{error}"),
    };
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    Some(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_synced_survives_and_nothing_else_appears(steps in prop::collection::vec(step(), 1..40), seed: u64) {
        let fs = SimFs::new();
        fs.shorten(seed);
        let diary = run(&fs, &steps);
        for (path, name) in PATHS.iter().enumerate() {
            prop_assert_eq!(read(&fs, name), diary.names.get(&path).map(|&file| diary.files[file].now.clone()));
        }
        for crash in [0, 1, seed, seed ^ 0x55, seed.rotate_left(7)] {
            let crashed = fs.crash(crash);
            let again = fs.crash(crash);
            for (path, name) in PATHS.iter().enumerate() {
                let found = read(&crashed, name);
                prop_assert_eq!(&found, &read(&again, name), "the same seed, another crash");
                let nothing = BTreeSet::from([None]);
                let may = diary.may.get(&path).unwrap_or(&nothing);
                let is_possible = may.iter().any(|file| match (file, &found) {
                    (None, None) => true,
                    (Some(file), Some(found)) => diary.files[*file].is_possible(found),
                    _ => false,
                });
                prop_assert!(is_possible, "{} after crash {}: {:?} of {:?}\n{}", name, crash, found.map(|f| f.len()), may, fs.trace());
            }
        }
    }
}
