//! Rows from text, good ones and rejects apart.

use super::cell::{Pairs, Refusal, Spelling, push_json, push_text};
use crate::admit::Admitted;
use crate::any::AnyBatch;
use crate::builder::{BuildError, Rows};
use crate::reject::{Origin, Reject};
use crate::rule;
use crate::spec::{self, TableSpec};
use crate::unit::UtcNanos;
use arrow_array::{BooleanArray, UInt64Array};

/// Most bytes of one line.
pub const MAX_LINE: usize = 1 << 20;

/// Deepest nesting of lists and objects in one line.
const MAX_DEPTH: usize = 8;

/// A field of CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// An empty field without quotes: null.
    Null,
    /// Anything else; in quotes even the empty text.
    Text(&'a str),
}

/// Rows of one table from lines of JSON or records of CSV.
///
/// - **Shape:** a row becomes a good row or a reject that carries its line, never both, never neither. A missing key
///   is null, or the column's default where it has one.
/// - **Point in time:** `now` fills stamps of receipt and availability that the text leaves out; without it they
///   are required.
///
/// ```
/// use contract::{Origin, TextTable, table};
/// let spec = table("trades").unwrap();
/// let mut rows = TextTable::new(spec, Origin::new("feeds", "tape.jsonl"), None);
/// let line = r#"{"source_id":1,"instrument_id":7,"ts_recv":"2024-08-08T23:54:15Z",
///     "ts_avail":"2024-08-08T23:54:15Z","px":"61700.1","size":0.002,"aggressor":"A","action":"T"}"#;
/// rows.json_line(1, line.as_bytes());
/// rows.json_line(2, br#"{"source_id":1,"prise":"61700.1"}"#);
/// let admitted = rows.take()?;
/// assert_eq!(admitted.good.len(), 1);
/// assert_eq!(
///     admitted.rejects[0].to_string(),
///     "tape.jsonl, row 2: trades.prise: expected a column of trades, found `prise` (contract/unknown-column)"
/// );
/// # Ok::<(), contract::BuildError>(())
/// ```
#[derive(Debug)]
pub struct TextTable {
    rows: Rows,
    origin: Origin,
    now: Option<UtcNanos>,
    seqs: Vec<u64>,
    lines: Vec<u64>,
    raw: Vec<u8>,
    ends: Vec<usize>,
    rejects: Vec<Reject>,
}

enum Slot {
    Seq,
    Column(usize),
}

impl TextTable {
    /// No row yet.
    #[must_use]
    pub fn new(spec: &'static TableSpec, origin: Origin, now: Option<UtcNanos>) -> Self {
        let rows = Rows::new(spec, now.unwrap_or(UtcNanos::from_nanos(0)));
        Self {
            rows,
            origin,
            now,
            seqs: Vec::new(),
            lines: Vec::new(),
            raw: Vec::new(),
            ends: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// Rows and rejects since the last [`take`](Self::take).
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }

    /// Whether there is neither row nor reject.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the row of one line of JSON; a line that is no row of the table becomes a reject.
    pub fn json_line(&mut self, line_no: u64, line: &[u8]) {
        if let Err((column, refusal)) = self.parse_json(line) {
            self.refuse(line_no, line, column.as_deref(), refusal);
        } else {
            self.close_row(line_no, line);
        }
    }

    /// Adds the row of one record of CSV; `header` names its fields.
    ///
    /// `raw` are the bytes of the record, for the reject.
    pub fn csv_record<'f>(
        &mut self,
        line_no: u64,
        raw: &[u8],
        header: &[String],
        fields: impl ExactSizeIterator<Item = Field<'f>>,
    ) {
        if let Err((column, refusal)) = self.parse_csv(header, fields) {
            self.refuse(line_no, raw, column.as_deref(), refusal);
        } else {
            self.close_row(line_no, raw);
        }
    }

    /// Adds a reject for a line that could not be read at all.
    pub fn unreadable(
        &mut self,
        line_no: u64,
        raw: &[u8],
        code: &'static str,
        expected: &'static str,
        found: &str,
    ) {
        self.refuse(line_no, raw, None, Refusal::new(code, expected, found));
    }

    /// The rows so far, each checked by the rules of the table; the table is empty afterwards.
    ///
    /// # Errors
    /// [`BuildError::TooLarge`] when their texts exceed what one batch holds.
    pub fn take(&mut self) -> Result<Admitted<AnyBatch>, BuildError> {
        let mut batch = self.rows.finish()?;
        let seqs = std::mem::take(&mut self.seqs);
        if !seqs.is_empty() {
            batch = batch.with_seqs(UInt64Array::from(seqs));
        }
        let lines = std::mem::take(&mut self.lines);
        let raw = std::mem::take(&mut self.raw);
        let ends = std::mem::take(&mut self.ends);
        let mut rejects = std::mem::take(&mut self.rejects);
        let breaches = rule::check(&batch);
        let mut good = batch;
        if !breaches.is_empty() {
            let keep: BooleanArray =
                (0..good.len()).map(|row| Some(!breaches.holds(row))).collect();
            let table = good.spec().name;
            good = good.filter(&keep).map_err(|_| BuildError::TooLarge { table, column: "*" })?;
            for breach in breaches.into_vec() {
                let row = breach.row;
                let start = row.checked_sub(1).and_then(|r| ends.get(r)).copied().unwrap_or(0);
                let bytes =
                    raw.get(start..ends.get(row).copied().unwrap_or(start)).unwrap_or_default();
                let mut reject = Reject::from_breach(&self.origin, table, breach).with_raw(bytes);
                reject.position =
                    self.origin.first_row.saturating_add(lines.get(row).copied().unwrap_or(0));
                rejects.push(reject);
            }
            rejects.sort_by_key(|r| r.position);
        }
        Ok(Admitted { good, rejects, refused: None })
    }

    fn slot(&self, name: &str) -> Result<Slot, Refusal> {
        let spec = self.rows.spec();
        if spec.is_event() && name == spec::SEQ.name {
            return Ok(Slot::Seq);
        }
        let position = spec.columns.iter().position(|c| c.name == name);
        position.map(Slot::Column).ok_or_else(|| {
            let near = crate::text::nearest(name, spec.columns.iter().map(|c| c.name));
            let mut expected = format!("a column of {}", spec.name);
            if !near.is_empty() {
                expected = format!("{expected} (is it `{}`?)", near.join("`, `"));
            }
            Refusal::new("unknown-column", expected, name)
        })
    }

    fn parse_json(&mut self, line: &[u8]) -> Result<(), (Option<String>, Refusal)> {
        let text = checked_text(line).map_err(|r| (None, r))?;
        let Pairs(pairs) = serde_json::from_str(text).map_err(|e| {
            (None, Refusal::new("malformed-line", "one JSON object", &e.to_string()))
        })?;
        let mut seq = None;
        for (key, value) in &pairs {
            let named = |refusal| (Some(key.0.to_string()), refusal);
            match self.slot(&key.0).map_err(named)? {
                Slot::Seq => {
                    let token = value.get().trim_matches('"');
                    let number = token.parse().map_err(|_| {
                        Refusal::new("malformed-value", "an integer of type u64", token)
                    });
                    if seq.replace(number.map_err(named)?).is_some() {
                        return Err(named(Refusal::new("duplicate-key", "each key once", "seq")));
                    }
                }
                Slot::Column(position) => {
                    let (ty, nullable, name) = self.column(position);
                    let Some(buffer) = self.rows.slot(position) else {
                        return Err(named(Refusal::new("duplicate-key", "each key once", name)));
                    };
                    // A null in a required column waits for the row rules, as it would in a batch from outside.
                    let nullable = nullable || value.get() == "null";
                    push_json(buffer, ty, nullable, value.get()).map_err(named)?;
                }
            }
        }
        self.note_seq(seq).map_err(|r| (Some("seq".to_owned()), r))
    }

    fn parse_csv<'f>(
        &mut self,
        header: &[String],
        fields: impl ExactSizeIterator<Item = Field<'f>>,
    ) -> Result<(), (Option<String>, Refusal)> {
        if fields.len() != header.len() {
            let expected = format!("{} fields, as in the header", header.len());
            return Err((None, Refusal::new("field-count", expected, &fields.len().to_string())));
        }
        let mut seq = None;
        for (name, field) in header.iter().zip(fields) {
            let named = |refusal| (Some(name.clone()), refusal);
            match (self.slot(name).map_err(named)?, field) {
                (Slot::Seq, Field::Null) => {}
                (Slot::Seq, Field::Text(text)) => {
                    let number = text.parse().map_err(|_| {
                        Refusal::new("malformed-value", "an integer of type u64", text)
                    });
                    seq = Some(number.map_err(named)?);
                }
                (Slot::Column(position), field) => {
                    let (ty, _, name) = self.column(position);
                    let Some(buffer) = self.rows.slot(position) else {
                        return Err(named(Refusal::new("duplicate-key", "each column once", name)));
                    };
                    match field {
                        Field::Null => buffer.null(),
                        Field::Text(text) => {
                            push_text(buffer, ty, text, Spelling::Plain).map_err(named)?;
                        }
                    }
                }
            }
        }
        self.note_seq(seq).map_err(|r| (Some("seq".to_owned()), r))
    }

    /// Either every row of a batch has `seq` or none has.
    fn note_seq(&mut self, seq: Option<u64>) -> Result<(), Refusal> {
        let rows = self.rows.len();
        match seq {
            Some(seq) if self.seqs.len() == rows => self.seqs.push(seq),
            Some(seq) => {
                return Err(Refusal::new(
                    "seq",
                    "no `seq`, as in the rows before",
                    &seq.to_string(),
                ));
            }
            None if rows > 0 && self.seqs.len() == rows => {
                return Err(Refusal::new("seq", "a `seq`, as in the rows before", "none"));
            }
            None => {}
        }
        Ok(())
    }

    fn column(&self, position: usize) -> (crate::Type, bool, &'static str) {
        self.rows
            .spec()
            .columns
            .get(position)
            .map_or((crate::Type::Str, true, ""), |c| (c.ty, c.nullable, c.name))
    }

    fn close_row(&mut self, line_no: u64, raw: &[u8]) {
        for (position, column) in self.rows.spec().columns.iter().enumerate() {
            let waits = match column.default {
                spec::Default::Unset => !column.nullable,
                spec::Default::Now => self.now.is_none(),
                _ => false,
            };
            if waits
                && self.rows.is_unset(position)
                && let Some(buffer) = self.rows.slot(position)
            {
                buffer.null();
            }
        }
        if let Err(error) = self.rows.end_row() {
            self.refuse(
                line_no,
                raw,
                None,
                Refusal::new("malformed-line", "one row", &error.to_string()),
            );
            return;
        }
        self.lines.push(line_no);
        self.raw.extend_from_slice(raw.get(..Reject::MAX_PAYLOAD).unwrap_or(raw));
        self.ends.push(self.raw.len());
    }

    fn refuse(&mut self, line_no: u64, raw: &[u8], column: Option<&str>, refusal: Refusal) {
        self.rows.abandon_row();
        let rows = self.rows.len();
        self.seqs.truncate(rows);
        // The one price that decides whether an instrument can be represented at all has a word of its own.
        let is_tick = self.rows.spec().name == "instruments" && column == Some("tick_size");
        let word =
            if is_tick && refusal.code == "precision" { "tick-too-fine" } else { refusal.code };
        let code = format!("contract/{word}");
        let mut reject =
            Reject::new(&self.origin, self.rows.spec().name, line_no, code).with_raw(raw);
        reject.column = column.map(|c| crate::text::excerpt(c.as_bytes()));
        reject.expected = Some(crate::text::excerpt(refusal.expected.as_bytes()));
        reject.observed = Some(refusal.found);
        self.rejects.push(reject);
    }
}

/// A line that is UTF-8, not too long and not nested too deep.
fn checked_text(line: &[u8]) -> Result<&str, Refusal> {
    if line.len() > MAX_LINE {
        return Err(Refusal::new(
            "line-too-long",
            "at most 1 MiB",
            &format!("{} bytes", line.len()),
        ));
    }
    let text = std::str::from_utf8(line).map_err(|e| {
        let at = e.valid_up_to();
        let found = crate::text::excerpt(line.get(at..line.len().min(at + 8)).unwrap_or_default());
        Refusal { code: "not-utf8", expected: format!("UTF-8 at byte {at}").into(), found }
    })?;
    let mut depth = 0_usize;
    let (mut in_text, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Refusal::new(
                        "nesting",
                        "at most 8 levels of lists and objects",
                        "more",
                    ));
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(text)
}
