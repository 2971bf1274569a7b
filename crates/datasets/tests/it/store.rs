//! Publishing, naming, marking and opening versions.

use crate::small_version::{
    NAME, NOW, ROOT, TEST, TRAIN, at, certificate, facts, files, fill, manifest, name, open, put,
    reader, text,
};
use contract::{
    CertificateVerdict, DatasetEventKind, Denied, Diagnostic as _, Event as _, EventId, Fault,
    Gate, Grant, Hash, Name, ReadContext, Resource, ResourceKind, TrainingDatasetEvent,
};
use datasets::{
    CommitFacts, Outcome, PublishError, Sha256, Store, StoreError, VersionRef, dataset_events,
    to_canonical,
};
use durable::{Access, Fs, FsErrorKind, RealFs, SimFs, read_exact_at, write_all_at};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

fn version(at: &str) -> VersionRef {
    VersionRef::parse(&format!("{NAME}@{at}")).unwrap()
}

fn ordinal(store: &Store, at: &str) -> Result<u64, StoreError> {
    Ok(store.resolve(&version(at))?.ordinal)
}

pub(crate) fn read(fs: &dyn Fs, path: &Path) -> Vec<u8> {
    let file = fs.open(path, Access::Read).unwrap();
    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
    bytes
}

fn overwrite(fs: &dyn Fs, path: &Path, bytes: &[u8]) {
    fs.unlink(path).unwrap();
    write_all_at(fs.create_new(path).unwrap().as_ref(), bytes, 0).unwrap();
}

fn names(fs: &dyn Fs, folder: &str) -> Vec<String> {
    let found = fs.read_dir(&Path::new(ROOT).join(NAME).join(folder)).unwrap();
    found.iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> (&'static str, Fault) {
    let error = result.unwrap_err();
    (error.code(), error.fault())
}

fn refused<T: std::fmt::Debug>(result: Result<T, PublishError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn published_version_has_the_layout_of_the_design_and_the_hash_as_its_name() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    let done = put(&store, "b1", 1, &facts(0)).unwrap();
    let hash = Sha256::of(text(1).as_bytes());
    let folder = Path::new(ROOT).join(NAME).join("versions").join(&hash.to_string()[..16]);
    assert_eq!((done.ordinal, done.manifest_hash, done.is_new), (1, hash, true));
    assert_eq!(done.path, folder);
    assert_eq!(read(&fs, &folder.join("manifest.json")), text(1).as_bytes());
    for (path, bytes) in files(1) {
        assert_eq!(read(&fs, &folder.join(&path)), bytes, "{path}");
    }
    assert_eq!(names(&fs, "log"), ["000001.json"]);
    assert_eq!(names(&fs, "tmp"), [] as [&str; 0]);
    let latest = read(&fs, &Path::new(ROOT).join(NAME).join("refs/latest"));
    assert_eq!(latest, format!("1 {hash}\n").as_bytes());

    let version = store.open_version(&reader(), &version("1")).unwrap();
    assert_eq!(version.manifest, manifest(&files(1)));
    assert_eq!(version.folder.bytes("README.md").unwrap().as_ref(), b"# entries\n");
    assert_eq!(store.verify_files(&version).unwrap(), []);
    assert_eq!(store.names().unwrap(), [name()]);
}

#[test]
fn record_says_who_when_why_and_what_came_before() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    let more = CommitFacts {
        note: Some("late fills".to_owned()),
        git_commit: Some("10e81ca".to_owned()),
        rustc: Some("1.95.0".to_owned()),
        parent: Some(1),
        ..facts(5)
    };
    put(&store, "b2", 2, &more).unwrap();
    let history = store.history(&name()).unwrap();
    let first = read(&fs, &Path::new(ROOT).join(NAME).join("log/000001.json"));
    let record = &history[1];
    assert_eq!((record.ordinal, record.version, record.parent), (2, 2, Some(1)));
    assert_eq!(record.kind, DatasetEventKind::Published);
    assert_eq!(record.manifest, Sha256::of(text(2).as_bytes()));
    assert_eq!(record.certificate, CertificateVerdict::Passed);
    assert_eq!((record.ts.0, record.actor), (NOW + 5, EventId::from_bytes([0x3c; 16])));
    assert_eq!((record.purpose.as_str(), record.note.as_deref()), ("research", Some("late fills")));
    assert_eq!(
        (record.git_commit.as_deref(), record.rustc.as_deref()),
        (Some("10e81ca"), Some("1.95.0"))
    );
    assert_eq!((history[0].previous, record.previous), (None, Some(Sha256::of(&first))));
    // The bytes of a record, by hand but for its hashes.
    let seal = history[0].seal.unwrap();
    let expected = |seal: &str| {
        format!(
            "{{\"actor\":\"3c3c3c3c-3c3c-3c3c-3c3c-3c3c3c3c3c3c\",\"certificate\":\"passed\",\"format\":1,\
             \"git_commit\":null,\"kind\":\"published\",\"manifest\":\"{}\",\"note\":null,\"ordinal\":1,\
             \"parent\":null,\"previous\":null,\"purpose\":\"research\",\"reference\":null,\"rustc\":null,\
             \"seal\":{seal},\"ts\":\"2026-07-01T00:00:00.000000000Z\",\"version\":1}}",
            history[0].manifest
        )
    };
    assert_eq!(seal, Sha256::of(expected("null").as_bytes()));
    assert_eq!(String::from_utf8(first).unwrap(), expected(&format!("\"{seal}\"")));
}

#[test]
fn equal_bytes_published_again_give_the_number_that_they_have() {
    let store = open(SimFs::new());
    let first = put(&store, "b1", 1, &facts(0)).unwrap();
    let second = put(&store, "b2", 2, &facts(1)).unwrap();
    let again = put(&store, "b3", 1, &facts(2)).unwrap();
    assert_eq!((first.ordinal, second.ordinal, again.ordinal), (1, 2, 1));
    assert_eq!((again.is_new, again.record), (false, first.record));
    assert_eq!(store.history(&name()).unwrap().len(), 2);
    assert_eq!(ordinal(&store, "latest").unwrap(), 2);
}

#[test]
fn two_specs_under_one_name_are_two_versions_of_it() {
    let store = open(SimFs::new());
    put(&store, "b1", 1, &facts(0)).unwrap();
    put(&store, "b2", 2, &facts(1)).unwrap();
    let manifests = store.manifests(&name()).unwrap();
    let specs: Vec<Sha256> = store
        .history(&name())
        .unwrap()
        .iter()
        .map(|record| manifests[&record.manifest].spec_hash)
        .collect();
    assert_eq!(specs, [Sha256::of(b"{\"rows\":1}"), Sha256::of(b"{\"rows\":2}")]);
}

#[test]
fn version_is_found_by_number_digits_reference_and_as_the_latest() {
    let store = open(SimFs::new());
    let one = put(&store, "b1", 1, &facts(0)).unwrap().manifest_hash.to_string();
    let two = put(&store, "b2", 2, &facts(1)).unwrap().manifest_hash.to_string();
    let champion = Name::parse("champion").unwrap();
    store.move_ref(&champion, &version("1"), &facts(2)).unwrap();
    for (at, expected) in
        [("1", 1), ("2", 2), ("latest", 2), ("champion", 1), (&one, 1), (&two[..8], 2)]
    {
        assert_eq!(ordinal(&store, at).unwrap(), expected, "{at}");
    }
    assert_eq!(store.resolve(&VersionRef::parse(NAME).unwrap()).unwrap().ordinal, 2);
    store.move_ref(&champion, &version("latest"), &facts(3)).unwrap();
    assert_eq!(ordinal(&store, "champion").unwrap(), 2);
    // Pointing there again says nothing new.
    assert_eq!(store.move_ref(&champion, &version("2"), &facts(4)).unwrap().ordinal, 4);
    assert_eq!(store.history(&name()).unwrap().len(), 4);
    assert_eq!(code(store.resolve(&version("3"))), ("datasets/no-version", Fault::Input));
}

#[test]
fn unknown_names_come_with_the_nearest() {
    let store = open(SimFs::new());
    put(&store, "b1", 1, &facts(0)).unwrap();
    store.move_ref(&Name::parse("champion").unwrap(), &version("1"), &facts(2)).unwrap();
    let other = store.resolve(&VersionRef::parse("entires@1").unwrap()).unwrap_err();
    assert_eq!(
        other.to_string(),
        "store: expected the name of a dataset with a version, found `entires`; nearest: `entries`"
    );
    assert_eq!(
        store.resolve(&version("champoin")).unwrap_err().to_string(),
        "entries: expected a version from 1 to 2, found `champoin`; nearest: `champion`"
    );
    for (at, expected) in [("0", "0"), ("7", "7"), ("00000000", "00000000")] {
        let error = store.resolve(&version(at)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("entries: expected a version from 1 to 2, found `{expected}`")
        );
    }
    for text in ["", "@1", "entries@", "En", "entries@7@8", "entries@UPPER", "../x@1"] {
        let error = VersionRef::parse(text).unwrap_err();
        assert_eq!(
            (error.code(), error.fault()),
            ("datasets/version-syntax", Fault::Input),
            "{text}"
        );
    }
}

/// Searches versions until two hashes share their first digit.
#[test]
fn digits_of_two_versions_are_refused_with_both() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    let done = put(&store, "b1", 1, &facts(0)).unwrap();
    // No two small manifests share eight digits, so the second one's record is written by hand.
    let hash = done.manifest_hash.to_string();
    let twin = format!("{}{}", &hash[..8], "0".repeat(56));
    let log = Path::new(ROOT).join(NAME).join("log");
    let first = read(&fs, &log.join("000001.json"));
    let mut record = store.history(&name()).unwrap().remove(0);
    record.ordinal = 2;
    record.version = 2;
    record.previous = Some(Sha256::of(&first));
    record.manifest = Sha256(Hash::parse(&twin).unwrap());
    record.seal = None;
    record.seal = Some(Sha256::of(to_canonical(&record).unwrap().as_bytes()));
    let file = fs.create_new(&log.join("000002.json")).unwrap();
    write_all_at(file.as_ref(), to_canonical(&record).unwrap().as_bytes(), 0).unwrap();
    assert_eq!(
        store.resolve(&version(&hash[..8])).unwrap_err().to_string(),
        format!(
            "entries@{}: expected the digits of one version, found those of {hash} and {twin}",
            &hash[..8]
        )
    );
    assert_eq!(ordinal(&store, &hash[..9]).unwrap(), 1);
}

#[test]
fn withdrawn_version_is_passed_over_cannot_be_opened_and_does_not_come_back() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    put(&store, "b2", 2, &facts(1)).unwrap();
    store.withdraw(&version("latest"), "fills of a test venue", &facts(2)).unwrap();
    assert_eq!(ordinal(&store, "latest").unwrap(), 1);
    let latest = read(&fs, &Path::new(ROOT).join(NAME).join("refs/latest"));
    assert_eq!(latest, format!("1 {}\n", Sha256::of(text(1).as_bytes())).as_bytes());
    let error = store.open_version(&reader(), &version("2")).unwrap_err();
    assert_eq!(error.to_string(), "entries@2: withdrawn by record 3: fills of a test venue");
    assert_eq!((error.code(), error.fault()), ("datasets/withdrawn", Fault::Gate));
    assert_eq!(refused(put(&store, "b3", 2, &facts(3))), "datasets/withdrawn");
    let champion = Name::parse("champion").unwrap();
    let error = store.move_ref(&champion, &version("2"), &facts(4));
    assert_eq!(code(error), ("datasets/withdrawn", Fault::Gate));
    assert_eq!(code(store.pin(&version("2"), &facts(4))), ("datasets/withdrawn", Fault::Gate));
    assert_eq!(store.withdraw(&version("2"), "again", &facts(5)).unwrap().ordinal, 3);
    store.withdraw(&version("1"), "the same", &facts(6)).unwrap();
    assert_eq!(code(store.resolve(&version("latest"))), ("datasets/nothing-latest", Fault::Input));
    assert_eq!(names(&fs, "refs"), [] as [&str; 0]);
    assert_eq!(store.history(&name()).unwrap().len(), 4);
}

#[test]
fn reference_may_not_be_called_what_means_something_else() {
    let store = open(SimFs::new());
    put(&store, "b1", 1, &facts(0)).unwrap();
    for word in ["latest", "7", "deadbeef", "12345678"] {
        let error = store.move_ref(&Name::parse(word).unwrap(), &version("1"), &facts(1));
        assert_eq!(code(error), ("datasets/reserved-reference", Fault::Input), "{word}");
    }
    assert_eq!(store.history(&name()).unwrap().len(), 1);
}

#[test]
fn stale_file_of_a_reference_changes_nothing_for_readers_and_the_next_publication_mends_it() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    put(&store, "b2", 2, &facts(1)).unwrap();
    let latest = Path::new(ROOT).join(NAME).join("refs/latest");
    let whole = read(&fs, &latest);
    overwrite(&fs, &latest, b"1 0000");
    assert_eq!(ordinal(&store, "latest").unwrap(), 2);
    put(&store, "b3", 1, &facts(2)).unwrap();
    assert_eq!(read(&fs, &latest), whole);
}

#[test]
fn manifest_that_does_not_say_what_was_staged_is_refused() {
    let store = open(SimFs::new());
    let mut builds = 0;
    let mut publish = |change: &dyn Fn(&mut datasets::Manifest), text: Option<String>| {
        builds += 1;
        let staging = store.stage(&name(), &format!("b{builds}"), at(0)).unwrap();
        fill(&staging, &files(1)).unwrap();
        let mut manifest = manifest(&files(1));
        change(&mut manifest);
        let text = text.unwrap_or_else(|| to_canonical(&manifest).unwrap());
        refused(staging.publish(&text, &facts(0)))
    };
    let other = Sha256::of(b"other");
    assert_eq!(publish(&|m| m.files[0].sha256 = other, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.files[0].bytes += 1, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| drop(m.files.pop()), None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.files.push(m.files[0].clone()), None), "datasets/manifest-files");
    assert_eq!(
        publish(&|m| drop(m.documents.remove("README.md")), None),
        "datasets/manifest-files"
    );
    let add = |m: &mut datasets::Manifest| drop(m.documents.insert("more.md".to_owned(), other));
    assert_eq!(publish(&add, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.spec_hash = other, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.schema_fingerprint = other, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.certificate_hash = other, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.content_hash = other, None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.name = "exits".to_owned(), None), "datasets/manifest-files");
    assert_eq!(publish(&|m| m.format = 2, None), "datasets/manifest");
    assert_eq!(publish(&|_| {}, Some(format!("{} ", text(1)))), "datasets/manifest");
    assert_eq!(publish(&|_| {}, Some("{}".to_owned())), "datasets/manifest");
    assert_eq!(store.names().unwrap(), []);
}

#[test]
fn file_that_was_begun_and_not_sealed_is_no_part_of_a_version() {
    let store = open(SimFs::new());
    let staging = store.stage(&name(), "b1", at(0)).unwrap();
    fill(&staging, &files(1)).unwrap();
    let mut file = staging.create("notes.md").unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert_eq!(refused(staging.publish(&text(1), &facts(0))), "datasets/manifest-files");
}

#[test]
fn failed_check_of_the_certificate_stands_in_the_way() {
    let store = open(SimFs::new());
    for (n, outcome, expected) in [
        (
            1,
            Outcome::Fail("3 pairs".to_owned()),
            Err("certificate.json: expected no failed check, found intervals"),
        ),
        (2, Outcome::Waived("purge".to_owned()), Ok(CertificateVerdict::Waived)),
        (3, Outcome::Pass, Ok(CertificateVerdict::Passed)),
    ] {
        let staging = store.stage(&name(), &format!("b{n}"), at(0)).unwrap();
        let mut files = files(n);
        files.insert("certificate.json".to_owned(), certificate(outcome).into_bytes());
        fill(&staging, &files).unwrap();
        let text = to_canonical(&manifest(&files)).unwrap();
        let found = staging.publish(&text, &facts(0)).map(|done| done.record.certificate);
        assert_eq!(found.map_err(|e| e.to_string()), expected.map_err(str::to_owned));
    }
}

#[test]
fn path_that_leaves_the_version_or_looks_like_a_split_is_refused() {
    let store = open(SimFs::new());
    let staging = store.stage(&name(), "b1", at(0)).unwrap();
    for path in [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a b",
        "manifest.json",
        "collected",
        "train.md",
        "_lineage/Test.parquet",
        "data/a.parquet",
        "data/dev/a.parquet",
        "data/train/test.parquet",
        "data/train/a/b.parquet",
        "data",
        "evaluation.json",
        "valid/x",
    ] {
        assert_eq!(refused(staging.create(path)), "datasets/staged-path", "{path}");
    }
    drop(staging.create("a.md").unwrap().seal().unwrap());
    assert_eq!(refused(staging.create("a.md")), "datasets/staged-path");
}

#[test]
fn name_of_a_build_is_used_once_until_it_is_discarded() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    let staging = store.stage(&name(), "b1", at(0)).unwrap();
    fill(&staging, &files(1)).unwrap();
    assert_eq!(refused(store.stage(&name(), "b1", at(0))), "datasets/build-name");
    assert_eq!(refused(store.stage(&name(), "../b", at(0))), "datasets/build-name");
    drop(staging);
    assert_eq!(names(&fs, "tmp"), ["b1"]); // dropping removes nothing
    let other = store.stage(&name(), "b2", at(0)).unwrap();
    fill(&other, &files(1)).unwrap();
    other.discard().unwrap();
    assert_eq!(names(&fs, "tmp"), ["b1"]);
    assert_eq!(store.stage(&name(), "b2", at(0)).unwrap().sealed(), BTreeMap::new());
}

#[test]
fn file_of_the_parent_is_one_file_under_two_names() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b1", 1, &facts(0)).unwrap();
    let parent = store.open_version(&reader(), &version("1")).unwrap();
    let staging = store.stage(&name(), "b2", at(1)).unwrap();
    let mut rest = files(2);
    let test = Sha256::of(&rest.remove(TEST).unwrap());
    fill(&staging, &rest).unwrap();
    let other = Sha256::of(b"other");
    assert_eq!(refused(staging.reuse(&parent, TEST, other)), "datasets/reuse");
    assert_eq!(refused(staging.reuse(&parent, "none.md", other)), "datasets/reuse");
    assert_eq!(staging.reuse(&parent, TEST, test).unwrap().sha256, test);
    let done = staging.publish(&text(2), &CommitFacts { parent: Some(1), ..facts(1) }).unwrap();
    let identity = |folder: &Path, path| fs.metadata(&folder.join(path)).unwrap().identity;
    let before = parent.folder.root();
    assert_eq!(identity(&done.path, TEST), identity(before, TEST));
    assert_ne!(identity(&done.path, TRAIN), identity(before, TRAIN));
    let opened = store.open_version(&reader(), &version("2")).unwrap();
    assert_eq!(store.verify_files(&opened).unwrap(), []);
}

#[test]
fn parent_that_is_no_version_is_refused_and_nothing_is_committed() {
    let store = open(SimFs::new());
    put(&store, "b1", 1, &facts(0)).unwrap();
    let orphan = CommitFacts { parent: Some(9), ..facts(1) };
    assert_eq!(refused(put(&store, "b2", 2, &orphan)), "datasets/unknown-version");
    assert_eq!(store.history(&name()).unwrap().len(), 1);
}

#[test]
fn other_manifest_under_the_same_digits_is_a_collision() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    put(&store, "b0", 7, &facts(0)).unwrap();
    let hash = Sha256::of(text(1).as_bytes()).to_string();
    let folder = Path::new(ROOT).join(NAME).join("versions").join(&hash[..16]);
    fs.create_dir_all(&folder).unwrap();
    let file = fs.create_new(&folder.join("manifest.json")).unwrap();
    write_all_at(file.as_ref(), b"{}", 0).unwrap();
    let error = put(&store, "b1", 1, &facts(1)).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("datasets/prefix-collision", Fault::Integrity));
    assert_eq!(read(&fs, &folder.join("manifest.json")), b"{}");
    assert_eq!(store.history(&name()).unwrap().len(), 1);
}

/// Grants to one principal and writes down what it hears.
#[derive(Debug, Default)]
struct Diary(Mutex<Vec<String>>);

impl Gate for Diary {
    fn open(&self, ctx: &ReadContext, what: &Resource) -> Result<Grant, Denied> {
        let name = what.name.clone();
        if ctx.principal.as_str() != "trainer" {
            let (principal, purpose) = (ctx.principal.clone(), ctx.purpose.clone());
            let reason = "not on the list".to_owned();
            return Err(Denied { principal, purpose, kind: what.kind, name, reason });
        }
        assert_eq!((what.kind, what.tables.len()), (ResourceKind::Dataset, 0));
        self.0.lock().unwrap().push(format!("open {name} {}", what.version.unwrap()));
        Ok(Grant { id: 4, reason: "listed".to_owned() })
    }

    fn close(&self, grant: Grant, outcome: contract::Outcome) {
        let contract::Outcome { rows, bytes, is_complete } = outcome;
        self.0.lock().unwrap().push(format!("close {} {rows} {bytes} {is_complete}", grant.id));
    }
}

#[test]
fn gate_is_asked_and_told_how_each_read_ended() {
    let fs = SimFs::new();
    put(&open(fs.clone()), "b1", 1, &facts(0)).unwrap();
    let gate = Arc::new(Diary::default());
    let store =
        Store::open(Arc::new(fs.clone()), ROOT, Arc::clone(&gate) as Arc<dyn Gate>).unwrap();
    let stranger =
        ReadContext { principal: contract::Principal::parse("stranger").unwrap(), ..reader() };
    let denied = store.open_version(&stranger, &version("1"));
    assert_eq!(code(denied), ("contract/access-denied", Fault::Gate));
    let opened = store.open_version(&reader(), &version("1")).unwrap();
    opened.close(contract::Outcome { rows: 6, bytes: 99, is_complete: true });
    drop(store.open_version(&reader(), &version("1")).unwrap());
    let hash = Sha256::of(text(1).as_bytes());
    let path = Path::new(ROOT).join(NAME).join("versions").join(&hash.to_string()[..16]);
    overwrite(&fs, &path.join("manifest.json"), b"{}");
    let damaged = store.open_version(&reader(), &version("1"));
    assert_eq!(code(damaged), ("datasets/damaged-version", Fault::Integrity));
    let open = format!("open entries {hash}");
    let expected = [
        open.as_str(),
        "close 4 6 99 true",
        &open,
        "close 4 0 0 false",
        &open,
        "close 4 0 0 false",
    ];
    assert_eq!(*gate.0.lock().unwrap(), expected);
}

#[test]
fn events_are_one_row_a_record_with_an_id_of_name_and_number() {
    let store = open(SimFs::new());
    put(&store, "b1", 1, &facts(0)).unwrap();
    put(&store, "b2", 2, &CommitFacts { parent: Some(1), ..facts(1) }).unwrap();
    store.withdraw(&version("1"), "bad", &facts(2)).unwrap();
    let (history, manifests) = (store.history(&name()).unwrap(), store.manifests(&name()).unwrap());
    let draft = dataset_events(&name(), &history, &manifests).unwrap();
    let events: Vec<TrainingDatasetEvent> = draft.events().unwrap();
    assert_eq!(events.len(), 3);
    let found: Vec<_> = events
        .iter()
        .map(|e| {
            (e.kind, e.ordinal, e.ts_avail.nanos() - NOW, e.more.rows_train, e.more.n_eff_test)
        })
        .collect();
    use DatasetEventKind::{Published, Withdrawn};
    let row = |kind, ordinal, ts| (kind, ordinal, ts, Some(3), Some(1.25));
    assert_eq!(found, [row(Published, 1, 0), row(Published, 2, 1), row(Withdrawn, 1, 2)]);
    // printf 'entries@2' | sha256sum, with the version and variant digits of a UUIDv8.
    assert_eq!(events[1].event_id, EventId::v8(&Hash::of(b"entries@2")));
    assert_eq!(events[1].more.parent_hash, Some(events[0].manifest_hash));
    assert_eq!(events[1].as_of_seq, 20_117_334);
    let uri = format!("entries/versions/{}", &events[1].manifest_hash.to_string()[..16]);
    assert_eq!(
        (events[1].uri.as_str(), events[1].more.model_kind.as_deref()),
        (uri.as_str(), Some("signal"))
    );
    let none = dataset_events(&name(), &history, &BTreeMap::new());
    assert_eq!(code(none), ("datasets/damaged-version", Fault::Integrity));
}

#[test]
fn opening_creates_nothing_and_refuses_what_is_no_folder() {
    let fs = SimFs::new();
    let store = open(fs.clone());
    assert_eq!(store.names().unwrap(), []);
    assert_eq!(code(store.history(&name())), ("datasets/unknown-dataset", Fault::Input));
    assert_eq!(fs.read_dir(Path::new("/")).unwrap(), Vec::<PathBuf>::new());
    drop(fs.create_new(Path::new(ROOT)).unwrap());
    let gate = Arc::new(contract::AllowLocal { reason: "test".to_owned() });
    let error = Store::open(Arc::new(fs), ROOT, gate).unwrap_err();
    assert_eq!(error.code(), "durable/wrong-kind");
}

#[test]
fn files_of_a_version_on_a_real_disk_are_read_only_and_linked() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Arc::new(contract::AllowLocal { reason: "test".to_owned() });
    let store = Store::open(Arc::new(RealFs), folder.path().join("datasets"), gate).unwrap();
    let done = put(&store, "b1", 1, &facts(0)).unwrap();
    for path in files(1).keys().map(String::as_str).chain(["manifest.json"]) {
        let found = std::fs::metadata(done.path.join(path)).unwrap();
        assert_eq!(found.permissions().readonly(), true, "{path}");
    }
    let opened = store.open_version(&reader(), &version("1")).unwrap();
    assert_eq!(store.verify_files(&opened).unwrap(), []);
    let kind = RealFs.read_dir(&folder.path().join("none")).unwrap_err().kind;
    assert_eq!(kind, FsErrorKind::NotFound);
}
