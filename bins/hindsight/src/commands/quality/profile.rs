//! `hindsight quality profile`.

use super::streams::{Go, Pass, Stream};
use super::{number, stopped};
use crate::cli::QualityProfileArgs;
use crate::commands::{count, is_json};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use contract::{ColumnSpec, Observe as _, Price, TableSpec, Type, UtcNanos};
use quality::{
    ColumnProfile, DistinctCount, ProfileOptions, ProfileState, Quantile, TableProfile, Value,
};
use std::fmt::Write as _;

/// Shares of which the table prints the quantile.
const SHOWN: [f64; 3] = [0.05, 0.5, 0.95];

/// Prints what the columns of a table hold.
///
/// - **Cost:** inputs are read once, batch by batch; memory does not grow with rows.
pub(in crate::commands) fn profile(
    args: &QualityProfileArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality profile", &args.report)?;
    let mut stream = Stream::open_one(&args.inputs, context)?;
    let spec = stream.spec();
    let mut options = ProfileOptions::default();
    for text in &args.origin {
        let (column, origin) = origin(spec, text)?;
        options = options.with_origin(&column, origin);
    }
    let mut state = ProfileState::try_new(stream.schema(), &options).map_err(|e| stopped(&e))?;
    let mut progress = context.progress("quality");
    progress.expect_rows(stream.rows_total());
    stream.pass(Pass::Last, context, &mut |piece| {
        let read = progress.time(|| state.observe(&piece.rows));
        read.map_err(|error| stopped(&error).in_input(piece.input))?;
        progress.stats.rows_in += count(piece.rows.num_rows());
        progress.tick();
        Ok(Go::On)
    })?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    for note in &stream.notes {
        context.console.note(&format!("quality profile: {note}"));
    }
    let profile = state.finish();
    print(&if json { format!("{}\n", document(&profile, spec)) } else { text(&profile, spec) })
}

/// `COLUMN=VALUE`; a price is written as one.
fn origin(spec: &TableSpec, text: &str) -> Result<(String, f64), CliError> {
    let bad = || CliError::BadValue {
        flag: "--origin",
        expected: "COLUMN=VALUE, as in bid_px=101.5",
        found: contract::excerpt(text.as_bytes()),
    };
    let (column, value) = text.split_once('=').ok_or_else(bad)?;
    let value: f64 = value.parse().map_err(|_| bad())?;
    let is_price = spec.column(column).is_some_and(|column| column.ty == Type::Px);
    Ok((column.to_owned(), if is_price { value * 1e9 } else { value }))
}

fn is_price(spec: Option<&ColumnSpec>) -> bool {
    spec.is_some_and(|column| column.ty == Type::Px)
}

/// A value as people write it: prices with their scale, instants as times.
fn spelled(value: &Value, spec: Option<&ColumnSpec>) -> String {
    match value {
        Value::Integer(nanos) if is_price(spec) => match i64::try_from(*nanos) {
            Ok(nanos) => Price::from_nanos(nanos).to_string(),
            Err(_) => value.to_string(),
        },
        Value::Number(nanos) if is_price(spec) => number(nanos / 1e9),
        Value::Number(x) => number(*x),
        Value::Instant(nanos) => match i64::try_from(*nanos) {
            Ok(nanos) => UtcNanos::from_nanos(nanos).to_string(),
            Err(_) => value.to_string(),
        },
        other => other.to_string(),
    }
}

fn sd(column: &ColumnProfile, spec: Option<&ColumnSpec>) -> Option<f64> {
    column.sd.map(|sd| if is_price(spec) { sd / 1e9 } else { sd })
}

fn text(profile: &TableProfile, spec: &TableSpec) -> String {
    let head = [
        "column",
        "type",
        "nulls",
        "nan",
        "inf",
        "distinct",
        "min",
        "5 %",
        "50 %",
        "95 %",
        "max",
        "mean",
        "sd",
        "most frequent",
    ];
    let mut grid = Grid::new(head);
    for column in &profile.columns {
        let of = spec.column(&column.name);
        let said = |value: &Option<Value>| {
            value.as_ref().map_or_else(|| "-".to_owned(), |value| spelled(value, of))
        };
        let quantile = |share: f64| -> String {
            let found = column.quantiles.iter().find(|q| (q.share - share).abs() < 1e-9);
            found.map_or_else(|| "-".to_owned(), |q| spelled(&q.value, of))
        };
        let [low, half, high] = SHOWN.map(quantile);
        let top: Vec<String> = column
            .top
            .iter()
            .flatten()
            .take(3)
            .map(|frequent| format!("{} ({})", frequent.value, frequent.count))
            .collect();
        grid.row([
            column.name.clone(),
            column.data_type.clone(),
            column.nulls.to_string(),
            column.nan.to_string(),
            (column.infinite_above + column.infinite_below).to_string(),
            column.distinct.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            said(&column.min),
            low,
            half,
            high,
            said(&column.max),
            said(&column.mean),
            sd(column, of).map_or_else(|| "-".to_owned(), number),
            top.join(", "),
        ]);
    }
    let mut text = grid.to_text();
    let (rows, columns) = (profile.rows, profile.columns.len());
    let _ = writeln!(text, "{}: {rows} rows, {columns} columns", profile.table);
    text
}

fn document(profile: &TableProfile, spec: &TableSpec) -> Document {
    let columns: Vec<Document> = profile
        .columns
        .iter()
        .map(|column| {
            let of = spec.column(&column.name);
            let said = |value: &Option<Value>| value.as_ref().map(|value| spelled(value, of));
            let (exact, estimate) = match column.distinct {
                Some(DistinctCount::Exact(n)) => (Some(n), None),
                Some(DistinctCount::Estimate(n)) => (None, Some(n)),
                None => (None, None),
            };
            let top = column.top.as_ref().map(|top| {
                let frequent = top.iter().map(|frequent| {
                    Document::object()
                        .with("value", frequent.value.as_str())
                        .with("rows", frequent.count)
                });
                frequent.collect::<Vec<_>>()
            });
            Document::object()
                .with("column", column.name.as_str())
                .with("type", column.data_type.as_str())
                .with("nulls", column.nulls)
                .with("nan", column.nan)
                .with("infinite_above", column.infinite_above)
                .with("infinite_below", column.infinite_below)
                .with("distinct", exact)
                .with("distinct_estimate", estimate)
                .with("min", said(&column.min))
                .with("max", said(&column.max))
                .with("mean", said(&column.mean))
                .with("sd", sd(column, of))
                .with("true_share", column.true_share)
                .with("quantiles", quantiles(&column.quantiles, of))
                .with("top", top)
        })
        .collect();
    Document::new("hindsight.quality_profile.v1")
        .with("table", profile.table.as_str())
        .with("rows", profile.rows)
        .with("columns", columns)
}

fn quantiles(quantiles: &[Quantile], of: Option<&ColumnSpec>) -> Vec<Document> {
    let said = quantiles.iter().map(|quantile| {
        Document::object()
            .with("share", quantile.share)
            .with("value", spelled(&quantile.value, of))
            .with("low", spelled(&quantile.low, of))
            .with("high", spelled(&quantile.high, of))
    });
    said.collect()
}
