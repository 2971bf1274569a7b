//! Kinds that judge a row by itself.

use crate::support::{broken, check_cuts, one};
use contract::{Draft, InstrumentId, Price, Quotes, SourceId, TableBuilder, UtcNanos};
use quality::{Context, Verdict};

/// Quotes from `bid ask` pairs in whole units, `-` for an empty side.
fn quotes(rows: &str) -> arrow_array::RecordBatch {
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(1_000));
    for row in rows.split(',') {
        let mut sides = row.split_whitespace().map(|side| {
            (side != "-").then(|| Price::parse(side).unwrap())
        });
        let (bid, ask) = (sides.next().unwrap(), sides.next().unwrap());
        out.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Quotes::BID_PX, bid)
            .set(&Quotes::ASK_PX, ask)
            .end_row()
            .unwrap();
    }
    let draft: Draft<Quotes> = out.finish().unwrap();
    draft.with_seq(10).into_record_batch()
}

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
