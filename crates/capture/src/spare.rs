//! Segments prepared ahead, so that no directory operation lies on the way of an append; and the reserve that lets a
//! full disk be left in order.

use crate::inner::Inner;
use crate::sync::lock;
use crate::window::segment_path;
use durable::{Fs, FsError, FsErrorKind, FsFile};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// Room in the reserve beyond one segment: manifest, marks and an archive's folders.
const BALLAST_EXTRA: u64 = 16 << 20;

/// A prepared segment: named, allocated, empty.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) segment: u64,
    pub(crate) file: Arc<dyn FsFile>,
}

/// The prepared segments.
#[derive(Debug)]
pub(crate) struct Spares {
    pub(crate) ready: VecDeque<Spare>,
    /// Number of the next one.
    pub(crate) next: u64,
    pub(crate) has_ballast: bool,
}

impl Spares {
    pub(crate) fn new(next: u64) -> Self {
        Self { ready: VecDeque::new(), next, has_ballast: false }
    }
}

impl Inner {
    fn ballast_path(&self) -> PathBuf {
        self.dir.join("BALLAST")
    }

    fn segments_dir(&self) -> PathBuf {
        self.dir.join("segments")
    }

    /// Prepares one segment if one is wanted; says whether it did.
    pub(crate) fn prepare(&self) -> Result<bool, FsError> {
        let mut spares = lock(&self.spares);
        if spares.ready.len() >= self.options.spares {
            return Ok(false);
        }
        let reserve = self.options.ballast && !spares.has_ballast;
        let needed =
            self.segment_bytes + if reserve { self.segment_bytes + BALLAST_EXTRA } else { 0 };
        let prepared = self.prepare_with(&mut spares);
        let ready = spares.ready.len();
        drop(spares);
        let mut queue = lock(&self.queue);
        queue.spares_ready = ready;
        match &prepared {
            Ok(()) => queue.disk_full = None,
            Err(error) if error.kind == FsErrorKind::NoSpace => {
                let free = self.fs.free_space(&self.dir).unwrap_or(0);
                queue.disk_full = Some((free, needed));
            }
            Err(_) => {}
        }
        drop(queue);
        self.room.notify_all();
        prepared.map(|()| true)
    }

    fn prepare_with(&self, spares: &mut Spares) -> Result<(), FsError> {
        // The reserve comes back before admission opens again.
        if self.options.ballast && !spares.has_ballast {
            self.make_ballast()?;
            spares.has_ballast = true;
        }
        match self.make_segment(spares.next) {
            Ok(file) => {
                spares.ready.push_back(Spare { segment: spares.next, file });
                spares.next += 1;
                Ok(())
            }
            Err(error) => {
                if error.kind == FsErrorKind::NoSpace && spares.has_ballast {
                    spares.has_ballast = false;
                    remove(self.fs.as_ref(), &self.ballast_path())?;
                }
                Err(error)
            }
        }
    }

    fn make_segment(&self, segment: u64) -> Result<Arc<dyn FsFile>, FsError> {
        let path = segment_path(&self.dir, segment);
        // What an earlier attempt left: never written, or recovery would have kept it.
        remove(self.fs.as_ref(), &path)?;
        let file = self.fs.create_new(&path)?;
        let prepared = file
            .allocate(self.segment_bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| self.fs.sync_dir(&self.segments_dir()));
        match prepared {
            Ok(()) => Ok(Arc::from(file)),
            Err(error) => {
                drop(file);
                remove(self.fs.as_ref(), &path)?;
                Err(error)
            }
        }
    }

    fn make_ballast(&self) -> Result<(), FsError> {
        let path = self.ballast_path();
        remove(self.fs.as_ref(), &path)?;
        let file = self.fs.create_new(&path)?;
        if let Err(error) = file.allocate(self.segment_bytes + BALLAST_EXTRA) {
            drop(file);
            remove(self.fs.as_ref(), &path)?;
            return Err(error);
        }
        Ok(())
    }

    /// A prepared segment, made now if none is ready.
    pub(crate) fn take_spare(&self) -> Result<Spare, FsError> {
        loop {
            let mut spares = lock(&self.spares);
            if let Some(spare) = spares.ready.pop_front() {
                lock(&self.queue).spares_ready = spares.ready.len();
                return Ok(spare);
            }
            drop(spares);
            self.prepare()?;
        }
    }

    /// Removes what a closed log does not need.
    pub(crate) fn release_spares(&self) -> Result<(), FsError> {
        let mut spares = lock(&self.spares);
        while let Some(spare) = spares.ready.pop_back() {
            spares.next = spare.segment;
            remove(self.fs.as_ref(), spare.file.path())?;
        }
        if spares.has_ballast {
            spares.has_ballast = false;
            remove(self.fs.as_ref(), &self.ballast_path())?;
        }
        self.fs.sync_dir(&self.segments_dir())
    }
}

/// Removes a file that may not be there.
pub(crate) fn remove(fs: &dyn Fs, path: &std::path::Path) -> Result<(), FsError> {
    match fs.unlink(path) {
        Err(error) if error.kind != FsErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
