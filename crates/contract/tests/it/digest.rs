//! Canonical bytes and row digests against `struct` and `hashlib`: 41 rows of `fixtures/contract/vectors.py`.

use contract::{Hash, Origin, RowDigest, TextTable, table};
use std::collections::BTreeMap;

const VECTORS: &str = include_str!("../../../../fixtures/contract/digest.tsv");

struct Vector {
    table: &'static str,
    row: &'static str,
    sha256: &'static str,
}

fn vectors() -> Vec<Vector> {
    VECTORS
        .lines()
        .map(|line| {
            let [table, row, bytes, sha256] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("`{line}`")
            };
            // The fixture itself: the bytes have the hash that stands beside them.
            let bytes: Vec<u8> = (0..bytes.len() / 2)
                .map(|at| u8::from_str_radix(&bytes[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            assert_eq!(Hash::of(&bytes).to_string(), sha256);
            Vector { table, row, sha256 }
        })
        .collect()
}

fn digest_of<'a>(table_name: &str, rows: impl IntoIterator<Item = &'a str>) -> (usize, RowDigest) {
    let spec = table(table_name).unwrap();
    let mut text = TextTable::new(spec, Origin::new("test", "digest.tsv"), None);
    for (at, row) in (1..).zip(rows) {
        text.json_line(at, row.as_bytes());
    }
    let admitted = text.take().unwrap();
    // Two rows of a table may share a key here; only their bytes matter.
    assert_eq!(admitted.rejects, [], "{table_name}");
    (admitted.good.len(), RowDigest::of(&admitted.good))
}

#[test]
fn the_digest_of_one_row_is_the_sha256_of_bytes_laid_out_by_hand() {
    let vectors = vectors();
    assert!(vectors.len() >= 40);
    for vector in vectors {
        let (len, digest) = digest_of(vector.table, [vector.row]);
        assert_eq!(len, 1);
        assert_eq!(digest.to_string(), vector.sha256, "{} {}", vector.table, vector.row);
    }
}

/// The sum of big-endian 256-bit numbers, with the carry out of the first byte lost.
fn sum(hashes: &[&str]) -> String {
    let mut total = [0_u8; 32];
    for hash in hashes {
        let mut carry = 0;
        for at in (0..32).rev() {
            let byte = u16::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap();
            let all = u16::from(total[at]) + byte + carry;
            total[at] = all.to_le_bytes()[0];
            carry = all >> 8;
        }
    }
    Hash::from_bytes(total).to_string()
}

#[test]
fn the_digest_of_many_rows_is_the_sum_of_theirs() {
    let mut tables: BTreeMap<&str, Vec<Vector>> = BTreeMap::new();
    for vector in vectors() {
        tables.entry(vector.table).or_default().push(vector);
    }
    for name in ["trades", "quotes", "book_deltas", "statuses"] {
        let vectors = &tables[name];
        let hashes: Vec<&str> = vectors.iter().map(|v| v.sha256).collect();
        let (len, digest) = digest_of(name, vectors.iter().map(|v| v.row));
        assert_eq!((len, digest.to_string()), (hashes.len(), sum(&hashes)), "{name}");
    }
}
