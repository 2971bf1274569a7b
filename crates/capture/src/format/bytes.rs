//! Little-endian numbers at fixed places.

/// A record of fixed size being written.
#[derive(Debug)]
pub(crate) struct Record<'a>(pub(crate) &'a mut [u8]);

impl Record<'_> {
    /// Puts bytes at a place; a place outside is a defect of the caller and changes nothing.
    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        if let Some(slot) = self.0.get_mut(at..at + bytes.len()) {
            slot.copy_from_slice(bytes);
        }
        self
    }

    /// Puts the CRC-32C of everything before `at` there.
    pub(crate) fn seal(&mut self, at: usize) -> u32 {
        let crc = crc32c::crc32c(self.0.get(..at).unwrap_or_default());
        self.put(at, &crc.to_le_bytes());
        crc
    }
}

/// The bytes at a place; zeros where the slice is too short, which the callers rule out by its length.
pub(crate) fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(take(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(take(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(take(bytes, at))
}

pub(crate) fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(take(bytes, at))
}

/// Whether the CRC-32C at `at` is that of everything before it.
pub(crate) fn is_sealed(bytes: &[u8], at: usize) -> bool {
    bytes.get(..at).is_some_and(|body| crc32c::crc32c(body) == u32_at(bytes, at))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_castagnoli() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283);
    }
}
