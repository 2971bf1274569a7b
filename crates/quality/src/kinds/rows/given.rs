//! What row kinds share: columns that are named or those of the table, rows that a rule is for, and when a row happened.

use crate::kinds::{ParamSpec, ParamType, Params};
use crate::rows::{Column, Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use arrow_array::Array as _;
use contract::{ColumnSpec, Json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The columns that a rule names, or those of its table that fit.
///
/// A column that a rule names must be there; one that merely fits may be absent, since a table may be without its nullable
/// columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Columns {
    slots: Vec<Slot>,
    are_named: bool,
}

impl Columns {
    pub(super) fn of(
        name: &str,
        params: &Params,
        slots: &mut Slots,
        fits: impl Fn(&ColumnSpec) -> bool,
    ) -> Self {
        if params.has(name) {
            let slots = params.texts(name).iter().map(|column| slots.of(column)).collect();
            return Self { slots, are_named: true };
        }
        let columns = slots.spec().map_or(&[][..], |spec| spec.columns);
        let fitting = columns.iter().filter(|c| fits(c)).map(|c| slots.of(c.name)).collect();
        Self { slots: fitting, are_named: false }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The first of them, if a batch has none.
    pub(super) fn absent(&self, rows: &Rows<'_>) -> Option<NotEvaluated> {
        let first = self.slots.first()?;
        let is_absent =
            |slot: &Slot| matches!(rows.column(*slot), Err(NotEvaluated::MissingColumn(_)));
        let name = || NotEvaluated::MissingColumn(rows.name(*first).to_owned());
        self.slots.iter().all(is_absent).then(name)
    }

    /// The columns of a batch, each with its slot; one that is missing ends them if it was named.
    pub(super) fn read<'a>(
        &self,
        rows: &Rows<'a>,
    ) -> impl Iterator<Item = Result<(Slot, Column<'a>), NotEvaluated>> {
        self.slots.iter().filter_map(|slot| match rows.column(*slot) {
            Ok(column) => Some(Ok((*slot, column))),
            Err(NotEvaluated::MissingColumn(_)) if !self.are_named => None,
            Err(reason) => Some(Err(reason)),
        })
    }
}

/// Parameter of [`Only`]: the column.
pub(super) const fn only_where(default: Option<&'static str>) -> ParamSpec {
    ParamSpec::new(
        "where",
        ParamType::Column,
        default,
        "the rule is for rows whose cell of this column is one of `is`",
    )
}

/// Parameter of [`Only`]: the words.
pub(super) const fn only_is(default: Option<&'static str>) -> ParamSpec {
    ParamSpec::new(
        "is",
        ParamType::Texts,
        default,
        "words, letters, or `true` and `false`; an empty list: every row",
    )
}

/// The rows that a rule is for: those whose cell holds one of some words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Only {
    column: Option<Slot>,
    words: Vec<String>,
}

impl Only {
    /// The default column of a kind counts only in tables that have it.
    pub(super) fn of(params: &Params, slots: &mut Slots, default: &str) -> Self {
        let name = params.text("where");
        let is_absent = slots.spec().is_some_and(|spec| spec.column(name).is_none());
        let words = params.texts("is").to_vec();
        let is_all = name.is_empty() || words.is_empty() || (is_absent && name == default);
        Self { column: (!is_all).then(|| slots.of(name)), words }
    }

    /// Whether it is for some rows only.
    pub(super) const fn is_some(&self) -> bool {
        self.column.is_some()
    }

    pub(super) fn read<'a>(&'a self, rows: &Rows<'a>) -> Result<Picked<'a>, NotEvaluated> {
        let Some(slot) = self.column else { return Ok(Picked::All) };
        let column = rows.column(slot)?;
        Ok(match column.lane {
            // Few words, as all closed sets have: each is compared once a batch.
            Lane::Words(keys, words) if words.len() <= 64 && words.len() <= rows.len() => {
                let holds = |at: &usize| self.holds(words.value(*at));
                let mask = (0..words.len()).filter(holds).fold(0_u64, |mask, at| mask | 1 << at);
                Picked::Keys { column, keys, mask }
            }
            Lane::Text(_) | Lane::Words(..) | Lane::Bool(_) => Picked::Cells { only: self, column },
            Lane::U8(letters) => {
                let mut mask = [0_u64; 4];
                for letter in self.words.iter().filter_map(|w| w.bytes().next()) {
                    if let Some(bits) = mask.get_mut(usize::from(letter / 64)) {
                        *bits |= 1 << (letter % 64);
                    }
                }
                Picked::Letters { column, letters, mask }
            }
            _ => return Err(rows.wrong_type(slot, "words or letters", column.array.data_type())),
        })
    }

    fn holds(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }
}

/// [`Only`], at work on a batch.
pub(super) enum Picked<'a> {
    All,
    Keys { column: Column<'a>, keys: &'a [i32], mask: u64 },
    Letters { column: Column<'a>, letters: &'a [u8], mask: [u64; 4] },
    Cells { only: &'a Only, column: Column<'a> },
}

impl Picked<'_> {
    /// Whether the rule is for this row.
    pub(super) fn has(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Keys { column, keys, mask } => {
                column.is_valid(row)
                    && keys
                        .get(row)
                        .and_then(|k| u32::try_from(*k).ok())
                        .is_some_and(|key| mask.checked_shr(key).is_some_and(|bits| bits & 1 == 1))
            }
            Self::Letters { column, letters, mask } => {
                let letter = letters.get(row).copied().unwrap_or(0);
                let bits = mask.get(usize::from(letter / 64)).copied().unwrap_or(0);
                column.is_valid(row) && bits >> (letter % 64) & 1 == 1
            }
            Self::Cells { only, column } => match column.lane {
                Lane::Bool(truths) => {
                    column.is_valid(row)
                        && row < truths.len()
                        && only.holds(if truths.value(row) { "true" } else { "false" })
                }
                _ => column.text(row).is_some_and(|word| only.holds(word)),
            },
        }
    }
}

/// When rows happened and were known.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct When {
    event: Slot,
    avail: Slot,
}

impl When {
    pub(super) fn of(slots: &mut Slots) -> Self {
        Self { event: slots.of("ts_event"), avail: slots.of("ts_avail") }
    }

    pub(super) fn read<'a>(self, rows: &Rows<'a>) -> Result<Times<'a>, NotEvaluated> {
        let (avail, _) = rows.integers(self.avail)?;
        let event = rows.optional(self.event);
        Ok(Times { event, avail })
    }
}

/// [`When`], at work on a batch.
pub(super) struct Times<'a> {
    event: Option<Column<'a>>,
    avail: &'a [i64],
}

impl Times<'_> {
    /// When a row happened (where that is unknown: when it was known), and when it was known.
    pub(super) fn at(&self, row: usize) -> (i64, i64) {
        let avail = self.avail.get(row).copied().unwrap_or(i64::MAX);
        let event = self.event.and_then(|column| match column.lane {
            Lane::Ts(stamps) if column.is_valid(row) => stamps.get(row).copied(),
            _ => None,
        });
        (event.unwrap_or(avail), avail)
    }
}

/// Violations by column: as many entries as a table has columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ByColumn(BTreeMap<String, u64>);

impl ByColumn {
    pub(super) fn add(&mut self, column: &str, violations: u64) {
        if violations == 0 {
            return;
        }
        if let Some(sum) = self.0.get_mut(column) {
            *sum += violations;
        } else {
            self.0.insert(column.to_owned(), violations);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (column, violations) in &other.0 {
            self.add(column, *violations);
        }
    }

    /// `{column: violations}`, nothing where there are none.
    pub(super) fn detail(&self) -> Option<Json> {
        let cells = self.0.iter().map(|(name, n)| (name.as_str(), Json::from(*n)));
        (!self.0.is_empty()).then(|| Json::object(cells))
    }
}
