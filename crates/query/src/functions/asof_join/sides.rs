//! Which columns each side has to give for the columns that are wanted, and where they then stand.

use super::columns::Columns;
use arrow_schema::SchemaRef;
use datafusion::error::Result;
use std::sync::Arc;

/// A column of the answer, by the place that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A column of the left batch.
    Left(usize),
    /// A column of the collected right side.
    Right(usize),
    Age,
    Found,
}

/// The columns that the sides give, and the answer made of them.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    left: Vec<usize>,
    right: Vec<usize>,
    /// Places in what the left side gives.
    pub(super) left_time: usize,
    pub(super) left_key: Option<usize>,
    /// Places in what the right side gives.
    pub(super) right_time: usize,
    pub(super) right_seq: usize,
    pub(super) right_key: Option<usize>,
    pub(super) origins: Vec<Origin>,
    pub(super) schema: SchemaRef,
}

impl Sides {
    /// For these columns of the answer; all, without a choice.
    pub(super) fn try_new(columns: &Columns, projection: Option<&Vec<usize>>) -> Result<Self> {
        let all: Vec<usize> = (0..columns.schema().fields().len()).collect();
        let wanted = projection.unwrap_or(&all);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut origins = Vec::with_capacity(wanted.len());
        for at in wanted {
            let right_at = at.checked_sub(columns.left_width);
            origins.push(match right_at {
                None => Origin::Left(place(&mut left, *at)),
                Some(at) if at < columns.right_width => Origin::Right(place(&mut right, at)),
                Some(at) if at == columns.right_width => Origin::Age,
                Some(_) => Origin::Found,
            });
        }
        Ok(Self {
            left_time: place(&mut left, columns.left_time),
            left_key: columns.by.map(|(key, _)| place(&mut left, key)),
            right_time: place(&mut right, columns.right_time),
            right_seq: place(&mut right, columns.right_seq),
            right_key: columns.by.map(|(_, key)| place(&mut right, key)),
            left,
            right,
            origins,
            schema: Arc::new(columns.schema().project(wanted)?),
        })
    }

    /// Columns of the left side, in the order in which it gives them.
    pub(super) fn left_columns(&self) -> &[usize] {
        &self.left
    }

    /// Columns of the right side, in the order in which it gives them.
    pub(super) fn right_columns(&self) -> &[usize] {
        &self.right
    }
}

/// Where a column stands among those that are given; it is added if it is not there.
fn place(given: &mut Vec<usize>, column: usize) -> usize {
    if let Some(at) = given.iter().position(|known| *known == column) {
        return at;
    }
    given.push(column);
    given.len() - 1
}
