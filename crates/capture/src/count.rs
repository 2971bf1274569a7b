//! Completeness of a range: accounts from memory, rows by table from what lies on the disk.

use crate::completeness::Completeness;
use crate::error::ReadError;
use crate::format::frame::Kind;
use crate::gap::Gap;
use crate::inner::Inner;
use crate::scan::{Raw, Scan};
use crate::sync::lock;
use contract::{GapKind, ReadContext, Resource, ResourceKind};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

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
        let (bound, durable_seq) = {
            let shown = lock(&self.shown);
            (shown.durable_frame, shown.durable_seq)
        };
        let seqs = seqs.start..seqs.end.min(durable_seq);
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        let mut scan = Scan::seek(Arc::clone(&self.fs), &self.dir, seqs.start)?;
        let mut holes: Vec<Gap> = Vec::new();
        #[cfg(feature = "archive")]
        if let Some(base) = scan.base_seq().filter(|base| *base > seqs.start) {
            self.count_archived(seqs.start..base.min(seqs.end), &mut rows)?;
        }
        loop {
            match scan.next(bound)? {
                Raw::End => break,
                Raw::Hole(hole) => holes.push(Gap {
                    seqs: Some(hole.seqs),
                    segment_no: Some(hole.segment),
                    bytes: Some(hole.bytes),
                    ..Gap::new(GapKind::Damaged, self.now())
                }),
                Raw::Frame(place)
                    if place.header.first_seq >= seqs.end && place.header.seqs() > 0 =>
                {
                    break;
                }
                Raw::Frame(place) if place.header.kind == Kind::Data => {
                    let first = place.header.first_seq.max(seqs.start);
                    let count = place.header.end_seq().min(seqs.end).saturating_sub(first);
                    let table =
                        scan.shape(place.header.schema_no).map(|s| s.stored.table.to_string());
                    if count > 0 {
                        *rows.entry(table.unwrap_or_else(|| "unknown".to_owned())).or_default() +=
                            count;
                    }
                }
                Raw::Frame(_) => {}
            }
        }
        let now = self.now();
        let (accounts, mut gaps) = {
            let mut ledger = lock(&self.ledger).clone();
            ledger.adopt_counts(&lock(&self.queue).ledger);
            (ledger.accounts(durable_seq, now), ledger.gaps())
        };
        // What the ledger names already is not counted again.
        let is_declared = |hole: &Gap, gaps: &[Gap]| {
            gaps.iter().filter(|g| g.kind == GapKind::Damaged).any(|g| {
                let covers = |known: &Range<u64>, new: &Range<u64>| {
                    known.start <= new.start && new.end <= known.end
                };
                g.seqs.as_ref().zip(hole.seqs.as_ref()).is_some_and(|(k, n)| covers(k, n))
            })
        };
        holes.retain(|hole| !is_declared(hole, &gaps));
        gaps.extend(holes);
        self.options.gate.close(grant, contract::Outcome { rows: 0, bytes: 0, is_complete: true });
        Ok(Completeness::new(self.log_id, seqs, accounts, gaps, rows))
    }
}
