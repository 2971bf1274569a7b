//! The real file system and the simulated one keep the same promises.

use durable::{Access, Fs, FsErrorKind, NodeKind, RealFs, SimFs, read_exact_at, write_all_at};
use std::path::{Path, PathBuf};

/// Runs a check on both, each in an empty folder of its own.
fn on_both(check: impl Fn(&dyn Fs, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    check(&RealFs, folder.path());
    let sim = SimFs::new();
    sim.create_dir_all(Path::new("top")).unwrap();
    check(&sim, Path::new("top"));
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T, durable::FsError>) -> FsErrorKind {
    result.unwrap_err().kind
}

#[test]
fn bytes_written_at_offsets_are_read_back() {
    on_both(|fs, top| {
        let file = fs.create_new(&top.join("a")).unwrap();
        write_all_at(file.as_ref(), b"world", 6).unwrap();
        write_all_at(file.as_ref(), b"hello", 0).unwrap();
        let mut bytes = [9; 11];
        read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"hello\0world");
        assert_eq!(file.read_at(&mut bytes, 11).unwrap(), 0);
        assert_eq!(kind(read_exact_at(file.as_ref(), &mut bytes, 1)), FsErrorKind::UnexpectedEnd);
        file.set_len(5).unwrap();
        file.allocate(8).unwrap();
        assert_eq!(file.len().unwrap(), 8);
        let mut tail = [9; 3];
        read_exact_at(file.as_ref(), &mut tail, 5).unwrap();
        assert_eq!(tail, [0; 3]);
        file.sync_data().unwrap();
        file.sync_all().unwrap();
    });
}

#[test]
fn errors_are_told_apart_by_kind_and_name_the_path() {
    on_both(|fs, top| {
        fs.create_new(&top.join("a")).unwrap();
        fs.create_dir_all(&top.join("d")).unwrap();
        assert_eq!(kind(fs.create_new(&top.join("a"))), FsErrorKind::AlreadyExists);
        assert_eq!(kind(fs.open(&top.join("b"), Access::Read)), FsErrorKind::NotFound);
        assert_eq!(kind(fs.open(&top.join("d"), Access::Read)), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.create_new(&top.join("x/y"))), FsErrorKind::NotFound);
        assert_eq!(kind(fs.unlink(&top.join("b"))), FsErrorKind::NotFound);
        assert_eq!(kind(fs.metadata(&top.join("b"))), FsErrorKind::NotFound);
        assert_eq!(kind(fs.sync_dir(&top.join("b"))), FsErrorKind::NotFound);
        assert_eq!(kind(fs.create_dir_all(&top.join("a/b"))), FsErrorKind::WrongKind);
        assert_eq!(kind(fs.rename(&top.join("b"), &top.join("c"))), FsErrorKind::NotFound);
        let error = fs.open(&top.join("b"), Access::Read).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("open `{}`: ", top.join("b").display())),
            "{error}"
        );
        assert_eq!((error.code(), error.is_transient()), ("durable/not-found", false));
    });
}

#[test]
fn a_rename_replaces_only_where_it_may() {
    on_both(|fs, top| {
        let (a, b) = (top.join("a"), top.join("b"));
        write_all_at(fs.create_new(&a).unwrap().as_ref(), b"new", 0).unwrap();
        write_all_at(fs.create_new(&b).unwrap().as_ref(), b"older", 0).unwrap();
        assert_eq!(kind(fs.rename_noreplace(&a, &b)), FsErrorKind::AlreadyExists);
        assert_eq!(fs.metadata(&b).unwrap().len, 5);
        fs.rename(&a, &b).unwrap();
        assert_eq!(fs.metadata(&b).unwrap().len, 3);
        assert_eq!(kind(fs.metadata(&a)), FsErrorKind::NotFound);
        fs.rename_noreplace(&b, &a).unwrap();
        assert_eq!(fs.read_dir(top).unwrap(), [a]);
    });
}

#[test]
fn folders_are_created_listed_and_reported() {
    on_both(|fs, top| {
        let created = fs.create_dir_all(&top.join("x/y")).unwrap();
        assert_eq!(created, [top.join("x"), top.join("x/y")]);
        assert_eq!(fs.create_dir_all(&top.join("x/y")).unwrap(), Vec::<PathBuf>::new());
        fs.create_new(&top.join("x/b")).unwrap();
        fs.create_new(&top.join("x/a")).unwrap();
        assert_eq!(
            fs.read_dir(&top.join("x")).unwrap(),
            [top.join("x/a"), top.join("x/b"), top.join("x/y")]
        );
        assert_eq!(fs.metadata(&top.join("x")).unwrap().kind, NodeKind::Folder);
        fs.sync_dir(&top.join("x")).unwrap();
    });
}

#[test]
fn identity_tells_two_names_of_one_file_from_two_files() {
    on_both(|fs, top| {
        fs.create_new(&top.join("a")).unwrap();
        fs.create_new(&top.join("b")).unwrap();
        let of = |name: &str| fs.metadata(&top.join(name)).unwrap().identity;
        let a = of("a");
        assert_ne!(a, of("b"));
        fs.rename(&top.join("a"), &top.join("c")).unwrap();
        assert_eq!(a, of("c"));
    });
}

#[test]
fn a_lock_is_held_once_and_ends_with_its_value() {
    on_both(|fs, top| {
        let path = top.join("LOCK");
        let held = fs.lock(&path).unwrap();
        let error = fs.lock(&path).unwrap_err();
        assert_eq!((error.kind, error.is_transient()), (FsErrorKind::Locked, true));
        drop(held);
        fs.lock(&path).unwrap();
    });
}

#[test]
fn free_space_is_a_number_of_bytes() {
    on_both(|fs, top| assert!(fs.free_space(top).unwrap() > 0));
}

#[test]
fn a_folder_without_permission_is_told_from_a_missing_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    match RealFs.create_new(&closed.join("a")) {
        Err(error) => assert_eq!(error.kind, FsErrorKind::Permission),
        Ok(_) => println!("skipped: this user may write everywhere"),
    }
}
