//! What a session has learnt about sealed files, which never change.

use crate::error::QueryError;
use crate::log::bounds::Bounds;
use crate::parquet_scan::check_hash;
use contract::{AnyBatch, EventId, Hash};
use durable::Fs;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Most instruments that a zone names; with more, every instrument may be there.
const INSTRUMENTS: usize = 4096;

/// What rows of a table a sealed segment holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Zone {
    /// Smallest and largest delivered `ts_avail`; `None` without rows.
    avail: Option<(i64, i64)>,
    instruments: BTreeSet<u32>,
    /// More instruments than are named.
    is_wide: bool,
}

impl Zone {
    pub(super) fn add(&mut self, rows: &AnyBatch) {
        if let Some((min, max)) = rows.ts_avail_range() {
            let (low, high) = self.avail.unwrap_or((min, max));
            self.avail = Some((low.min(min), high.max(max)));
        }
        match rows.instrument_id() {
            Some(column) if !self.is_wide => {
                self.instruments.extend(column.iter().flatten());
                self.is_wide = self.instruments.len() > INSTRUMENTS;
            }
            Some(_) => {}
            None => self.is_wide = true,
        }
    }

    /// Whether a row within bounds may be there.
    pub(super) fn meets(&self, bounds: &Bounds) -> bool {
        let Some((min, max)) = self.avail else { return false };
        let has_instrument = bounds
            .instruments
            .as_ref()
            .is_none_or(|wanted| self.is_wide || !self.instruments.is_disjoint(wanted));
        has_instrument && min <= bounds.avail.1 && bounds.avail.0 <= max
    }
}

/// Log, segment and table.
type Key = (EventId, u64, &'static str);

/// Kept from statement to statement.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    zones: Mutex<BTreeMap<Key, Arc<Zone>>>,
    hashed: Mutex<BTreeSet<(PathBuf, Hash)>>,
}

impl Learnt {
    /// What a segment holds of a table.
    pub(super) fn zone(&self, log: EventId, segment: u64, table: &str) -> Option<Arc<Zone>> {
        let zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        let table = contract::table(table)?.name;
        zones.get(&(log, segment, table)).cloned()
    }

    pub(super) fn learn(&self, log: EventId, segment: u64, table: &'static str, zone: Zone) {
        let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        zones.insert((log, segment, table), Arc::new(zone));
    }

    /// Compares a file with its recorded hash, once a session.
    ///
    /// # Errors
    /// [`QueryError::Damaged`], or [`QueryError::Fs`].
    pub(crate) fn verify(&self, fs: &dyn Fs, path: &Path, hash: Hash) -> Result<(), QueryError> {
        let key = (path.to_path_buf(), hash);
        let hashed = || self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        if !hashed().contains(&key) {
            check_hash(fs, path, hash)?;
            hashed().insert(key);
        }
        Ok(())
    }
}
