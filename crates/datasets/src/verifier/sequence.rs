//! `sequence`: nothing that was read lies behind the as-of point, or behind what the decider had seen.

use super::Subject;
use super::tally::{Tally, size};
use crate::certificate::{CheckResult, Outcome};

pub(super) fn check(subject: &Subject<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "sequence",
        "no record that a row, its features or its label read has a place in the log behind the as-of point, and no \
         feature read behind the last record that the decider had seen, where that is recorded",
    );
    let as_of = subject.manifest.as_of.seq.0;
    tally.count("rows", size(subject.rows.lineage.len()));
    for row in &subject.rows.lineage {
        for (what, seq) in [
            ("a feature read", row.src_seq_max),
            ("a label read", row.label_seq_hi),
            ("the decision lies", Some(row.seq)),
        ] {
            if seq.is_some_and(|seq| seq > as_of) {
                tally.row(&format!("{what} behind the as-of point"), &row.id);
            }
        }
        if let Some(seen) = row.md_seq_high {
            tally.count("rows_with_md_seq_high", 1);
            if row.src_seq_max.is_some_and(|seq| seq > seen) {
                tally.row("a feature read behind what the decider had seen", &row.id);
            }
        }
    }
    tally.finish(Outcome::Pass)
}
