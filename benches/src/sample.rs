//! A few decisions with numbers that a reader can check by eye.

use contract::{
    Amount, BuildError, DecisionCore, Decisions, Draft, EventId, InstrumentId, Intent, Price, Side,
    Signal, SourceId, TradingDecisionEvent, UtcNanos,
};

/// Four decisions of one strategy: a purchase with a limit and two signals, a sale at the market, a hold, and a
/// purchase whose limit no double holds.
///
/// The guide for Python readers works on them.
///
/// # Errors
/// None for the numbers that stand here.
pub fn sample_decisions() -> Result<Draft<Decisions>, BuildError> {
    // 2026-03-02T14:30:00.000250001Z and the seconds after it.
    let at = |second: i64| UtcNanos::from_nanos(1_772_461_800_000_250_001 + second * 1_000_000_000);
    let decision = |n: u8, intent: Intent| {
        let core = DecisionCore {
            decision_id: EventId::v7(1_772_461_800_000 + u64::from(n), [n; 10]),
            source_id: SourceId::new(3),
            strategy_id: "momentum".to_owned(),
            instrument_id: Some(InstrumentId::new(7)),
            ts_event: at(i64::from(n)),
        };
        TradingDecisionEvent::new(core, intent)
    };
    let qty = |nanos: i128| Amount::from_nanos(nanos).unwrap_or(Amount::ZERO);
    let signal = |name: &str, value: f64, ts_avail: UtcNanos| Signal {
        name: name.to_owned(),
        value,
        weight: None,
        version: None,
        ts_avail: Some(ts_avail),
    };
    let events = [
        decision(0, Intent::Enter { side: Side::Buy, qty: qty(100_000_000_000) }).with(|m| {
            m.limit_px = Some(Price::from_nanos(187_420_000_001));
            m.signals = Some(vec![
                signal("imbalance", 0.62, at(-1)),
                signal("news", -0.1, UtcNanos::from_nanos(at(0).nanos() - 1)),
            ]);
        }),
        decision(1, Intent::Exit { side: Side::Sell, qty: qty(99_999_999_999) }),
        decision(2, Intent::Hold),
        decision(3, Intent::Enter { side: Side::Buy, qty: qty(1) }).with(|m| {
            // 2^53 + 1 of 1e-9.
            m.limit_px = Some(Price::from_nanos(9_007_199_254_740_993));
        }),
    ];
    Draft::from_events(&events, at(4))
}
