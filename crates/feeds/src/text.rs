//! Our own tables as lines of JSON or as CSV.

use crate::error::FeedError;
use crate::report::{Output, as_u64};
use contract::{BuildError, Field, MAX_LINE, Origin, TableSpec, TextTable, UtcNanos};
use std::io::{BufRead, BufReader, Read};

/// How our own rows are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180 with a header; an empty field is null, `""` the empty text.
    Csv,
}

/// Reads rows of one table from text and hands them out batch by batch; returns the number of lines or records.
///
/// - **Shape:** every line is a row or a reject that names line and column; a last line without an end counts as well.
/// - **Point in time:** `now` stands in for stamps of receipt and availability that the text leaves out; without it they
///   are required.
/// - **Cost:** one pass; memory for one batch.
///
/// ```
/// use feeds::{TextFormat, read_text};
/// let text = "source_id,instrument_id,ts_recv,ts_avail,px,size,aggressor,action\n\
///             1,7,2024-08-08T23:54:15Z,2024-08-08T23:54:15Z,61700.10,0.002,A,T\n\
///             1,7,2024-08-08T23:54:15,2024-08-08T23:54:15Z,61700.10,0.002,A,T\n";
/// let trades = contract::table("trades").unwrap();
/// let mut out = Vec::new();
/// read_text(trades, TextFormat::Csv, "tape.csv", &mut text.as_bytes(), None, 1024, &mut |o| out.push(o))?;
/// assert_eq!(out[0].rows[0].len(), 1);
/// assert_eq!(out[0].rejects[0].code, "contract/time-without-zone");
/// assert_eq!(out[0].rejects[0].position, 3); // the line
/// # Ok::<(), feeds::FeedError>(())
/// ```
///
/// # Errors
/// [`FeedError`] for an empty input, a header that is not of the table, and failed reading.
pub fn read_text(
    spec: &'static TableSpec,
    format: TextFormat,
    input: &str,
    reader: &mut dyn Read,
    now: Option<UtcNanos>,
    batch_rows: usize,
    each: &mut dyn FnMut(Output),
) -> Result<u64, FeedError> {
    let mut reading = Reading {
        input,
        reader: BufReader::with_capacity(1 << 16, reader),
        table: TextTable::new(spec, Origin::new("feeds", input), now),
        batch_rows: batch_rows.max(1),
        records: 0,
    };
    match format {
        TextFormat::Jsonl => reading.jsonl(each)?,
        TextFormat::Csv => reading.csv(spec, each)?,
    }
    reading.flush(each)?;
    Ok(reading.records)
}

struct Reading<'a> {
    input: &'a str,
    reader: BufReader<&'a mut dyn Read>,
    table: TextTable,
    batch_rows: usize,
    records: u64,
}

/// A field of CSV as bytes: where it stands in the record's text, and whether it was in quotes.
#[derive(Debug, Default)]
struct Record {
    raw: Vec<u8>,
    text: Vec<u8>,
    fields: Vec<(usize, bool)>,
    lines: u64,
    /// A quote that never closed, or text behind a closing one.
    is_malformed: bool,
}

impl Reading<'_> {
    fn flush(&mut self, each: &mut dyn FnMut(Output)) -> Result<(), FeedError> {
        if self.table.is_empty() {
            return Ok(());
        }
        let build = |source: BuildError| FeedError::Build { input: self.input.to_owned(), source };
        let admitted = self.table.take().map_err(build)?;
        let rows = if admitted.good.is_empty() { Vec::new() } else { vec![admitted.good] };
        each(Output { rows, rejects: admitted.rejects });
        Ok(())
    }

    fn jsonl(&mut self, each: &mut dyn FnMut(Output)) -> Result<(), FeedError> {
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            // One byte more than a line may have shows that it is too long; the rest of it is passed over.
            let limit = as_u64(MAX_LINE) + 2;
            let n = (&mut self.reader).take(limit).read_until(b'\n', &mut line);
            let n = n.map_err(|e| FeedError::reading(self.input, "lines of JSON", e))?;
            if n == 0 {
                break;
            }
            if !line.ends_with(b"\n") && as_u64(n) == limit {
                self.skip_line()?;
            }
            number += 1;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.records += 1;
            self.table.json_line(number, text);
            if self.table.len() >= self.batch_rows {
                self.flush(each)?;
            }
        }
        if number == 0 {
            return Err(FeedError::Empty { input: self.input.to_owned() });
        }
        Ok(())
    }

    fn skip_line(&mut self) -> Result<(), FeedError> {
        loop {
            let part =
                self.reader.fill_buf().map_err(|e| FeedError::reading(self.input, "lines", e))?;
            let (used, is_end) = match memchr::memchr(b'\n', part) {
                Some(at) => (at + 1, true),
                None => (part.len(), part.is_empty()),
            };
            self.reader.consume(used);
            if is_end {
                return Ok(());
            }
        }
    }

    fn csv(
        &mut self,
        spec: &'static TableSpec,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let mut record = Record::default();
        if !self.record(&mut record)? {
            return Err(FeedError::Empty { input: self.input.to_owned() });
        }
        let header = self.header(spec, &record)?;
        let mut line = 1 + record.lines;
        while self.record(&mut record)? {
            let number = line;
            line += record.lines.max(1);
            if record.raw.is_empty() {
                continue;
            }
            self.records += 1;
            if record.raw.len() > MAX_LINE {
                let found = format!("{} bytes", record.raw.len());
                self.table.unreadable(
                    number,
                    &record.raw,
                    "line-too-long",
                    "at most 1 MiB",
                    &found,
                );
            } else if record.is_malformed {
                let expected = "quotes around whole fields, each closed";
                self.table.unreadable(
                    number,
                    &record.raw,
                    "malformed-line",
                    expected,
                    "an open or misplaced quote",
                );
            } else {
                match record.strings() {
                    Ok(fields) => {
                        self.table.csv_record(number, &record.raw, &header, fields.into_iter());
                    }
                    Err(found) => {
                        self.table.unreadable(number, &record.raw, "not-utf8", "UTF-8", &found);
                    }
                }
            }
            if self.table.len() >= self.batch_rows {
                self.flush(each)?;
            }
        }
        Ok(())
    }

    /// The names of the columns, each of which the table must have.
    fn header(&self, spec: &TableSpec, record: &Record) -> Result<Vec<String>, FeedError> {
        let corrupt = |detail: String| FeedError::Corrupt {
            input: self.input.to_owned(),
            expected: "a header of column names",
            detail,
        };
        let fields = record.strings().map_err(|found| corrupt(format!("not UTF-8: {found}")))?;
        let mut names: Vec<String> = Vec::with_capacity(fields.len());
        for field in fields {
            let Field::Text(name) = field else { return Err(corrupt("an empty name".to_owned())) };
            if spec.column(name).is_none() {
                let near = contract::nearest(name, spec.columns.iter().map(|c| c.name));
                let near = if near.is_empty() {
                    String::new()
                } else {
                    format!(" (is it `{}`?)", near.join("`, `"))
                };
                return Err(corrupt(format!("{} has no column `{name}`{near}", spec.name)));
            }
            if names.iter().any(|n| n == name) {
                return Err(corrupt(format!("column `{name}` stands there twice")));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }

    /// The next record; false at the end.
    ///
    /// Own code, because the null rule needs to know whether an empty field stood in quotes, which CSV crates do not
    /// tell.
    fn record(&mut self, record: &mut Record) -> Result<bool, FeedError> {
        record.raw.clear();
        record.text.clear();
        record.fields.clear();
        record.lines = 0;
        record.is_malformed = false;
        let mut state = State::Start;
        let mut any = false;
        loop {
            let part =
                self.reader.fill_buf().map_err(|e| FeedError::reading(self.input, "CSV", e))?;
            if part.is_empty() {
                if !any {
                    return Ok(false);
                }
                record.is_malformed |= state == State::Quoted;
                record.close(state);
                return Ok(true);
            }
            any = true;
            let mut used = 0;
            let mut is_end = false;
            for &byte in part {
                used += 1;
                if byte == b'\n' {
                    record.lines += 1;
                    if state != State::Quoted {
                        is_end = true;
                        break;
                    }
                }
                // Beyond the limit only the end is looked for.
                if record.raw.len() <= MAX_LINE {
                    record.raw.push(byte);
                    state = record.step(state, byte);
                } else if state == State::Quoted {
                    // A quote that never closes would swallow the rest of the file into one record.
                    state = State::Plain;
                    record.is_malformed = true;
                }
            }
            self.reader.consume(used);
            if is_end {
                if record.raw.last() == Some(&b'\r') && state != State::Quoted {
                    record.raw.pop();
                    if state == State::Plain {
                        record.text.pop();
                        if record.text.len() == record.start() {
                            state = State::Start;
                        }
                    }
                }
                if !record.raw.is_empty() {
                    record.close(state);
                }
                return Ok(true);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind a quote that may be the closing one.
    Closed,
}

impl Record {
    fn start(&self) -> usize {
        self.fields.last().map_or(0, |(end, _)| *end)
    }

    fn step(&mut self, state: State, byte: u8) -> State {
        match (state, byte) {
            (State::Start, b'"') => State::Quoted,
            // A quote that may be doubled, or the carriage return of a line end, whose line feed follows.
            (State::Quoted, b'"') | (State::Closed, b'\r') => State::Closed,
            (State::Closed, b'"') => {
                self.text.push(b'"');
                State::Quoted
            }
            (State::Start | State::Plain | State::Closed, b',') => {
                self.close(state);
                State::Start
            }
            (State::Closed, _) => {
                self.is_malformed = true;
                State::Plain
            }
            (State::Start | State::Plain, _) => {
                self.text.push(byte);
                State::Plain
            }
            (State::Quoted, _) => {
                self.text.push(byte);
                State::Quoted
            }
        }
    }

    fn close(&mut self, state: State) {
        self.fields.push((self.text.len(), matches!(state, State::Closed | State::Quoted)));
    }

    fn strings(&self) -> Result<Vec<Field<'_>>, String> {
        let mut start = 0;
        let mut out = Vec::with_capacity(self.fields.len());
        for (end, is_quoted) in &self.fields {
            let bytes = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            let text = std::str::from_utf8(bytes).map_err(|_| contract::excerpt(bytes))?;
            out.push(if text.is_empty() && !is_quoted { Field::Null } else { Field::Text(text) });
        }
        Ok(out)
    }
}
