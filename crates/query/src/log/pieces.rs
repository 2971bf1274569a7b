//! Which parts of the live ranges a scan reads.

use super::bounds::Bounds;
use super::zones::Learnt;
use capture::Stock;
use std::ops::Range;

/// The parts of live ranges that are read, in the order of the log.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces {
    pub(super) pieces: Vec<Piece>,
    /// Segments that hold live rows.
    pub(super) all: usize,
}

/// Numbers of one segment.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) seqs: Range<u64>,
    /// The segment, where the piece is all of a sealed one: what it holds can be learnt.
    pub(super) whole: Option<u64>,
}

impl Pieces {
    /// What of the live ranges can hold rows of a table within bounds.
    pub(super) fn of(stock: &Stock, bounds: &Bounds, table: &str, learnt: &Learnt) -> Self {
        let mut out = Self::default();
        for live in stock.live() {
            let mut starts = vec![live.start];
            let inner = stock.segments.iter().map(|segment| segment.seqs.start);
            starts.extend(inner.filter(|start| live.start < *start && *start < live.end));
            starts.sort_unstable();
            starts.dedup();
            for (at, start) in starts.iter().enumerate() {
                let end = starts.get(at + 1).copied().unwrap_or(live.end);
                out.all += 1;
                let seqs = *start.max(&bounds.seq.0)..end.min(bounds.end_seq());
                if seqs.is_empty() || bounds.is_empty() {
                    continue;
                }
                let sealed = stock.segments.iter().find(|segment| {
                    segment.is_sealed && segment.seqs.start <= *start && end <= segment.seqs.end
                });
                let zone = sealed.and_then(|s| learnt.zone(stock.log_id, s.number, table));
                if zone.is_some_and(|zone| !zone.meets(bounds)) {
                    continue;
                }
                let whole = sealed.filter(|segment| segment.seqs == seqs).map(|s| s.number);
                out.pieces.push(Piece { seqs, whole });
            }
        }
        out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}

/// Ranges that touch, as one.
pub(super) fn joined(pieces: &[Piece]) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for piece in pieces {
        match ranges.last_mut() {
            Some(last) if last.end == piece.seqs.start => last.end = piece.seqs.end,
            _ => ranges.push(piece.seqs.clone()),
        }
    }
    ranges
}
