//! Kinds that judge a row by itself.

use crate::support::{broken, check_cuts, one, quotes};
use quality::{Context, Verdict};

#[test]
fn bid_above_ask_is_crossed_and_an_empty_side_is_not_applicable() {
    let rules = one("quotes", "crossed", "");
    let batch = quotes("1 2, 2 1, 1 1, - 1, 3 2");
    let (rows, report) = broken(&rules, &[batch.clone()], &Context::new());
    assert_eq!(rows, [11, 14]);
    let finding = &report.findings()[0];
    assert_eq!((finding.counts().applicable, finding.counts().violations), (4, 2));
    assert_eq!(finding.verdict(), &Verdict::Fail);
    assert_eq!(finding.samples(), [11, 14]);
    check_cuts(&rules, &batch, &Context::new());
}
