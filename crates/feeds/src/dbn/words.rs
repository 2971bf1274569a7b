//! A column of a few repeated words.

use contract::arrow_array::builder::Int32Builder;
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{DictionaryArray, StringArray};
use std::sync::Arc;

/// Words in the order of their first use, and which of them each row has.
#[derive(Debug, Default)]
pub(super) struct Words {
    keys: Int32Builder,
    names: Vec<String>,
}

impl Words {
    pub(super) fn push(&mut self, word: Option<&str>) {
        let Some(word) = word else {
            self.keys.append_null();
            return;
        };
        let known = self.names.iter().position(|name| name == word);
        let at = known.unwrap_or_else(|| {
            self.names.push(word.to_owned());
            self.names.len() - 1
        });
        self.keys.append_option(i32::try_from(at).ok());
    }

    pub(super) fn finish(&mut self) -> DictionaryArray<Int32Type> {
        let names = StringArray::from(std::mem::take(&mut self.names));
        // Every key is the place of a name.
        DictionaryArray::new(self.keys.finish(), Arc::new(names))
    }
}
