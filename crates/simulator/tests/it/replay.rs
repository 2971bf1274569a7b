//! A desk replayed over quotes from elsewhere.

use contract::arrow_array::{Array, RecordBatch};
use contract::{
    Amount, AnyBatch, Decisions, Diagnostic as _, Draft, ExecType, Executions, Flags, InstrumentId,
    Origin, Price, Quotes, Side, SourceId, TableBuilder, UtcNanos,
};
use simulator::{ReplaySettings, replay};

const SECOND: i64 = 1_000_000_000;

/// One quote a second for `n` seconds in each of two instruments: a wave, and from `changed` on the wave upside down.
fn tape(n: i64, changed: i64, seq: bool) -> AnyBatch {
    let mut out = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(0));
    for at in 0..n {
        for instrument in [1_u32, 2] {
            let wave = (at * 7919 % 601 - 300) * 10_000 + (at % 97 - 48) * 40_000;
            let wave = if at >= changed { -wave } else { wave };
            let mid = 1_000_000_000 * i64::from(instrument) + wave;
            let stamp = UtcNanos::from_nanos(at * SECOND);
            out.set(&Quotes::SOURCE_ID, SourceId::new(1))
                .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(instrument))
                .set(&Quotes::TS_EVENT, stamp)
                .set(&Quotes::TS_RECV, stamp)
                .set(&Quotes::TS_AVAIL, stamp)
                .set(&Quotes::FLAGS, Flags::LAST.bits())
                .set(&Quotes::BID_PX, Price::from_nanos(mid - 20_000))
                .set(&Quotes::ASK_PX, Price::from_nanos(mid + 20_000));
            out.end_row().unwrap();
        }
    }
    let draft = out.finish().unwrap();
    if seq { draft.with_seq(100).into_any() } else { draft.into_any() }
}

fn settings(seed: u64) -> ReplaySettings {
    ReplaySettings {
        seed,
        rate_per_hour: 600.0,
        latency_ns: 2_500_000_000,
        horizon_ns: 60 * SECOND,
        qty: Amount::from_units(1000),
        ..ReplaySettings::default()
    }
}

fn rows_before(batch: &RecordBatch, ts: i64) -> RecordBatch {
    let decisions = Draft::<Decisions>::parse(batch).unwrap();
    let n = decisions.ts_event().values().iter().filter(|at| **at <= ts).count();
    batch.slice(0, n)
}

#[test]
fn changing_quotes_that_a_decision_could_not_have_seen_changes_no_decision() {
    let (changed, settings) = (1500, settings(3));
    let one = replay(&[tape(3000, i64::MAX, false)], &settings).unwrap();
    let other = replay(&[tape(3000, changed, false)], &settings).unwrap();
    // A decision at t reads what was available before t - latency, so up to `changed` + latency nothing may move.
    let until = changed * SECOND + settings.latency_ns;
    let (a, b) = (rows_before(&one.decisions, until), rows_before(&other.decisions, until));
    assert!(a.num_rows() > 500, "{}", a.num_rows());
    assert_eq!(a, b);
    assert_ne!(one.decisions, other.decisions);
}

#[test]
fn a_decision_writes_the_last_quote_that_it_could_see() {
    let settings = settings(4);
    let done = replay(&[tape(2000, i64::MAX, true)], &settings).unwrap();
    let decisions = Draft::<Decisions>::parse(&done.decisions).unwrap();
    assert!(decisions.len() > 500);
    for row in 0..decisions.len() {
        let t = decisions.ts_event().value(row);
        // Quotes stand at whole seconds: the last one strictly before t - latency.
        let second = (t - settings.latency_ns - 1) / SECOND;
        assert_eq!(decisions.col(&Decisions::TS_SIGNAL).value(row), second * SECOND);
        let instrument = i64::from(decisions.instrument_id().value(row));
        let seq = 100 + 2 * second + instrument - 1;
        assert_eq!(decisions.col(&Decisions::MD_SEQ_HIGH).value(row), seq.unsigned_abs());
    }
}

#[test]
fn a_fill_is_the_far_side_of_the_first_quote_after_the_order_arrived() {
    let settings = settings(5);
    let tape = tape(2000, i64::MAX, false);
    let done = replay(std::slice::from_ref(&tape), &settings).unwrap();
    let quotes = Draft::<Quotes>::try_from_any(tape).unwrap();
    let executions = Draft::<Executions>::parse(&done.executions).unwrap();
    let mut fills = 0;
    for row in 0..executions.len() {
        let sent = executions.col(&Executions::TS_SENT).value(row);
        let at = executions.ts_event().value(row);
        if executions.cell(&Executions::EXEC_TYPE, row).unwrap() != ExecType::Trade {
            assert_eq!(at, sent + settings.latency_ns + settings.stale_ns);
            continue;
        }
        fills += 1;
        // By hand over all quotes, slowly.
        let instrument = executions.instrument_id().value(row);
        let first = (0..quotes.len())
            .find(|q| {
                quotes.instrument_id().value(*q) == instrument
                    && quotes.ts_avail().value(*q) > sent + settings.latency_ns
            })
            .unwrap();
        assert_eq!(at, quotes.ts_avail().value(first));
        assert!(at > sent);
        let is_buy = executions.cell(&Executions::SIDE, row).unwrap() == Side::Buy;
        let far = if is_buy { &Quotes::ASK_PX } else { &Quotes::BID_PX };
        let px = quotes.col(far).value(first);
        assert_eq!(executions.col(&Executions::LAST_PX).value(row), px);
        // 0.2 bps of price x quantity, in 1e-9 and cut.
        let qty = executions.col(&Executions::LAST_QTY).value(row);
        let fee = i128::from(px) * qty / 1_000_000_000 * 2 / 100_000;
        assert_eq!(executions.col(&Executions::FEE).value(row), fee);
    }
    assert!(fills > 100 && fills == done.fills);
}

#[test]
fn every_order_has_one_report_and_positions_are_the_sum_of_fills() {
    let settings = settings(6);
    let done = replay(&[tape(4000, i64::MAX, false)], &settings).unwrap();
    let decisions = Draft::<Decisions>::parse(&done.decisions).unwrap();
    let executions = Draft::<Executions>::parse(&done.executions).unwrap();
    let orders = decisions.col(&Decisions::ORDER_ID);
    let sent: Vec<&str> = orders.iter().flatten().collect();
    let mut reported: Vec<&str> = executions.col(&Executions::ORDER_ID).iter().flatten().collect();
    assert_eq!((sent.len(), executions.len()), (done.orders, done.orders));
    let mut expected = sent.clone();
    expected.sort_unstable();
    reported.sort_unstable();
    assert_eq!(reported, expected);
    // The position that each decision names is what its strategy had been told of fills before it.
    for row in (0..decisions.len()).step_by(7) {
        let t = decisions.ts_event().value(row);
        let scope = (
            decisions.cell(&Decisions::ACCOUNT_REF, row).unwrap(),
            decisions.instrument_id().value(row),
        );
        let position: i128 = (0..executions.len())
            .filter(|e| {
                let account = executions.cell(&Executions::ACCOUNT_REF, *e).unwrap();
                (account, executions.instrument_id().value(*e)) == scope
                    && executions.ts_avail().value(*e) < t
                    && executions.col(&Executions::LAST_QTY).is_valid(*e)
            })
            .map(|e| {
                let qty = executions.col(&Executions::LAST_QTY).value(e);
                if executions.cell(&Executions::SIDE, e).unwrap() == Side::Buy { qty } else { -qty }
            })
            .sum();
        assert_eq!(decisions.col(&Decisions::POSITION_BEFORE).value(row), position, "row {row}");
    }
}

#[test]
fn equal_seeds_give_equal_rows_in_any_batches_and_other_seeds_others() {
    let whole = tape(1500, i64::MAX, false);
    let parts: Vec<AnyBatch> = (0..whole.len())
        .step_by(701)
        .map(|at| whole.slice(at, 701.min(whole.len() - at)))
        .collect();
    let one = replay(std::slice::from_ref(&whole), &settings(8)).unwrap();
    let two = replay(&parts, &settings(8)).unwrap();
    let other = replay(&[whole], &settings(9)).unwrap();
    assert_eq!((&one.decisions, &one.executions), (&two.decisions, &two.executions));
    assert_ne!(one.decisions, other.decisions);
}

#[test]
fn rows_pass_the_rules_of_the_contract_and_the_explorer_tells_its_probabilities() {
    let done = replay(&[tape(6000, i64::MAX, false)], &settings(10)).unwrap();
    let (decisions, executions) = (&done.decisions, &done.executions);
    for (table, batch) in [("decisions", decisions), ("executions", executions)] {
        let spec = contract::table(table).unwrap();
        let admitted = contract::admit_any(spec, batch, &Origin::new("test", table)).unwrap();
        assert_eq!(admitted.rejects.len(), 0, "{table}: {:?}", admitted.rejects.first());
    }
    let decisions = Draft::<Decisions>::parse(decisions).unwrap();
    // At each draw the probability of holding is known, so the number of holds has mean and variance.
    let (mut holds, mut mean, mut variance) = (0.0, 0.0, 0.0);
    for row in 0..decisions.len() {
        let reasons = decisions.cell(&Decisions::REASON_CODES, row).unwrap().unwrap_or_default();
        if reasons != ["drawn".to_owned()] {
            continue;
        }
        let prob = decisions.col(&Decisions::ACTION_PROB).value(row);
        let is_hold = decisions.cell(&Decisions::SIDE, row).unwrap().is_none();
        // Inverse propensity: 1/p of those that held counts every draw once, in the mean.
        holds += if is_hold { 1.0 / prob } else { 0.0 };
        mean += 1.0;
        variance += if is_hold { (1.0 - prob) / (prob * prob) } else { 0.0 };
    }
    let (holds, mean, sd): (f64, f64, f64) = (holds, mean, f64::sqrt(variance));
    assert!(mean > 500.0 && (holds - mean).abs() < 4.0 * sd, "{holds} {mean} {sd}");
}

#[test]
fn settings_and_batches_that_make_no_sense_are_refused_by_name() {
    let code = |settings: ReplaySettings, batch: AnyBatch| {
        replay(&[batch], &settings).err().map(|error| error.code())
    };
    let tape = || tape(10, i64::MAX, false);
    let bad = ReplaySettings { rate_per_hour: 0.0, ..settings(1) };
    assert_eq!(code(bad, tape()), Some("simulator/replay-setting"));
    let bad = ReplaySettings { latency_ns: -1, ..settings(1) };
    assert_eq!(code(bad, tape()), Some("simulator/replay-setting"));
    let other = contract::testing::decisions(&[1]).into_any();
    assert_eq!(code(settings(1), other), Some("simulator/replay-table"));
    let late = contract::testing::quotes("90 1.0 1.1, 80 1.0 1.1").into_any();
    assert_eq!(code(settings(1), late), Some("simulator/replay-order"));
}
