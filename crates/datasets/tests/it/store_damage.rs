//! Damage: each byte of a store changed in turn.

use crate::small_version::{
    NAME, ROOT, TEST, TRAIN, at, facts, files, fill, name, open, put, reader, text,
};
use crate::store::read;
use contract::{Diagnostic as _, Fault};
use datasets::{CommitFacts, FileDamage, FileFinding, Sha256, Store, StoreError, VersionRef};
use durable::{Failure, Fs, FsErrorKind, Op, SimFs, write_all_at};
use std::io::Write as _;
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

#[test]
fn damaged_file_of_the_parent_is_not_taken_over_and_can_be_written_anew() {
    let damages: [fn(&SimFs, &Path); 4] = [
        |fs, path| fs.flip_bit(path, 5, 3).unwrap(),
        |fs, path| fs.unlink(path).unwrap(),
        |fs, path| {
            let file = fs.open(path, durable::Access::ReadWrite).unwrap();
            write_all_at(file.as_ref(), b"more", file.len().unwrap()).unwrap();
        },
        |fs, _| {
            // No second names, and a copy that cannot be made durable.
            fs.fail(durable::Fault::new(Failure::Io).on(Op::Link).at("tmp/b3"));
            fs.fail(durable::Fault::new(Failure::Io).on(Op::SyncAll).at("test"));
        },
    ];
    for (place, damage) in damages.into_iter().enumerate() {
        let (fs, store, folder) = published();
        let parent = store.open_version(&reader(), &VersionRef::ordinal(name(), 2)).unwrap();
        damage(&fs, &folder.join(TEST));
        let staging = store.stage(&name(), "b3", at(2)).unwrap();
        let mut rest = files(3);
        let test = rest.remove(TEST).unwrap();
        let error = staging.reuse(&parent, TEST, Sha256::of(&test)).unwrap_err();
        let is_refused = error.code() == "datasets/reuse";
        assert_eq!(is_refused, place < 3, "{place}: {error}");
        assert!(!staging.sealed().contains_key(TEST), "{place}");
        let left = fs.metadata(&staging.folder().root().join(TEST)).unwrap_err();
        assert_eq!(left.kind, FsErrorKind::NotFound, "{place}");
        let mut file = staging.create(TEST).unwrap();
        file.write_all(&test).unwrap();
        file.seal().unwrap();
        fill(&staging, &rest).unwrap();
        let parent = CommitFacts { parent: Some(2), ..facts(2) };
        staging.publish(&text(3), &parent).unwrap();
        let version = store.open_version(&reader(), &VersionRef::ordinal(name(), 3)).unwrap();
        assert_eq!(store.verify_files(&version).unwrap(), [], "{place}");
    }
}

#[test]
fn version_that_is_built_again_heals_what_was_damaged_since() {
    let damages: [fn(&SimFs, &Path); 2] =
        [|fs, path| fs.flip_bit(path, 1, 2).unwrap(), |fs, path| fs.unlink(path).unwrap()];
    for damage in damages {
        for path in files(2).keys() {
            let (fs, store, folder) = published();
            damage(&fs, &folder.join(path));
            assert_eq!(findings(&store).unwrap().len(), 1, "{path}");
            let again = put(&store, "again", 2, &facts(2)).unwrap();
            assert_eq!((again.ordinal, again.is_new), (2, false), "{path}");
            assert_eq!(findings(&store).unwrap(), [], "{path}");
            assert_eq!(findings(&open(fs.crash(0))).unwrap(), [], "{path}");
        }
    }
}

#[test]
fn damaged_version_without_a_staged_file_to_heal_it_is_refused_by_name() {
    let (fs, store, _) = published();
    let staging = store.stage(&name(), "b3", at(2)).unwrap();
    fill(&staging, &files(3)).unwrap();
    // The folder gets its name, and no record.
    let orphan = CommitFacts { parent: Some(9), ..facts(2) };
    let error = staging.publish(&text(3), &orphan).unwrap_err();
    assert_eq!(error.code(), "datasets/unknown-version");
    let hash = Sha256::of(text(3).as_bytes()).to_string();
    let path = format!("{NAME}/versions/{}/{TRAIN}", &hash[..16]);
    let file = Path::new(ROOT).join(&path);
    let bytes = read(&fs, &file);
    fs.flip_bit(&file, 0, 0).unwrap();
    let found = Sha256::of(&read(&fs, &file));
    let error = staging.publish(&text(3), &facts(3)).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("datasets/damaged-version", Fault::Integrity));
    let expected = Sha256::of(&bytes);
    assert_eq!(error.to_string(), format!("{path}: expected SHA-256 {expected}, found {found}"));
    assert_eq!(store.history(&name()).unwrap().len(), 2);
    // Built again, it is published whole.
    assert_eq!(put(&store, "b4", 3, &facts(4)).unwrap().ordinal, 3);
    assert_eq!(read(&fs, &file), bytes);
}

#[test]
fn recalled_version_is_not_healed() {
    let (fs, store, folder) = published();
    store.withdraw(&VersionRef::ordinal(name(), 2), "fills of a test venue", &facts(2)).unwrap();
    fs.unlink(&folder.join(TRAIN)).unwrap();
    assert_eq!(put(&store, "b3", 2, &facts(3)).unwrap_err().code(), "datasets/withdrawn");
    let gone = fs.metadata(&folder.join(TRAIN)).unwrap_err();
    assert_eq!(gone.kind, FsErrorKind::NotFound);
}
