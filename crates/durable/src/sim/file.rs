//! The bytes of a simulated file: what reads show, what the disk holds, and what lies between.

use super::random::Random;
use std::collections::BTreeSet;
use std::io;

/// Unit of space.
pub(super) const BLOCK: usize = 4096;
/// A simulated file lives in memory twice, so a wild length is refused.
const MAX_LEN: usize = 1 << 30;

/// One change that a crash keeps or loses.
#[derive(Debug, Clone)]
enum Change {
    Write {
        offset: usize,
        bytes: Vec<u8>,
    },
    /// At least this long.
    Grow(usize),
    /// Exactly this long.
    Len(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::Grow(len) if to.len() < *len => to.resize(*len, 0),
            Self::Grow(_) => {}
            Self::Len(len) => to.resize(*len, 0),
        }
    }

    /// The parts that a crash keeps or loses on their own: a write's sectors and its new length.
    fn split(self, sector: usize, into: &mut Vec<Self>) {
        let Self::Write { offset, bytes } = self else {
            into.push(self);
            return;
        };
        into.push(Self::Grow(offset + bytes.len()));
        let mut start = 0;
        while start < bytes.len() {
            let at = offset + start;
            let end = bytes.len().min(start + sector - at % sector);
            into.push(Self::Write { offset: at, bytes: bytes[start..end].to_vec() });
            start = end;
        }
    }
}

/// How much of what is pending a crash keeps.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keep {
    Nothing,
    All,
    /// Each part with a chance of so many quarters.
    Quarters(usize),
}

impl Keep {
    pub(super) fn draw(seed: u64, rng: &mut Random) -> Self {
        match seed {
            0 => Self::Nothing,
            1 => Self::All,
            _ => Self::Quarters(rng.below(5)),
        }
    }

    pub(super) fn keeps(self, rng: &mut Random) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Quarters(n) => rng.below(4) < n,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct FileNode {
    /// What reads show.
    pub(super) live: Vec<u8>,
    disk: Vec<u8>,
    pending: Vec<Change>,
    /// Blocks that take space; the rest of the length is a hole.
    pub(super) blocks: BTreeSet<usize>,
    pub(super) opens: usize,
    pub(super) is_locked: bool,
}

/// The number of blocks that hold so many bytes.
fn blocks_of(len: usize) -> usize {
    len.div_ceil(BLOCK)
}

/// A length or offset in memory.
pub(super) fn size(n: u64) -> io::Result<usize> {
    let n = usize::try_from(n).ok().filter(|&n| n <= MAX_LEN);
    n.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))
}

impl FileNode {
    pub(super) fn opened() -> Self {
        Self { opens: 1, ..Self::default() }
    }

    /// How many of `n` bytes at an offset fit, with so many blocks free.
    pub(super) fn fitting(&self, offset: usize, n: usize, mut free: usize) -> usize {
        let mut end = offset;
        while end < offset + n {
            if !self.blocks.contains(&(end / BLOCK)) {
                if free == 0 {
                    break;
                }
                free -= 1;
            }
            end = (end / BLOCK + 1) * BLOCK;
        }
        end.min(offset + n) - offset
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.blocks.extend(offset / BLOCK..blocks_of(offset + bytes.len()));
            self.change(Change::Write { offset, bytes: bytes.to_vec() });
        }
    }

    pub(super) fn set_len(&mut self, len: usize) {
        self.blocks.retain(|&b| b < blocks_of(len));
        self.change(Change::Len(len));
    }

    /// Takes the blocks below a length, which must fit.
    pub(super) fn allocate(&mut self, len: usize) {
        self.blocks.extend(0..blocks_of(len));
        self.change(Change::Grow(len));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.disk);
        }
    }

    pub(super) fn lose_pages(&mut self) {
        self.pending.clear();
    }

    /// Damages the file where it lies: in the cache and on the disk.
    pub(super) fn flip(&mut self, offset: usize, bit: u8) -> io::Result<()> {
        let mask = 1_u8.checked_shl(u32::from(bit)).ok_or(io::ErrorKind::InvalidInput)?;
        *self.live.get_mut(offset).ok_or(io::ErrorKind::UnexpectedEof)? ^= mask;
        if let Some(byte) = self.disk.get_mut(offset) {
            *byte ^= mask;
        }
        Ok(())
    }

    /// What the machine finds when it is on again.
    pub(super) fn crash(&mut self, seed: u64, rng: &mut Random) {
        let keep = Keep::draw(seed, rng);
        let sector = if rng.below(2) == 0 { 512 } else { 4096 };
        let mut parts = Vec::new();
        for change in self.pending.drain(..) {
            change.split(sector, &mut parts);
        }
        if matches!(keep, Keep::Quarters(_)) {
            for i in (1..parts.len()).rev() {
                parts.swap(i, rng.below(i + 1));
            }
        }
        for part in parts {
            if keep.keeps(rng) {
                part.apply(&mut self.disk);
            }
        }
        self.live.clone_from(&self.disk);
        let blocks = blocks_of(self.live.len());
        self.blocks.retain(|&b| b < blocks);
        (self.opens, self.is_locked) = (0, false);
    }
}
