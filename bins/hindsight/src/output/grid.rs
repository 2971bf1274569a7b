//! Aligned columns for people.

use contract::TextRows;
use std::fmt::Write as _;

/// Rows of text in aligned columns.
///
/// ```
/// let mut grid = hindsight::Grid::new(["key", "value"]);
/// grid.row(["run.threads", "0"]);
/// assert_eq!(grid.to_text(), "key          value\nrun.threads  0\n");
/// ```
#[derive(Debug, Default)]
pub struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Grid {
    /// A grid with these headings.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| Some(cell.into())).collect());
    }

    /// Adds rows of a batch while there are fewer than `most`.
    pub(crate) fn add_rows(&mut self, rows: &TextRows<'_>, len: usize, most: usize) {
        if self.header.is_empty() {
            self.header = rows.names().map(str::to_owned).collect();
        }
        for row in 0..len.min(most.saturating_sub(self.rows.len())) {
            let mut cells = Vec::with_capacity(self.header.len());
            // The function reports nothing.
            let _ = rows.each(row, &mut |_, cell| {
                cells.push(cell.map(on_one_line));
                Ok(())
            });
            self.rows.push(cells);
        }
    }

    /// The rows and the count below them; on a terminal, columns without any value are only named, unless that is all
    /// of them.
    pub(crate) fn render(&self, total: u64, is_terminal: bool) -> String {
        let has_value =
            |at: usize| self.rows.iter().any(|row| matches!(row.get(at), Some(Some(_))));
        let all = 0..self.header.len();
        let mut shown: Vec<usize> = all.clone().filter(|at| has_value(*at)).collect();
        if !is_terminal || shown.is_empty() {
            shown = all.collect();
        }
        let mut text = self.text_of(&shown);
        let count = self.rows.len() as u64;
        let rows = if total == 1 { "row" } else { "rows" };
        if count < total {
            let _ = writeln!(text, "{count} of {total} {rows}; --all prints all");
        } else {
            let _ = writeln!(text, "{total} {rows}");
        }
        let hidden: Vec<&str> = (0..self.header.len())
            .filter(|at| !shown.contains(at))
            .filter_map(|at| self.header.get(at).map(String::as_str))
            .collect();
        if !hidden.is_empty() {
            let _ = writeln!(text, "without a value: {}", hidden.join(", "));
        }
        text
    }

    /// Headings and rows.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.text_of(&(0..self.header.len()).collect::<Vec<_>>())
    }

    fn text_of(&self, shown: &[usize]) -> String {
        let header: Vec<Option<String>> = self.header.iter().cloned().map(Some).collect();
        let cell = |row: &Vec<Option<String>>, at: usize| -> String {
            row.get(at).cloned().flatten().unwrap_or_default()
        };
        let lines = || std::iter::once(&header).chain(&self.rows);
        let widths: Vec<usize> = shown
            .iter()
            .map(|at| lines().map(|row| cell(row, *at).chars().count()).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for row in lines() {
            let mut line = String::new();
            for (at, width) in shown.iter().zip(&widths) {
                let _ = write!(line, "{:width$}  ", cell(row, *at), width = *width);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A cell on one line: control characters would break the grid or command the terminal.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
