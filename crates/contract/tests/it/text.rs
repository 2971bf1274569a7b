//! Rows of every table through lines of JSON and records of CSV, and back with equal digest.

use crate::rows::Rows;
use contract::{
    AnyBatch, Field, Origin, RowDigest, TABLES, TableSpec, TextTable, csv_header, write_csv_row,
    write_json_row,
};
use proptest::prelude::*;

/// Tables whose columns are all named by the contract; feature columns come through files.
fn fixed_tables() -> Vec<&'static TableSpec> {
    TABLES.iter().copied().filter(|t| !t.is_dynamic).collect()
}

fn batch(which: usize, len: usize, seed: u64, logged: bool) -> AnyBatch {
    let tables = fixed_tables();
    let spec = tables[which % tables.len()];
    let mut rows = Rows::valid(spec, len, seed);
    if logged && spec.is_event() {
        rows.seq = Some((u64::MAX - 50..).take(len).collect());
    }
    AnyBatch::parse(spec, &rows.batch()).unwrap()
}

fn json_lines(batch: &AnyBatch) -> Vec<String> {
    let line = |row| {
        let mut line = String::new();
        write_json_row(&mut line, batch, row).unwrap();
        line
    };
    (0..batch.len()).map(line).collect()
}

/// The fields of a record, by RFC 4180: a quoted field may hold commas, quotes and line ends.
fn fields(record: &str) -> Vec<Option<String>> {
    let mut fields = Vec::new();
    let mut rest = record.chars().peekable();
    loop {
        let mut field = String::new();
        let quoted = rest.next_if_eq(&'"').is_some();
        while let Some(c) = rest.next_if(|c| quoted || *c != ',') {
            if quoted && c == '"' && rest.next_if_eq(&'"').is_none() {
                break;
            }
            field.push(c);
        }
        fields.push((quoted || !field.is_empty()).then_some(field));
        if rest.next().is_none() {
            return fields;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn lines_of_json_bring_every_row_back(
        which in 0..TABLES.len(), len in 0_usize..12, seed: u64, logged: bool,
    ) {
        let batch = batch(which, len, seed, logged);
        let mut text = TextTable::new(batch.spec(), Origin::new("feeds", "a.jsonl"), None);
        for (at, line) in (1..).zip(json_lines(&batch)) {
            text.json_line(at, line.as_bytes());
        }
        let back = text.take().unwrap();
        prop_assert_eq!(back.rejects, vec![]);
        prop_assert_eq!(RowDigest::of(&back.good), RowDigest::of(&batch));
        prop_assert_eq!(back.good.seq(), batch.seq().filter(|_| len > 0));
        prop_assert_eq!(json_lines(&back.good), json_lines(&batch));
    }

    #[test]
    fn records_of_csv_bring_every_row_back(
        which in 0..TABLES.len(), len in 0_usize..12, seed: u64, logged: bool,
    ) {
        let batch = batch(which, len, seed, logged);
        let mut header = String::new();
        csv_header(&mut header, &batch).unwrap();
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        let mut text = TextTable::new(batch.spec(), Origin::new("feeds", "a.csv"), None);
        for row in 0..batch.len() {
            let mut record = String::new();
            write_csv_row(&mut record, &batch, row).unwrap();
            let cells = fields(&record);
            let cells = cells.iter().map(|c| c.as_deref().map_or(Field::Null, Field::Text));
            text.csv_record(u64::try_from(row).unwrap(), record.as_bytes(), &header, cells.collect::<Vec<_>>().into_iter());
        }
        let back = text.take().unwrap();
        prop_assert_eq!(back.rejects, vec![]);
        prop_assert_eq!(RowDigest::of(&back.good), RowDigest::of(&batch));
        prop_assert_eq!(back.good.seq(), batch.seq().filter(|_| len > 0));
    }

    #[test]
    fn broken_lines_are_rejects_that_carry_their_bytes_and_cost_no_other_row(
        which in 0..TABLES.len(), len in 1_usize..8, seed: u64, row: prop::sample::Index,
        at: prop::sample::Index, byte: u8, cut: bool,
    ) {
        let batch = batch(which, len, seed, false);
        let mut lines: Vec<Vec<u8>> = json_lines(&batch).into_iter().map(String::into_bytes).collect();
        let victim = row.index(len);
        let place = at.index(lines[victim].len());
        if cut { lines[victim].truncate(place) } else { lines[victim][place] = byte }
        let mut text = TextTable::new(batch.spec(), Origin::new("feeds", "a.jsonl"), None);
        for (at, line) in (0..).zip(&lines) {
            text.json_line(at, line);
        }
        let back = text.take().unwrap();
        prop_assert_eq!(back.good.len() + back.rejects.len(), len);
        for reject in &back.rejects {
            // A changed byte may make a key equal to another row's; then that row is named.
            let line = &lines[usize::try_from(reject.position).unwrap()];
            prop_assert_eq!(reject.payload.as_ref(), Some(line));
            prop_assert!(reject.code.starts_with("contract/"), "{}", reject.code);
        }
    }
}
