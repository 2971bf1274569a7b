//! What tests of checks share.

use arrow_array::RecordBatch;
use contract::{Draft, InstrumentId, Price, QualityMode, Quotes, SourceId, TableBuilder, UtcNanos};
use quality::{Context, Report, RuleSet, TableState};

/// Rules of one table: `body` is a list of `[[check]]` entries.
pub(crate) fn rules(table: &str, body: &str) -> RuleSet {
    RuleSet::parse(&format!("name = \"test\"\nversion = 1\ntable = \"{table}\"\n{body}")).unwrap()
}

/// One check of a kind, with its parameters as TOML.
pub(crate) fn one(table: &str, kind: &str, params: &str) -> RuleSet {
    rules(table, &format!("[[check]]\nid = \"check\"\nkind = \"{kind}\"\n{params}"))
}

/// Ids of rows that break the first check, late ones among them, and the report.
pub(crate) fn broken(
    rules: &RuleSet,
    batches: &[RecordBatch],
    context: &Context,
) -> (Vec<u64>, Report) {
    let mut state = TableState::new(rules, QualityMode::Final);
    let mut out = Vec::new();
    let mut first = 0;
    for batch in batches {
        let seqs = batch.column_by_name("seq").map(|s| {
            arrow_array::cast::AsArray::as_primitive::<arrow_array::types::UInt64Type>(s).clone()
        });
        let flags = state.observe(batch, context).unwrap();
        for row in 0..flags.len() {
            if flags.broken(row).any(|check| check == 0) {
                out.push(seqs.as_ref().map_or(first + row as u64, |s| s.value(row)));
            }
        }
        out.extend(flags.late().iter().filter(|f| f.check == 0).map(|f| f.id));
        first += batch.num_rows() as u64;
    }
    let (report, late) = state.close(context);
    out.extend(late.iter().filter(|f| f.check == 0).map(|f| f.id));
    out.sort_unstable();
    (out, report)
}

/// The same answer for any cut into batches, and for two parts merged.
pub(crate) fn check_cuts(rules: &RuleSet, whole: &RecordBatch, context: &Context) {
    let (expected, report) = broken(rules, std::slice::from_ref(whole), context);
    for size in [1, 2, 7, 64] {
        let cuts: Vec<RecordBatch> = (0..whole.num_rows())
            .step_by(size)
            .map(|at| whole.slice(at, size.min(whole.num_rows() - at)))
            .collect();
        let (found, again) = broken(rules, &cuts, context);
        assert_eq!(found, expected, "batches of {size}");
        assert_eq!(again, report, "batches of {size}");
    }
    let half = whole.num_rows() / 2;
    let mut left = TableState::new(rules, QualityMode::Final);
    let mut right = TableState::part(rules, QualityMode::Final, 1);
    left.observe(&whole.slice(0, half), context).unwrap();
    right.observe(&whole.slice(half, whole.num_rows() - half), context).unwrap();
    left.merge(right, context).unwrap();
    assert_eq!(left.finish(context), report, "two parts");
    let mut stopped = TableState::new(rules, QualityMode::Final);
    stopped.observe(&whole.slice(0, half), context).unwrap();
    let mut restored = TableState::restore(rules, &stopped.save().unwrap()).unwrap();
    restored.observe(&whole.slice(half, whole.num_rows() - half), context).unwrap();
    assert_eq!(restored.finish(context), report, "saved and restored");
}

/// Quotes of source 1 and instrument 7 from `bid ask` pairs, `-` for an empty side; numbered from 10.
pub(crate) fn quotes(rows: &str) -> arrow_array::RecordBatch {
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(1_000));
    for row in rows.split(',').filter(|row| !row.is_empty()) {
        let mut sides =
            row.split_whitespace().map(|side| (side != "-").then(|| Price::parse(side).unwrap()));
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

/// A scenario: two short days of three instruments at two venues, with a lunch, auctions, a halt and a split.
pub(crate) const MARKET: &str = r#"
version = 1
name = "short"
slice = "10s"
horizon = "5s"

[[days]]
date = "2026-03-28"
auction = "590m"
open = "591m"
lunch = ["592m", "593m"]
close_auction = "595m"
close = "596m"
funding = ["594m"]

[[days]]
date = "2026-03-29"
auction = "590m"
open = "591m"
close_auction = "592m"
close = "593m"

[[instruments]]
symbol = "INDEX"
px = "4512.25"
tick = "0.25"
lot = "1"
multiplier = 50
beta = 0.9
funding_ppm = 100

[[instruments]]
symbol = "ALPHA"
class = "equity"
px = "645.47"
tick = "0.01"
lot = "10"

[[instruments]]
symbol = "BETA"
class = "equity"
px = "61.27"
tick = "0.01"
lot = "10"
spread_ticks = 2

[[halts]]
symbol = "BETA"
date = "2026-03-28"
at = "593m"
lasts = "30s"
gap_ticks = 5

[[splits]]
symbol = "ALPHA"
date = "2026-03-29"
num = 7

[desk]
taker_rate = 0.5
maker_rate = 0.6
explorer_rate = 0.4
hedger_rate = 0.5
bust_prob = 0.01
correct_prob = 0.01
liquidation_after = "1m"
"#;
