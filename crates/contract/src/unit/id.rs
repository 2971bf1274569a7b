//! Identities: event ids, hashes, spans, instruments, sources.

use std::fmt;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct IdError {
    expected: &'static str,
    found: String,
}

crate::diagnostic::input_error!(IdError { Self { .. } => "contract/malformed-value" });

fn hex<const N: usize>(
    text: &str,
    hyphens: bool,
    expected: &'static str,
) -> Result<[u8; N], IdError> {
    let refuse = || IdError { expected, found: crate::text::excerpt(text.as_bytes()) };
    let bytes = text.as_bytes();
    let mut out = [0_u8; N];
    let mut digits = bytes.iter().enumerate().filter_map(|(at, &b)| {
        let is_hyphen = hyphens && b == b'-' && bytes.len() == 36 && matches!(at, 8 | 13 | 18 | 23);
        (!is_hyphen).then_some(b)
    });
    let nibble = |b: Option<u8>| match b {
        Some(b @ b'0'..=b'9') => Some(b - b'0'),
        Some(b @ b'a'..=b'f') => Some(b - b'a' + 10),
        Some(b @ b'A'..=b'F') => Some(b - b'A' + 10),
        _ => None,
    };
    for byte in &mut out {
        let (high, low) = (nibble(digits.next()), nibble(digits.next()));
        *byte = high.zip(low).map(|(h, l)| h << 4 | l).ok_or_else(refuse)?;
    }
    if digits.next().is_some() { Err(refuse()) } else { Ok(out) }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// A 16-byte identity: a UUIDv7, or an opaque token for accounts and persons.
///
/// ```
/// use contract::EventId;
/// // The example of RFC 9562, appendix A.6.
/// let id = EventId::v7(0x017F_22E2_79B0, [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
/// assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
/// assert_eq!(EventId::parse("017f22e279b07cc398c4dc0c0c07398f")?, id);
/// # Ok::<(), contract::IdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 16]);

impl EventId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// A UUIDv7 (RFC 9562) from a Unix time in milliseconds and ten random bytes, of which 74 bits are used.
    ///
    /// Both come from the caller: no library of this workspace reads a clock or an entropy source.
    #[must_use]
    #[expect(clippy::many_single_char_names, reason = "sixteen bytes in a row")]
    pub const fn v7(unix_ms: u64, random: [u8; 10]) -> Self {
        let t = unix_ms.to_be_bytes();
        let [a, b, c, d, e, f, g, h, i, j] = random;
        let bytes = [
            t[2],
            t[3],
            t[4],
            t[5],
            t[6],
            t[7],
            a & 0x0f | 0x70,
            b,
            c & 0x3f | 0x80,
            d,
            e,
            f,
            g,
            h,
            i,
            j,
        ];
        Self(bytes)
    }

    /// A UUIDv8 (RFC 9562) of a hash: its first 16 bytes, of which 122 bits are used, so that equal content has one id.
    ///
    /// ```
    /// let id = contract::EventId::v8(&contract::Hash::from_bytes([0xff; 32]));
    /// assert_eq!(id.to_string(), "ffffffff-ffff-8fff-bfff-ffffffffffff");
    /// ```
    #[must_use]
    pub fn v8(hash: &Hash) -> Self {
        let mut bytes = [0; 16];
        let (half, _) = hash.0.split_at(16);
        bytes.copy_from_slice(half);
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = *version & 0x0f | 0x80;
        *variant = *variant & 0x3f | 0x80;
        Self(bytes)
    }

    /// Parses a UUID with hyphens, or 32 hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        hex(text, true, "a UUID or 32 hexadecimal digits").map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// A SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        hex(text, false, "64 hexadecimal digits").map(Self)
    }

    /// The SHA-256 of some bytes.
    #[cfg(feature = "digest")]
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// A W3C Trace Context span id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

impl SpanId {
    /// The span id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Parses 16 hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        hex(text, false, "16 hexadecimal digits").map(Self)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// A row of `instruments`; never re-used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(u32);

impl InstrumentId {
    /// The instrument with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A row of `sources`: a dataset and venue with its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u16);

impl SourceId {
    /// The source with this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_texts_are_refused_with_what_was_expected() {
        for text in [
            "",
            "017f22e2",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
            "017f22e279b0-7cc3-98c4-dc0c-0c07398f",
            "g17f22e279b07cc398c4dc0c0c07398f",
        ] {
            let error = EventId::parse(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("expected a UUID or 32 hexadecimal digits, found `{text}`")
            );
        }
        assert!(Hash::parse(&"0".repeat(63)).is_err());
    }
}
