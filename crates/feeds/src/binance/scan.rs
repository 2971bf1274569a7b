//! JSON read once from left to right, without a tree and without copies.

use std::borrow::Cow;

/// Deepest nesting of a value that is not ours to read.
const MAX_DEPTH: u8 = 8;

/// Why a text is not the JSON that was expected; `rest` is what stands where reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed<'a> {
    pub(super) expected: &'static str,
    pub(super) rest: &'a [u8],
}

/// A position in a line of JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    pub(super) fn malformed<T>(&self, expected: &'static str) -> Result<T, Malformed<'a>> {
        Err(Malformed { expected, rest: self.rest })
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] => self.rest = rest,
                [byte, ..] => return Some(*byte),
                [] => return None,
            }
        }
    }

    /// Reads one byte of punctuation if it stands next.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        if self.peek() != Some(byte) {
            return false;
        }
        self.rest = self.rest.get(1..).unwrap_or_default();
        true
    }

    /// Reads what a reader of one form takes from the bytes at hand, or nothing.
    pub(super) fn accept_form<T>(
        &mut self,
        form: impl Fn(&'a [u8]) -> Option<(T, &'a [u8])>,
    ) -> Option<T> {
        let (value, rest) = form(self.rest)?;
        self.rest = rest;
        Some(value)
    }

    pub(super) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Malformed<'a>> {
        if self.accept(byte) { Ok(()) } else { self.malformed(expected) }
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Malformed<'a>> {
        if self.peek().is_none() { Ok(()) } else { self.malformed("the end of the line") }
    }

    /// The next key of an object, or `None` at its end; `first` says that no member was read yet.
    pub(super) fn key(&mut self, first: bool) -> Result<Option<Cow<'a, [u8]>>, Malformed<'a>> {
        if self.accept(b'}') {
            return Ok(None);
        }
        if !first {
            self.expect(b',', "`,` or `}`")?;
        }
        let key = self.string("a key")?;
        self.expect(b':', "`:`")?;
        Ok(Some(key))
    }

    /// Whether an array has a further item; `first` says that no item was read yet.
    pub(super) fn item(&mut self, first: bool) -> Result<bool, Malformed<'a>> {
        if self.accept(b']') {
            return Ok(false);
        }
        if !first {
            self.expect(b',', "`,` or `]`")?;
        }
        Ok(true)
    }

    /// The bytes of a string, copied only where it has escapes.
    pub(super) fn string(
        &mut self,
        expected: &'static str,
    ) -> Result<Cow<'a, [u8]>, Malformed<'a>> {
        if self.peek() != Some(b'"') {
            return self.malformed(expected);
        }
        let body = self.rest.get(1..).unwrap_or_default();
        match body.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)) {
            Some(at) if body.get(at) == Some(&b'"') => {
                let (text, rest) = body.split_at(at);
                self.rest = rest.get(1..).unwrap_or_default();
                Ok(Cow::Borrowed(text))
            }
            Some(at) if body.get(at) == Some(&b'\\') => self.escaped(expected),
            _ => self.malformed(expected),
        }
    }

    /// A string with escapes, which no known field has: left to serde_json.
    #[cold]
    fn escaped(&mut self, expected: &'static str) -> Result<Cow<'a, [u8]>, Malformed<'a>> {
        let mut stream = serde_json::Deserializer::from_slice(self.rest).into_iter::<String>();
        match stream.next() {
            Some(Ok(text)) => {
                self.rest = self.rest.get(stream.byte_offset()..).unwrap_or_default();
                Ok(Cow::Owned(text.into_bytes()))
            }
            _ => self.malformed(expected),
        }
    }

    /// An unsigned integer token.
    pub(super) fn integer(&mut self) -> Result<u64, Malformed<'a>> {
        const EXPECTED: &str = "an unsigned integer";
        self.peek();
        let start = *self;
        let mut value: u64 = 0;
        let mut n = 0_usize;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            let next = value
                .checked_mul(10)
                .and_then(|v| v.checked_add(u64::from(digit - b'0')))
                .ok_or(Malformed { expected: EXPECTED, rest: start.rest })?;
            value = next;
            n += 1;
            self.rest = rest;
        }
        let more = matches!(self.rest, [b'.' | b'e' | b'E', ..]);
        let padded = n > 1 && start.rest.first() == Some(&b'0');
        if n == 0 || more || padded {
            return Err(Malformed { expected: EXPECTED, rest: start.rest });
        }
        Ok(value)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self) -> Result<bool, Malformed<'a>> {
        self.peek();
        if let Some(rest) = self.rest.strip_prefix(b"true") {
            self.rest = rest;
            return Ok(true);
        }
        if let Some(rest) = self.rest.strip_prefix(b"false") {
            self.rest = rest;
            return Ok(false);
        }
        self.malformed("`true` or `false`")
    }

    /// Any value, checked to be JSON and returned as it stands.
    pub(super) fn skip(&mut self) -> Result<&'a [u8], Malformed<'a>> {
        self.peek();
        let start = self.rest;
        self.skip_value(0)?;
        let len = start.len().saturating_sub(self.rest.len());
        Ok(start.get(..len).unwrap_or_default())
    }

    fn skip_value(&mut self, depth: u8) -> Result<(), Malformed<'a>> {
        if depth > MAX_DEPTH {
            return self.malformed("at most 8 levels of nesting");
        }
        match self.peek() {
            Some(b'"') => self.string("a string").map(|_| ()),
            Some(b'{') => {
                self.accept(b'{');
                let mut first = true;
                while self.key(first)?.is_some() {
                    first = false;
                    self.skip_value(depth + 1)?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.accept(b'[');
                let mut first = true;
                while self.item(first)? {
                    first = false;
                    self.skip_value(depth + 1)?;
                }
                Ok(())
            }
            Some(_) => self.skip_scalar(),
            None => self.malformed("a value"),
        }
    }

    /// A number or literal: its extent is found here, its grammar left to serde_json.
    fn skip_scalar(&mut self) -> Result<(), Malformed<'a>> {
        let is_end = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
        let len = self.rest.iter().position(is_end).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(len);
        if serde_json::from_slice::<serde::de::IgnoredAny>(token).is_err() {
            return self.malformed("a value");
        }
        self.rest = rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_are_read_in_any_order_and_unknown_ones_passed_over() {
        let text = br#" {"b" : 7, "x": {"y": [1, -2.5e3, null, "a\"b"]}, "a\u0062": true} "#;
        let mut scan = Scanner::new(text);
        scan.expect(b'{', "").unwrap();
        assert_eq!(scan.key(true).unwrap().as_deref(), Some(&b"b"[..]));
        assert_eq!(scan.integer(), Ok(7));
        assert_eq!(scan.key(false).unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(scan.skip(), Ok(&br#"{"y": [1, -2.5e3, null, "a\"b"]}"#[..]));
        assert_eq!(scan.key(false).unwrap().as_deref(), Some(&b"ab"[..]));
        assert_eq!(scan.boolean(), Ok(true));
        assert_eq!(scan.key(false), Ok(None));
        assert_eq!(scan.end(), Ok(()));
    }

    #[test]
    fn integers_are_whole_and_fit() {
        for (text, expected) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.0", None),
            ("1e3", None),
            ("007", None),
            ("\"7\"", None),
            ("", None),
        ] {
            assert_eq!(Scanner::new(text.as_bytes()).integer().ok(), expected, "`{text}`");
        }
    }

    proptest! {
        #[test]
        fn what_is_passed_over_is_what_serde_json_takes(text in r#"[\[\]{}",:a1.e\\ -]{0,24}"#) {
            let mut scan = Scanner::new(text.as_bytes());
            let ours = scan.skip().is_ok() && scan.end().is_ok();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            // Nesting above our limit is refused; 24 bytes can hold that.
            let deep = text.bytes().filter(|b| matches!(b, b'[' | b'{')).count() > 8;
            prop_assert!(ours == theirs || deep, "`{}`: ours {}, serde_json {}", text, ours, theirs);
        }
    }
}
