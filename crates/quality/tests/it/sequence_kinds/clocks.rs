//! `latency`, `clock_suspect`, `clock_step`, `late`.

use super::{SECOND, check, instrument, rows, rule, source};
use arrow_array::RecordBatch;
use contract::{FeedMarks, MarkKind, Quotes, SourceKind, Sources, TableBuilder, UtcNanos};
use quality::Context;

const MS: i64 = 1_000_000;

/// Quotes of source 1 from `received latency` in milliseconds; `-` for no event time.
fn quotes(text: &str) -> RecordBatch {
    rows::<Quotes>(text, |out, words| {
        let recv = words[0].parse::<i64>().unwrap() * MS + SECOND;
        let event = (words[1] != "-").then(|| recv - words[1].parse::<i64>().unwrap() * MS);
        out.set_now(UtcNanos::from_nanos(recv));
        out.set(&Quotes::SOURCE_ID, source("1"))
            .set(&Quotes::INSTRUMENT_ID, instrument("7"))
            .set(&Quotes::TS_EVENT, event.map(UtcNanos::from_nanos));
    })
}

#[test]
fn latency_is_what_exceeds_the_fastest_row_once_there_are_enough_rows() {
    // Running minima: 30, 30, 20, 20, 20. Corrected: row 4 80 - 20 = 60, row 5 70 - 20 = 50.
    let batch = quotes("0 30, 10 90, 20 20, 30 80, 40 70, 50 -");
    let rules = rule("quotes", "latency", "limit = \"50ms\"\nrows = 3");
    check(&rules, &batch, &Context::new(), (3, &[4]));
    // A clock that is an hour ahead changes nothing.
    let ahead = quotes("0 -3599970, 10 -3599910, 20 -3599980, 30 -3599920, 40 -3599930, 50 -");
    check(&rules, &ahead, &Context::new(), (3, &[4]));
}

#[test]
fn receipt_before_the_event_is_no_bad_row_but_a_suspect_clock_for_the_whole_window() {
    // Offsets: 1, -2, -2 (ms). Bound 1 ms: from row 2 on.
    let batch = quotes("0 1, 10 -2, 20 5, 30 -");
    check(&rule("quotes", "clock_suspect", ""), &batch, &Context::new(), (3, &[2, 3]));
    // Exactly at the bound is not below it.
    let bound = rule("quotes", "clock_suspect", "bound = \"2ms\"");
    check(&bound, &batch, &Context::new(), (3, &[]));
}

#[test]
fn a_source_that_states_its_bound_is_held_to_it() {
    let mut context = Context::new();
    let mut sources = TableBuilder::<Sources>::new(UtcNanos::from_nanos(0));
    sources
        .set(&Sources::TS_AVAIL, UtcNanos::from_nanos(0))
        .set(&Sources::SOURCE_ID, source("1"))
        .set(&Sources::VALID_FROM, UtcNanos::from_nanos(0))
        .set(&Sources::NAME, "exchange")
        .set(&Sources::VENUE, "XXXX")
        .set(&Sources::KIND, SourceKind::VenueFeed)
        .set(&Sources::CLOCK_DOMAIN, "exchange")
        .set(&Sources::PRIORITY, 0_u8)
        .set(&Sources::CLOCK_BOUND_NS, SECOND)
        .set(&Sources::ALLOWED_LATENESS_NS, 500 * MS);
    sources.end_row().unwrap();
    context.add(&sources.finish().unwrap().into_record_batch()).unwrap();
    let batch = quotes("0 1, 10 -2, 20 -1001");
    check(&rule("quotes", "clock_suspect", ""), &batch, &context, (3, &[3]));
    // The same row of `sources` allows half a second of lateness: 501 ms is late, 500 is not.
    let batch = quotes("0 0, 1000 0, 1000 500, 1000 501");
    check(&rule("quotes", "late", ""), &batch, &context, (4, &[4]));
}

#[test]
fn a_clock_that_jumps_is_one_violation_in_either_direction() {
    let rules = rule("quotes", "clock_step", "rows = 2\nlimit = \"50ms\"");
    // 10, 12 | -240: down by 250, seen at once; then the new level is normal.
    let down = quotes("0 10, 1 12, 2 11, 3 -240, 4 -239, 5 -240, 6 -238");
    // Applicable: rows 3 and 4, and again from the third row of the new level on, rows 6 and 7.
    check(&rules, &down, &Context::new(), (4, &[4]));
    // Up: one slow row proves nothing; two rows in a row above 10 + 50 do.
    let up = quotes("0 10, 1 12, 2 300, 3 11, 4 260, 5 261, 6 262, 7 260");
    check(&rules, &up, &Context::new(), (6, &[6]));
}

#[test]
fn a_row_behind_the_newest_event_of_its_stream_is_late() {
    // Events at 0 - 10 = -10, 1990, then one of 20 - ... : 2000 - 1500 = 500, 1490 behind 1990; and one of 980 behind.
    let batch = quotes("0 10, 2000 10, 2000 1500, 2010 1000, 2020 -");
    let rules = rule("quotes", "late", "lateness = \"1s\"");
    check(&rules, &batch, &Context::new(), (4, &[3]));
}

#[test]
fn a_row_behind_the_watermark_before_it_is_late() {
    let mut marks = TableBuilder::<FeedMarks>::new(UtcNanos::from_nanos(0));
    marks
        .set(&FeedMarks::SOURCE_ID, source("1"))
        .set(&FeedMarks::KIND, MarkKind::Watermark)
        .set(&FeedMarks::TS_MARK, UtcNanos::from_nanos(SECOND + 100 * MS));
    marks.end_row().unwrap();
    let rules = rule("quotes", "late", "by = \"watermark\"\nlateness = \"10ms\"");
    let batch = quotes("0 1, 50 1, 90 1, 95 1, 110 1");
    let (_, report) = crate::support::broken(&rules, std::slice::from_ref(&batch), &Context::new());
    assert_eq!(report.findings()[0].verdict().to_string(), "not_evaluated (needs feed_marks)");
    // The mark has seq 1, before row 2: 50 is more than 10 behind 100, 90 and 95 are not.
    let mut context = Context::new();
    context.add(&marks.finish().unwrap().with_seq(1).into_record_batch()).unwrap();
    check(&rules, &batch, &context, (4, &[2]));
}
