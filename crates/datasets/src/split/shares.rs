//! Rule 4: values of the grouping columns that rows share.

use super::SplitKey;
use std::collections::BTreeMap;

/// The value of each row in each grouping column, as a number; null shares with nobody.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    columns: Vec<Column>,
}

#[derive(Debug, Clone)]
struct Column {
    values: Vec<Option<u32>>,
    distinct: usize,
}

/// Values that protected rows have, by column.
#[derive(Debug)]
pub(super) struct Marks(Vec<Vec<bool>>);

impl Shares {
    pub(super) fn of(keys: &[SplitKey], columns: usize) -> Self {
        Self { columns: (0..columns).map(|column| Column::of(keys, column)).collect() }
    }

    /// The values of a column, numbered in the order in which rows bring them, and how many there are.
    pub(super) fn column(&self, column: usize) -> Option<(&[Option<u32>], usize)> {
        self.columns.get(column).map(|column| (column.values.as_slice(), column.distinct))
    }

    /// Marks what these rows have.
    pub(super) fn mark(&self, rows: &(impl Iterator<Item = usize> + Clone)) -> Marks {
        let mark = |column: &Column| {
            let mut marks = vec![false; column.distinct];
            for row in rows.clone() {
                if let Some(slot) = column.value(row).and_then(|value| marks.get_mut(value)) {
                    *slot = true;
                }
            }
            marks
        };
        Marks(self.columns.iter().map(mark).collect())
    }

    /// Whether the row has a marked value.
    pub(super) fn meets(&self, marks: &Marks, row: usize) -> bool {
        self.columns.iter().zip(&marks.0).any(|(column, marks)| {
            column.value(row).is_some_and(|value| marks.get(value).is_some_and(|&is_held| is_held))
        })
    }
}

impl Column {
    fn of(keys: &[SplitKey], column: usize) -> Self {
        let mut numbers = BTreeMap::new();
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let value = key.groups.get(column).copied().flatten();
            values.push(value.map(|value| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                *numbers.entry(value).or_insert(next)
            }));
        }
        Self { values, distinct: numbers.len() }
    }

    fn value(&self, row: usize) -> Option<usize> {
        let value = self.values.get(row).copied().flatten()?;
        usize::try_from(value).ok()
    }
}
