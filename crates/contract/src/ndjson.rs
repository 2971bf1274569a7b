//! Rows from and to text: lines of JSON, and the cells of CSV.
//!
//! Text is exact in both directions: decimals never pass through a float, instants carry their offset, a key that
//! the table does not have is refused instead of dropped.

mod cell;
mod read;
mod write;

pub use read::{Field, MAX_LINE, TextTable};
pub use write::{TextRows, csv_header, write_csv_row, write_json_row};
