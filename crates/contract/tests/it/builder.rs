//! Builders: a row is whole or absent, and equal rows give equal bytes.

use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{
    Array, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt16Array, UInt32Array,
};
use contract::{
    Aggressor, Amount, BuildError, CodePair, Column, ColumnSet, ColumnType, DecisionAction,
    Decisions, Diagnostic, EventId, InstrumentId, Price, Quotes, Side, Signal, SourceId,
    TableBuilder, TradeAction, Trades, UtcNanos,
};

const NOW: UtcNanos = UtcNanos::from_nanos(1_772_461_800_000_000_000);

fn decision(rows: &mut TableBuilder<Decisions>, n: u8, strategy: &str) {
    rows.set(&Decisions::DECISION_ID, EventId::from_bytes([n; 16]))
        .set(&Decisions::SOURCE_ID, SourceId::new(3))
        .set(&Decisions::STRATEGY_ID, strategy)
        .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(7))
        .set(&Decisions::TS_EVENT, NOW)
        .set(&Decisions::ACTION, DecisionAction::Enter)
        .set(&Decisions::SIDE, Side::Buy)
        .set(&Decisions::QTY, Amount::from_units(100));
}

fn lists(rows: &mut TableBuilder<Decisions>, word: &str) {
    let signal = Signal {
        name: word.to_owned(),
        value: 0.25,
        weight: None,
        version: Some(word.to_owned()),
        ts_avail: None,
    };
    let pair = CodePair { key: word.to_owned(), value: "fx".to_owned() };
    rows.set(&Decisions::SIGNALS, Some([signal.clone(), signal].as_slice()))
        .set(&Decisions::TAGS, Some([pair].as_slice()))
        .set(&Decisions::FEATURE_VECTOR, Some([0.5, -0.5].as_slice()))
        .set(&Decisions::REASON_CODES, Some([word.to_owned()].as_slice()))
        .set(&Decisions::ORDER_ID, word)
        .set(&Decisions::REGIME, word);
}

#[test]
fn a_row_without_a_required_column_is_refused_by_the_first_column_left_unset() {
    let mut rows = TableBuilder::<Trades>::new(NOW);
    rows.set(&Trades::SOURCE_ID, SourceId::new(1))
        .set(&Trades::INSTRUMENT_ID, InstrumentId::new(7))
        .set(&Trades::PX, Price::from_nanos(1));
    let error = rows.end_row().unwrap_err();
    assert_eq!(error.to_string(), "trades.size, row 0: expected a value, found none set");
    assert_eq!(error.code(), "contract/unset-column");
    assert_eq!((rows.len(), rows.finish().unwrap().len()), (0, 0));
}

#[test]
fn a_column_set_twice_in_a_row_refuses_the_row_and_the_next_one_is_free() {
    let mut rows = TableBuilder::<Decisions>::new(NOW);
    decision(&mut rows, 1, "momentum");
    rows.set(&Decisions::STRATEGY_ID, "reversal");
    let error = rows.end_row().unwrap_err();
    assert_eq!(
        error.to_string(),
        "decisions.strategy_id, row 0: expected one value, found two set"
    );
    decision(&mut rows, 1, "momentum");
    rows.end_row().unwrap();
    let draft = rows.finish().unwrap();
    assert_eq!(draft.cell(&Decisions::STRATEGY_ID, 0), Ok("momentum"));
}

/// Every buffer of a batch: two batches with equal buffers are equal bytes in a file.
fn bytes(batch: &RecordBatch) -> Vec<Vec<u8>> {
    fn of(data: &arrow_data::ArrayData, out: &mut Vec<Vec<u8>>) {
        out.extend(data.buffers().iter().map(|b| b.as_slice().to_vec()));
        out.push(data.nulls().map(|n| n.iter().map(u8::from).collect()).unwrap_or_default());
        data.child_data().iter().for_each(|child| of(child, out));
    }
    let mut out = Vec::new();
    batch.columns().iter().for_each(|column| of(&column.to_data(), &mut out));
    out
}

#[test]
fn a_row_taken_back_leaves_nothing_in_words_texts_and_lists() {
    let mut clean = TableBuilder::<Decisions>::new(NOW);
    let mut marred = TableBuilder::<Decisions>::new(NOW);
    for (n, strategy) in [(1, "momentum"), (2, "reversal"), (3, "momentum")] {
        // A half-made row with words, texts and lists of its own, once unset and once set twice.
        lists(&mut marred, "ghost");
        marred.set(&Decisions::STRATEGY_ID, "ghost");
        assert_eq!(marred.end_row().unwrap_err().code(), "contract/unset-column");
        decision(&mut marred, 9, "phantom");
        lists(&mut marred, "phantom");
        marred.set(&Decisions::REGIME, "phantom");
        assert_eq!(marred.end_row().unwrap_err().code(), "contract/column-set-twice");

        for rows in [&mut clean, &mut marred] {
            decision(rows, n, strategy);
            if n == 2 {
                lists(rows, "real");
            }
            rows.end_row().unwrap();
        }
    }
    // A row that was never closed is dropped too.
    lists(&mut marred, "ghost");
    let (clean, marred) = (clean.finish().unwrap(), marred.finish().unwrap());
    let words = |column: &DictionaryArray<Int32Type>| {
        let words = column.values().as_any().downcast_ref::<StringArray>().unwrap();
        words.iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words(marred.col(&Decisions::STRATEGY_ID)), ["momentum", "reversal"]);
    assert_eq!(words(marred.col(&Decisions::REGIME)), ["real"]);
    assert_eq!(marred.col(&Decisions::SIGNALS).values().len(), 2);
    assert_eq!(bytes(&marred.into_record_batch()), bytes(&clean.into_record_batch()));
}

#[test]
fn equal_rows_give_equal_bytes_whatever_the_builder_made_before() {
    let build = |rows: &mut TableBuilder<Decisions>| {
        for (n, strategy) in [(1, "reversal"), (2, "momentum"), (3, "reversal")] {
            decision(rows, n, strategy);
            rows.end_row().unwrap();
        }
        bytes(&rows.finish().unwrap().into_record_batch())
    };
    let mut used = TableBuilder::<Decisions>::new(NOW);
    decision(&mut used, 1, "an earlier batch");
    used.end_row().unwrap();
    used.finish().unwrap();
    assert_eq!(build(&mut used), build(&mut TableBuilder::new(NOW)));
}

#[test]
fn what_is_left_out_is_filled_as_the_contract_says() {
    let mut rows = TableBuilder::<Decisions>::new(NOW);
    decision(&mut rows, 1, "momentum");
    rows.end_row().unwrap();
    rows.set_now(UtcNanos::from_nanos(NOW.nanos() + 5));
    decision(&mut rows, 2, "momentum");
    rows.end_row().unwrap();
    let draft = rows.finish().unwrap();
    let at = NOW.nanos();
    assert_eq!(draft.ts_recv().values(), &[at, at + 5]);
    assert_eq!(draft.ts_avail().values(), &[at, at + 5]);
    assert_eq!(draft.flags().values(), &[0, 0]);
    assert_eq!(draft.cell(&Decisions::STATUS, 0).map(contract::Vocabulary::word), Ok("submitted"));
    assert_eq!(draft.col(&Decisions::SIGNALS).null_count(), 2);
}

#[test]
fn a_finished_batch_that_breaks_a_rule_is_refused_by_row() {
    let mut rows = TableBuilder::<Trades>::new(NOW);
    for size in [1.0, 0.0] {
        rows.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Trades::PX, Price::from_nanos(1))
            .set(&Trades::SIZE, size)
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, TradeAction::Trade)
            .end_row()
            .unwrap();
    }
    let error = rows.finish().unwrap_err();
    assert_eq!(error.code(), "contract/row-rule");
    assert_eq!(
        error.to_string(),
        "rows, row 1: trades.size: expected a size above 0 unless action is `X`, found `0` \
         (contract/out-of-range)"
    );
}

fn quotes() -> ColumnSet<Quotes> {
    ColumnSet::new(NOW)
        .with(&Quotes::SOURCE_ID, UInt16Array::from(vec![1, 1]))
        .with(&Quotes::INSTRUMENT_ID, UInt32Array::from(vec![7, 7]))
}

#[track_caller]
fn refused<V: ColumnType>(column: &Column<Quotes, V>, array: V::Array) -> BuildError {
    quotes().with(column, array).finish().unwrap_err()
}

#[test]
fn whole_columns_are_held_to_the_same_shape_and_rules() {
    assert_eq!(quotes().finish().unwrap().len(), 2);
    assert_eq!(
        refused(&Quotes::BID_PX, Int64Array::from(vec![1])).to_string(),
        "quotes.bid_px: expected 2 rows, found 1"
    );
    assert_eq!(
        refused(&Quotes::TS_EVENT, TimestampNanosecondArray::from(vec![1, 2])).to_string(),
        "quotes.ts_event: expected `Timestamp(ns, \"UTC\")`, found `Timestamp(ns)`"
    );
    assert_eq!(
        refused(&Quotes::BID_SIZE, Float64Array::from(vec![None, Some(1.0)])).to_string(),
        "rows, row 1: quotes.bid_size: expected null where bid_px is null, found \
         `a value beside a null price` (contract/pair-mismatch)"
    );
    let unset = ColumnSet::<Quotes>::new(NOW).with(&Quotes::BID_PX, Int64Array::from(vec![1]));
    assert_eq!(
        unset.finish().unwrap_err().to_string(),
        "quotes.source_id, row 0: expected a value, found none set"
    );
}

#[test]
fn rows_one_by_one_and_columns_whole_make_the_same_batch() {
    let mut rows = TableBuilder::<Quotes>::new(NOW);
    for px in [99, 100] {
        rows.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(7))
            .set(&Quotes::BID_PX, Price::from_nanos(px))
            .end_row()
            .unwrap();
    }
    let columns = quotes().with(&Quotes::BID_PX, Int64Array::from(vec![99, 100]));
    assert_eq!(
        rows.finish().unwrap().into_record_batch(),
        columns.finish().unwrap().into_record_batch()
    );
}
