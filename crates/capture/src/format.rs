//! What stands on disk, format version 1. The words of the format are `docs/capture-format.md`.

pub(crate) mod body;
pub(crate) mod bytes;
pub(crate) mod frame;
pub(crate) mod manifest;
pub(crate) mod segment;
pub(crate) mod watermark;

/// Blocks that are never written again once they are durable.
pub(crate) const BLOCK: u64 = 4096;

/// Frames start at multiples of this.
pub(crate) const ALIGN: u64 = 64;

/// Up to the next multiple.
pub(crate) const fn align_up(n: u64, to: u64) -> u64 {
    n.div_ceil(to) * to
}
