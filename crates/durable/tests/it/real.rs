//! What only the real file system can show.

use durable::{Fs, FsErrorKind, Mode, Op, Publish, PublishError, RealFs, publish};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

#[test]
fn folder_without_write_permission_is_refused_as_such() {
    let folder = tempfile::tempdir().unwrap();
    if std::fs::metadata(folder.path()).unwrap().uid() == 0 {
        println!("skipped: root may write everywhere");
        return;
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let error = RealFs.create_new(&folder.path().join("a")).unwrap_err();
    assert_eq!(
        (error.op, error.kind, error.code()),
        (Op::Create, FsErrorKind::Permission, "durable/permission")
    );
    let error = Publish::begin(&RealFs, &folder.path().join("a"), Mode::New).unwrap_err();
    assert_eq!(error.code(), "durable/permission");
}

#[test]
fn published_files_replace_only_when_asked_and_leave_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x/y/data.parquet");
    let put = |mode, bytes: &'static [u8]| {
        publish(&RealFs, &path, mode, |file| file.write_all(bytes).map_err(PublishError::from))
    };
    let done = put(Mode::New, b"first").unwrap();
    assert_eq!((done.path.as_path(), done.bytes), (path.as_path(), 5));
    assert_eq!(put(Mode::New, b"second").unwrap_err().code(), "durable/already-exists");
    assert_eq!(std::fs::read(&path).unwrap(), b"first");
    assert_eq!(put(Mode::Replace, b"third").unwrap().bytes, 5);
    assert_eq!(std::fs::read(&path).unwrap(), b"third");
    assert_eq!(RealFs.read_dir(path.parent().unwrap()).unwrap(), std::slice::from_ref(&path));
}

#[test]
fn name_taken_while_the_file_was_written_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mut file = Publish::begin(&RealFs, &path, Mode::New).unwrap();
    file.write_all(b"mine").unwrap();
    std::fs::write(&path, b"theirs").unwrap();
    assert_eq!(file.commit().unwrap_err().code(), "durable/already-exists");
    assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
    assert_eq!(RealFs.read_dir(folder.path()).unwrap(), [path]);
}

#[test]
fn folder_is_never_replaced_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |mode| Publish::begin(&RealFs, folder.path(), mode).unwrap_err().code();
    assert_eq!(refused(Mode::Replace), "durable/wrong-kind");
    assert_eq!(refused(Mode::New), "durable/already-exists");
    assert_eq!(
        Publish::begin(&RealFs, "/".as_ref(), Mode::New).unwrap_err().code(),
        "durable/no-file-name"
    );
}

#[test]
fn linked_name_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, target) = (folder.path().join("a"), folder.path().join("target"));
    std::os::unix::fs::symlink(&target, &path).unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join(".a.tmp")).unwrap();
    let mut file = Publish::begin(&RealFs, &path, Mode::New).unwrap();
    file.write_all(b"mine").unwrap();
    assert_eq!(file.commit().unwrap_err().code(), "durable/already-exists");
    assert!(!target.exists());
}
