//! Collection, carried out: each item is looked at again before it goes.

use super::{GcItem, GcPlan, GcReason, kept, stays};
use crate::canonical::{Instant, to_canonical};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::history::History;
use crate::store::place::{self, Place};
use crate::store::staging::{Started, remove};
use durable::{Fs, FsErrorKind, NodeKind};
use std::path::Path;

/// What a collection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcDone {
    /// What went.
    pub removed: Vec<GcItem>,
    /// What was planned and stayed, because something keeps it by now.
    pub kept: Vec<GcItem>,
    /// Sum of the lengths of the files whose last name went.
    pub file_bytes: u64,
    /// Bytes free on the file system before.
    pub space_before: u64,
    /// Bytes free on the file system afterwards: what others wrote meanwhile is in it too.
    pub space_after: u64,
}

impl Store {
    /// Carries out a plan. An interrupted one may be planned and carried out again.
    ///
    /// A version is marked before its files go, and the log is read again after the mark, so that a pin or a reference
    /// that comes in between is heard. Readers that have a version open lose the files that they open later.
    ///
    /// # Errors
    /// [`StoreError`]; [`durable::FsErrorKind::Locked`] while another collection runs.
    pub fn apply_gc(&self, plan: &GcPlan) -> Result<GcDone, StoreError> {
        let fs = self.fs.as_ref();
        let mut done = GcDone {
            removed: Vec::new(),
            kept: Vec::new(),
            file_bytes: 0,
            space_before: 0,
            space_after: 0,
        };
        if plan.items.is_empty() && plan.undated.is_empty() {
            return Ok(done);
        }
        done.space_before = fs.free_space(&self.root)?;
        for path in &plan.undated {
            self.date(&self.root.join(path), plan)?;
        }
        for item in &plan.items {
            let place = self.place(&item.dataset);
            let lock = fs.lock(&place.tmp.join(place::COLLECT_LOCK))?;
            let path = self.root.join(&item.path);
            let is_gone = match item.reason {
                GcReason::Unused { version } | GcReason::Leftover { version } => {
                    self.collect(&place, item, &path, version, plan)?
                }
                GcReason::Orphan => self.put_away(&place, item, &path)?,
                GcReason::Stale => {
                    match place::present(fs.metadata(&path))? {
                        Some(found) if found.kind == NodeKind::Folder => remove(fs, &path)?,
                        Some(_) => place::present(fs.unlink(&path)).map(|_| ())?,
                        None => {}
                    }
                    true
                }
            };
            drop(lock);
            if is_gone {
                done.file_bytes += item.bytes;
                done.removed.push(item.clone());
            } else {
                done.kept.push(item.clone());
            }
        }
        done.space_after = fs.free_space(&self.root)?;
        Ok(done)
    }

    /// Removes the files of a version, unless something keeps it by now.
    fn collect(
        &self,
        place: &Place,
        item: &GcItem,
        path: &Path,
        version: u64,
        plan: &GcPlan,
    ) -> Result<bool, StoreError> {
        let (fs, mark) = (self.fs.as_ref(), path.join(place::COLLECTED));
        match fs.create_new(&mark) {
            Ok(_) => {}
            Err(error) if error.kind == FsErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        fs.sync_dir(path)?;
        let log = History::read(fs, place, &item.dataset)?;
        let is_leftover = matches!(item.reason, GcReason::Leftover { .. });
        if !is_leftover && kept(&log, &plan.policy).contains(&version) {
            fs.unlink(&mark)?;
            fs.sync_dir(path)?;
            return Ok(false);
        }
        for (file, metadata) in place::walk(fs, path)? {
            if metadata.kind == NodeKind::Folder {
                place::present(fs.remove_dir(&file))?;
            } else if !stays(path, &file) {
                place::present(fs.unlink(&file))?;
            }
        }
        fs.sync_dir(path)?;
        Ok(true)
    }

    /// Moves a folder without a record out of the way, and removes it unless a record has come meanwhile: a publisher
    /// looks for the folder once more after its commit.
    fn put_away(&self, place: &Place, item: &GcItem, path: &Path) -> Result<bool, StoreError> {
        let fs = self.fs.as_ref();
        let folder = place::file_name(path);
        let away = place.orphans.join(&folder);
        if path != away {
            fs.create_dir_all(&place.orphans)?;
            remove(fs, &away)?;
            if place::present(fs.rename(path, &away))?.is_none() {
                return Ok(true);
            }
        }
        let log = History::read(fs, place, &item.dataset)?;
        let is_recorded = log.published().any(|record| place::short(record.manifest) == folder);
        let home = place.versions.join(&folder);
        if is_recorded && place::present(fs.metadata(&home))?.is_none() {
            fs.rename(&away, &home)?;
            fs.sync_dir(&place.versions)?;
            return Ok(false);
        }
        remove(fs, &away)?;
        Ok(true)
    }

    fn date(&self, build: &Path, plan: &GcPlan) -> Result<(), StoreError> {
        let fs: &dyn Fs = self.fs.as_ref();
        let text = to_canonical(&Started { ts: Instant(plan.now.nanos()) })
            .map_err(|source| StoreError::Document { what: "started.json", source })?;
        if place::present(fs.metadata(build))?.is_some() {
            place::write_anew(fs, &build.join(place::STARTED), &text)?;
        }
        Ok(())
    }
}
