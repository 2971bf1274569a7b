//! Numbers of a log rise from row to row.

use super::count;
use crate::error::CliError;
use contract::arrow_array::UInt64Array;

/// The last number that was seen.
#[derive(Debug, Default)]
pub(super) struct Rising(Option<u64>);

impl Rising {
    /// Checks that `seq` rises, within a batch and from the one before; `first_row` is the place of the batch in its input.
    pub(super) fn follow(
        &mut self,
        input: &str,
        seqs: &UInt64Array,
        first_row: u64,
    ) -> Result<(), CliError> {
        for (at, seq) in seqs.iter().enumerate() {
            let Some(seq) = seq else { continue };
            if let Some(last) = self.0.filter(|last| *last >= seq) {
                return Err(CliError::UnsortedInput {
                    input: input.to_owned(),
                    row: first_row + count(at),
                    column: "seq",
                    expected: format!("above {last}"),
                    found: seq.to_string(),
                });
            }
            self.0 = Some(seq);
        }
        Ok(())
    }
}
