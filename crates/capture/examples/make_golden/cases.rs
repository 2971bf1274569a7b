//! The cases: what was appended, how it ended, what a start must find.

use crate::image::Image;
use crate::scene::{DESK, FEED, Row, Scene, open, options};
use capture::Codec;
use contract::{EventId, Json};
use durable::{Failure, Fault, Op};
use std::ops::Range;
use std::path::Path;

/// Rows that are lost: whose, their own numbers and those of the log.
pub(crate) struct Loss {
    producer: u8,
    pseqs: Range<u64>,
    seqs: Range<u64>,
}

/// A log as it was left, and what is expected of it.
pub(crate) struct Case {
    image: Image,
    start: &'static str,
    verdict: &'static str,
    /// What a reader sees before anybody opens the log, and after.
    shown: Vec<Row>,
    rows: Vec<Row>,
    frames_torn: u64,
    frames_salvaged: u64,
    rows_salvaged: u64,
    noise: u64,
    lost: Vec<Loss>,
    next_seq: u64,
    is_manifest_rebuilt: bool,
    unused: u64,
}

/// The first number that is given after a stop that was not clean, in a log that never had one before.
const JUMP: u64 = 2 << 32;

impl Case {
    /// All rows are there, and there is nothing to report.
    fn clean(image: Image, rows: Vec<Row>, next_seq: u64) -> Self {
        Self {
            image,
            start: "clean",
            verdict: "open",
            shown: rows.clone(),
            rows,
            frames_torn: 0,
            frames_salvaged: 0,
            rows_salvaged: 0,
            noise: 0,
            lost: Vec::new(),
            next_seq,
            is_manifest_rebuilt: false,
            unused: 0,
        }
    }

    /// The writer died; nothing that was acknowledged is lost.
    fn torn(image: Image, rows: Vec<Row>) -> Self {
        Self { start: "torn", ..Self::clean(image, rows, JUMP) }
    }

    /// Durable rows of one producer cannot be read.
    fn damaged(image: Image, rows: &[Row], producer: u8, seqs: Range<u64>) -> Self {
        let (lost, left): (Vec<Row>, Vec<Row>) =
            rows.iter().cloned().partition(|row| seqs.contains(&row.seq));
        let pseqs = lost[0].pseq..lost[lost.len() - 1].pseq + 1;
        Self {
            start: "damaged",
            verdict: "damaged",
            lost: vec![Loss { producer, pseqs, seqs }],
            ..Self::torn(image, left)
        }
    }

    /// Writes the case and returns its size.
    pub(crate) fn write(&self, folder: &Path) -> usize {
        let size = self.image.write(folder);
        let text = self.expected();
        std::fs::write(folder.join("expected.json"), &text).unwrap();
        size + text.len()
    }

    fn expected(&self) -> String {
        let id = |n: u8| Json::from(EventId::from_bytes([n; 16]).to_string());
        let row = |row: &Row| {
            Json::object([
                ("producer_id", id(row.producer)),
                ("pseq", Json::from(row.pseq)),
                ("seq", Json::from(row.seq)),
                ("table", Json::from(row.table)),
                ("ts_avail", Json::from(row.ts_avail.to_string())),
                ("value", Json::from(row.value.as_str())),
            ])
        };
        let list = |rows: &[Row]| {
            let lines: Vec<String> = rows.iter().map(|r| format!("  {}", row(r))).collect();
            if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n ]", lines.join(",\n")) }
        };
        let range = |r: &Range<u64>| Json::Array(vec![Json::from(r.start), Json::from(r.end)]);
        let lost = |loss: &Loss| {
            Json::object([
                ("producer_id", id(loss.producer)),
                ("pseqs", range(&loss.pseqs)),
                ("seqs", range(&loss.seqs)),
            ])
        };
        let report = Json::object([
            ("frames_salvaged", Json::from(self.frames_salvaged)),
            ("frames_torn", Json::from(self.frames_torn)),
            ("is_manifest_rebuilt", Json::from(self.is_manifest_rebuilt)),
            ("lost", Json::Array(self.lost.iter().map(lost).collect())),
            ("next_seq", Json::from(self.next_seq)),
            ("noise", Json::from(self.noise)),
            ("rows_salvaged", Json::from(self.rows_salvaged)),
            ("start", Json::from(self.start)),
            ("unused", Json::from(self.unused)),
            ("verdict", Json::from(self.verdict)),
        ]);
        let (shown, rows) = (list(&self.shown), list(&self.rows));
        format!("{{\n \"report\": {report},\n \"shown\": {shown},\n \"rows\": {rows}\n}}\n")
    }
}

/// Four groups of rows, each durable: trades 2..5, a decision 5, another 6, then two trades and a decision 7..10.
///
/// The last one is in `last` alone; `before` is the disk as it was in front of it. Nothing was closed.
struct Four {
    scene: Scene,
    before: Image,
    last: Image,
}

fn four() -> Four {
    let mut scene = Scene::new(&[]);
    // The third trade arrived before the two in front of it.
    scene.trades(&[100, 101, 99]).step();
    scene.decisions(105, &["momentum"]).step();
    scene.decisions(106, &["carry"]).step();
    let before = scene.image();
    scene.trades(&[110, 111]).decisions(112, &["momentum"]).step();
    let last = scene.image();
    Four { scene, before, last }
}

/// The last group, written and not synced: nothing says that it is durable.
fn unproven() -> (Image, Vec<Row>) {
    let four = four();
    let image = Image { watermark: four.before.watermark.clone(), ..four.last };
    (image, four.scene.rows)
}

/// All four groups and a mark behind them.
fn marked() -> (Image, Vec<Row>) {
    let mut scene = four().scene;
    scene.step();
    (scene.image(), scene.rows)
}

pub(crate) fn all() -> Vec<(&'static str, Case)> {
    vec![
        ("clean", clean()),
        ("torn_header", torn_header()),
        ("torn_body", torn_body()),
        ("torn_group", torn_group()),
        ("unproven_group", unproven_group()),
        ("salvaged", salvaged()),
        ("damaged_body", damaged_body()),
        ("damaged_header", damaged_header()),
        ("damaged_block", damaged_block()),
        ("damaged_filler", damaged_filler()),
        ("damaged_segment_header", damaged_segment_header()),
        ("damaged_header_copy", damaged_header_copy()),
        ("broken_link", broken_link()),
        ("failed_sync", failed_sync()),
        ("torn_segment_header", torn_segment_header()),
        ("prepared_only", prepared_only()),
        ("prepared_next", prepared_next()),
        ("torn_manifest", torn_manifest()),
        ("lost_record", lost_record()),
        ("two_schemas", two_schemas()),
        ("dictionaries", dictionaries()),
        ("zstd", zstd()),
    ]
}

/// Every kind of record, and an end in order.
fn clean() -> Case {
    let mut scene = Scene::new(&[]);
    scene.trades(&[100, 101, 99]).step().decisions(105, &["momentum", "carry"]).step();
    scene.skip(2).beat().step().trades(&[110]).step();
    let (fs, rows, next_seq) = scene.close();
    Case { verdict: "complete", ..Case::clean(Image::of(&fs), rows, next_seq) }
}

/// Half of the first header of the last group.
fn torn_header() -> Case {
    let (mut image, rows) = unproven();
    let first = image.data()[3];
    image.zero(0, first.start + 64, usize::MAX);
    Case::torn(image, rows[..5].to_vec())
}

/// The first header of the last group and half of its body.
fn torn_body() -> Case {
    let (mut image, rows) = unproven();
    let first = image.data()[3];
    image.zero(0, usize::midpoint(first.start + 128, first.end), usize::MAX);
    Case { frames_torn: 1, ..Case::torn(image, rows[..5].to_vec()) }
}

/// The first of two frames of the last group: it is kept.
fn torn_group() -> Case {
    let (mut image, rows) = unproven();
    let second = image.data()[4];
    image.zero(0, second.start, usize::MAX);
    let shown = rows[..5].to_vec();
    let kept = Case::torn(image, rows[..7].to_vec());
    Case { shown, frames_torn: 1, frames_salvaged: 1, rows_salvaged: 2, ..kept }
}

/// The whole last group: it is kept.
fn unproven_group() -> Case {
    let (image, rows) = unproven();
    let shown = rows[..5].to_vec();
    Case { shown, frames_torn: 2, frames_salvaged: 2, rows_salvaged: 3, ..Case::torn(image, rows) }
}

/// After a start that kept a group, and an end in order: the numbers that it left out stay left out.
fn salvaged() -> Case {
    // The disk of a power cut that took nothing but the proof.
    let four = four();
    let (fs, rows) = (four.scene.fs.crash(1), four.scene.rows.clone());
    let file = durable::Fs::open(&fs, Path::new("/log/WATERMARK"), durable::Access::ReadWrite);
    let file = file.unwrap();
    durable::write_all_at(file.as_ref(), four.before.watermark.as_deref().unwrap(), 0).unwrap();
    open(&fs, options(&[])).close().unwrap();
    Case::clean(Image::of(&fs), rows, JUMP)
}

fn damaged_body() -> Case {
    let (mut image, rows) = marked();
    let first = image.data()[0];
    image.flip(0, first.end - 100);
    Case::damaged(image, &rows, FEED, 2..5)
}

fn damaged_header() -> Case {
    let (mut image, rows) = marked();
    let first = image.data()[0];
    image.flip(0, first.start + 40);
    Case::damaged(image, &rows, FEED, 2..5)
}

/// A block of 4096 zeros where a group was.
fn damaged_block() -> Case {
    let (mut image, rows) = marked();
    let third = image.data()[2];
    assert_eq!(third.start % 4096, 0);
    image.zero(0, third.start, third.start + 4096);
    Case::damaged(image, &rows, DESK, 6..7)
}

/// Bytes behind a group that mean nothing.
fn damaged_filler() -> Case {
    let (mut image, rows) = marked();
    let first = image.data()[0];
    assert_ne!(first.end % 4096, 0);
    // Where a frame could start: a walk looks there, and nowhere else in filler.
    image.flip(0, first.end);
    Case { noise: 1, ..Case::torn(image, rows) }
}

/// Both copies of a header that was in use: its frames say what it said.
fn damaged_segment_header() -> Case {
    let (mut image, rows) = marked();
    image.flip(0, 48);
    image.flip(0, 4096 + 64);
    Case { noise: 1, ..Case::torn(image, rows) }
}

/// One copy of a header: the other stands in.
fn damaged_header_copy() -> Case {
    let (mut image, rows) = marked();
    image.zero(0, 0, 512);
    Case::torn(image, rows)
}

/// The third group of another history of the same log: the one behind it does not follow it.
fn broken_link() -> Case {
    let (mut image, mut rows) = marked();
    let mut other = Scene::new(&[]);
    other.trades(&[100, 101, 99]).step();
    other.decisions(105, &["momentum"]).step().decisions(107, &["carry"]).step();
    let at = image.data()[2];
    assert_eq!(other.image().data()[2].start, at.start);
    let mut stale = other.image().segments[&0].clone();
    stale.resize(at.end, 0);
    let bytes = image.segments.get_mut(&0).unwrap();
    bytes[at.start..at.end].copy_from_slice(&stale[at.start..at.end]);
    // It is taken as it stands; the trades behind it are not.
    rows[4] = other.rows[4].clone();
    Case::damaged(image, &rows, FEED, 7..9)
}

/// A group whose sync failed went into the next segment; what the first one shows of it is dead.
fn failed_sync() -> Case {
    let mut scene = Scene::new(&[]);
    scene.trades(&[100, 101, 99]).step();
    scene.fs.fail(Fault::new(Failure::ForgetAndFail).on(Op::SyncData).at(".seg"));
    scene.decisions(105, &["momentum"]).step().trades(&[110, 111]).step().step();
    let image = scene.image();
    assert_eq!((image.data().len(), image.segments.len()), (2, 2));
    Case::torn(image, scene.rows)
}

/// A second start that did not get through its header.
fn torn_segment_header() -> Case {
    let (fs, rows, next_seq) = four().scene.end();
    let closed = Image::of(&fs);
    drop(open(&fs, options(&[])));
    let mut image = Image { segments: Image::of(&fs).segments, ..closed };
    // Only its snapshot: the group in it and the last frame came later.
    let snapshot = image.frames(1).into_iter().find(|f| f.kind == 3).unwrap();
    image.zero(1, snapshot.end, usize::MAX);
    image.zero(1, 64, 8192);
    Case { unused: 1, ..Case::clean(image, rows, next_seq) }
}

/// A log whose first start was cut off before its first segment had a header.
fn prepared_only() -> Case {
    let scene = Scene::new(&[]);
    let mut image = scene.image();
    image.watermark = None;
    image.segments.insert(0, Vec::new());
    Case { unused: 1, ..Case::torn(image, Vec::new()) }
}

/// The next segment stands ready and was not used.
fn prepared_next() -> Case {
    let (mut image, rows) = marked();
    image.segments.insert(1, Vec::new());
    Case { unused: 1, ..Case::torn(image, rows) }
}

/// The last record is cut: what it said is found again.
fn torn_manifest() -> Case {
    let (fs, rows, next_seq) = four().scene.end();
    let mut image = Image::of(&fs);
    image.manifest.truncate(image.manifest.len() - 40);
    Case::clean(image, rows, next_seq)
}

/// A record between two others is gone: the manifest is made anew.
fn lost_record() -> Case {
    let (fs, rows, next_seq) = four().scene.end();
    open(&fs, options(&[])).close().unwrap();
    let mut image = Image::of(&fs);
    let second = image.manifest.iter().position(|b| *b == b'\n').unwrap() + 20;
    image.manifest[second] ^= 1;
    Case { is_manifest_rebuilt: true, ..Case::clean(image, rows, next_seq) }
}

/// One table in two shapes: a later writer had a column more.
fn two_schemas() -> Case {
    let mut scene = Scene::new(&[]);
    scene.trades(&[100, 101]).step().trades_with_a_note(&[102, 103]).step().trades(&[104]).step();
    let (fs, rows, next_seq) = scene.end();
    Case::clean(Image::of(&fs), rows, next_seq)
}

/// Batches that bring their own dictionaries.
fn dictionaries() -> Case {
    let mut scene = Scene::new(&[]);
    scene.decisions(100, &["carry", "momentum", "carry"]).step();
    scene.decisions(101, &["reversal"]).decisions(102, &["momentum", "momentum"]).step();
    let (fs, rows, next_seq) = scene.end();
    Case::clean(Image::of(&fs), rows, next_seq)
}

/// A table whose bodies are compressed beside one whose are not.
fn zstd() -> Case {
    let mut scene = Scene::new(&[("decisions", Codec::Zstd)]);
    scene.trades(&[100]).decisions(101, &["carry", "momentum"]).step().trades(&[99]).step();
    let (fs, rows, next_seq) = scene.end();
    Case::clean(Image::of(&fs), rows, next_seq)
}
