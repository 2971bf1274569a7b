//! What every file system behind `Fs` does alike, on the real one and on the simulated one.

use durable::{Access, Fs, FsErrorKind, NodeKind, RealFs, SimFs, read_exact_at, write_all_at};
use std::path::{Path, PathBuf};

#[track_caller]
fn check(run: impl Fn(&dyn Fs, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    run(&RealFs, folder.path());
    let sim = SimFs::new();
    sim.create_dir_all(Path::new("/work")).unwrap();
    run(&sim, Path::new("/work"));
    sim.shorten(1);
    sim.create_dir_all(Path::new("/short")).unwrap();
    run(&sim, Path::new("/short"));
}

fn kind<T: std::fmt::Debug>(result: Result<T, durable::FsError>) -> FsErrorKind {
    result.unwrap_err().kind
}

fn put(fs: &dyn Fs, path: &Path, bytes: &[u8]) {
    write_all_at(fs.create_new(path).unwrap().as_ref(), bytes, 0).unwrap();
}

fn get(fs: &dyn Fs, path: &Path) -> Vec<u8> {
    let file = fs.open(path, Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    bytes
}

#[test]
fn bytes_written_are_read_and_holes_are_zeros() {
    check(|fs, at| {
        let file = fs.create_new(&at.join("a")).unwrap();
        write_all_at(file.as_ref(), b"abc", 5).unwrap();
        assert_eq!(get(fs, &at.join("a")), b"\0\0\0\0\0abc");
        write_all_at(file.as_ref(), b"xyz", 3).unwrap();
        file.set_len(7).unwrap();
        file.set_len(8).unwrap();
        assert_eq!(get(fs, &at.join("a")), b"\0\0\0xyzb\0");
        assert_eq!(file.read_at(&mut [0; 4], 8).unwrap(), 0);
        assert_eq!(kind(read_exact_at(file.as_ref(), &mut [0; 4], 6)), FsErrorKind::UnexpectedEnd);
        assert_eq!(
            (file.sync_data().is_ok(), file.sync_all().is_ok(), file.is_empty().unwrap()),
            (true, true, false)
        );
    });
}

#[test]
fn allocated_space_reads_as_zeros_and_nothing_is_cut() {
    check(|fs, at| {
        let file = fs.create_new(&at.join("a")).unwrap();
        file.allocate(0).unwrap();
        write_all_at(file.as_ref(), b"ab", 0).unwrap();
        file.allocate(4).unwrap();
        file.allocate(1).unwrap();
        assert_eq!(get(fs, &at.join("a")), b"ab\0\0");
    });
}

#[test]
fn file_opened_for_reading_takes_no_bytes() {
    check(|fs, at| {
        put(fs, &at.join("a"), b"abc");
        let file = fs.open(&at.join("a"), Access::Read).unwrap();
        assert_eq!(kind(file.write_at(b"x", 0)), FsErrorKind::Io);
        let file = fs.open(&at.join("a"), Access::ReadWrite).unwrap();
        write_all_at(file.as_ref(), b"x", 1).unwrap();
        assert_eq!(get(fs, &at.join("a")), b"axc");
    });
}

#[test]
fn each_refusal_has_its_own_kind() {
    check(|fs, at| {
        put(fs, &at.join("a"), b"1");
        fs.create_dir_all(&at.join("d/e")).unwrap();
        let (a, d, none) = (at.join("a"), at.join("d"), at.join("none"));
        assert_eq!(kind(fs.create_new(&a)), FsErrorKind::AlreadyExists);
        assert_eq!(kind(fs.create_new(&d)), FsErrorKind::AlreadyExists);
        assert_eq!(kind(fs.create_new(&none.join("x"))), FsErrorKind::NotFound);
        assert_eq!(kind(fs.create_new(&a.join("x"))), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.open(&none, Access::Read)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.open(&d, Access::Read)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.open(&d, Access::ReadWrite)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.unlink(&none)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.unlink(&d)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.rename(&none, &a)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.rename(&a, &d)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.rename(&d, &a)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.rename_noreplace(&a, &d)), FsErrorKind::AlreadyExists);
        assert_eq!(kind(fs.rename_noreplace(&none, &at.join("n"))), FsErrorKind::NotFound);
        assert_eq!(kind(fs.sync_dir(&none)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.sync_dir(&a)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.read_dir(&a)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.metadata(&none)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.create_dir_all(&a.join("x"))), FsErrorKind::WrongKind);
    });
}

#[test]
fn rename_moves_replaces_or_refuses() {
    check(|fs, at| {
        let [a, b, c] = ["a", "b", "c"].map(|name| at.join(name));
        put(fs, &a, b"1");
        put(fs, &b, b"2");
        assert_eq!(kind(fs.rename_noreplace(&a, &b)), FsErrorKind::AlreadyExists);
        assert_eq!((get(fs, &a), get(fs, &b)), (b"1".to_vec(), b"2".to_vec()));
        let before = fs.metadata(&a).unwrap();
        fs.rename(&a, &b).unwrap();
        assert_eq!(fs.metadata(&b).unwrap(), before);
        fs.rename_noreplace(&b, &c).unwrap();
        assert_eq!(fs.read_dir(at).unwrap(), std::slice::from_ref(&c));
        assert_eq!(get(fs, &c), b"1");
        fs.rename(&c, &c).unwrap();
        assert_eq!(get(fs, &c), b"1");
    });
}

#[test]
fn folders_created_are_named_outermost_first_and_listed_in_order() {
    check(|fs, at| {
        assert_eq!(fs.create_dir_all(&at.join("x/y")).unwrap(), [at.join("x"), at.join("x/y")]);
        assert_eq!(fs.create_dir_all(&at.join("x/y/z")).unwrap(), [at.join("x/y/z")]);
        assert_eq!(fs.create_dir_all(&at.join("x")).unwrap(), Vec::<PathBuf>::new());
        for name in ["b", "c", "a"] {
            put(fs, &at.join("x").join(name), b"");
        }
        let expected = ["a", "b", "c", "y"].map(|name| at.join("x").join(name));
        assert_eq!(fs.read_dir(&at.join("x")).unwrap(), expected);
        fs.sync_dir(&at.join("x")).unwrap();
        assert_eq!(fs.metadata(&at.join("x/y")).unwrap().kind, NodeKind::Folder);
        let (a, b) = (fs.metadata(&at.join("x/a")).unwrap(), fs.metadata(&at.join("x/b")).unwrap());
        assert_eq!((a.kind, a.len), (NodeKind::File, 0));
        assert_ne!(a.identity, b.identity);
    });
}

#[test]
fn open_file_outlives_its_name() {
    check(|fs, at| {
        put(fs, &at.join("a"), b"abc");
        let file = fs.open(&at.join("a"), Access::Read).unwrap();
        fs.unlink(&at.join("a")).unwrap();
        let mut bytes = [0; 3];
        read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"abc");
    });
}

#[test]
fn lock_is_held_once_and_given_back() {
    check(|fs, at| {
        let lock = fs.lock(&at.join("LOCK")).unwrap();
        assert_eq!(kind(fs.lock(&at.join("LOCK"))), FsErrorKind::Locked);
        drop(lock);
        drop(fs.lock(&at.join("LOCK")).unwrap());
        assert!(fs.free_space(at).unwrap() > 0);
    });
}

#[test]
fn link_gives_one_file_two_names_and_never_replaces() {
    check(|fs, at| {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| at.join(name));
        put(fs, &a, b"1");
        put(fs, &b, b"2");
        fs.create_dir_all(&d).unwrap();
        assert_eq!(kind(fs.link(&a, &b)), FsErrorKind::AlreadyExists);
        assert_eq!(kind(fs.link(&a, &d)), FsErrorKind::AlreadyExists);
        assert_eq!(kind(fs.link(&at.join("none"), &c)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.link(&d, &c)), FsErrorKind::Permission);
        assert_eq!(get(fs, &b), b"2");
        fs.link(&a, &c).unwrap();
        assert_eq!(fs.metadata(&a).unwrap(), fs.metadata(&c).unwrap());
        let file = fs.open(&c, Access::ReadWrite).unwrap();
        write_all_at(file.as_ref(), b"3", 0).unwrap();
        assert_eq!(get(fs, &a), b"3");
        fs.unlink(&a).unwrap();
        assert_eq!(get(fs, &c), b"3");
    });
}

#[test]
fn only_an_empty_folder_is_removed() {
    check(|fs, at| {
        let (folder, file) = (at.join("d"), at.join("d/a"));
        fs.create_dir_all(&folder).unwrap();
        put(fs, &file, b"1");
        assert_eq!(kind(fs.remove_dir(&folder)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.remove_dir(&file)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.remove_dir(&at.join("none"))), FsErrorKind::NotFound);
        fs.unlink(&file).unwrap();
        fs.remove_dir(&folder).unwrap();
        assert_eq!(kind(fs.metadata(&folder)), FsErrorKind::NotFound);
        fs.create_dir_all(&folder).unwrap();
        assert_eq!(fs.read_dir(&folder).unwrap(), Vec::<PathBuf>::new());
    });
}

#[test]
fn read_only_file_can_be_read_linked_and_removed() {
    check(|fs, at| {
        let (a, b) = (at.join("a"), at.join("b"));
        put(fs, &a, b"1");
        assert_eq!(kind(fs.set_read_only(&b)), FsErrorKind::NotFound);
        fs.set_read_only(&a).unwrap();
        fs.link(&a, &b).unwrap();
        assert_eq!((get(fs, &a), get(fs, &b)), (b"1".to_vec(), b"1".to_vec()));
        fs.unlink(&a).unwrap();
        fs.unlink(&b).unwrap();
        assert_eq!(fs.read_dir(at).unwrap(), Vec::<PathBuf>::new());
    });
}
