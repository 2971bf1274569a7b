//! Row rules that look at several columns at once.
//!
//! Structural faults only: implausible values are kept and judged by `quality`.

use crate::any::AnyBatch;
use crate::flags::Flags;
use crate::rule::Rule;
use crate::spec::{Table, TableSpec};
use crate::tables::{
    Adjustments, Bars, BookDeltas, Decisions, Executions, FeatureParams, Features, FeeSchedules,
    FeedMarks, Instruments, Intelligence, Labels, Outcomes, PortfolioSnapshots, QualityEvents,
    Quotes, Roles, Sources, Symbols, Trades,
};
use crate::types::{Column, ColumnType, kind};
use crate::words::{DecisionAction, ExecType, MarkKind};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType, UInt16Type};
use arrow_array::{Array, Float64Array, TimestampNanosecondArray};

type Report<'a> = &'a mut dyn FnMut(usize, String);

/// A cell that holds a known value; null and words outside a closed set are other rules' business.
fn get<'a, T: Table, V: ColumnType>(
    batch: &'a AnyBatch,
    column: &Column<T, V>,
    row: usize,
) -> Option<V::Out<'a>> {
    let array = batch.col(column);
    if array.is_null(row) { None } else { V::value(array, row).ok() }
}

fn is_null<T: Table, V: ColumnType>(batch: &AnyBatch, column: &Column<T, V>, row: usize) -> bool {
    batch.col(column).is_null(row)
}

macro_rules! rule {
    ($code:literal, $column:literal, $expected:literal, |$batch:ident, $row:ident| $found:expr) => {
        Rule {
            code: $code,
            column: $column,
            expected: $expected,
            check: |$batch: &AnyBatch, report: Report<'_>| {
                for $row in 0..$batch.len() {
                    let found: Option<String> = ask(|| $found);
                    if let Some(found) = found {
                        report($row, found);
                    }
                }
            },
        }
    };
    // A column that cannot break the rule unless it has values is asked first.
    ($code:literal, $column:literal, $expected:literal, if $asked:expr, |$batch:ident, $row:ident| $found:expr) => {
        Rule {
            code: $code,
            column: $column,
            expected: $expected,
            check: |$batch: &AnyBatch, report: Report<'_>| {
                if $batch.col(&$asked).null_count() == $batch.len() {
                    return;
                }
                for $row in 0..$batch.len() {
                    let found: Option<String> = ask(|| $found);
                    if let Some(found) = found {
                        report($row, found);
                    }
                }
            },
        }
    };
}

/// Runs a rule's expression, in which `?` ends the question.
fn ask(rule: impl FnOnce() -> Option<String>) -> Option<String> {
    rule()
}

fn null_if(broken: bool) -> Option<String> {
    broken.then(|| "null".to_owned())
}

fn found_if(broken: bool, found: impl std::fmt::Display) -> Option<String> {
    broken.then(|| found.to_string())
}

// The envelope stands at fixed positions of every event table, so its rules need no typed constants.
const TS_EVENT: usize = 2;
const TS_RECV: usize = 4;
const TS_AVAIL: usize = 5;
const CLOCK_OFFSET: usize = 6;
const FLAGS: usize = 7;

fn stamps(batch: &AnyBatch, position: usize) -> &TimestampNanosecondArray {
    batch.at(position).as_primitive::<TimestampNanosecondType>()
}

fn has_backfill(batch: &AnyBatch, row: usize) -> bool {
    let flags = batch.at(FLAGS).as_primitive::<UInt16Type>();
    flags.is_valid(row) && Flags::from_bits(flags.value(row)).has(Flags::BACKFILL)
}

/// Rules of the nine columns that every event table starts with.
pub(crate) const ENVELOPE_RULES: &[Rule] = &[
    Rule {
        code: "no-time",
        column: "ts_recv",
        expected: "null exactly when the flag BACKFILL (256) is set",
        check: |batch, report| {
            let recv = stamps(batch, TS_RECV);
            let flags = batch.at(FLAGS).as_primitive::<UInt16Type>();
            let backfill = Flags::BACKFILL.bits();
            let any = flags.values().iter().fold(0, |all, f| all | f) & backfill;
            if recv.null_count() == 0 && any == 0 {
                return;
            }
            for row in 0..batch.len() {
                match (recv.is_null(row), has_backfill(batch, row)) {
                    (true, false) => report(row, "null without BACKFILL".into()),
                    (false, true) => report(row, "a receive stamp beside BACKFILL".into()),
                    _ => {}
                }
            }
        },
    },
    Rule {
        code: "no-time",
        column: "ts_event",
        expected: "an event time beside BACKFILL",
        check: |batch, report| backfill_needs(batch, stamps(batch, TS_EVENT), report),
    },
    Rule {
        code: "no-time",
        column: "clock_offset_ns",
        expected: "a clock offset beside BACKFILL",
        check: |batch, report| {
            backfill_needs(batch, batch.at(CLOCK_OFFSET).as_primitive::<Int64Type>(), report);
        },
    },
    Rule {
        code: "avail-before-recv",
        column: "ts_avail",
        expected: "availability not before receipt",
        check: |batch, report| {
            let (recv, avail) = (stamps(batch, TS_RECV), stamps(batch, TS_AVAIL));
            let in_order =
                recv.values().iter().zip(avail.values()).fold(true, |ok, (r, a)| ok & (r <= a));
            if in_order {
                return;
            }
            for row in (0..batch.len()).filter(|row| recv.is_valid(*row) && avail.is_valid(*row)) {
                let early = recv.value(row).saturating_sub(avail.value(row));
                if early > 0 {
                    report(row, format!("{early} ns before receipt"));
                }
            }
        },
    },
];

fn backfill_needs(batch: &AnyBatch, needed: &dyn Array, report: Report<'_>) {
    if needed.null_count() == 0 {
        return;
    }
    for row in (0..batch.len()).filter(|row| needed.is_null(*row) && has_backfill(batch, *row)) {
        report(row, "null".into());
    }
}

pub(crate) const TRADES: &[Rule] = &[
    Rule {
        code: "out-of-range",
        column: "size",
        expected: "a size above 0 unless action is `X`",
        check: |batch, report| {
            let sizes: &Float64Array = batch.col(&Trades::SIZE);
            if sizes.values().iter().fold(true, |ok, s| ok & (*s != 0.0)) {
                return;
            }
            let actions = batch.col(&Trades::ACTION);
            for row in 0..batch.len() {
                if sizes.is_valid(row) && sizes.value(row) == 0.0 && actions.value(row) != b'X' {
                    report(row, "0".into());
                }
            }
        },
    },
    Rule {
        code: "conditional-missing",
        column: "ref_trade_id",
        expected: "the print meant by action `X` or `C`",
        check: |batch, report| {
            let actions = batch.col(&Trades::ACTION);
            if actions.values().iter().fold(true, |ok, a| ok & (*a == b'T')) {
                return;
            }
            let meant = batch.col(&Trades::REF_TRADE_ID);
            for row in 0..batch.len() {
                if meant.is_null(row) && matches!(actions.value(row), b'X' | b'C') {
                    report(row, "null".into());
                }
            }
        },
    },
];

/// A size or count needs its price.
fn pair<T: Table, A: ColumnType>(
    batch: &AnyBatch,
    px: &Column<T, kind::Opt<kind::Px>>,
    beside: &Column<T, kind::Opt<A>>,
    report: Report<'_>,
) {
    let (px, beside) = (batch.col(px), batch.col(beside));
    if px.null_count() == 0 || beside.null_count() == batch.len() {
        return;
    }
    for row in (0..batch.len()).filter(|row| px.is_null(*row) && beside.is_valid(*row)) {
        report(row, "a value beside a null price".into());
    }
}

pub(crate) const QUOTES: &[Rule] = &[
    Rule {
        code: "pair-mismatch",
        column: "bid_size",
        expected: "null where bid_px is null",
        check: |batch, report| pair(batch, &Quotes::BID_PX, &Quotes::BID_SIZE, report),
    },
    Rule {
        code: "pair-mismatch",
        column: "ask_size",
        expected: "null where ask_px is null",
        check: |batch, report| pair(batch, &Quotes::ASK_PX, &Quotes::ASK_SIZE, report),
    },
    Rule {
        code: "pair-mismatch",
        column: "bid_ct",
        expected: "null where bid_px is null",
        check: |batch, report| pair(batch, &Quotes::BID_PX, &Quotes::BID_CT, report),
    },
    Rule {
        code: "pair-mismatch",
        column: "ask_ct",
        expected: "null where ask_px is null",
        check: |batch, report| pair(batch, &Quotes::ASK_PX, &Quotes::ASK_CT, report),
    },
];

/// Levels come best first and without holes; sizes and counts need their price.
fn levels(batch: &AnyBatch, report: Report<'_>) {
    let spec: &TableSpec = batch.spec();
    let at = |name: String| spec.columns.iter().position(|c| c.name == name);
    for side in ["bid", "ask"] {
        let mut above: Option<&dyn Array> = None;
        for level in 0..10 {
            let Some(px) = at(format!("{side}_px_{level:02}")) else { continue };
            let px = batch.at(px).as_ref();
            for beside in ["size", "ct"] {
                let Some(beside_at) = at(format!("{side}_{beside}_{level:02}")) else { continue };
                let array = batch.at(beside_at);
                if px.null_count() == 0 || array.null_count() == batch.len() {
                    continue;
                }
                for row in (0..batch.len()).filter(|row| px.is_null(*row) && array.is_valid(*row)) {
                    report(row, format!("{side}_{beside}_{level:02} beside a null price"));
                }
            }
            if let Some(above) =
                above.filter(|a| a.null_count() > 0 && px.null_count() < batch.len())
            {
                for row in (0..batch.len()).filter(|row| above.is_null(*row) && px.is_valid(*row)) {
                    report(row, format!("{side} level {level} below an empty one"));
                }
            }
            above = Some(px);
        }
    }
}

pub(crate) const DEPTHS: &[Rule] = &[Rule {
    code: "pair-mismatch",
    column: "bid_px_00",
    expected: "levels without holes, sizes and counts beside prices",
    check: levels,
}];

pub(crate) const BOOK_DELTAS: &[Rule] = &[Rule {
    code: "conditional-missing",
    column: "px",
    expected: "a price unless action is `R` or `N`, and none then",
    check: |batch, report| {
        let (actions, px) = (batch.col(&BookDeltas::ACTION), batch.col(&BookDeltas::PX));
        for (row, action) in actions.values().iter().enumerate() {
            match (matches!(action, b'R' | b'N'), px.is_null(row)) {
                (false, true) => report(row, "null".into()),
                (true, false) => report(row, "a price".into()),
                _ => {}
            }
        }
    },
}];

pub(crate) const BARS: &[Rule] = &[
    rule!("out-of-range", "ts_close", "an end after the start", |batch, row| {
        let (open, close) = (get(batch, &Bars::TS_OPEN, row)?, get(batch, &Bars::TS_CLOSE, row)?);
        found_if(close <= open, close)
    }),
    rule!("out-of-range", "step_ns", "a length above 0", |batch, row| {
        let step = batch.col(&Bars::STEP_NS).value(row);
        found_if(step <= 0, step)
    }),
    rule!("ohlc-order", "low", "low at most open, high and close", |batch, row| {
        let px = |c: &Column<Bars, kind::Px>| batch.col(c).value(row);
        let low = px(&Bars::LOW);
        let least = px(&Bars::OPEN).min(px(&Bars::CLOSE)).min(px(&Bars::HIGH));
        found_if(low > least, crate::Price::from_nanos(low))
    }),
    rule!("ohlc-order", "high", "high at least open, low and close", |batch, row| {
        let px = |c: &Column<Bars, kind::Px>| batch.col(c).value(row);
        let high = px(&Bars::HIGH);
        let most = px(&Bars::OPEN).max(px(&Bars::CLOSE)).max(px(&Bars::LOW));
        found_if(high < most, crate::Price::from_nanos(high))
    }),
];

pub(crate) const FEED_MARKS: &[Rule] = &[
    rule!("conditional-missing", "ts_mark", "the time of a watermark", |batch, row| {
        let kind = get(batch, &FeedMarks::KIND, row)?;
        null_if(kind == MarkKind::Watermark && is_null(batch, &FeedMarks::TS_MARK, row))
    }),
    rule!("out-of-range", "ts_to", "an end not before the start", if FeedMarks::TS_TO, |batch, row| {
        let (from, to) = (get(batch, &FeedMarks::TS_FROM, row)??, get(batch, &FeedMarks::TS_TO, row)??);
        found_if(to < from, to)
    }),
];

/// Whether a decision of this kind needs side, quantity and instrument.
fn needs_side(action: DecisionAction) -> bool {
    use DecisionAction as A;
    matches!(action, A::Enter | A::Exit | A::Increase | A::Reduce | A::Reverse)
}

fn in_unit(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

pub(crate) const DECISIONS: &[Rule] = &[
    rule!("conditional-missing", "instrument_id", "an instrument for this action", |batch, row| {
        let action = get(batch, &Decisions::ACTION, row)?;
        null_if(needs_side(action) && is_null(batch, &Decisions::INSTRUMENT_ID, row))
    }),
    rule!("conditional-missing", "ts_event", "the moment of deciding", |batch, row| {
        null_if(is_null(batch, &Decisions::TS_EVENT, row))
    }),
    rule!("conditional-missing", "side", "a side for this action, none for hold", |batch, row| {
        let action = get(batch, &Decisions::ACTION, row)?;
        let is_null = is_null(batch, &Decisions::SIDE, row);
        if action == DecisionAction::Hold {
            found_if(!is_null, "a side")
        } else {
            null_if(needs_side(action) && is_null)
        }
    }),
    rule!(
        "conditional-missing",
        "qty",
        "a quantity for this action, none for hold",
        |batch, row| {
            let action = get(batch, &Decisions::ACTION, row)?;
            let is_null = is_null(batch, &Decisions::QTY, row);
            if action == DecisionAction::Hold {
                found_if(!is_null, "a quantity")
            } else {
                null_if(needs_side(action) && is_null)
            }
        }
    ),
    rule!("out-of-range", "qty", "a quantity above 0", if Decisions::QTY, |batch, row| {
        let qty = get(batch, &Decisions::QTY, row)??;
        found_if(qty.nanos() <= 0, qty)
    }),
    rule!("out-of-range", "horizon_ns", "a holding time above 0", if Decisions::HORIZON_NS, |batch, row| {
        let horizon = get(batch, &Decisions::HORIZON_NS, row)??;
        found_if(horizon <= 0, horizon)
    }),
    rule!("out-of-range", "confidence", "a confidence in [0, 1]", if Decisions::CONFIDENCE, |batch, row| {
        let value = get(batch, &Decisions::CONFIDENCE, row)??;
        found_if(!in_unit(value), value)
    }),
    rule!("out-of-range", "action_prob", "a probability in (0, 1]", if Decisions::ACTION_PROB, |batch, row| {
        let value = get(batch, &Decisions::ACTION_PROB, row)??;
        found_if(!(in_unit(value) && value > 0.0), value)
    }),
    rule!("not-finite", "signals", "finite numbers", if Decisions::SIGNALS, |batch, row| {
        let signals = get(batch, &Decisions::SIGNALS, row)??;
        let broken = signals.iter().find(|s| !s.value.is_finite() || s.weight.is_some_and(|w| !w.is_finite()))?;
        Some(format!("{}: {}", broken.name, broken.value))
    }),
    rule!("out-of-range", "alternatives", "finite scores, probabilities in [0, 1]", if Decisions::ALTERNATIVES, |batch, row| {
        let others = get(batch, &Decisions::ALTERNATIVES, row)??;
        let bad = |a: &&crate::Alternative| {
            a.score.is_some_and(|s| !s.is_finite()) || a.prob.is_some_and(|p| !in_unit(p))
        };
        others.iter().find(bad).map(|a| format!("{}: {:?}, {:?}", a.action, a.score, a.prob))
    }),
    rule!("not-finite", "risk_checks", "finite numbers", if Decisions::RISK_CHECKS, |batch, row| {
        let checks = get(batch, &Decisions::RISK_CHECKS, row)??;
        let bad = |c: &&crate::RiskCheck| [c.value, c.limit].iter().flatten().any(|v| !v.is_finite());
        checks.iter().find(bad).map(|c| format!("{}: {:?}", c.rule, c.value))
    }),
    rule!("not-finite", "feature_vector", "finite numbers", if Decisions::FEATURE_VECTOR, |batch, row| {
        let values = get(batch, &Decisions::FEATURE_VECTOR, row)??;
        values.iter().find(|v| !v.is_finite()).map(f64::to_string)
    }),
    rule!("pair-mismatch", "bid_size", "null where bid_px is null", if Decisions::BID_SIZE, |batch, row| {
        found_if(is_null(batch, &Decisions::BID_PX, row) && !is_null(batch, &Decisions::BID_SIZE, row), "a size")
    }),
    rule!("pair-mismatch", "ask_size", "null where ask_px is null", if Decisions::ASK_SIZE, |batch, row| {
        found_if(is_null(batch, &Decisions::ASK_PX, row) && !is_null(batch, &Decisions::ASK_SIZE, row), "a size")
    }),
];

pub(crate) const EXECUTIONS: &[Rule] = &[
    rule!(
        "conditional-missing",
        "last_qty",
        "the quantity of a trade or correction",
        |batch, row| {
            let kind = get(batch, &Executions::EXEC_TYPE, row)?;
            let needs = matches!(kind, ExecType::Trade | ExecType::TradeCorrect);
            null_if(needs && is_null(batch, &Executions::LAST_QTY, row))
        }
    ),
    rule!("out-of-range", "last_qty", "a quantity above 0 for a trade", |batch, row| {
        let kind = get(batch, &Executions::EXEC_TYPE, row)?;
        let qty = get(batch, &Executions::LAST_QTY, row)??;
        found_if(kind == ExecType::Trade && qty.nanos() <= 0, qty)
    }),
    rule!("conditional-missing", "last_px", "the price of a trade or correction", |batch, row| {
        let kind = get(batch, &Executions::EXEC_TYPE, row)?;
        let needs = matches!(kind, ExecType::Trade | ExecType::TradeCorrect);
        null_if(needs && is_null(batch, &Executions::LAST_PX, row))
    }),
    rule!(
        "conditional-missing",
        "exec_ref_id",
        "the fill that is corrected or busted",
        |batch, row| {
            let kind = get(batch, &Executions::EXEC_TYPE, row)?;
            let needs = matches!(kind, ExecType::TradeCorrect | ExecType::TradeCancel);
            null_if(needs && is_null(batch, &Executions::EXEC_REF_ID, row))
        }
    ),
];

pub(crate) const PORTFOLIO_SNAPSHOTS: &[Rule] = &[
    rule!("pair-mismatch", "balances", "total = locked + free", if PortfolioSnapshots::BALANCES, |batch, row| {
        let balances = get(batch, &PortfolioSnapshots::BALANCES, row)??;
        let bad = |b: &&crate::Balance| b.locked.checked_add(b.free) != Some(b.total);
        balances.iter().find(bad).map(|b| format!("{}: {} = {} + {}", b.ccy, b.total, b.locked, b.free))
    }),
];

pub(crate) const POSTINGS: &[Rule] =
    &[rule!("conditional-missing", "ts_event", "the posting time", |batch, row| {
        null_if(is_null(batch, &crate::Postings::TS_EVENT, row))
    })];

pub(crate) const INTELLIGENCE: &[Rule] = &[
    rule!("out-of-range", "ts_scored", "a score not after its availability", if Intelligence::TS_SCORED, |batch, row| {
        let scored = get(batch, &Intelligence::TS_SCORED, row)??;
        found_if(scored > get(batch, &Intelligence::TS_AVAIL, row)?, scored)
    }),
    rule!("out-of-range", "sentiment", "a value in [-1, 1]", if Intelligence::SENTIMENT, |batch, row| {
        let value = get(batch, &Intelligence::SENTIMENT, row)??;
        found_if(!(-1.0..=1.0).contains(&value), value)
    }),
    rule!("out-of-range", "sentiment_confidence", "a value in [0, 1]", if Intelligence::SENTIMENT_CONFIDENCE, |batch, row| {
        let value = get(batch, &Intelligence::SENTIMENT_CONFIDENCE, row)??;
        found_if(!in_unit(value), value)
    }),
    rule!("out-of-range", "novelty", "a value in [0, 1]", if Intelligence::NOVELTY, |batch, row| {
        let value = get(batch, &Intelligence::NOVELTY, row)??;
        found_if(!in_unit(value), value)
    }),
    rule!("out-of-range", "entities", "relevance in [0, 1]", if Intelligence::ENTITIES, |batch, row| {
        let entities = get(batch, &Intelligence::ENTITIES, row)??;
        entities.iter().find(|e| !in_unit(e.relevance)).map(|e| e.relevance.to_string())
    }),
    rule!("conditional-missing", "is_retracted", "a retraction without values", if Intelligence::IS_RETRACTED, |batch, row| {
        let retracted = get(batch, &Intelligence::IS_RETRACTED, row)??;
        let any = [&Intelligence::SENTIMENT, &Intelligence::MAGNITUDE, &Intelligence::VALUE]
            .iter()
            .any(|c| !is_null(batch, c, row));
        found_if(retracted && any, "a retraction with values")
    }),
];

macro_rules! validity {
    ($table:ident) => {
        rule!("out-of-range", "valid_to", "an end after the start", if $table::VALID_TO, |batch, row| {
            let (from, to) = (get(batch, &$table::VALID_FROM, row)?, get(batch, &$table::VALID_TO, row)??);
            found_if(to <= from, to)
        })
    };
}

pub(crate) const SOURCES: &[Rule] = &[
    validity!(Sources),
    rule!("out-of-range", "declared_delay_ns", "a delay of at least 0", if Sources::DECLARED_DELAY_NS, |batch, row| {
        let delay = get(batch, &Sources::DECLARED_DELAY_NS, row)??;
        found_if(delay < 0, delay)
    }),
];

pub(crate) const INSTRUMENTS: &[Rule] = &[
    validity!(Instruments),
    rule!("out-of-range", "multiplier", "a multiplier above 0", |batch, row| {
        let multiplier = get(batch, &Instruments::MULTIPLIER, row)?;
        found_if(multiplier.nanos() <= 0, multiplier)
    }),
    rule!("out-of-range", "tick_size", "a tick above 0", if Instruments::TICK_SIZE, |batch, row| {
        let tick = get(batch, &Instruments::TICK_SIZE, row)??;
        found_if(tick.nanos() <= 0, tick)
    }),
];

pub(crate) const SYMBOLS: &[Rule] = &[validity!(Symbols)];
pub(crate) const ROLES: &[Rule] = &[validity!(Roles)];
pub(crate) const FEE_SCHEDULES: &[Rule] = &[validity!(FeeSchedules)];

pub(crate) const ADJUSTMENTS: &[Rule] = &[
    rule!(
        "conditional-missing",
        "num",
        "numerator and denominator above 0, or neither",
        |batch, row| {
            let (num, den) =
                (get(batch, &Adjustments::NUM, row)?, get(batch, &Adjustments::DEN, row).flatten());
            let sound = match (num, den) {
                (Some(n), Some(d)) => n > 0 && d > 0,
                (None, None) => true,
                _ => false,
            };
            found_if(!sound, format!("{num:?} / {den:?}"))
        }
    ),
    rule!("conditional-missing", "num", "a ratio for a split", |batch, row| {
        use crate::words::AdjustmentKind as K;
        let kind = get(batch, &Adjustments::KIND, row)?;
        null_if(
            matches!(kind, K::Split | K::StockDividend) && is_null(batch, &Adjustments::NUM, row),
        )
    }),
];

pub(crate) const SESSIONS: &[Rule] = &[
    rule!("out-of-range", "ts_end", "an end after the start", |batch, row| {
        use crate::Sessions;
        let (start, end) =
            (get(batch, &Sessions::TS_START, row)?, get(batch, &Sessions::TS_END, row)?);
        found_if(end <= start, end)
    }),
    rule!("out-of-range", "local_date", "a day as `YYYY-MM-DD`", |batch, row| {
        let day = get(batch, &crate::Sessions::LOCAL_DATE, row)?;
        let known = crate::UtcNanos::parse(&format!("{day}T00:00:00Z")).is_ok();
        found_if(!known, day)
    }),
];

pub(crate) const FEATURE_PARAMS: &[Rule] = &[rule!(
    "out-of-range",
    "fit_to",
    "an end of fitting before the availability",
    |batch, row| {
        let (to, avail) =
            (get(batch, &FeatureParams::FIT_TO, row)?, get(batch, &FeatureParams::TS_AVAIL, row)?);
        found_if(to >= avail, to)
    }
)];

/// The reasons of a dynamic table: byte i is 0 exactly when the i-th dynamic column is not null.
fn reasons(batch: &AnyBatch, report: Report<'_>) {
    let Some(at) = batch.spec().columns.iter().position(|c| c.name == "null_reasons") else {
        return;
    };
    let packed = batch.at(at).as_fixed_size_binary();
    for (nth, (field, array)) in batch.dynamic().enumerate() {
        for row in (0..batch.len()).filter(|row| packed.is_valid(*row)) {
            let code = packed.value(row).get(nth).copied().unwrap_or(0);
            if (code == 0) != array.is_valid(row) {
                let what =
                    if code == 0 { "null without a reason" } else { "a value beside a reason" };
                report(row, format!("{}: {what}", field.name()));
            }
        }
    }
}

pub(crate) const FEATURES: &[Rule] = &[
    rule!(
        "avail-after-cutoff",
        "src_ts_avail_max",
        "sources available before the cut-off",
        |batch, row| {
            let latest = get(batch, &Features::SRC_TS_AVAIL_MAX, row)??;
            found_if(latest >= get(batch, &Features::TS_CUTOFF, row)?, latest)
        }
    ),
    Rule {
        code: "pair-mismatch",
        column: "null_reasons",
        expected: "a reason for each null feature, and none for the others",
        check: reasons,
    },
];

macro_rules! intervals {
    ($table:ident) => {
        rule!(
            "out-of-range",
            "ts_end",
            "ts_cutoff < ts_end <= ts_latest_end and ts_end <= ts_until <= ts_avail",
            |batch, row| {
                let at = |c: &Column<$table, kind::Ts>| get(batch, c, row);
                let (cutoff, end) = (at(&$table::TS_CUTOFF)?, at(&$table::TS_END)?);
                let (latest, until) = (at(&$table::TS_LATEST_END)?, at(&$table::TS_UNTIL)?);
                let avail = at(&$table::TS_AVAIL)?;
                let sound = cutoff < end && end <= latest && end <= until && until <= avail;
                found_if(!sound, end)
            }
        )
    };
}

pub(crate) const OUTCOMES: &[Rule] = &[
    intervals!(Outcomes),
    Rule {
        code: "pair-mismatch",
        column: "null_reasons",
        expected: "a reason for each null measure, and none for the others",
        check: reasons,
    },
];

pub(crate) const LABELS: &[Rule] = &[intervals!(Labels)];

pub(crate) const QUALITY_EVENTS: &[Rule] = &[
    rule!("out-of-range", "score", "a score from 0 to 100", if QualityEvents::SCORE, |batch, row| {
        let score = get(batch, &QualityEvents::SCORE, row)??;
        found_if(!(0.0..=100.0).contains(&score), score)
    }),
    rule!("out-of-range", "coverage", "a share from 0 to 1", if QualityEvents::COVERAGE, |batch, row| {
        let share = get(batch, &QualityEvents::COVERAGE, row)??;
        found_if(!in_unit(share), share)
    }),
    rule!("out-of-range", "sample_seqs", "at most 8 rows", if QualityEvents::SAMPLE_SEQS, |batch, row| {
        let seqs = get(batch, &QualityEvents::SAMPLE_SEQS, row)??;
        found_if(seqs.len() > 8, seqs.len())
    }),
    rule!("out-of-range", "detail", "at most 4096 bytes", if QualityEvents::DETAIL, |batch, row| {
        let detail = get(batch, &QualityEvents::DETAIL, row)??;
        found_if(detail.len() > 4096, detail.len())
    }),
];
