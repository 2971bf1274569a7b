//! Kinds that know decisions and fills.

use super::given::{S, Version, at, counts, instruments, judge, verdict};
use arrow_array::RecordBatch;
use contract::{
    Amount, DecisionAction, Decisions, EventId, ExecType, Executions, InstrumentId, Price, Side,
    SourceId, SourceKind, Sources, TableBuilder, Vocabulary as _,
};
use quality::{Context, NotEvaluated, Verdict};

type Times = [Option<i64>; 3];

/// Decisions with signal, decision and sent.
fn decisions(rows: &[Times]) -> RecordBatch {
    let mut out = TableBuilder::<Decisions>::new(at(1_000 * S));
    for (n, [signal, decided, sent]) in (1_u64..).zip(rows) {
        out.set(&Decisions::SOURCE_ID, SourceId::new(3))
            .set(&Decisions::DECISION_ID, EventId::v7(n, [0; 10]))
            .set(&Decisions::STRATEGY_ID, "s")
            .set(&Decisions::ACTION, DecisionAction::Skip)
            .set(&Decisions::TS_SIGNAL, signal.map(at))
            .set(&Decisions::TS_EVENT, decided.map(at))
            .set(&Decisions::TS_SENT, sent.map(at))
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().with_seq(10).into_record_batch()
}

/// A report of the venue.
#[derive(Clone, Copy)]
struct Fill {
    what: ExecType,
    times: Times,
    offset: Option<i64>,
    decision: Option<u64>,
    ccy: Option<&'static str>,
    fee: Option<i64>,
    qty: &'static str,
    instrument: u32,
}

const FILL: Fill = Fill {
    what: ExecType::Trade,
    times: [None; 3],
    offset: None,
    decision: None,
    ccy: None,
    fee: None,
    qty: "1",
    instrument: 7,
};

/// Executions of source 4, with sent, acknowledged and filled.
fn executions(rows: &[Fill]) -> RecordBatch {
    let mut out = TableBuilder::<Executions>::new(at(1_000 * S));
    for (n, fill) in rows.iter().enumerate() {
        let [sent, ack, filled] = fill.times;
        out.set(&Executions::SOURCE_ID, SourceId::new(4))
            .set(&Executions::INSTRUMENT_ID, InstrumentId::new(fill.instrument))
            .set(&Executions::TS_EVENT, filled.map(at))
            .set(&Executions::CLOCK_OFFSET_NS, fill.offset)
            .set(&Executions::EXEC_ID, n.to_string().as_str())
            .set(&Executions::EXEC_TYPE, fill.what)
            .set(&Executions::EXEC_REF_ID, "1")
            .set(&Executions::SIDE, Side::Buy)
            .set(&Executions::LAST_QTY, Amount::parse(fill.qty).unwrap())
            .set(&Executions::LAST_PX, Price::from_nanos(1))
            .set(&Executions::DECISION_ID, fill.decision.map(|n| EventId::v7(n, [0; 10])))
            .set(&Executions::CCY, fill.ccy)
            .set(&Executions::FEE, fill.fee.map(Amount::from_units))
            .set(&Executions::TS_SENT, sent.map(at))
            .set(&Executions::TS_ACK, ack.map(at))
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().with_seq(10).into_record_batch()
}

/// Source 4 with this bound of its clock.
fn bound(ns: i64) -> Context {
    let mut out = TableBuilder::<Sources>::new(at(0));
    out.set(&Sources::TS_AVAIL, at(0))
        .set(&Sources::VALID_FROM, at(0))
        .set(&Sources::SOURCE_ID, SourceId::new(4))
        .set(&Sources::NAME, "x")
        .set(&Sources::VENUE, "XNYS")
        .set(&Sources::KIND, SourceKind::ALL[0])
        .set(&Sources::CLOCK_DOMAIN, "venue")
        .set(&Sources::PRIORITY, 1)
        .set(&Sources::CLOCK_BOUND_NS, ns)
        .end_row()
        .unwrap();
    let mut context = Context::new();
    context.add(&out.finish().unwrap().into_record_batch()).unwrap();
    context
}

#[test]
fn a_decision_comes_after_its_signal_and_before_its_order() {
    let batch = decisions(&[
        [Some(1), Some(2), Some(3)],
        [Some(2), Some(2), Some(2)],
        [Some(3), Some(2), Some(4)],
        [Some(1), Some(3), Some(2)],
        [None, Some(3), None],
        [Some(3), Some(5), Some(2)], // sent before the signal, too
        [None, Some(3), Some(2)],
    ]);
    let (rows, report) = judge("decisions", "ts_chain", "", &batch, &Context::new());
    assert_eq!(rows, [12, 13, 15, 16]);
    assert_eq!(counts(&report), (6, 4), "one stamp alone says nothing");
}

#[test]
fn stamps_of_two_clocks_may_differ_by_the_bound_and_no_more() {
    let fill = |sent, ack, filled, offset| Fill {
        times: [Some(sent), Some(ack), Some(filled)],
        offset,
        ..FILL
    };
    let batch = executions(&[
        fill(1_000, 1_010, 1_020, None),
        fill(1_000, 900, 950, None),       // 100 early: the bound
        fill(1_000, 899, 950, None),       // 101 early
        fill(1_000, 1_010, 1_009, None),   // one clock: 1 ns is too much
        fill(1_000, 700, 710, Some(-300)), // on our clock 1,000 and 1,010
        fill(1_000, 700, 710, Some(-199)), // on our clock 899
    ]);
    let venue = "ours = [\"ts_sent\"]"; // this venue stamps the acknowledgement
    let (rows, report) = judge("executions", "ts_chain", venue, &batch, &bound(100));
    assert_eq!(rows, [12, 13, 15]);
    assert_eq!(counts(&report), (6, 3));
    // Without a bound only the stamps of one clock speak, unless the rule states one.
    assert_eq!(judge("executions", "ts_chain", venue, &batch, &Context::new()).0, [13]);
    let given = "ours = [\"ts_sent\"]\nbound = \"100ns\"";
    assert_eq!(judge("executions", "ts_chain", given, &batch, &Context::new()).0, [12, 13, 15]);
    // Where we stamp it ourselves, it may not come before the order left by 1 ns.
    let batch = executions(&[fill(1_000, 999, 1_020, None), fill(1_000, 1_050, 950, None)]);
    assert_eq!(judge("executions", "ts_chain", "", &batch, &bound(100)).0, [10]);
}

#[test]
fn extreme_stamps_do_not_overflow() {
    let batch = decisions(&[
        [Some(i64::MAX), Some(i64::MIN), None],
        [Some(i64::MIN), Some(i64::MAX), None],
    ]);
    assert_eq!(judge("decisions", "ts_chain", "", &batch, &Context::new()).0, [10]);
}

#[test]
fn a_fill_of_an_unknown_decision_is_an_orphan_and_one_that_the_venue_started_is_not() {
    let mut context = Context::new();
    let fills = [
        Fill { decision: Some(1), ..FILL },
        Fill { decision: Some(9), ..FILL },
        Fill { decision: None, ..FILL },
        Fill { decision: Some(9), what: ExecType::New, ..FILL },
        Fill { decision: Some(9), what: ExecType::Restated, ..FILL },
        Fill { decision: Some(9), what: ExecType::TradeCancel, ..FILL },
    ];
    let batch = executions(&fills);
    let (_, report) = judge("executions", "fk", "", &batch, &context);
    assert!(matches!(verdict(&report), Verdict::NotEvaluated(NotEvaluated::MissingContext(_))));
    context.add(&decisions(&[[None, Some(1), None]])).unwrap();
    let (rows, report) = judge("executions", "fk", "", &batch, &context);
    assert_eq!((rows, counts(&report)), (vec![11, 15], (3, 2)));
    // Every report, when the rule says so.
    assert_eq!(judge("executions", "fk", "is = []", &batch, &context).0, [11, 13, 14, 15]);
}

#[test]
fn a_fill_is_in_the_currency_that_its_instrument_is_quoted_or_settled_in() {
    let context = instruments(&[Version { settle: Some("BTC"), ..Version::default() }]);
    let fills = [
        Fill { ccy: Some("USD"), ..FILL },
        Fill { ccy: Some("BTC"), ..FILL },
        Fill { ccy: Some("JPY"), ..FILL },
        Fill { ccy: None, ..FILL },
        Fill { ccy: Some("JPY"), what: ExecType::New, ..FILL },
        Fill { ccy: Some("JPY"), instrument: 8, ..FILL },
    ];
    let (rows, report) = judge("executions", "currency", "", &executions(&fills), &context);
    assert_eq!((rows, counts(&report)), (vec![12], (3, 1)));
}

#[test]
fn a_fill_without_a_fee_is_told_from_one_that_cost_nothing() {
    let fills = [
        Fill { fee: Some(0), ..FILL },
        Fill { fee: None, ..FILL },
        Fill { fee: Some(-1), ..FILL },
        Fill { fee: None, what: ExecType::New, ..FILL },
    ];
    let (rows, report) =
        judge("executions", "missing_fee", "", &executions(&fills), &Context::new());
    assert_eq!((rows, counts(&report)), (vec![11], (3, 1)));
}

#[test]
fn own_quantities_are_divided_as_decimals() {
    let context = instruments(&[Version { lot: Some("0.1"), ..Version::default() }]);
    let fills = [
        Fill { qty: "0.3", ..FILL },
        Fill { qty: "0.300000001", ..FILL },
        Fill { qty: "99999999999999999999999999999.9", ..FILL },
        Fill { qty: "99999999999999999999999999999.95", ..FILL },
    ];
    let batch = executions(&fills);
    assert_eq!(judge("executions", "lot", "", &batch, &context).0, [11, 13]);
}
