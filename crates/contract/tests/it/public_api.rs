//! What a strategy, an importer and a reader write, through public paths alone.

use crate::rows::{Cell, Dice, Rows, text};
use contract::{
    Aggressor, Amount, Batch, CertificateVerdict, DataQualityEvent, Decisions, Draft, Envelope,
    EventId, InstrumentId, Intent, MarketDataEvent, Origin, Price, Side, SourceId, TABLES, Table,
    TextTable, TradeAction, TradeEvent, TradeMore, Trades, TradingDecisionEvent, Type, UtcNanos,
    admit, admit_any, write_json_row,
};

/// The eight columns of a small strategy, and no other.
const SMALL: &str = r#"{"decision_id":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f","source_id":3,"strategy_id":"momentum","instrument_id":7,"ts_event":"2026-03-02T14:30:00.000250Z","action":"enter","side":"buy","qty":"100"}"#;

#[test]
fn a_decision_of_eight_columns_is_whole() {
    let now = UtcNanos::parse("2026-03-02T14:30:00.000300Z").unwrap();
    let mut lines = TextTable::new(Decisions::SPEC, Origin::new("feeds", "-"), Some(now));
    lines.json_line(1, SMALL.as_bytes());
    let admitted = lines.take().unwrap();
    assert_eq!(admitted.rejects, []);
    let draft = Draft::<Decisions>::try_from_any(admitted.good).unwrap();
    let [decision] = draft.events::<TradingDecisionEvent>().unwrap().try_into().unwrap();
    let core = contract::DecisionCore {
        decision_id: EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap(),
        source_id: SourceId::new(3),
        strategy_id: "momentum".to_owned(),
        instrument_id: Some(InstrumentId::new(7)),
        ts_event: UtcNanos::parse("2026-03-02T14:30:00.000250Z").unwrap(),
    };
    let intent = Intent::Enter { side: Side::Buy, qty: Amount::from_units(100) };
    let expected = TradingDecisionEvent::new(core, intent).with(|m| {
        m.ts_recv = Some(now);
        m.ts_avail = Some(now);
    });
    assert_eq!(decision, expected);
}

#[test]
fn every_further_column_of_a_decision_may_be_null_on_its_own() {
    let mut dice = Dice::new(11);
    let mut full = Rows::plain(Decisions::SPEC);
    for column in Decisions::SPEC.columns.iter().filter(|c| c.nullable) {
        if *full.get(0, column.name) == Cell::Null {
            full.set(0, column.name, dice.cell(column.ty));
        }
    }
    let share = [("confidence", 0.7), ("action_prob", 0.5)];
    for (column, value) in share {
        full.set(0, column, Cell::Float(value));
    }
    full.set(0, "horizon_ns", Cell::Int(60_000_000_000));
    full.set(
        0,
        "alternatives",
        Cell::List(vec![Cell::Struct(vec![text("hold"), Cell::Null, Cell::Null])]),
    );
    let rejects = |rows: &Rows| {
        let found = admit_any(rows.spec, &rows.batch(), &Origin::new("feeds", "a")).unwrap();
        found.rejects.into_iter().map(|r| r.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(rejects(&full), [""; 0]);
    // Those that this decision needs, and the price beside a size.
    let needed = ["instrument_id", "ts_event", "side", "qty", "ts_recv", "bid_px", "ask_px"];
    for column in Decisions::SPEC.columns.iter().filter(|c| c.nullable) {
        let without = full.clone().with(&[(column.name, Cell::Null)]);
        let expected = usize::from(needed.contains(&column.name));
        assert_eq!(rejects(&without).len(), expected, "{}: {:?}", column.name, rejects(&without));
    }
}

#[test]
fn a_day_in_the_life_of_a_print() {
    let now = UtcNanos::parse("2024-08-08T23:54:15.030314667Z").unwrap();
    let px = Price::parse("61700.1").unwrap();
    let print = TradeEvent {
        envelope: Envelope::new(SourceId::new(1), InstrumentId::new(7)),
        px,
        size: 0.002,
        aggressor: Aggressor::Seller,
        action: TradeAction::Trade,
        more: TradeMore::default(),
    };
    let [batch] = MarketDataEvent::to_batches(&[print.into()], now).unwrap().try_into().unwrap();
    let file = batch.into_record_batch(); // to a file and back
    let good = admit::<Trades>(&file, &Origin::new("feeds", "tape")).unwrap().good;
    let logged = good.with_seq(20_117_334); // a log numbers it
    let read = Batch::<Trades>::parse(&logged.into_record_batch()).unwrap();
    assert_eq!(read.seq().values(), &[20_117_334]);
    assert_eq!(read.col(&Trades::PX).values(), &[61_700_100_000_000]);
    let mut line = String::new();
    write_json_row(&mut line, read.as_any(), 0).unwrap();
    assert!(line.starts_with(r#"{"seq":"20117334","source_id":1,"#), "{line}");
    assert!(line.contains(r#""px":"61700.1","size":0.002,"aggressor":"A""#), "{line}");
}

#[test]
fn the_tables_of_the_contract_are_all_there() {
    let names: Vec<&str> = TABLES.iter().map(|t| t.name).collect();
    // contract.md 3, in its order.
    let expected = "trades quotes depths book_deltas bars statuses feed_marks clocks decisions \
        executions portfolio_snapshots positions postings intelligence sources instruments symbols \
        adjustments sessions scheduled_events roles fee_schedules feature_params features outcomes \
        labels references quality_events dataset_events rejects repairs lineage_edges \
        ledger_producers ledger_runs ledger_gaps ledger_buckets feature_scores markouts \
        label_weights label_tests label_audits rule_sets sample_events pending";
    assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn tables_that_need_the_future_say_so_and_no_other() {
    let later: Vec<&str> = TABLES
        .iter()
        .filter(|t| t.schema(false).metadata()[contract::meta::CAUSALITY] == "hindsight")
        .map(|t| t.name)
        .collect();
    let expected = [
        "outcomes",
        "labels",
        "feature_scores",
        "markouts",
        "label_weights",
        "label_tests",
        "label_audits",
        "pending",
    ];
    assert_eq!(later, expected);
}

#[test]
fn shared_types_cross_threads() {
    fn check<T: Send + Sync>() -> usize {
        size_of::<T>()
    }
    let sizes = [
        check::<Draft<Trades>>(),
        check::<Batch<Trades>>(),
        check::<TradingDecisionEvent>(),
        check::<DataQualityEvent>(),
        check::<contract::TableBuilder<Trades>>(),
        check::<CertificateVerdict>(),
        check::<Type>(),
    ];
    assert!(sizes.iter().all(|s| *s > 0));
}
