//! Halts: who says so, for how long, and what stops.

use contract::testing::{decisions, quotes};
use contract::{
    Batch, Draft, Features, InstrumentId, Quotes, SourceId, Statuses, TableBuilder, UtcNanos,
};
use features::{Catalogue, Inputs, Null, Options, Spec, run};

const S: i64 = 1_000_000_000;

/// A state of instrument 1 at a source.
fn state(seq: u64, source: u16, ts: i64, trades: bool) -> Batch<Statuses> {
    let mut rows = TableBuilder::<Statuses>::new(UtcNanos::from_nanos(ts));
    rows.set(&Statuses::SOURCE_ID, SourceId::new(source))
        .set(&Statuses::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Statuses::TS_EVENT, UtcNanos::from_nanos(ts))
        .set(&Statuses::ACTION, if trades { "trading" } else { "halt" })
        .set(&Statuses::IS_TRADING, trades)
        .set(&Statuses::IS_QUOTING, trades);
    rows.end_row().unwrap();
    rows.finish().unwrap().with_seq(seq)
}

/// Whether the spread is there at 20, 40 and 60 s, under these states.
fn shown(states: Vec<Batch<Statuses>>) -> Vec<bool> {
    let tape: Draft<Quotes> =
        quotes("1000000000 99 101, 19000000000 99 101, 39000000000 99 101, 59000000000 99 101");
    let inputs = Inputs {
        decisions: vec![decisions(&[20 * S, 40 * S, 60 * S]).with_seq(50)],
        quotes: vec![tape.with_seq(0)],
        statuses: states,
        ..Inputs::default()
    };
    let spec = Spec::parse("features = [\"book__spread_bps__now\"]").unwrap();
    let rows = run(spec.resolve(&Catalogue::builtin()).unwrap(), &inputs, Options::default())
        .unwrap()
        .rows
        .unwrap();
    let reasons = rows.col(&Features::NULL_REASONS);
    (0..3)
        .map(|row| match reasons.value(row) {
            [0] => true,
            [code] if *code == Null::Halted as u8 => false,
            other => panic!("row {row}: {other:?}"),
        })
        .collect()
}

#[test]
fn a_halt_holds_until_the_next_state_of_its_source() {
    assert_eq!(shown(Vec::new()), [true, true, true]);
    assert_eq!(shown(vec![state(10, 1, 15 * S, false)]), [false, false, false]);
    let states = vec![state(10, 1, 15 * S, false), state(11, 1, 45 * S, true)];
    assert_eq!(shown(states), [false, false, true]);
}

#[test]
fn the_break_of_one_venue_is_no_halt_of_another() {
    let open = |ts| vec![state(10, 1, ts, true), state(11, 2, ts, true)];
    let mut lunch = open(2 * S);
    lunch.push(state(12, 2, 15 * S, false));
    assert_eq!(shown(lunch.clone()), [true, true, true]);
    // From here on nobody trades, and the end of the break is the end of it.
    lunch.push(state(13, 1, 35 * S, false));
    assert_eq!(shown(lunch.clone()), [true, false, false]);
    lunch.push(state(14, 2, 45 * S, true));
    assert_eq!(shown(lunch), [true, false, true]);
}
