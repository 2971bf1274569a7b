//! Cells of the features, some columns at a time, so that memory does not grow with their number.

use super::error::VerifyError;
use super::read::{Cells, Read};
use crate::folder::Folder;
use crate::manifest::DataFile;

/// Cells that are held at a time: 9 bytes each.
const HELD: usize = 32_000_000;

/// Hands the cells of every feature, in reading order, to `visit`.
///
/// - **Cost:** each file is opened once for as many columns as hold 32 million cells.
pub(super) fn each_feature(
    folder: &Folder,
    files: &[DataFile],
    features: &[String],
    rows: usize,
    mut visit: impl FnMut(&str, &Cells),
) -> Result<(), VerifyError> {
    let width = (HELD / rows.max(1)).max(1);
    for some in features.chunks(width) {
        let names: Vec<&str> = some.iter().map(String::as_str).collect();
        let mut cells = vec![Cells::default(); names.len()];
        for file in files {
            for batch in folder.batches(&file.path, Some(&names))? {
                let batch = batch?;
                let read = Read { path: &file.path, batch: &batch };
                for (cells, name) in cells.iter_mut().zip(&names) {
                    cells.push(&read, name)?;
                }
            }
        }
        for (cells, name) in cells.iter().zip(&names) {
            visit(name, cells);
        }
    }
    Ok(())
}
