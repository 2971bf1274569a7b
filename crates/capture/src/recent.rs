//! What a producer stored last: evidence that a re-send is the same rows.

use std::collections::VecDeque;
use std::ops::Range;

/// Stored ranges that are remembered.
const KEPT: usize = 4096;

/// A stored range, and what its content is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) pseqs: Range<u64>,
    /// `seq` of its first row.
    pub(crate) first_seq: u64,
    pub(crate) body_crc: u32,
    pub(crate) body_len: u32,
}

/// The last stored ranges of a producer; the oldest is forgotten first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    pieces: VecDeque<Piece>,
}

impl Recent {
    pub(crate) fn push(&mut self, pseqs: Range<u64>, first_seq: u64, body_crc: u32, body_len: u32) {
        if self.pieces.len() == KEPT {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece { pseqs, first_seq, body_crc, body_len });
    }

    /// What is remembered of these rows, oldest first: pieces that share a row with the range, uncut.
    pub(crate) fn find(&self, pseqs: Range<u64>) -> Vec<Piece> {
        let shares = |p: &&Piece| p.pseqs.start.max(pseqs.start) < p.pseqs.end.min(pseqs.end);
        self.pieces.iter().filter(shares).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_share_a_row_are_found_and_neighbours_are_not() {
        let mut recent = Recent::default();
        recent.push(0..3, 100, 7, 64);
        recent.push(3..5, 200, 8, 64);
        let first = Piece { pseqs: 0..3, first_seq: 100, body_crc: 7, body_len: 64 };
        let second = Piece { pseqs: 3..5, first_seq: 200, body_crc: 8, body_len: 64 };
        assert_eq!(recent.find(2..4), [first.clone(), second]);
        assert_eq!(recent.find(2..3), [first]);
        assert_eq!(recent.find(5..9), []);
        assert_eq!(recent.find(2..2), []);
    }

    #[test]
    fn the_oldest_of_4097_pieces_is_forgotten() {
        let mut recent = Recent::default();
        for at in 0..4097 {
            recent.push(at..at + 1, at, 0, 0);
        }
        assert_eq!(recent.find(0..1), []);
        assert_eq!(recent.find(0..4097).len(), 4096);
        assert_eq!(recent.find(1..2).first().map(|p| p.first_seq), Some(1));
    }
}
