//! Values that are not in their set.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use arrow_array::{Array as _, StringArray};
use contract::{Causality, Severity, Type};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Texts, words, letters, truth values or integers that are none of those allowed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Set {
    column: Slot,
    /// Sorted.
    words: Vec<String>,
    /// Those of `words` that are integers or, in a column of letters, their first bytes; sorted.
    whole: Vec<i128>,
    /// `words` by hash: asked, never listed.
    #[serde(skip)]
    index: HashSet<String>,
    /// What each word of a batch's dictionary is; kept for its memory.
    #[serde(skip)]
    known: Vec<Word>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Null,
    In,
    Out,
}

impl Set {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "set",
        doc: "a value that is none of `allowed`",
        dimension: Dimension::Validity,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("!"), "the column"),
            ParamSpec::new(
                "allowed",
                ParamType::Texts,
                None,
                "words, letters or integers, as texts; unsaid: the words of the contract's closed set",
            ),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::Set(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let name = params.text("column");
        let ty = slots.spec().and_then(|spec| spec.column(name)).map(|c| c.ty);
        let mut words = params.texts("allowed").to_vec();
        if let Some(Type::Cat(closed) | Type::Code(closed)) = ty
            && !params.has("allowed")
        {
            words = closed.iter().map(|w| (*w).to_owned()).collect();
        }
        words.sort_unstable();
        words.dedup();
        let letter = |word: &String| word.bytes().next().map(i128::from);
        let mut whole: Vec<i128> = match ty {
            Some(Type::Code(_)) => words.iter().filter_map(letter).collect(),
            _ => words.iter().filter_map(|w| w.parse().ok()).collect(),
        };
        whole.sort_unstable();
        Self { column: slots.of(name), words, whole, index: HashSet::new(), known: Vec::new() }
    }

    fn has(&self, word: &str) -> bool {
        self.index.contains(word)
    }

    fn word(&self, words: &StringArray, key: usize) -> Word {
        if key >= words.len() || words.is_null(key) {
            Word::Null
        } else if self.has(words.value(key)) {
            Word::In
        } else {
            Word::Out
        }
    }
}

impl Judge for Set {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if self.words.is_empty() {
            return Err(NotEvaluated::MissingContext("`allowed`".to_owned()));
        }
        // A restored state has no index yet.
        if self.index.is_empty() {
            self.index = self.words.iter().cloned().collect();
        }
        let column = rows.column(self.column)?;
        let key = |key: i32| usize::try_from(key).unwrap_or(usize::MAX);
        match column.lane {
            // A short batch may share a long dictionary: then only the words of its rows are looked up.
            Lane::Words(keys, words) if words.len() <= rows.len() => {
                let mut known = std::mem::take(&mut self.known);
                known.clear();
                known.extend((0..words.len()).map(|at| self.word(words, at)));
                marks.sweep_values(keys, column.nulls, |k: i32| {
                    let word = known.get(key(k)).copied().unwrap_or(Word::Null);
                    (word != Word::Null, word == Word::Out)
                });
                self.known = known;
            }
            Lane::Words(keys, words) => {
                marks.sweep_values(keys, column.nulls, |k: i32| {
                    let word = self.word(words, key(k));
                    (word != Word::Null, word == Word::Out)
                });
            }
            Lane::Text(texts) => {
                marks.sweep(&[column.nulls], |row| {
                    (true, column.is_valid(row) && row < texts.len() && !self.has(texts.value(row)))
                });
            }
            Lane::Bool(truths) => {
                let (yes, no) = (self.has("true"), self.has("false"));
                marks.sweep(&[column.nulls], |row| {
                    (true, row < truths.len() && !if truths.value(row) { yes } else { no })
                });
            }
            Lane::F64(_) | Lane::I128(_) | Lane::Bytes(_) | Lane::Ts(_) => {
                let expected = "words, letters or integers";
                return Err(rows.wrong_type(self.column, expected, column.array.data_type()));
            }
            _ => {
                marks.sweep(&[column.nulls], |row| {
                    (true, column.int(row).is_some_and(|v| self.whole.binary_search(&v).is_err()))
                });
            }
        }
        Ok(())
    }
}
