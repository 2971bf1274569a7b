//! `identity`: every selected decision is in one place, and data, lineage, folds and manifest agree on it.

use super::Subject;
use super::read::Cells;
use super::rows::{DataRow, Id, Rows};
use super::tally::{Tally, size};
use crate::certificate::{CheckResult, Outcome};
use crate::folder::Folder;
use crate::layout::file;
use crate::manifest::Manifest;
use crate::role::{Reason, Split};
use std::collections::{BTreeMap, BTreeSet};

/// A digest of the feature cells of each row: enough to find equal rows, no proof of anything.
#[derive(Debug)]
pub(super) struct Contents {
    lanes: Vec<[u64; 2]>,
    has_value: Vec<bool>,
}

impl Contents {
    pub(super) fn new(rows: usize) -> Self {
        Self { lanes: vec![[0, 1]; rows], has_value: vec![false; rows] }
    }

    /// Takes in the next feature.
    pub(super) fn push(&mut self, cells: &Cells) {
        const NULL: u64 = 0x7ff8_0000_dead_0001; // a NaN that no computation makes
        for (row, lanes) in self.lanes.iter_mut().enumerate() {
            let value = cells.get(row);
            self.has_value[row] |= value.is_some();
            let bits = value.map_or(NULL, f64::to_bits);
            lanes[0] = mixed(lanes[0] ^ bits, 0x9e37_79b9_7f4a_7c15);
            lanes[1] = mixed(lanes[1] ^ bits, 0xc2b2_ae3d_27d4_eb4f);
        }
    }

    /// Rows of test whose features, not all of them null, are those of a row of train.
    fn repeated(&self, rows: &Rows) -> Vec<usize> {
        let of = |split| rows.of(split).map(|(at, _)| at).filter(|at| self.has_value[*at]);
        let mut train: Vec<[u64; 2]> = of(Split::Train).map(|at| self.lanes[at]).collect();
        train.sort_unstable();
        of(Split::Test).filter(|at| train.binary_search(&self.lanes[*at]).is_ok()).collect()
    }
}

/// A permutation of 64 bits.
fn mixed(word: u64, factor: u64) -> u64 {
    let word = (word ^ (word >> 32)).wrapping_mul(factor);
    let word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word ^ (word >> 32)
}

pub(super) fn check(subject: &Subject<'_>, contents: &Contents) -> CheckResult {
    let mut tally = Tally::new(
        "identity",
        "every selected decision is once in one split or among the dropped, and data files, lineage, fold lists and \
         manifest agree on it",
    );
    let rows = &subject.rows;
    tally.count("rows", size(rows.data.len()));
    tally.count("dropped", size(rows.dropped.len()));
    twice(rows, &mut tally);
    lineage(rows, &mut tally);
    files(subject, &mut tally);
    unlisted(subject.folder, subject.manifest, &mut tally);
    conservation(subject, &mut tally);
    fold_lists(subject, &mut tally);
    let repeated = size(contents.repeated(rows).len());
    let test = size(rows.of(Split::Test).count());
    tally.count("test_rows_with_features_of_a_train_row", repeated);
    let otherwise = if repeated.saturating_mul(100) > test {
        Outcome::Warn(format!("{repeated} of {test} test rows have the features of a train row"))
    } else {
        Outcome::Pass
    };
    tally.finish(otherwise)
}

fn twice(rows: &Rows, tally: &mut Tally) {
    let mut ids: Vec<(Id, bool)> = rows.data.iter().map(|row| (row.id, true)).collect();
    ids.extend(rows.dropped.iter().map(|row| (row.id, false)));
    ids.sort_unstable();
    for pair in ids.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let fault = match (pair[0].1, pair[1].1) {
            (true, true) => "id in the data files twice",
            (false, false) => "id among the dropped twice",
            _ => "id in the data files and among the dropped",
        };
        tally.row(fault, &pair[0].0);
    }
}

fn lineage(rows: &Rows, tally: &mut Tally) {
    let mut is_known = vec![false; rows.lineage.len()];
    for (row, of) in rows.data.iter().zip(&rows.lineage_of) {
        let Some(of) = *of else {
            tally.row("no row of the lineage with this id and split", &row.id);
            continue;
        };
        is_known[of] = true;
        let lineage = &rows.lineage[of];
        if (lineage.ts, lineage.seq) != (row.ts, row.seq) {
            tally.row("lineage and data differ in ts_cutoff or seq", &row.id);
        }
    }
    for (row, _) in rows.lineage.iter().zip(is_known).filter(|(_, is_known)| !is_known) {
        tally.row("row of the lineage without a row of the data", &row.id);
    }
    let key = |row: &super::rows::LineageRow| (row.ts, row.seq, row.id);
    for pair in rows.lineage.windows(2).filter(|pair| key(&pair[0]) >= key(&pair[1])) {
        tally.row("lineage is not in the order of (ts_cutoff, seq, row_id)", &pair[1].id);
    }
}

fn files(subject: &Subject<'_>, tally: &mut Tally) {
    let rows = &subject.rows;
    for (file, range) in subject.manifest.files.iter().zip(&rows.file_rows) {
        tally.count("files", 1);
        let found: &[DataRow] = &rows.data[range.clone()];
        let parts: Vec<&str> = file.path.split('/').collect();
        let is_placed = matches!(parts.as_slice(), [folder, split, name]
            if *folder == file::DATA && *split == file.split && !name.is_empty())
            && Split::parse(&file.split).is_some();
        if !is_placed {
            tally.fault(&format!("{}: not in the folder of a split", file.path), 1);
        }
        if size(found.len()) != file.rows {
            tally
                .fault(&format!("{}: another number of rows than the manifest says", file.path), 1);
        }
        let key = |row: &DataRow| (row.ts, row.seq, row.id);
        for pair in found.windows(2).filter(|pair| key(&pair[0]) > key(&pair[1])) {
            tally.row("data are not in the order of (ts_cutoff, seq, row_id)", &pair[1].id);
        }
        let ts = found.iter().map(|row| row.ts);
        let seq = found.iter().map(|row| row.seq);
        let facts = (ts.clone().min(), ts.max(), seq.clone().min(), seq.max());
        let [first, last] = file.ts_cutoff.map(|ts| Some(ts.0));
        let [lowest, highest] = file.seq.map(|seq| Some(seq.0));
        if facts != (first, last, lowest, highest) {
            tally.fault(
                &format!("{}: another range of ts_cutoff or seq than the manifest says", file.path),
                1,
            );
        }
    }
    for (split, facts) in &subject.manifest.splits {
        let found = Split::parse(split).map_or(0, |split| size(rows.of(split).count()));
        if found != facts.rows {
            tally.fault(&format!("{split}: another number of rows than the manifest says"), 1);
        }
    }
}

/// Files in the folders of the splits that the manifest does not list: a reader would take them in.
fn unlisted(folder: &Folder, manifest: &Manifest, tally: &mut Tally) {
    let listed: BTreeSet<_> =
        manifest.files.iter().map(|file| folder.root().join(&file.path)).collect();
    for split in Split::ALL {
        let path = folder.root().join(file::DATA).join(split.word());
        // A split without a folder has no stray file; that it has no rows is seen elsewhere.
        let Ok(found) = folder.fs().read_dir(&path) else { continue };
        for path in found.iter().filter(|path| !listed.contains(*path)) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            tally.fault(&format!("data/{split}/{name}: not in the manifest"), 1);
        }
    }
}

fn conservation(subject: &Subject<'_>, tally: &mut Tally) {
    let (rows, manifest) = (&subject.rows, subject.manifest);
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &rows.dropped {
        *reasons.entry(&row.reason).or_default() += 1;
        if Reason::parse(&row.reason).is_none() {
            tally.row("dropped for a reason without a name", &row.id);
        }
    }
    let all: BTreeSet<&str> =
        reasons.keys().copied().chain(manifest.dropped.keys().map(String::as_str)).collect();
    for reason in all {
        let found = reasons.get(reason).copied().unwrap_or(0);
        if found != manifest.dropped.get(reason).copied().unwrap_or(0) {
            tally.fault(&format!("dropped as {reason}: another number than the manifest says"), 1);
        }
    }
    let found = size(rows.data.len()).saturating_add(size(rows.dropped.len()));
    tally.count("selected", manifest.selected);
    if found != manifest.selected {
        let selected = manifest.selected;
        tally.fault(&format!("{selected} decisions selected, {found} in splits or dropped"), 1);
    }
}

fn fold_lists(subject: &Subject<'_>, tally: &mut Tally) {
    let (Some(listed), Some(train)) = (&subject.rows.fold_groups, &subject.train) else { return };
    let rows = &subject.rows;
    tally.count("fold_rows", size(listed.len()));
    for (at, group) in train.rows.iter().zip(&train.groups) {
        if group.is_none() {
            tally.row("train row in no group of the folds", &rows.data[*at].id);
        }
    }
    let mut ids: Vec<Id> = train.rows.iter().map(|at| rows.data[*at].id).collect();
    ids.sort_unstable();
    for (id, _) in listed.iter().filter(|(id, _)| ids.binary_search(id).is_err()) {
        tally.row("row of the folds that is not in train", id);
    }
    for pair in listed.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        tally.row("row in the folds twice", &pair[0].0);
    }
}
