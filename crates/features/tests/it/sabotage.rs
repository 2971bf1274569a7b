//! Planted leaks: each must be found, by the part of the certificate that is there for it; and no false alarm.

use contract::arrow_array::{
    Array, Int64Array, RecordBatch, TimestampNanosecondArray, UInt64Array,
};
use contract::arrow_schema::{DataType, Field, Schema};
use contract::testing::{decisions, quotes};
use contract::{
    Batch, CausalityPart, CausalityReport, EventTable, FeatureParams, Hash, Quotes, TableBuilder,
    TradeAction, Trades, UtcNanos,
};
use features::testing::market;
use features::{
    Catalogue, CertifyOptions, Declaration, Formula, Inputs, Measure, MeasureKind, Needs, Null,
    Plan, Rows, Series, Spec, SweepError, Window, certify, certify_prepared,
};
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

const S: i64 = 1_000_000_000;
const FEW: CertifyOptions = CertifyOptions { seed: 11, budget: 0.0, min_cutoffs: 8 };

/// Decisions on instrument 1 alone, so that a side channel that looks at its rows only is honest about that.
fn of_one(mut inputs: Inputs) -> Inputs {
    let batch = inputs.decisions.remove(0);
    let own = (0..batch.len()).filter(|row| batch.instrument_id().value(*row) == 1);
    inputs.decisions = own.map(|row| batch.slice(row, 1)).collect();
    inputs
}

/// A row of a tape as a side channel sees it.
#[derive(Debug, Clone, PartialEq)]
struct Tick {
    avail: i64,
    event: i64,
    /// Price, or twice the mid.
    px: Option<i64>,
    size: f64,
    id: String,
    action: TradeAction,
    orders: u32,
}

fn rows<T: EventTable>(batches: &[Batch<T>], each: impl Fn(&Batch<T>, usize) -> Tick) -> Vec<Tick> {
    let mut all = Vec::new();
    for batch in batches {
        let own = (0..batch.len()).filter(|row| batch.instrument_id().value(*row) == 1);
        all.extend(own.map(|row| each(batch, row)));
    }
    all
}

fn mids(inputs: &Inputs) -> Vec<Tick> {
    rows(&inputs.quotes, |batch, row| {
        let side = |array: &Int64Array| (!array.is_null(row)).then(|| array.value(row));
        let (bid, ask) = (side(batch.col(&Quotes::BID_PX)), side(batch.col(&Quotes::ASK_PX)));
        Tick {
            avail: batch.ts_avail().value(row),
            event: batch.ts_event().value(row),
            px: bid.zip(ask).map(|(bid, ask)| bid + ask),
            size: 0.0,
            id: String::new(),
            action: TradeAction::Trade,
            orders: batch.cell(&Quotes::BID_CT, row).unwrap().unwrap_or(0),
        }
    })
}

fn prints(inputs: &Inputs) -> Vec<Tick> {
    rows(&inputs.trades, |batch, row| {
        let action: TradeAction = batch.cell(&Trades::ACTION, row).unwrap();
        let id =
            if action == TradeAction::Trade { &Trades::TRADE_ID } else { &Trades::REF_TRADE_ID };
        Tick {
            avail: batch.ts_avail().value(row),
            event: batch.ts_event().value(row),
            px: Some(batch.col(&Trades::PX).value(row)),
            size: batch.col(&Trades::SIZE).value(row),
            id: batch.cell(id, row).unwrap().unwrap_or("").to_owned(),
            action,
            orders: 0,
        }
    })
}

/// Rows before an instant.
fn before(ticks: &[Tick], t: i64) -> &[Tick] {
    &ticks[..ticks.partition_point(|tick| tick.avail < t)]
}

fn px(tick: Option<&Tick>) -> Result<f64, Null> {
    tick.and_then(|tick| tick.px).map(|px| px as f64).ok_or(Null::NullInput)
}

/// A feature that asks its side channel; `needs` is what it owns up to.
fn planted(
    needs: Needs,
    eval: impl Fn(i64) -> Result<f64, Null> + Send + Sync + 'static,
) -> Result<Arc<Plan>, Box<dyn Error>> {
    let declaration = Declaration::new("x_leak__planted__now", "Planted.");
    let feature = Formula::new(declaration, needs, move |at| eval(at.cutoff()));
    let spec = Spec::parse("features = [\"x_leak__planted__now\"]")?;
    Ok(Arc::new(spec.resolve(&Catalogue::builtin().with(feature)?)?))
}

/// Quotes and trades of the last ten minutes.
fn ten_minutes() -> Needs {
    let mut needs = Needs::new();
    needs.own().count(Series::Quotes, Window::Span(600 * S));
    needs.own().count(Series::Trades, Window::Span(600 * S));
    needs
}

type Eval = Box<dyn Fn(i64) -> Result<f64, Null> + Send + Sync>;

fn report_of(make: impl Fn(&Inputs) -> (Needs, Eval)) -> CausalityReport {
    let inputs = of_one(market(7));
    let prepare = |inputs: &Inputs| {
        let (needs, eval) = make(inputs);
        planted(needs, eval)
    };
    certify_prepared(prepare, &inputs, FEW).unwrap()
}

fn violations(report: &CausalityReport) -> BTreeMap<CausalityPart, u64> {
    let bad = report.parts.iter().filter(|part| part.violations > 0);
    bad.map(|part| (part.part, part.violations)).collect()
}

#[track_caller]
fn caught(part: CausalityPart, make: impl Fn(&Inputs) -> (Needs, Eval)) {
    let report = report_of(make);
    assert!(violations(&report).contains_key(&part), "{:?}", report.parts);
    assert!(!report.is_causal() && report.features[0].moved > 0);
}

#[test]
fn an_honest_side_channel_is_no_leak() {
    let report = report_of(|inputs| {
        let quotes = mids(inputs);
        (ten_minutes(), Box::new(move |t| px(before(&quotes, t).last())))
    });
    assert_eq!(violations(&report), BTreeMap::new());
    assert!(report.is_causal() && report.rows_perturbed_next_minute > 0);
}

#[test]
fn at_or_before_for_before() {
    caught(CausalityPart::Future, |inputs| {
        let quotes = mids(inputs);
        (ten_minutes(), Box::new(move |t| px(before(&quotes, t + 1).last())))
    });
}

#[test]
fn the_time_of_the_event_for_the_time_of_availability() {
    caught(CausalityPart::Future, |inputs| {
        let quotes = mids(inputs);
        (ten_minutes(), Box::new(move |t| px(quotes.iter().rfind(|q| q.event < t))))
    });
}

#[test]
fn a_sign_from_the_next_trade() {
    caught(CausalityPart::Future, |inputs| {
        let trades = prints(inputs);
        let eval = move |t| {
            let at = before(&trades, t).len();
            let next = px(trades.get(at))?;
            Ok((next - px(trades.get(at.saturating_sub(1)))?).signum())
        };
        (ten_minutes(), Box::new(eval))
    });
}

/// Price of the last trade of the minute that holds an instant.
fn close(trades: &[Tick], t: i64) -> Result<f64, Null> {
    let minute = t.div_euclid(60 * S);
    px(trades.iter().rfind(|trade| trade.avail.div_euclid(60 * S) == minute))
}

#[test]
fn an_open_bar_read_as_closed() {
    caught(CausalityPart::Future, |inputs| {
        let trades = prints(inputs);
        (ten_minutes(), Box::new(move |t| close(&trades, t)))
    });
}

#[test]
fn a_bar_stamped_at_its_open() {
    caught(CausalityPart::Future, |inputs| {
        let trades = prints(inputs);
        let mut bars: BTreeMap<i64, f64> = BTreeMap::new();
        for trade in &trades {
            let open = trade.avail.div_euclid(60 * S) * 60 * S;
            *bars.entry(open).or_default() += trade.size;
        }
        let eval =
            move |t: i64| bars.range(..t).next_back().map(|(_, volume)| *volume).ok_or(Null::Empty);
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn the_nearest_row_instead_of_the_last_before() {
    caught(CausalityPart::Future, |inputs| {
        let quotes = mids(inputs);
        let eval = move |t: i64| px(quotes.iter().min_by_key(|q| (q.avail - t).abs()));
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn a_missing_price_filled_from_behind() {
    caught(CausalityPart::Future, |inputs| {
        let quotes = mids(inputs);
        let eval = move |t: i64| {
            // The price of the second in which the decision falls; a second without quote takes the next one.
            let second = t.div_euclid(S) * S;
            px(quotes[before(&quotes, second).len()..].iter().find(|q| q.px.is_some()))
        };
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn a_realised_spread_stored_at_the_trade() {
    caught(CausalityPart::Future, |inputs| {
        let (quotes, trades) = (mids(inputs), prints(inputs));
        let eval = move |t: i64| {
            let trade = before(&trades, t).last().ok_or(Null::Empty)?;
            let later = before(&quotes, trade.avail + 5 * S).last();
            Ok(px(later)? - 2.0 * px(Some(trade))?)
        };
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn a_price_normalised_over_the_whole_day() {
    let make = |inputs: &Inputs| {
        let quotes = mids(inputs);
        let all: Vec<f64> = quotes.iter().filter_map(|q| q.px).map(|px| px as f64).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let eval: Eval = Box::new(move |t: i64| Ok(px(before(&quotes, t).last())? - mean));
        (ten_minutes(), eval)
    };
    caught(CausalityPart::Future, make);
    caught(CausalityPart::FarPast, make);
}

#[test]
fn a_parameter_fitted_on_the_same_day() {
    caught(CausalityPart::Future, |inputs| {
        let trades = prints(inputs);
        // Large is what is above the largest size of all but one in twenty.
        let mut sizes: Vec<f64> = trades.iter().map(|t| t.size).collect();
        sizes.sort_by(f64::total_cmp);
        let large = sizes.get(sizes.len() * 19 / 20).copied().unwrap_or(0.0);
        let eval = move |t: i64| Ok(before(&trades, t).last().ok_or(Null::Empty)?.size / large);
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn parameters_that_were_known_before_their_fit_had_ended() {
    let known = 19_800 * 86_400 * S;
    let mut rows = TableBuilder::<FeatureParams>::new(UtcNanos::from_nanos(known));
    rows.set(&FeatureParams::TS_AVAIL, UtcNanos::from_nanos(known))
        .set(&FeatureParams::PARAM_SET, "desk")
        .set(&FeatureParams::NAME, "mean")
        .set(&FeatureParams::VALUES, &[1.0][..])
        .set(&FeatureParams::FIT_FROM, UtcNanos::from_nanos(known - S))
        .set(&FeatureParams::FIT_TO, UtcNanos::from_nanos(known - 1))
        .set(&FeatureParams::PARAMS_HASH, Hash::from_bytes([0; 32]));
    rows.end_row().unwrap();
    let sound = rows.finish().unwrap().into_record_batch();
    // The door would refuse a fit that ends later; data from elsewhere may not have come through it.
    let schema = sound.schema();
    let at = schema.index_of("fit_to").unwrap();
    let mut columns = sound.columns().to_vec();
    columns[at] = Arc::new(TimestampNanosecondArray::from(vec![known + S]).with_timezone("UTC"));
    let late = RecordBatch::try_new(schema, columns).unwrap();
    let check = |params: &RecordBatch| {
        let mut inputs = market(1);
        inputs.feature_params.push(Batch::<FeatureParams>::parse(params).unwrap());
        let spec = Spec::parse("features = [\"book__spread_bps__now\"]").unwrap();
        let plan = spec.resolve(&Catalogue::builtin()).unwrap();
        violations(&certify(plan, &inputs, FEW).unwrap())
    };
    assert_eq!(check(&sound), BTreeMap::new());
    assert_eq!(check(&late), BTreeMap::from([(CausalityPart::Parameters, 1)]));
}

#[test]
fn a_correction_applied_at_the_time_of_the_original() {
    caught(CausalityPart::Future, |inputs| {
        let trades = prints(inputs);
        let eval = move |t: i64| {
            let last = before(&trades, t).iter().rfind(|p| p.action == TradeAction::Trade);
            let last = last.ok_or(Null::Empty)?;
            let amended =
                trades.iter().rfind(|p| p.action != TradeAction::Trade && p.id == last.id);
            Ok(amended
                .map_or(last.size, |p| if p.action == TradeAction::Cancel { 0.0 } else { p.size }))
        };
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn a_lookback_longer_than_the_declared_one() {
    caught(CausalityPart::FarPast, |inputs| {
        let quotes = mids(inputs);
        let mut needs = Needs::new();
        needs.own().quote();
        let eval = move |t: i64| {
            let last = &quotes[before(&quotes, t - 300 * S).len()..before(&quotes, t).len()];
            let all: Vec<i64> = last.iter().filter_map(|q| q.px).collect();
            Ok(all.iter().sum::<i64>() as f64 / all.len().max(1) as f64)
        };
        (needs, Box::new(eval))
    });
}

#[test]
fn a_column_that_nobody_declares() {
    caught(CausalityPart::Undeclared, |inputs| {
        let quotes = mids(inputs);
        let eval = move |t| Ok(f64::from(before(&quotes, t).last().ok_or(Null::Empty)?.orders));
        (ten_minutes(), Box::new(eval))
    });
}

#[test]
fn a_table_that_the_feature_does_not_declare() {
    caught(CausalityPart::Undeclared, |inputs| {
        let quotes = mids(inputs);
        let mut needs = Needs::new();
        needs.own().count(Series::Trades, Window::Span(600 * S));
        (needs, Box::new(move |t| px(before(&quotes, t).last())))
    });
}

/// The spread as it was at the decision before: a value that outlives a call.
fn remembering() -> Formula {
    let mut needs = Needs::new();
    let quote = needs.own().quote();
    let cache = Mutex::new(0.0);
    let declaration =
        Declaration::new("x_leak__remembered__now", "The spread of the decision before.");
    Formula::new(declaration, needs, move |at| {
        let quote = at.quote(quote)?;
        let now = quote.ask_px().unwrap_or(0) - quote.bid_px().unwrap_or(0);
        Ok(std::mem::replace(&mut *cache.lock().unwrap(), now as f64))
    })
}

#[test]
fn a_value_remembered_from_the_decision_before() {
    let prepare = |_: &Inputs| -> Result<Arc<Plan>, Box<dyn Error>> {
        let spec = Spec::parse("features = [\"x_leak__remembered__now\"]")?;
        Ok(Arc::new(spec.resolve(&Catalogue::builtin().with(remembering())?)?))
    };
    let inputs = of_one(market(7));
    let anew = certify_prepared(prepare, &inputs, FEW).unwrap();
    assert!(violations(&anew).contains_key(&CausalityPart::Shuffle), "{:?}", anew.parts);
    // The same object throughout.
    let plan = prepare(&inputs).unwrap();
    let same = certify(plan, &inputs, FEW).unwrap();
    assert!(violations(&same).contains_key(&CausalityPart::Shuffle), "{:?}", same.parts);
}

/// A level that is the move since the quote before, which may lie outside the lookback.
#[derive(Debug)]
struct MoveLevel;

impl Measure for MoveLevel {
    fn name(&self) -> &'static str {
        "x_leak_move"
    }
    fn series(&self) -> Series {
        Series::Quotes
    }
    fn kind(&self) -> MeasureKind {
        MeasureKind::Level
    }
    fn fill(&self, rows: &Rows<'_>, out: &mut [i128]) {
        let Rows::Quotes(quotes) = rows else { return };
        for ((before, now), out) in quotes.pairs().zip(out) {
            *out = i128::from(now.mid2().unwrap_or(0) - before.mid2().unwrap_or(0));
        }
    }
}

#[test]
fn a_level_that_looks_at_the_row_before() {
    let mut needs = Needs::new();
    let sum = needs.own().sum(Arc::new(MoveLevel), Window::Span(10 * S));
    let declaration = Declaration::new("x_leak__move__10s", "Moves held.");
    let feature = Formula::new(declaration, needs, move |at| Ok(at.sum(sum)? as f64));
    let catalogue = Catalogue::builtin().with(feature).unwrap();
    let plan =
        Spec::parse("features = [\"x_leak__move__10s\"]").unwrap().resolve(&catalogue).unwrap();
    // A quote every 50 s: the one in force began inside the lookback of 70 s, the one before it did not.
    let tape: Vec<String> =
        (1..40).map(|n| format!("{} {} {}", n * 50 * S, 99 + n % 7, 101 + n % 11)).collect();
    let inputs = Inputs {
        decisions: vec![decisions(&[990 * S, 1_245 * S, 1_540 * S]).with_seq(100)],
        quotes: vec![quotes(&tape.join(",")).with_seq(0)],
        ..Inputs::default()
    };
    let report = certify(plan, &inputs, FEW).unwrap();
    assert!(violations(&report).contains_key(&CausalityPart::FarPast), "{:?}", report.parts);
}

fn default_plan() -> Arc<Plan> {
    Arc::new(Spec::default_set(&["mkt"]).resolve(&Catalogue::builtin()).unwrap())
}

#[track_caller]
fn clean(inputs: &Inputs, options: CertifyOptions) -> CausalityReport {
    let report = certify(default_plan(), inputs, options).unwrap();
    let moved: Vec<_> = report.features.iter().filter(|f| f.moved > 0).collect();
    assert!(moved.is_empty(), "{:?}, {moved:?}", violations(&report));
    assert!(report.is_causal(), "{:?}", report.parts);
    report
}

#[test]
fn the_catalogue_is_clean_over_a_made_market() {
    let report = clean(&market(1), CertifyOptions { min_cutoffs: 6, budget: 0.0, seed: 1 });
    let compared = |part| report.parts.iter().find(|p| p.part == part).map_or(0, |p| p.compared);
    for part in [
        CausalityPart::Order,
        CausalityPart::Future,
        CausalityPart::FarPast,
        CausalityPart::Undeclared,
        CausalityPart::Shuffle,
    ] {
        assert!(compared(part) > 0, "{part:?}");
    }
    assert_eq!(compared(CausalityPart::Parameters), 0); // nothing is fitted yet
    assert_eq!(report.spec_hash, default_plan().hash());
}

#[test]
fn the_catalogue_is_clean_over_data_made_by_hand() {
    for (case, tables) in [
        ("planted", &["quotes", "trades", "depths", "statuses", "feed_marks", "decisions"][..]),
        ("hour", &["quotes", "trades", "feed_marks", "decisions"][..]),
    ] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures/features/golden")
            .join(case);
        let mut inputs = Inputs::default();
        for name in tables.iter().chain(&["instruments", "roles", "sessions", "scheduled_events"]) {
            let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.ndjson"))) else {
                continue;
            };
            let origin = contract::Origin::new("features", *name);
            let mut rows = contract::TextTable::new(contract::table(name).unwrap(), origin, None);
            for (line, text) in (1..).zip(text.lines()) {
                rows.json_line(line, text.as_bytes());
            }
            inputs.add(&rows.take().unwrap().good.into_record_batch()).unwrap();
        }
        let report = clean(&inputs, CertifyOptions { min_cutoffs: 5, budget: 0.0, seed: 9 });
        assert!(report.rows >= 4, "{case}");
    }
}

#[test]
fn equal_seeds_give_equal_reports() {
    let options = CertifyOptions { min_cutoffs: 1, budget: 0.0, seed: 3 };
    let report = |options| certify(default_plan(), &market(2), options).unwrap();
    assert_eq!(report(options), report(options));
    assert_ne!(report(options), report(CertifyOptions { seed: 4, ..options }));
}

/// Rows of a simulated market, numbered as its log numbers them.
fn simulated() -> Inputs {
    let scenario = Scenario::preset("faultless").unwrap();
    let simulation = Simulation::new(&scenario, 5);
    let mut inputs = Inputs::default();
    for (name, batch) in simulation.references().unwrap() {
        if ["instruments", "roles", "sessions", "scheduled_events"].contains(&name) {
            inputs.add(&batch).unwrap();
        }
    }
    let mut seq = 0;
    for (n, slice) in simulation.enumerate().take(15) {
        let mut order: Vec<(i64, usize, usize)> = Vec::new();
        let tables: Vec<(&str, &RecordBatch)> = slice.tables().collect();
        for (at, (_, batch)) in tables.iter().enumerate() {
            let ts = batch.column_by_name("ts_avail").unwrap();
            let ts = ts.as_any().downcast_ref::<TimestampNanosecondArray>().unwrap();
            order.extend(ts.values().iter().enumerate().map(|(row, ts)| (*ts, at, row)));
        }
        order.sort_unstable();
        let mut seqs: Vec<Vec<u64>> = tables.iter().map(|(_, b)| vec![0; b.num_rows()]).collect();
        for (_, at, row) in order {
            seq += 1;
            seqs[at][row] = seq;
        }
        let wanted = ["quotes", "trades", "depths", "statuses", "feed_marks", "decisions"];
        for ((name, batch), seqs) in tables.iter().zip(seqs) {
            // Two slices of half a minute in continuous trading.
            if n < 12 && *name != "feed_marks" && *name != "statuses" || !wanted.contains(name) {
                continue;
            }
            let mut fields = vec![Field::new("seq", DataType::UInt64, false)];
            fields.extend(batch.schema().fields().iter().map(|f| f.as_ref().clone()));
            let metadata = batch.schema().metadata().clone();
            let mut columns: Vec<Arc<dyn Array>> = vec![Arc::new(UInt64Array::from(seqs))];
            columns.extend(batch.columns().iter().cloned());
            let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
            inputs.add(&RecordBatch::try_new(schema, columns).unwrap()).unwrap();
        }
    }
    inputs
}

#[test]
fn the_catalogue_is_clean_over_a_simulated_market() {
    let inputs = simulated();
    let report = clean(&inputs, CertifyOptions { min_cutoffs: 2, budget: 0.0, seed: 2 });
    assert!(report.rows >= 2 && report.rows_perturbed_next_minute > 100);
}

#[test]
fn a_table_that_is_no_input_is_refused() {
    let table = contract::TableBuilder::<contract::Clocks>::new(UtcNanos::from_nanos(0)).finish();
    let refused = Inputs::default().add(&table.unwrap().into_record_batch()).unwrap_err();
    assert!(matches!(refused, SweepError::Table { ref found, .. } if found == "clocks"));
}
