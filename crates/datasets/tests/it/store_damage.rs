//! Damage: each byte of a store changed in turn.

use crate::small_version::{NAME, ROOT, TRAIN, facts, files, name, open, put, reader, text};
use crate::store::read;
use contract::{Diagnostic as _, Fault};
use datasets::{FileDamage, FileFinding, Sha256, Store, StoreError, VersionRef};
use durable::{Fs, SimFs, write_all_at};
use std::path::{Path, PathBuf};

fn published() -> (SimFs, Store, PathBuf) {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    let done = put(&store, "b2", 2, &facts(1)).unwrap();
    (fs, store, done.path)
}

/// What opening and verifying version 2 says.
fn findings(store: &Store) -> Result<Vec<FileFinding>, StoreError> {
    let version = store.open_version(&reader(), &VersionRef::ordinal(name(), 2))?;
    store.verify_files(&version)
}

#[test]
fn every_byte_of_a_version_and_of_its_records_that_changes_is_noticed() {
    let (fs, store, folder) = published();
    let mut paths: Vec<PathBuf> = files(2).keys().map(|path| folder.join(path)).collect();
    paths.push(folder.join("manifest.json"));
    paths.extend(fs.read_dir(&Path::new(ROOT).join(NAME).join("log")).unwrap());
    let mut flipped = 0;
    for path in paths {
        let len = fs.metadata(&path).unwrap().len;
        for offset in 0..len {
            let bit = u8::try_from(offset % 8).unwrap();
            fs.flip_bit(&path, offset, bit).unwrap();
            match findings(&store) {
                Ok(found) => {
                    let expected = path.strip_prefix(&folder).unwrap().to_str().unwrap();
                    assert_eq!(found.len(), 1, "{path:?} {offset}");
                    assert_eq!(found[0].path, expected, "{offset}");
                }
                Err(error) => {
                    assert_eq!(error.fault(), Fault::Integrity, "{path:?} {offset}: {error}");
                }
            }
            fs.flip_bit(&path, offset, bit).unwrap();
            flipped += 1;
        }
    }
    assert!(flipped > 3_000, "{flipped}");
    assert_eq!(findings(&store).unwrap(), []);
}

#[test]
fn missing_longer_and_unexpected_files_are_named() {
    let (fs, store, folder) = published();
    let train = folder.join(TRAIN);
    let bytes = read(&fs, &train);
    let file = fs.open(&train, durable::Access::ReadWrite).unwrap();
    write_all_at(file.as_ref(), b"more", bytes.len() as u64).unwrap();
    fs.unlink(&folder.join("README.md")).unwrap();
    drop(fs.create_new(&folder.join("data/train/extra")).unwrap());
    fs.create_dir_all(&folder.join("eval")).unwrap();
    let found: Vec<String> = findings(&store).unwrap().iter().map(ToString::to_string).collect();
    let length = bytes.len();
    let expected = [
        "README.md: expected a file, found none".to_owned(),
        format!("{TRAIN}: expected {length} bytes, found {}", length + 4),
        "data/train/extra: expected no such file, found one".to_owned(),
        "eval: expected no such file, found one".to_owned(),
    ];
    assert_eq!(found, expected);
}

#[test]
fn changed_file_is_named_with_both_hashes() {
    let (fs, store, folder) = published();
    fs.flip_bit(&folder.join("README.md"), 0, 0).unwrap();
    let damage = FileDamage::Changed {
        expected: Sha256::of(b"# entries\n"),
        found: Sha256::of(b"\" entries\n"), // '#' is 0x23, '"' 0x22
    };
    assert_eq!(findings(&store).unwrap(), [FileFinding { path: "README.md".to_owned(), damage }]);
}

#[test]
fn first_broken_record_is_named_and_nothing_is_published_behind_it() {
    for broken in [1, 2, 3] {
        let (fs, store, _) = published();
        put(&store, "b3", 3, &facts(2)).unwrap();
        let log = Path::new(ROOT).join(NAME).join("log");
        fs.unlink(&log.join(format!("{broken:06}.json"))).unwrap();
        if broken == 3 {
            // A log that ends earlier is a log: its end is not written down anywhere that counts.
            assert_eq!(store.history(&name()).unwrap().len(), 2);
            continue;
        }
        let error = store.history(&name()).unwrap_err();
        assert_eq!((error.code(), error.fault()), ("datasets/broken-chain", Fault::Integrity));
        assert_eq!(
            error.to_string(),
            format!(
                "entries: broken log at record {broken}: expected a record, found none, and later ones"
            )
        );
        assert_eq!(put(&store, "b4", 4, &facts(3)).unwrap_err().code(), "datasets/broken-chain");
    }
}

#[test]
fn record_of_another_history_does_not_fit() {
    let (fs, store, _) = published();
    let other = SimFs::new();
    put(&open(other.clone()), "b9", 9, &facts(0)).unwrap();
    put(&open(other.clone()), "b2", 2, &facts(1)).unwrap();
    let path = Path::new(ROOT).join(NAME).join("log/000002.json");
    let (own, foreign) = (read(&fs, &path), read(&other, &path));
    fs.unlink(&path).unwrap();
    write_all_at(fs.create_new(&path).unwrap().as_ref(), &foreign, 0).unwrap();
    let first = read(&fs, &Path::new(ROOT).join(NAME).join("log/000001.json"));
    let others = read(&other, &Path::new(ROOT).join(NAME).join("log/000001.json"));
    assert_eq!(
        store.history(&name()).unwrap_err().to_string(),
        format!(
            "entries: broken log at record 2: expected the hash of the record before, {}, found {}",
            Sha256::of(&first),
            Sha256::of(&others)
        )
    );
    // A record under a number that is not its own.
    fs.unlink(&path).unwrap();
    write_all_at(fs.create_new(&path).unwrap().as_ref(), &own, 0).unwrap();
    let third = path.with_file_name("000003.json");
    write_all_at(fs.create_new(&third).unwrap().as_ref(), &own, 0).unwrap();
    assert_eq!(
        store.history(&name()).unwrap_err().to_string(),
        "entries: broken log at record 3: expected number 3, found number 2"
    );
    assert_ne!(text(1), text(2));
}
