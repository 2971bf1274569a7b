//! Rows of numbers, row after row.

/// A table of numbers; NaN stands for a null.
///
/// ```
/// let table = hindsight::Matrix::from_rows(2, vec![1.0, 2.0, 3.0, 4.0]);
/// assert_eq!((table.rows(), table.row(1)), (2, &[3.0, 4.0][..]));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    columns: usize,
    rows: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A table of so many columns; values beyond the last whole row are dropped.
    #[must_use]
    pub fn from_rows(columns: usize, mut values: Vec<f64>) -> Self {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        values.truncate(rows * columns);
        Self { columns, rows, values }
    }

    /// A table without columns.
    #[must_use]
    pub fn empty(rows: usize) -> Self {
        Self { columns: 0, rows, values: Vec::new() }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// A row.
    ///
    /// # Panics
    /// For a row that is not there.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// The same rows with these columns alone.
    pub(super) fn pick(&self, columns: &[usize]) -> Self {
        let mut values = Vec::with_capacity(self.rows * columns.len());
        for row in 0..self.rows {
            let cells = self.row(row);
            values.extend(columns.iter().map(|column| cells[*column]));
        }
        Self { columns: columns.len(), rows: self.rows, values }
    }

    /// Other rows in place of these: of each place the row named there, nulls where none is.
    pub(super) fn moved(&self, from: &[Option<usize>]) -> Self {
        let mut values = Vec::with_capacity(from.len() * self.columns);
        for row in from {
            match row {
                Some(row) => values.extend_from_slice(self.row(*row)),
                None => values.extend(std::iter::repeat_n(f64::NAN, self.columns)),
            }
        }
        Self { columns: self.columns, rows: from.len(), values }
    }
}
