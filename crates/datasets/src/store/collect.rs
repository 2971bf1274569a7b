//! Collection: what may go, and why, before anything goes.

mod apply;

pub use apply::GcDone;

use super::error::StoreError;
use super::history::History;
use super::place::{self, Place};
use super::publish::Target;
use super::record::CommitRecord;
use super::staging::Started;
use super::{Store, VersionAt};
use crate::canonical::Sha256;
use crate::layout::file;
use contract::{Name, UtcNanos};
use durable::{Fs, Identity, NodeKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a collection keeps.
///
/// Besides, a version is kept while it is `latest`, pinned, or under a reference. Records and manifests are never
/// removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcPolicy {
    /// How many of the newest versions that were not withdrawn are kept.
    pub keep_newest: usize,
    /// What is younger is kept: versions by the time of their record, builds by that of their start. In nanoseconds.
    pub min_age_ns: i64,
    /// Manifests of versions that someone else needs: held by governance, used by a registered model.
    pub held: BTreeSet<Sha256>,
}

impl GcPolicy {
    /// Keeps the newest `n`, and whatever is younger than a day.
    #[must_use]
    pub const fn newest(n: usize) -> Self {
        Self { keep_newest: n, min_age_ns: 86_400_000_000_000, held: BTreeSet::new() }
    }
}

/// Why something may go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GcReason {
    /// A version that nothing keeps. Its manifest stays.
    Unused {
        /// Its number.
        version: u64,
    },
    /// What an interrupted collection left of a version.
    Leftover {
        /// Its number.
        version: u64,
    },
    /// A folder under `versions/` without a record.
    Orphan,
    /// A build that was never published, or a temporary file.
    Stale,
}

/// Something that may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcItem {
    /// The dataset.
    pub dataset: Name,
    /// A file or folder, from the root of the store.
    pub path: PathBuf,
    /// Bytes that its removal frees, in the order of the plan: a file with a second name that stays frees none.
    pub bytes: u64,
    /// Why it may go.
    pub reason: GcReason,
}

/// What a collection would remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcPlan {
    /// In order.
    pub items: Vec<GcItem>,
    /// Builds of unknown age, from the root of the store. Carrying out the plan dates them, so that a later one may
    /// remove them.
    pub undated: Vec<PathBuf>,
    policy: GcPolicy,
    now: UtcNanos,
}

impl GcPlan {
    /// Bytes that would be freed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }
}

impl Store {
    /// Lists what may go from all datasets. Nothing is changed.
    ///
    /// - **Cost:** looks up every file once.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is collected from a store with a broken log.
    pub fn plan_gc(&self, now: UtcNanos, policy: &GcPolicy) -> Result<GcPlan, StoreError> {
        let mut plan =
            GcPlan { items: Vec::new(), undated: Vec::new(), policy: policy.clone(), now };
        for path in place::present(self.fs.read_dir(&self.root))?.unwrap_or_default() {
            let Ok(name) = Name::parse(&place::file_name(&path)) else { continue };
            if self.fs.metadata(&path)?.kind == NodeKind::Folder {
                self.plan_dataset(&name, &mut plan)?;
            }
        }
        Ok(plan)
    }

    fn plan_dataset(&self, name: &Name, plan: &mut GcPlan) -> Result<(), StoreError> {
        let (fs, place) = (self.fs.as_ref(), self.place(name));
        let log = History::read(fs, &place, name)?;
        let mut found: Vec<(PathBuf, GcReason)> = Vec::new();
        let builds = builds(fs, &place, &log)?;
        let is_old = |ts: i64| plan.now.nanos().saturating_sub(ts) >= plan.policy.min_age_ns;

        let kept = kept(&log, &plan.policy);
        for path in list(fs, &place.versions)? {
            let folder = place::file_name(&path);
            let record = log.published().find(|r| place::short(r.manifest) == folder);
            if let Some(record) = record {
                let version = record.ordinal;
                if place::present(fs.metadata(&path.join(place::COLLECTED)))?.is_some() {
                    if place::walk(fs, &path)?.iter().any(|(p, _)| !stays(&path, p)) {
                        found.push((path, GcReason::Leftover { version }));
                    }
                } else if !kept.contains(&version) && is_old(record.ts.0) {
                    found.push((path, GcReason::Unused { version }));
                }
            } else {
                // A builder that is about to use the folder has said so before it looked for it.
                let users = builds.iter().filter(|b| b.target.as_deref() == Some(folder.as_str()));
                if users.map(|build| build.ts.unwrap_or(i64::MAX)).all(is_old) {
                    found.push((path, GcReason::Orphan));
                }
            }
        }
        found.extend(list(fs, &place.orphans)?.into_iter().map(|path| (path, GcReason::Orphan)));
        for build in builds {
            match build.ts {
                Some(ts) if is_old(ts) => found.push((build.path, GcReason::Stale)),
                Some(_) => {}
                None => plan.undated.push(self.relative(&build.path)),
            }
        }
        self.weigh(name, &place, found, plan)
    }

    /// States what each removal frees: a file is free when its last name goes.
    fn weigh(
        &self,
        name: &Name,
        place: &Place,
        found: Vec<(PathBuf, GcReason)>,
        plan: &mut GcPlan,
    ) -> Result<(), StoreError> {
        let mut names: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let key = |identity: Identity| (identity.device, identity.inode);
        for (_, metadata) in place::walk(self.fs.as_ref(), &place.dataset)? {
            *names.entry(key(metadata.identity)).or_default() += 1;
        }
        for (path, reason) in found {
            let mut bytes = 0;
            for (file, metadata) in files(self.fs.as_ref(), &path)? {
                let removes_all = matches!(reason, GcReason::Orphan | GcReason::Stale);
                if metadata.kind != NodeKind::File || (!removes_all && stays(&path, &file)) {
                    continue;
                }
                let left = names.entry(key(metadata.identity)).or_default();
                *left = left.saturating_sub(1);
                bytes += if *left == 0 { metadata.len } else { 0 };
            }
            let path = self.relative(&path);
            plan.items.push(GcItem { dataset: name.clone(), path, bytes, reason });
        }
        Ok(())
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_path_buf()
    }
}

/// Numbers of the versions that stay.
fn kept(log: &History, policy: &GcPolicy) -> BTreeSet<u64> {
    let mut kept: BTreeSet<u64> = log.references().into_values().collect();
    kept.extend(log.resolve(&VersionAt::Latest).ok().map(|record| record.ordinal));
    let live = log.published().rev().filter(|record| log.hidden(record.ordinal).is_none());
    kept.extend(live.take(policy.keep_newest).map(|record| record.ordinal));
    let needed = |r: &&CommitRecord| policy.held.contains(&r.manifest) || log.is_pinned(r.ordinal);
    kept.extend(log.published().filter(needed).map(|record| record.ordinal));
    kept
}

/// Whether a file of a collected version stays.
fn stays(version: &Path, path: &Path) -> bool {
    path == version.join(file::MANIFEST) || path == version.join(place::COLLECTED)
}

fn list(fs: &dyn Fs, folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(place::present(fs.read_dir(folder))?.unwrap_or_default())
}

/// A file, or all that a folder holds.
fn files(fs: &dyn Fs, path: &Path) -> Result<Vec<(PathBuf, durable::Metadata)>, StoreError> {
    match place::present(fs.metadata(path))? {
        None => Ok(Vec::new()),
        Some(found) if found.kind == NodeKind::Folder => Ok(place::walk(fs, path)?),
        Some(found) => Ok(vec![(path.to_path_buf(), found)]),
    }
}

/// Something in `tmp/`.
struct Build {
    path: PathBuf,
    /// The last sign of life that it gave.
    ts: Option<i64>,
    /// The folder under `versions/` that it is about to use.
    target: Option<String>,
}

fn builds(fs: &dyn Fs, place: &Place, log: &History) -> Result<Vec<Build>, StoreError> {
    let mut builds = Vec::new();
    for path in list(fs, &place.tmp)? {
        if place::file_name(&path) == place::COLLECT_LOCK {
            continue;
        }
        let Some(found) = place::present(fs.metadata(&path))? else { continue };
        if found.kind == NodeKind::Folder {
            let started: Option<Started> = document(fs, &path.join(place::STARTED))?;
            let target: Option<Target> = document(fs, &path.join(place::TARGET))?;
            let ts = started.map(|s| s.ts.0).max(target.as_ref().map(|t| t.ts.0));
            let target = target.map(|target| place::short(target.manifest));
            builds.push(Build { path, ts, target });
        } else {
            // A record on its way into the log, or a line on its way into `refs/`: there for an instant, or left by a
            // crash. Whoever loses one under its hands is told, and tries again.
            let record: Option<CommitRecord> = document(fs, &path)?;
            let text = place::present(place::read(fs, &path))?.unwrap_or_default();
            let line = String::from_utf8_lossy(&text).into_owned();
            let number = line.split(' ').next().and_then(|number| number.parse::<u64>().ok());
            let named = log.records.iter().find(|r| Some(r.ordinal) == number);
            let ts = record.as_ref().or(named).map_or(i64::MIN, |record| record.ts.0);
            builds.push(Build { path, ts: Some(ts), target: None });
        }
    }
    Ok(builds)
}

/// A document that may be missing or torn.
fn document<T: serde::de::DeserializeOwned>(
    fs: &dyn Fs,
    path: &Path,
) -> Result<Option<T>, StoreError> {
    let bytes = place::present(place::read(fs, path))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}
