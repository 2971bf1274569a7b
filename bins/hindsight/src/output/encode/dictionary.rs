//! One growing dictionary a column, for Arrow IPC files.
//!
//! A file may extend a dictionary from batch to batch but never replace it, and batches of one table come with
//! dictionaries of their own.

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// The words that each dictionary column has shown so far.
#[derive(Debug)]
pub(crate) struct Growing {
    columns: Vec<(usize, Words)>,
}

#[derive(Debug, Default)]
struct Words {
    keys: HashMap<String, i32>,
    array: Option<ArrayRef>,
}

impl Growing {
    /// No word yet, for each dictionary column of a schema.
    pub(crate) fn new(schema: &Schema) -> Self {
        let is_words = |ty: &DataType| {
            matches!(ty, DataType::Dictionary(key, value)
                if **key == DataType::Int32 && **value == DataType::Utf8)
        };
        let columns = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| is_words(field.data_type()))
            .map(|(at, _)| (at, Words::default()))
            .collect();
        Self { columns }
    }

    /// The batch with its dictionary columns over the words so far and its own behind them.
    pub(crate) fn apply(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let mut arrays = batch.columns().to_vec();
        for (at, words) in &mut self.columns {
            if let Some(slot) = arrays.get_mut(*at) {
                let array = words.rekey(slot.as_dictionary::<Int32Type>())?;
                *slot = Arc::new(array);
            }
        }
        RecordBatch::try_new(batch.schema(), arrays)
    }
}

impl Words {
    fn rekey(
        &mut self,
        array: &DictionaryArray<Int32Type>,
    ) -> Result<DictionaryArray<Int32Type>, ArrowError> {
        let values = array.values().as_string::<i32>();
        let before = self.keys.len();
        let mut new_keys = Vec::with_capacity(values.len());
        for value in values {
            let next = i32::try_from(self.keys.len())
                .map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
            new_keys.push(value.map(|word| {
                if let Some(key) = self.keys.get(word) {
                    return *key;
                }
                self.keys.insert(word.to_owned(), next);
                next
            }));
        }
        if self.keys.len() > before || self.array.is_none() {
            let mut words: Vec<(&str, i32)> =
                self.keys.iter().map(|(word, key)| (word.as_str(), *key)).collect();
            words.sort_unstable_by_key(|(_, key)| *key);
            let words = words.into_iter().map(|(word, _)| Some(word));
            self.array = Some(Arc::new(words.collect::<StringArray>()));
        }
        let keys: Int32Array = array
            .keys()
            .iter()
            .map(|key| {
                let at = usize::try_from(key?).ok()?;
                new_keys.get(at).copied().flatten()
            })
            .collect();
        let words = self.array.clone().unwrap_or_else(|| Arc::new(StringArray::new_null(0)));
        DictionaryArray::try_new(keys, words)
    }
}
