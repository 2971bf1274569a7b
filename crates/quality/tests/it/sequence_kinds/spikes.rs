//! `spike`, `spike_centred`, `round_trip`.

use super::{SECOND, at, check, instrument, rows, rule, source};
use crate::support::rules;
use arrow_array::RecordBatch;
use contract::{
    Aggressor, Price, QualityMode, SessionPhase, Sessions, TableBuilder, TradeAction, Trades,
    UtcNanos,
};
use quality::{Context, TableState};

/// Trades, one a second, from prices; `x` before a price makes it a cancelled print.
fn trades(prices: &[String]) -> RecordBatch {
    let text: Vec<String> = prices.iter().enumerate().map(|(n, px)| format!("{n} {px}")).collect();
    rows::<Trades>(&text.join(","), |out, words| {
        let (action, px) = match words[1].strip_prefix('x') {
            Some(px) => (TradeAction::Cancel, px),
            None => (TradeAction::Trade, words[1]),
        };
        out.set_now(at(words[0]));
        out.set(&Trades::SOURCE_ID, source("1"))
            .set(&Trades::INSTRUMENT_ID, instrument("7"))
            .set(&Trades::TS_EVENT, at(words[0]))
            .set(&Trades::PX, Price::parse(px).unwrap())
            .set(&Trades::SIZE, 1.0)
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, action);
        if action == TradeAction::Cancel {
            out.set(&Trades::REF_TRADE_ID, "1");
        }
    })
}

/// So many prices between 100.0 and 100.4: 100.0, 100.1, .. 100.4, 100.0, ..
fn calm(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("100.{}", n % 5)).collect()
}

#[test]
fn a_price_far_from_the_tape_is_a_spike_once_there_is_a_tape() {
    // Median 100.2, MAD 0.1, so 5 MAD are 0.5; 110 is far, 100.6 is not. Rows 1 to 20 fill the window.
    let mut px = calm(20);
    px.extend(["110", "100.6", "x110", "90", "100.1"].map(str::to_owned));
    check(&rule("trades", "spike", ""), &trades(&px), &Context::new(), (4, &[21, 24]));
}

#[test]
fn a_genuine_move_is_accepted_after_the_declared_number_of_rejections() {
    let mut px = calm(20);
    px.extend(std::iter::repeat_n("110".to_owned(), 5));
    let rules = rule("trades", "spike", "reseed = 3");
    check(&rules, &trades(&px), &Context::new(), (5, &[21, 22, 23]));
}

/// Instrument 7 with sessions of 10 s from the seconds given, each of a date of its own.
pub(super) fn sessions(starts: &[i64]) -> Context {
    let time = |second: i64| UtcNanos::from_nanos(second * SECOND);
    let mut context = Context::new();
    let mut out = TableBuilder::<Sessions>::new(time(0));
    for (day, start) in starts.iter().enumerate() {
        out.set(&Sessions::TS_AVAIL, time(0))
            .set(&Sessions::CALENDAR_ID, "XXXX")
            .set(&Sessions::LOCAL_DATE, &*format!("2026-03-{:02}", day + 1))
            .set(&Sessions::PHASE, SessionPhase::Regular)
            .set(&Sessions::TS_START, time(*start))
            .set(&Sessions::TS_END, time(start + 10))
            .set(&Sessions::UTC_OFFSET_S, 0)
            .set(&Sessions::IS_HALF_DAY, false);
        out.end_row().unwrap();
    }
    context.add(&out.finish().unwrap().into_record_batch()).unwrap();
    context.add(&super::instruments("XXXX")).unwrap();
    context
}

#[test]
fn the_window_starts_again_with_each_session_of_the_calendar() {
    let rules = rule("trades", "spike", "min_n = 5");
    let px: Vec<String> = [calm(10), vec!["120".to_owned(); 10]].concat();
    // One session: from row 6 on judged; the jump to 120 is rejected five times and then believed (15 applicable).
    check(&rules, &trades(&px), &sessions(&[]), (15, &[11, 12, 13, 14, 15]));
    // Two sessions of ten rows: rows 6 to 10, and 16 to 20 by the prices of the second one.
    check(&rules, &trades(&px), &sessions(&[0, 10]), (10, &[]));
}

#[test]
fn the_window_starts_again_when_trading_was_stopped_and_not_with_a_print_in_the_stop() {
    let context = super::states(&[(-1, true), (22, false), (25, true)]);
    // 20 prices fill the window; two prints in the stop, at 22 and 24 s, of which the tape before them says what they are
    // worth; then trading goes on at 110: no spike, and 20 prices fill the window again.
    let mut px = calm(22);
    px.extend(["110", "100.1", "110"].map(str::to_owned));
    px.extend((0..20).map(|n| format!("110.{}", n % 5)));
    px.push("100".to_owned());
    // Applicable: rows 21 to 25 but for none, then the last; violations: the first print in the stop, one more, the last.
    let (found, _) = super::broken(&rule("trades", "spike", ""), &[trades(&px)], &context);
    assert_eq!(found, [23, 25, 46]);
    // Without the statuses the new price is taken for a spike until it has come five times.
    let (found, _) = super::broken(&rule("trades", "spike", ""), &[trades(&px)], &Context::new());
    assert!(found.contains(&26) && found.contains(&27), "{found:?}");
}

#[test]
fn hindsight_sees_both_sides_and_speaks_when_the_session_is_over() {
    // A spike in row 30 of 60; from row 41 on the price is 120: a real jump, whose prices agree with those behind them.
    let mut px = calm(60);
    px[29] = "110".to_owned();
    for px in &mut px[40..] {
        *px = px.replace("100", "120");
    }
    let none = Context::new();
    check(&rule("trades", "spike_centred", ""), &trades(&px), &none, (60, &[30]));
    // 20 rows fill the window; the rest is judged, the jump that stays is none.
    check(&rule("trades", "round_trip", ""), &trades(&px), &none, (40, &[30]));
    let live = rules("trades", "[[check]]\nid = \"a\"\nkind = \"round_trip\"");
    let mut state = TableState::new(&live, QualityMode::Live);
    let flags = state.observe(&trades(&px), &none).unwrap();
    assert!(flags.late().is_empty());
    assert_eq!(state.finish(&none).findings()[0].verdict().word(), "not_evaluated");
}

#[test]
fn marks_of_a_session_come_with_the_first_row_of_the_next_one() {
    let mut px = calm(60);
    px[29] = "110".to_owned();
    let rules = rule("trades", "spike_centred", "");
    let batch = trades(&px);
    // Sessions of 40 s and 20 s would be two; here ten-second sessions from 0 to 50.
    let context = sessions(&[0, 10, 20, 30, 40, 50]);
    let mut state = TableState::new(&rules, QualityMode::Final);
    let first = state.observe(&batch.slice(0, 30), &context).unwrap();
    assert!(first.late().is_empty(), "the session of row 30 is open");
    let second = state.observe(&batch.slice(30, 1), &context).unwrap();
    assert_eq!(second.late().iter().map(|f| f.id).collect::<Vec<_>>(), [30]);
}

#[test]
fn parameters_that_the_kernel_refuses_are_no_pass() {
    let batch = trades(&calm(30));
    let none = Context::new();
    for (kind, params) in
        [("spike", "window = 0"), ("spike_centred", "window = 3"), ("round_trip", "rows = 0")]
    {
        let (found, report) = crate::support::broken(
            &rule("trades", kind, params),
            std::slice::from_ref(&batch),
            &none,
        );
        assert!(found.is_empty());
        assert_eq!(report.findings()[0].verdict().word(), "not_evaluated", "{kind}");
    }
}
