//! Event structs lose nothing on the way to a batch and back.

use crate::rows::Rows;
use contract::{
    Amount, AnyBatch, BarEvent, BookDeltaEvent, ClockEvent, DataQualityEvent, DecisionCore,
    DepthEvent, Diagnostic, Draft, Envelope, Event, EventId, ExecutionEvent, FeedMarkEvent, Fill,
    Flags, InstrumentId, IntelligenceEvent, Intent, MarketDataEvent, PortfolioSnapshotEvent,
    PositionEvent, PostingEvent, Price, QuoteEvent, RowDigest, Side, SourceId, StatusEvent, Table,
    TradeEvent, TradeExecutedEvent, TradingDecisionEvent, TrainingDatasetEvent, UtcNanos, table,
};
use proptest::prelude::*;

const NOW: UtcNanos = UtcNanos::from_nanos(1_772_461_800_000_000_000);

/// Batch to structs to batch to structs: the structs are equal, and so are the rows of both batches.
fn both_ways<E: Event + Clone + PartialEq + std::fmt::Debug>(len: usize, seed: u64) {
    let rows = Rows::valid(<E::Table as Table>::SPEC, len, seed);
    let draft = Draft::<E::Table>::parse(&rows.batch()).unwrap();
    let events: Vec<E> = draft.events().unwrap();
    assert_eq!(events.len(), len);
    let again = Draft::from_events(&events, UtcNanos::from_nanos(1)).unwrap();
    assert_eq!(again.events::<E>().unwrap(), events);
    assert_eq!(RowDigest::of(&again), RowDigest::of(&draft));
    // A log numbers the rows and changes none.
    assert_eq!(again.with_seq(9).events::<E>().unwrap(), events);
}

macro_rules! laws {
    ($($name:ident: $event:ty;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
            $(#[test]
            fn $name(len in 0_usize..12, seed: u64) {
                both_ways::<$event>(len, seed);
            })*
        }
    };
}
laws! {
    decisions_keep_every_value: TradingDecisionEvent;
    executions_keep_every_value: ExecutionEvent;
    portfolio_snapshots_keep_every_value: PortfolioSnapshotEvent;
    positions_keep_every_value: PositionEvent;
    postings_keep_every_value: PostingEvent;
    intelligence_keeps_every_value: IntelligenceEvent;
    quality_events_keep_every_value: DataQualityEvent;
    dataset_events_keep_every_value: TrainingDatasetEvent;
    trades_keep_every_value: TradeEvent;
    quotes_keep_every_value: QuoteEvent;
    depths_keep_every_value: DepthEvent;
    book_deltas_keep_every_value: BookDeltaEvent;
    bars_keep_every_value: BarEvent;
    statuses_keep_every_value: StatusEvent;
    feed_marks_keep_every_value: FeedMarkEvent;
    clocks_keep_every_value: ClockEvent;
}

const MARKET: [&str; 8] =
    ["trades", "quotes", "depths", "book_deltas", "bars", "statuses", "feed_marks", "clocks"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn market_data_comes_back_in_order_from_one_batch_a_run(
        runs in proptest::collection::vec((0..MARKET.len(), 1_usize..4, any::<u64>()), 0..8),
    ) {
        let mut events = Vec::new();
        let mut tables: Vec<&str> = Vec::new();
        for (which, len, seed) in runs {
            let spec = table(MARKET[which]).unwrap();
            let batch = AnyBatch::parse(spec, &Rows::valid(spec, len, seed).batch()).unwrap();
            events.extend(MarketDataEvent::from_batch(&batch).unwrap());
            tables.push(spec.name);
        }
        tables.dedup();
        let batches = MarketDataEvent::to_batches(&events, NOW).unwrap();
        let found: Vec<&str> = batches.iter().map(|b| b.spec().name).collect();
        prop_assert_eq!(found, tables);
        let back: Vec<MarketDataEvent> =
            batches.iter().flat_map(|b| MarketDataEvent::from_batch(b).unwrap()).collect();
        prop_assert_eq!(back, events);
    }

    #[test]
    fn fills_alone_are_read_as_trades(len in 0_usize..12, seed: u64) {
        let rows = Rows::valid(contract::Executions::SPEC, len, seed);
        let draft = Draft::<contract::Executions>::parse(&rows.batch()).unwrap();
        let all: Vec<ExecutionEvent> = draft.events().unwrap();
        let fills: Vec<TradeExecutedEvent> =
            all.clone().into_iter().filter_map(ExecutionEvent::into_trade).collect();
        let again: Vec<TradeExecutedEvent> =
            Draft::from_events(&fills, NOW).unwrap().events().unwrap();
        prop_assert_eq!(&again, &fills);
        // Reading a report that is no fill as a trade names the row instead of leaving it out.
        let first_other = all.iter().position(|e| e.clone().into_trade().is_none());
        match (first_other, draft.events::<TradeExecutedEvent>()) {
            (None, found) => prop_assert_eq!(found.unwrap(), fills),
            (Some(row), found) => {
                let text = found.unwrap_err().to_string();
                let start = format!("executions.exec_type, row {row}: expected a fill, its correction");
                prop_assert!(text.starts_with(&start), "{}", text);
            }
        }
    }
}

fn core() -> DecisionCore {
    DecisionCore {
        decision_id: EventId::v7(1_772_461_800_000, [7; 10]),
        source_id: SourceId::new(3),
        strategy_id: "momentum".to_owned(),
        instrument_id: Some(InstrumentId::new(7)),
        ts_event: NOW,
    }
}

#[test]
fn stamps_left_out_become_now_and_a_backfilled_receipt_stays_unknown() {
    let live = TradingDecisionEvent::new(core(), Intent::Hold);
    let history = live.clone().with(|m| {
        m.flags = Flags::BACKFILL;
        m.clock_offset_ns = Some(0);
    });
    let mut own_id = history;
    own_id.core.decision_id = EventId::v7(1_772_461_800_001, [7; 10]);
    let back: Vec<TradingDecisionEvent> =
        Draft::from_events(&[live, own_id], NOW).unwrap().events().unwrap();
    let receipt = |e: &TradingDecisionEvent| (e.more.ts_recv, e.more.ts_avail);
    assert_eq!(receipt(&back[0]), (Some(NOW), Some(NOW)));
    assert_eq!(receipt(&back[1]), (None, Some(NOW)));
}

#[test]
fn a_decision_to_enter_without_an_instrument_is_refused_by_row_and_column() {
    let mut nowhere = core();
    nowhere.instrument_id = None;
    nowhere.decision_id = EventId::v7(2, [0; 10]);
    let intent = Intent::Enter { side: Side::Buy, qty: Amount::from_units(1) };
    let events =
        [TradingDecisionEvent::new(core(), intent), TradingDecisionEvent::new(nowhere, intent)];
    assert_eq!(
        Draft::from_events(&events, NOW).unwrap_err().to_string(),
        "rows, row 1: decisions.instrument_id: expected an instrument for this action, found `null` \
         (contract/conditional-missing)"
    );
}

#[test]
fn rows_that_no_struct_can_hold_are_named_with_what_stands_there() {
    // Parsed for its shape alone, as our own data is; `admit` would have refused the rows.
    let enter = Rows::plain(contract::Decisions::SPEC).with(&[("side", crate::rows::Cell::Null)]);
    let draft = Draft::<contract::Decisions>::parse(&enter.batch()).unwrap();
    let error = draft.events::<TradingDecisionEvent>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "decisions.side, row 0: expected a side for this action, found null"
    );
    assert_eq!(error.code(), "contract/event-cell");

    let odd = Rows::plain(contract::Trades::SPEC).with(&[("action", crate::rows::code(b'q'))]);
    let draft = Draft::<contract::Trades>::parse(&odd.batch()).unwrap();
    assert_eq!(
        draft.events::<TradeEvent>().unwrap_err().to_string(),
        "trades.action, row 0: expected one of T X C, found `q`"
    );

    let text = crate::rows::text;
    let surplus = Rows::plain(contract::Executions::SPEC).with(&[
        ("exec_type", text("trade")),
        ("last_qty", crate::rows::Cell::Int(1)),
        ("last_px", crate::rows::Cell::Int(1)),
        ("exec_ref_id", text("17")),
    ]);
    let draft = Draft::<contract::Executions>::parse(&surplus.batch()).unwrap();
    assert_eq!(
        draft.events::<ExecutionEvent>().unwrap_err().to_string(),
        "executions.exec_ref_id, row 0: expected none for a trade, found `17`"
    );

    let decisions = contract::testing::decisions(&[1]).into_any();
    assert_eq!(
        MarketDataEvent::from_batch(&decisions).unwrap_err().to_string(),
        "expected a table of market data, found `decisions`"
    );
}

#[test]
fn the_three_kinds_of_fill_write_their_own_columns() {
    let (qty, px) = (Amount::parse("0.002").unwrap(), Price::parse("61700.1").unwrap());
    let fills = [
        Fill::Trade { last_qty: qty, last_px: px },
        Fill::Correct { exec_ref_id: "1".into(), last_qty: qty, last_px: px },
        Fill::Cancel { exec_ref_id: "1".into(), last_qty: None, last_px: None },
    ];
    let events = fills.map(|fill| {
        let envelope = Envelope::new(SourceId::new(4), InstrumentId::new(7)).at(NOW);
        TradeExecutedEvent::new(envelope, "x", Side::Buy, fill)
    });
    let draft = Draft::from_events(&events, NOW).unwrap();
    let column = |row| {
        let kind = draft.cell(&contract::Executions::EXEC_TYPE, row).unwrap();
        let meant = draft.cell(&contract::Executions::EXEC_REF_ID, row).unwrap();
        let qty = draft.cell(&contract::Executions::LAST_QTY, row).unwrap();
        (contract::Vocabulary::word(kind), meant, qty.map(|q| q.to_string()))
    };
    assert_eq!(column(0), ("trade", None, Some("0.002".into())));
    assert_eq!(column(1), ("trade_correct", Some("1"), Some("0.002".into())));
    assert_eq!(column(2), ("trade_cancel", Some("1"), None));
}
