//! Cells of a row as bytes that are equal when the cells are.

use crate::kinds::Params;
use crate::rows::{Column, Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use serde::{Deserialize, Serialize};

/// Most columns of a key.
pub(super) const MAX_COLUMNS: usize = 16;

/// Columns whose cells make up a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cells {
    slots: Vec<Slot>,
}

/// The columns of [`Cells`] in a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellColumns<'a> {
    columns: [Option<Column<'a>>; MAX_COLUMNS],
}

/// What a key was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// Values only.
    Whole,
    /// A null among them, and no NaN or infinity.
    WithNull,
    /// A NaN or an infinity among them.
    WithNonfinite,
}

impl Cells {
    pub(super) fn new(params: &Params, name: &str, slots: &mut Slots) -> Self {
        Self { slots: params.texts(name).iter().map(|name| slots.of(name)).collect() }
    }

    pub(super) fn columns<'a>(&self, rows: &Rows<'a>) -> Result<CellColumns<'a>, NotEvaluated> {
        if self.slots.len() > MAX_COLUMNS {
            return Err(NotEvaluated::Limit(format!("{MAX_COLUMNS} columns of a key")));
        }
        let mut columns = [None; MAX_COLUMNS];
        for (column, slot) in columns.iter_mut().zip(&self.slots) {
            *column = Some(rows.column(*slot)?);
        }
        Ok(CellColumns { columns })
    }
}

impl CellColumns<'_> {
    /// Adds the cells of a row to a key; -0.0 and 0.0 are one value, nulls are equal.
    pub(super) fn write(&self, row: usize, key: &mut Vec<u8>) -> Made {
        let mut made = Made::Whole;
        for column in self.columns.iter().flatten() {
            if !column.is_valid(row) {
                key.push(0);
                if made == Made::Whole {
                    made = Made::WithNull;
                }
                continue;
            }
            match column.lane {
                Lane::F64(_) => {
                    let value = column.f64(row).unwrap_or(f64::NAN);
                    if !value.is_finite() {
                        made = Made::WithNonfinite;
                    }
                    tagged(key, 1, &(value + 0.0).to_bits().to_le_bytes());
                }
                Lane::Text(_) | Lane::Words(..) => {
                    let text = column.text(row).unwrap_or_default();
                    sized(key, text.as_bytes());
                }
                Lane::Bytes(values) => sized(key, values.value(row)),
                Lane::Bool(values) => tagged(key, 3, &[u8::from(values.value(row))]),
                _ => match column.i64(row) {
                    Some(value) => tagged(key, 4, &value.to_le_bytes()),
                    None => tagged(key, 5, &column.int(row).unwrap_or(0).to_le_bytes()),
                },
            }
        }
        made
    }
}

fn tagged(key: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    key.push(tag);
    key.extend_from_slice(bytes);
}

fn sized(key: &mut Vec<u8>, bytes: &[u8]) {
    tagged(key, 2, &(bytes.len() as u64).to_le_bytes());
    key.extend_from_slice(bytes);
}

/// Bytes as hexadecimal text: the form in which keys are saved.
pub(super) mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer};
    use std::fmt::Write;

    /// The text of a key.
    pub(in crate::kinds::sequence) fn text(key: &[u8]) -> String {
        key.iter().fold(String::with_capacity(key.len() * 2), |mut out, byte| {
            // Writing to a text cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }

    /// The key of a text.
    pub(in crate::kinds::sequence) fn key(text: &str) -> Option<Box<[u8]>> {
        let digits = text.as_bytes().chunks(2);
        digits
            .map(|pair| {
                let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
                u8::from_str_radix(pair, 16).ok()
            })
            .collect()
    }

    /// Keys as sorted texts.
    pub(in crate::kinds::sequence) fn keys<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Box<[u8]>>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let bad = || D::Error::custom("expected keys as hexadecimal digits");
        texts.iter().map(|text| key(text).ok_or_else(bad)).collect()
    }
}
