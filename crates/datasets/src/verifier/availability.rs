//! `availability`: everything that a row's features read was available before its cut-off.

use super::Subject;
use super::tally::{Tally, clamp, size};
use crate::certificate::{CheckResult, Outcome};

pub(super) fn check(subject: &Subject<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "availability",
        "the latest availability among the rows that a row's features read lies before its cut-off, in every row",
    );
    let lineage = &subject.rows.lineage;
    tally.count("rows", size(lineage.len()));
    for row in lineage {
        match row.src_ts_avail_max {
            Some(latest) => {
                let margin = clamp(i128::from(row.ts) - i128::from(latest));
                tally.margin(margin, &row.id);
                if margin <= 0 {
                    tally.row("a source was available at or after the cut-off", &row.id);
                }
            }
            None if row.src_rows > 0 => {
                tally.row("sources were read and their availability is not told", &row.id);
            }
            None => tally.count("rows_without_source", 1),
        }
    }
    tally.finish(Outcome::Pass)
}
