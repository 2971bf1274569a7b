//! Our own text, JSONL and CSV, line by line into rows and rejects.

use super::{Opened, Place};
use crate::error::{CliError, Failure, did_you_mean};
use contract::{Admitted, AnyBatch, Field, MAX_LINE, Origin, TableSpec, TextTable, UtcNanos};
use std::fs::File;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180 with a header.
    Csv,
}

impl TextForm {
    /// The form that the extension or the first byte of a text speaks for.
    pub(crate) fn guess(place: &Place, head: &[u8]) -> Option<Self> {
        if let Place::File(path) = place {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("csv") => return Some(Self::Csv),
                Some("jsonl" | "ndjson") => return Some(Self::Jsonl),
                _ => {}
            }
        }
        (head.first() == Some(&b'{')).then_some(Self::Jsonl)
    }
}

/// Rows a batch: fixed, because rules that look across rows look inside a batch.
const BATCH: usize = 8_192;

/// A text of one table.
pub(crate) struct TextSource {
    name: String,
    form: TextForm,
    reader: BufReader<Chain<Cursor<Vec<u8>>, File>>,
    table: TextTable,
    header: Option<Vec<String>>,
    spec: &'static TableSpec,
    line: u64,
    rows_in: u64,
    trust_eof: bool,
    is_done: bool,
}

impl TextSource {
    /// Starts to read a text that was opened.
    pub(crate) fn new(
        opened: Opened,
        form: TextForm,
        spec: &'static TableSpec,
        now: Option<UtcNanos>,
        trust_eof: bool,
    ) -> Self {
        let mut head = opened.head;
        // A byte order mark is no part of the first name.
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let table = TextTable::new(spec, Origin::new("feeds", opened.name.clone()), now);
        Self {
            name: opened.name,
            form,
            reader: BufReader::with_capacity(256 << 10, Cursor::new(head).chain(opened.file)),
            table,
            header: None,
            spec,
            line: 0,
            rows_in: 0,
            trust_eof,
            is_done: false,
        }
    }

    /// Records read so far.
    pub(crate) fn rows_in(&self) -> u64 {
        self.rows_in
    }

    /// The next batch of good rows and rejects; `None` at the end.
    ///
    /// # Errors
    /// A failed read, a header that is not the table's, or a last line without its end.
    pub(crate) fn next_batch(&mut self) -> Result<Option<Admitted<AnyBatch>>, Failure> {
        while !self.is_done && self.table.len() < BATCH {
            match self.form {
                TextForm::Jsonl => self.jsonl_line()?,
                TextForm::Csv => self.csv_record()?,
            }
        }
        if self.table.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.table.take()?))
    }

    fn jsonl_line(&mut self) -> Result<(), Failure> {
        let mut line = Vec::new();
        if !self.read_line(&mut line)? {
            self.is_done = true;
            return Ok(());
        }
        // An object closes itself, so a missing line end hides nothing.
        let text = trim_end(&line);
        if !text.iter().all(u8::is_ascii_whitespace) {
            self.rows_in += 1;
            self.table.json_line(self.line, text);
        }
        Ok(())
    }

    fn csv_record(&mut self) -> Result<(), Failure> {
        let mut record = Vec::new();
        if !self.read_line(&mut record)? {
            self.is_done = true;
            if self.header.is_none() {
                return Err(CliError::EmptyInput { input: self.name.clone() }.into());
            }
            return Ok(());
        }
        let first_line = self.line;
        // A quoted field may hold line ends.
        while is_open(&record) && record.len() <= MAX_LINE {
            if !self.read_line(&mut record)? {
                break;
            }
        }
        if !record.ends_with(b"\n") && !self.trust_eof && record.len() <= MAX_LINE {
            return Err(CliError::UnfinishedLine { input: self.name.clone(), line: self.line }.into());
        }
        let raw = trim_end(&record);
        if raw.is_empty() {
            return Ok(());
        }
        let Some(header) = &self.header else {
            self.header = Some(self.checked_header(raw)?);
            return Ok(());
        };
        self.rows_in += 1;
        if raw.len() > MAX_LINE {
            self.table.unreadable(first_line, raw, "line-too-long", "a record of at most 1 MiB", "more");
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(raw) else {
            self.table.unreadable(first_line, raw, "not-utf8", "UTF-8 text", "other bytes");
            return Ok(());
        };
        match split(text) {
            Some(fields) => {
                let cells = fields.iter().map(|field| match field {
                    Some(text) => Field::Text(text),
                    None => Field::Null,
                });
                self.table.csv_record(first_line, raw, header, cells);
            }
            None => self.table.unreadable(
                first_line,
                raw,
                "malformed-line",
                "a CSV record whose quotes close before the comma",
                text,
            ),
        }
        Ok(())
    }

    fn checked_header(&self, raw: &[u8]) -> Result<Vec<String>, CliError> {
        let input = || self.name.clone();
        let bad = |expected: String, found: &str, near: String| CliError::BadHeader {
            input: input(),
            expected,
            found: contract::excerpt(found.as_bytes()),
            near,
        };
        let names = std::str::from_utf8(raw).ok().and_then(split).ok_or_else(|| {
            bad("a header of column names".to_owned(), &contract::excerpt(raw), String::new())
        })?;
        let names: Vec<String> = names.into_iter().map(Option::unwrap_or_default).collect();
        for (at, name) in names.iter().enumerate() {
            if self.spec.column(name).is_none() {
                let near = did_you_mean(name, self.spec.columns.iter().map(|column| column.name));
                return Err(bad(format!("columns of {}", self.spec.name), name, near));
            }
            if names.iter().take(at).any(|before| before == name) {
                return Err(bad("each column once".to_owned(), name, String::new()));
            }
        }
        Ok(names)
    }

    /// Appends a line with its end; a line beyond the limit is cut, and the rest of it skipped. False at the end.
    fn read_line(&mut self, line: &mut Vec<u8>) -> Result<bool, CliError> {
        let failed = |e| CliError::reading(Path::new(&self.name), e);
        let before = line.len();
        let most = u64::try_from(MAX_LINE + 2).unwrap_or(u64::MAX);
        self.reader.by_ref().take(most).read_until(b'\n', line).map_err(failed)?;
        if line.len() == before {
            return Ok(false);
        }
        self.line += 1;
        if line.len() - before > MAX_LINE {
            let mut rest = Vec::new();
            while !line.ends_with(b"\n") && !rest.ends_with(b"\n") {
                rest.clear();
                let part = self.reader.by_ref().take(1 << 20).read_until(b'\n', &mut rest);
                if part.map_err(failed)? == 0 {
                    break;
                }
            }
        }
        Ok(true)
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a quote is open at the end: doubled quotes cancel out.
fn is_open(record: &[u8]) -> bool {
    record.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

/// The fields of a record, `None` for an empty one without quotes; `None` when quotes do not match.
fn split(text: &str) -> Option<Vec<Option<String>>> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let after = if let Some(mut quoted) = rest.strip_prefix('"') {
            let mut field = String::new();
            loop {
                let (part, behind) = quoted.split_once('"')?;
                field.push_str(part);
                quoted = behind;
                let Some(more) = quoted.strip_prefix('"') else { break };
                field.push('"');
                quoted = more;
            }
            fields.push(Some(field));
            quoted
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (field, behind) = rest.split_at(end);
            if field.contains('"') {
                return None;
            }
            fields.push((!field.is_empty()).then(|| field.to_owned()));
            behind
        };
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after.is_empty() => return Some(fields),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(record: &str, expected: Option<&[Option<&str>]>) {
        let found = split(record);
        let found = found.as_ref().map(|fields| {
            fields.iter().map(|field| field.as_deref()).collect::<Vec<Option<&str>>>()
        });
        assert_eq!(found.as_deref(), expected, "{record}");
    }

    #[test]
    fn records_split_by_rfc_4180_and_an_empty_field_is_not_the_empty_text() {
        check("1,,3", Some(&[Some("1"), None, Some("3")]));
        check("\"\",", Some(&[Some(""), None]));
        check("\"a,b\",\"say \"\"hi\"\"\"", Some(&[Some("a,b"), Some("say \"hi\"")]));
        check("\"two\nlines\"", Some(&[Some("two\nlines")]));
        check("\"a\"b,c", None);
        check("a\"b", None);
        check("\"open", None);
    }
}
