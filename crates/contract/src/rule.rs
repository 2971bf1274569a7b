//! Rules that every row keeps, and what is known of a row that breaks one.

use crate::any::AnyBatch;
use crate::spec::{ColumnSpec, Kind, TableSpec};
use crate::types::{Type, letter};
use arrow_array::types::Int32Type;
use arrow_array::{Array, DictionaryArray, Float64Array, Int64Array, StringArray, UInt8Array};
use std::collections::BTreeMap;

/// A rule over several columns of a table.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The word of the reject code behind `contract/`.
    pub code: &'static str,
    /// The column that the reject names.
    pub column: &'static str,
    /// What the rule expects, as text.
    pub expected: &'static str,
    /// Calls the function for each row that breaks the rule, with what was found.
    pub(crate) check: fn(&AnyBatch, &mut dyn FnMut(usize, String)),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("code", &self.code)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

/// Why a row was refused: its first broken rule in column order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// Row in the batch as it came.
    pub row: usize,
    /// The word behind `contract/`.
    pub code: &'static str,
    /// The column.
    pub column: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub observed: String,
    /// How many further rules the row breaks.
    pub more: u16,
}

/// The broken rows of a batch, by row.
#[derive(Debug, Default)]
pub(crate) struct Breaches(BTreeMap<usize, (usize, Breach)>);

impl Breaches {
    /// Notes a broken rule; `rank` is the position of its column.
    pub(crate) fn add(&mut self, rank: usize, breach: Breach) {
        match self.0.entry(breach.row) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert((rank, breach));
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let (first_rank, first) = slot.get_mut();
                let more = first.more.saturating_add(1);
                if rank < *first_rank {
                    *first_rank = rank;
                    *first = breach;
                }
                first.more = more;
            }
        }
    }

    /// Notes a row that names something unknown.
    pub(crate) fn unknown(
        &mut self,
        rank: usize,
        row: usize,
        code: &'static str,
        column: &str,
        id: u32,
    ) {
        let what = if column == "source_id" { "a row of sources" } else { "a row of instruments" };
        let (column, expected) = (column.to_owned(), what.to_owned());
        self.add(rank, Breach { row, code, column, expected, observed: id.to_string(), more: 0 });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn holds(&self, row: usize) -> bool {
        self.0.contains_key(&row)
    }

    pub(crate) fn into_vec(self) -> Vec<Breach> {
        self.0.into_values().map(|(_, breach)| breach).collect()
    }

    pub(crate) fn first(&self) -> Option<&Breach> {
        self.0.values().next().map(|(_, breach)| breach)
    }
}

/// Checks every row rule of the table.
///
/// Each column is first asked as a whole, in one pass over its slice; rows are looked at one by one only in a
/// column that failed.
pub(crate) fn check(columns: &AnyBatch) -> Breaches {
    let mut breaches = Breaches::default();
    let spec = columns.spec();
    for (rank, column) in spec.columns.iter().enumerate() {
        let array = columns.at(rank);
        if !column.nullable && array.null_count() > 0 {
            for row in (0..array.len()).filter(|row| array.is_null(*row)) {
                breaches.add(rank, breach(row, "null-required", column, "a value", "null"));
            }
        }
        check_values(rank, column, array.as_ref(), &mut breaches);
    }
    for rule in envelope_rules(spec).iter().chain(spec.rules) {
        let rank = spec.columns.iter().position(|c| c.name == rule.column).unwrap_or(usize::MAX);
        (rule.check)(columns, &mut |row, observed| {
            breaches.add(
                rank,
                Breach {
                    row,
                    code: rule.code,
                    column: rule.column.to_owned(),
                    expected: rule.expected.to_owned(),
                    observed,
                    more: 0,
                },
            );
        });
    }
    check_dynamic(columns, &mut breaches);
    duplicates(columns, &mut breaches);
    breaches
}

fn breach(
    row: usize,
    code: &'static str,
    column: &ColumnSpec,
    expected: &str,
    observed: &str,
) -> Breach {
    Breach {
        row,
        code,
        column: column.name.to_owned(),
        expected: expected.to_owned(),
        observed: crate::text::excerpt(observed.as_bytes()),
        more: 0,
    }
}

fn check_values(rank: usize, column: &ColumnSpec, array: &dyn Array, breaches: &mut Breaches) {
    match column.ty {
        Type::F64 | Type::Size => {
            let Some(array) = array.as_any().downcast_ref::<Float64Array>() else { return };
            floats(rank, column, array, breaches);
        }
        Type::Px => {
            let Some(array) = array.as_any().downcast_ref::<Int64Array>() else { return };
            // The range of a price is symmetric, so that its text reads back and its sign can be turned.
            if array.values().iter().fold(true, |ok, px| ok & (*px != i64::MIN)) {
                return;
            }
            let out = (0..array.len())
                .filter(|row| array.is_valid(*row) && array.value(*row) == i64::MIN);
            for row in out {
                let expected = "a price within ±9223372036.854775807";
                let found = "-9223372036.854775808";
                breaches.add(rank, breach(row, "overflow", column, expected, found));
            }
        }
        Type::Code(words) => {
            let Some(array) = array.as_any().downcast_ref::<UInt8Array>() else { return };
            let known = Letters::of(words);
            if array.values().iter().all(|byte| known.has(*byte)) {
                return;
            }
            for (row, byte) in array.iter().enumerate() {
                if let Some(byte) = byte.filter(|b| !known.has(*b)) {
                    let found = crate::text::excerpt(&[byte]);
                    breaches.add(
                        rank,
                        breach(row, "out-of-vocabulary", column, &words.join(" "), &found),
                    );
                }
            }
        }
        Type::Cat(words) => {
            let Some(array) = array.as_any().downcast_ref::<DictionaryArray<Int32Type>>() else {
                return;
            };
            let Some(values) = array.values().as_any().downcast_ref::<StringArray>() else {
                return;
            };
            let known: Vec<bool> =
                (0..values.len()).map(|at| words.contains(&values.value(at))).collect();
            if known.iter().all(|k| *k) {
                return;
            }
            for (row, key) in array.keys().iter().enumerate() {
                let Some(at) = key.and_then(|k| usize::try_from(k).ok()) else { continue };
                if !known.get(at).copied().unwrap_or(false) {
                    let found = values.value(at);
                    breaches.add(
                        rank,
                        breach(row, "out-of-vocabulary", column, &words.join(" "), found),
                    );
                }
            }
        }
        _ => {}
    }
}

/// A set of bytes.
struct Letters([u128; 2]);

impl Letters {
    fn of(words: &[&str]) -> Self {
        let mut set = Self([0; 2]);
        for byte in words.iter().map(|w| letter(w)) {
            match &mut set.0 {
                [low, _] if byte < 128 => *low |= 1 << byte,
                [_, high] => *high |= 1 << (byte - 128),
            }
        }
        set
    }

    fn has(&self, byte: u8) -> bool {
        let [low, high] = self.0;
        (if byte < 128 { low } else { high }) >> (byte & 127) & 1 == 1
    }
}

fn floats(rank: usize, column: &ColumnSpec, array: &Float64Array, breaches: &mut Breaches) {
    let is_size = column.ty == Type::Size;
    let values = array.values();
    // Slots under a null hold anything; they only send a clean column the long way.
    let clean = if is_size {
        values.iter().fold(true, |ok, v| ok & (*v >= 0.0) & (*v < f64::INFINITY))
    } else {
        values.iter().fold(true, |ok, v| ok & (v.abs() < f64::INFINITY))
    };
    if clean {
        return;
    }
    for (row, value) in array.iter().enumerate() {
        let Some(value) = value else { continue };
        if !value.is_finite() {
            breaches.add(
                rank,
                breach(row, "not-finite", column, "a finite number", &value.to_string()),
            );
        } else if is_size && value < 0.0 {
            breaches.add(
                rank,
                breach(row, "negative-size", column, "a size of at least 0", &value.to_string()),
            );
        }
    }
}

/// Dynamic columns are floats that must be finite.
fn check_dynamic(columns: &AnyBatch, breaches: &mut Breaches) {
    let behind = columns.spec().columns.len();
    for (at, (field, array)) in columns.dynamic().enumerate() {
        let Some(array) = array.as_any().downcast_ref::<Float64Array>() else { continue };
        if array.iter().flatten().all(f64::is_finite) {
            continue;
        }
        for (row, value) in array.iter().enumerate() {
            if let Some(value) = value.filter(|v| !v.is_finite()) {
                let found = Breach {
                    row,
                    code: "not-finite",
                    column: field.name().clone(),
                    expected: "a finite number".to_owned(),
                    observed: value.to_string(),
                    more: 0,
                };
                breaches.add(behind + at, found);
            }
        }
    }
}

/// Rows whose own id stands earlier in the batch.
fn duplicates(columns: &AnyBatch, breaches: &mut Breaches) {
    let spec = columns.spec();
    let ranks: Vec<usize> = spec
        .key
        .iter()
        .filter_map(|name| spec.columns.iter().position(|c| c.name == *name))
        .collect();
    // `seq` as the key is the log's affair.
    if ranks.len() < spec.key.len() {
        return;
    }
    let Some(rank) = ranks.first().copied() else { return };
    let Some(column) = spec.columns.get(rank).copied() else { return };
    let mut ranks = ranks;
    ranks.extend(spec.columns.iter().position(|c| c.name == "revision"));
    for (row, first) in columns.repeated(&ranks) {
        let code = breach(
            row,
            "duplicate-key",
            &column,
            "a key of its own",
            &format!("the key of row {first}"),
        );
        breaches.add(rank, code);
    }
}

fn envelope_rules(spec: &TableSpec) -> &'static [Rule] {
    match spec.kind {
        Kind::Event { .. } => crate::tables::ENVELOPE_RULES,
        Kind::Reference | Kind::Derived => &[],
    }
}
