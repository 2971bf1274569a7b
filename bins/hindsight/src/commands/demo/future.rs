//! A feature that reads the future, added on purpose: the certificate fails, and nothing is published.

use super::Done;
use super::report::{Line, Verdict};
use super::world::World;
use crate::commands::{features as engine, job};
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::exit::Exit;
use crate::input::{InputArg, Source};
use crate::output::{OutputPlan, Pending, TableOutput};
use contract::{Decisions, Quotes};
use features::{
    Catalogue, CertifyOptions, Declaration, Formula, Inputs, Needs, Null, Options, Plan, Spec,
    SweepError, certify_prepared,
};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

/// The feature: how the mid will have moved when the horizon ends.
const FUTURE: &str = "x_demo__next_move__now";
/// How far it sees.
const HORIZON_NS: i64 = 10_000_000_000;
/// So much of the market is enough to see it.
const SPAN_NS: i64 = 20 * 60_000_000_000;
const TABLES: [&str; 6] = ["decisions", "quotes", "trades", "statuses", "instruments", "sessions"];

pub(super) fn check(
    world: &World,
    run: &Done,
    context: &mut Context,
) -> Result<Vec<Line>, Failure> {
    let inputs = inputs(world, run, context)?;
    let said = |error: SweepError| Failure::from(ErrorReport::new(&error));
    let options = CertifyOptions { seed: world.seed, budget: 0.0, min_cutoffs: 8 };
    let report = certify_prepared(prepared, &inputs, options).map_err(said)?;
    let moved: Vec<&str> =
        report.features.iter().filter(|f| f.moved > 0).map(|f| f.feature.as_ref()).collect();
    let place = world.dir().join("future");
    std::fs::create_dir(&place).map_err(|e| CliError::writing(&place, e))?;
    let certificate = place.join("causality.json");
    let mut file = Pending::create(&certificate, true)?;
    writeln!(file, "{}", engine::causality_document(&report))
        .map_err(|e| CliError::writing(&certificate, e))?;
    file.publish()?;
    let path = place.join("features.parquet");
    let plan = prepared(&inputs).map_err(said)?;
    let made = features::run(plan, &inputs, Options::default()).map_err(said)?;
    if let Some(rows) = made.rows {
        let schema = rows.slice(0, 0).into_record_batch().schema();
        let to = OutputPlan::data("demo", None, Some(&path), true, &[])?;
        let mut output = TableOutput::open(&to, &schema)?;
        output.write(rows.as_any())?;
        output.finish()?;
    }
    let store = place.join("datasets");
    let built = job::built_with(run, &path, &certificate, &store, context);
    let versions = std::fs::read_dir(store.join("signal").join("log")).map_or(0, Iterator::count);
    let (is_refused, said) = match &built {
        Ok(()) => (false, "a version was published".to_owned()),
        Err(failure) => {
            let text = failure.to_string().chars().take(160).collect();
            (failure.exit() == Exit::Gate && versions == 0, text)
        }
    };
    let moved = match moved.as_slice() {
        [] => "none moved".to_owned(),
        names => names.join(", "),
    };
    Ok(vec![
        Line::new(
            Verdict::of(!report.is_causal() && moved == FUTURE),
            "a feature that reads the future moves when the future is changed, and no other does",
            format!("{moved}, of {} features", report.features.len()),
        ),
        Line::new(Verdict::of(is_refused), "no version is published with it", said),
    ])
}

/// The features of the demo and one more, made from the quotes to come.
fn prepared(inputs: &Inputs) -> Result<Arc<Plan>, SweepError> {
    let mut mids: BTreeMap<u32, Vec<(i64, i64)>> = BTreeMap::new();
    for batch in &inputs.quotes {
        let stamps = batch.col(&Quotes::TS_AVAIL).values();
        let ids = batch.col(&Quotes::INSTRUMENT_ID);
        let (bids, asks) = (batch.col(&Quotes::BID_PX), batch.col(&Quotes::ASK_PX));
        for (((stamp, id), bid), ask) in stamps.iter().zip(ids).zip(bids).zip(asks) {
            if let (Some(id), Some(bid), Some(ask)) = (id, bid, ask) {
                mids.entry(id).or_default().push((*stamp, bid + ask));
            }
        }
    }
    for of in mids.values_mut() {
        of.sort_by_key(|(stamp, _)| *stamp);
    }
    let mut moves: BTreeMap<i64, i64> = BTreeMap::new();
    for batch in &inputs.decisions {
        let cutoffs = batch.col(&Decisions::TS_EVENT).values();
        for (cutoff, id) in cutoffs.iter().zip(batch.col(&Decisions::INSTRUMENT_ID)) {
            let Some(of) = id.and_then(|id| mids.get(&id)) else { continue };
            let at = |ts: i64| of[..of.partition_point(|(stamp, _)| *stamp < ts)].last();
            if let (Some((_, now)), Some((_, then))) = (at(*cutoff), at(cutoff + HORIZON_NS)) {
                moves.insert(*cutoff, then - now);
            }
        }
    }
    let mut needs = Needs::new();
    needs.own().quote();
    let declaration = Declaration::new(FUTURE, "Move of the mid over the horizon to come.");
    let feature = Formula::new(declaration, needs, move |at| {
        moves.get(&at.cutoff()).map(|moved| *moved as f64).ok_or(Null::Empty)
    });
    let text = include_str!("features.toml").replacen('[', &format!("[\"{FUTURE}\", "), 1);
    let bug = |what: String| SweepError::Table { expected: FUTURE.to_owned(), found: what };
    let catalogue = Catalogue::builtin().with(feature).map_err(|e| bug(e.to_string()))?;
    let plan = Spec::parse(&text).and_then(|spec| spec.resolve(&catalogue));
    plan.map(Arc::new).map_err(|e| bug(e.to_string()))
}

/// The first minutes of what the run's features were made of.
fn inputs(world: &World, run: &Done, context: &Context) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::default();
    let mut until = None;
    for table in TABLES {
        let stored = run.dir().join("tables").join(format!("{table}.parquet"));
        let path = if stored.is_file() { stored } else { world.table(table) };
        if !path.is_file() {
            continue;
        }
        let mut source = Source::open(&InputArg::file(&path), &context.read_options(false))?;
        while let Some(batch) = source.next_batch()? {
            context.stop.check()?;
            let stamps = batch.ts_avail().map(|stamps| stamps.values().to_vec());
            let mut rows = batch.len();
            if let Some(stamps) = stamps.filter(|_| batch.spec().is_event()) {
                let first = stamps.first().copied().unwrap_or_default();
                let until = *until.get_or_insert(first + SPAN_NS);
                rows = stamps.partition_point(|stamp| *stamp < until);
            }
            let kept = batch.slice(0, rows).into_record_batch();
            inputs.add(&kept).map_err(|error| Failure::from(ErrorReport::new(&error)))?;
            if rows < batch.len() {
                break;
            }
        }
    }
    Ok(inputs)
}
