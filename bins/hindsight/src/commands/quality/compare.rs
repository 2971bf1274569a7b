//! `hindsight quality compare`.

use super::streams::{Go, Pass, Stream};
use super::{number, stopped};
use crate::cli::{CompareBars, CompareTime, InputArgs, QualityCompareArgs};
use crate::commands::{count, is_json};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::parse_inputs;
use crate::output::{Document, print};
use arrow_array::RecordBatch;
use contract::{
    Bars, Batch, Draft, EventTable, Observe as _, Quotes, SourceId, Table, Trades, UtcNanos,
    format_duration_ns, parse_duration_ns,
};
use quality::{
    BarMid, CompareBy, ComparisonFinding, ComparisonReport, ComparisonSettings, ComparisonView,
    Differences, InstrumentComparison, SourceRows, Ties,
};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Prints sources side by side; a difference is a finding and no error.
///
/// - **Cost:** 17 bytes a row stand in memory; a single input with several sources is held whole.
pub(in crate::commands) fn compare(
    args: &QualityCompareArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality compare", &args.report)?;
    let max_age = parse_duration_ns(&args.max_age).map_err(|_| CliError::BadValue {
        flag: "--max-age",
        expected: "a length of time as 1m or 500ms",
        found: contract::excerpt(args.max_age.as_bytes()),
    })?;
    let mut settings = ComparisonSettings::new(max_age);
    if args.same_instant {
        settings.ties = Ties::SameInstantCounts;
    }
    if args.no_lag {
        settings.lag = None;
    }
    let sources = sources(args, context)?;
    let report = quality::compare(&sources, &settings).map_err(|error| stopped(&error))?;
    context.stop.check()?;
    for source in &sources {
        let (undated, unused, out_of_range) = source.left_out();
        let left_out = [
            (undated, "rows without the time that counts"),
            (unused, "rows of a kind that is not compared"),
            (out_of_range, "rows whose mid is out of range"),
        ];
        for (n, what) in left_out.iter().filter(|(n, _)| *n > 0) {
            context.console.note(&format!("quality compare: {}: {n} {what}", source.name()));
        }
    }
    print(&if json { format!("{}\n", document(&report)) } else { text(&report, &sources) })
}

/// One source an input; of a single input, one a `source_id`.
fn sources(args: &QualityCompareArgs, context: &mut Context) -> Result<Vec<SourceRows>, Failure> {
    let by = match args.by {
        CompareTime::Avail => CompareBy::Available,
        CompareTime::Event => CompareBy::Event,
    };
    let mut progress = context.progress("quality");
    let mut sources = Vec::new();
    let mut table = None;
    // Standard input has one reader: said before anything is opened.
    parse_inputs(&args.inputs.files)?;
    for file in &args.inputs.files {
        let inputs = InputArgs { files: vec![file.clone()], read: args.inputs.read.clone() };
        let mut stream = Stream::open_one(&inputs, context)?;
        let name = stream.spec().name;
        if ![Quotes::SPEC.name, Trades::SPEC.name, Bars::SPEC.name].contains(&name) {
            return Err(CliError::MixedTables {
                input: stream.name(),
                expected: "quotes, trades or bars".to_owned(),
                found: name.to_owned(),
            }
            .into());
        }
        let expected = *table.get_or_insert(name);
        if name != expected {
            let (input, found) = (stream.name(), name.to_owned());
            return Err(
                CliError::MixedTables { input, expected: expected.to_owned(), found }.into()
            );
        }
        let mut held: Vec<RecordBatch> = Vec::new();
        let mut source = SourceRows::new(&stream.name(), by);
        let is_single = args.inputs.files.len() == 1;
        stream.pass(Pass::Last, context, &mut |piece| {
            progress.stats.rows_in += count(piece.rows.num_rows());
            progress.tick();
            if is_single {
                held.push(piece.rows);
            } else {
                take(&mut source, name, &piece.rows, args.bars)?;
            }
            Ok(Go::On)
        })?;
        for note in &stream.notes {
            context.console.note(&format!("quality compare: {note}"));
        }
        if !is_single {
            sources.push(source);
            continue;
        }
        for id in ids(name, &held)? {
            let source = SourceRows::new(&format!("source {id}"), by);
            let mut source = source.with_source_id(SourceId::new(id));
            for batch in &held {
                take(&mut source, name, batch, args.bars)?;
            }
            sources.push(source);
        }
    }
    progress.end();
    progress.stats.observe(&mut context.metrics);
    Ok(sources)
}

/// Takes rows in, with or without places in a log.
fn take(
    source: &mut SourceRows,
    table: &str,
    rows: &RecordBatch,
    bars: CompareBars,
) -> Result<(), Failure> {
    let of = match bars {
        CompareBars::BidAsk => BarMid::BidAsk,
        CompareBars::Trade => BarMid::Trade,
        CompareBars::Mid => BarMid::Mid,
    };
    let taken = match table {
        name if name == Quotes::SPEC.name => {
            source.quotes(&draft::<Quotes>(rows)?);
            Ok(())
        }
        name if name == Trades::SPEC.name => source.trades(&draft::<Trades>(rows)?),
        _ => source.bars(&draft::<Bars>(rows)?, of),
    };
    taken.map_err(|error| stopped(&error))
}

fn draft<T: Table>(rows: &RecordBatch) -> Result<Draft<T>, Failure> {
    let is_numbered = rows.schema_ref().fields().first().is_some_and(|f| f.name() == "seq");
    Ok(if is_numbered { Batch::<T>::parse(rows)?.into_draft() } else { Draft::<T>::parse(rows)? })
}

fn ids(table: &str, batches: &[RecordBatch]) -> Result<BTreeSet<u16>, Failure> {
    fn of<T: EventTable>(rows: &RecordBatch) -> Result<BTreeSet<u16>, Failure> {
        Ok(draft::<T>(rows)?.source_id().values().iter().copied().collect())
    }
    let mut all = BTreeSet::new();
    for rows in batches {
        all.extend(match table {
            name if name == Quotes::SPEC.name => of::<Quotes>(rows)?,
            name if name == Trades::SPEC.name => of::<Trades>(rows)?,
            _ => of::<Bars>(rows)?,
        });
    }
    Ok(all)
}

fn text(report: &ComparisonReport, sources: &[SourceRows]) -> String {
    let mut text = report.to_string();
    if report.pairs.iter().all(|pair| pair.instruments.is_empty()) {
        let said: Vec<String> = sources
            .iter()
            .map(|source| format!("{} has {:?}", source.name(), source.instruments()))
            .collect();
        let _ = writeln!(text, "no instrument in two sources: {}", said.join(", "));
    }
    text
}

fn document(report: &ComparisonReport) -> Document {
    let pairs: Vec<Document> = report
        .pairs
        .iter()
        .map(|pair| {
            let instruments: Vec<Document> = pair.instruments.iter().map(instrument).collect();
            Document::object()
                .with("left", pair.left.as_str())
                .with("right", pair.right.as_str())
                .with("instruments", instruments)
        })
        .collect();
    let far: Vec<Document> = report
        .far
        .iter()
        .map(|far| {
            Document::object()
                .with("instrument", u64::from(far.instrument_id))
                .with("source", far.source.as_str())
                .with("common", far.common)
                .with("distance", px(far.distance_nanos))
                .with("others_apart", px(far.others_apart_nanos))
        })
        .collect();
    Document::new("hindsight.quality_compare.v1").with("pairs", pairs).with("far", far)
}

/// A difference of prices.
fn px(nanos: f64) -> String {
    number_of(nanos / 1e9)
}

fn number_of(value: f64) -> String {
    let text = format!("{value:.10}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { number(0.0) } else { text.to_owned() }
}

fn instrument(found: &InstrumentComparison) -> Document {
    let findings: Vec<Document> = found
        .findings
        .iter()
        .map(|finding| match finding {
            ComparisonFinding::TimeZoneSuspect { lag_ns } => Document::object()
                .with("kind", "time_zone_suspect")
                .with("lag", format_duration_ns(*lag_ns)),
            ComparisonFinding::TimeZoneChanges { pieces } => {
                let pieces: Vec<Document> = pieces
                    .iter()
                    .map(|piece| {
                        Document::object()
                            .with("from", time(piece.from_ns))
                            .with("until", time(piece.until_ns))
                            .with("lag", format_duration_ns(piece.lag_ns))
                    })
                    .collect();
                Document::object().with("kind", "time_zone_changes").with("pieces", pieces)
            }
            ComparisonFinding::Outside { start_ns, outside, rows } => Document::object()
                .with("kind", "outside")
                .with("session", time(*start_ns))
                .with("outside", *outside)
                .with("rows", *rows),
            _ => Document::object().with("kind", "other"),
        })
        .collect();
    Document::object()
        .with("instrument", u64::from(found.instrument_id))
        .with("verdict", found.verdict.word())
        .with("as_is", view(&found.as_is))
        .with("corrected", found.corrected.as_ref().map(view))
        .with("findings", findings)
}

fn time(ns: i64) -> String {
    UtcNanos::from_nanos(ns).to_string()
}

fn view(view: &ComparisonView) -> Document {
    Document::object()
        .with("verdict", view.verdict.word())
        .with("left_rows", view.left_rows)
        .with("right_rows", view.right_rows)
        .with("only_left", view.not_compared.only_left())
        .with("only_right", view.only_right)
        .with("stale", view.not_compared.stale)
        .with("outside", view.outside)
        .with("differences", view.differences.as_ref().map(differences))
        .with("sessions", view.sessions.len())
}

fn differences(found: &Differences) -> Document {
    Document::object()
        .with("rows", found.rows)
        .with("median_abs", px(found.median_abs_nanos))
        .with("p01", px(found.p01_nanos))
        .with("p99", px(found.p99_nanos))
        .with("min", px(found.min_nanos))
        .with("max", px(found.max_nanos))
        .with("median_abs_bps", found.median_abs_bps)
}
