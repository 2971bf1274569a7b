//! Cells as bits.

use crate::error::SweepError;
use arrow_array::{Array, Float64Array, UInt16Array};
use arrow_schema::DataType;
use contract::{Batch, Features, Unlogged};
use std::collections::BTreeMap;

/// A value in bits and the reason of a null, one of them 0 or both.
pub(crate) type CellBits = (u64, u8);

/// The cells of feature rows, by `seq` of the decision, in the order of the features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    pub(crate) rows: BTreeMap<u64, Vec<CellBits>>,
}

impl Cells {
    pub(crate) fn of(batch: Option<&Batch<Features, Unlogged>>) -> Result<Self, SweepError> {
        let mut cells = Self::default();
        if let Some(batch) = batch {
            cells.add(batch)?;
        }
        Ok(cells)
    }

    pub(crate) fn add(&mut self, batch: &Batch<Features, Unlogged>) -> Result<(), SweepError> {
        let seqs = batch.col(&Features::SEQ).values();
        let reasons = batch.col(&Features::NULL_REASONS);
        let mut rows: Vec<Vec<CellBits>> = vec![Vec::new(); batch.len()];
        for (at, (field, array)) in batch.as_any().dynamic().enumerate() {
            let values: Vec<u64> = match field.data_type() {
                DataType::Float64 => {
                    let array = Float64Array::from(array.to_data());
                    array.values().iter().map(|x| x.to_bits()).collect()
                }
                DataType::UInt16 => {
                    let array = UInt16Array::from(array.to_data());
                    array.values().iter().map(|x| u64::from(*x)).collect()
                }
                other => {
                    return Err(SweepError::Output(format!(
                        "features.{}: found {other}",
                        field.name()
                    )));
                }
            };
            for ((row, cells), bits) in rows.iter_mut().enumerate().zip(values) {
                let reason = reasons.value(row).get(at).copied().unwrap_or(0);
                // What stands in the place of a null says nothing.
                cells.push((if reason == 0 { bits } else { 0 }, reason));
            }
        }
        self.rows.extend(seqs.iter().copied().zip(rows));
        Ok(())
    }
}

/// A cell for a message: its value, or the word of its reason.
#[cfg(feature = "testing")]
pub(crate) fn shown((bits, reason): CellBits, is_category: bool) -> String {
    match crate::Null::from_code(reason) {
        Some(null) => null.word().to_owned(),
        None if is_category => bits.to_string(),
        None => format!("{:?}", f64::from_bits(bits)),
    }
}
