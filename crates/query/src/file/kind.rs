//! Formats, by the first bytes of a file.

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `FF FF FF FF`.
    IpcStream,
    /// `ARROW1`.
    IpcFile,
    /// `PAR1`.
    Parquet,
    /// Anything else, with what it looks like.
    Other(&'static str),
}

impl Kind {
    /// Recognises a file by at most its first 8 bytes.
    pub(super) fn of(head: &[u8]) -> Self {
        let starts = |magic: &[u8]| head.starts_with(magic);
        if starts(&[0xff; 4]) {
            Self::IpcStream
        } else if starts(b"ARROW1") {
            Self::IpcFile
        } else if starts(b"PAR1") {
            Self::Parquet
        } else if head.is_empty() {
            Self::Other("no byte")
        } else if starts(b"PK\x03\x04") {
            Self::Other("a zip archive")
        } else if starts(b"\x1f\x8b") {
            Self::Other("gzip")
        } else if starts(b"\x28\xb5\x2f\xfd") {
            Self::Other("zstd")
        } else if starts(b"{") {
            Self::Other("JSON")
        } else if std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0')) {
            Self::Other("text")
        } else {
            Self::Other("bytes of no known format")
        }
    }
}
