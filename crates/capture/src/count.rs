//! Completeness of a range: accounts from memory, rows by table from what lies on the disk.

use crate::completeness::Completeness;
use crate::error::ReadError;
use crate::format::frame::Kind;
use crate::format::manifest::Entry as Record;
use crate::gap::Gap;
use crate::inner::Inner;
use crate::scan::{Raw, Scan};
use crate::sync::lock;
use contract::{Outcome, ReadContext, Resource, ResourceKind, UtcNanos};
use durable::Fs;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Rows of a range by table, and what of it cannot be read.
pub(crate) struct Counted {
    pub(crate) rows: BTreeMap<String, u64>,
    pub(crate) holes: Vec<Gap>,
}

/// Counts the rows of a range from frame headers and archive records.
pub(crate) fn count(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    bound: u64,
    seqs: &Range<u64>,
    records: &[Record],
    now: UtcNanos,
) -> Result<Counted, ReadError> {
    let mut counted = Counted { rows: BTreeMap::new(), holes: Vec::new() };
    let mut scan = Scan::seek(Arc::clone(fs), dir, seqs.start)?;
    #[cfg(feature = "archive")]
    if let Some(base) = scan.base_seq().filter(|base| *base > seqs.start) {
        let part = seqs.start..base.min(seqs.end);
        crate::archiving::count_archived(fs.as_ref(), dir, records, &part, &mut counted.rows)?;
    }
    #[cfg(not(feature = "archive"))]
    let _ = records;
    loop {
        match scan.next(bound)? {
            Raw::End => return Ok(counted),
            Raw::Hole(hole) if hole.seqs.start >= seqs.end => return Ok(counted),
            Raw::Hole(hole) if hole.seqs.end > seqs.start || hole.seqs.is_empty() => {
                counted.holes.push(hole.gap(now));
            }
            Raw::Frame(place) if place.header.first_seq >= seqs.end && place.header.seqs() > 0 => {
                return Ok(counted);
            }
            Raw::Frame(place) if place.header.kind == Kind::Data => {
                let first = place.header.first_seq.max(seqs.start);
                let rows = place.header.end_seq().min(seqs.end).saturating_sub(first);
                let table = scan.shape(place.header.schema_no).map(|s| s.stored.table.to_string());
                if rows > 0 {
                    let table = table.unwrap_or_else(|| "unknown".to_owned());
                    *counted.rows.entry(table).or_default() += rows;
                }
            }
            Raw::Frame(_) | Raw::Hole(_) => {}
        }
    }
}

impl Inner {
    pub(crate) fn completeness(
        &self,
        ctx: &ReadContext,
        seqs: Range<u64>,
    ) -> Result<Completeness, ReadError> {
        let what = Resource {
            kind: ResourceKind::Log,
            name: self.options.name.clone(),
            version: None,
            tables: Vec::new(),
        };
        let grant = self.options.gate.open(ctx, &what)?;
        let found = self.look(seqs);
        let outcome = Outcome { rows: 0, bytes: 0, is_complete: found.is_ok() };
        self.options.gate.close(grant, outcome);
        found
    }

    fn look(&self, seqs: Range<u64>) -> Result<Completeness, ReadError> {
        let (bound, durable_seq) = {
            let shown = lock(&self.shown);
            (shown.durable_frame, shown.durable_seq)
        };
        let seqs = seqs.start..seqs.end.min(durable_seq);
        let records: Vec<Record> = lock(&self.manifest).entries().cloned().collect();
        let now = self.now();
        let Counted { rows, holes } = count(&self.fs, &self.dir, bound, &seqs, &records, now)?;
        let (accounts, mut gaps) = {
            let mut ledger = lock(&self.ledger).clone();
            ledger.adopt_counts(&lock(&self.queue).ledger);
            (ledger.accounts(durable_seq, now), ledger.gaps())
        };
        for hole in holes {
            // What the ledger names already is not counted again.
            if !gaps.iter().any(|gap| gap.covers(&hole)) {
                gaps.push(hole);
            }
        }
        Ok(Completeness::new(self.log_id, seqs, accounts, gaps, rows))
    }
}
